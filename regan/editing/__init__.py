"""Edits: their notation, named ones, those in files, and directions learnt with supervision."""
