"""`regan dataset`: TFRecords for training, from worlds or from images."""

import json
from typing import NamedTuple, Optional, Tuple

import click

from regan.commands import options, progress


@click.group()
def dataset():
    """Data sets for training: folders of TFRecords in the official format, one file for each resolution."""


_OF_WORLD = ('n', 'seed', 'supersampling')
_OF_IMAGES = ('resize', 'shuffle', 'labels', 'strict')


class _Source(NamedTuple):
    """What a data set is made of: worlds or a folder of images, the other is empty.

    Attributes:
        worlds: tuple of names.
        images: folder, or None.
        settings: dict of further arguments of `creation.create_from_world` or `creation.create_from_images`.
    """

    worlds: Tuple[str, ...]
    images: Optional[str]
    settings: dict

    def write(self, folder):
        """Makes the data set `folder`."""
        from regan.data import creation

        if self.worlds:
            from regan import worlds

            loaded = [worlds.load(name) for name in self.worlds]
            with progress.bar(self.settings['n'] * len(loaded)) as bar:
                if len(loaded) == 1:
                    creation.create_from_world(folder, loaded[0], progress=bar.update, **self.settings)
                else:
                    creation.create_from_worlds(folder, loaded, progress=bar.update, **self.settings)
        else:
            with progress.bar(None) as bar:
                creation.create_from_images(folder, self.images, progress=bar.update, **self.settings)


def _source(world, source, resize, strict, **values):
    if (not world) == (source is None):
        raise click.UsageError('give either --world or --images')
    values.update(resize=resize or None, strict=strict or None)
    for option in _OF_IMAGES if world else _OF_WORLD:
        if values.pop(option) is not None:
            raise click.UsageError('--%s does not go with %s' % (option, '--world' if world else '--images'))
    settings = {option: value for option, value in values.items() if value is not None}
    return _Source(world, source, dict(dict(n=24000, seed=1, resolution=128), **settings) if world else settings)


@dataset.command()
@click.argument('folder', metavar='DIR', type=click.Path())
@options.group(
    'source',
    _source,
    click.option(
        '--world',
        metavar='NAME',
        multiple=True,
        help='Render a world: cars, faces, ... Several become the classes of labelled data, in this order.',
    ),
    click.option('--n', type=click.IntRange(min=1), help='Number of images of each world.  [default: 24000]'),
    click.option('--seed', type=click.IntRange(0, 2**32 - 1), help="Of the world's factors.  [default: 1]"),
    click.option('--supersampling', type=click.IntRange(1, 8), help='Rays along each side of a pixel.  [default: 2]'),
    click.option(
        '--images',
        'source',
        metavar='FOLDER',
        type=click.Path(),
        help='Take all images in a folder and the folders in it, or in a zip file. They are turned upright and become '
        'RGB of 8 bits, or grey if all are.',
    ),
    click.option(
        '--resolution',
        type=click.IntRange(min=4),
        help="A power of two.  [default: 128 for a world, the images' own size]",
    ),
    click.option(
        '--resize',
        is_flag=True,
        help='Cut the central square out of each image and resize it to --resolution (Lanczos).',
    ),
    click.option(
        '--shuffle/--no-shuffle',
        default=None,
        help="Images in the official tool's shuffled order, or sorted by path.  [default: shuffle]",
    ),
    click.option('--strict', is_flag=True, help='Refuse images that would have to be converted, and list them.'),
    click.option(
        '--labels',
        metavar='FILE|folders|none',
        type=click.Path(),
        help=".npy with a row for each image sorted by path, .csv with FILE,NUMBER,..., or StyleGAN2-ADA's .json; one "
        'whole number is a class. folders: the first folder in its path is the class of an image.  [default: '
        'dataset.json, if it lies among the images]',
    ),
)
def create(folder, source):
    """Make a data set, DIR, from a world (--world) or from your images (--images)."""
    from regan.data import creation as module

    source.write(folder)
    click.echo(module.report(module.describe(folder)))


@dataset.command()
@click.argument('folder', metavar='DIR', type=click.Path())
@click.option('--check', is_flag=True, help='Read all images and compare them with their checksums.')
@click.option('--json', 'as_json', is_flag=True, help='Print JSON.')
def info(folder, check, as_json):
    """Print what is in a data set."""
    from regan.data import creation as module

    facts = module.describe(folder)
    if check:
        with progress.bar(facts['bytes'], 'B', unit_scale=True) as bar:
            module.check(folder, bar.update)
    click.echo(json.dumps(facts, indent=2) if as_json else module.report(facts))
    if check and not as_json:
        click.echo('all %d records of each resolution are intact' % facts['images'])


@dataset.command()
@click.argument('folder', metavar='DIR', type=click.Path())
@click.argument('out', metavar='OUT', type=click.Path())
def extract(folder, out):
    """Write the images of a data set as PNG files into the new folder OUT."""
    from regan.data import creation as module

    with progress.bar(module.describe(folder)['images']) as bar:
        module.extract(folder, out, bar.update)
    click.echo('wrote %s' % out)
