"""`regan generate`: images from seeds."""
import math
from pathlib import Path

import click

from regan.commands import options


@click.command()
@click.argument('network')
@click.option('--seeds', required=True, metavar='LIST', help='For example 1-12 or 3,7,20-22.')
@options.PSI
@options.CUTOFF
@options.noise_or_seed_options
@click.option('--class', 'label', type=click.IntRange(min=0), help='Class of a conditional network.')
@click.option('--columns', type=click.IntRange(min=1), help='Of the grid; default: nearly square.')
@click.option('--out', type=click.Path(file_okay=False), required=True, help='Folder for seedNNNN.png, grid.png and generate.json.')
@options.network_options
def generate(network, seeds, psi, cutoff, mode, noise, conversion, label, columns, out, networks_folder, trust_embedded_code):
    """Write one image for each seed, and a grid of all."""
    from regan import artefacts, images, latents, models, provenance
    from regan.generator import Generator
    import numpy as np
    import tqdm
    seeds = latents.parse_seeds(seeds)
    folder = Path(out)
    with Generator.open(models.resolve(network, networks_folder), trust_embedded_code=trust_embedded_code) as generator:
        options.check_cutoff(cutoff, generator)
        settings = options.resolve(mode, noise, conversion, generator.generation, psi, cutoff)
        labels = options.one_hot(label, generator)
        if noise != 'seed':
            generator.set_noise(settings.noise)
        pictures = []
        for seed in tqdm.tqdm(seeds, unit=' images', leave=False, disable=None):
            random = np.random.RandomState(seed)
            z = random.randn(1, generator.latent_size).astype(np.float32)  # The first draw; noise images follow.
            if noise == 'seed':
                generator.set_noise(random)
            dlatents = latents.broadcast(generator.map(z, labels), generator.num_layers)
            truncated = latents.truncate(dlatents, generator.dlatent_avg, settings.psi, settings.cutoff)
            pictures += list(generator.synthesize(truncated, conversion=settings.conversion))
            images.save_png(folder / ('seed%04d.png' % seed), pictures[-1])
        images.save_png(folder / 'grid.png', images.grid(_arranged(np.stack(pictures), columns)))
        artefacts.write_json(folder / 'generate.json', dict(
            provenance.made_by('generate', network, generator), seeds=seeds, label=label, **settings._asdict()))
    click.echo('wrote %d images and grid.png to %s' % (len(seeds), folder))


def _arranged(pictures, columns):
    """[N, H, W, C] -> [rows, columns, H, W, C]; the last row is filled up with white."""
    import numpy as np
    columns = min(columns or int(math.ceil(math.sqrt(len(pictures)))), len(pictures))
    rows = -(-len(pictures) // columns)
    page = np.full((rows * columns,) + pictures.shape[1:], 255, np.uint8)
    page[:len(pictures)] = pictures
    return page.reshape((rows, columns) + pictures.shape[1:])
