"""Images of a world in files: a folder of images with their factors, or one page; a JSON says what made it."""

import json
from pathlib import Path

import numpy as np

from regan import worlds
from regan.base import artefacts, background, kept
from regan.base.errors import UserError
from regan.pictures import images

BATCH = 32  # Images that are drawn at a time; after each, progress is reported.
SUPERSAMPLING = 2


def write_folder(folder, world, n, resolution, seed, progress=None):
    """Writes 00000000.png, 00000001.png, ..., factors.csv and world.json. Images that are there already are kept.

    Args:
        folder: path, made if missing.
        world: regan.worlds.World.
        n: number of images.
        resolution: R, pixels on a side.
        seed: of the factors.
        progress: callable that gets the number of images done since its last call, those that were there already first.

    Returns:
        Number of images that were drawn now.

    Raises:
        UserError: the folder holds something else, or cannot be written.
    """
    folder, progress, factors = Path(folder), progress or (lambda count: None), world.sample(n, seed)
    _claim(folder, dict(_facts(world, resolution), n=n, seed=seed))
    kept.resumable()
    _write_factors(folder / 'factors.csv', world.factor_names, factors)
    missing = [i for i in range(n) if not (folder / _file(i)).exists()]
    progress(n - len(missing))
    batches = (missing[first : first + BATCH] for first in range(0, len(missing), BATCH))
    drawn = (
        (i, image)
        for batch in batches
        for i, image in zip(batch, world.render(factors[batch], resolution, SUPERSAMPLING))
    )
    for _ in background.behind(lambda item: images.save_png(folder / _file(item[0]), item[1]), drawn, buffered=BATCH):
        progress(1)
    return len(missing)


def write_page(path, world, factors, resolution, facts, titles=None, progress=None):
    """Draws a page of images, and writes it with its .json.

    Args:
        path: PNG.
        world: regan.worlds.World.
        factors: float [rows, columns, F].
        resolution: R, pixels on a side of each image.
        facts: dict of further facts for the JSON.
        titles: list of str, one over each column, or None.
        progress: callable that gets the number of images done since its last call.
    """
    flat, tiles = factors.reshape(-1, factors.shape[-1]), []
    for first in range(0, len(flat), BATCH):
        tiles.append(world.render(flat[first : first + BATCH], resolution, SUPERSAMPLING))
        if progress:
            progress(len(tiles[-1]))
    tiles = np.concatenate(tiles)  # [rows * columns, R, R, 3]
    page = images.grid(tiles.reshape(factors.shape[:2] + tiles.shape[1:]))
    if titles:
        page = np.concatenate([images.text_row(titles, page.shape[1], size=max(resolution // 10, 8)), page])
    images.save_png(path, page)
    artefacts.write_json(Path(path).with_suffix('.json'), dict(_facts(world, resolution), **facts))


def _file(i):
    return '%08d.png' % i


def _facts(world, resolution):
    return dict(
        world=world.name,
        factors=list(world.factor_names),
        resolution=resolution,
        supersampling=SUPERSAMPLING,
        renderer_version=worlds.RENDERER_VERSION,
    )


def _claim(folder, facts):
    """Makes `folder` the one for these images, or finds that it is already.

    Raises:
        UserError: it holds something else, or cannot be written.
    """
    if (folder / 'world.json').exists():
        if _read_facts(folder / 'world.json') != facts:
            raise UserError(
                '%s holds images of another call (see its world.json); choose another --out or delete it' % folder
            )
        for leftover in folder.glob('.*.png'):  # Of a run that was killed while it wrote.
            leftover.unlink()
    elif folder.exists() and any(not path.name.startswith('.') for path in folder.iterdir()):
        raise UserError('%s is not empty and has no world.json; choose another --out' % folder)
    else:
        artefacts.write_json(folder / 'world.json', facts)


def _read_facts(path):
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        raise UserError('%s is damaged (%s); choose another --out' % (path, error)) from error


def _write_factors(path, names, factors):
    """One line for each image; nine digits give the float32 back."""
    lines = [','.join(('image',) + tuple(names))]
    lines += [','.join([_file(i)] + ['%.9g' % value for value in row]) for i, row in enumerate(factors)]
    artefacts.write_text(path, '\n'.join(lines) + '\n')
