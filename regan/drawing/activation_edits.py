"""Edits that move the output of a layer along its components, as GANSpace's edit modes 'activation' and 'both' do.

With a the output of the layer, v the component in it and s its standard deviation there, `E(v, all) * strength` draws
with a + strength s v. A centred edit first moves a to the mean along v: a - <a - mean, v> v, with the product over the
whole layer. Edit mode 'both' moves the latents, too, as `edit_images` does, and then only these are centred.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, List, Optional, Sequence, Tuple

import numpy as np

from regan.base.errors import UserError
from regan.base.typing import Progress
from regan.drawing import edit_images, modes, starts
from regan.drawing.starts import Start
from regan.editing import edits
from regan.networks import layer_names

if TYPE_CHECKING:
    from regan.components.activations import ActivationBasis
    from regan.components.basis import Basis
    from regan.networks.base_generator import BaseGenerator

Moves = List[List[List[edits.Edit]]]  # [rows][frames]: each on top of the ones before.

EDIT_MODES = ('latent', 'activation', 'both')


def check(
    generator: BaseGenerator, basis: ActivationBasis, moves: Sequence[edits.Edit], edit_mode: str
) -> ActivationBasis:
    """The basis with our name of its layer, before minutes are spent.

    Args:
        generator: open Generator.
        basis: ActivationBasis of one of its layers.
        moves: list of edits.Edit.
        edit_mode: 'activation' or 'both'.

    Raises:
        UserError: the layer is not known, not there, or of another shape; an edit is a target, or in mode 'activation'
            has layers.
    """
    if not basis.layer:
        raise UserError(
            'the file of the components does not say of which layer they are; give it the name that GANSpace gives, '
            'with the layer in it'
        )
    layer = generator.layer_name(basis.layer)
    shape = (generator.dlatent_size,) if layer == layer_names.MAPPING else generator.layer_shapes[layer]
    if basis.mean.shape != shape:
        raise UserError(
            'the components have shape %s but layer %s has %s; they belong to another network'
            % (list(basis.mean.shape), layer, list(shape))
        )
    for move in moves:
        if move.kind == 'target':
            raise UserError(
                '%s leads to one place in latent space; activations take "E(...)" or "centred E(...)"' % move
            )
        if edit_mode == 'activation' and (move.start, move.end) not in ((0, None), (0, generator.num_layers)):
            raise UserError(
                '%s chooses layers of latents, and activations are those of %s alone; write E(v%d, all)'
                % (move, layer, move.component)
            )
        if move.component >= len(basis.components):
            raise UserError(
                '%s needs more components than there are: the basis has v0-v%d' % (move, len(basis.components) - 1)
            )
    return dataclasses.replace(basis, layer=layer)


def draw(
    generator: BaseGenerator,
    basis: ActivationBasis,
    latents_of_rows: np.ndarray,
    moves_of_rows: Moves,
    edit_mode: str,
    settings: modes.Settings = modes.Settings(),
    progress: Optional[Progress] = None,
) -> np.ndarray:
    """Images of rows of frames, each with its own moves of one layer. It also prepares the generator for the settings.

    Args:
        generator: open Generator.
        basis: ActivationBasis of `check`.
        latents_of_rows: float [rows, frames, L, D], not truncated, which in mode 'both' are moved.
        moves_of_rows: of `frames_of`, as the latents are.
        edit_mode: 'activation' or 'both'.
        settings: modes.Settings.
        progress: callable that gets the number of images done since its last call.

    Returns:
        uint8 [rows, frames, H, W, C].
    """
    settings.prepare(generator)
    rows, frames = latents_of_rows.shape[:2]
    flat = [move for row in moves_of_rows for move in row]
    dlatents = latents_of_rows.reshape((rows * frames,) + latents_of_rows.shape[2:])
    if basis.layer == layer_names.MAPPING:
        change = _changes(basis, dlatents[:, 0], flat, edit_mode)  # [N, D]
        moved = (dlatents + change[:, np.newaxis]).astype(dlatents.dtype)
        moved = edit_images.truncated(generator, moved, settings)
        images = generator.synthesize(moved, progress, conversion=settings.conversion)
    else:
        dlatents = edit_images.truncated(generator, dlatents, settings)
        outputs = generator.activations(dlatents, basis.layer) if _centres(flat, edit_mode) else None
        change = _changes(basis, outputs, flat, edit_mode)
        images = generator.synthesize_changed(dlatents, basis.layer, change, progress, settings.conversion)
    return images.reshape((rows, frames) + images.shape[1:])


def replaced(
    generator: BaseGenerator,
    dlatents: np.ndarray,
    source: np.ndarray,
    layer: str,
    conversion: str = 'round',
    progress: Optional[Progress] = None,
) -> np.ndarray:
    """Images of latents with the output of one layer put in the place of theirs: style mixing in GANSpace's notebook.

    What comes after the layer still takes the latents' own.

    Args:
        generator: open Generator.
        dlatents: float [N, L, D], truncated.
        source: float [1, L, D], whose output of the layer all get.
        layer: a name of `Generator.layer_shapes`, or the original's.
        conversion, progress: as of `Generator.synthesize`.

    Returns:
        uint8 [N, H, W, C].

    Raises:
        UserError: there is no such layer.
    """
    outputs = generator.activations(np.concatenate([source, dlatents]).astype(np.float32), layer)
    return generator.synthesize_changed(dlatents, layer, outputs[:1] - outputs[1:], progress, conversion)


def frames_of(
    generator: BaseGenerator,
    basis: Basis,
    seeds: Sequence[Start],
    moves: Sequence[edits.Edit],
    edit_mode: str,
    frames: Optional[int] = None,
) -> Tuple[np.ndarray, Moves]:
    """What `draw` takes, in the rows of `edit_images.strips`, or of `edit_images.sequences`.

    Args:
        generator: open Generator.
        basis: Basis of the latents.
        seeds: list of Start: seeds, or latents of files.
        moves: list of edits.Edit.
        edit_mode: 'activation' or 'both'.
        frames: of a strip; None: a sequence.

    Returns:
        (latents float32 [rows, frames, L, D], what the layer takes in each frame).
    """
    if frames is None:
        taken = [[list(moves[:count]) for count in range(len(moves) + 1)]] * len(seeds)
        latent_rows = edit_images.sequences
    else:
        steps = np.linspace(-1, 1, frames)
        taken = [[[dataclasses.replace(move, strength=move.strength * t)] for t in steps] for move in moves] * len(
            seeds
        )
        latent_rows = functools.partial(edit_images.strips, frames=frames)
    if edit_mode == 'both':
        return latent_rows(generator, basis, seeds, moves), taken
    dlatents = np.concatenate([starts.w(generator, start) for start in seeds])  # [starts, L, D]
    dlatents = np.repeat(dlatents, len(taken) // len(seeds), axis=0)  # [rows, L, D]
    return np.repeat(dlatents[:, np.newaxis], len(taken[0]), axis=1), taken


def _centres(moves_of_frames, edit_mode):
    return edit_mode == 'activation' and any(move.kind == 'centred' for moves in moves_of_frames for move in moves)


def _changes(basis, outputs, moves_of_frames, edit_mode):
    """What is added to the layer in each frame, float32 [N, ...]. Args: outputs, those without; None if not needed."""
    changes = np.zeros((len(moves_of_frames),) + basis.mean.shape)
    for i, moves in enumerate(moves_of_frames):
        for move in moves:
            component = basis.components[move.component].astype(np.float64)
            way = move.strength * (float(basis.latent.act_stdev[move.component]) if move.unit == 'stdev' else 1.0)
            if move.kind == 'centred' and edit_mode == 'activation':
                way -= np.vdot(outputs[i] + changes[i] - basis.mean, component)
            changes[i] += way * component
    return changes.astype(np.float32)
