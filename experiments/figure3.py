"""Figure 3 of RC2021 "[Re] GANSpace": latents that share the first components with a base latent, or all others.

`figure.main` gives `draw` each panel of specs/figure3.json, its network G, and in `basis` that network's
components v_i.
"""
from regan.editing import edits
from regan.figures import figure
from regan.sampling import latents


def draw(panel, G, basis):
    """One row, an image for each seed; without an exchange, the seeds' own images: uint8 [1, seed, H, W, C]."""
    z = latents.from_seeds(panel.seeds, G.latent_size)                       # [seed, Z]
    w = G.map(z)                                                             # w = M(z): [seed, D]
    if panel.exchange:
        w = exchanged(w, G, basis, panel.exchange)                           # [seed, D]
    start = latents.broadcast(w, G.num_layers)                               # one w for all layers: [seed, L, D]
    start = latents.truncate(start, G.dlatent_avg, panel.psi, panel.cutoff)  # w_avg + psi (w - w_avg)
    return G.synthesize(start, conversion=panel.conversion)[None]            # G(w): [1, seed, H, W, C]


def exchanged(w, G, basis, exchange):
    """The latents [seed, D] with the base latent's coordinates along the first v_i, or along all others."""
    base = G.map(latents.from_seeds([exchange.base_seed], G.latent_size))[0]         # [D]
    seed = exchange.random_basis_seed
    v = basis.components if seed is None else latents.random_basis(seed, len(base))  # [component, D]
    own = slice(0, exchange.first) if exchange.which == 'randomise' else slice(exchange.first, None)
    return edits.exchange(base, w, basis.mean, v, own)


FIGURE = figure.Figure('figure3', draw, needs=['exchange?'])

if __name__ == '__main__':
    import checkout
    figure.main(FIGURE, checkout.SPECS, checkout.OUT, checkout.REFERENCES)
