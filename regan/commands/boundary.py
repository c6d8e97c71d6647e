"""`regan boundary`: directions learnt with supervision."""

import dataclasses
from pathlib import Path
from typing import NamedTuple, Optional

import click

from regan.commands import options, progress

OFFICIAL_CUTOFF = 8  # Of a StyleGAN, on whose images InterFaceGAN learnt.
_SPACE = click.option('--space', type=click.Choice(['w', 'z']), default='w', show_default=True)
_NPY = click.option(
    '--out',
    type=click.Path(dir_okay=False),
    required=True,
    callback=options.ending('.npy'),
    help="InterFaceGAN's .npy: shape (1, D), float64, unit length. A .json with the same name says what made it.",
)


@click.group()
def boundary():
    """Directions learnt with supervision (InterFaceGAN): the baseline for principal components.

    A boundary is a .npy file, or a name: of one that ships with the project, or of a published one (see `regan boundary
    fetch`).
    """


class _Sampling(NamedTuple):
    """What codes are drawn from a network, and how their images are scored.

    Attributes:
        reader: file of a factor reader, or None.
        factor: of the reader, or None.
        n, space: see `boundary.sample`.
    """

    reader: Optional[str]
    factor: Optional[str]
    n: int
    space: str


class _Scored(NamedTuple):
    """Files of codes and of their scores, or None."""

    codes: Optional[str]
    scores: Optional[str]


@boundary.command()
@click.argument('network', required=False)
@options.group(
    'sampling',
    _Sampling,
    click.option('--reader', type=click.Path(dir_okay=False), help='Factor reader that scores the images of NETWORK.'),
    click.option('--factor', help='Of the reader, for example yaw.'),
    click.option('--n', type=click.IntRange(min=4), default=10000, show_default=True, help='Images.'),
    _SPACE,
)
@click.option(
    '--psi',
    type=options.number(),
    default=0.7,
    show_default=True,
    help='Truncation of the images; the codes are not truncated.',
)
@click.option(
    '--cutoff',
    type=click.IntRange(min=0),
    help='Truncate only layers below this one; default: 8, or as --mode has it.',
)
@options.drawing
@options.group(
    'files',
    _Scored,
    click.option('--codes', type=click.Path(dir_okay=False), help='Instead of a network: codes [N, D] in a .npy ...'),
    click.option(
        '--scores', type=click.Path(dir_okay=False), help='... and their scores in a .npy or .csv (last column).'
    ),
)
@click.option('--invalid', type=options.number(), help='Leave out codes with this score.')
@click.option(
    '--ratio',
    type=options.number(above=0),
    default=0.02,
    show_default=True,
    help='Share of the codes at either end that is used; above 1 their number.',
)
@click.option(
    '--seed', type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help='Of codes and of what is held out.'
)
@_NPY
@options.network
def train(network, sampling, drawing, files, invalid, ratio, seed, out):
    """Find the direction in latent space along which an attribute changes: a linear support vector machine between the
    codes of highest and of lowest score.

    Either NETWORK, --reader and --factor, or --codes and --scores.
    """
    from regan.base import artefacts
    from regan.editing import boundary as module

    facts = dict(command='boundary train', ratio=ratio, seed=seed)
    if all(files) and not (network.name or sampling.reader or sampling.factor):
        options.refuse(
            ['n', 'space', 'psi', 'cutoff', 'mode', 'noise', 'conversion'],
            'is for a network; codes are taken as they are',
        )
        arrays = module.read_codes(files.codes), module.read_scores(files.scores)
        facts.update(files._asdict())
    elif network.name and sampling.reader and sampling.factor and not any(files):
        arrays, made = _sample(network, sampling, drawing, seed)
        facts = dict(made, **facts)
    else:
        raise click.UsageError('give NETWORK, --reader and --factor, or --codes and --scores')
    if invalid is not None:
        arrays = [array[arrays[1] != invalid] for array in arrays]
        facts['invalid'] = invalid
    found = module.train(*arrays, ratio=ratio, seed=seed)
    module.save(out, found.normal)
    artefacts.write_json(
        Path(out).with_suffix('.json'),
        dict(facts, n=len(arrays[0]), used=found.used, accuracy=found.accuracy, rest_accuracy=found.rest_accuracy),
    )
    click.echo(
        'fitted to %d of %d codes; right on the held-out ones: %.1f%%%s'
        % (
            found.used,
            len(arrays[0]),
            100 * found.accuracy,
            '' if found.rest_accuracy is None else ', on all between the ends: %.1f%%' % (100 * found.rest_accuracy),
        )
    )
    click.echo('wrote %s' % out)


