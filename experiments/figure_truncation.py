"""The truncation trick as in StyleGAN's Figure 8: latents from where they are to the average, and beyond.

`figure.main` gives `draw` each panel of specs/figure_truncation.json and its network G; it needs no components.
"""
import numpy as np

from regan.figures import figure
from regan.sampling import latents


def draw(panel, G, basis):
    """A row for each seed, a column for each psi: uint8 [seed, psi, H, W, C]."""
    z = latents.from_seeds(panel.seeds, G.latent_size)                            # [seed, Z]
    w = latents.broadcast(G.map(z), G.num_layers)                                 # w = M(z) in all layers: [seed, L, D]
    columns = []
    for psi in panel.psis:
        truncated = latents.truncate(w, G.dlatent_avg, psi, panel.cutoff)         # w_avg + psi (w - w_avg)
        columns.append(G.synthesize(truncated, conversion=panel.conversion))      # G(w): [seed, H, W, C]
    return np.stack(columns, axis=1)                                              # [seed, psi, H, W, C]


FIGURE = figure.Figure('figure_truncation', draw, needs=['psis'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
