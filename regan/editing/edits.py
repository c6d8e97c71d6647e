"""Edits of latents along principal components: their meaning, their notation and their JSON.

Notation (GANSpace's E(v_i, j-k), with the layers printed inclusively), L layers numbered from 0:

    E(v0, 0-4) * 2.0                  offset: add 2 stdev of component 0 in layers 0 to 4
    E(v15, 8)                         offset by 1 stdev in layer 8
    E(v3, all) * -1.5                 offset in every layer
    centred E(v0, 0-4) * 2.0          first move the latent to the mean along the component, then add
    target E(v22, 9-10) = -8.0        move until layer 0's coordinate would be -8 stdev
    target E(v0, 0-4) = 2.0 inverted  the same, but to the other side of the mean from where the latent is
    E(v9, 0-6) * -1.0 raw             in units of the space instead of stdev; possible with each kind

>>> edit = parse('centred E(v0, 0-4) * 2')
>>> edit.kind, edit.component, edit.start, edit.end, edit.strength
('centred', 0, 0, 5, 2.0)
>>> notation(edit)
'centred E(v0, 0-4) * 2.0'

Truncation is no part of an edit; in the published figures it follows the edit (`latents.truncate`).
"""

from __future__ import annotations

import dataclasses
import math
import numbers
import re
from typing import TYPE_CHECKING, Any, Dict, Iterable, NamedTuple, Optional, Union

import numpy as np

from regan.base.errors import UserError

if TYPE_CHECKING:
    from regan.components.basis import Basis

KINDS = ('offset', 'centred', 'target')
UNITS = ('stdev', 'raw')

_NOTATION = re.compile(
    r'\s*(?:(?P<kind>offset|centred|target)\s+)?'
    r'E\(\s*v(?P<component>\d+)\s*,\s*(?:(?P<all>all)|(?P<first>\d+)(?:\s*-\s*(?P<last>\d+))?)\s*\)'
    r'(?:\s*(?P<sign>[*=])\s*(?P<strength>[^\s]+))?'
    r'(?P<raw>\s+raw)?(?P<inverted>\s+inverted)?\s*',
    re.ASCII,
)


@dataclasses.dataclass(frozen=True)
class Edit:
    """A move along one component in layers start .. end - 1.

    Attributes:
        component: index i of the component, 0 = largest variance.
        start: first layer.
        end: layer after the last; None (with start 0) for all layers of whatever network.
        strength: how far ('offset', 'centred') or the coordinate to reach ('target').
        kind: 'offset', 'centred' or 'target'.
        invert: only for 'target': go to the side of the mean where the latent is not, at -sign(x) * strength. A
            latent exactly on the mean (x = 0, where the original divides 0 by 0) counts as on the positive side.
        unit: of strength, 'stdev' (Basis.stdev of the component) or 'raw' (length in the latent space).
        name: for people, for example 'Redness'.

    Raises:
        UserError: a value that makes no sense, on construction.
    """

    component: int
    start: int = 0
    end: Optional[int] = None
    strength: float = 1.0
    kind: str = 'offset'
    invert: bool = False
    unit: str = 'stdev'
    name: str = ''

    def __post_init__(self) -> None:
        for name in ['component', 'start'] + ['end'] * (self.end is not None):
            value = getattr(self, name)
            if not _is(numbers.Integral, value) or value < 0:
                raise UserError('%s is %r in an edit but must be a whole number from 0' % (name, value))
        if self.end is None and self.start or self.end is not None and self.end <= self.start:
            raise UserError(
                'start %s and end %s (exclusive) of an edit leave no layer; for all layers start is 0 '
                'and end is None' % (self.start, self.end)
            )
        if not _is(numbers.Real, self.strength) or not math.isfinite(self.strength):
            raise UserError('the strength of an edit is %r but must be a finite number' % (self.strength,))
        for name, allowed in [('kind', KINDS), ('unit', UNITS), ('invert', (False, True))]:
            if getattr(self, name) not in allowed:
                raise UserError('%s is %r in an edit; choose one of %s' % (name, getattr(self, name), allowed))
        if self.invert and self.kind != 'target':
            raise UserError("an edit of kind '%s' cannot be inverted, only 'target' can" % self.kind)
        if not isinstance(self.name, str):
            raise UserError('the name of an edit is %r but must be text' % (self.name,))

    def to_dict(self) -> Dict[str, Any]:
        """All attributes as a dict for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, facts: Dict[str, Any]) -> Edit:
        """The edit of a dict from JSON; left-out keys have their defaults.

        Raises:
            UserError: an unknown key, no component, or a wrong value.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        for key in facts:
            if key not in known:
                raise UserError("an edit has no '%s'; its keys are %s" % (key, ', '.join(known)))
        if 'component' not in facts:
            raise UserError('an edit needs a component: %s' % (facts,))
        return cls(**facts)

    def layers(self, num_layers: int) -> slice:
        """The slice of layers in a network of `num_layers`.

        Raises:
            UserError: the edit goes past the last layer.
        """
        end = num_layers if self.end is None else self.end
        if end > num_layers:
            raise UserError('%s goes past the last layer: this network has layers 0-%d' % (self, num_layers - 1))
        return slice(self.start, end)

    def __str__(self) -> str:
        return notation(self)


