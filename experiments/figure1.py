"""Figure 1 of RC2021 "[Re] GANSpace": a sequence of edits, each on top of the ones before."""
import numpy as np

from regan import edits, figure, latents


def draw(panel, generator, basis):
    """A row for each seed, from the unedited image to all edits: uint8 [seeds, edits + 1, H, W, C]."""
    w = generator.map(latents.from_seeds(panel.seeds, generator.latent_size))    # [N, D]
    starts = latents.broadcast(w, generator.num_layers)                         # [N, L, D]
    rows = [edits.sequence(start[None], basis, panel.edits) for start in starts]
    return np.stack([figure.render(panel, generator, row) for row in rows])


if __name__ == '__main__':
    figure.main('figure1', draw, needs=['edits'])
