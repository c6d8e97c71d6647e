"""Finds that are kept: edits under a name, as files that `regan edit` takes."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Optional, Tuple

import numpy as np

from regan.base import artefacts
from regan.base.errors import UserError
from regan.editing import edit_zoo, edits, saved_edits
from regan.explore import security
from regan.explore.studio import Studio
from regan.views import latents
from regan.views.document import View, ViewEdit


def as_edit(edit: ViewEdit, gain: float = 1.0, named: Optional[Tuple[edit_zoo.NamedEdit, ...]] = None) -> edits.Edit:
    """An edit of a view as an `edits.Edit`, which the notation and the edits files can say.

    Args:
        edit: ViewEdit along a component, or along that of a named edit.
        gain: factor of its amount.
        named: list of edit_zoo.NamedEdit; default: the published ones.

    Raises:
        UserError: another direction, or layers that are not one range.
    """
    kind = edit.direction.keys[0]
    if kind not in ('component', 'edit'):
        raise UserError('an edit along a %s cannot be written as E(...); export the view instead' % kind)
    component = edit.direction.component
    if kind == 'edit':
        component = edit_zoo.find(edit.direction.edit or '', named).edit.component
    start, end = layer_range(edit)
    return edits.Edit(component or 0, start, end, edit.amount * gain, edit.mode, edit.invert, edit.unit, edit.name)


def layer_range(edit: ViewEdit) -> Tuple[int, Optional[int]]:
    """(first layer, layer after the last) of an edit, (0, None) for all. Raises UserError unless they are one range."""
    if edit.layers is None:
        return 0, None
    if len(edit.layers) != 1:
        raise UserError(
            'the edit is in %d ranges of layers, and an edit file knows one; save a part of it, or export the view'
            % len(edit.layers)
        )
    return edit.layers[0]


def saved_edit(studio: Studio, view: View, index: int, name: str, tags: Tuple[str, ...]) -> saved_edits.SavedEdit:
    """An edit of a view with its direction, as a file keeps it.

    Raises:
        UserError: no such edit, one that leads to a target, more than one range of layers, or no direction.
    """
    if index >= len(view.edits):
        raise UserError('the view has no edit %d' % index)
    edit = view.edits[index]
    if edit.mode == 'target':
        raise UserError('an edit that leads to a target cannot be saved as an offset; make it one, or export the view')
    start, end = layer_range(edit)
    axis = studio.axis(dataclasses.replace(edit, unit='stdev'))
    scale = 1.0 if edit.unit == 'stdev' else axis.unit
    made_by, component = _origin(studio, edit)
    dataset = studio.model.dataset if studio.model else studio.name
    direction = axis.direction.astype(np.float32)
    return saved_edits.SavedEdit(
        name=name,
        component=component,
        start=start,
        end=studio.network.num_layers if end is None else end,
        strength=edit.amount * view.gain / scale,
        stdev=float(axis.unit),
        act_stdev=float(axis.unit),
        direction=direction,
        act_direction=direction[np.newaxis],
        space=studio.network.latent_space,
        edit_type='latent',
        model=studio.network.original_name,
        dataset=dataset,
        found_on=dataset,
        estimator=made_by,
        components=1 if studio.basis is None else len(studio.basis.components),
        samples=1 if studio.basis is None else int(studio.basis.record.get('n', 1)),
        layer=saved_edits.layer_of(studio.network),
        psi=latents.settings(view, studio.network).psi,
        seed=view.latents[view.show.latent or 0].seed or 0,
        tags=tags,
    )


def _origin(studio, edit):
    """(what made the direction, its component)."""
    kind = edit.direction.keys[0]
    if kind == 'random':
        return 'random direction', edit.direction.random[1]
    if kind in ('component', 'edit'):
        estimator = studio.needed_basis().record.get('estimator', 'unknown')
        return str(estimator), as_edit(dataclasses.replace(edit, layers=None)).component
    return kind, 0


def write(folder: Path, saved: saved_edits.SavedEdit, overwrite: bool) -> Path:
    """Writes an edit into a folder under its name; returns the path of the .json, beside which an .npz lies.

    Args:
        folder: made if it is missing.
        saved: SavedEdit.
        overwrite: whether it may replace one of the same name.

    Raises:
        UserError: a name that is none, one that is taken, a link, or a file that cannot be written; then nothing is
            left.
    """
    if not security.is_name(saved.name):
        raise UserError('%r cannot be the name of a file; take letters, digits, blanks, _ and -' % saved.name)
    path = folder / (saved.name + '.json')
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.resolve().parent != folder.resolve() or path.is_symlink() or path.with_suffix('.npz').is_symlink():
            raise UserError('%s is a link to somewhere else; remove it, or take another name' % path.name)
        is_new = _reserve(path)
    except OSError as error:
        raise UserError('cannot write %s: %s' % (path, error.strerror or error))
    if not is_new and not overwrite:
        raise UserError("there is an edit '%s' already; take another name, or replace it" % saved.name)
    try:
        saved_edits.save(path, saved)
    except BaseException:
        if is_new:
            for left in (path, path.with_suffix('.npz')):
                if left.exists():
                    left.unlink()
        raise
    return path


def _reserve(path):
    """Makes a file that nobody has made before; False if somebody has."""
    try:
        os.close(os.open(str(path), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
        return True
    except FileExistsError:
        return False


def folder() -> Path:
    """The folder of the user's edits, in which `regan edit` finds them by name."""
    return artefacts.edits_dir()
