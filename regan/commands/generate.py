"""`regan generate`: images from seeds, and from latents in files."""

import contextlib
from pathlib import Path

import click

from regan.commands import options, progress

GRID_PIXELS = 2**26  # 200 MB; what does not fit is only written image by image.


@click.command()
@click.argument('network')
@options.starts(click.option('--seeds', metavar='LIST', help='For example 1-12 or 3,7,20-22.'))
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
    help='Folder for seedNNNN.png, or of latents from FILE for FILE.png or FILE-NNNN.png; grid.png and generate.json.',
)
@options.SAVE
@options.SCHEDULER
@options.PRECISION
@options.network
def generate(network, starts, drawing, grid, out, save_latents, scheduler):
    """Write one image for each seed, or latent of a file, and a grid of all."""
    import numpy as np

    from regan.base import artefacts, provenance
    from regan.drawing import seed_images
    from regan.drawing import starts as module
    from regan.views import carriers, made

    if starts.seeds is None and not starts.sources:
        raise click.UsageError('give --seeds or --latents, what to draw')
    folder = Path(out)
    with options.workers(scheduler) as cluster, network.open() as generator:
        some = starts.on(generator)
        settings = starts.truncated(drawing, generator).settings(generator)
        plan = seed_images.Plan(
            settings.noise,
            settings.psi,
            settings.cutoff,
            settings.conversion,
            settings.instance_norm_epsilon,
            settings.statistics,
        )
        _report_precision(generator, plan, some)
        in_grid = len(some) * generator.resolution**2 <= GRID_PIXELS
        origin = made.Origin(network.name, generator, settings)
        view = made.sheets(origin, some, grid['columns'])
        drawn = _pngs(generator, plan, some, cluster, network.trusted)
        with contextlib.closing(drawn), progress.bar(len(some)) as bar:
            carried = _with_views(origin, some, drawn)
            seed_images.save(folder, some, carried, in_grid, bar.update, carriers.texts(view), **grid)
        made_by = provenance.made_by('generate', network.name, generator)
        if save_latents:
            dlatents = np.concatenate([module.w(generator, start) for start in some])
            options.save_latents(save_latents, dlatents, made_by, some, settings)
        artefacts.write_json(
            folder / 'generate.json',
            dict(
                made_by,
                **module.facts(some),
                label=generator.label,
                precision=network.precision,
                plain=grid['plain'],
                **settings.facts(),
                **carriers.sidecar(view),
            ),
        )
    click.echo(
        'wrote %d images%s to %s' % (len(some), ' and grid.png' if in_grid else ', too many for a grid,', folder)
    )


def _with_views(origin, some, drawn):
    """Yields the PNG files of starts, each with its view."""
    from regan.pictures import images
    from regan.views import carriers, made

    for start, content in zip(some, drawn):
        yield images.with_texts(content, carriers.texts(made.sheets(origin, [start])))


def _report_precision(generator, plan, some):
    if generator.precision == 'bf16':
        from regan.drawing import seed_images

        dlatents = seed_images.styles(generator, plan, some[: options.PRECISION_IMAGES])
        options.report_precision(generator, dlatents, plan.conversion)


def _pngs(generator, plan, some, cluster, trusted):
    """A generator of the PNG file of each start's image, drawn here or by the workers of a Cluster."""
    from regan.drawing import seed_images

    if cluster is None:
        return seed_images.pngs(generator, plan, some)
    from regan.scale import jobs, shared_images

    return shared_images.pngs(cluster, dict(generator=jobs.generator_file(generator, trusted)), plan, some, generator)
