"""The claims of GANSpace, measured on networks whose factors are known: a report of numbers with intervals, plots
and sentences.
"""
