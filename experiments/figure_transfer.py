"""The edit across data sets of the RC2021 code: one component's index in two networks, or one's direction in both.

`figure.main` gives `draw` each panel of specs/figure_transfer.json, its network G, and in `basis` that network's or
another's components v_i with standard deviations sigma_i.
"""
import numpy as np

from regan.editing import edits
from regan.figures import figure
from regan.sampling import latents


def draw(panel, G, basis):
    """A row for each seed and edit, from -x to +x: uint8 [seed * edit, frame, H, W, C]."""
    z = latents.from_seeds(panel.seeds, G.latent_size)                                 # [seed, Z]
    w = G.map(z)                                                                       # w = M(z): [seed, D]
    rows = []
    for start in latents.broadcast(w, G.num_layers):                                   # one w for all layers: [L, D]
        for edit in panel.edits:
            # E(v_i, j-k) * x: in layers j to k, w moves by x sigma_i along v_i.
            frames = edits.strip(start[None], basis, edit, panel.frames)               # [frame, L, D]
            frames = latents.truncate(frames, G.dlatent_avg, panel.psi, panel.cutoff)  # w_avg + psi (w - w_avg)
            rows.append(G.synthesize(frames, conversion=panel.conversion))             # G(w): [frame, H, W, C]
    return np.stack(rows)                                                              # [seed * edit, frame, H, W, C]


FIGURE = figure.Figure('figure_transfer', draw, needs=['edits', 'frames'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
