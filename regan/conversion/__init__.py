"""Networks in the forms of other programs, and one network out of two."""
