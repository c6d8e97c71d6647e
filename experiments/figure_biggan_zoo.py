"""The edit zoo of BigGAN: strips of GANSpace Figure 7 that were found on BigGAN-deep-512.

`figure.main` gives `draw` each panel of specs/figure_biggan_zoo.json, its network G of one class, and in `basis` unit
directions v_i of z, which move the output of the first dense layer along its components.
"""
import numpy as np

from regan.editing import edits
from regan.figures import figure
from regan.sampling import latents


def draw(panel, G, basis):
    """A row for each seed and edit, from -x to +x: uint8 [seed * edit, frame, H, W, C]."""
    z = G.z_of(panel.seeds)                                                   # truncated normal numbers: [seed, Z]
    rows = []
    for start in latents.broadcast(z, G.num_layers):                          # one z for all layers: [L, Z]
        for edit in panel.edits:
            # E(v_i, j-k) * x: in layers j to k, z moves by x along v_i. Layer 0 is gen_z, layer j is block j - 1.
            frames = edits.strip(start[None], basis, edit, panel.frames)      # [frame, L, Z]
            rows.append(G.synthesize(frames, conversion=panel.conversion))    # G(z, class): [frame, H, W, C]
    return np.stack(rows)                                                     # [seed * edit, frame, H, W, C]


FIGURE = figure.Figure('figure_biggan_zoo', draw, needs=['edits', 'frames'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
