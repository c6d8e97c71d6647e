"""The edit zoo: strips of GANSpace Figure 7 and of the RC2021 code."""
from regan.figures import figure

if __name__ == '__main__':
    figure.main('figure_zoo', figure.strips, needs=['edits', 'frames'])
