"""The command `regan worlds`: list the worlds, draw images, contact sheets and sweeps of one factor."""

from pathlib import Path

import click

from regan.commands import options, progress

_SEED = click.option('--seed', type=click.IntRange(0, 2**32 - 1), default=1, show_default=True, help='Of the factors.')
_RESOLUTION = click.option(
    '--resolution', type=click.IntRange(8, 1024), default=128, show_default=True, help='Pixels on a side of each image.'
)
_OUT_PNG = click.option(
    '--out',
    type=click.Path(dir_okay=False),
    required=True,
    callback=options.png,
    help='PNG file. A .json with the same name says what made it.',
)


@click.group()
def worlds():
    """Draw the procedural worlds: images whose factors are known."""


@worlds.command('list')
def list_():
    """Print the worlds and the meaning of their factors (0 to 1 each)."""
    from regan import worlds as module

    for name in module.NAMES:
        click.echo(name)
        for factor in module.load(name).factors:
            click.echo('  %-18s %s' % (factor.name, factor.meaning))


@worlds.command()
@click.argument('world')
@click.option('--n', type=click.IntRange(min=1), required=True, help='Number of images.')
@_RESOLUTION
@_SEED
@click.option(
    '--out',
    type=click.Path(file_okay=False),
    required=True,
    help='Folder for 00000000.png, 00000001.png, ..., factors.csv and world.json.',
)
def render(world, n, resolution, seed, out):
    """Write images of a WORLD and their factors into a folder. When interrupted, the same command goes on."""
    from regan import worlds as module
    from regan.worlds import files

    with progress.bar(n) as bar:
        drawn = files.write_folder(out, module.load(world), n, resolution, seed, bar.update)
    click.echo('wrote %s: %d images, %d of them now' % (Path(out), n, drawn))


@worlds.command()
@click.argument('world')
@click.option('--rows', type=click.IntRange(1, 100), default=4, show_default=True)
@click.option('--cols', type=click.IntRange(1, 100), default=8, show_default=True)
@_RESOLUTION
@_SEED
@_OUT_PNG
def sheet(world, rows, cols, resolution, seed, out):
    """Write one picture with many images of a WORLD."""
    from regan import worlds as module

    world = module.load(world)
    factors = world.sample(rows * cols, seed).reshape(rows, cols, -1)  # [rows, columns, F]
    _write_page(out, world, factors, resolution, dict(rows=rows, columns=cols, seed=seed))


@worlds.command()
@click.argument('world')
@click.argument('factor')
@click.option('--steps', type=click.IntRange(2, 100), default=7, show_default=True)
@click.option(
    '--seed',
    '--seeds',
    'seeds',
    default='1',
    show_default=True,
    metavar='LIST',
    help='One row for each, for example 1-4: the other factors are the first ones drawn from it.',
)
@_RESOLUTION
@_OUT_PNG
def sweep(world, factor, steps, seeds, resolution, out):
    """Write rows in which one FACTOR of a WORLD moves over its range and all others rest."""
    import numpy as np

    from regan import worlds as module
    from regan.sampling import latents

    world, seeds = module.load(world), latents.parse_seeds(seeds)
    column = world.index(factor)
    law = world.factors[column].distribution
    values = np.linspace(law.low, law.high, steps)
    factors = np.stack([world.sample(1, seed).repeat(steps, axis=0) for seed in seeds])  # [seeds, steps, F]
    factors[:, :, column] = values
    _write_page(
        out,
        world,
        factors,
        resolution,
        dict(factor=factor, values=values.tolist(), seeds=seeds),
        ['%s %.2f' % (factor, value) for value in values],
    )


def _write_page(out, world, factors, resolution, facts, titles=None):
    """See `files.write_page`."""
    from regan.worlds import files

    rows, columns = factors.shape[:2]
    with progress.bar(rows * columns) as bar:
        files.write_page(out, world, factors, resolution, facts, titles, bar.update)
    click.echo('wrote %s: %d rows of %d' % (out, rows, columns))
