"""Principal components: what to compute, or the file that has them."""

import dataclasses
from typing import Optional

import click

from regan.base.errors import UserError
from regan.commands.options.drawings import MODE
from regan.commands.options.groups import group
from regan.commands.options.values import number, refuse, value_of

# Of regan.components.pca, which takes long to import.
ESTIMATORS = ('ipca', 'pca', 'fbpca', 'ica', 'spca', 'sefa', 'random', 'randomized', 'closed-form')

_SPEC = (
    click.option('--n', type=click.IntRange(min=1), default=1000000, show_default=True, help='Number of latents.'),
    click.option('--components', type=click.IntRange(min=1), default=80, show_default=True),
    click.option(
        '--estimator',
        type=click.Choice(ESTIMATORS),
        default='ipca',
        show_default=True,
        help="ipca is GANSpace's default; pca is exact; sefa: directions that move styles most, from the "
        'weights (Shen and Zhou, 2021); random: any orthonormal directions, to compare with; '
        'randomized is for wide layers; closed-form needs no latents, for layers that are affine in z (gen_z of a '
        'BigGAN).',
    ),
    click.option(
        '--sefa-layers',
        'layers',
        metavar='J-K',
        default='all',
        show_default=True,
        help='Of sefa: the layers whose styles it factorises.',
    ),
    click.option('--sparsity', type=number(0), help='Of spca: the weight of its L1 penalty; default: 1.'),
    click.option(
        '--batch-size',
        type=click.IntRange(min=1),
        default=20,
        show_default=True,
        help='Latents that share one seed; the components depend on it slightly.',
    ),
    click.option(
        '--pca-seed',
        type=click.IntRange(0, 2**32 - 1),
        default=1,
        show_default=True,
        help='Seed of the sampling. GANSpace takes 0 for 1, and so does --mode ganspace.',
    ),
    click.option(
        '--signs',
        type=click.Choice(['fixed', 'found']),
        help='Of fbpca, ica and spca. fixed: the largest entry of a component is positive; found: as the library gives '
        'them, which is what GANSpace takes. Default: that of --mode, else fixed.',
    ),
    click.option(
        '--zero-rows/--no-zero-rows',
        'zero_rows',
        default=None,
        help="Whether pca, fbpca, ica and spca fit GANSpace's rows: its last block is filled up, and rows of zeros "
        'follow, which spoil small samples. Default: as --mode has it, else not.',
    ),
)
_BASIS = click.option(
    '--basis',
    'basis_file',
    type=click.Path(dir_okay=False),
    help='Components from a file of `regan pca --out` or of GANSpace (.npz), instead of those that '
    'the following options mean.',
)


EDIT_MODES = ('latent', 'activation', 'both')  # Of regan.drawing.activation_edits.
_EDIT_MODE = click.option(
    '--edit-mode',
    type=click.Choice(EDIT_MODES),
    default='latent',
    show_default=True,
    help='What an edit moves, as in GANSpace: latents; the activations of the layer whose components --basis has; '
    'or both.',
)


def _spec(pca_seed, signs, zero_rows, mode=None, **values):
    from regan.components.pca import PCASpec
    from regan.drawing import modes

    spec = modes.decomposition(mode, PCASpec(seed=pca_seed, **values), signs, zero_rows)
    if spec.seed != pca_seed:
        click.echo(
            'note: GANSpace takes seed 0 of the components for %d, and so does mode %s' % (spec.seed, mode), err=True
        )
    return spec


@dataclasses.dataclass(frozen=True)
class BasisSource:
    """Where the components of edits come from: a file, or a PCASpec.

    Attributes:
        path: of the file, or None.
        loaded: its Basis, or None.
        spec: what to compute where there is no file, or None.
        edit_mode: what edits move, one of EDIT_MODES.
    """

    path: Optional[str]
    loaded: Optional[object]
    spec: Optional[object]
    edit_mode: str = 'latent'

    @property
    def count(self):
        """K, known before the components are."""
        return len(self.loaded.components) if self.loaded else self.spec.components

    def space(self, choices, latent_space):
        """'w' or 'z': where the components are, or the directions that all of some EditChoices bring along.

        Args:
            choices: list of EditChoice.
            latent_space: of the generator.
        """
        from regan.editing import edit_choices

        return self.loaded.space if self.loaded else edit_choices.own_space(choices) or latent_space

    def of(self, generator, choices):
        """The Basis for some EditChoices: that of the file, or of the generator's W from the cache, or computed now;
        one of no components where all bring their own directions in Z. Raises UserError.
        """
        from regan.components import basis, cached

        if self.loaded:
            if self.loaded.space == 'w' and generator.latent_space != 'w':
                raise UserError(
                    '%s has components of W, but %s is a %s, which has no W; give components found on it'
                    % (self.path, generator.path, generator.architecture)
                )
            return self.loaded
        if generator.latent_space == 'w' and self.space(choices, 'w') == 'z':
            return basis.without_components(generator.latent_size, 'z')
        return cached.basis(generator, self.spec)

    def of_layer(self):
        """The ActivationBasis of the file, for edit modes other than 'latent'. Raises UserError."""
        from regan.components.activations import ActivationBasis

        return ActivationBasis.load(self.path)


def _source(basis_file, edit_mode='latent', **values):
    from regan.components.basis import Basis

    if edit_mode != 'latent' and not basis_file:
        raise click.UsageError(
            '--edit-mode %s needs --basis, a file with the components of a layer (`regan pca --layer`)' % edit_mode
        )
    if not basis_file:
        return BasisSource(None, None, _spec(mode=value_of('mode'), **values))
    refuse(
        ['n', 'components', 'estimator', 'batch_size', 'pca_seed', 'layers', 'sparsity', 'signs', 'zero_rows'],
        'does nothing beside --basis; leave it out',
    )
    found = Basis.load(basis_file)
    if found.space == 'z' and edit_mode != 'activation':
        click.echo(
            'note: the components of %s are directions in Z (%s); z is moved, before any mapping network'
            % (basis_file, 'as its record says' if found.record else 'every lat_stdev is 1: GANSpace without --use_w'),
            err=True,
        )
    return BasisSource(basis_file, found, None, edit_mode)


def said_space(basis):
    """What a sidecar says of the space of a Basis: dict, empty for W."""
    return {} if basis.space == 'w' else {'space': basis.space}


components = group('spec', _spec, MODE, *_SPEC)  # Hands the command a PCASpec.
# Both hand the command a BasisSource.
basis = group('basis', _source, _BASIS, *_SPEC)
basis_and_edit_mode = group('basis', _source, _BASIS, _EDIT_MODE, *_SPEC)
