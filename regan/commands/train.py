"""`regan train`: a StyleGAN, StyleGAN2 or SEGAN from a folder of TFRecords."""
import contextlib

import click

_SIZES = [  # option, keyword of the networks, help
    ('--latent-size', 'latent_size', 'Width of z.'),
    ('--dlatent-size', 'dlatent_size', 'Width of w.'),
    ('--mapping-fmaps', 'mapping_fmaps', 'Width of the mapping layers.'),
    ('--fmap-base', 'fmap_base', 'Feature maps: at resolution R there are at most 2 fmap-base / R.'),
    ('--fmap-max', 'fmap_max', 'Feature maps: at most so many.'),
]
_POSITIVE = click.IntRange(min=1)


def _sizes(command):
    for option, _, text in reversed(_SIZES):
        command = click.option(option, type=_POSITIVE, help=text + ' Default: the official one.')(command)
    return command


@click.command()
@click.option('--network', type=click.Choice(['stylegan', 'stylegan2', 'segan']), required=True, help='Networks and recipe.')
@click.option('--data', 'data_dir', type=click.Path(exists=True, file_okay=False), required=True, help='Folder of TFRecords, see `regan dataset`.')
@click.option('--out', 'run_dir', type=click.Path(file_okay=False), required=True, help='Folder of the run; if it holds one, that goes on.')
@click.option('--resolution', type=_POSITIVE, help='Refuse a data set of another resolution.')
@click.option('--kimg', type=float, default=25000, show_default=True,
              help='Thousands of images to show the discriminator.')
@_sizes
@click.option('--discriminator', type=click.Choice(['stylegan', 'stylegan2']), help='Architecture of D; default: that of --network, stylegan2 for segan.')
@click.option('--minibatch', type=_POSITIVE, default=32, show_default=True)
@click.option('--minibatch-part', type=_POSITIVE, help='Images at a time, to save memory; default: the whole minibatch.')
@click.option('--lrate', type=float, default=0.002, show_default=True, help='Learning rate.')
@click.option('--gamma', type=float, default=10.0, show_default=True, help='Weight of R1.')
@click.option('--path-length-weight', type=float, default=2.0, show_default=True, help='stylegan2, segan: weight of the path lengths; 0 for none.')
@click.option('--r1-interval', type=_POSITIVE, help='Minibatches from one R1 step to the next; default: 16, for stylegan every one.')
@click.option('--ema-kimg', type=float, default=10.0, show_default=True, help='Half-life of the average of G.')
@click.option('--ema-rampup', type=float, help='The half-life is at most this part of the images so far; short runs want 0.05.')
@click.option('--style-mixing', type=click.FloatRange(0, 1), help='Probability; default: 0.9, for segan none.')
@click.option('--grow-from', type=_POSITIVE, help='stylegan: progressive growing from this resolution; default: fixed resolution.')
@click.option('--grow-kimg', type=float, default=600, show_default=True, help='Length of each phase of the growing, and of each fade.')
@click.option('--segan-mode', type=click.IntRange(0, 4), help='segan: 0 StyleGAN2, 1 feature maps, 2 styles (the published method), 3 strengths only, 4 matrix.')
@click.option('--subspace-init', type=click.Choice(['segan-rows', 'eigen-columns']), help='segan, modes 1 and 2; default: segan-rows.')
@click.option('--collapse-mode2', is_flag=True, help='segan, mode 2: keep the sums over the basis only.')
@click.option('--orth-weight', type=float, default=0.0, show_default=True, help='segan: weight of EigenGAN\'s orthogonality; the published code has none.')
@click.option('--mirror/--no-mirror', default=False, show_default=True, help='Flip real images at random.')
@click.option('--labels', type=int, default=0, show_default=True, help='Use so many columns of the labels; -1 for all.')
@click.option('--precision', type=click.Choice(['float32', 'bf16']), default='float32', show_default=True,
              help='Of the convolutions; bf16 needs TensorFlow 2.')
