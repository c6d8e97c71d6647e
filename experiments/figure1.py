"""Figure 1 of RC2021 "[Re] GANSpace": a sequence of edits, each on top of the ones before."""
from regan.figures import figure

FIGURE = figure.Figure('figure1', figure.sequences, needs=['edits'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
