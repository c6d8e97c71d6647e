"""Published parameters on a network that they were not published for, which may be smaller: what does not fit is made
to, and that is said.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, List, Optional, Sequence, Tuple

import numpy as np

from regan.base import notices
from regan.base.errors import UserError
from regan.editing.edits import Edit
from regan.figures.figure_spec import Crop, Enlarge, FigureSpec, Panel

if TYPE_CHECKING:
    from regan.networks.generator import Generator

LEGIBLE = 256  # Pixels of a side of a tile that has room for its label.


def fitted(panels: Sequence[Panel], generator: Generator) -> List[Panel]:
    """Panels whose edits, cutoff and components are within a network; those that were made for it stay.

    Ranges of layers end with the last layer; edits that begin after it, or move a component that the network is too
    narrow for, are left out with their labels, and so are panels without any other.

    Raises:
        UserError: no panel is left.
    """
    changes: List[str] = []
    found = [_fitted(panel, generator, changes) if panel.made_for else panel for panel in panels]
    found = [new for new, old in zip(found, panels) if new.edits or not old.edits]
    if not found:
        raise UserError(
            '%s has %d layers and w of width %d, too few for any edit of this figure; choose a larger network'
            % (panels[0].network, generator.num_layers, generator.dlatent_size)
        )
    if changes:
        notices.note(
            '%s has %d layers and w of width %d, fewer than these parameters were published for: %s'
            % (panels[0].network, generator.num_layers, generator.dlatent_size, ', '.join(dict.fromkeys(changes)))
        )
    return found


def _fitted(panel, generator, changes):
    if panel.pca and generator.dlatent_size < panel.pca.components:
        changes.append('%d components in place of %d' % (generator.dlatent_size, panel.pca.components))
        panel = dataclasses.replace(panel, pca=dataclasses.replace(panel.pca, components=generator.dlatent_size))
    if panel.cutoff is not None and panel.cutoff > generator.num_layers:
        changes.append('a cutoff of %d in place of %d' % (generator.num_layers, panel.cutoff))
        panel = dataclasses.replace(panel, cutoff=generator.num_layers)
    if panel.noise_detail and generator.resolution != panel.made_for:
        box = tuple(edge * generator.resolution // panel.made_for for edge in panel.noise_detail.box)
        panel = dataclasses.replace(panel, noise_detail=dataclasses.replace(panel.noise_detail, box=box))
    return _with_edits(panel, [_clipped(edit, generator, changes) for edit in panel.edits])


def _clipped(edit: Edit, generator: Generator, changes: List[str]) -> Optional[Edit]:
    """The edit in the layers that there are, or None if there is nothing to move."""
    if edit.start >= generator.num_layers or edit.component >= generator.dlatent_size:
        changes.append('%s left out' % _place(edit))
        return None
    if edit.end is None or edit.end <= generator.num_layers:
        return edit
    clipped = dataclasses.replace(edit, end=generator.num_layers)
    changes.append('%s in place of %s' % (_place(clipped), _place(edit)))
    return clipped


def _place(edit):
    """E(v_i, j-k) without kind and strength, as labels have it."""
    text = str(edit)
    return text[text.index('E(') : text.index(')') + 1]


def _with_edits(panel, moves):
    kept = [i for i, move in enumerate(moves) if move is not None]
    for old, new in zip(panel.edits, moves):
        if new is not None and new != old:
            rows, labels = [_renamed(texts, _place(old), _place(new)) for texts in (panel.rows, panel.labels)]
            panel = dataclasses.replace(panel, rows=rows, labels=labels)
    if len(kept) == len(moves):
        return dataclasses.replace(panel, edits=tuple(moves))
    labels = panel.labels
    if len(labels) == len(moves) + 1:  # Those of a sequence: the latent as it is, and after each edit.
        labels = labels[:1] + tuple(labels[i + 1] for i in kept)
    rows = panel.rows
    if len(rows) % len(moves) == 0:  # Those of strips: for each seed, some for each edit.
        each = len(rows) // len(panel.seeds) // len(moves)
        rows = tuple(row for i, row in enumerate(rows) if not each or i // each % len(moves) in kept)
    return dataclasses.replace(panel, edits=tuple(moves[i] for i in kept), rows=rows, labels=labels)


def _renamed(texts: Tuple[str, ...], old: str, new: str) -> Tuple[str, ...]:
    return tuple(text.replace(old, new) for text in texts)


def with_crop(panel: Panel, height: int, width: int) -> Panel:
    """The panel with a crop in proportion to tiles that are smaller than those it was published for."""
    if not panel.made_for or panel.crop == Crop() or min(height, width) >= panel.made_for:
        return panel
    vertical, horizontal = [min(size / panel.made_for, 1) for size in (height, width)]
    crop = Crop(
        top=int(panel.crop.top * vertical),
        bottom=int(panel.crop.bottom * vertical),
        left=int(panel.crop.left * horizontal),
        right=int(panel.crop.right * horizontal),
    )
    notices.note(
        '%s draws %dx%d pixels (width x height), so the published crop of %s from %d is scaled to %s'
        % (panel.network, width, height, _sides(panel.crop), panel.made_for, _sides(crop))
    )
    return dataclasses.replace(panel, crop=crop)


def _sides(crop):
    cuts = ['%d at the %s' % (count, side) for side, count in dataclasses.asdict(crop).items() if count]
    return ' and '.join([', '.join(cuts[:-1]), cuts[-1]] if cuts[1:] else cuts) or 'nothing'


def enlarged(spec: FigureSpec, drawn: Sequence[np.ndarray]) -> FigureSpec:
    """The spec with tiles enlarged for the eye, if they are smaller than those it was published for: their labels need
    room.
    """
    side = min(min(tiles.shape[2:4]) for tiles in drawn)
    smaller = all(panel.made_for and side < panel.made_for for panel in spec.panels)
    if not smaller or spec.enlarge != Enlarge():
        return spec
    return dataclasses.replace(spec, enlarge=Enlarge(factor=max(1, LEGIBLE // side)))
