"""The principal components of W, and the file that keeps them."""

import dataclasses
import json
from typing import Any, Dict, List, Tuple

import numpy as np

from dnnlib import file_kinds
from regan.base import artefacts, finite
from regan.base.errors import UserError
from regan.base.typing import PathLike

SPACES = ('w', 'z')
# Of an estimator: mean [D], components [K, D], stdev [K], share of variance [K].
Found = Tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Basis:
    """Principal components of a latent space. All arrays are float32; K components, D the width of the space.

    Attributes:
        mean: [D], mean latent.
        components: [K, D], unit rows by falling variance (random ones as drawn); the entry of largest magnitude of a
            row is positive, unless `PCASpec.signs` says otherwise.
        stdev: [K], spread of 5000 fresh latents along each component: the unit of edits ("lat_stdev").
        act_stdev: [K], spread along each component as the estimator found it.
        variance_ratio: [K], share of the total variance.
        random_stdevs: [K], spread along `latents.random_directions`, to compare with.
        record: JSON-able dict of what made the basis; empty in GANSpace's own files.
        space: 'w', or 'z' if the components are directions in Z, which edits move before the mapping network.
    """

    mean: np.ndarray
    components: np.ndarray
    stdev: np.ndarray
    act_stdev: np.ndarray
    variance_ratio: np.ndarray
    random_stdevs: np.ndarray
    record: dict = dataclasses.field(default_factory=dict)
    space: str = 'w'

    def __post_init__(self) -> None:
        count, width = self.components.shape
        shapes = [(count,)] * 4 + [(width,)]
        arrays = [self.stdev, self.act_stdev, self.variance_ratio, self.random_stdevs, self.mean]
        if [array.shape for array in arrays] != shapes:
            raise UserError(
                'the arrays of a basis do not fit together: %d components of width %d, but shapes %s'
                % (count, width, [array.shape for array in arrays])
            )

    def arrays(self) -> Dict[str, Any]:
        """GANSpace's arrays by name (with an axis of length 1 for the sample), and the record."""
        components, mean = self.components[:, np.newaxis], self.mean[np.newaxis]  # [K, 1, D], [1, D]
        record = self.record if self.space == 'w' else dict(self.record, space=self.space)
        return {
            'act_comp': components,
            'act_mean': mean,
            'act_stdev': self.act_stdev,
            'lat_comp': components,
            'lat_mean': mean,
            'lat_stdev': self.stdev,
            'var_ratio': self.variance_ratio,
            'random_stdevs': self.random_stdevs,
            'record': np.array(json.dumps(record, sort_keys=True, allow_nan=False)),
        }

    def save(self, path: PathLike) -> None:
        """Writes `arrays` as an .npz, atomically."""
        artefacts.write_npz(path, self.arrays())

    @classmethod
    def load(cls, path: PathLike) -> 'Basis':
        """Reads a file of `save` or of GANSpace. Of a layer other than W it takes the directions in latent space.

        GANSpace's files do not say which space that is. Where it was not told to use W, it is Z, and the unit of edits
        is 1 for every component; in W it is the spread of 5000 latents, which is never exactly 1 for all.

        Raises:
            UserError: the file is missing, damaged or not a basis.
        """
        arrays = artefacts.read_npz(path)
        try:
            components, record = arrays['lat_comp'], json.loads(str(arrays.get('record', '{}')))
            theirs_in_z = 'record' not in arrays and (arrays['lat_stdev'] == 1).all()
            space = record.get('space', 'z' if theirs_in_z else 'w')
            if space not in SPACES:
                raise UserError("its record has the space '%s'" % space)
            for name in ('lat_comp', 'lat_mean', 'lat_stdev'):
                finite.check(arrays[name], name, 'they were computed from a network that is damaged')
            return cls(
                mean=arrays['lat_mean'].reshape(-1),
                components=components.reshape(len(components), -1),
                stdev=arrays['lat_stdev'],
                act_stdev=arrays['act_stdev'],
                variance_ratio=arrays['var_ratio'],
                random_stdevs=arrays['random_stdevs'],
                record=record,
                space=space,
            )
        except (KeyError, ValueError, TypeError, AttributeError, UserError) as error:
            found = file_kinds.of_path(path)
            if found is not None and found.key != 'components':
                raise UserError(
                    '%s is not a basis but %s; %s; if it is from the cache, delete it and run again'
                    % (path, found.what, found.advice)
                ) from error
            raise UserError(
                '%s is not a basis (%s); delete it and run again, or name another file' % (path, error)
            ) from error


def without_components(width: int, space: str) -> Basis:
    """A Basis of no component, for edits that bring their own directions."""
    none = np.zeros(0, np.float32)
    return Basis(np.zeros(width, np.float32), np.zeros((0, width), np.float32), none, none, none, none, space=space)


def fix_signs(components: np.ndarray) -> np.ndarray:
    """Rows [K, D] with signs such that the entry of largest magnitude is positive (scikit-learn's rule)."""
    largest = np.abs(components).argmax(axis=1)
    signs = np.where(components[np.arange(len(components)), largest] < 0, -1.0, 1.0)
    return components * signs[:, np.newaxis]


def largest_cosine(components: np.ndarray) -> float:
    """The largest |cosine| between two of the unit rows [K, D]; 0 for a single one."""
    products = np.abs(np.dot(components.astype(np.float64), components.T))
    np.fill_diagonal(products, 0)
    return float(products.max())


def near_ties(stdev: np.ndarray, rows: int) -> List[List[int]]:
    """Pairs [i, i + 1] of components whose order and directions `rows` samples cannot tell apart.

    Two equal variances of Gaussian rows come out apart: their difference has a Rayleigh distribution of scale
    2 / sqrt(rows) times the variance (eigenvalues of a 2 x 2 Wishart matrix, leading order). Neighbours closer
    than 95 % of such differences may as well be equal; another sample may mix or swap them.

    Args:
        stdev: [K], falling. The last component has no known neighbour below it and is not judged against it.

    >>> near_ties(np.array([3.0, 2.001, 2.0, 1.0]), rows=10000)
    [[1, 2]]
    """
    variance = np.square(np.asarray(stdev, np.float64))
    limit = np.sqrt(-2 * np.log(0.05) / rows) * (variance[:-1] + variance[1:])
    return [[int(i), int(i) + 1] for i in np.flatnonzero(variance[:-1] - variance[1:] <= limit)]
