"""Style mixing of BigGAN: GANSpace's pictures in which one latent's output of a layer stands in those of others.

`figure.main` gives `draw` each panel of specs/figure_biggan_mixing.json and its network G of one class. There are no
components in it.
"""
import numpy as np

from regan.drawing import activation_edits
from regan.figures import figure
from regan.sampling import latents


def draw(panel, G, basis):
    """The first seed A against the others: uint8 [1 + layer, seed, H, W, C].

    On top the images of all others, at the left A's, and inside, the others' z with the output of a layer replaced by
    A's. What comes after the layer still has the others' z.
    """
    z = latents.broadcast(G.z_of(panel.seeds), G.num_layers)                  # one z for all layers: [seed, L, Z]
    if panel.replacing.statistics is not None:
        G.set_truncation(panel.replacing.statistics)                          # after z, which keeps its own
    plain = G.synthesize(z, conversion=panel.conversion)                      # G(z, class): [seed, H, W, C]
    rows = [np.concatenate([np.full_like(plain[:1], 255), plain[1:]])]
    for layer in panel.replacing.layers:
        mixed = activation_edits.replaced(G, z[1:], z[:1], layer, panel.conversion)
        rows.append(np.concatenate([plain[:1], mixed]))
    return np.stack(rows)                                                     # [1 + layer, seed, H, W, C]


FIGURE = figure.Figure('figure_biggan_mixing', draw, needs=['replacing'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
