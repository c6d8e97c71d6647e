"""Components of BigGAN beside supervised directions: the panels of GANSpace Figure 5 on BigGAN-deep-512.

`figure.main` gives `draw` each panel of specs/figure_biggan_supervised.json, its network G of one class, and in `basis`
unit directions v_i of z, which move the output of the first dense layer along its components.
"""
import numpy as np

from regan.editing import boundary, edits
from regan.figures import figure
from regan.sampling import latents


def draw(panel, G, basis):
    """Two rows for each seed and edit, component and supervised direction: uint8 [seed * edit * 2, frame, H, W, C].

    Both rows start from one latent, centred along the supervised direction, so that their middle frames are equal.
    """
    u = boundary.resolve(panel.supervised.boundary, G.dlatent_size)                  # [Z]
    z = edits.centre(G.z_of(panel.seeds), basis.mean, u)                             # z less its u: [seed, Z]
    rows = []
    for start in latents.broadcast(z, G.num_layers):                                 # one z for all layers: [L, Z]
        for edit in panel.edits:
            along_v = edits.strip(start[None], basis, edit, panel.frames)            # E(v_i, j-k): [frame, L, Z]
            along_u = supervised(start, u, panel.supervised.strength, panel.frames)  # [frame, L, Z]
            for frames in (along_v, along_u):
                rows.append(G.synthesize(frames, conversion=panel.conversion))       # G(z, class): [frame, H, W, C]
    return np.stack(rows)


def supervised(start, u, strength, frames):
    """From -strength to +strength along a direction in all layers: start [L, Z], u [Z] -> [frame, L, Z]."""
    steps = strength * np.linspace(-1, 1, frames)                                    # [frame]
    return (start + np.multiply.outer(steps, u)[:, None]).astype(start.dtype)


FIGURE = figure.Figure('figure_biggan_supervised', draw, needs=['edits', 'frames', 'supervised'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
