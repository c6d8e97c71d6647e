"""`regan segan`: semantic control, what the subspaces move, and the table of the modes."""

from pathlib import Path
from typing import NamedTuple

import click

from regan.commands import options, progress

_NETWORK = options.group('network', options.asked_network, options.CLASS, options.ALLOW_NON_FINITE, also=['network'])


class _Coordinate(NamedTuple):
    """One dimension of a subspace, which is number `position` of a layer."""

    layer: int
    position: int
    dimension: int


@click.group()
def segan():
    """SEGAN: StyleGAN2 with linear subspaces.

    A coordinate such as L2N1D33 is that of layer 2, subspace 1 and dimension 33.
    """


@segan.command()
@click.argument('network')
@_NETWORK
@options.group(
    'coordinate',
    _Coordinate,
    click.option('--layer', type=click.IntRange(min=0), required=True, help='Block: 0 at 4x4, 1 at 8x8, ...'),
    click.option(
        '--subspace',
        'position',
        type=click.IntRange(min=0),
        required=True,
        help='Within the block: 0, 1, 2 are Conv0_up, Conv1, ToRGB; in block 0, 0 and 1 are Conv and ToRGB.',
    ),
    click.option('--dimension', type=click.IntRange(min=0), required=True),
)
@click.option('--values', default='-3:3:5', show_default=True, metavar='A:B:K', help='K values from A to B.')
@click.option(
    '--op',
    'operation',
    type=click.Choice(['set', 'scale', 'add']),
    default='set',
    show_default=True,
    help='set: the coordinate becomes its mean + value standard deviations. add: so many are added. scale: '
    'times the value.',
)
@click.option(
    '--seed',
    '--seeds',
    'seeds',
    default='0',
    show_default=True,
    metavar='LIST',
    help='One row for each, for example 7 or 1-3.',
)
@options.drawing
@click.option(
    '--out',
    type=click.Path(dir_okay=False),
    required=True,
    callback=options.png,
    help='PNG; a .json with the same name says what made it.',
)
@options.PLAIN
def control(network, coordinate, values, operation, seeds, drawing, out, plain):
    """Draw what one coordinate of one subspace does: the same z and noise along a row."""
    from regan.base import artefacts, provenance
    from regan.drawing import captions
    from regan.pictures import images, pages
    from regan.sampling import latents
    from regan.segan import control as module
    from regan.segan.subspaces import Subspaces

    numbers, rows = module.parse_values(values), latents.parse_seeds(seeds)
    with network.open_with_w() as generator:
        settings = drawing.settings(generator)
        settings.prepare(generator)
        images.check_channels(generator)
        subspaces = Subspaces(generator)
        subspace = subspaces.at(coordinate.layer, coordinate.position)
        with progress.bar(len(rows) * len(numbers)) as bar:
            tiles = module.strips(
                generator,
                subspaces,
                subspace,
                coordinate.dimension,
                numbers,
                operation,
                rows,
                bar.update,
                settings.conversion,
            )
        name, latent = '%sD%d' % (subspace.name, coordinate.dimension), [captions.of_seed(seed) for seed in rows]
        title = '%s, %s' % (name, operation)
        columns = captions.of_distances(numbers)
        images.save_png(out, images.grid(tiles) if plain else pages.matrix(tiles, latent, columns, title))
        artefacts.write_json(
            Path(out).with_suffix('.json'),
            dict(
                provenance.made_by('segan control', network.name, generator),
                **_drawn(settings),
                mode=subspaces.mode,
                coordinate=name,
                scope=subspace.scope,
                values=numbers.tolist(),
                operation=operation,
                seeds=rows,
                plain=plain,
            ),
        )
    click.echo('wrote %s: %d rows of %d' % (out, tiles.shape[0], tiles.shape[1]))


def _drawn(settings):
    """The part of a sidecar that says how was drawn; `mode` is that of the subspaces there."""
    asked = dict(drawing_mode=settings.mode, conversion=settings.conversion)
    return dict(noise=settings.noise, **(asked if settings.mode or settings.conversion != 'round' else {}))


@segan.command()
@click.argument('network')
@_NETWORK
@click.option(
    '--reader',
    required=True,
    type=click.Path(exists=True, dir_okay=False),
    help='Factor reader of the world that the network was trained on.',
)
@click.option(
    '--samples', type=click.IntRange(min=2), default=64, show_default=True, help='Images for each coordinate.'
)
@click.option(
    '--top', type=click.IntRange(min=1), default=8, show_default=True, help='Strongest dimensions of each subspace.'
)
@click.option('--seed', type=click.IntRange(0, 2**32 - 1), default=1, show_default=True, help='Seed of the latents.')
@options.drawing
@click.option(
    '--out',
    type=click.Path(file_okay=False),
    required=True,
    help='Folder for traversal.csv, traversal.png and traversal.json.',
)
def traversal(network, reader, samples, top, seed, drawing, out):
    """Measure which dimension of which subspace moves which known factor of the world."""
    from regan.base import artefacts, provenance
    from regan.judges.reader import FactorReader
    from regan.segan import traversal as module
    from regan.segan.subspaces import Subspaces

    folder = Path(out)
    with network.open_with_w() as generator, FactorReader(reader) as factors:
        settings = drawing.settings(generator)
        settings.prepare(generator)
        subspaces = Subspaces(generator)
        factors.check(generator.num_channels, generator.resolution)
        total = len(subspaces.all) * min(top, subspaces.size) * 2 * samples
        with progress.bar(total) as bar:
            effects = module.traversal(
                generator,
                subspaces,
                factors.read,
                factors.factor_names,
                factors.circular,
                samples,
                top,
                seed,
                bar.update,
                settings.conversion,
            )
        module.write_csv(folder / 'traversal.csv', effects)
        title = 'mode %d, %s' % (subspaces.mode, Path(network.name).name)
        module.save_heat_map(folder / 'traversal.png', effects, title)
        artefacts.write_json(
            folder / 'traversal.json',
            dict(
                provenance.made_by('segan traversal', network.name, generator),
                **_drawn(settings),
                mode=subspaces.mode,
                reader_sha256=factors.sha256,
                world=factors.world,
                samples=samples,
                top=top,
                seed=seed,
            ),
        )
    click.echo('wrote %d coordinates x %d factors to %s' % (effects.mean.shape + (folder,)))


@segan.command()
@click.argument('results', nargs=-1, required=True, metavar='MODE[:VARIANT]=FILE...')
@click.option(
    '--out', type=click.Path(file_okay=False), required=True, help='Folder for table.md, table.csv and table.json.'
)
def table(results, out):
    """Put the numbers of several networks beside the published ones.

    Each FILE is what `regan metrics NETWORK --metrics frechet,ppl_segan --out FILE.json` wrote; MODE is the network's,
    and a VARIANT says what is not as published: 0=m0.json 1=m1.json "1:orthogonality 1=m1o.json".
    """
    from regan.segan import table as module

    loaded = module.load(results)
    module.write(out, loaded)
    click.echo(module.markdown(loaded), nl=False)
