"""The edit zoo: strips of GANSpace Figure 7 and of the RC2021 code."""
from regan.figures import figure

FIGURE = figure.Figure('figure_zoo', figure.strips, needs=['edits', 'frames'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
