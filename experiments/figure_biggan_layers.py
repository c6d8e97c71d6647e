"""From one image of BigGAN to another, layer by layer and along z: GANSpace's second picture of style mixing.

`figure.main` gives `draw` each panel of specs/figure_biggan_layers.json and its network G of one class. There are no
components in it.
"""
import numpy as np

from regan.drawing import activation_edits
from regan.editing import edits
from regan.figures import figure
from regan.sampling import latents


def draw(panel, G, basis):
    """From the first seed to the second, two rows: uint8 [2, layer + 2, H, W, C].

    Above, between their images, the second's z with the output of each layer in turn replaced by the first's. Below, as
    many images on the straight way of z.
    """
    z = latents.broadcast(G.z_of(panel.seeds), G.num_layers)                  # one z for all layers: [2, L, Z]
    ends = G.synthesize(z, conversion=panel.conversion)                       # G(z, class): [2, H, W, C]
    between = [activation_edits.replaced(G, z[1:], z[:1], layer, panel.conversion)
               for layer in panel.replacing.layers]
    above = np.concatenate([ends[:1]] + between + [ends[1:]])                 # [layer + 2, H, W, C]
    way = edits.towards(z[:1], z[1:], len(above))                             # [layer + 2, L, Z]
    return np.stack([above, G.synthesize(way, conversion=panel.conversion)])  # [2, layer + 2, H, W, C]


FIGURE = figure.Figure('figure_biggan_layers', draw, needs=['replacing'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
