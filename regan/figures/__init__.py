"""A figure is a spec (JSON) and a function that arranges tiles; references to hold it against."""
