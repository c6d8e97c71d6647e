"""Figure 5 of RC2021 "[Re] GANSpace": what truncation does to edits of a StyleGAN."""
from regan.figures import figure

if __name__ == '__main__':
    figure.main('figure5', figure.strips, needs=['edits', 'frames'])
