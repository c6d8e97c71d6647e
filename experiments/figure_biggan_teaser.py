"""The dog of GANSpace Figure 1: a sequence of edits on BigGAN-deep-512.

`figure.main` gives `draw` each panel of specs/figure_biggan_teaser.json, its network G of one class, and in `basis`
unit directions v_i of z, which move the output of the first dense layer along its components.
"""
import numpy as np

from regan.editing import edits
from regan.figures import figure
from regan.sampling import latents


def draw(panel, G, basis):
    """A row for each seed, from the unedited image to all edits: uint8 [seed, step, H, W, C]."""
    z = G.z_of(panel.seeds)                                                   # truncated normal numbers: [seed, Z]
    rows = []
    for start in latents.broadcast(z, G.num_layers):                          # one z for all layers: [L, Z]
        # E(v_i, j-k) = x: in layers j to k, z moves along v_i until it is x from the mean, as layer 0 has it.
        steps = edits.sequence(start[None], basis, panel.edits)               # [step, L, Z]
        rows.append(G.synthesize(steps, conversion=panel.conversion))         # G(z, class): [step, H, W, C]
    return np.stack(rows)                                                     # [seed, step, H, W, C]


FIGURE = figure.Figure('figure_biggan_teaser', draw, needs=['edits'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
