"""SEGAN's subspaces: control by one coordinate, what each coordinate moves, and the table of the four modes."""
