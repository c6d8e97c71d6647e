"""Principal components: what to compute, or the file that has them."""

import dataclasses
from typing import Optional

import click

from regan.commands.options.groups import group
from regan.commands.options.values import number, refuse

# Of regan.components.pca, which takes long to import.
ESTIMATORS = ('ipca', 'pca', 'fbpca', 'ica', 'spca', 'random', 'randomized')

_SPEC = (
    click.option('--n', type=click.IntRange(min=1), default=1000000, show_default=True, help='Number of latents.'),
    click.option('--components', type=click.IntRange(min=1), default=80, show_default=True),
    click.option(
        '--estimator',
        type=click.Choice(ESTIMATORS),
        default='ipca',
        show_default=True,
        help="ipca is GANSpace's default; pca is exact; random: any orthonormal directions, to compare with; "
        'randomized is for wide layers.',
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
        '--pca-seed', type=click.IntRange(0, 2**32 - 1), default=1, show_default=True, help='Seed of the sampling.'
    ),
)
_BASIS = click.option(
    '--basis',
    'basis_file',
    type=click.Path(dir_okay=False),
    help='Components from a file of `regan pca --out` or of GANSpace (.npz), instead of those that '
    'the following options mean.',
)


def _spec(pca_seed, **values):
    from regan.components.pca import PCASpec

    return PCASpec(seed=pca_seed, **values)


@dataclasses.dataclass(frozen=True)
class BasisSource:
    """Where the components of edits come from: a file, or a PCASpec.

    Attributes:
        path: of the file, or None.
        loaded: its Basis, or None.
        spec: what to compute where there is no file, or None.
    """

    path: Optional[str]
    loaded: Optional[object]
    spec: Optional[object]

    @property
    def count(self):
        """K, known before the components are."""
        return len(self.loaded.components) if self.loaded else self.spec.components

    def of(self, generator):
        """The Basis: that of the file, or of the generator's W from the cache, or computed now. Raises UserError."""
        from regan.components import cached

        return self.loaded or cached.basis(generator, self.spec)


def _source(basis_file, **values):
    from regan.editing import edit_choices

    if not basis_file:
        return BasisSource(None, None, _spec(**values))
    refuse(
        ['n', 'components', 'estimator', 'batch_size', 'pca_seed', 'sparsity'],
        'does nothing beside --basis; leave it out',
    )
    return BasisSource(basis_file, edit_choices.read_basis(basis_file), None)


components = group('spec', _spec, *_SPEC)  # Hands the command a PCASpec.
basis = group('basis', _source, _BASIS, *_SPEC)  # Hands the command a BasisSource.
