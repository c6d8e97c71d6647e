"""Module names that scripts written for the official repositories import; the formulas are in regan.metrics."""
