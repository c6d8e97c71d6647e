"""Claim 3: early components are geometry, later ones detail; and which layers do what."""

from typing import NamedTuple

import numpy as np

from studies import design, importance, intervals, readings
from studies.report import Number, Section

SMOOTHED = 5  # Components behind a point of the plot.


def measure(subject, ranges, components, latents, per_latent):
    """Readings of latents moved by one standard deviation along early components, in one range of layers at a time.

    Args:
        ranges: list of (start, end) of layers.
        components: how many.
        latents: n.
        per_latent: m of the components for
            each latent.
    Returns: dict of component int [n, m], sign float [n, m], along float32 [n, m, R, A].
    """
    components = min(components, len(subject.basis.components))
    per_latent = min(per_latent, components)

    def run(read):
        random = np.random.RandomState(subject.seed)
        component = design.balanced(latents, components, per_latent, random)
        sign = design.signs(component.shape, random)
        step = (sign * subject.basis.stdev[component])[..., np.newaxis] * subject.basis.components[
            component
        ]  # [n, m, D]
        moved = np.stack(
            [_in_layers(subject, subject.w[:latents], step, layers) for layers in ranges], axis=2
        )  # [n, m, R, L, D]
        found = read(moved.reshape((-1,) + moved.shape[3:]))
        return dict(component=component, sign=sign, along=found.reshape(moved.shape[:3] + found.shape[1:]))

    facts = dict(
        ranges=[list(layers) for layers in ranges], components=components, latents=latents, per_latent=per_latent
    )
    return subject.cached('layers', facts, latents * per_latent * len(ranges), run)


def _in_layers(subject, w, step, layers):
    """w [n, D], step [n, m, D] -> dlatents float32 [n, m, L, D]."""
    moved = np.repeat(subject.broadcast(w)[:, np.newaxis], step.shape[1], axis=1)
    moved[:, :, slice(*layers)] += step[:, :, np.newaxis].astype(np.float32)
    return moved


def power(moved, members):
    """Mean squared change of some factors: float [..., F, 2], list of indices -> [...]; 0 for no factors."""
    squares = np.square(moved).sum(axis=-1)[..., members]
    return squares.mean(axis=-1) if members else squares.sum(axis=-1)


def section(subjects, importances, measured, groups, geometry, limits, ranges):
    """The Section on Claim 3.

    Args:
        subjects: list of Subject.
        importances, measured: dict name -> what `importance.measure` and `measure` gave.
        groups: dict world -> dict group -> factor names.
        geometry: names of the groups that are geometry.
        limits: bands of components.
        ranges: list of (start, end) of layers.
    """
    rows, numbers, trends, pictures = [], [], {}, {}
    for subject in subjects:
        own = groups[subject.reader.world]
        everywhere, _ = importance.changes(subject, importances[subject.name])  # [n, m, F, 2]
        found = measured[subject.name]
        local = layer_changes(subject, found)  # [n, m, R, F, 2]
        table = _Table(subject, own, geometry)
        steps = importances[subject.name]['component']
        overall = [table.row(i, 'all', everywhere[steps == i]) for i in range(len(subject.basis.components))]
        cells = [
            [table.row(i, _layers(layers), local[found['component'] == i][:, r]) for r, layers in enumerate(ranges)]
            for i in np.unique(found['component'])
        ]
        rows += overall + [row for line in cells for row in line]
        pictures[subject.name] = overall, cells
        by_band, by_layer = _numbers(subject.name, table, everywhere, steps, local, limits, ranges)
        numbers += by_band + by_layer
        trends[subject.name] = _Trend.of(by_band), _Trend.of(by_layer)
    return Section(
        'order',
        'Claim 3: early components are geometry, later ones detail',
        _METHOD % dict(geometry=' and '.join(geometry), n=len(found['component']), k=len(cells)),
        rows,
        numbers,
        _verdict(trends),
        [
            '%s: the share of geometry %s; it %s.' % (name, components, layers)
            for name, (components, layers) in trends.items()
        ],
        lambda figure: _draw(figure, pictures, list(own), ranges),
        columns=len(subjects),
        lines=2,
    )


_METHOD = (
    'The mean squared change of the factors of geometry (%(geometry)s), as a share of its sum with that of all other '
    'factors; 0.5 '
    'is no preference. By component: the steps of Claim 1, in all layers. By layers: the same step along each of the '
    'first %(k)d '
    'components in one range of layers, %(n)d latents in a balanced design. The CSV has every group, and for each cell '
    'the factor '
    'that moves most one way.'
)


def layer_changes(subject, found):
    """Changes float64 [n, m, R, F, 2], signs undone."""
    start = subject.positions[: len(found['component']), np.newaxis, np.newaxis]
    return (subject.units.positions(found['along']) - start) * found['sign'][..., np.newaxis, np.newaxis, np.newaxis]


