"""Edits of BigGAN that transfer between classes: GANSpace's figure of one direction on husky, castle, barn, lighthouse.

`figure.main` gives `draw` each panel of specs/figure_biggan_transfer.json, its network G of one class, and in `basis`
unit directions v_i of z, which do not depend on the class.
"""
import numpy as np

from regan.editing import edits
from regan.figures import figure
from regan.sampling import latents


def draw(panel, G, basis):
    """A row for each seed, its image and that of each edit alone: uint8 [seed, 1 + edit, H, W, C]."""
    z = G.z_of(panel.seeds)                                                   # truncated normal numbers: [seed, Z]
    rows = []
    for start in latents.broadcast(z, G.num_layers):                          # one z for all layers: [L, Z]
        # E(v_i, j-k) * x: in layers j to k, z moves by x along v_i.
        moved = [edits.apply(start[None], basis, edit) for edit in panel.edits]
        frames = np.concatenate([start[None]] + moved)                        # [1 + edit, L, Z]
        rows.append(G.synthesize(frames, conversion=panel.conversion))        # G(z, class): [1 + edit, H, W, C]
    return np.stack(rows)                                                     # [seed, 1 + edit, H, W, C]


FIGURE = figure.Figure('figure_biggan_transfer', draw, needs=['edits'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
