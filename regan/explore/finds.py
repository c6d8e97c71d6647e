"""The named edits that a page offers: the published ones of its network, and the user's own."""

from __future__ import annotations

import hashlib
from typing import Any, Dict, List

import numpy as np

from regan.base import artefacts
from regan.base.errors import UserError
from regan.editing import edits, saved_edits
from regan.explore.studio import Studio
from regan.views import document
from regan.views.document import Direction, ViewEdit


def listed(studio: Studio, arrays: Dict[str, np.ndarray]) -> List[Dict[str, Any]]:
    """The named edits that fit a network: list of dict(name, edit, notation, starred, tags, published) for JSON.

    Args:
        studio: Studio.
        arrays: gets the directions of the user's own edits, as files that views name.
    """
    return _published(studio) + _own(studio, arrays)


def _published(studio):
    found = []
    for entry in studio.named:
        end = studio.network.num_layers if entry.edit.end is None else entry.edit.end
        if (
            end <= studio.network.num_layers
            and entry.space == studio.network.latent_space
            and abs(entry.edit.strength) <= 100
        ):
            edit = _view_edit(Direction(edit=entry.id), entry.edit, entry.title)
            found.append(_entry(entry.id, edit, edits.notation(entry.edit), (), entry.published))
    return found


def _own(studio, arrays):
    found = []
    for path in sorted(artefacts.edits_dir().glob('*.json')):
        try:
            saved = saved_edits.load(path)
            saved.check_usable()
            content = path.with_suffix('.npz').read_bytes()
        except (UserError, OSError):  # Not ours, or half removed; `regan edit` says what is wrong with it.
            continue
        network = studio.network
        fits = saved.direction.size == network.dlatent_size and saved.end <= network.num_layers
        if not fits or saved.space != network.latent_space or abs(saved.strength) > 100:
            continue
        sha256 = hashlib.sha256(content).hexdigest()
        arrays[sha256] = saved.direction[np.newaxis]
        direction = Direction(file=path.with_suffix('.npz').name, sha256=sha256, row=0)
        edit = _view_edit(direction, saved.edit, path.stem)
        found.append(_entry(path.stem, edit, edits.notation(saved.edit), saved.tags, False))
    return found


def _view_edit(direction, edit, name):
    return ViewEdit(
        direction=direction,
        layers=None if edit.end is None else ((edit.start, edit.end),),
        mode=edit.kind,
        unit=edit.unit,
        amount=float(edit.strength),
        invert=edit.invert,
        name=name[:64],
    )


def _entry(name, edit, notation, tags, published):
    facts = dict(name=name, edit=document.plain(edit), notation=notation, starred=False)
    return dict(facts, tags=list(tags), published=published)