class _Table:
    """Rows and shares of one network."""

    def __init__(self, subject, groups, geometry):
        units = subject.units
        self._name, self._names = subject.name, units.names
        self._groups = {group: units.members(groups, [group]) for group in groups}
        self._geometry = units.members(groups, geometry)
        self._others = units.members(groups, [group for group in groups if group not in geometry])

    def parts(self, moved):
        """(geometry, geometry and others): mean squared changes, [..., F, 2] -> two arrays [...]."""
        geometry = power(moved, self._geometry)
        return geometry, geometry + power(moved, self._others)

    def row(self, component, layers, moved):
        """One row of the CSV, from changes [t, F, 2]."""
        mean = moved.mean(axis=0)  # [F, 2]
        strongest = int(readings.size(mean).argmax())
        share = intervals.ratio(*self.parts(moved)) if self.parts(moved)[1].any() else intervals.exact(0.5)
        row = dict(network=self._name, component=int(component), layers=layers)
        row.update({group: float(np.sqrt(power(moved, members).mean())) for group, members in self._groups.items()})
        return dict(
            row,
            geometry_share=share.value,
            geometry_share_low=share.low,
            geometry_share_high=share.high,
            strongest=self._names[strongest],
            strongest_change=float(mean[strongest][np.abs(mean[strongest]).argmax()]),
        )


def _layers(layers):
    """(2, 4) -> '2-3'."""
    return '%d-%d' % (layers[0], layers[1] - 1) if layers[1] > layers[0] + 1 else '%d' % layers[0]


def _numbers(name, table, everywhere, component, local, limits, ranges):
    by_band = []
    geometry, both = table.parts(everywhere)  # [n, m]
    for band in importance.bands(limits, component.max() + 1):
        share = intervals.ratio(*[importance.band_sums(part, component, band) for part in (geometry, both)])
        by_band.append(Number('order', name, 'geometry share, ' + importance.band_name(band), share))
    geometry, both = table.parts(local)  # [n, m, R]
    shares = [intervals.ratio(*[part[..., r].sum(axis=1) for part in (geometry, both)]) for r in range(len(ranges))]
    by_layer = [
        Number('order', name, 'geometry share, layers ' + _layers(layers), share)
        for layers, share in zip(ranges, shares)
    ]
    return by_band, by_layer


class _Trend(NamedTuple):
    """How a share goes from the first to the last of some ranges."""

    word: str
    first: Number
    last: Number

    @classmethod
    def of(cls, numbers):
        first, last = numbers[0], numbers[-1]
        falls, rises = first.estimate.low > last.estimate.high, first.estimate.high < last.estimate.low
        return cls('falls' if falls else 'rises' if rises else 'does not clearly change', first, last)

    def __str__(self):
        return '%s from %s (%s) to %s (%s)' % (
            self.word,
            self.first.estimate,
            self.first.quantity.split(', ')[1],
            self.last.estimate,
            self.last.quantity.split(', ')[1],
        )


def _verdict(trends):
    components, layers = zip(*trends.values())
    falling = [sum(trend.word == 'falls' for trend in found) for found in (components, layers)]
    return (
        'The share of geometry clearly falls from the first components to the last on %d of %d networks, and from the '
        'first layers to '
        'the last on %d.' % (falling[0], len(trends), falling[1])
    )


def _draw(figure, pictures, groups, ranges):
    grid = figure.subplots(2, len(pictures), squeeze=False)
    for column, (name, (overall, cells)) in enumerate(pictures.items()):
        top, bottom = grid[:, column]
        for group in groups:
            top.plot(_smooth([row[group] for row in overall]), label=group, linewidth=1)
        top.set_title(name)
        top.set_ylim(bottom=0)
        top.set_xlabel('component')
        shares = [[row['geometry_share'] for row in line] for line in cells]
        picture = bottom.imshow(shares, cmap='RdBu_r', vmin=0, vmax=1, aspect='auto', interpolation='nearest')
        bottom.set_xticks(range(len(ranges)))
        bottom.set_xticklabels([_layers(layers) for layers in ranges])
        bottom.set_xlabel('layers')
    grid[0, 0].set_ylabel('change per step (mean of %d neighbours)' % SMOOTHED)
    grid[0, 0].legend()
    grid[1, 0].set_ylabel('component')
    figure.colorbar(picture, ax=grid[1, -1], label='share of geometry')


def _smooth(values):
    padded = np.pad(values, SMOOTHED // 2, mode='edge')
    return np.convolve(padded, np.full(SMOOTHED, 1 / SMOOTHED), mode='valid')
