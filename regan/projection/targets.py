"""The pictures that are looked for, as squares of a network's resolution, and what was done to each for it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from PIL import Image

from regan.base.errors import UserError
from regan.base.typing import PathLike
from regan.data import sources
from regan.drawing import seed_images
from regan.pictures import alignment, reading

if TYPE_CHECKING:
    from regan.networks.generator import Generator

ENLARGED = 8  # A picture may be at most so many times smaller than the network's.


class Target(NamedTuple):
    """One picture.

    Attributes:
        name: of its files.
        image: float32 [C, R, R] in [-1, 1].
        facts: JSON-able dict: where it is from, and what was done.
    """

    name: str
    image: np.ndarray
    facts: Dict[str, Any]

    @property
    def picture(self) -> np.ndarray:
        """The image as uint8 [R, R, C]."""
        levels = np.floor(np.clip(self.image * np.float32(127.5) + 128, 0, 255))
        return levels.transpose(1, 2, 0).astype(np.uint8)

    @property
    def sha256(self) -> str:
        """Of the image, 64 hexadecimal digits."""
        return hashlib.sha256(np.ascontiguousarray(self.image).tobytes()).hexdigest()

    @property
    def said(self) -> str:
        """What was done, in a sentence; '' for nothing."""
        changes = self.facts.get('changes')
        return '%s: %s' % (self.name, ', '.join(changes)) if changes else ''


def drawn(generator: Generator, seeds: Sequence[int], psi: float) -> List[Target]:
    """The images of seeds, as StyleGAN2's tool projects them: each with noise images from its own RandomState, after z.

    Args:
        generator: open Generator; its noise is the stored one afterwards.
        seeds: list of int.
        psi: truncation.
    """
    targets, plan = [], seed_images.Plan(seed_images.PER_IMAGE, psi)
    for seed in seeds:
        dlatents = seed_images.styles(generator, plan, [seed])
        generator.set_noise(seed_images.noise_of(generator, seed))
        targets.append(Target('seed%04d' % seed, generator.render(dlatents)[0], dict(image_seed=seed, image_psi=psi)))
    generator.set_noise('stored')
    return targets


def read(
    paths: Sequence[PathLike], resolution: int, num_channels: int, align: Optional[PathLike] = None
) -> List[Target]:
    """The pictures of files, and of folders and zip files with all that is in them.

    Args:
        paths: of them.
        resolution: R of the network.
        num_channels: C of the network, 1 or 3.
        align: landmarks, see `regan.pictures.alignment.Aligner`; None: the middle square is taken.

    Raises:
        UserError: a file is missing, no picture, or too small; two have one name; or the landmarks are wrong.
    """
    if num_channels not in (1, 3):
        raise UserError(
            'the network draws images with %d channels; pictures have 1 (grey) or 3 (RGB), so none can be looked for'
            % num_channels
        )
    found = list(_files(paths))
    aligner = None if align is None else alignment.Aligner(align)
    if aligner is not None and aligner.is_for_one and len(found) > 1:
        raise UserError(
            '%s has the landmarks of one picture, but there are %d; give a folder with one file for each'
            % (align, len(found))
        )
    targets = []
    for where, source in found:
        try:
            targets += _of_file(where, source, resolution, num_channels, aligner)
        except reading.UnreadablePicture as error:
            raise UserError('%s: %s; give a picture such as a PNG or JPEG file' % (where, error)) from None
        except UserError as error:
            raise UserError('%s: %s' % (where, error)) from None
    check_names(targets)
    return targets


def check_names(targets: Sequence[Target]) -> None:
    """Raises UserError if two targets would write the same files."""
    names = [target.name for target in targets]
    twice = [target for target in targets if names.count(target.name) > 1]
    if twice:
        raise UserError(
            'two pictures are called %s: %s and %s; rename one, or project them into different folders'
            % (twice[0].name, twice[0].facts['image'], twice[1].facts['image'])
        )


def _files(paths: Sequence[PathLike]) -> Iterator[Tuple[str, Any]]:
    """(name for messages, what `reading` takes) of each picture."""
    for path in map(Path, paths):
        if path.is_file() and path.suffix.lower() != '.zip':
            yield str(path), path
        elif path.exists():
            images = sources.Images(path)
            for name in images.names:
                yield str(path / name), images.open(name)
        else:
            raise UserError('there is no picture %s, nor a folder; check the name' % path)


def _of_file(where, source, resolution, num_channels, aligner):
    """The Targets of one file: several where a detector finds several faces."""
    picture = reading.read(source)
    image, changes = picture.image, list(picture.changes)
    facts = dict(image=where, size=list(image.size))
    wanted = {1: 'L', 3: 'RGB'}[num_channels]
    if image.mode != wanted:
        changes.append('colours to grey, as the network draws' if wanted == 'L' else 'grey to RGB')
        image = image.convert(wanted)
    stem = Path(where).stem
    if aligner is None:
        squared, how = _middle(image, resolution)
        return [Target(stem, _pixels(squared), dict(facts, changes=changes + how))]
    faces, landmarks = aligner.faces(where, image)
    numbered = len(faces) > 1
    return [
        Target(
            '%s_%02d' % (stem, i) if numbered else stem,
            _pixels(alignment.aligned(image, face, resolution)),
            dict(facts, changes=changes + ['aligned by landmarks'], landmarks=landmarks),
        )
        for i, face in enumerate(faces, 1)
    ]


def _middle(image: Image.Image, resolution: int) -> Tuple[Image.Image, List[str]]:
    """The middle square of an image in the network's resolution, and what was done."""
    width, height = image.size
    side = min(width, height)
    if side * ENLARGED < resolution:
        raise UserError(
            'it has %d x %d pixels, too few for a network of %d x %d; give a picture of at least %d pixels a side'
            % (width, height, resolution, resolution, -(-resolution // ENLARGED))
        )
    changes = []
    if width != height:
        left, top = (width - side) // 2, (height - side) // 2
        image = image.crop((left, top, left + side, top + side))
        changes.append('middle square of %d x %d' % (width, height))
    if side != resolution:
        image = image.resize((resolution, resolution), Image.LANCZOS)
        changes.append('%s from %d to %d pixels' % ('enlarged' if side < resolution else 'reduced', side, resolution))
    return image, changes


def _pixels(image):
    """A PIL image as float32 [C, R, R] in [-1, 1]."""
    pixels = np.asarray(image, np.float32)
    pixels = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    return pixels / np.float32(127.5) - 1
