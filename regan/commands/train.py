"""`regan train`: a StyleGAN, StyleGAN2, SEGAN or BigGAN-deep from a folder of TFRecords."""

import math
from typing import NamedTuple, Optional

import click

from regan.base import places
from regan.base.errors import UserError
from regan.commands import options

_SIZES = [  # option, keyword of the networks, help
    ('--latent-size', 'latent_size', 'Width of z.'),
    ('--dlatent-size', 'dlatent_size', 'Width of w.'),
    ('--mapping-fmaps', 'mapping_fmaps', 'Width of the mapping layers.'),
    ('--fmap-base', 'fmap_base', 'Feature maps: at resolution R there are at most 2 fmap-base / R.'),
    ('--fmap-max', 'fmap_max', 'Feature maps: at most so many.'),
]
_POSITIVE = click.IntRange(min=1)
_LRATE, _LRATE_OF_BIGGAN = 0.002, 5e-5
_OF_BIGGAN = ('width', 'd_steps', 'd_lrate_ratio')
_NOT_OF_BIGGAN = dict(  # Option of the other recipes -> what it is when it is not given.
    dlatent_size=None,
    mapping_fmaps=None,
    fmap_base=None,
    fmap_max=None,
    discriminator=None,
    gamma=10.0,
    path_length_weight=2.0,
    r1_interval=None,
    style_mixing=None,
    precision='float32',
)


def _sizes(command):
    for option, _, text in reversed(_SIZES):
        command = click.option(option, type=_POSITIVE, help=text + ' Default: the official one.')(command)
    return command


class _Run(NamedTuple):
    """A run, but for its recipe: data, folder, length, and what it leaves; see `training.training_loop.train`.

    Attributes:
        data_dir, run_dir, resolution, resume_pkl, threads: as there.
        kimg: thousands of images.
        labels: columns of the labels to use, -1 for all; None: what the recipe needs.
        image_ticks, network_ticks: ticks between sample grids and between network pickles.
    """

    data_dir: str
    run_dir: str
    resolution: Optional[int]
    kimg: float
    labels: Optional[int]
    image_ticks: int
    network_ticks: int
    resume_pkl: Optional[str]
    threads: Optional[int]


class _Measuring(NamedTuple):
    """What every network pickle is measured by: the file of a factor reader, or None, and how many images."""

    reader: Optional[str]
    metric_images: int


def _run(**values):
    _check_above_zero(values, ['kimg'])
    return _Run(**values)


def _recipe(**values):
    """The Recipe of the options that are neither of `_Run` nor of `_Measuring`. Raises UserError."""
    _check(values)
    places.official_modules()  # `training` is one.
    from training import recipe

    network = {keyword: values[keyword] for _, keyword, _ in _SIZES if values[keyword]}
    if values['network'] == 'biggan':
        network = dict(network, width=values['width'] or 128)
        given = {name: values[name] for name in ('d_steps', 'd_lrate_ratio') if values[name] is not None}
        return recipe.biggan(network, **given, **_of_every_recipe(values))
    common = _common(values)
    if values['network'] == 'stylegan':
        return recipe.stylegan(network, **common)
    common['pl_weight'] = values['path_length_weight']
    if values['network'] == 'stylegan2':
        return recipe.stylegan2(network, **common)
    return recipe.segan(
        network,
        values['segan_mode'],
        values['subspace_init'],
        values['collapse_mode2'],
        values['orth_weight'],
        **common,
    )


def _of_every_recipe(values):
    """The arguments that all recipes take."""
    from training.schedule import Schedule

    schedule = Schedule(
        lod_initial_resolution=values['grow_from'],
        lod_training_kimg=values['grow_kimg'],
        lod_transition_kimg=values['grow_kimg'],
        minibatch_size=values['minibatch'],
        minibatch_gpu=values['minibatch_part'],
        lrate=values['lrate'] or (_LRATE_OF_BIGGAN if values['network'] == 'biggan' else _LRATE),
        tick_kimg=values['tick_kimg'],
    )
    return dict(
        schedule=schedule,
        ema_kimg=values['ema_kimg'],
        ema_rampup=values['ema_rampup'],
        mirror_augment=values['mirror'],
        seed=values['seed'],
        precision={'float32': 'float32', 'bf16': 'bfloat16'}[values['precision']],
    )


def _common(values):
    """The arguments that all recipes of StyleGANs take."""
    wanted = {name: values[name] for name in ('discriminator', 'style_mixing') if values[name] is not None}
    return dict(_of_every_recipe(values), r1_gamma=values['gamma'], r1_interval=values['r1_interval'], **wanted)


