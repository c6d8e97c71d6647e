"""Data sets: TFRecords in the official format, made from worlds or from pictures and tables of labels."""