@boundary.command()
@click.argument('primal')
@click.option('--given', required=True, multiple=True, metavar='BOUNDARY', help='May be given several times.')
@_NPY
def condition(primal, given, out):
    """Take the part of a boundary that leaves the attributes of others alone: its projection on them is removed."""
    import numpy as np

    from regan.base import artefacts
    from regan.editing import boundary as module

    normal, conditions = module.resolve(primal), [module.resolve(one) for one in given]
    left = float(np.linalg.norm(module.residue(normal, conditions)))
    module.save(out, module.condition(normal, conditions))
    artefacts.write_json(
        Path(out).with_suffix('.json'),
        dict(command='boundary condition', primal=primal, given=list(given), length=left),
    )
    click.echo('wrote %s: %.6f of the length was left' % (out, left))


@boundary.command()
@click.argument('file')
@click.option(
    '--basis', type=click.Path(dir_okay=False), help='Components in an .npz, of `regan pca --out` or GANSpace.'
)
@click.option(
    '--with', 'others', multiple=True, metavar='BOUNDARY', help='Another boundary; may be given several times.'
)
@click.option('--most', type=click.IntRange(min=1), default=10, show_default=True, help='Components to print.')
def compare(file, basis, others, most):
    """Print how a boundary lies among principal components, and its cosines with other boundaries."""
    from regan.editing import boundary as module

    if not (basis or others):
        raise click.UsageError('give --basis or --with, something to compare with')
    normal = module.resolve(file)
    for other in others:
        click.echo('cosine with %s  %+.4f' % (other, module.resolve(other, len(normal)).dot(normal)))
    if basis:
        _print_components(normal, basis, most)


class _Walk(NamedTuple):
    """Distances from the plane of a boundary: so many from start to end, both included."""

    start_distance: float
    end_distance: float
    steps: int


@boundary.command()
@click.argument('network')
@click.argument('file')
@options.starts(click.option('--seed', '--seeds', 'seeds', metavar='LIST', help='For example 7 or 1-4.'))
@options.group(
    'walk',
    _Walk,
    click.option('--start-distance', type=options.number(), default=-3, show_default=True),
    click.option('--end-distance', type=options.number(), default=3, show_default=True),
    click.option('--steps', type=click.IntRange(min=2), default=10, show_default=True),
)
@_SPACE
@options.PSI
@options.CUTOFF
@options.drawing
@click.option(
    '--out',
    type=click.Path(dir_okay=False),
    required=True,
    callback=options.png,
    help='PNG: one row for each latent. A .json with the same name says what made it.',
)
@options.PLAIN
@options.network
def edit(network, file, starts, walk, space, drawing, out, plain):
    """Move codes along a boundary, in all layers, to absolute distances from its plane (as InterFaceGAN does), and draw
    them.
    """
    import numpy as np

    from regan.base import artefacts, provenance
    from regan.base.errors import UserError
    from regan.drawing import captions, edit_images
    from regan.drawing import starts as origins
    from regan.editing import boundary as module
    from regan.pictures import images, pages

    if starts.seeds is None and not starts.sources:
        raise click.UsageError('give --seed or --latents, what to edit')
    distances = np.linspace(*walk)
    with network.open() as generator:
        some = starts.on(generator)
        settings = starts.truncated(drawing, generator).settings(generator)
        if space == 'w' and generator.latent_space != 'w':
            raise UserError('%s is a %s, which has no W; give --space z' % (generator.path, generator.architecture))
        normal = module.resolve(file, generator.dlatent_size if space == 'w' else generator.latent_size)
        dlatents = edit_images.boundary_rows(generator, normal, some, distances, space)  # [N, F, L, D]
        tiles = edit_images.draw(generator, dlatents, settings)
        rows, columns = [captions.of_start(start) for start in some], captions.of_distances(distances)
        title = '%s: distance from its plane' % file
        images.save_png(out, images.grid(tiles) if plain else pages.matrix(tiles, rows, columns, title))
        artefacts.write_json(
            Path(out).with_suffix('.json'),
            dict(
                provenance.made_by('boundary edit', network.name, generator),
                boundary=file,
                **origins.facts(some),
                distances=distances.tolist(),
                space=space,
                plain=plain,
                **settings.facts(),
            ),
        )
    click.echo('wrote %s: %d rows of %d' % ((out,) + dlatents.shape[:2]))