def _is(kind, value):
    return isinstance(value, kind) and not isinstance(value, bool)


def parse(text: str) -> Edit:
    """The Edit that a text in the notation above means.

    Raises:
        UserError: not in the notation, layers that run backwards, or a wrong value.
    """
    match = _NOTATION.fullmatch(text)
    if not match or (match['sign'] or '*') != _sign(match['kind']):
        raise UserError(
            "cannot read the edit '%s'; write for example 'E(v0, 0-4) * 2.0', "
            "'centred E(v15, 8) * -3.0' or 'target E(v3, all) = 2.0 inverted'" % text
        )
    first, last = int(match['first'] or 0), match['last'] or match['first']
    if last is not None and int(last) < first:
        raise UserError("the layers of '%s' run backwards; the first comes first" % text)
    return Edit(
        component=int(match['component']),
        start=first,
        end=None if match['all'] else int(last) + 1,
        strength=_number(match['strength'] or '1', text),
        kind=match['kind'] or 'offset',
        invert=bool(match['inverted']),
        unit='raw' if match['raw'] else 'stdev',
    )


def notation(edit: Edit) -> str:
    """The edit as text: `parse` of it is the edit without its name.

    >>> notation(Edit(component=15, start=8, end=9))
    'E(v15, 8)'
    """
    kind = '' if edit.kind == 'offset' else edit.kind + ' '
    strength = ' %s %r' % (_sign(edit.kind), float(edit.strength))
    if (edit.strength, edit.unit) == (1, 'stdev') and edit.kind != 'target':
        strength = ''
    return '%sE(v%d, %s)%s%s%s' % (
        kind,
        edit.component,
        _layers(edit),
        strength,
        ' raw' * (edit.unit == 'raw'),
        ' inverted' * edit.invert,
    )


def _layers(edit):
    if edit.end is None:
        return 'all'
    return '%d' % edit.start if edit.end == edit.start + 1 else '%d-%d' % (edit.start, edit.end - 1)


def _sign(kind):
    return '=' if kind == 'target' else '*'


def _number(word, text):
    try:
        return float(word)
    except ValueError:
        raise UserError("'%s' in the edit '%s' is not a number" % (word, text)) from None


class Axis(NamedTuple):
    """What a move goes along.

    Attributes:
        direction: unit vector, float64 [D].
        unit: length of one unit of strength.
        mean: float [D], the latent that coordinates count from.
    """

    direction: np.ndarray
    unit: float
    mean: np.ndarray


def apply(dlatents: np.ndarray, basis: Basis, edit: Edit) -> np.ndarray:
    """Edited latents: `move` along a component, in the layers of the edit.

    Args:
        dlatents: float [N, L, D].
        basis: Basis of width D.

    Returns:
        New array [N, L, D] of the same dtype.

    Raises:
        UserError: layers past L, a component past K, or another width.
    """
    layers = edit.layers(dlatents.shape[1])
    axis = _axis(dlatents, basis, edit)
    return move(dlatents, axis, [layers], edit.strength, edit.kind, edit.invert)


def move(
    dlatents: np.ndarray,
    axis: Axis,
    ranges: Iterable[slice],
    strength: float,
    kind: str = 'offset',
    invert: bool = False,
) -> np.ndarray:
    """Latents moved along a unit vector v in some layers, by (GANSpace's notebooks; s is the axis' unit):

        offset    strength * s
        centred   strength * s - <w_l - mean, v>    with the coordinate of each layer's own latent
        target    goal * s - <w_0 - mean, v>        with the coordinate of layer 0 for all layers

    Args:
        dlatents: float [N, L, D].
        axis: Axis of width D.
        ranges: slices of layers that do not overlap.
        strength, kind, invert: see `Edit`.

    Returns:
        New array [N, L, D] of the same dtype; computed in float64. Other layers are bit-identical.
    """
    edited = dlatents.copy()
    for layers in ranges:
        if kind == 'offset':
            way: Any = strength * axis.unit
        elif kind == 'centred':
            way = strength * axis.unit - coordinates(dlatents[:, layers], axis.mean, axis.direction)  # [N, l]
        else:
            now = coordinates(dlatents[:, :1], axis.mean, axis.direction)  # [N, 1]
            goal = strength * np.where(now < 0, 1, -1) if invert else strength
            way = goal * axis.unit - now
        with np.errstate(over='ignore', invalid='ignore'):  # Whoever draws them refuses latents that are not finite.
            edited[:, layers] = dlatents[:, layers] + np.multiply.outer(way, axis.direction)  # [N, l, D]
    return edited


def towards(start: np.ndarray, end: np.ndarray, frames: int) -> np.ndarray:
    """The straight way from one latent to another in equal steps: [1, L, D] each -> [frames, L, D] of their dtype."""
    way = end.astype(np.float64) - start
    steps = [start + t * way for t in np.linspace(0, 1, frames)[:-1]]
    return np.concatenate(steps + [end]).astype(start.dtype)


