"""GANSpace Figure 1 as a whole: sequences of edits on several networks.

`figure.main` gives `draw` each panel of specs/figure_teaser.json, its network G, and in `basis` that network's
components v_i with standard deviations sigma_i.
"""
import numpy as np

from regan.editing import edits
from regan.figures import figure
from regan.sampling import latents


def draw(panel, G, basis):
    """A row for each seed, from the unedited image to all edits: uint8 [seed, step, H, W, C]."""
    z = latents.from_seeds(panel.seeds, G.latent_size)                           # [seed, Z]
    w = G.map(z)                                                                 # w = M(z): [seed, D]
    rows = []
    for start in latents.broadcast(w, G.num_layers):                             # one w for all layers: [L, D]
        # E(v_i, j-k) = x: in layers j to k, w moves along v_i until it is x sigma_i from the mean.
        steps = edits.sequence(start[None], basis, panel.edits)                  # [step, L, D]
        steps = latents.truncate(steps, G.dlatent_avg, panel.psi, panel.cutoff)  # w_avg + psi (w - w_avg)
        rows.append(G.synthesize(steps, conversion=panel.conversion))            # G(w): [step, H, W, C]
    return np.stack(rows)                                                        # [seed, step, H, W, C]


FIGURE = figure.Figure('figure_teaser', draw, needs=['edits'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
