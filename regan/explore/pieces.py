"""One picture in pieces: the synthesis stops at some resolutions, where newer wishes can be heard.

What the first style layers make of a latent is kept where the synthesis stops. A picture begins at the deepest stop
that was reached before with the same styles below it, compared bit by bit; so an edit of fine layers computes only
these, whatever led to it. At a stop there is also a picture of less resolution: the sum of RGB so far (architecture
'skip'), or a linear map of the features, fitted to final images by least squares.

A chain of pieces gives the pixels of one run, bit for bit. That is measured on each network when it is opened; on one
where TensorFlow fuses across a stop, final pictures are drawn in one run.
"""

from __future__ import annotations

import hashlib
import pathlib
import re
import time
from typing import TYPE_CHECKING, Any, Dict, Generator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from dnnlib.tflib.cut import Held, image_shape
from regan.base import artefacts
from regan.drawing.modes import Settings
from regan.drawing.seed_images import PER_IMAGE
from regan.explore.caches import Cache
from regan.explore.linear_map import Fit, LinearMap
from regan.sampling import latents
from regan.views import drawing
from regan.views.drawing import Tile

if TYPE_CHECKING:
    from regan.networks.base_generator import BaseGenerator as Network

Drawing = Generator[None, None, np.ndarray]  # It yields between pieces, and returns uint8 [H, W, C].

CACHE_BYTES = 112 << 20  # With twice as many, a network of 1024 pixels took more than 500 MB beside TensorFlow's own.
SHORTEST, LONGEST = 0.08, 0.25  # Seconds of a piece that are aimed at.
PREVIEW_SECONDS = 0.1
FIT_IMAGES, FIT_PSI = 32, 0.7
FIT_VERSION = 1
_BLEND = 0.3  # Of a new measurement of a piece's seconds.


class Stop(NamedTuple):
    """Where the synthesis stops.

    Attributes:
        layer: whose style it waits for.
        px: pixels of a side of its picture.
        source: tensor of that picture, RGB or features.
        above: whether the source is computed from what is kept at the stop; otherwise it is kept, too.
    """

    layer: int
    px: int
    source: Any
    above: bool


