"""Figure 2 of RC2021 "[Re] GANSpace": an edit along a component beside the same change along a supervised direction.

`figure.main` gives `draw` each panel of specs/figure2.json, its network G, and in `basis` that network's
components v_i with standard deviations sigma_i.
"""
import numpy as np

from regan.editing import boundary, edits
from regan.figures import figure
from regan.sampling import latents


def draw(panel, G, basis):
    """Two rows for each seed and edit, component and supervised direction: uint8 [seed * edit * 2, frame, H, W, C].

    Both rows start from one latent, centred along the supervised direction, so that their middle frames are equal.
    """
    u = boundary.resolve(panel.supervised.boundary, G.dlatent_size)                        # [D]
    z = latents.from_seeds(panel.seeds, G.latent_size)                                     # [seed, Z]
    w = edits.centre(G.map(z), basis.mean, u)                                              # M(z) less its u: [seed, D]
    rows = []
    for start in latents.broadcast(w, G.num_layers):                                       # w for all layers: [L, D]
        for edit in panel.edits:
            along_v = edits.strip(start[None], basis, edit, panel.frames)                  # E(v_i, j-k): [frame, L, D]
            along_u = supervised(start, u, panel.supervised.strength, panel.frames)        # [frame, L, D]
            for frames in (along_v, along_u):
                frames = latents.truncate(frames, G.dlatent_avg, panel.psi, panel.cutoff)  # w_avg + psi (w - w_avg)
                rows.append(G.synthesize(frames, conversion=panel.conversion))             # G(w): [frame, H, W, C]
    return np.stack(rows)


def supervised(start, u, strength, frames):
    """From -strength to +strength along a direction in all layers: start [L, D], u [D] -> [frame, L, D]."""
    steps = strength * np.linspace(-1, 1, frames)                                          # [frame]
    return (start + np.multiply.outer(steps, u)[:, None]).astype(start.dtype)


FIGURE = figure.Figure('figure2', draw, needs=['edits', 'frames', 'supervised'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
