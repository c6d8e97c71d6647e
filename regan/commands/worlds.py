"""The command `regan worlds`: list the worlds, draw images, contact sheets and sweeps of one factor."""
from pathlib import Path

import click

# Heavy modules are imported inside the commands, so that --help is instant.

_BATCH = 32   # Images that are drawn at a time; after each the progress bar moves.


def _png(ctx, param, value):
    if Path(value).suffix.lower() != '.png':
        raise click.BadParameter('%s must end in .png' % value)
    return value


_SEED = click.option('--seed', type=click.IntRange(0, 2 ** 32 - 1), default=1, show_default=True, help='Of the factors.')
_RESOLUTION = click.option('--resolution', type=click.IntRange(8, 1024), default=128, show_default=True,
                           help='Pixels on a side of each image.')
_OUT_PNG = click.option('--out', type=click.Path(dir_okay=False), required=True, callback=_png,
                        help='PNG file. A .json with the same name says what made it.')


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
@click.option('--out', type=click.Path(file_okay=False), required=True,
              help='Folder for 00000000.png, 00000001.png, ..., factors.csv and world.json.')
def render(world, n, resolution, seed, out):
    """Write images of a WORLD and their factors into a folder. When interrupted, the same command goes on."""
    from regan import worlds as module
    from regan.base import background
    from regan.pictures import images
    import tqdm
    world, folder = module.load(world), Path(out)
    factors = world.sample(n, seed)
    _claim(folder, dict(_facts(world, resolution), n=n, seed=seed))
    _write_factors(folder / 'factors.csv', world.factor_names, factors)
    missing = [i for i in range(n) if not (folder / _file(i)).exists()]
    with tqdm.tqdm(total=n, initial=n - len(missing), unit=' images', leave=False, disable=None) as bar:
        batches = (missing[first:first + _BATCH] for first in range(0, len(missing), _BATCH))
        drawn = ((i, image) for batch in batches for i, image in zip(batch, world.render(factors[batch], resolution)))
        for _ in background.behind(lambda item: images.save_png(folder / _file(item[0]), item[1]), drawn, buffered=_BATCH):
            bar.update()
    click.echo('wrote %s: %d images, %d of them now' % (folder, n, len(missing)))


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
    factors = world.sample(rows * cols, seed).reshape(rows, cols, -1)          # [rows, columns, F]
    _write_page(out, world, factors, resolution, dict(rows=rows, columns=cols, seed=seed))


@worlds.command()
@click.argument('world')
@click.argument('factor')
@click.option('--steps', type=click.IntRange(2, 100), default=7, show_default=True)
@click.option('--seed', '--seeds', 'seeds', default='1', show_default=True, metavar='LIST',
              help='One row for each, for example 1-4: the other factors are the first ones drawn from it.')
@_RESOLUTION
@_OUT_PNG
def sweep(world, factor, steps, seeds, resolution, out):
    """Write rows in which one FACTOR of a WORLD moves over its range and all others rest."""
    from regan import worlds as module
    from regan.sampling import latents
    import numpy as np
    world, seeds = module.load(world), latents.parse_seeds(seeds)
    column = world.index(factor)
    law = world.factors[column].distribution
    values = np.linspace(law.low, law.high, steps)
    factors = np.stack([world.sample(1, seed).repeat(steps, axis=0) for seed in seeds])   # [seeds, steps, F]
    factors[:, :, column] = values
    _write_page(out, world, factors, resolution, dict(factor=factor, values=values.tolist(), seeds=seeds),
                ['%s %.2f' % (factor, value) for value in values])


# ------------------------------------------------------------------ parts

def _file(i):
    return '%08d.png' % i


def _facts(world, resolution):
    from regan import worlds as module
    return dict(world=world.name, factors=list(world.factor_names), resolution=resolution, supersampling=2,
                renderer_version=module.RENDERER_VERSION)


def _claim(folder, facts):
    """Makes `folder` the one for these images, or finds that it is already.

    Raises:
        UserError: it holds something else, or cannot be written.
    """
    from regan.base import artefacts
    from regan.base.errors import UserError
    if (folder / 'world.json').exists():
        if _read_facts(folder / 'world.json') != facts:
            raise UserError('%s holds images of another call (see its world.json); choose another --out or delete it'
                            % folder)
        for leftover in folder.glob('.*.png'):   # Of a run that was killed while it wrote.
            leftover.unlink()
    elif folder.exists() and any(not path.name.startswith('.') for path in folder.iterdir()):
        raise UserError('%s is not empty and has no world.json; choose another --out' % folder)
    else:
        artefacts.write_json(folder / 'world.json', facts)


def _read_facts(path):
    import json
    from regan.base.errors import UserError
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        raise UserError('%s is damaged (%s); choose another --out' % (path, error)) from error


def _write_factors(path, names, factors):
    """One line for each image; nine digits give the float32 back."""
    from regan.base import artefacts
    lines = [','.join(('image',) + tuple(names))]
    lines += [','.join([_file(i)] + ['%.9g' % value for value in row]) for i, row in enumerate(factors)]
    with artefacts.atomic_path(path) as temporary:
        temporary.write_text('\n'.join(lines) + '\n', encoding='utf-8')


def _write_page(out, world, factors, resolution, facts, titles=None):
    """Draws factors [rows, columns, F] into one PNG, with a title over each column, and its .json."""
    from regan.base import artefacts
    from regan.pictures import images
    import numpy as np
    import tqdm
    flat, tiles = factors.reshape(-1, factors.shape[-1]), []
    with tqdm.tqdm(total=len(flat), unit=' images', leave=False, disable=None) as bar:
        for first in range(0, len(flat), _BATCH):
            tiles.append(world.render(flat[first:first + _BATCH], resolution))
            bar.update(len(tiles[-1]))
    tiles = np.concatenate(tiles)
    page = images.grid(tiles.reshape(factors.shape[:2] + tiles.shape[1:]))
    if titles:
        page = np.concatenate([images.text_row(titles, page.shape[1], size=max(resolution // 10, 8)), page])
    images.save_png(out, page)
    artefacts.write_json(Path(out).with_suffix('.json'), dict(_facts(world, resolution), **facts))
    click.echo('wrote %s: %d rows of %d' % ((out,) + factors.shape[:2]))
