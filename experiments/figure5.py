"""Figure 5 of RC2021 "[Re] GANSpace": what truncation does to edits of a StyleGAN."""
from regan.figures import figure

FIGURE = figure.Figure('figure5', figure.strips, needs=['edits', 'frames'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
