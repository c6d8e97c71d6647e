"""Figure 2 of RC2021 "[Re] GANSpace": an edit along a component beside the same change along a supervised direction."""
import numpy as np

from regan.editing import boundary, edits
from regan.figures import figure
from regan.sampling import latents


def draw(panel, generator, basis):
    """Two rows for each seed and edit, component and supervised direction: uint8 [seeds * edits * 2, frames, H, W, C].

    Both rows start from one latent, centred along the supervised direction, so that their middle frames are equal.
    """
    normal = boundary.resolve(panel.supervised.boundary, generator.dlatent_size)  # [D]
    w = edits.centre(generator.map(latents.from_seeds(panel.seeds, generator.latent_size)), basis.mean, normal)    # [N, D]
    rows = []
    for start in latents.broadcast(w, generator.num_layers):
        for edit in panel.edits:
            rows += [edits.strip(start[None], basis, edit, panel.frames), supervised(start[None], normal, panel)]
    return np.stack([figure.render(panel, generator, row) for row in rows])


def supervised(start, normal, panel):
    """From -strength to +strength along a direction in all layers: start [1, L, D] -> [frames, L, D]."""
    steps = panel.supervised.strength * np.linspace(-1, 1, panel.frames)
    return (start + np.multiply.outer(steps, normal)[:, None]).astype(start.dtype)


FIGURE = figure.Figure('figure2', draw, needs=['edits', 'frames', 'supervised'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