@boundary.command()
@click.argument('names', nargs=-1, metavar='[NAME]...')
@click.option(
    '--folder',
    type=click.Path(exists=True, file_okay=False),
    help='With files that you have, looked at first; default $REGAN_BOUNDARIES.',
)
def fetch(names, folder):
    """Download InterFaceGAN's published boundaries in W of StyleGAN, check them, and print where they are.

    They fit the first generation only: stylegan-ffhq and stylegan-celebahq. Without a name the names are printed. MIT
    licence, copyright 2019 Yujun Shen.
    """
    from dnnlib import cache_folder
    from regan.base import artefacts
    from regan.base.errors import UserError
    from regan.editing import boundary as module

    for name in names or module.PUBLISHED:
        if not names:
            click.echo(name)
        elif name not in module.PUBLISHED:
            raise UserError(
                'there is no published boundary %s; the names are: %s' % (name, ', '.join(module.PUBLISHED))
            )
        else:
            path = module.locate(name, folder)
            if not cache_folder.is_lasting(path):
                raise UserError(
                    '%s cannot be kept in the cache; let %s name a folder that can be written'
                    % (name, artefacts.CACHE_VARIABLE)
                )
            click.echo('%s: %s' % (name, path))


def _sample(network, sampling, drawing, seed):
    """(codes, scores) of a Network by a _Sampling and a Drawing, and what made them, a dict."""
    from regan.base import provenance
    from regan.editing import boundary as module
    from regan.judges.reader import FactorReader

    with FactorReader(sampling.reader) as judge:
        column = module.factor_index(judge, sampling.factor)
        with network.open_with_w() as generator:
            judge.check(generator.num_channels, generator.resolution)
            settings = _cut_off(drawing, generator.num_layers).settings(generator)
            settings.prepare(generator)
            with progress.bar(sampling.n) as bar:
                codes, factors = module.sample(
                    generator,
                    judge,
                    sampling.n,
                    seed,
                    sampling.space,
                    settings.psi,
                    settings.cutoff,
                    bar.update,
                    settings.conversion,
                )
            made = dict(
                provenance.made_by('boundary train', network.name, generator),
                reader_sha256=judge.sha256,
                factor=sampling.factor,
                space=sampling.space,
                **settings.facts(),
                reader_r2=judge.r2[column] if judge.r2 else None,
            )
    return (codes, factors[:, column]), made


def _cut_off(drawing, num_layers):
    """The Drawing with the official cutoff unless another one or a mode was asked for, and none past the last layer."""
    cutoff = OFFICIAL_CUTOFF if drawing.cutoff is drawing.mode is None else drawing.cutoff
    return dataclasses.replace(drawing, cutoff=cutoff if cutoff is None else min(cutoff, num_layers))


def _print_components(normal, path, most):
    import numpy as np

    from regan.components.basis import Basis
    from regan.editing import boundary as module

    basis = Basis.load(path)
    if basis.space == 'z':
        click.echo('note: the components of %s are directions in Z' % path, err=True)
    cosines = module.cosines(normal, basis.components)
    click.echo('component  cosine')
    for i in np.argsort(-np.abs(cosines), kind='mergesort')[:most]:
        click.echo('%9d  %+.4f' % (i, cosines[i]))
    for count in sorted({min(count, len(cosines)) for count in (10, 50, 128)}):
        share = np.linalg.norm(cosines[:count])
        click.echo('share of its length inside the first %d components  %.4f' % (count, share))
