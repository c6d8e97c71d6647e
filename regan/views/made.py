"""The views of the pictures that the commands make, so that each of them can be opened in the explorer.

A view is of one latent with one stack of edits, a strip, or a grid; pictures of commands can be more. A picture with
several rows carries the view of its first one, and has the other latents and edits at hand: the latents beside the
shown one, the edits switched off. What goes beyond the bounds of a view is left out, and a picture whose first image no
view can say (an edit of more than 100 standard deviations, a seed of PyTorch's above 2**32 - 1) carries none.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, NamedTuple, Optional, Sequence

import numpy as np

from regan.base import artefacts, json_records
from regan.base.errors import UserError
from regan.base.typing import PathLike
from regan.drawing import modes, starts
from regan.drawing.starts import Start
from regan.editing import mixing, saved_edits
from regan.editing.edit_choices import EditChoice
from regan.networks import models
from regan.views import bases, document
from regan.views.document import FIXED, LONGEST_NAME, MOST_CELLS, MOST_EDITS, MOST_LATENTS, View

if TYPE_CHECKING:
    from regan.components.basis import Basis
    from regan.networks.base_generator import BaseGenerator

_FRAMES = document.limits()['view']['show']['keys']['frames']


class Origin(NamedTuple):
    """What the pictures of a command share.

    Attributes:
        network: as it was asked for, a registered name or a path.
        generator: BaseGenerator, of which sha256 counts.
        settings: modes.Settings.
        basis: Basis of the network's own components, or None.
    """

    network: PathLike
    generator: BaseGenerator
    settings: modes.Settings
    basis: Optional[Basis] = None


def rows(
    origin: Origin, seeds: Sequence[Start], choices: Sequence[EditChoice], frames: Optional[int] = None
) -> Optional[View]:
    """The view of a picture with rows of images.

    Args:
        origin: Origin.
        seeds: list of Start: seeds, or latents of files.
        choices: list of EditChoice.
        frames: of strips, a row for each start and edit: the view is of the first row, or where a strip may not have so
            many frames, of its last image. None: sequences, a row for each start, with the latent before and after each
            of the edits: the view has both images of a single edit, and of several the last one of the first row.
    """
    if frames is None:
        return _view(origin, seeds, choices, dict(kind='side' if len(choices) == 1 else 'single'), on=len(choices))
    is_strip = _FRAMES['low'] <= frames <= _FRAMES['high']
    return _view(origin, seeds, choices, dict(kind='strip', frames=frames) if is_strip else dict(kind='single'), on=1)


def tables(origin: Origin, seeds: Sequence[Start], choices: Sequence[EditChoice]) -> Optional[View]:
    """The view of a picture with a column for each start: the latents as they are, and below them a row for each edit.
    Where a grid may not be so large, its first image.
    """
    if len(seeds) <= MOST_LATENTS and len(seeds) * (1 + len(choices)) <= MOST_CELLS:
        return _view(origin, seeds, choices, dict(kind='grid'), on=len(choices))
    return _view(origin, seeds, choices, dict(kind='single'), on=0)


def sheets(origin: Origin, seeds: Sequence[Start], columns: Optional[int] = None) -> Optional[View]:
    """The view of a picture with the images of some starts, as `images.sheet` arranges them. Where a grid may not be so
    large, its first image.
    """
    if len(seeds) == 1 or len(seeds) > MOST_LATENTS:
        return _view(origin, seeds, [], dict(kind='single'), on=0)
    columns = min(columns or int(np.ceil(np.sqrt(len(seeds)))), len(seeds))
    return _view(origin, seeds, [], dict(kind='grid', columns=columns), on=0)


def mixtures(
    origin: Origin, rows: Sequence[Start], columns: Sequence[Start], layers: Sequence[mixing.Layers]
) -> Optional[View]:
    """The view of a table of mixtures: these without the latents that they are made of, or the first one of more than a
    grid may have.

    Args:
        origin: Origin.
        rows, columns: lists of Start.
        layers: a set for each row.
    """
    mixed = [
        dict(mix=dict(row=starts.fact(row), column=starts.fact(column), layers=mixing.ranges(own)))
        for row, own in zip(rows, layers)
        for column in columns
    ]
    if 1 < len(mixed) <= MOST_LATENTS:
        return _of_latents(origin, mixed, [], dict(kind='grid', columns=len(columns)), on=0)
    return _of_latents(origin, mixed, [], dict(kind='single'), on=0)


def _view(origin, seeds, choices, show, on):
    """The View with these starts and edits, of which the first `on` are on; None if there is none."""
    return _of_latents(origin, [starts.fact(start) for start in seeds], choices, show, on)


def _of_latents(origin, latents, choices, show, on):
    """As `_view`, of latents as a document has them."""
    settings = origin.settings
    if origin.basis is not None and origin.basis.space != origin.generator.latent_space:
        return None
    try:
        facts: Dict[str, Any] = dict(
            network=_network(origin),
            latents=latents[:MOST_LATENTS],
            label=document.plain(getattr(origin.generator, 'label', None)),
            edits=[_edit(choice, i < on) for i, choice in enumerate(choices[:MOST_EDITS])],
            psi=settings.psi,
            cutoff=settings.cutoff,
            noise=document.plain(document.Noise.of(settings.noise)),
            compat=settings.mode or FIXED,
            conversion=_conversion(settings),
            statistics=settings.statistics,
            show=show,
        )
        if choices and origin.basis is not None and len(origin.basis.components):
            facts.update(basis=document.plain(bases.name(origin.basis)))
        return document.parse(dict(facts, regan_view=document.VERSION))
    except UserError:
        return None


def _network(origin):
    name = str(origin.network)
    if models.find(name) is None:
        name = Path(name).name
    return dict(name=json_records.fitted(name, LONGEST_NAME), sha256=origin.generator.sha256)


def _conversion(settings):
    """The conversion, unless it is that of the mode."""
    usual = modes.MODES[settings.mode].conversion if settings.mode else 'round'
    return None if settings.conversion == usual else settings.conversion


def _edit(choice, on):
    edit = choice.edit
    facts = dict(
        layers=None if edit.end is None else [[edit.start, edit.end]],
        mode=edit.kind,
        unit=edit.unit,
        amount=float(edit.strength),
        invert=edit.invert,
        on=on,
        name=json_records.fitted(edit.name, LONGEST_NAME),
    )
    if not isinstance(choice.source, saved_edits.SavedEdit):
        return dict(facts, direction=dict(component=edit.component))
    path = saved_edits.arrays_path(choice.name)
    return dict(
        facts,
        direction=dict(file=path.name, sha256=artefacts.sha256_file(path), row=0),
        unit='raw',
        amount=float(edit.strength) * float(np.float32(choice.source.stdev)),
    )
