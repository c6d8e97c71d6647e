"""The picture of a view: what `regan render` writes, and what the explorer shows in the end, byte for byte.

Each tile is drawn alone, since a minibatch of many can have other last bits than one of a single image; so every tile
of a strip or grid is the picture of its own view.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from regan.base.typing import PathLike, Progress
from regan.drawing import modes
from regan.drawing.seed_images import PER_IMAGE, noise_of
from regan.networks.labels import Label
from regan.pictures import images
from regan.views import bases, document, latents
from regan.views.document import Show, View
from regan.views.files import Files

if TYPE_CHECKING:
    from regan.components.basis import Basis
    from regan.networks.base_generator import BaseGenerator


class Tile(NamedTuple):
    """One image of a picture.

    Attributes:
        dlatents: float32 [L, D], truncated.
        settings: modes.Settings, of which noise and conversion are still to be applied.
        seed: of the latent; None: it comes from a file.
        label: class, of a network whose layers take it; None: that of the network.
    """

    dlatents: np.ndarray
    settings: modes.Settings
    seed: Optional[int] = None
    label: Optional[Label] = None


def tiles(
    view: View,
    generator: BaseGenerator,
    files: Files,
    directions: latents.Directions,
    start: Optional[np.ndarray] = None,
) -> List[Tile]:
    """The images that a view shows, in the order in which `arranged` wants them.

    Args:
        view: View, which fits the network (see `document.fit`).
        generator: open Generator; it maps, and draws nothing yet.
        files: those that the view names.
        directions: latents.Directions.
        start: `latents.starts` of the view, if the caller has them.

    Raises:
        UserError: a file, component, named edit or boundary that is not there or does not fit.
    """
    settings = latents.settings(view, generator)
    found = [
        Tile(dlatents, settings, view.latents[index].seed, view.label)
        for index, group in codes(view, generator, files, directions, start)
        for dlatents in latents.truncated(group, generator, settings)
    ]
    if view.show.kind not in ('wipe', 'side'):
        return found
    if view.show.other:
        return tiles(view.show.other, generator, files, directions) + found
    before = _started(view, view.show.latent or 0, generator, files, start)
    drawn = latents.truncated(before, generator, settings)[0]
    return [Tile(drawn, settings, found[0].seed, view.label)] + found


def codes(
    view: View,
    generator: BaseGenerator,
    files: Files,
    directions: latents.Directions,
    start: Optional[np.ndarray] = None,
) -> List[Tuple[int, np.ndarray]]:
    """The latents of the images that a view shows (of a wipe, and of two side by side, that on the right), not
    truncated: list of (index among the view's latents, float32 [F, L, D]), in order. Args and Raises: see `tiles`.
    """
    show = view.show
    if show.kind == 'grid':
        columns = [_started(view, index, generator, files, start) for index in range(len(view.latents))]  # [1, L, D]
        rows = [columns] + [[latents.edited(view, one, directions, [edit]) for one in columns] for edit in view.active]
        return [(index, one) for row in rows for index, one in enumerate(row)]
    one = _started(view, show.latent or 0, generator, files, start)
    make = latents.strip if show.kind == 'strip' else latents.edited
    return [(show.latent or 0, make(view, one, directions))]


def _started(view, index, generator, files, start):
    """The latent of an index, [1, L, D], one of `start` if the caller has them."""
    return latents.start(view, index, generator, files) if start is None else start[index : index + 1]


def shown(wanted: Sequence[Tile], generator: BaseGenerator, progress: Optional[Progress] = None) -> List[np.ndarray]:
    """The image of each tile, uint8 [H, W, C], drawn alone: those of a strip are the frames of its video.

    It also chooses the noise of the generator.

    Args:
        wanted: list of Tile.
        generator: open Generator.
        progress: callable that gets the number of images done since its last call.
    """
    done: List[np.ndarray] = []
    chosen: Optional[Tuple[modes.Settings, Optional[Label]]] = None
    for tile in wanted:
        if (tile.settings, tile.label) != chosen or tile.settings.noise == PER_IMAGE:
            prepare(tile, generator)
            chosen = tile.settings, tile.label
        done.append(generator.synthesize(tile.dlatents[np.newaxis], progress, tile.settings.conversion)[0])
    return done


def prepare(tile: Tile, generator: BaseGenerator) -> None:
    """Sets what the generator keeps for all that it draws next, such as noise and class, as a tile wants it."""
    generator.set_label(tile.label)
    if tile.settings.noise != PER_IMAGE or tile.seed is None:
        tile.settings.prepare(generator)
    else:
        generator.instance_norm_epsilon = tile.settings.instance_norm_epsilon
        generator.set_noise(noise_of(generator, tile.seed))


def arranged(view: View, parts: Sequence[np.ndarray]) -> np.ndarray:
    """The picture of a view, uint8 [H, W, C], of its tiles, uint8 [h, w, C] each, without gaps."""
    kind = view.show.kind
    if kind == 'single':
        return parts[0]
    if kind == 'wipe':
        return wiped(view.show, parts[0], parts[1])
    if kind == 'grid':
        return images.sheet(np.stack(parts), view.show.columns or len(view.latents))
    return images.strip(np.stack(parts))


def wiped(show: Show, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The left part of one image beside the right part of another, [H, W, C] each; the line is at floor(at * W + 0.5)
    pixels.
    """
    column = int(np.floor((show.at or 0.0) * left.shape[1] + 0.5))
    return np.concatenate([left[:, :column], right[:, column:]], axis=1)


def fitted_directions(
    view: View, generator: BaseGenerator, files: Files, basis_file: Optional[PathLike] = None
) -> Tuple[latents.Directions, Optional[str]]:
    """What the edits of a view move along on a network, which is checked to fit.

    Args:
        view: View.
        generator: open Generator.
        files: those that the view names.
        basis_file: with components, instead of those of the view from the cache or computed.

    Returns:
        (latents.Directions; a sentence if the components are not those that the view was made with, or None).

    Raises:
        UserError: the view does not fit the network, or its components cannot be had.
    """
    facts = document.facts_of(generator)
    document.fit(view, dict(facts, components=None))
    basis, remark = bases.find(view, generator, basis_file)
    document.fit(view, dict(facts, components=basis and len(basis.components)))
    return latents.Directions(generator, basis, files), remark


def image(view: View, generator: BaseGenerator, basis: Optional[Basis], files: Files) -> np.ndarray:
    """The picture of a view, uint8 [H, W, C].

    Args:
        view: View, which fits the network (see `document.fit`).
        generator: open Generator.
        basis: Basis of its W, or None where `bases.are_needed` says that none is needed.
        files: those that the view names.

    Raises:
        UserError: as `tiles`.
    """
    wanted = tiles(view, generator, files, latents.Directions(generator, basis, files))
    return arranged(view, shown(wanted, generator))
