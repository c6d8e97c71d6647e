"""GANSpace Figure 1 as a whole: sequences of edits on several networks."""
from regan.figures import figure

if __name__ == '__main__':
    figure.main('figure_teaser', figure.sequences, needs=['edits'])