def strip(dlatents: np.ndarray, basis: Basis, edit: Edit, frames: int) -> np.ndarray:
    """The edit from -strength to +strength in equal steps.

    The middle frame of an odd number is the given latent ('offset'), or this latent centred ('centred').

    Args:
        dlatents: float [1, L, D], one latent.
        edit: of kind 'offset' or 'centred'.
        frames: number of steps, at least 2.

    Returns:
        Array [frames, L, D].

    Raises:
        UserError: see `apply`; also for a target or fewer than 2 frames.
    """
    if edit.kind == 'target':
        raise UserError('%s leads to one place and gives no strip; make it an offset or centred' % edit)
    if frames < 2:
        raise UserError('a strip needs at least 2 frames but %d was asked for' % frames)
    steps = [dataclasses.replace(edit, strength=edit.strength * t) for t in np.linspace(-1, 1, frames)]
    return np.concatenate([apply(dlatents, basis, step) for step in steps])  # [frames, L, D]


def sequence(dlatents: np.ndarray, basis: Basis, edits: Iterable[Edit]) -> np.ndarray:
    """One latent before and after each of some edits, each applied to the result of the one before.

    Args:
        dlatents: float [1, L, D], one latent.
        edits: list of Edit.

    Returns:
        Array [len(edits) + 1, L, D].
    """
    steps = [dlatents]
    for edit in edits:
        steps.append(apply(steps[-1], basis, edit))
    return np.concatenate(steps)  # [len(edits) + 1, L, D]


def resample(dlatents: np.ndarray, styles: np.ndarray, keep: int) -> np.ndarray:
    """Latents whose first layers stay and whose others are those of each style (GANSpace's Figure 6).

    Args:
        dlatents: float [N, L, D].
        styles: float [S, L, D].
        keep: number of layers that stay, from 0 to L.

    Returns:
        New array [N, S, L, D].

    Raises:
        UserError: another number of layers to keep.
    """
    if not 0 <= keep <= dlatents.shape[1]:
        raise UserError('there are %d layers, so %d cannot be kept' % (dlatents.shape[1], keep))
    found = np.repeat(dlatents[:, np.newaxis], len(styles), axis=1)  # [N, S, L, D]
    found[:, :, keep:] = styles[:, keep:]
    return found


def coordinates(dlatents: np.ndarray, mean: Union[np.ndarray, float], direction: np.ndarray) -> np.ndarray:
    """How far latents lie from the mean along a direction: <w - mean, u> with unit u, float64 [...] of [..., D]."""
    direction = np.asarray(direction, np.float64) / np.linalg.norm(direction)
    return np.dot(np.asarray(dlatents, np.float64) - mean, direction)


def centre(dlatents: np.ndarray, mean: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Latents moved onto the mean along a direction (of any length): w - <w - mean, u> u, same shape and dtype.

    With a supervised direction this is the start of both rows of GANSpace's Figure 5.
    """
    unit = np.asarray(direction, np.float64) / np.linalg.norm(direction)
    moved = dlatents - np.multiply.outer(coordinates(dlatents, mean, unit), unit)
    return moved.astype(dlatents.dtype)


def exchange(
    base: np.ndarray, samples: np.ndarray, mean: np.ndarray, components: np.ndarray, which: Union[slice, np.ndarray]
) -> np.ndarray:
    """Latents with some coordinates of samples and all others of a base latent (GANSpace's Figure 4).

    Args:
        base: w, float [D].
        samples: w, float [N, D].
        mean: float [D].
        components: orthonormal rows, float [K, D]. What lies outside their span is dropped, so K should be D.
        which: slice or index array of the components whose coordinates come from the samples.

    Returns:
        float [N, D], of the dtype of `samples`.
    """
    components = np.asarray(components, np.float64)
    taken = np.dot(samples - np.asarray(mean, np.float64), components.T)  # [N, K]
    mixed = np.tile(np.dot(base - np.asarray(mean, np.float64), components.T), (len(samples), 1))  # [N, K]
    mixed[:, which] = taken[:, which]
    return (mean + np.dot(mixed, components)).astype(samples.dtype)


def _axis(dlatents, basis, edit):
    count, width = basis.components.shape
    if edit.component >= count:
        raise UserError('%s needs more components than there are: the basis has v0-v%d' % (edit, count - 1))
    if dlatents.shape[2] != width:
        raise UserError(
            'the basis has width %d but the latents %d; it belongs to another network' % (width, dlatents.shape[2])
        )
    return along(basis, edit.component, edit.unit)


def along(basis: Basis, component: int, unit: str = 'stdev') -> Axis:
    """The Axis of a component of a basis. Args: basis, an index of it, one of UNITS."""
    length = float(basis.stdev[component]) if unit == 'stdev' else 1.0
    return Axis(basis.components[component].astype(np.float64), length, basis.mean)
