"""Figure 1 of RC2021 "[Re] GANSpace": a sequence of edits, each on top of the ones before."""
from regan.figures import figure

if __name__ == '__main__':
    figure.main('figure1', figure.sequences, needs=['edits'])
