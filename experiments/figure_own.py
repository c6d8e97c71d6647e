"""Style mixing with one's own pictures, as in Figure 4 of the StyleGAN study: their latents are looked for first.

`figure.main` gives `draw` each panel of specs/figure_own.json and its network G; it needs no components. The pictures
are renders of a world that no network was trained on, or those of the folder $REGAN_PICTURES.
"""
import os

import figure_mixing
import numpy as np

from regan import worlds
from regan.base.errors import UserError
from regan.figures import figure, study_spec
from regan.projection import cached, targets


def draw(panel, G, basis):
    """Pictures above what was found of them, or a table of mixtures: uint8 [row, column, H, W, C]."""
    if not panel.own:
        return figure_mixing.draw(panel, G, basis)                               # of seeds, to compare with
    pictures = own_pictures(panel.own, G)                                        # [picture, H, W, C]
    asked = cached.Asked(panel.own.method, panel.own.steps)
    w = cached.codes(G, pictures, asked)                                         # in W or W+: [picture, L, D]
    rows = list(panel.seeds)                                                     # their numbers
    if panel.mixing:
        return figure_mixing.table(panel, G, w[rows], w[list(panel.mixing.columns)])
    return np.stack([pictures[rows], G.synthesize(w[rows], conversion=panel.conversion)])  # [2, picture, H, W, C]


def own_pictures(own, G):
    """The pictures, uint8 [picture, H, W, C], in the size of the network."""
    if own.world:
        world = worlds.load(own.world)
        return world.render(world.sample(own.pictures, own.seed), resolution=G.resolution, supersampling=2)
    folder = os.environ.get(study_spec.PICTURES)
    if not folder:
        raise UserError(
            'this figure is of your own pictures; set %s to a folder with %d of them, cut as the network draws its own'
            % (study_spec.PICTURES, own.pictures)
        )
    found = targets.read([folder], G.resolution, G.num_channels)
    if len(found) < own.pictures:
        raise UserError('%s has %d pictures, and this figure needs %d' % (folder, len(found), own.pictures))
    return np.stack([target.picture for target in found[: own.pictures]])


FIGURE = figure.Figure('figure_own', draw, needs=['own?', 'mixing?'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
