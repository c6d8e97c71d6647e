"""What the panels of the StyleGAN study's figures have besides: style mixing, uncurated sheets, noise, truncation."""

import dataclasses
from typing import Optional, Tuple

from regan.base import json_records
from regan.base.errors import UserError
from regan.base.json_records import declared, integer, key, sequence, text
from regan.drawing import noise_images
from regan.editing import mixing
from regan.sampling import latents
from regan.sampling import noise as noises

_EDGE = integer(0)
MOST_HALVINGS = 8
PICTURES = 'REGAN_PICTURES'  # Variable of the environment: a folder of one's own pictures.


def _box(value, where):
    """Rule: a list [left, top, right, bottom] of pixels, right and bottom not included."""
    left, top, right, bottom = _four(value, where)
    if not (left < right and right - left == bottom - top):
        raise json_records.refuse(where, 'a square [left, top, right, bottom]', value)
    return left, top, right, bottom


def _four(value, where):
    if not isinstance(value, list) or len(value) != 4:
        raise json_records.refuse(where, 'a square [left, top, right, bottom]', value)
    return tuple(_EDGE(edge, '%s[%d]' % (where, i)) for i, edge in enumerate(value))


@dataclasses.dataclass(frozen=True)
@declared
class Mixing:
    """Style mixing: a row for each seed of the panel, which takes some layers of each column."""

    columns: Tuple[int, ...] = key(sequence(latents.SEED), 'seeds of the latents whose layers are taken')
    layers: str = key(text, 'one set of layers for all rows, or one for each, see `mixing.parse_layers`')


@dataclasses.dataclass(frozen=True)
@declared
class Uncurated:
    """A sheet of many images, which get smaller from column to column; see `arrangements.multiscale`."""

    rows: int = key(integer(1), 'images of full size below each other')
    levels: Tuple[int, ...] = key(
        sequence(integer(0, MOST_HALVINGS)), 'how many times the images of each column are halved'
    )


@dataclasses.dataclass(frozen=True)
@declared
class NoiseDetail:
    """What noise changes: one latent with many noise images, close up, and how much each pixel deviates."""

    renderings: int = key(integer(5), 'images of each seed, each with noise of its own')
    box: Tuple[int, int, int, int] = key(_box, 'what the close-ups show: [left, top, right, bottom] in pixels')


@dataclasses.dataclass(frozen=True)
@declared
class NoiseLayers:
    """What the noise of some layers changes: for each set of layers an image that has no other noise."""

    layers: Tuple[str, ...] = key(sequence(text), 'sets of layers, see `mixing.parse_layers`; "none" is no noise')
    quadrants: bool = key(json_records.flag, 'whether four images become one, a quarter of each', default=False)
    mirrored: Tuple[int, ...] = key(sequence(latents.SEED, empty=True), 'seeds whose images are mirrored', default=())

    def __post_init__(self) -> None:
        if self.quadrants and len(self.layers) != 4:
            raise UserError('quadrants are of four sets of layers, not %d' % len(self.layers))


@dataclasses.dataclass(frozen=True)
@declared
class Own:
    """Pictures that the network has not drawn, and how their latents are looked for. The panel's seeds, and those of a
    mixing, are numbers of pictures then.
    """

    pictures: int = key(integer(1), 'how many there are')
    method: str = key(json_records.choice('stylegan2', 'puzer', 'adam'), 'of `regan.projection.methods`')
    steps: int = key(integer(1), 'of the method')
    world: Optional[str] = key(text, 'that renders them; None: those of the folder $%s' % PICTURES, None)
    seed: int = key(latents.SEED, 'of the renders, other than that of the training data', 0)


PSIS = sequence(json_records.number(-1, 1))


def check_mixing(panel_mixing: Mixing, rows: int, num_layers: int) -> None:
    """Checks that a network has the layers of a mixing, and that there is a set for each row.

    Raises UserError.
    """
    mixing.for_rows(mixing.parse_layers(panel_mixing.layers, num_layers), rows)


def check_own(own: Own, used: Tuple[int, ...]) -> None:
    """Checks that the pictures whose numbers are used are there. Raises UserError."""
    if max(used) >= own.pictures:
        raise UserError('picture %d is used, but there are pictures 0-%d' % (max(used), own.pictures - 1))


def check_uncurated(sheet: Uncurated, seeds: int, resolution: int) -> None:
    """Checks that a sheet has one seed and that something is left of its smallest images. Raises UserError."""
    if seeds != 1:
        raise UserError('a sheet has one seed for all of its latents, not %d' % seeds)
    if resolution >> max(sheet.levels) < 1:
        raise UserError('level %d leaves nothing of %d pixels' % (max(sheet.levels), resolution))


def check_detail(detail: NoiseDetail, resolution: int, noise: noises.Choice) -> None:
    """Checks that close-ups fit images, enlarged by a whole number to half of their side, and that there is new noise
    for each. Raises UserError.
    """
    if not noise_images.is_fresh(noise):
        raise UserError(
            'noise %s is the same in every image, but its detail is what changes; choose one of NumPy, such as numpy:0'
            % noises.notation(noise)
        )
    left, top, right, bottom = detail.box
    if max(right, bottom) > resolution or resolution % (2 * (right - left)):
        raise UserError(
            'box %s must be within %d pixels, and a whole number of times its side must be half of them'
            % (list(detail.box), resolution)
        )
