"""The whole flow from Python: network -> latent -> components -> edit -> strip -> images -> PNG, in half a minute.

    python examples/from_latent_to_strip.py
    python examples/from_latent_to_strip.py --network my.pkl --edit 'E(v3, all) * 3' --seed 5 --out mine.png
"""
import click

from regan.base import command_errors
from regan.components import cached
from regan.components.pca import PCASpec
from regan.editing import edits
from regan.networks import models
from regan.networks.generator import Generator
from regan.pictures import images
from regan.sampling import latents

SAMPLE = PCASpec(n=20000, components=10, batch_size=200)  # The figures take a million latents and 80 components.
PSI, FRAMES = 0.7, 7


def draw(G, seed, edit):
    """One latent on its way along a component, from -x to +x: uint8 [frame, H, W, C]."""
    z = latents.from_seeds([seed], G.latent_size)       # [1, Z]
    w = latents.broadcast(G.map(z), G.num_layers)       # w = M(z), the same for all layers: [1, L, D]
    basis = cached.basis(G, SAMPLE)                     # mean, components v_i and standard deviations sigma_i of w
    frames = edits.strip(w, basis, edit, FRAMES)        # E(v_i, j-k) * x: [frame, L, D]
    frames = latents.truncate(frames, G.dlatent_avg, PSI)
    return G.synthesize(frames)                         # [frame, H, W, C]


@click.command()
@click.option('--network', default='stylegan2-cars-64', show_default=True, metavar='NAME|PATH', help='Whose images.')
@click.option('--seed', type=click.IntRange(0, latents.LARGEST_SEED), default=17, show_default=True, help='Of z.')
@click.option('--edit', default='centred E(v1, 0-3) * 2', show_default=True, help='What changes, and by how much.')
@click.option('--out', type=click.Path(dir_okay=False), default='strip.png', show_default=True, help='PNG to write.')
def main(network, seed, edit, out):
    """Draw a strip of images of one latent, edited more and more."""
    with command_errors.errors_in_one_line():
        edit = edits.parse(edit)
        with Generator.open(models.resolve(network)) as G:
            images.save_png(out, images.strip(draw(G, seed, edit)))
    click.echo('wrote %s: %s, seed %d, psi %g' % (out, edit, seed, PSI))


if __name__ == '__main__':
    main()
