"""The first components one by one: GANSpace Figure 3 and the first rows of its supplement."""
from regan.figures import figure

if __name__ == '__main__':
    figure.main('figure_components', figure.strips, needs=['edits', 'frames'])
