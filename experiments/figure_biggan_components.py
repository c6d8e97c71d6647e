"""The first 20 components of BigGAN beside random directions: GANSpace's supplement.

`figure.main` gives `draw` each panel of specs/figure_biggan_components.json, its network G of one class, and in `basis`
unit directions v_i of z, which move the output of the first dense layer along its components.
"""
import dataclasses

import numpy as np

from regan.editing import edits
from regan.figures import figure
from regan.sampling import latents


def draw(panel, G, basis):
    """A row for each seed and edit, from -x to +x: uint8 [seed * edit, frame, H, W, C]."""
    if panel.random_basis_seed is not None:
        basis = dataclasses.replace(basis, components=random_directions(panel.random_basis_seed, basis))
    z = G.z_of(panel.seeds)                                                   # truncated normal numbers: [seed, Z]
    rows = []
    for start in latents.broadcast(z, G.num_layers):                          # one z for all layers: [L, Z]
        for edit in panel.edits:
            # E(v_i, j-k) * x: in layers j to k, z moves by x along v_i.
            frames = edits.strip(start[None], basis, edit, panel.frames)      # [frame, L, Z]
            rows.append(G.synthesize(frames, conversion=panel.conversion))    # G(z, class): [frame, H, W, C]
    return np.stack(rows)                                                     # [seed * edit, frame, H, W, C]


def random_directions(seed, basis):
    """As many orthonormal directions as there are components, float32 [K, Z]."""
    count, width = basis.components.shape
    return latents.random_basis(seed, width)[:count].astype(np.float32)


FIGURE = figure.Figure('figure_biggan_components', draw, needs=['edits', 'frames', 'random_basis_seed?'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
