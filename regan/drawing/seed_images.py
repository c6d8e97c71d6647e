"""Seeds, and latents of files, to images, as `regan generate` draws them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Iterable, Iterator, Mapping, NamedTuple, Optional, Sequence, Union

import numpy as np

from regan.base import background
from regan.base.errors import UserError
from regan.base.typing import PathLike, Progress
from regan.drawing import captions, starts
from regan.drawing.starts import Start
from regan.pictures import images, pages

if TYPE_CHECKING:
    from regan.networks.base_generator import BaseGenerator

PER_IMAGE = (
    'seed'  # A choice of noise that `regan.sampling.noise` does not know: from each image's own generator, after z.
)


class Plan(NamedTuple):
    """How to draw.

    Attributes:
        noise: a choice of `regan.sampling.noise`, or PER_IMAGE.
        psi, cutoff: see `latents.truncate`.
        conversion: see `Generator.synthesize`.
        instance_norm_epsilon, statistics: see `modes.Settings`.
    """

    noise: Union[str, dict] = 'stored'
    psi: float = 0.7
    cutoff: Optional[int] = None
    conversion: str = 'round'
    instance_norm_epsilon: Optional[float] = None
    statistics: Optional[str] = None


def draw(generator: BaseGenerator, plan: Plan, seeds: Sequence[Start]) -> Iterator[np.ndarray]:
    """Yields the image of each start, uint8 [H, W, C], drawn in minibatches, unless each has noise of its own."""
    generator.instance_norm_epsilon = plan.instance_norm_epsilon
    generator.set_truncation(plan.psi, plan.statistics)
    if plan.noise != PER_IMAGE:
        generator.set_noise(plan.noise)
    step = 1 if plan.noise == PER_IMAGE else generator.images_at_once
    for begin in range(0, len(seeds), step):
        batch = seeds[begin : begin + step]
        dlatents = styles(generator, plan, batch)
        if plan.noise == PER_IMAGE:
            generator.set_noise(noise_of(generator, batch[0]))
        yield from generator.synthesize(dlatents, conversion=plan.conversion)


def noise_of(generator: BaseGenerator, start: Start) -> np.random.RandomState:
    """What the noise of PER_IMAGE is drawn from: the generator of a seed, after z. Raises UserError where none is."""
    if isinstance(start, starts.Saved):
        raise UserError(
            '%s has no seed, from which each image draws its noise; choose another noise than %s'
            % (captions.of_start(start), PER_IMAGE)
        )
    random = np.random.RandomState(start)
    random.randn(generator.latent_size)
    return random


def pngs(generator: BaseGenerator, plan: Plan, seeds: Sequence[Start]) -> Iterator[bytes]:
    """Yields the PNG file of each start's image, as bytes, compressed in another thread while the next ones are
    drawn.
    """
    return background.behind(images.png, draw(generator, plan, seeds), buffered=2 * generator.images_at_once)


def save(
    folder: PathLike,
    seeds: Sequence[Start],
    contents: Iterable[bytes],
    in_grid: bool = True,
    progress: Optional[Progress] = None,
    texts: Optional[Mapping[str, str]] = None,
    columns: Optional[int] = None,
    plain: bool = False,
) -> None:
    """Writes a PNG for each start, named by `starts.stems`, and grid.png with all of them.

    Args:
        folder: path, made if missing.
        seeds: list of Start: seeds, or latents of files.
        contents: iterable of PNG files as bytes, in the order of the starts; a file is written as soon as it comes.
        in_grid: False leaves the grid out, and nothing is kept in memory.
        progress: callable that gets the number of images done since its last call.
        texts: that the grid of several images carries, see `images.png`.
        columns: of the grid; None: nearly as many as rows if it is plain, else see `pages.sheet`.
        plain: the grid has the images only, and does not say whose they are.
    """
    kept = []
    for stem, content in zip(starts.stems(seeds), contents):
        images.save_bytes(Path(folder) / (stem + '.png'), content)
        kept += [content] if in_grid else []
        if progress:
            progress(1)
    if len(kept) == 1 and plain:
        images.save_bytes(Path(folder) / 'grid.png', kept[0])
    elif kept:
        pictures = np.stack([images.read_png(io.BytesIO(content)) for content in kept])  # [N, H, W, C]
        names = [captions.of_start(start) for start in seeds]
        page = images.sheet(pictures, columns) if plain else pages.sheet(pictures, names, columns=columns)
        images.save_png(Path(folder) / 'grid.png', page, texts)


def styles(generator: BaseGenerator, plan: Plan, seeds: Sequence[Start]) -> np.ndarray:
    """The dlatents of some starts as they are drawn, truncated: float32 [N, L, D]."""
    generator.set_truncation(plan.psi, plan.statistics)
    dlatents = np.concatenate([starts.w(generator, start) for start in seeds])
    return generator.truncated(dlatents, plan.psi, plan.cutoff)
