"""`regan generate`: images from seeds."""
import contextlib
import io
import math
from pathlib import Path

import click

from regan.commands import options

GRID_PIXELS = 2 ** 26  # 200 MB; what does not fit is only written image by image.


@click.command()
@click.argument('network')
@click.option('--seeds', required=True, metavar='LIST', help='For example 1-12 or 3,7,20-22.')
@options.PSI
@options.CUTOFF
@options.noise_or_seed_options
@click.option('--class', 'label', type=click.IntRange(min=0), help='Class of a conditional network.')
@click.option('--columns', type=click.IntRange(min=1), help='Of the grid; default: nearly square.')
@click.option('--out', type=click.Path(file_okay=False), required=True, help='Folder for seedNNNN.png, grid.png and generate.json.')
@options.SCHEDULER
@options.PRECISION
@options.network_options
def generate(network, seeds, psi, cutoff, mode, noise, conversion, label, columns, out, scheduler, precision, networks_folder,
             trust_embedded_code):
    """Write one image for each seed, and a grid of all."""
    from regan.base import artefacts, provenance
    from regan.drawing import seed_images
    from regan.networks import models
    from regan.pictures import images
    from regan.sampling import latents
    from regan.networks.network_file import NetworkFile
    import numpy as np
    import tqdm
    seeds, file = latents.parse_seeds(seeds), NetworkFile(models.resolve(network, networks_folder))
    from regan.networks.generator import Generator  # It imports TensorFlow; the file is read meanwhile.
    folder = Path(out)
    with options.workers(scheduler) as cluster, \
            Generator.open(file, 'stored', trust_embedded_code, precision) as generator:
        options.check_cutoff(cutoff, generator)
        options.check_class(label, generator)
        settings = options.resolve(mode, noise, conversion, generator.generation, psi, cutoff)
        plan = seed_images.Plan(settings.noise, settings.psi, settings.cutoff, settings.conversion, label)
        _report_precision(generator, plan, seeds)
        in_grid, contents = len(seeds) * generator.resolution ** 2 <= GRID_PIXELS, []
        with contextlib.closing(_pngs(generator, plan, seeds, cluster, trust_embedded_code)) as drawn:
            for seed, content in zip(seeds, tqdm.tqdm(drawn, total=len(seeds), unit=' images', leave=False, disable=None)):
                images.save_bytes(folder / ('seed%04d.png' % seed), content)
                contents += [content] if in_grid else []
        if len(contents) == 1:
            images.save_bytes(folder / 'grid.png', contents[0])
        elif contents:
            pictures = np.stack([images.read_png(io.BytesIO(content)) for content in contents])
            images.save_png(folder / 'grid.png', images.grid(_arranged(pictures, columns)))
        artefacts.write_json(folder / 'generate.json', dict(
            provenance.made_by('generate', network, generator), seeds=seeds, label=label, precision=precision, **settings._asdict()))
    click.echo('wrote %d images%s to %s' % (len(seeds), ' and grid.png' if in_grid else ', too many for a grid,', folder))


def _pngs(generator, plan, seeds, cluster, trust_embedded_code):
    """Yields the PNG file of each seed's image, as bytes. Compressed in another thread while the next ones are drawn, or by workers."""
    from regan.base import background
    from regan.drawing import seed_images
    from regan.pictures import images
    if cluster is None:
        return background.behind(images.png, seed_images.draw(generator, plan, seeds), buffered=2 * generator.images_at_once)
    from regan.scale import jobs, shared_images as scale
    files = dict(generator=jobs.generator_file(generator, trust_embedded_code))
    return scale.pngs(cluster, files, plan, seeds, generator)


def _report_precision(generator, plan, seeds):
    from regan.drawing import seed_images
    if generator.precision == 'bf16':
        import numpy as np
        dlatents = seed_images.styles(generator, plan, [np.random.RandomState(seed) for seed in seeds[:options.PRECISION_IMAGES]])
        options.report_precision(generator, dlatents, plan.conversion)


def _arranged(pictures, columns):
    """[N, H, W, C] -> [rows, columns, H, W, C]; the last row is filled up with white."""
    import numpy as np
    columns = min(columns or int(math.ceil(math.sqrt(len(pictures)))), len(pictures))
    rows = -(-len(pictures) // columns)
    page = np.full((rows * columns,) + pictures.shape[1:], 255, np.uint8)
    page[:len(pictures)] = pictures
    return page.reshape((rows, columns) + pictures.shape[1:])
