"""The edit across data sets of the RC2021 code: one component's index in two networks, or one network's direction in both."""
from regan.figures import figure

FIGURE = figure.Figure('figure_transfer', figure.strips, needs=['edits', 'frames'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
