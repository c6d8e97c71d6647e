"""Layers that are affine in the latent: their components without a sample, and samples of them that are as narrow as z.

BigGAN's first dense layer is one: a = z kernel + offset, with 32768 numbers in a and 128 in z. All its activations lie
in a plane of 128 dimensions, so in coordinates of that plane PCA and regression take as long as those of 128 numbers.
And since the numbers of z are independent and of one variance, the singular value decomposition of the kernel is the
PCA of the distribution itself.
"""

from typing import NamedTuple, Optional

import numpy as np
import scipy.linalg

from regan.base.errors import UserError
from regan.components.basis import fix_signs
from regan.components.interfaces import Affine

NEGLIGIBLE = 1e-7  # Share of the largest singular value of a kernel below which a direction is the rounding of float32.


class ClosedForm(NamedTuple):
    """Principal components of an affine layer for z of mean 0 with independent numbers of one variance, float64.

    Attributes:
        mean: [F].
        components: [K, F], unit rows by falling variance; the entry of largest magnitude is positive.
        stdev: [K], along each.
        variance_ratio: [K], share of the total variance.
        directions: [K, Z], unit z that move the layer along each; they are orthonormal.
    """

    mean: np.ndarray
    components: np.ndarray
    stdev: np.ndarray
    variance_ratio: np.ndarray
    directions: np.ndarray


def closed_form(layer: Affine, z_stdev: float, count: int) -> ClosedForm:
    """The ClosedForm of `count` components. Where two stdevs are equal, their components are any of their plane.

    Args:
        layer: Affine.
        z_stdev: of every number of z.
        count: K.

    Raises:
        UserError: the layer varies in fewer directions.
    """
    vectors, values, rows = np.linalg.svd(np.asarray(layer.kernel, np.float64), full_matrices=False)
    varying = int(np.sum(values > NEGLIGIBLE * values[0]))
    check_count(count, varying)
    components = fix_signs(rows[:count])
    signs = np.sign(np.sum(components * rows[:count], axis=1))
    return ClosedForm(
        np.asarray(layer.offset, np.float64),
        components,
        z_stdev * values[:count],
        np.square(values[:count]) / np.square(values).sum(),
        vectors.T[:count] * signs[:, np.newaxis],
    )


def stdevs_along(layer: Affine, z_stdev: float, directions: np.ndarray) -> np.ndarray:
    """Standard deviation of the activations along unit vectors float [K, F]: float64 [K]."""
    return z_stdev * np.linalg.norm(np.dot(np.asarray(layer.kernel, np.float64), directions.T), axis=0)


def check_count(count: int, varying: int) -> None:
    """Raises UserError if a layer that varies in so many directions has fewer than `count` components."""
    if count > varying:
        raise UserError(
            'it is affine in the latent and varies in %d directions only, so %d components are too many; ask for at '
            'most %d' % (varying, count, varying)
        )


class Plane:
    """Coordinates of the activations of an affine layer in the plane in which they lie.

    Args:
        layer: Affine.

    Attributes:
        width: of the coordinates, the smaller of Z and F.

    Distances and angles are those of the activations.
    """

    width: int

    def __init__(self, layer: Affine) -> None:
        self._offset = np.asarray(layer.offset, np.float64)
        self._axes, self._kernel = scipy.linalg.qr(
            np.asarray(layer.kernel, np.float64).T, mode='economic', check_finite=False
        )  # [F, P], [P, Z]
        self.width = self._axes.shape[1]

    def coordinates(self, z: np.ndarray) -> np.ndarray:
        """z float [N, Z] -> float32 [N, P], those of the activations minus the offset."""
        return np.dot(z, self._kernel.T.astype(np.float32))

    def onto(self, vectors: np.ndarray) -> np.ndarray:
        """The coordinates of the part of vectors that lies in the plane: float [K, F] -> float32 [K, P]."""
        return np.dot(vectors, self._axes).astype(np.float32)

    def vectors(self, coordinates: np.ndarray) -> np.ndarray:
        """Coordinates float [K, P] -> vectors float64 [K, F]."""
        return np.dot(coordinates, self._axes.T)

    def point(self, coordinates: np.ndarray) -> np.ndarray:
        """Coordinates float [P] -> the activations there, float64 [F]."""
        return self._offset + np.dot(self._axes, coordinates)


def plane_of(layer: Optional[Affine]) -> Optional[Plane]:
    """The Plane of a layer; None stays None."""
    return None if layer is None else Plane(layer)
