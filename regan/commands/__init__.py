"""The command groups of `regan`, one module each; heavy imports stay inside the functions."""
