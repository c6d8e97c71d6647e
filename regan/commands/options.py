"""Options that several commands share, and the checks of their values."""
import contextlib
import math
from pathlib import Path

import click

from regan.drawing import modes
from regan.base.errors import UserError


def finite(ctx, param, value):
    if value is not None and not math.isfinite(value):
        raise click.BadParameter('%r is not a finite number' % value)
    return value


def ending(suffix):
    """A callback that wants file names with this ending."""
    def check(ctx, param, value):
        if Path(value).suffix.lower() != suffix:
            raise click.BadParameter('%s must end in %s' % (value, suffix))
        return value
    return check


png = ending('.png')


def network_options(command):
    for option in [
            click.option('--networks-folder', type=click.Path(exists=True, file_okay=False),
                         help='Folder with network files that you have; default $REGAN_NETWORKS.'),
            click.option('--trust-embedded-code', is_flag=True,
                         help='Run the Python code inside the pickle for networks that are not among ours. It can do anything you can.')]:
        command = option(command)
    return command


PSI = click.option('--psi', type=float, default=0.7, show_default=True, callback=finite, help='Truncation; 1 for none.')
CUTOFF = click.option('--cutoff', type=click.IntRange(min=0), help='Truncate only layers below this one; default: all.')


def _noise(words):
    def parse(ctx, param, value):
        from regan.sampling import noise
        if value is None or value in words:
            return value
        try:
            return noise.parse(value)
        except UserError as error:
            raise click.BadParameter(str(error))
    return parse


def _drawing_options(noise_help, words=()):
    def add(command):
        for option in [
                click.option('--conversion', type=click.Choice(modes.CONVERSIONS),
                             help='Of colours to bytes: round, or cut off (truncate) as GANSpace does.'),
                click.option('--noise', metavar='CHOICE', callback=_noise(words), help=noise_help),
                click.option('--mode', type=click.Choice(list(modes.MODES)),
                             help='Draw as this program does: its noise, conversion and truncation (ganspace truncates StyleGAN2 only). '
                                  '--noise, --conversion and --cutoff override it. Default: stored noise, rounding, truncation as asked.')]:
            command = option(command)
        return command
    return add


_CHOICES = 'Noise images: stored (those of the pickle), none, numpy:S, torch-cpu:S, torch-cuda:S or torch-cuda:S:80x2048 (a card\'s ' \
           'multiprocessors x threads); S is a seed'
SCHEDULER = click.option('--scheduler', metavar='ADDRESS',
                         help='Share the work: local:N with N processes on this machine, or tcp://HOST:PORT with the workers of a Dask '
                              'scheduler. The result is the same.')


def workers(scheduler):
    """Context manager: the Cluster of a value of SCHEDULER, or None where there is none. Raises UserError."""
    if scheduler is None:
        return contextlib.nullcontext()
    from regan.scale import cluster
    return cluster.connect(scheduler)


NOISE = click.option('--noise', default='stored', show_default=True, metavar='CHOICE', callback=_noise(()), help=_CHOICES + '.')
noise_options = _drawing_options(_CHOICES + '.')
noise_or_seed_options = _drawing_options(
    _CHOICES + '. Or seed: drawn from each image\'s generator after z, as the official StyleGAN2 tool does.', ('seed',))


def resolve(mode, noise, conversion, generation, psi, cutoff):
    """`modes.resolve` for a command with the options of `noise_options`, PSI and CUTOFF.

    Raises UserError for a --psi that the mode would not apply. The default of --psi is no wish of the user's.
    """
    settings = modes.resolve(mode, noise, conversion, generation, psi, cutoff)
    given = click.get_current_context().get_parameter_source('psi') is not click.core.ParameterSource.DEFAULT
    if given and settings.psi != psi:
        raise UserError('mode %s does not apply psi %g to a StyleGAN%s; leave --psi out, or choose --noise and --conversion without a mode'
                        % (mode, psi, '' if generation == 1 else '2'))
    return settings


PRECISION = click.option('--precision', type=click.Choice(['float32', 'bf16']), default='float32', show_default=True,
                         help='Of the convolutions; bf16 is faster where the processor has it, needs TensorFlow 2, and changes pixels: by '
                              'how much is printed.')


PRECISION_IMAGES = 4  # On which the cost of bf16 is measured.


def report_precision(generator, dlatents, conversion):
    """Prints what bf16 costs on the first of these dlatents [N, L, D], if it was chosen."""
    if generator.precision == 'bf16':
        dlatents = dlatents[:PRECISION_IMAGES]
        mean, largest = generator.bf16_delta(dlatents, conversion)
        click.echo('bf16: %.2f levels of 255 from float32 on average, %d at most, measured on %d images' % (mean, largest, len(dlatents)))


ESTIMATORS = ('ipca', 'pca', 'fbpca', 'ica', 'spca', 'random', 'randomized')  # of regan.components.pca, which takes long to import


def pca_options(command):
    for option in [
            click.option('--pca-seed', type=click.IntRange(0, 2 ** 32 - 1), default=1, show_default=True, help='Seed of the sampling.'),
            click.option('--batch-size', type=click.IntRange(min=1), default=20, show_default=True,
                         help='Latents that share one seed; the components depend on it slightly.'),
            click.option('--sparsity', type=click.FloatRange(min=0), help='Of spca: the weight of its L1 penalty; default: 1.'),
            click.option('--estimator', type=click.Choice(ESTIMATORS), default='ipca', show_default=True,
                         help='ipca is GANSpace\'s default; pca is exact; random: any orthonormal directions, to compare with; '
                              'randomized is for wide layers.'),
            click.option('--components', type=click.IntRange(min=1), default=80, show_default=True),
            click.option('--n', type=click.IntRange(min=1), default=1000000, show_default=True, help='Number of latents.')]:
        command = option(command)
    return command


def refuse(names, why):
    """Raises click.UsageError if one of these options was given: it would do nothing. Args: why, the end of the sentence."""
    context = click.get_current_context()
    for name in names:
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            raise click.UsageError('--%s %s' % (name.replace('_', '-'), why))


def check_cutoff(cutoff, generator):
    if cutoff is not None and cutoff > generator.num_layers:
        raise click.BadParameter('%d is past the last layer; this network has layers 0-%d' % (cutoff, generator.num_layers - 1),
                                 param_hint='--cutoff')


def check_class(label, generator):
    """Raises click.BadParameter unless the label is None or a class of the network."""
    if label is not None and label >= generator.label_size:
        raise click.BadParameter('%d, but this network has %s' % (
            label, 'classes 0-%d' % (generator.label_size - 1) if generator.label_size else 'no classes'), param_hint='--class')
