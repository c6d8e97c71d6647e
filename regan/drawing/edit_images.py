"""Starts and edits to latents, and these to images, as `regan edit` draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional, Sequence, Union

import numpy as np

from regan.base.typing import Progress
from regan.drawing import modes, starts
from regan.drawing.starts import Start
from regan.editing import boundary, edits
from regan.sampling import latents

if TYPE_CHECKING:
    from regan.components.basis import Basis
    from regan.networks.base_generator import BaseGenerator


def styles(generator: BaseGenerator, codes: np.ndarray, space: str) -> np.ndarray:
    """The latents of codes that edits have moved in a space, not truncated.

    Args:
        generator: open Generator.
        codes: float [..., L, D], or in 'z' [..., L, Z]: the z of each layer, which is mapped by itself, as in GANSpace.
        space: 'w' or 'z'.

    Returns:
        float32 [..., L, D].
    """
    if space == generator.latent_space:
        return codes
    flat = codes.reshape(-1, codes.shape[-1])
    mapped = {row.tobytes(): row for row in flat}  # Most layers share theirs.
    mapped = {key: generator.map(row[np.newaxis])[0] for key, row in mapped.items()}
    return np.stack([mapped[row.tobytes()] for row in flat]).reshape(codes.shape[:-1] + (-1,))  # [..., L, D]


def strips(
    generator: BaseGenerator, basis: Basis, seeds: Sequence[Start], moves: Sequence[edits.Edit], frames: int = 5
) -> np.ndarray:
    """Latents that go from -strength to +strength of an edit: a row for each start and edit.

    Args:
        generator: open Generator.
        basis: Basis of its W, or of its Z.
        seeds: list of Start: seeds, or latents of files.
        moves: list of edits.Edit of kind 'offset' or 'centred'.
        frames: of a row, at least 2.

    Returns:
        float32 [starts * moves, frames, L, D], all edits of the first start first; not truncated.

    Raises:
        UserError: an edit that does not fit the basis or the network, or leads to a target.
    """
    codes = [starts.codes(generator, start, basis.space) for start in seeds]  # [1, L, D] each
    rows = [edits.strip(one, basis, move, frames) for one in codes for move in moves]
    return styles(generator, np.stack(rows), basis.space)  # [rows, frames, L, D]


def sequences(
    generator: BaseGenerator, basis: Basis, seeds: Sequence[Start], moves: Sequence[edits.Edit]
) -> np.ndarray:
    """Latents before and after each of some edits, each applied to the result of the one before: a row for each start.

    Args:
        generator, basis, seeds: as for `strips`.
        moves: list of edits.Edit of any kind.

    Returns:
        float32 [starts, moves + 1, L, D], not truncated.

    Raises:
        UserError: an edit that does not fit the basis or the network.
    """
    rows = [edits.sequence(starts.codes(generator, start, basis.space), basis, moves) for start in seeds]
    return styles(generator, np.stack(rows), basis.space)  # [rows, moves + 1, L, D]


def boundary_rows(
    generator: BaseGenerator,
    normal: np.ndarray,
    seeds: Sequence[Start],
    distances: Union[Sequence[float], np.ndarray],
    space: str = 'w',
) -> np.ndarray:
    """Latents at absolute distances from the plane of a boundary, moved in all layers: a row for each start.

    Args:
        generator: open Generator.
        normal: float [D] of `boundary.resolve`.
        seeds: list of Start. All layers of one that has a latent for each move by the same, so that the mean of their
            distances is the one asked for.
        distances: float [F].
        space: 'w', or 'z' for codes of length sqrt(Z), in which the normal lies.

    Returns:
        float32 [starts, F, L, D], not truncated.

    Raises:
        UserError: a distance in z of a latent that is saved as w.
    """
    if space == 'z':
        z = boundary.to_sphere(np.concatenate([starts.z(generator, start) for start in seeds]))
        codes = boundary.move(z, normal, distances)  # [N, F, Z]
        dlatents = latents.broadcast(generator.map(codes.reshape(-1, codes.shape[2])), generator.num_layers)
        return dlatents.reshape(codes.shape[:2] + dlatents.shape[1:])
    dlatents = starts.together(generator, seeds)  # [N, L, D]
    same = [(one == one[0]).all() for one in dlatents]
    centres = np.stack([one[0] if is_one else one.mean(axis=0) for one, is_one in zip(dlatents, same)])  # [N, D]
    rows = [
        latents.broadcast(way, len(one)) if is_one else one + (way - centre)[:, np.newaxis]
        for one, centre, way, is_one in zip(dlatents, centres, boundary.move(centres, normal, distances), same)
    ]
    return np.stack(rows)  # [N, F, L, D]


def truncated(generator: BaseGenerator, dlatents: np.ndarray, settings: modes.Settings) -> np.ndarray:
    """Latents as they are drawn, one after the other: float [..., L, D] -> [N, L, D]. Truncation comes after all edits.

    Args:
        generator: open Generator.
        dlatents: float [..., L, D].
        settings: modes.Settings.
    """
    flat = dlatents.reshape((-1,) + dlatents.shape[-2:])  # [N, L, D]
    return generator.truncated(flat, settings.psi, settings.cutoff)


def draw(
    generator: BaseGenerator,
    dlatents: np.ndarray,
    settings: modes.Settings = modes.Settings(),
    progress: Optional[Progress] = None,
) -> np.ndarray:
    """The images of latents, truncated now. It also prepares the generator for the settings.

    Args:
        generator, dlatents, settings: as for `truncated`.
        progress: callable that gets the number of images done since its last call.

    Returns:
        uint8 [..., H, W, C].
    """
    settings.prepare(generator)
    images = generator.synthesize(truncated(generator, dlatents, settings), progress, conversion=settings.conversion)
    return images.reshape(dlatents.shape[:-2] + images.shape[1:])
