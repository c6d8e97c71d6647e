"""GANSpace Figure 1 as a whole: sequences of edits on several networks."""
from regan.figures import figure

FIGURE = figure.Figure('figure_teaser', figure.sequences, needs=['edits'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
