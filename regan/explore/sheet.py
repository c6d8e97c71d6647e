"""The contact sheet: what each direction would do, as small pictures; and the sorts that these allow."""

from __future__ import annotations

import dataclasses
import time
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from regan.base.errors import UserError
from regan.editing import edits
from regan.explore import jobs, protocol, sorts
from regan.explore.studio import Studio, Work
from regan.metrics.factors import circular_difference
from regan.sampling import latents
from regan.views import document
from regan.views.document import Direction, View, ViewEdit

EXAMPLE_EDITS = 8
SORT_SIZE = 64  # Pixels of the tiles that are sorted by.


class Tile(NamedTuple):
    """A small picture on its way to the page.

    Attributes:
        header: of its frame, without what the encoding says.
        image: uint8 [H, W, C].
    """

    header: Dict[str, Any]
    image: np.ndarray


class Sheet:
    """One contact sheet, drawn tile by tile, visible rows first.

    Args:
        studio: Studio.
        job: its name, for headers.
        spec: protocol.SheetSpec.
    """

    def __init__(self, studio: Studio, job: str, spec: protocol.SheetSpec) -> None:
        self._studio, self._job, self._spec = studio, job, spec
        self._visible = (0, 12)
        self._waiting: List[int] = [0]

    def show(self, rows: Sequence[int]) -> None:
        """Which rows are on the screen; from any thread. Args: rows, (first, end)."""
        self._visible = (rows[0], rows[1])

    def rank(self) -> int:
        """The rank of what comes next, for the queue."""
        first, end = self._visible
        return jobs.VISIBLE if any(first <= row < end for row in self._waiting) else jobs.TILE

    def run(self) -> Work:
        """Draws all tiles; yields them, and how far it is. Raises UserError for a view or rows that do not fit."""
        directions = self._directions()
        self._waiting, began = list(range(len(directions))), time.monotonic()
        zones = [zone for zone in self._spec.zones if self._studio.zone(zone)]
        while self._waiting:
            row = self._next()
            for zone in zones:
                yield from self._cell(row, zone, directions[row])
            self._waiting.remove(row)
            done = len(directions) - len(self._waiting)
            left = (time.monotonic() - began) / done * len(self._waiting)
            yield dict(type='progress', job=self._job, done=done, total=len(directions), eta_s=round(left, 2))
        return dict(type='done', job=self._job)

    def _next(self):
        waiting = set(self._waiting)
        count = max(waiting) + 1
        return next(row for row in jobs.outwards(count, *self._visible) if row in waiting)

    def _directions(self):
        document.fit(self._spec.view, self._studio.facts)
        if self._spec.rows == 'edits':
            found = [Direction(edit=entry.id) for entry in self._studio.named]
            return [one for one in found if self._fits(one)]
        if isinstance(self._spec.rows, tuple):
            return [row.direction for row in self._spec.rows]
        count = len(self._studio.needed_basis().components)
        if self._spec.rows == 'random':
            return [Direction(random=(latents.DIRECTIONS_SEED, index)) for index in range(count)]
        return [Direction(component=index) for index in range(count)]

    def _fits(self, direction):
        try:
            self._studio.axis(ViewEdit(direction=direction, amount=1.0))
        except UserError:
            return False
        return True

    def _cell(self, row, zone, direction):
        """Yields the tiles of one row and zone."""
        images = []
        for sign in (-1, 1):
            edit = zone_edit(self._studio, direction, zone, sign * self._spec.step)
            image = yield from draw(self._studio, self._spec.view, edit, self._spec.size)
            if self._spec.difference:
                images.append(image.astype(np.int16))
                yield None
            else:
                yield self._tile(row, zone, sign, image)
        if images:
            middle = (images[1] - images[0]) // 2 + 128
            yield self._tile(row, zone, 0, middle.astype(np.uint8))

    def _tile(self, row, zone, sign, image):
        facts = dict(kind='tile', job=self._job, row=row, zone=zone, sign=sign)
        return Tile(dict(facts, approximate=image.shape[0] < self._studio.network.resolution), image)


def zone_edit(studio: Studio, direction: Direction, zone: str, amount: float) -> ViewEdit:
    """The edit of a tile: an offset by standard deviations in the layers of a zone."""
    return ViewEdit(direction=direction, layers=None if zone == 'all' else studio.zone(zone), amount=amount)


def draw(studio: Studio, view: View, edit: ViewEdit, size: int, index: Optional[int] = None) -> Work:
    """A small picture of a latent after one edit alone, uint8 [size, size, C]. Args: index, default that on stage."""
    last = studio.network.num_layers - 1 if edit.layers is None else edit.layers[-1][1] - 1
    coarse = studio.zone('middle') or studio.zone('coarse')
    layer = min(last, coarse[-1][1] - 1) if edit.layers is None else last
    return (yield from studio.small(studio.moved(view, edit, index), size, layer, 2 * size))


