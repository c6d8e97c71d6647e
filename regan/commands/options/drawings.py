"""How pictures are drawn: truncation, noise, and the conversion to bytes."""

import dataclasses
from typing import Optional, Union

import click

from regan.base.errors import UserError
from regan.commands.options.groups import group
from regan.commands.options.values import given, number, value_of
from regan.drawing import modes

PRECISION_IMAGES = 4  # On which the cost of bf16 is measured.
_CHOICES = (
    'Noise images: stored (those of the pickle), none, numpy:S, torch-cpu:S, torch-cuda:S or '
    "torch-cuda:S:80x2048 (a card's multiprocessors x threads); S is a seed"
)

USUAL_PSI = 0.7
_OF_BIGGAN = 'Truncation; 1 for none. Of a BigGAN: what z is scaled by, and which statistics are taken. '
PSI = click.option(  # The default is that of `Starts.truncated`.
    '--psi',
    '--truncation',
    'psi',
    type=number(),
    help=_OF_BIGGAN + 'Default: %g; of latents from files what they say, else 1.' % USUAL_PSI,
)
PSI_OF_EDIT = click.option(
    '--psi',
    '--truncation',
    'psi',
    type=number(),
    help=_OF_BIGGAN
    + 'Default: that of a named edit, else %g; of latents from files what they say, else 1.' % USUAL_PSI,
)
CUTOFF = click.option('--cutoff', type=click.IntRange(min=0), help='Truncate only layers below this one; default: all.')


def _noise(words):
    """A callback that makes a choice of `regan.sampling.noise`, or one of some further words."""

    def parse(ctx, param, value):
        from regan.sampling import noise

        if value is None or value in words:
            return value
        try:
            return noise.parse(value)
        except UserError as error:
            raise click.BadParameter(str(error))

    return parse


MODE = click.option(
    '--mode',
    type=click.Choice(list(modes.MODES)),
    help='Draw and decompose as this program does: its noise, conversion, truncation and instance norms, and its '
    'signs, rows and seed of components. Other options override it. The noise of ganspace is that of one graphics '
    'card, a Tesla V100; what GANSpace draws on a CPU is --mode ganspace --noise torch-cpu:0. Default: stored noise, '
    'rounding, truncation as asked.',
)
_CONVERSION = click.option(
    '--conversion',
    type=click.Choice(modes.CONVERSIONS),
    help="Of colours to bytes: round, cut off (truncate) as GANSpace does, or as BigGAN's tools do (hub). Default: as "
    'the official tools of the network do.',
)
_STATISTICS = click.option(
    '--statistics',
    type=click.Choice(modes.STATISTICS),
    help='Of a BigGAN, between the rows of its statistics: linear, or pytorch, whose weights are the wrong way round. '
    'Default: that of --mode, else linear.',
)


@dataclasses.dataclass(frozen=True)
class Drawing:
    """How to draw, as it was asked for; see `modes.resolve`.

    Attributes:
        psi: truncation; None: that of named edits, files or the default, see `Starts.truncated`. 1 where a command does
            not truncate.
        cutoff, mode, noise, conversion, statistics: None is what each defaults to.
        psi_given: whether psi is the user's wish, and not a default.
    """

    psi: Optional[float]
    cutoff: Optional[int]
    mode: Optional[str]
    noise: Union[str, dict, None]
    conversion: Optional[str]
    psi_given: bool
    statistics: Optional[str] = None

    def settings(self, generator):
        """The modes.Settings for a network, which draws its latents with their truncation from now on.

        Args:
            generator: open Generator.

        Raises:
            click.BadParameter: the cutoff is past its last layer.
            UserError: its images cannot be written, or the mode would not apply the psi that was given.
        """
        from regan.pictures import images

        images.check_channels(generator)
        if self.cutoff is not None and self.cutoff > generator.num_layers:
            raise click.BadParameter(
                '%d is past the last layer; this network has layers 0-%d' % (self.cutoff, generator.num_layers - 1),
                param_hint='--cutoff',
            )
        settings = modes.of_network(
            generator, self.mode, self.noise, self.conversion, self.psi, self.cutoff, self.statistics
        )
        if self.psi_given and settings.psi != self.psi:
            if generator.truncation is None:
                raise UserError(
                    '%s is a %s, which has no truncation, so --psi has no meaning there; leave it out'
                    % (generator.path, generator.architecture)
                )
            version = '' if generator.generation == 1 else '2'
            raise UserError(
                'mode %s does not apply psi %g to a StyleGAN%s; leave --psi out, or choose --noise and '
                '--conversion without a mode' % (self.mode, self.psi, version)
            )
        generator.set_truncation(settings.psi, settings.statistics)
        return settings

    @property
    def is_usual(self):
        """Whether nothing was asked for but psi and cutoff."""
        return self.mode is self.noise is self.conversion is self.statistics is None


def _drawing(psi=1.0, cutoff=None, conversion=None, **values):
    return Drawing(psi, cutoff, conversion=conversion, psi_given=value_of('psi') is not None and given('psi'), **values)


def _noise_option(text, words=()):
    return click.option('--noise', metavar='CHOICE', callback=_noise(words), help=text)


def _group(noise_help, words=(), also=('psi', 'cutoff')):
    options = MODE, _noise_option(noise_help, words), _CONVERSION, _STATISTICS
    return group('drawing', _drawing, *options, also=also)


def _activations(noise):
    return _drawing(mode=value_of('mode'), noise=noise)


# All hand the command a Drawing. A command that truncates declares --psi and CUTOFF itself.
drawing = _group(_CHOICES + '.')
activations = group('drawing', _activations, _noise_option('Of --layer. ' + _CHOICES + '.'))
drawing_or_new = _group(_CHOICES + '. Default: new noise for every minibatch, unless --mode has its own.', also=())
drawing_or_seed = _group(
    _CHOICES + ". Or seed: drawn from each image's generator after z, as the official StyleGAN2 tool does.", ('seed',)
)


def report_precision(generator, dlatents, conversion):
    """Prints what bf16 costs, if it was chosen.

    Args:
        generator: open Generator, with its noise chosen.
        dlatents: float [N, L, D], truncated; the first PRECISION_IMAGES are measured.
        conversion: see `Generator.synthesize`.
    """
    if generator.precision == 'bf16':
        dlatents = dlatents[:PRECISION_IMAGES]
        mean, largest = generator.bf16_delta(dlatents, conversion)
        click.echo(
            'bf16: %.2f levels of 255 from float32 on average, %d at most, measured on %d images'
            % (mean, largest, len(dlatents))
        )
