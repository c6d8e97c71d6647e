"""Style mixing as in StyleGAN's Figure 3: rows with some layers of the columns' latents.

`figure.main` gives `draw` each panel of specs/figure_mixing.json and its network G; it needs no components.
"""
import numpy as np

from regan.drawing import mixing_tables
from regan.editing import mixing
from regan.figures import figure
from regan.sampling import latents


def draw(panel, G, basis):
    """The table of two lists of seeds: uint8 [row + 1, column + 1, H, W, C]."""
    def w_of(seeds):
        z = latents.from_seeds(seeds, G.latent_size)                             # [seed, Z]
        return latents.broadcast(G.map(z), G.num_layers)                         # w = M(z) in all layers: [seed, L, D]

    return table(panel, G, w_of(panel.seeds), w_of(panel.mixing.columns))


def table(panel, G, rows, columns):
    """The sources above the columns, the destinations left of the rows: uint8 [row + 1, column + 1, H, W, C]."""
    def images(w):
        w = latents.truncate(w, G.dlatent_avg, panel.psi, panel.cutoff)          # w_avg + psi (w - w_avg)
        return G.synthesize(w, conversion=panel.conversion)                      # G(w): [latent, H, W, C]

    sets = mixing.for_rows(mixing.parse_layers(panel.mixing.layers, G.num_layers), len(rows))
    mixed = mixing.mixed(rows, columns, sets)                                    # [row, column, L, D]
    drawn = mixing_tables.Table(images(rows), images(columns), np.stack([images(row) for row in mixed]))
    return drawn.tiles()                                                         # [row + 1, column + 1, H, W, C]


FIGURE = figure.Figure('figure_mixing', draw, needs=['mixing'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