@click.option('--seed', type=click.IntRange(0, 2 ** 31 - 1), default=1000, show_default=True)
@click.option('--tick-kimg', type=float, default=4, show_default=True, help='Thousands of images between two reports.')
@click.option('--image-ticks', type=_POSITIVE, default=1, show_default=True, help='Ticks between sample grids.')
@click.option('--network-ticks', type=_POSITIVE, default=10, show_default=True, help='Ticks between network pickles.')
@click.option('--reader', type=click.Path(exists=True, dir_okay=False), help='Factor reader: every network pickle is measured by it.')
@click.option('--metric-images', type=click.IntRange(min=4), default=1000, show_default=True, help='Images of each side for that.')
@click.option('--resume', 'resume_pkl', type=click.Path(exists=True, dir_okay=False), help='Pickle (G, D, Gs) to start a new run from.')
@click.option('--threads', type=_POSITIVE, help='Of TensorFlow; default: one for each processor.')
def train(**options):
    """Train a generator and a discriminator. The same command goes on where it was interrupted, bit for bit."""
    from regan.base import places
    from regan.base.errors import UserError
    places.official_modules()
    from training.training_loop import training_loop
    _check(options, UserError)
    path = training_loop(
        _recipe(options), options['data_dir'], options['run_dir'], options['kimg'], resolution=options['resolution'],
        max_label_size='full' if options['labels'] < 0 else options['labels'], image_snapshot_ticks=options['image_ticks'],
        network_snapshot_ticks=options['network_ticks'], resume_pkl=options['resume_pkl'], threads=options['threads'],
        metrics=options['reader'] and _metrics(options['data_dir'], options['reader'], options['metric_images'], options['mirror']))
    click.echo('wrote %s' % path if path else 'interrupted; run the same command to go on')
    if path is None:
        raise SystemExit(130)


def _check(options, error):
    for name in ('kimg', 'lrate', 'tick_kimg', 'ema_kimg'):
        if not options[name] > 0:
            raise error('--%s must be larger than 0, not %s' % (name.replace('_', '-'), options[name]))
    for name in ('gamma', 'path_length_weight', 'orth_weight'):
        if not options[name] >= 0:
            raise error('--%s must be 0 or larger, not %s' % (name.replace('_', '-'), options[name]))
    if options['minibatch'] % (options['minibatch_part'] or 1):
        raise error('the minibatch of %(minibatch)d images cannot be made of parts of %(minibatch_part)d' % options)
    if options['grow_from'] and options['network'] != 'stylegan':
        raise error('--grow-from is for --network stylegan; the others do not grow')
    given = [name for name in ('segan_mode', 'subspace_init', 'collapse_mode2', 'orth_weight') if options[name] not in (None, False, 0.0)]
    if options['network'] != 'segan' and given:
        raise error('--%s is for --network segan' % given[0].replace('_', '-'))
    if options['network'] == 'segan' and (options['segan_mode'] is None or options['style_mixing'] is not None):
        raise error('--network segan needs --segan-mode, and knows no --style-mixing')
    if options['orth_weight'] and (options['segan_mode'] in (0, 3) or options['collapse_mode2']):
        raise error('--orth-weight needs subspaces with a basis: modes 1, 2 (not collapsed) and 4')
    if options['network'] == 'stylegan' and options['path_length_weight'] not in (0, 2.0):
        raise error('--path-length-weight is for stylegan2 and segan; the StyleGAN recipe has no path lengths')


def _recipe(options):
    from training import recipe
    from training.schedule import Schedule
    network = {keyword: options[keyword] for _, keyword, _ in _SIZES if options[keyword]}
    schedule = Schedule(
        lod_initial_resolution=options['grow_from'], lod_training_kimg=options['grow_kimg'], lod_transition_kimg=options['grow_kimg'],
        minibatch_size=options['minibatch'], minibatch_gpu=options['minibatch_part'], lrate=options['lrate'], tick_kimg=options['tick_kimg'])
    common = dict(schedule=schedule, ema_kimg=options['ema_kimg'], ema_rampup=options['ema_rampup'], mirror_augment=options['mirror'],
                  precision={'float32': 'float32', 'bf16': 'bfloat16'}[options['precision']], seed=options['seed'],
                  r1_gamma=options['gamma'], r1_interval=options['r1_interval'])
    if options['discriminator']:
        common['discriminator'] = options['discriminator']
    if options['style_mixing'] is not None:
        common['style_mixing'] = options['style_mixing']
    if options['network'] == 'stylegan':
        return recipe.stylegan(network, **common)
    common['pl_weight'] = options['path_length_weight']
    if options['network'] == 'stylegan2':
        return recipe.stylegan2(network, **common)
    chosen = {name: options[name] for name in ('subspace_init', 'collapse_mode2', 'orth_weight')}
    return recipe.segan(network, options['segan_mode'], **dict(chosen, **common))


def _metrics(data_dir, reader, n, mirror):
    """The function path of a pickle -> dict of its Frechet distance, precision and recall."""
    from regan.base import artefacts
    from regan.networks.judges import FactorReader
    from regan.networks.generator import Generator
    from regan.metrics import evaluate, reals
    with FactorReader(reader):
        pass  # Refused now rather than after hours, if it is none.

    def measure(path):
        with Generator.open(path) as generator, FactorReader(reader) as judge, contextlib.closing(reals.open_images(data_dir, generator.resolution)) as images:
            request, judges = evaluate.Request(('frechet', 'pr'), n, mirror=mirror), evaluate.Judges(judge)
            judges.check(request, generator, True)
            return {result.metric: result.value for result in evaluate.evaluate(generator, request, judges, images, artefacts.cache_dir())}
    return measure
