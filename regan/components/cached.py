"""The principal components of a generator's W, from the cache or computed now, with a progress bar."""

from typing import Optional

import tqdm

from regan.base import artefacts
from regan.components import pca
from regan.components.basis import Basis
from regan.components.interfaces import LatentMapper


def basis(
    generator: LatentMapper, spec: pca.PCASpec, quiet: bool = False, spread: Optional[pca.Spread] = None
) -> Basis:
    """The Basis of a generator's W from the cache or computed now, with a progress bar on a terminal.

    Args:
        generator, spec, spread: see `pca.load_or_compute`.
        quiet: no progress bar.
    """
    with tqdm.tqdm(total=spec.fitted_rows, desc='components', unit=' w', leave=False, disable=quiet or None) as bar:
        return pca.load_or_compute(generator, spec, artefacts.cache_dir(), bar.update, spread)
