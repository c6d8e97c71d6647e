"""Which dimension of which subspace moves which known factor of a world."""

import dataclasses

import numpy as np

from regan.base import plots, tables
from regan.metrics.factors import circular_difference
from regan.sampling import latents

MOST_ROWS_IN_FIGURE = 200


@dataclasses.dataclass
class Effects:
    """What one standard deviation of each coordinate does to each factor. R rows, F factors.

    Attributes:
        names: list of str, e.g. 'L3N1D8'.
        factors: list of str.
        strength: float64 [R], see `Subspaces.strength`; comparable within a subspace.
        mean: float64 [R, F], mean change of the factor's reading per standard deviation, over images.
        stderr: float64 [R, F], its standard error.
    """

    names: list
    factors: list
    strength: np.ndarray
    mean: np.ndarray
    stderr: np.ndarray


def traversal(
    generator, subspaces, read, factors, circular=(), samples=64, top=8, seed=1, progress=None, conversion='round'
):
    """Moves the `top` strongest coordinates of every subspace by -1 and +1 standard deviation and reads the factors.

    The change per unit of an image is half the difference of the two readings; for a circular factor, the shorter way
    round.

    Args:
        generator: open Generator.
        subspaces: its Subspaces.
        read: images uint8 [N, H, W, C] -> readings float [N, F].
        factors: names of the F factors.
        circular: indices of those that go round, with circumference 1.
        samples: images for each coordinate, at least 2; the same latents and noise for all.
        progress: callable that gets the number of images done since its last call.
        conversion: see `Generator.synthesize`.
    Returns: Effects, sorted by subspace, then strength.
    """
    w = generator.map(latents.sample_batch(seed, samples, generator.latent_size))  # [N, D]
    dlatents, population = latents.broadcast(w, generator.num_layers), subspaces.sample_w()
    names, strengths, changes = [], [], []
    for subspace in subspaces.all:
        _, stdev = subspaces.statistics(subspace, population)
        strength = subspaces.strength(subspace, stdev)
        for dimension in np.argsort(-strength, kind='stable')[:top]:
            ends = []
            for sign in (-1, 1):
                controls = subspaces.controls(
                    subspace, dimension, np.ones(samples), np.full(samples, sign * stdev[dimension])
                )
                ends.append(
                    np.asarray(read(generator.synthesize(dlatents, progress, conversion, **controls)), np.float64)
                )  # [N, F]
            names.append('%sD%d' % (subspace.name, dimension))
            strengths.append(strength[dimension])
            changes.append(_difference(ends[1], ends[0], circular) / 2)
    changes = np.stack(changes)  # [R, N, F]
    return Effects(
        names, list(factors), np.array(strengths), changes.mean(axis=1), changes.std(axis=1, ddof=1) / np.sqrt(samples)
    )


def _difference(a, b, circular):
    difference = a - b
    for i in circular:
        difference[:, i] = circular_difference(a[:, i], b[:, i])
    return difference


def write_csv(path, effects):
    """One line for each coordinate: name, strength, then for each factor the mean change and its standard error."""
    rows = []
    for name, strength, mean, stderr in zip(effects.names, effects.strength, effects.mean, effects.stderr):
        changes = [pair for f, m, e in zip(effects.factors, mean, stderr) for pair in ((f, m), (f + ' stderr', e))]
        rows.append(dict([('coordinate', name), ('strength', strength)] + changes))
    tables.write_csv(path, rows, digits=6)


def save_heat_map(path, effects, title):
    """PNG with a row for each coordinate and a column for each factor; red raises the reading, blue lowers it.

    Of more than 200 rows those with the largest single change are drawn.
    """
    rows = np.sort(np.argsort(-np.abs(effects.mean).max(axis=1), kind='stable')[:MOST_ROWS_IN_FIGURE])
    values = effects.mean[rows]

    def draw(figure):
        axes = figure.add_subplot(1, 1, 1)
        limit = np.abs(values).max() or 1
        picture = axes.imshow(values, cmap='RdBu_r', vmin=-limit, vmax=limit, aspect='auto', interpolation='nearest')
        axes.set_xticks(range(len(effects.factors)))
        axes.set_xticklabels(effects.factors, rotation=90)
        axes.set_yticks(range(len(rows)))
        axes.set_yticklabels([effects.names[i] for i in rows], fontsize=6)
        axes.set_title(title)
        figure.colorbar(picture, ax=axes, label='change of the reading per standard deviation')

    plots.save(path, draw, (3 + 0.35 * values.shape[1], 1.5 + 0.17 * len(rows)), dpi=100)
