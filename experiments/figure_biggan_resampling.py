"""Style resampling of BigGAN: GANSpace Figure 6, in which the first layers keep their latent and the rest get others.

`figure.main` gives `draw` each panel of specs/figure_biggan_resampling.json and its network G of one class. There are
no components in it.
"""
import numpy as np

from regan.editing import edits
from regan.figures import figure
from regan.sampling import latents


def draw(panel, G, basis):
    """A row for each seed and number of layers kept, its image and one per style: uint8 [row, 1 + style, H, W, C]."""
    z, styles = [latents.broadcast(G.z_of(seeds), G.num_layers)               # one z for all layers: [seed, L, Z]
                 for seeds in (panel.seeds, panel.resampling.style_seeds)]
    rows = []
    for start in z:
        for keep in panel.resampling.keep:
            keep = min(keep, G.num_layers)
            mixed = edits.resample(start[None], styles, keep)[0]              # below the seed's z, above a style's
            frames = np.concatenate([start[None], mixed])                     # [1 + style, L, Z]
            rows.append(G.synthesize(frames, conversion=panel.conversion))    # G(z, class): [1 + style, H, W, C]
    return np.stack(rows)                                                     # [row, 1 + style, H, W, C]


FIGURE = figure.Figure('figure_biggan_resampling', draw, needs=['resampling'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
