"""Claim 1: principal components are important directions.

A latent is moved by one standard deviation along some components, to one side or the other, and as far along as many
random directions; the change is what the factor reader sees.
"""

import numpy as np

from studies import design, intervals, readings
from studies.report import Number, Section


def measure(subject, latents, per_latent):
    """Readings of the moved latents, as dict of arrays for n latents and m steps each.

    Returns: component int [n, m], sign float [n, m], along float32 [n, m, A] (components), beside float32 [n, m, A]
        (random).
    """
    per_latent = min(per_latent, len(subject.basis.components))

    def run(read):
        random = np.random.RandomState(subject.seed)
        component = design.balanced(latents, len(subject.basis.components), per_latent, random)  # [n, m]
        sign = design.signs(component.shape, random)
        elsewhere = design.unit_vectors(component.shape + (subject.w.shape[1],), random)  # [n, m, D]
        length = (sign * subject.basis.stdev[component])[..., np.newaxis]
        start = subject.w[:latents, np.newaxis]
        return dict(
            component=component,
            sign=sign,
            along=_read(read, subject, start + length * subject.basis.components[component]),
            beside=_read(read, subject, start + length * elsewhere),
        )

    return subject.cached('importance', dict(latents=latents, per_latent=per_latent), 2 * latents * per_latent, run)


def _read(read, subject, w):
    """w [n, m, D] -> readings [n, m, A]."""
    found = read(subject.broadcast(w.reshape(-1, w.shape[-1]).astype(np.float32)))
    return found.reshape(w.shape[:2] + found.shape[1:])


def changes(subject, found):
    """(along, beside): changes float64 [n, m, F, 2] in units of the factors, along components with their signs
    undone.
    """
    start = subject.positions[: len(found['component']), np.newaxis]  # [n, 1, F, 2]
    sign = found['sign'][..., np.newaxis, np.newaxis]
    return tuple((subject.units.positions(found[key]) - start) * sign for key in ('along', 'beside'))


def profiles(component, moved, count):
    """Of each component the mean change [K, F, 2], and how far each factor moves on average [K, F].

    Args:
        component: int [n, m].
        moved: float [n, m, F, 2], signs undone.
        count: K, each of which occurs.
    """
    which = component.ravel()
    times = np.bincount(which, minlength=count).astype(np.float64)
    flat = moved.reshape((len(which),) + moved.shape[2:])
    mean, reach = np.zeros((count,) + flat.shape[1:]), np.zeros((count, flat.shape[1]))
    np.add.at(mean, which, flat)
    np.add.at(reach, which, readings.size(flat))
    return mean / times[:, np.newaxis, np.newaxis], reach / times[:, np.newaxis]


def bands(limits, count):
    """Ranges of components that exist: list of (first, end)."""
    return [(first, min(end, count)) for first, end in limits if first < count]


def band_name(band):
    """'components 0-4'."""
    return 'components %d-%d' % (band[0], band[1] - 1)


def band_sums(values, component, band):
    """Sum over the steps of each latent that lie in a band: values [n, m] -> [n]."""
    return (values * ((component >= band[0]) & (component < band[1]))).sum(axis=1)


def section(subjects, measured, limits):
    """The Section on Claim 1.

    Args:
        subjects: list of Subject.
        measured: dict name -> what `measure` gave.
        limits: bands of components.
    """
    rows, numbers, sentences, curves = [], [], [], {}
    for subject in subjects:
        found = measured[subject.name]
        along, beside = (readings.total(moved) for moved in changes(subject, found))  # [n, m]
        own = _rows(subject, found['component'], along, beside)
        rows, curves[subject.name] = rows + own, own
        numbers += _numbers(subject, found['component'], along, beside, limits)
        sentences.append(_sentence(subject.name, own, numbers))
    return Section(
        'importance',
        'Claim 1: principal components are important directions',
        _METHOD % {'n': len(found['component']), 'm': found['component'].shape[1]},
        rows,
        numbers,
        _verdict(numbers, limits),
        sentences,
        lambda figure: _draw(figure, curves),
        columns=len(subjects),
        lines=2,
    )


