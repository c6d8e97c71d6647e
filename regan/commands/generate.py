"""`regan generate`: images from seeds."""

import contextlib
from pathlib import Path

import click

from regan.commands import options, progress

GRID_PIXELS = 2**26  # 200 MB; what does not fit is only written image by image.


@click.command()
@click.argument('network')
@click.option('--seeds', required=True, metavar='LIST', help='For example 1-12 or 3,7,20-22.')
@options.PSI
@options.CUTOFF
@options.drawing_or_seed
@options.group(
    'grid',
    dict,
    click.option('--columns', type=click.IntRange(min=1), help='Of the grid; default: about the shape of a screen.'),
    options.PLAIN,
)
@click.option(
    '--out',
    type=click.Path(file_okay=False),
    required=True,
    help='Folder for seedNNNN.png, grid.png and generate.json.',
)
@options.SCHEDULER
@options.PRECISION
@options.network
def generate(network, seeds, drawing, grid, out, scheduler):
    """Write one image for each seed, and a grid of all."""
    from regan.base import artefacts, provenance
    from regan.drawing import seed_images
    from regan.sampling import latents
    from regan.views import carriers, made

    seeds, folder = latents.parse_seeds(seeds), Path(out)
    with options.workers(scheduler) as cluster, network.open() as generator:
        settings = drawing.settings(generator)
        plan = seed_images.Plan(
            settings.noise,
            settings.psi,
            settings.cutoff,
            settings.conversion,
            settings.instance_norm_epsilon,
            settings.statistics,
        )
        _report_precision(generator, plan, seeds)
        in_grid = len(seeds) * generator.resolution**2 <= GRID_PIXELS
        origin = made.Origin(network.name, generator, settings)
        view = made.sheets(origin, seeds, grid['columns'])
        drawn = _pngs(generator, plan, seeds, cluster, network.trusted)
        with contextlib.closing(drawn), progress.bar(len(seeds)) as bar:
            carried = _with_views(origin, seeds, drawn)
            seed_images.save(folder, seeds, carried, in_grid, bar.update, carriers.texts(view), **grid)
        artefacts.write_json(
            folder / 'generate.json',
            dict(
                provenance.made_by('generate', network.name, generator),
                seeds=seeds,
                label=generator.label,
                precision=network.precision,
                plain=grid['plain'],
                **settings.facts(),
                **carriers.sidecar(view),
            ),
        )
    click.echo(
        'wrote %d images%s to %s' % (len(seeds), ' and grid.png' if in_grid else ', too many for a grid,', folder)
    )


def _with_views(origin, seeds, drawn):
    """Yields the PNG files of seeds, each with its view."""
    from regan.pictures import images
    from regan.views import carriers, made

    for seed, content in zip(seeds, drawn):
        yield images.with_texts(content, carriers.texts(made.sheets(origin, [seed])))


def _report_precision(generator, plan, seeds):
    if generator.precision == 'bf16':
        import numpy as np

        from regan.drawing import seed_images

        randoms = [np.random.RandomState(seed) for seed in seeds[: options.PRECISION_IMAGES]]
        options.report_precision(generator, seed_images.styles(generator, plan, randoms), plan.conversion)


def _pngs(generator, plan, seeds, cluster, trusted):
    """A generator of the PNG file of each seed's image, drawn here or by the workers of a Cluster."""
    from regan.drawing import seed_images

    if cluster is None:
        return seed_images.pngs(generator, plan, seeds)
    from regan.scale import jobs, shared_images

    return shared_images.pngs(cluster, dict(generator=jobs.generator_file(generator, trusted)), plan, seeds, generator)
