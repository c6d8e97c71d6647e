"""Figure 4 of RC2021 "[Re] GANSpace": a new edit, the pattern of beetles."""
from regan.figures import figure

if __name__ == '__main__':
    figure.main('figure4', figure.strips, needs=['edits', 'frames'])