_METHOD = (
    'A step of one standard deviation along component i, to a random side, against a step of the same length in a '
    'random '
    'direction. The change is the root mean square over the factors. Each of %(n)d latents takes %(m)d components in a '
    'balanced '
    'design (every component on as many latents), with as many random directions; intervals are over latents '
    '(bootstrap for bands, '
    't for single components).'
)


def _rows(subject, component, along, beside):
    share = np.cumsum(subject.basis.variance_ratio, dtype=np.float64)
    rows = []
    for i, ratio in enumerate(subject.basis.variance_ratio):
        here, there = intervals.mean(along[component == i]), intervals.mean(beside[component == i])
        rows.append(
            dict(
                network=subject.name,
                component=i,
                stdev=float(subject.basis.stdev[i]),
                variance_share=float(ratio),
                variance_cumulative=float(share[i]),
                change=here.value,
                change_low=here.low,
                change_high=here.high,
                random=there.value,
                random_low=there.low,
                random_high=there.high,
                latents=here.n,
            )
        )
    return rows


def _numbers(subject, component, along, beside, limits):
    count, found = len(subject.basis.components), []
    for band in bands(limits, count):
        name = band_name(band)
        met = band_sums(np.ones_like(along), component, band)
        here, there = (band_sums(values, component, band) for values in (along, beside))
        share = intervals.exact(subject.basis.variance_ratio[slice(*band)].sum())
        found += [
            Number('importance', subject.name, 'variance share of %s' % name, share),
            Number('importance', subject.name, 'change along %s' % name, intervals.ratio(here, met)),
            Number(
                'importance', subject.name, 'change along random, lengths of %s' % name, intervals.ratio(there, met)
            ),
            Number('importance', subject.name, 'components over random, %s' % name, intervals.ratio(here, there)),
        ]
    return found


def _verdict(numbers, limits):
    first = [n.estimate for n in numbers if n.quantity == 'components over random, ' + band_name(limits[0])]
    return (
        'On %d of %d networks a step along the %s changes the factors clearly more than one of the same length in a '
        'random direction, '
        'on %d clearly less.'
        % (sum(e.low > 1 for e in first), len(first), band_name(limits[0]), sum(e.high < 1 for e in first))
    )


def _sentence(name, rows, numbers):
    own = [number for number in numbers if number.network == name]
    ratio = next(number for number in own if number.quantity.startswith('components over random'))
    variance = next(number for number in own if number.quantity.startswith('variance share'))
    better = sum(row['change_low'] > row['random_high'] for row in rows)
    worse = sum(row['change_high'] < row['random_low'] for row in rows)
    word = (
        'more than'
        if ratio.estimate.low > 1
        else 'less than'
        if ratio.estimate.high < 1
        else 'not measurably more than'
    )
    return (
        '%s: the %s hold %.0f %% of the variance and change the factors %s random directions of the same length (%s '
        'times); '
        'singly, %d of %d components lie clearly above random and %d clearly below.'
        % (
            name,
            ratio.quantity.split(', ')[1],
            100 * variance.estimate.value,
            word,
            ratio.estimate,
            better,
            len(rows),
            worse,
        )
    )


def _draw(figure, curves):
    grid = figure.subplots(2, len(curves), squeeze=False)
    for column, (name, rows) in enumerate(curves.items()):
        index = [row['component'] for row in rows]
        top, bottom = grid[:, column]
        top.plot(index, [row['variance_cumulative'] for row in rows])
        top.set_title(name)
        top.set_ylim(0, 1)
        for key, label in [('change', 'component'), ('random', 'random, same length')]:
            (line,) = bottom.plot(index, [row[key] for row in rows], label=label, linewidth=1)
            low = [max(row[key + '_low'], row[key] / 10) for row in rows]  # A logarithmic axis has no room for 0.
            bottom.fill_between(index, low, [row[key + '_high'] for row in rows], alpha=0.25, color=line.get_color())
        bottom.set_yscale('log')
        bottom.set_xlabel('component')
    grid[0, 0].set_ylabel('share of variance, cumulative')
    grid[1, 0].set_ylabel('change of the factors per step')
    grid[1, 0].legend()
