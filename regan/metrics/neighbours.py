"""Precision and recall by nearest neighbours (Kynkaanniemi et al., "Improved precision and recall metric", 2019)."""

import numpy as np

from regan.base.errors import UserError

NEIGHBOUR = 3  # k of the published numbers, which round distances to float16; we keep float32.
CHUNK = 1000  # Rows and columns of the distance matrix at a time.


def precision_recall(reals, fakes, radii=None, progress=None, neighbour=NEIGHBOUR):
    """(precision, recall): the share of fakes among the reals, and of reals among the fakes.

    A sample is among a set if it lies within the radius (see `radii_of`) of at least one member.

    Args:
        reals, fakes: float [n, F], float [m, F], features.
        radii: of the reals, if they are known.
        progress: callable that gets the number of rows done since its last call, n + m of them in the end for each
            pass: radii of the reals (unless known), radii of the fakes, precision, recall.
        neighbour: k, see `radii_of`.
    Raises: UserError for too few rows, or for NaN and infinity.
    """
    reals, fakes = np.asarray(reals, np.float32), np.asarray(fakes, np.float32)
    radii = radii_of(reals, progress, neighbour) if radii is None else radii
    precision = covered(fakes, reals, radii, progress).mean()
    recall = covered(reals, fakes, radii_of(fakes, progress, neighbour), progress).mean()
    return float(precision), float(recall)


def radii_of(features, progress=None, neighbour=NEIGHBOUR):
    """Squared distance of each row to its `neighbour`-th nearest other row: float [n].

    Raises: UserError.
    """
    if len(features) <= neighbour:
        raise UserError('precision and recall need more than %d images on each side; raise n' % neighbour)
    if not np.isfinite(features).all():
        raise UserError(
            'NaN or infinity among the features of %d images; the generator or the feature network is damaged'
            % len(features)
        )
    radii = []
    for begin in range(0, len(features), CHUNK):
        rows = features[begin : begin + CHUNK]
        nearest = [
            _smallest(_squared_distances(rows, columns, exclude), neighbour)
            for columns, exclude in _columns(features, begin)
        ]
        radii.append(_smallest(np.concatenate(nearest, axis=1), neighbour)[:, -1])
        _report(progress, len(rows))
    return np.concatenate(radii)


def covered(rows, members, radii, progress=None):
    """Whether each row lies within the radius of at least one member: bool [n].

    Args:
        rows: float [n, F].
        members: float [m, F].
        radii: [m], squared.
    """
    found = np.zeros(len(rows), bool)
    for begin in range(0, len(rows), CHUNK):
        block = rows[begin : begin + CHUNK]
        for first in range(0, len(members), CHUNK):
            near = _squared_distances(block, members[first : first + CHUNK]) <= radii[first : first + CHUNK]
            found[begin : begin + CHUNK] |= near.any(axis=1)
        _report(progress, len(block))
    return found


def _columns(features, begin):
    """Pieces of the columns, each with whether it is the block on the diagonal, where a row meets itself."""
    for first in range(0, len(features), CHUNK):
        yield features[first : first + CHUNK], first == begin


def _squared_distances(a, b, exclude_self=False):
    """|a|^2 + |b|^2 - 2 a b, clipped at 0: [n, F], [m, F] -> [n, m].

    Products of equal rows need not cancel exactly in float32; so the centre of b, which distances do not know, is taken
    off first.
    """
    centre = b.mean(axis=0)
    a, b = a - centre, b - centre
    squares = np.square(a).sum(axis=1)[:, np.newaxis] + np.square(b).sum(axis=1) - 2 * a.dot(b.T)
    squares = np.maximum(squares, 0)
    if exclude_self:
        np.fill_diagonal(squares, np.inf)
    return squares


def _smallest(values, count):
    """The `count` smallest of each row in ascending order; fewer if there are fewer."""
    if values.shape[1] > count:
        values = np.partition(values, count - 1, axis=1)[:, :count]
    return np.sort(values, axis=1)


def _report(progress, rows):
    if progress:
        progress(rows)
