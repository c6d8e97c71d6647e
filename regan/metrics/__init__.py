"""What a generator's images are worth, by number: pure numpy formulas, and `evaluate`, which applies them to
networks.
"""
