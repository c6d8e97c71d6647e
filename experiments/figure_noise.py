"""What noise does, as in StyleGAN's Figures 4 and 5: the detail that it makes, and that of some layers only.

`figure.main` gives `draw` each panel of specs/figure_noise.json and its network G; it needs no components.
"""
import numpy as np

from regan.drawing import noise_images
from regan.editing import mixing
from regan.figures import figure
from regan.pictures import arrangements, spread
from regan.sampling import latents


def draw(panel, G, basis):
    """A row for each seed: uint8 [seed, column, H, W, C]."""
    z = latents.from_seeds(panel.seeds, G.latent_size)                            # [seed, Z]
    w = latents.broadcast(G.map(z), G.num_layers)                                 # w = M(z) in all layers: [seed, L, D]
    w = latents.truncate(w, G.dlatent_avg, panel.psi, panel.cutoff)               # w_avg + psi (w - w_avg)
    return detail(panel, G, w) if panel.noise_detail else of_layers(panel, G, w)


def detail(panel, G, w):
    """The first image, the next four close up, and the standard deviation of all: uint8 [seed, 3, H, W, C]."""
    count = panel.noise_detail.renderings
    images = noise_images.with_fresh_noise(G, np.repeat(w, count, axis=0), panel.noise, panel.conversion)
    rows = []
    for _ in w:
        deviates, first = spread.Spread(), []
        for _ in range(count):
            image = next(images)                                                  # G(w) with new noise: [H, W, C]
            deviates.add(image)
            first += [image] if len(first) < 5 else []
        close_ups = arrangements.close_ups(np.stack(first[1:]), panel.noise_detail.box)
        grey = spread.as_image(deviates.deviation(), channels=G.num_channels)     # 4 levels for each that it deviates
        rows.append(np.stack([first[0], close_ups, grey]))
    return np.stack(rows)                                                         # [seed, 3, H, W, C]


def of_layers(panel, G, w):
    """A column for each set of layers that has noise, or a quarter of one image: uint8 [seed, column, H, W, C]."""
    sets = mixing.parse_layers(','.join(panel.noise_layers.layers), G.num_layers)
    rows = noise_images.with_noise_of(G, w, sets, panel.noise, panel.conversion)  # [seed, set, H, W, C]
    if panel.noise_layers.quadrants:
        rows = np.stack([arrangements.quarters(row)[np.newaxis] for row in rows])  # [seed, 1, H, W, C]
    mirrored = [seed in panel.noise_layers.mirrored for seed in panel.seeds]
    return np.stack([row[:, :, ::-1] if flip else row for row, flip in zip(rows, mirrored)])


FIGURE = figure.Figure('figure_noise', draw, needs=['noise_detail|noise_layers'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