class Pieces:
    """The synthesis of one open generator. For one thread, that which owns the generator.

    Args:
        network: open Generator.
        shortest, longest: seconds of a piece that are aimed at.
        cache_bytes: of what is kept at stops.

    Attributes:
        stops: list of Stop; empty where a picture takes one piece.
        seconds: measured, of each piece.
        exact: whether a chain of pieces gives the pixels of one run.
    """

    def __init__(
        self,
        network: Network,
        shortest: float = SHORTEST,
        longest: float = LONGEST,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._network: Any = network
        self._graph, self._cuts = object(), {}  # type: object, Dict[str, Any]
        self._noise: Tuple[Any, ...] = ("'stored'", None, None)
        self._label: Any = None
        self._kept = Cache(cache_bytes, lambda held: held.nbytes)
        self._maps: Dict[int, LinearMap] = {}
        self.stops: List[Stop] = []
        self.exact = True
        self.seconds = [self._one_run()]
        if self.seconds[0] > shortest and network.latent_space == 'w':  # Others are drawn in one piece.
            self._find_stops(shortest, longest)

    def choose_noise(self, tile: Tile) -> None:
        """Chooses the noise images of a tile, and what else the network keeps, for what is drawn next."""
        key = self._state_key(tile)
        if key != self._noise:
            before = self._network.instance_norm_epsilon, self._label
            drawing.prepare(tile, self._network)
            self._noise = key
            self._label = tile.label if self._network.latent_space == 'z' else None
            if (self._network.instance_norm_epsilon, self._label) != before:
                self._take_new_graph()

    def _state_key(self, tile):
        """What of a tile the network keeps; its class, of networks whose layers take it."""
        settings, network = tile.settings, self._network
        key = (repr(settings.noise), settings.instance_norm_epsilon, tile.seed if settings.noise == PER_IMAGE else None)
        if network.latent_space == 'w':
            return key
        return key + (tile.label, settings.psi, settings.statistics)

    # ---------------------------------------------------------------- stops

    def _find_stops(self, shortest, longest):
        top = self._network.resolution.bit_length() - 1
        blocks = {log2: stop for log2, stop in ((log2, self._stop(log2)) for log2 in range(3, top)) if stop}
        shares = work_shares(self._network.synthesis_values(), top)
        ends = [*blocks, top]
        parts = [sum(shares[first - 1 : end - 1]) for first, end in zip([1, *ends], ends)]  # shares[0] is of 4 x 4.
        chosen = grouped([part * self.seconds[0] for part in parts], shortest, longest)
        self.stops = [blocks[ends[index]] for index in chosen]
        self._measure()

    def _stop(self, log2):
        """The Stop after the block of resolution 2^log2, or None where the network has none."""
        cut, px, channels = self._cut('round'), 2**log2, self._network.num_channels
        layer = 2 * log2 - (3 if self._network.generation == 2 else 2)
        sizes = [image_shape(tensor) for tensor in cut.border(layer)]
        if not any(size >= px and count != channels for size, count in sizes):
            return None
        if (2 * px, channels) in [image_shape(tensor) for tensor in cut.border(2 * log2 - 2)]:
            source, above = cut.before(2 * log2 - 2, px, channels), True
        else:
            source, above = cut.before(layer, px), False
        return None if source is None else Stop(layer, px, source, above)

    def _take_new_graph(self):
        """Another epsilon makes another graph, which stops at the same places."""
        self._graph, self._cuts = object(), {}
        self._kept.clear()
        self.stops = [self._stop(stop.px.bit_length() - 1) for stop in self.stops]

    def _measure(self):
        """Seconds of each piece, without its first run, which prepares it; and whether the chain is exact."""
        dlatents, cut = self._probe(0), self._cut('round')
        whole = self._network.synthesize(dlatents)
        for _ in range(2):
            held, self.seconds = _nothing(), []
            for stop in self.stops:
                began = time.perf_counter()
                held = self._advanced(held, dlatents, stop)
                self.seconds.append(time.perf_counter() - began)
                if stop.above:
                    cut.tensor(stop.source, [held], dlatents)
            began = time.perf_counter()
            image = cut.finish([held], dlatents)
            self.seconds.append(time.perf_counter() - began)
        self.exact = np.array_equal(image, whole)

    def _one_run(self):
        """Seconds of a picture in one piece."""
        dlatents = self._probe(1)
        self._network.synthesize(dlatents)
        began = time.perf_counter()
        self._network.synthesize(dlatents)
        return time.perf_counter() - began

    def _probe(self, seed):
        """A latent to try things on, float32 [1, L, D], another one in each layer."""
        seeds = range(seed, seed + self._network.num_layers)
        return self._network.map(self._network.z_of(seeds))[np.newaxis]

    def _cut(self, conversion):
        if conversion not in self._cuts:
            self._cuts[conversion] = self._network.cut(conversion)
        return self._cuts[conversion]

    # ---------------------------------------------------------------- pictures

    def image(self, tile: Tile) -> Drawing:
        """The final picture: that of `Generator.synthesize`, bit for bit."""
        if not self.exact:
            self.choose_noise(tile)
            return self._network.synthesize(tile.dlatents[np.newaxis], conversion=tile.settings.conversion)[0]
        held = yield from self._reach(tile, len(self.stops))
        began = time.perf_counter()
        image = self._cut(tile.settings.conversion).finish([held], tile.dlatents[np.newaxis])[0]
        self._learn(len(self.stops), began)
        return image

    def preview(self, tile: Tile, index: int) -> Drawing:
        """The picture at a stop: uint8 [px, px, C], always with the conversion 'round'. Args: index, from `rung`."""
        held = yield from self._reach(tile, index + 1)
        stop = self.stops[index]
        if stop.above:
            values = self._cut('round').tensor(stop.source, [held], tile.dlatents[np.newaxis])[0]
        else:
            values = held.beside[stop.source]
        values = _rows(values, stop.px)
        if stop.above:
            return to_bytes(values * 127.5 + 128)
        return to_bytes(self._maps[index].apply(values))

    def rung(self, tile: Tile, px: int, seconds: float = PREVIEW_SECONDS) -> Optional[int]:
        """The index of the highest stop whose picture is there within some seconds, or of the first one that has any.

        Args:
            tile: pieces that are done for its styles take no time.
            px: pixels of a side that are of use; stops beyond are not.
            seconds: as it says.

        Returns:
            None where the final picture takes no longer, or there is no other.
        """
        allowed = [index for index in range(len(self.stops)) if self.has_picture(index)]
        allowed = [i for n, i in enumerate(allowed) if n == 0 or self.stops[allowed[n - 1]].px < px]
        done = self._deepest(tile, len(self.stops))[0]
        waits = [sum(self.seconds[done : index + 1]) for index in allowed]
        if not allowed or sum(self.seconds[done:]) <= seconds:
            return None
        return max((index for index, wait in zip(allowed, waits) if wait <= seconds), default=allowed[0])

    def has_picture(self, index: int) -> bool:
        """Whether there is a picture at a stop; where it needs a map, only once that is fitted."""
        return self.stops[index].above or index in self._maps

    def _reach(self, tile, count):
        """What is kept after the first `count` pieces. The noise is that of the picture when this returns."""
        self.choose_noise(tile)
        graph, (done, held) = self._graph, self._deepest(tile, count)
        while done < count:
            began = time.perf_counter()
            held = self._advanced(held, tile.dlatents[np.newaxis], self.stops[done])
            self._learn(done, began)
            self._kept.put(self._keys(tile, count)[done], held)
            done += 1
            if graph is self._graph:
                yield
                self.choose_noise(tile)  # While this waited, another picture may have changed it.
                if graph is not self._graph:  # And with it the graph: now without a pause, or two would never end.
                    done, held = self._deepest(tile, count)
        return held

    def _deepest(self, tile, count):
        """(number of pieces that are done for these styles, what is kept after them)."""
        for index, key in reversed(list(enumerate(self._keys(tile, count)))):
            held = self._kept.get(key)
            if held:
                return index + 1, held
        return 0, _nothing()

    def _keys(self, tile, count):
        return [
            (self._state_key(tile), hashlib.sha1(tile.dlatents[: stop.layer].tobytes()).digest(), stop.layer)
            for stop in self.stops[:count]
        ]

    def _advanced(self, held, dlatents, stop):
        return self._cut('round').advance([held], dlatents, stop.layer, [] if stop.above else [stop.source])[0]

    def _learn(self, index, began):
        self.seconds[index] += _BLEND * (time.perf_counter() - began - self.seconds[index])

    # ---------------------------------------------------------------- maps

    @property
    def needs_fit(self) -> bool:
        """Whether there are stops whose pictures have to be fitted first."""
        return not all(map(self.has_picture, range(len(self.stops))))

    def fit(self, folder: pathlib.Path) -> Generator[None, None, None]:
        """Fits the linear maps from features to pictures, or reads them from a cache; yields between pieces."""
        path = folder / ('explore-maps-%s.npz' % artefacts.cache_key(self._fit_facts()))
        if path.exists():
            self._maps = {int(name): LinearMap(array) for name, array in artefacts.read_npz(path).items()}
            return
        fits = {index: Fit() for index, stop in enumerate(self.stops) if not stop.above}
        for seed in range(FIT_IMAGES):
            w = self._network.map(self._network.z_of([seed]))
            dlatents = latents.broadcast(w, self._network.num_layers)
            tile = Tile(self._network.truncated(dlatents, FIT_PSI)[0], Settings())
            features = {}
            for index in fits:
                held = yield from self._reach(tile, index + 1)
                features[index] = _rows(held.beside[self.stops[index].source], self.stops[index].px)
            image = yield from self.image(tile)
            for index, fit in fits.items():
                fit.add(features[index], image)
            yield
        self._maps = {index: fit.solve() for index, fit in fits.items()}
        artefacts.write_npz(path, {str(index): found.weights for index, found in self._maps.items()})

    def _fit_facts(self):
        return dict(
            kind='explore-maps',
            version=FIT_VERSION,
            network=self._network.sha256,
            backend=self._network.backend,
            layers=[stop.layer for stop in self.stops],
        )


def work_shares(values: Mapping[str, np.ndarray], top: int) -> List[float]:
    """The share of each block in the work of a synthesis, from the shapes of its convolutions.

    Args:
        values: dict of names of variables, such as '8x8/Conv1/weight', to arrays.
        top: log2 of the resolution.

    Returns:
        List of float for the resolutions 2^2 .. 2^top.

    >>> work_shares({'4x4/Conv/weight': np.zeros((3, 3, 4, 2)), '8x8/Conv1/weight': np.zeros((3, 3, 2, 1))}, 3)
    [0.5, 0.5]
    """
    work = [1e-9] * (top - 1)
    for name, value in values.items():
        match = re.match(r'(\d+)x\1/', name)
        if match and np.ndim(value) == 4 and int(match[1]).bit_length() - 1 <= top:
            work[int(match[1]).bit_length() - 3] += float(np.size(value)) * int(match[1]) ** 2
    return [part / sum(work) for part in work]


def grouped(seconds: Sequence[float], shortest: float, longest: float) -> List[int]:
    """Where to stop, so that pieces take from `shortest` to `longest` seconds as far as blocks allow.

    Args:
        seconds: of each block; one may stop after any but the last.
        shortest, longest: seconds.

    Returns:
        Indices of the blocks after which to stop.

    >>> grouped([0.01, 0.06, 0.2, 0.24, 0.3, 0.02], 0.08, 0.25)
    [1, 2, 3, 4]
    """
    stops, since = [], 0.0
    for index, block in enumerate(seconds[:-1]):
        since += block
        if since + seconds[index + 1] > longest or since >= shortest:
            stops.append(index)
            since = 0.0
    return stops


def to_bytes(levels: np.ndarray) -> np.ndarray:
    """Levels, float [...], cut off to uint8."""
    return np.clip(levels, 0, 255).astype(np.uint8)


def _nothing():
    return Held(0, {}, {})


def _rows(values, px):
    """Internal images without N -> [H, W, C]."""
    return values if values.shape[:2] == (px, px) else values.transpose(1, 2, 0)
