"""The latents of a view: of seeds or files, edited, and truncated as they are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from regan.base.errors import UserError
from regan.drawing import modes
from regan.editing import boundary, edit_zoo, edits, mixing
from regan.sampling import latents
from regan.views import files as arrays
from regan.views.document import FIXED, View, ViewEdit

if TYPE_CHECKING:
    from regan.components.basis import Basis
    from regan.networks.base_generator import BaseGenerator

SPREAD_SAMPLES, SPREAD_SEED = 5000, 1  # Latents behind the deviation of a direction that is of no basis.


def settings(view: View, generator: BaseGenerator) -> modes.Settings:
    """The noise, conversion and truncation that a view means on a network."""
    mode = None if view.compat == FIXED else view.compat
    return modes.of_network(generator, mode, view.noise.choice, view.conversion, view.psi, view.cutoff, view.statistics)


def starts(view: View, generator: BaseGenerator, files: arrays.Files) -> np.ndarray:
    """The latents of a view before any edit and truncation, float32 [N, L, D]; each seed is mapped alone.

    Args:
        view: View.
        generator: open Generator; what is used are `map` and the sizes.
        files: those that the view names.

    Raises:
        UserError: a file that is not there or does not fit the network.
    """
    return np.concatenate([_start(latent, view, generator, files) for latent in view.latents])


def start(view: View, index: int, generator: BaseGenerator, files: arrays.Files) -> np.ndarray:
    """One of `starts`, [1, L, D]."""
    return _start(view.latents[index], view, generator, files)


def _start(latent, view, generator, files):
    if latent.mix:
        row, column = (_start(part, view, generator, files) for part in (latent.mix.row, latent.mix.column))
        layers = tuple(layer for first, end in latent.mix.layers for layer in range(first, end))
        return mixing.mixed(row, column, [layers])[0]
    shape = (generator.num_layers, generator.dlatent_size)
    if latent.space == 'w+':
        return arrays.latent(arrays.whole(files, latent.file, latent.sha256), latent.file, shape)
    if latent.seed is None and latent.space is None:
        return arrays.latent(arrays.row(files, latent.file, latent.sha256, latent.row), latent.file, shape)
    if latent.seed is None:
        z = arrays.code(arrays.row(files, latent.file, latent.sha256, latent.row), latent.file, generator.latent_size)
    else:
        z = generator.z_of([latent.seed], view.psi)
    by_layer = isinstance(view.label, tuple)  # Of networks that map nothing.
    labels = None if view.label is None or by_layer else np.eye(generator.label_size, dtype=np.float32)[[view.label]]
    return latents.broadcast(generator.map(z, labels), generator.num_layers)


class Directions:
    """Looks up what edits move along, each once.

    Args:
        generator: open Generator; what is used are `map` and the sizes.
        basis: Basis of its W, or None where `bases.are_needed` says that none is needed.
        files: those that the view names.
        named: list of edit_zoo.NamedEdit; default: the published ones.
    """

    def __init__(
        self,
        generator: BaseGenerator,
        basis: Optional[Basis],
        files: arrays.Files,
        named: Optional[Sequence[edit_zoo.NamedEdit]] = None,
    ) -> None:
        self._generator, self._basis, self._files, self._named = generator, basis, files, named
        self._found: Dict[Tuple[Any, str], edits.Axis] = {}
        self._sample: Optional[np.ndarray] = None
        self._mean = generator.dlatent_avg if basis is None else basis.mean  # Only offsets come without a basis.

    def axis(self, edit: ViewEdit) -> edits.Axis:
        """The Axis of an edit.

        Raises:
            UserError: no such component, named edit, boundary or file, or one that does not fit the network.
        """
        place = (edit.direction, edit.unit)
        if place not in self._found:
            self._found[place] = self._look_up(edit)
        return self._found[place]

    def _look_up(self, edit):
        direction, kind = edit.direction, edit.direction.keys[0]
        if kind == 'component':
            return edits.along(self._with(direction.component), direction.component, edit.unit)
        if kind == 'edit':
            entry = edit_zoo.find(direction.edit, self._named)
            entry.check_usable()
            return edits.along(self._with(entry.edit.component), entry.edit.component, edit.unit)
        if kind == 'random':
            seed, index = direction.random
            unit = edits.along(self._with(index), index, edit.unit).unit
            row = latents.random_directions(index + 1, self._generator.dlatent_size, seed)[index]
            return edits.Axis(row.astype(np.float64), unit, self._mean)
        vector = self._vector(direction, kind)
        return edits.Axis(vector, 1.0 if edit.unit == 'raw' else self._spread(vector), self._mean)

    def _with(self, component):
        """The basis, if it has that component."""
        if self._basis is None:
            raise UserError('the view needs components, but there are none; give them with --basis')
        if component >= len(self._basis.components):
            raise UserError(
                'the view needs component %d, but the basis has 0 to %d' % (component, len(self._basis.components) - 1)
            )
        if self._basis.components.shape[1] != self._generator.dlatent_size:
            raise UserError(
                'the basis has width %d but the latents %d; it belongs to another network'
                % (self._basis.components.shape[1], self._generator.dlatent_size)
            )
        return self._basis

    def _vector(self, direction, kind):
        width = self._generator.dlatent_size
        if kind == 'boundary':
            return boundary.resolve(direction.boundary, width)
        array = arrays.row(self._files, direction.file, direction.sha256, direction.row)
        return arrays.direction(array, direction.file, width)

    def _spread(self, vector):
        """Standard deviation of fresh latents along a direction, as that of a component is found."""
        if self._sample is None:
            z = self._generator.prior(1.0).of_seed(SPREAD_SEED, SPREAD_SAMPLES, self._generator.latent_size)
            self._sample = self._generator.map(z)
        return float(np.dot(self._sample, vector).std())


def moved(dlatents: np.ndarray, edit: ViewEdit, directions: Directions, factor: float) -> np.ndarray:
    """Latents after one edit by its amount times a factor: float [N, L, D] -> [N, L, D], new.

    Raises:
        UserError: layers past L, or as `Directions.axis`.
    """
    count = dlatents.shape[1]
    ranges = ((0, count),) if edit.layers is None else edit.layers
    if ranges and ranges[-1][1] > count:
        raise UserError('an edit goes to layer %d, but this network has layers 0-%d' % (ranges[-1][1] - 1, count - 1))
    axis, slices = directions.axis(edit), [slice(first, end) for first, end in ranges]
    alone = [  # Each latent, since a product of many rows has other last bits.
        edits.move(dlatents[i : i + 1], axis, slices, edit.amount * factor, edit.mode, edit.invert)
        for i in range(len(dlatents))
    ]
    return np.concatenate(alone)


def edited(
    view: View, dlatents: np.ndarray, directions: Directions, among: Optional[Sequence[ViewEdit]] = None
) -> np.ndarray:
    """Latents after the edits of a view that are on, one after the other: float [N, L, D] -> [N, L, D], not truncated.

    Args:
        view: View, of which the gain counts.
        dlatents: what `starts` gave, or some of it.
        directions: Directions.
        among: list of ViewEdit, instead of those of the view that are on.
    """
    for edit in view.active if among is None else among:
        dlatents = moved(dlatents, edit, directions, view.gain)
    return dlatents


def strip(view: View, dlatents: np.ndarray, directions: Directions) -> np.ndarray:
    """The frames of a strip, [F, L, D], not truncated: the edit of `show` from -amount to +amount in equal steps, or of
    a target from without it to there, among the other edits that are on.

    Args:
        view: View that shows a strip.
        dlatents: of `start`, float [1, L, D].
        directions: Directions.
    """
    index, frames = view.show.edit, view.show.frames
    if index is None or frames is None:
        raise ValueError('only a strip has frames')
    before, edit = edited(view, dlatents, directions, _on(view.edits[:index])), view.edits[index]
    if edit.mode == 'target':
        way = edits.towards(before, moved(before, edit, directions, view.gain), frames)
    else:
        way = np.concatenate([moved(before, edit, directions, view.gain * t) for t in np.linspace(-1, 1, frames)])
    return edited(view, way, directions, _on(view.edits[index + 1 :]))


def _on(some: Sequence[ViewEdit]) -> List[ViewEdit]:
    return [edit for edit in some if edit.on]


def truncated(dlatents: np.ndarray, generator: BaseGenerator, chosen: modes.Settings) -> np.ndarray:
    """Latents as they are drawn: float [N, L, D] -> [N, L, D]. Truncation comes after all edits."""
    return generator.truncated(dlatents, chosen.psi, chosen.cutoff)
