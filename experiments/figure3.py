"""Figure 3 of RC2021 "[Re] GANSpace": latents that share the first components with a base latent, or all others."""
from regan.editing import edits
from regan.figures import figure
from regan.sampling import latents


def draw(panel, generator, basis):
    """One row, an image for each seed; without an exchange, the seeds' own images: uint8 [1, seeds, H, W, C]."""
    w = generator.map(latents.from_seeds(panel.seeds, generator.latent_size))    # [N, D]
    if panel.exchange:
        w = exchanged(w, generator, basis, panel.exchange)
    return figure.render(panel, generator, latents.broadcast(w, generator.num_layers))[None]


def exchanged(w, generator, basis, exchange):
    """Latents [N, D] with the kept coordinates of the base latent."""
    base = generator.map(latents.from_seeds([exchange.base_seed], generator.latent_size))[0]
    random = exchange.random_basis_seed
    rows = basis.components if random is None else latents.random_basis(random, len(base))
    leading = slice(0, exchange.first)
    return edits.exchange(base, w, basis.mean, rows, leading if exchange.which == 'randomise' else slice(exchange.first, None))


FIGURE = figure.Figure('figure3', draw, needs=['exchange?'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