def _check(values):
    _check_above_zero(values, ['lrate', 'tick_kimg', 'ema_kimg', 'd_lrate_ratio'])
    _check_biggan(values)
    for name in ('gamma', 'path_length_weight', 'orth_weight'):
        if not values[name] >= 0:
            raise UserError('--%s must be 0 or larger, not %s' % (name.replace('_', '-'), values[name]))
    if values['minibatch'] % (values['minibatch_part'] or 1):
        raise UserError('the minibatch of %(minibatch)d images cannot be made of parts of %(minibatch_part)d' % values)
    if values['grow_from'] and values['network'] != 'stylegan':
        raise UserError('--grow-from is for --network stylegan; the others do not grow')
    of_segan = ('segan_mode', 'subspace_init', 'collapse_mode2', 'orth_weight')
    given = [name for name in of_segan if values[name] not in (None, False, 0.0)]
    if values['network'] != 'segan' and given:
        raise UserError('--%s is for --network segan' % given[0].replace('_', '-'))
    if values['network'] == 'segan' and (values['segan_mode'] is None or values['style_mixing'] is not None):
        raise UserError('--network segan needs --segan-mode, and knows no --style-mixing')
    if values['orth_weight'] and (values['segan_mode'] in (0, 3) or values['collapse_mode2']):
        raise UserError('--orth-weight needs subspaces with a basis: modes 1, 2 (not collapsed) and 4')
    if values['network'] == 'stylegan' and values['path_length_weight'] not in (0, 2.0):
        raise UserError('--path-length-weight is for stylegan2 and segan; the StyleGAN recipe has no path lengths')


def _check_biggan(values):
    """Options that only BigGAN's recipe has, and those that it lacks."""
    for name in _OF_BIGGAN:
        if values['network'] != 'biggan' and values[name] is not None:
            raise UserError('--%s is for --network biggan' % name.replace('_', '-'))
    for name, default in _NOT_OF_BIGGAN.items():
        if values['network'] == 'biggan' and values[name] != default:
            raise UserError(
                '--%s is not for --network biggan, which has spectral norms in place of R1, no w, and no other '
                'discriminator or precision' % name.replace('_', '-')
            )


def _check_above_zero(values, names):
    """Of these options all that are given must be larger than 0; and finite, as every number."""
    for name in names:
        if values[name] is not None and not values[name] > 0:
            raise UserError('--%s must be larger than 0, not %s' % (name.replace('_', '-'), values[name]))
    for name, value in values.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise UserError('--%s must be a finite number, not %s' % (name.replace('_', '-'), value))


# Options of the recipe, which `_recipe` takes; the list of options below is in the order of the help.
_RECIPE = (
    ['network']
    + [keyword for _, keyword, _ in _SIZES]
    + [
        'width',
        'discriminator',
        'd_steps',
        'd_lrate_ratio',
        'minibatch',
        'minibatch_part',
        'lrate',
        'gamma',
        'path_length_weight',
        'r1_interval',
        'ema_kimg',
        'ema_rampup',
        'style_mixing',
        'grow_from',
        'grow_kimg',
        'segan_mode',
        'subspace_init',
        'collapse_mode2',
        'orth_weight',
        'mirror',
        'precision',
        'seed',
        'tick_kimg',
    ]
)


