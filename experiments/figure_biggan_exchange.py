"""Latents of BigGAN that share the first components with a base latent, or all others: GANSpace's supplement.

`figure.main` gives `draw` each panel of specs/figure_biggan_exchange.json, its network G of one class, and in `basis`
unit directions v_i of z, which move the output of the first dense layer along its components.
"""
from regan.editing import edits
from regan.figures import figure
from regan.sampling import latents


def draw(panel, G, basis):
    """One row, an image for each seed; without an exchange, the seeds' own images: uint8 [1, seed, H, W, C]."""
    z = G.z_of(panel.seeds)                                                   # truncated normal numbers: [seed, Z]
    if panel.exchange:
        z = exchanged(z, G, basis, panel.exchange)                            # [seed, Z]
    start = latents.broadcast(z, G.num_layers)                                # one z for all layers: [seed, L, Z]
    return G.synthesize(start, conversion=panel.conversion)[None]             # G(z, class): [1, seed, H, W, C]


def exchanged(z, G, basis, exchange):
    """The latents [seed, Z] with the base latent's coordinates along the first v_i, or along all others."""
    base, seed = G.z_of([exchange.base_seed])[0], exchange.random_basis_seed  # [Z]
    v = basis.components if seed is None else latents.random_basis(seed, len(base))
    own = slice(0, exchange.first) if exchange.which == 'randomise' else slice(exchange.first, None)
    return edits.exchange(base, z, basis.mean, v, own)


FIGURE = figure.Figure('figure_biggan_exchange', draw, needs=['exchange?'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
