"""Figure 1 of RC2021 "[Re] GANSpace": a sequence of edits, each on top of the ones before."""
import numpy as np

from regan import edits, figure, latents


def draw(spec, generator, basis):
    """A row for each seed, from the unedited image to all edits: uint8 [seeds, edits + 1, H, W, C]."""
    w = generator.map(latents.from_seeds(spec.seeds, generator.latent_size))    # [N, D]
    starts = latents.broadcast(w, generator.num_layers)                         # [N, L, D]
    rows = [edits.sequence(start[None], basis, spec.edits) for start in starts]
    return np.stack([figure.render(spec, generator, row) for row in rows])


if __name__ == '__main__':
    figure.main('figure1', draw)
