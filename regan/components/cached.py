"""The principal components of a generator's latent space, from the cache or computed now, with a progress bar.

They are those of W. Where layers take z itself, whose numbers have none, they are those of the first layer, as
directions in Z (`BaseGenerator.first_layer`).
"""

import pathlib
from typing import Any, Optional, Union, cast

import tqdm

from regan.base import artefacts, cache
from regan.base.errors import UserError
from regan.base.typing import Progress
from regan.components import activations, pca
from regan.components.basis import Basis
from regan.components.interfaces import LatentMapper, LayeredGenerator


def basis(
    generator: LatentMapper, spec: pca.PCASpec, quiet: bool = False, spread: Optional[pca.Spread] = None
) -> Basis:
    """The Basis of a generator from the cache or computed now, with a progress bar on a terminal.

    Args:
        generator, spec, spread: see `load_or_compute`.
        quiet: no progress bar.
    """
    unit = ' w' if _first_layer(generator) is None else ' z'
    total = total_rows(generator, spec)
    with tqdm.tqdm(total=total, desc='components', unit=unit, leave=False, disable=quiet or None) as bar:
        return load_or_compute(generator, spec, bar.update, spread)


def total_rows(generator: LatentMapper, spec: pca.PCASpec) -> int:
    """Latents that `load_or_compute` goes through."""
    return spec.fitted_rows if _first_layer(generator) is None else activations.total_rows(spec)


def load_or_compute(
    generator: LatentMapper,
    spec: pca.PCASpec,
    progress: Optional[Progress] = None,
    spread: Optional[pca.Spread] = None,
) -> Basis:
    """The Basis of a generator from the cache or computed now.

    Args:
        generator: LatentMapper; one whose `first_layer` is not None is a LayeredGenerator.
        spec, progress, spread: see `pca.load_or_compute`; there is no spread for the components of a layer.

    Raises:
        UserError: see `pca.load_or_compute` and `activations.compute_into`.
    """
    layer = _first_layer(generator)
    if layer is None:
        return pca.load_or_compute(generator, spec, artefacts.cache_dir(), progress, spread)
    path = layer_path(generator, spec)
    if not cache.has(path):
        activations.compute_into(path, cast(LayeredGenerator, generator), layer, spec, 'z', progress)
    return Basis.load(path)


def whole(generator: LatentMapper, spec: pca.PCASpec) -> Union[Basis, activations.ActivationBasis]:
    """What `basis` has computed, with the components of the layer where they are those of one; to be saved."""
    if _first_layer(generator) is None:
        return basis(generator, spec)
    return activations.ActivationBasis.load(layer_path(generator, spec))


def find(generator: LatentMapper, spec: pca.PCASpec) -> Optional[Basis]:
    """The Basis that `basis` would give, if the cache has it, else None."""
    if _first_layer(generator) is None:
        return pca.cached(generator, spec, artefacts.cache_dir())
    path = layer_path(generator, spec)
    return Basis.load(path) if cache.has(path) else None


def layer_path(generator: LatentMapper, spec: pca.PCASpec) -> pathlib.Path:
    """The file of the cache for the components of a generator's first layer; `ActivationBasis.load` reads it whole.

    Raises:
        UserError: more components than z has numbers.
    """
    if spec.components > generator.latent_size:
        raise UserError(
            'z has %d numbers, so %d components are too many; ask for at most %d with --components'
            % (generator.latent_size, spec.components, generator.latent_size)
        )
    facts = activations.facts(cast(LayeredGenerator, generator), str(_first_layer(generator)), spec, 'z')
    name = '%s-c%d-n%d-%s' % (spec.estimator, spec.components, spec.n, artefacts.cache_key(facts))
    return artefacts.cache_dir() / (name + '.npz')


def _first_layer(generator: Any) -> Optional[str]:
    return getattr(generator, 'first_layer', None)