@click.command()
@options.group('run', _run, also=_Run._fields)
@options.group('recipe', _recipe, also=_RECIPE)
@options.group('measuring', _Measuring, also=_Measuring._fields)
@click.option(
    '--network',
    type=click.Choice(['stylegan', 'stylegan2', 'segan', 'biggan']),
    required=True,
    help='Networks and recipe; biggan is BigGAN-deep, for data with labels.',
)
@click.option(
    '--data',
    'data_dir',
    type=click.Path(exists=True, file_okay=False),
    required=True,
    help='Folder of TFRecords, see `regan dataset`.',
)
@click.option(
    '--out',
    'run_dir',
    type=click.Path(file_okay=False),
    required=True,
    help='Folder of the run; if it holds one, that goes on.',
)
@click.option('--resolution', type=_POSITIVE, help='Refuse a data set of another resolution.')
@click.option(
    '--kimg', type=float, default=25000, show_default=True, help='Thousands of images to show the discriminator.'
)
@_sizes
@click.option(
    '--width', type=_POSITIVE, help='biggan: unit of the numbers of maps, 16 of which are at 4x4; default: 128.'
)
@click.option(
    '--discriminator',
    type=click.Choice(['stylegan', 'stylegan2']),
    help='Architecture of D; default: that of --network, stylegan2 for segan.',
)
@click.option('--d-steps', type=_POSITIVE, help='biggan: steps of D for one of G; default: 2.')
@click.option('--d-lrate-ratio', type=float, help='biggan: learning rate of D over that of G; default: 4.')
@click.option('--minibatch', type=_POSITIVE, default=32, show_default=True)
@click.option(
    '--minibatch-part', type=_POSITIVE, help='Images at a time, to save memory; default: the whole minibatch.'
)
@click.option('--lrate', type=float, help='Learning rate; default: %s, for biggan %s.' % (_LRATE, _LRATE_OF_BIGGAN))
@click.option('--gamma', type=float, default=10.0, show_default=True, help='Weight of R1.')
@click.option(
    '--path-length-weight',
    type=float,
    default=2.0,
    show_default=True,
    help='stylegan2, segan: weight of the path lengths; 0 for none.',
)
@click.option(
    '--r1-interval',
    type=_POSITIVE,
    help='Minibatches from one R1 step to the next; default: 16, for stylegan every one.',
)
@click.option('--ema-kimg', type=float, default=10.0, show_default=True, help='Half-life of the average of G.')
@click.option(
    '--ema-rampup', type=float, help='The half-life is at most this part of the images so far; short runs want 0.05.'
)
@click.option('--style-mixing', type=options.number(0, 1), help='Probability; default: 0.9, for segan none.')
@click.option(
    '--grow-from', type=_POSITIVE, help='stylegan: progressive growing from this resolution; default: fixed resolution.'
)
@click.option(
    '--grow-kimg',
    type=float,
    default=600,
    show_default=True,
    help='Length of each phase of the growing, and of each fade.',
)
@click.option(
    '--segan-mode',
    type=click.IntRange(0, 4),
    help='segan: 0 StyleGAN2, 1 feature maps, 2 styles (the published method), 3 strengths only, 4 matrix.',
)
@click.option(
    '--subspace-init',
    type=click.Choice(['segan-rows', 'eigen-columns']),
    help='segan, modes 1 and 2; default: segan-rows.',
)
@click.option('--collapse-mode2', is_flag=True, help='segan, mode 2: keep the sums over the basis only.')
@click.option(
    '--orth-weight',
    type=float,
    default=0.0,
    show_default=True,
    help="segan: weight of EigenGAN's orthogonality; the published code has none.",
)
@click.option('--mirror/--no-mirror', default=False, show_default=True, help='Flip real images at random.')
@click.option('--labels', type=int, help='Use so many columns of the labels; -1 for all.  [default: 0; for biggan -1]')
@click.option(
    '--precision',
    type=click.Choice(['float32', 'bf16']),
    default='float32',
    show_default=True,
    help='Of the convolutions; bf16 needs TensorFlow 2.',
)
@click.option('--seed', type=click.IntRange(0, 2**31 - 1), default=1000, show_default=True)
@click.option('--tick-kimg', type=float, default=4, show_default=True, help='Thousands of images between two reports.')
@click.option('--image-ticks', type=_POSITIVE, default=1, show_default=True, help='Ticks between sample grids.')
@click.option('--network-ticks', type=_POSITIVE, default=10, show_default=True, help='Ticks between network pickles.')
@click.option(
    '--reader',
    type=click.Path(exists=True, dir_okay=False),
    help='Factor reader: every network pickle is measured by it.',
)
@click.option(
    '--metric-images', type=click.IntRange(min=4), default=1000, show_default=True, help='Images of each side for that.'
)
@click.option(
    '--resume',
    'resume_pkl',
    type=click.Path(exists=True, dir_okay=False),
    help='Pickle (G, D, Gs) to start a new run from; it must fit the data and the options.',
)
@click.option('--threads', type=_POSITIVE, help='Of TensorFlow; default: one for each processor.')
def train(run, recipe, measuring):
    """Train a generator and a discriminator. The same command goes on where it was interrupted, bit for bit."""
    from training.training_loop import train as train_networks

    if recipe.needs_labels and (measuring.reader or run.resume_pkl):
        raise UserError(
            '%s is not for --network biggan: %s'
            % (
                ('--reader', 'a factor reader reads one world, and its classes are several')
                if measuring.reader
                else ('--resume', 'no file holds its discriminator; --out with the folder of a run goes on there')
            )
        )
    labels = (-1 if recipe.needs_labels else 0) if run.labels is None else run.labels
    path = train_networks(
        recipe,
        run.data_dir,
        run.run_dir,
        run.kimg,
        resolution=run.resolution,
        max_label_size='full' if labels < 0 else labels,
        image_snapshot_ticks=run.image_ticks,
        network_snapshot_ticks=run.network_ticks,
        resume_pkl=run.resume_pkl,
        threads=run.threads,
        metrics=_metrics(measuring, run, recipe.mirror_augment),
    )
    click.echo('wrote %s' % path if path else 'interrupted; run the same command to go on')
    if path is None:
        raise SystemExit(130)


def _metrics(measuring, run, mirror):
    """What measures each network pickle of a run, see `snapshots.judged_by`; None where there is no reader."""
    if measuring.reader is None:
        return None
    from regan.metrics import snapshots

    return snapshots.judged_by(measuring.reader, run.data_dir, measuring.metric_images, mirror, run.resolution)
