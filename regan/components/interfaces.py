"""What the components need of a generator. `regan.networks.generator.Generator` has all of it."""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from regan.base.typing import Protocol
from regan.sampling import priors


class Affine(NamedTuple):
    """A layer a = z kernel + offset, with its activations flattened in the order of its shape.

    Attributes:
        kernel: float [Z, F].
        offset: float [F].
    """

    kernel: np.ndarray
    offset: np.ndarray


class LatentMapper(Protocol):
    """Maps z to w.

    Attributes:
        sha256: of its file.
        backend: versions of what computes w, which decide about its last bits.
        latent_size: Z.
        dlatent_size: D.
    """

    sha256: str
    backend: Dict[str, str]
    latent_size: int
    dlatent_size: int

    def map(self, z: np.ndarray) -> np.ndarray:
        """z float32 [n, Z] -> w float32 [n, D]."""


class StyledGenerator(LatentMapper, Protocol):
    """Tells through which matrices its layers see w."""

    def style_matrices(self) -> List[np.ndarray]:
        """A_l, float [D, C_l], of layers 0 .. L - 1."""


class LayeredGenerator(LatentMapper, Protocol):
    """Shows what its layers put out, too.

    Attributes:
        num_layers: L.
    """

    num_layers: int

    @property
    def layer_shapes(self) -> Mapping[str, Tuple[int, ...]]:
        """Names of layers -> (C, H, W)."""

    def activations(self, dlatents: np.ndarray, layer: str) -> np.ndarray:
        """dlatents float [n, L, D] -> float32 [n, C, H, W]."""


def prior_of(mapper: Any) -> priors.Prior:
    """What the z of a LatentMapper is drawn from: normal numbers, unless its method `prior` says otherwise."""
    return mapper.prior() if hasattr(mapper, 'prior') else priors.NORMAL


def affine_of(generator: Any, layer: str) -> Optional[Affine]:
    """A layer as an affine function of z, or None: of a LayeredGenerator that has a method `affine` for that."""
    found = generator.affine(layer) if hasattr(generator, 'affine') else None
    return None if found is None else Affine(*found)


def label_facts(mapper: Any) -> Dict[str, Any]:
    """What the class of a conditional network adds to the facts that components depend on: {'label': class}, or
    nothing where all labels are zero.

    Args:
        mapper: LatentMapper; it may have the attribute `label`, a class or None.
    """
    label = getattr(mapper, 'label', None)
    return {} if label is None else {'label': list(label) if isinstance(label, tuple) else label}
