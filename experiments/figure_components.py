"""The first components one by one: GANSpace Figure 3 and the first rows of its supplement."""
from regan.figures import figure

FIGURE = figure.Figure('figure_components', figure.strips, needs=['edits', 'frames'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
