"""How pictures are drawn: truncation, noise, and the conversion to bytes."""

import dataclasses
from typing import Optional, Union

import click

from regan.base.errors import UserError
from regan.commands.options.groups import group
from regan.commands.options.values import given, number
from regan.drawing import modes

PRECISION_IMAGES = 4  # On which the cost of bf16 is measured.
_CHOICES = (
    'Noise images: stored (those of the pickle), none, numpy:S, torch-cpu:S, torch-cuda:S or '
    "torch-cuda:S:80x2048 (a card's multiprocessors x threads); S is a seed"
)

PSI = click.option('--psi', type=number(), default=0.7, show_default=True, help='Truncation; 1 for none.')
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


NOISE = click.option(
    '--noise', default='stored', show_default=True, metavar='CHOICE', callback=_noise(()), help=_CHOICES + '.'
)


@dataclasses.dataclass(frozen=True)
class Drawing:
    """How to draw, as it was asked for; see `modes.resolve`.

    Attributes:
        psi: truncation; None: that of a named edit.
        cutoff, mode, noise, conversion: None is what each defaults to.
        psi_given: whether psi is the user's wish, and not a default.
    """

    psi: Optional[float]
    cutoff: Optional[int]
    mode: Optional[str]
    noise: Union[str, dict, None]
    conversion: Optional[str]
    psi_given: bool

    def settings(self, generator):
        """The modes.Settings for a network.

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
        settings = modes.resolve(self.mode, self.noise, self.conversion, generator.generation, self.psi, self.cutoff)
        if self.psi_given and settings.psi != self.psi:
            version = '' if generator.generation == 1 else '2'
            raise UserError(
                'mode %s does not apply psi %g to a StyleGAN%s; leave --psi out, or choose --noise and '
                '--conversion without a mode' % (self.mode, self.psi, version)
            )
        return settings


def _drawing(**values):
    return Drawing(psi_given=given('psi'), **values)


def _group(noise_help, words=()):
    return group(
        'drawing',
        _drawing,
        click.option(
            '--mode',
            type=click.Choice(list(modes.MODES)),
            help='Draw as this program does: its noise, conversion and truncation (ganspace truncates '
            'StyleGAN2 only). --noise, --conversion and --cutoff override it. Default: stored noise, '
            'rounding, truncation as asked.',
        ),
        click.option('--noise', metavar='CHOICE', callback=_noise(words), help=noise_help),
        click.option(
            '--conversion',
            type=click.Choice(modes.CONVERSIONS),
            help='Of colours to bytes: round, or cut off (truncate) as GANSpace does.',
        ),
        also=['psi', 'cutoff'],
    )


# Both hand the command a Drawing; it declares --psi and CUTOFF itself.
drawing = _group(_CHOICES + '.')
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
