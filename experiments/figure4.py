"""Figure 4 of RC2021 "[Re] GANSpace": a new edit, the pattern of beetles."""
from regan.figures import figure

FIGURE = figure.Figure('figure4', figure.strips, needs=['edits', 'frames'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
