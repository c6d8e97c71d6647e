"""Uncurated images as in StyleGAN's Figures 2 and 10 to 12: every latent of one seed, in columns of decreasing size.

`figure.main` gives `draw` each panel of specs/figure_uncurated.json and its network G; it needs no components.
"""
import numpy as np

from regan.drawing import noise_images
from regan.figures import figure
from regan.pictures import arrangements
from regan.sampling import latents


def draw(panel, G, basis):
    """All images of a sheet, in order: uint8 [1, image, H, W, C]."""
    count = arrangements.multiscale_count(panel.uncurated.rows, panel.uncurated.levels)
    z = latents.sample_batch(panel.seeds[0], count, G.latent_size)               # one RandomState for all: [image, Z]
    w = latents.broadcast(G.map(z), G.num_layers)                                # w = M(z) in all layers: [image, L, D]
    w = latents.truncate(w, G.dlatent_avg, panel.psi, panel.cutoff)              # w_avg + psi (w - w_avg)
    images = noise_images.with_fresh_noise(G, w, panel.noise, panel.conversion)  # G(w), each with noise of its own
    return np.stack(list(images))[np.newaxis]                                    # [1, image, H, W, C]


def arrange(panel, tiles):
    """The sheet as the only tile: uint8 [1, 1, H', W', C]."""
    return arrangements.multiscale(tiles[0], panel.uncurated.rows, panel.uncurated.levels)[np.newaxis, np.newaxis]


FIGURE = figure.Figure('figure_uncurated', draw, needs=['uncurated'], arrange=arrange)

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
