"""Walks: what changes from frame to frame of a video, and the frames.

A walk goes through latents on a path of `regan.editing.paths`, or keeps its latents and changes their truncation or
their noise images. Frames are drawn in minibatches that always begin at the same frames, so that a walk which was
interrupted ends with the bits of one that was not.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Callable, Iterator, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from regan.base.errors import UserError
from regan.base.typing import Progress
from regan.drawing import edit_images, modes, starts
from regan.drawing.starts import Start
from regan.editing import edits, pace, paths
from regan.pictures import images
from regan.pictures.averaging import shrink
from regan.sampling import latents, noise

if TYPE_CHECKING:
    from regan.components.basis import Basis
    from regan.networks.base_generator import BaseGenerator

VARIES = ('latents', 'truncation', 'noise')
INTERPOLATIONS = ('smooth', 'linear', 'spherical')
LARGEST_FRAME = 2**26  # Pixels.


class Course(NamedTuple):
    """What changes along a walk.

    Attributes:
        vary: 'latents', 'truncation' or 'noise'.
        interpolation: between latents: 'smooth' or 'linear' in the space of the layers, or 'spherical' in Z; None:
            'smooth' in W, and 'spherical' where layers take z.
        loop: whether latents lead back to the first one; truncation and noise always come back.
        psi: of truncation, between which it swings.
        noise_seeds: of noise, the seeds of the images that it goes through, at least two.
    """

    vary: str = 'latents'
    interpolation: Optional[str] = None
    loop: bool = False
    psi: Tuple[float, float] = (-1.0, 1.0)
    noise_seeds: Sequence[int] = (0, 1, 2, 3)


class Moves(NamedTuple):
    """Edits on top of all frames: a Basis of W or Z, and a list of edits.Edit along it; None and none at all."""

    basis: Optional[Basis] = None
    edits: Sequence[edits.Edit] = ()


class Walk:
    """A walk on one network.

    Args:
        generator: open Generator.
        some: list of Start: the keys of a path, or what is shown side by side while truncation or noise change.
        course: Course.
        settings: modes.Settings.
        moves: Moves.
        size: pixels of a side of a tile; None: as the network draws it.

    Attributes:
        end: the place at which the walk ends, see `paths`.
        loop: whether it is back at its first frame there.
        tiles: images in a frame.

    Raises:
        UserError: what is asked for does not go together, or a size that is no whole part or multiple of the
            network's.
    """

    end: float
    loop: bool
    tiles: int

    def __init__(
        self,
        generator: BaseGenerator,
        some: Sequence[Start],
        course: Course,
        settings: modes.Settings,
        moves: Moves = Moves(),
        size: Optional[int] = None,
    ) -> None:
        self._generator, self._course, self._settings, self._moves = generator, course, settings, moves
        self._space = generator.latent_space if moves.basis is None else moves.basis.space
        self._interpolation = course.interpolation or usual(generator)
        _check(generator, course)
        self._sized = sizing(generator.resolution, size)
        settings.prepare(generator)
        if course.vary == 'latents':
            if len(some) < 2:
                raise UserError('a walk goes between latents, and there is one; give another, or vary something else')
            self.tiles, self.loop, self.end = 1, course.loop, paths.length(len(some), course.loop)
            self._path = self._through(some)
        else:
            self.tiles, self.loop = len(some), True
            self.end = 1.0 if course.vary == 'truncation' else float(len(course.noise_seeds))
            codes = np.concatenate([starts.codes(generator, start, self._space) for start in some])
            self._fixed = self._styles(codes)  # [T, L, D]
        if course.vary == 'noise':
            self._noises = self._drawn_noises(course.noise_seeds)
        side = size or generator.resolution
        if self.tiles * side**2 > LARGEST_FRAME:
            raise UserError('a frame would have %d images of %d x %d; take fewer' % (self.tiles, side, side))

    def _through(self, some):
        """The path through keys: places [F] -> codes [F, L, D or Z]."""
        generator, course = self._generator, self._course
        if self._interpolation == 'spherical':
            z = np.concatenate([starts.z(generator, start) for start in some])
            return lambda at: latents.broadcast(paths.spherical(z, course.loop)(at), generator.num_layers)
        if self._space != generator.latent_space:
            raise UserError(
                'the edits move z, and a %s walk goes through W; take a spherical one' % self._interpolation
            )
        keys = np.concatenate([starts.w(generator, start) for start in some])
        return {'smooth': paths.smooth, 'linear': paths.linear}[self._interpolation](keys, course.loop)

    def _drawn_noises(self, seeds):
        """The noise images of each seed, lists of float32 [1, 1, H, W]."""
        generator = self._generator
        values = generator.synthesis_values()
        shapes = [value.shape for name, value in values.items() if name.startswith('noise')]
        return [noise.images({'numpy_seed': seed}, shapes, generator.generation) for seed in seeds]

    # ---------------------------------------------------------------- latents

    def dlatents(self, at: np.ndarray) -> np.ndarray:
        """The latents of frames with their edits, float32 [F, T, L, D]; not truncated.

        Args:
            at: float [F], places.
        """
        if self._course.vary != 'latents':
            return np.repeat(self._fixed[np.newaxis], len(at), axis=0)
        codes = self._path(at).astype(np.float32)
        if self._interpolation == 'spherical' and self._space != 'z':
            codes = edit_images.styles(self._generator, codes, 'z')
        return self._styles(codes)[:, np.newaxis]

    def _styles(self, codes):
        basis, moves = self._moves
        if basis is not None:
            for move in moves:
                codes = edits.apply(codes, basis, move)
        return edit_images.styles(self._generator, codes, self._space)

    def psis(self, at: np.ndarray) -> np.ndarray:
        """The truncation of frames, float64 [F]. Args: at, places."""
        if self._course.vary != 'truncation':
            return np.full(len(at), self._settings.psi)
        return paths.there_and_back(*self._course.psi, at)

    def truncated(self, at: np.ndarray) -> np.ndarray:
        """The latents of frames as they are drawn, float32 [F, T, L, D]. Args: at, places."""
        rows = [
            edit_images.truncated(self._generator, own, self._settings._replace(psi=float(psi)))
            for own, psi in zip(self.dlatents(at), self.psis(at))
        ]
        return np.stack(rows)

    # ---------------------------------------------------------------- images

    @property
    def at_once(self) -> int:
        """Frames of a minibatch."""
        return 1 if self._course.vary == 'noise' else max(1, self._generator.images_at_once // self.tiles)

    def draw(self, at: np.ndarray) -> np.ndarray:
        """The frames at some places, uint8 [F, H, W, C]. Args: at, float [F], a minibatch."""
        synthesize = functools.partial(self._generator.synthesize, conversion=self._settings.conversion)
        tiles = self._sized(self._drawn(at, synthesize))  # [F * T, H, W, C]
        tiles = tiles.reshape((len(at), self.tiles) + tiles.shape[1:])
        return np.stack([images.sheet(own) for own in tiles])

    def seen(self, at: np.ndarray) -> np.ndarray:
        """What `pace` compares: the images at some places, in levels of 255 and averaged down to at most pace.PIXELS a
        side: float32 [F, T, C, h, w]. Args: at, float [F], a minibatch.
        """
        drawn = self._drawn(at, self._generator.render)  # [F * T, C, H, W]
        small = shrink(127.5 * np.clip(drawn, -1, 1), pace.PIXELS).astype(np.float32)
        return small.reshape((len(at), self.tiles) + small.shape[1:])

    def _drawn(self, at, draw):
        """What a function of dlatents [N, L, D] draws of some places, [F * T, ...]."""
        dlatents = self.truncated(at)
        flat = dlatents.reshape((-1,) + dlatents.shape[2:])
        if self._course.vary != 'noise':
            return draw(flat)
        (place,) = at
        i, j, first, second = paths.on_the_way(len(self._noises), place)
        mixed = [
            (first * one + second * other).astype(np.float32) for one, other in zip(self._noises[i], self._noises[j])
        ]
        self._generator.set_noise(mixed)
        return draw(flat)


def usual(generator: BaseGenerator) -> str:
    """The interpolation between latents of a network that is taken unless another one is asked for."""
    return 'spherical' if generator.latent_space == 'z' else 'smooth'


def _check(generator, course):
    if course.vary == 'truncation' and generator.truncation != 'average':
        raise UserError(
            '%s is a %s, whose latents are not pulled to an average, so truncation cannot swing; vary latents'
            % (generator.path, generator.architecture)
        )
    if course.vary == 'noise' and not generator.has_noise:
        raise UserError(
            '%s is a %s, which has no noise images; vary latents' % (generator.path, generator.architecture)
        )


def batches(count: int, at_once: int) -> Iterator[range]:
    """The frames of each minibatch: the same ones however many are there already."""
    for begin in range(0, count, at_once):
        yield range(begin, min(begin + at_once, count))


def paced(
    walk: Walk, frames: int, seen: Callable[[np.ndarray], np.ndarray], progress: Optional[Progress] = None
) -> Tuple[np.ndarray, float]:
    """Places of frames at equal distances of images, found from as many images in equal steps of the path.

    Args:
        walk: Walk.
        frames: how many.
        seen: of `Walk.seen`, or what remembers it.
        progress: callable that gets the number of images done since its last call.

    Returns:
        (places float64 [frames], `pace.unevenness` of the distances in equal steps of the path).
    """
    at = paths.places(frames, walk.end, walk.loop)
    found = []
    for batch in batches(frames, walk.at_once):
        found.append(seen(at[batch.start : batch.stop]))
        if progress:
            progress(len(batch))
    steps = pace.distances(np.concatenate(found), walk.loop)
    return pace.steady(at, steps, walk.end, frames, walk.loop), pace.unevenness(steps)


def sizing(resolution: int, size: Optional[int]) -> Callable[[np.ndarray], np.ndarray]:
    """A function that brings images uint8 [N, R, R, C] to a size: averaged over blocks, or enlarged by repeated pixels.

    Raises:
        UserError: a size that is no whole part or multiple of R.
    """
    if size is None or size == resolution:
        return lambda tiles: tiles
    if size > resolution and size % resolution == 0:
        return functools.partial(images.enlarge, factor=size // resolution)
    if size < resolution and resolution % size == 0:
        return functools.partial(_averaged, size=size)
    raise UserError(
        'images of %d pixels a side cannot be brought to %d; take a whole part or multiple, such as %d or %d'
        % (resolution, size, max(1, resolution // 2), 2 * resolution)
    )


def _averaged(tiles, size):
    small = shrink(tiles.transpose(0, 3, 1, 2).astype(np.float64), size)
    return (small.transpose(0, 2, 3, 1) + 0.5).astype(np.uint8)
