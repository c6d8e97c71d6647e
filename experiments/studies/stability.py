"""How far components depend on what should not matter: batch size, seed, estimator. Published edits name components
by index.
"""

import dataclasses

import numpy as np

from regan.components import pca
from studies import importance, intervals
from studies.report import Number, Section

PANELS = 3  # Side by side in the plot.
PUBLISHED_ROWS = 1000000  # Samples behind the components of published edits.


def bases(mapping, reference, variations, cache, progress=None, label=''):
    """Components of one mapping network in several ways: dict name -> Basis; 'reference' is first.

    Args:
        mapping: as `pca.load_or_compute` needs it.
        reference: PCASpec.
        variations: dict name -> dict of changed PCASpec attributes.
        cache: folder.
        progress: callable (description, total) -> object with update(k) and close(), or None.
        label: for it.
    """
    found = {}
    for name, changed in [('reference', {})] + list(variations.items()):
        spec = dataclasses.replace(reference, **changed)
        bar = progress('%s, %s' % (label, name), spec.fitted_rows) if progress else None
        try:
            found[name] = pca.load_or_compute(mapping, spec, cache, bar and bar.update)
        finally:
            if bar:
                bar.close()
    return found


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Two bases of K components side by side. All float64 [K].

    Attributes:
        same: |cosine| of the components with the same index.
        matched: |cosine| of the most similar component of the other basis.
        partner: int [K], its index.
        subspace: cosine of the largest principal angle between the spans of components 0 to i.
    """

    same: np.ndarray
    matched: np.ndarray
    partner: np.ndarray
    subspace: np.ndarray


def compare(a, b):
    """The Comparison of two orthonormal bases, float [K, D]."""
    cosines = np.abs(np.dot(np.asarray(a, np.float64), np.asarray(b, np.float64).T))  # [K, K]
    products = np.dot(np.asarray(a, np.float64), np.asarray(b, np.float64).T)
    angles = [np.linalg.svd(products[:k, :k], compute_uv=False)[-1] for k in range(1, len(products) + 1)]
    return Comparison(np.diagonal(cosines).copy(), cosines.max(axis=1), cosines.argmax(axis=1), np.minimum(angles, 1))


def samples_needed(stdev, least):
    """For each component, how many samples two independent runs need to agree to |cosine| of `least`: float64 [K].

    Anderson 1963 ("Asymptotic theory for principal component analysis"): of n Gaussian rows, an estimated component is
    off by sum over j of l_i l_j / (l_i - l_j)^2 / n in squared sine; two estimates by twice that. Only components in
    `stdev` count, so the last ones look better than they are.

    Args:
        stdev: float [K].
        least: cosine.
    """
    variance = np.square(np.asarray(stdev, np.float64))
    gaps = np.subtract.outer(variance, variance)
    np.fill_diagonal(gaps, np.inf)
    gaps = np.where(gaps == 0, np.finfo(float).tiny ** 0.25, gaps)
    spread = (np.outer(variance, variance) / np.square(gaps)).sum(axis=1)
    return 2 * spread / (1 - least**2)


def trusted(comparisons, least):
    """Whether each index means the same direction in all comparisons: bool [K]."""
    return np.min([comparison.same for comparison in comparisons], axis=0) >= least


def section(found, rows_of, published, least, limits):
    """The Section on stability.

    Args:
        found: dict mapping name -> what `bases` gave.
        rows_of: dict mapping name -> number of samples.
        published: set of the component indices that published edits name.
        least: |cosine| from which an index is
            trusted.
        limits: bands of components.
    """
    rows, numbers, sentences, curves = [], [], [], {}
    for name, runs in found.items():
        reference = runs['reference']
        comparisons = {
            variation: compare(reference.components, basis.components)
            for variation, basis in runs.items()
            if variation != 'reference'
        }
        curves[name] = comparisons
        needed = samples_needed(reference.act_stdev, least)
        rows += _rows(name, comparisons, needed)
        numbers += _numbers(name, comparisons, limits)
        sentences.append(_sentence(name, rows_of[name], comparisons, needed, published, least))
    width = min(PANELS, len(found))
    return Section(
        'stability',
        'Stability: which component indices can be trusted',
        _METHOD % dict(least=least, reference=_describe(reference)),
        rows,
        numbers,
        _verdict(found, curves, published, least),
        sentences,
        lambda figure: _draw(figure, curves, least, width),
        columns=width,
        lines=-(-len(found) // width),
    )


_METHOD = (
    'The same mapping network, its components computed in several ways: %(reference)s is the reference, the others '
    'differ in what '
    'is named. An index is trusted if its component has a cosine of at least %(least)g, whatever its sign, with the '
    'component of '
    'the same index in every variation. The CSV also has the most similar component, the largest principal angle '
    'between the spans '
    'up to each index, and how many samples two runs need to agree so far if rows were Gaussian (Anderson 1963). The '
    'official '
    'networks are not ours to ship; in their place stands a random mapping of their shape.'
)


def _rows(name, comparisons, needed):
    return [
        dict(
            network=name,
            variation=variation,
            component=i,
            same_index=float(c.same[i]),
            matched=float(c.matched[i]),
            partner=int(c.partner[i]),
            subspace=float(c.subspace[i]),
            samples_needed=float(needed[i]),
        )
        for variation, c in comparisons.items()
        for i in range(len(c.same))
    ]


def _numbers(name, comparisons, limits):
    return [
        Number(
            'stability',
            name,
            'mean absolute cosine of %s, %s' % (importance.band_name(band), variation),
            intervals.exact(c.same[slice(*band)].mean()),
        )
        for variation, c in comparisons.items()
        for band in importance.bands(limits, len(c.same))
    ]


def _describe(basis):
    record = basis.record
    return '%s, batch size %d, seed %d' % (record['estimator'], record['batch_size'], record['seed'])


def _sentence(name, rows, comparisons, needed, published, least):
    fine = trusted(comparisons.values(), least)
    worst = min(comparisons, key=lambda variation: (comparisons[variation].same >= least).sum())
    bad = [i for i in sorted(published) if i >= len(fine) or not fine[i]]
    return (
        '%s, %d samples: indices %s mean the same direction in every variation (%s is the hardest, with %d of %d); '
        '%s; with %d samples, as published, theory expects two runs to differ in %s.'
        % (
            name,
            rows,
            ranges(np.flatnonzero(fine)),
            worst,
            (comparisons[worst].same >= least).sum(),
            len(fine),
            'of the %d published indices %d do, not %s' % (len(published), len(published) - len(bad), ranges(bad))
            if bad
            else 'all %d published indices do' % len(published),
            PUBLISHED_ROWS,
            'the indices ' + ranges(np.flatnonzero(needed > PUBLISHED_ROWS))
            if (needed > PUBLISHED_ROWS).any()
            else 'no index',
        )
    )


def _verdict(found, curves, published, least):
    safe = [trusted(comparisons.values(), least) for comparisons in curves.values()]
    everywhere = [i for i in sorted(published) if all(i < len(fine) and fine[i] for fine in safe)]
    nowhere = [i for i in sorted(published) if not any(i < len(fine) and fine[i] for fine in safe)]
    failing = [
        '%s: %s' % (name, ranges(i for i in sorted(published) if i >= len(fine) or not fine[i]))
        for name, fine in zip(curves, safe)
        if not all(i < len(fine) and fine[i] for i in published)
    ]
    return (
        'Of the published indices, these can be trusted on every mapping measured (%d, with the samples said below): '
        '%s. %s. Where '
        'they cannot (%s), an edit by index is only defined together with the batch size, the seed and the estimator '
        'of its '
        'components. No official mapping was measured.'
        % (
            len(found),
            ranges(everywhere),
            'On no mapping: ' + ranges(nowhere) if nowhere else 'Each published index can be trusted on at least one',
            '; '.join(failing) or 'nowhere here',
        )
    )


def ranges(indices):
    """Numbers as ranges.

    >>> ranges([0, 1, 2, 5, 7, 8])
    '0-2, 5, 7-8'
    >>> ranges([])
    'none'
    """
    parts = []
    for i in indices:
        if parts and parts[-1][1] == i - 1:
            parts[-1][1] = i
        else:
            parts.append([i, i])
    return ', '.join('%d' % a if a == b else '%d-%d' % (a, b) for a, b in parts) or 'none'


def _draw(figure, curves, least, width):
    grid = figure.subplots(-(-len(curves) // width), width, squeeze=False)
    for axes, (name, comparisons) in zip(grid.ravel(), curves.items()):
        for variation, comparison in comparisons.items():
            (line,) = axes.plot(comparison.same, label=variation, linewidth=1)
            axes.plot(comparison.subspace, color=line.get_color(), linestyle=':', linewidth=0.8)
        axes.axhline(least, color='grey', linewidth=0.5)
        axes.set_title(name)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel('component')
    for axes in grid.ravel()[len(curves) :]:
        axes.set_axis_off()
    grid[0, 0].set_ylabel('|cosine|, same index (dotted: subspace)')
    grid[0, 0].legend(fontsize=7)