# ------------------------------------------------------------------ sorts


def ranked(studio: Studio, asked: protocol.Rank) -> Work:
    """The components sorted: dict(order, values, errors), and for 'example' edits. Raises UserError.

    Args:
        studio: Studio.
        asked: protocol.Rank.
    """
    document.fit(asked.view, studio.facts)
    basis = studio.needed_basis()
    if asked.sort == 'variance':
        return _result('variance', [(float(share), np.nan) for share in basis.variance_ratio])
    if asked.sort == 'example':
        return _example(studio, asked)
    if asked.zone != 'all' and not studio.zone(asked.zone):
        raise UserError('this network has no %s layers' % asked.zone)
    number = _numbers(studio, asked)
    seeds = tuple(document.Latent(seed=seed) for seed in asked.seeds)
    view = dataclasses.replace(asked.view, latents=seeds, show=document.Show(), edits=())
    starred, values, began = [], [], time.monotonic()
    for index in asked.rows or ():
        starred.append((yield from _row(studio, view, asked, index)))
    for index in range(len(basis.components)):
        row = yield from _row(studio, view, asked, index)
        values.append(sorts.similar(row, starred) if asked.sort == 'similar' else number(row))
        left = (time.monotonic() - began) / (index + 1) * (len(basis.components) - index - 1)
        yield dict(type='progress', job=asked.job, done=index + 1, total=len(basis.components), eta_s=round(left, 2))
    return _result(asked.sort, values)


def _numbers(studio, asked):
    """The function of a Row that a sort is by."""
    if asked.sort == 'region':
        return lambda row: sorts.region(row, asked.mask)
    if asked.sort != 'factor':
        return sorts.SORTS.get(asked.sort)
    reader = studio.needed_reader()
    if asked.factor not in reader.factor_names:
        raise UserError('there is no factor %s; choose one of %s' % (asked.factor, ', '.join(reader.factor_names)))
    which = reader.factor_names.index(asked.factor)

    def number(row):
        plus, minus = [reader.read(part)[:, which] for part in (row.plus, row.minus)]
        return sorts.factor(plus, minus, which in reader.circular)

    return number


def _row(studio, view, asked, index):
    """The sorts.Row of a component."""
    parts: List[List[np.ndarray]] = [[], [], []]
    for latent in range(len(view.latents)):
        for part, amount in zip(parts, (asked.step, -asked.step, 0.0)):
            edit = zone_edit(studio, Direction(component=index), asked.zone, amount)
            part.append((yield from draw(studio, view, edit, SORT_SIZE, latent)))
            yield None
    return sorts.Row(*(np.stack(part) for part in parts))


def _example(studio, asked):
    first, second = _coordinates(studio, asked.view, asked.pins)
    way = second - first
    found = _result('example', [(abs(float(step)), np.nan) for step in way])
    chosen = [
        ViewEdit(direction=Direction(component=index), amount=float(np.clip(way[index], -100, 100)))
        for index in found['order'][:EXAMPLE_EDITS]
    ]
    return dict(found, edits=[document.plain(edit) for edit in chosen])


def _coordinates(studio, view, indices):
    """Coordinates of some latents of a view in standard deviations, float64 [len(indices), K]."""
    basis = studio.needed_basis()
    rows = np.concatenate([studio.start(view, index)[:, 0] for index in indices])
    along = [edits.coordinates(rows, basis.mean, component) for component in basis.components]
    return np.stack(along, axis=1) / np.where(basis.stdev > 0, basis.stdev, np.inf)


def _result(sort: str, values: Sequence[Tuple[float, float]]) -> Dict[str, Any]:
    def plain(numbers):
        return [None if np.isnan(value) else float(value) for value in numbers]

    means, errors = zip(*values)
    return dict(order=sorts.order(sort, means), values=plain(means), errors=plain(errors))


# ------------------------------------------------------------------ meters


def meters(studio: Studio, view: View) -> Work:
    """The factors of the picture on stage before and after its edits: dict(factors=list of dict(name, before, after,
    change)).

    Raises:
        UserError: no reader, or a view that does not fit.
    """
    reader = studio.needed_reader()
    document.fit(view, studio.facts)
    images, index = [], view.show.latent or 0
    for dlatents in (studio.start(view, index), studio.edited(view)):
        images.append((yield from studio.pieces.image(studio.as_tile(view, dlatents, index))))
        yield None
    before, after = reader.read(np.stack(images))
    found = []
    for index, name in enumerate(reader.factor_names):
        change = after[index] - before[index]
        if index in reader.circular:
            change = circular_difference(after[index], before[index])
        found.append(dict(name=name, before=float(before[index]), after=float(after[index]), change=float(change)))
    return dict(factors=found)
