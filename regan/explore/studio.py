"""What the explorer draws with: one open network, its components, and what is known of some latents.

All of it belongs to the thread that opened the network, and everything that takes time is a generator that yields
between pieces of work.
"""

from __future__ import annotations

import dataclasses
import hashlib
import pathlib
import time
from typing import TYPE_CHECKING, Any, Dict, Generator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from dnnlib import unpickle
from regan.base import places
from regan.base.errors import UserError
from regan.components import cached, pca
from regan.drawing import starts
from regan.editing import edit_zoo, edits
from regan.explore import caches
from regan.pictures.averaging import shrink
from regan.views import bases, document, drawing, latents, saved
from regan.views.document import View, ViewEdit

if TYPE_CHECKING:
    from regan.components.basis import Basis
    from regan.explore.pieces import Pieces
    from regan.judges.reader import FactorReader
    from regan.networks import models
    from regan.networks.base_generator import BaseGenerator as Network

COMPONENTS, QUICK = 80, 20000
STARTS_BYTES, TILES_BYTES = 16 << 20, 64 << 20
DRIFT_SAMPLES, DRIFT_SEED = 5000, 1
NEAREST_SEEDS, NEAREST_AT_ONCE = 10000, 1000
ZONES = {'all': (0, 2**20), 'coarse': (4, 8), 'middle': (16, 32), 'fine': (64, 2**20)}  # Resolutions, both included.

Work = Generator[Optional[Dict[str, Any]], None, Any]  # It yields None, or a message to send, between pieces.


class Picture(NamedTuple):
    """What is drawn of a view.

    Attributes:
        image: uint8 [H, W, C].
        rung: pixels of a side of a tile, as it was drawn.
        mapping: seconds from the view to its latents.
    """

    image: np.ndarray
    rung: int
    mapping: float


class Studio:
    """One network and what the explorer knows of it.

    Args:
        network: open Generator.
        pieces: Pieces of it.
        name: of it, for people.
        model: its entry in the registry, or None.
        files: arrays that views name, see `regan.views.files`; others may join them at any time.

    Attributes:
        network, pieces, name, model, files: those above.
        basis: Basis, or None.
        layers: list of dict(index, resolution).
        named: list of edit_zoo.NamedEdit that fit the network.
        first_view: View of the latents that were brought to the start, or None.
    """

    def __init__(
        self,
        network: Network,
        pieces: Pieces,
        name: str,
        model: Optional[models.Model] = None,
        files: Optional[Dict[str, np.ndarray]] = None,
    ) -> None:
        self.network, self.pieces, self.name, self.model = network, pieces, name, model
        self.files: Dict[str, np.ndarray] = {} if files is None else files
        self.basis: Optional[Basis] = None
        self.first_view: Optional[View] = None
        sizes = enumerate(network.layer_resolutions)
        self.layers = [dict(index=index, resolution=resolution) for index, resolution in sizes]
        self.named = edit_zoo.for_network(model) if model else []
        self._starts = caches.Cache(STARTS_BYTES, lambda array: array.nbytes)
        self.tiles = caches.Cache(TILES_BYTES, lambda image: image.nbytes)
        self._directions: Optional[latents.Directions] = None
        self._seen_files = 0
        self._distances: Optional[np.ndarray] = None
        self._mapped: List[np.ndarray] = []
        self._reader: Any = None
        self._reader_path = reader_path(model)

    def take_in(self, sources: Sequence[saved.Source], space: Optional[str] = None) -> None:
        """Takes in files of latents, and makes a view of the first latents the `first_view`.

        Args:
            sources: list of Source.
            space: of their arrays, see `saved.on`.

        Raises:
            UserError: a file that does not fit the network.
        """
        found = []
        for source in sources:
            found += [starts.fact(start) for start in saved.on(source, self.network, space)]
            self.files[source.sha256] = saved.array_of(source, self.network)
        psi, cutoff = saved.truncation(sources[0], self.network)
        self.first_view = document.parse(
            dict(
                regan_view=document.VERSION,
                network=dict(name=self.name[: document.LONGEST_NAME], sha256=self.network.sha256),
                latents=found[: document.MOST_LATENTS],
                psi=psi,
                cutoff=cutoff,
            )
        )

    def close(self) -> None:
        """Frees the network, and what was opened beside it."""
        if self._reader is not None:
            self._reader.close()
        self.network.close()

    @property
    def factor_names(self) -> Optional[List[str]]:
        """What the factor reader reads, or None where there is none; it need not be open."""
        if self._reader_path is None:
            return None
        return list(unpickle.networks(unpickle.read(self._reader_path))[0].static_kwargs['factor_names'])

    def rungs(self) -> List[Dict[str, float]]:
        """How long a picture takes at each stop and at the end, from scratch: list of dict(px, ms)."""
        sizes = [stop.px for stop in self.pieces.stops] + [self.network.resolution]
        return [dict(px=px, ms=round(1000 * ms, 1)) for px, ms in zip(sizes, np.cumsum(self.pieces.seconds).tolist())]

    def needed_reader(self) -> FactorReader:
        """The factor reader, opened now or before. Raises UserError where there is none."""
        if self._reader_path is None:
            raise UserError('no factors are known of the images of %s' % self.name)
        if self._reader is None:
            from regan.judges.reader import FactorReader

            self._reader = FactorReader(self._reader_path)
            self._reader.check(self.network.num_channels, self.network.resolution)
        return self._reader

    # ---------------------------------------------------------------- components

    def spec(self, full: bool) -> pca.PCASpec:
        """What to compute: the components of the published figures, or a quick estimate of them."""
        n = pca.PCASpec().n if full else QUICK
        return pca.PCASpec(n=n, components=min(COMPONENTS, self.network.dlatent_size))

    def cached_basis(self) -> Optional[Basis]:
        """The full components if the cache has them, else the quick ones, else None."""
        for full in (True, False):
            found = cached.find(self.network, self.spec(full))
            if found is not None:
                return found
        return None

    def set_basis(self, basis: Optional[Basis]) -> None:
        """Chooses the components of all following pictures."""
        self.basis, self._directions = basis, None

    def needed_basis(self) -> Basis:
        """The components. Raises UserError where there are none."""
        if self.basis is None:
            raise UserError('this needs components, and there are none yet; compute them first')
        return self.basis

    @property
    def facts(self) -> Dict[str, Any]:
        """What a view must fit, see `document.fit`."""
        return dict(
            sha256=self.network.sha256,
            num_layers=self.network.num_layers,
            label_size=self.network.label_size,
            label_of_layers=self.network.label_of_layers,
            components=None if self.basis is None else len(self.basis.components),
        )

    @property
    def directions(self) -> latents.Directions:
        """What edits move along; new ones after a change of the components or of the files."""
        if self._directions is None or self._seen_files != len(self.files):
            self._seen_files = len(self.files)
            self._directions = latents.Directions(self.network, self.basis, dict(self.files))
        return self._directions

    def axis(self, edit: ViewEdit) -> edits.Axis:
        """What an edit moves along. Raises UserError."""
        return self.directions.axis(edit)

    # ---------------------------------------------------------------- latents

    def start(self, view: View, index: int) -> np.ndarray:
        """A latent of a view before any edit, float32 [1, L, D]; each is mapped once. Raises UserError."""
        scale = view.psi if self.network.truncation == 'prior' else None
        key = (view.latents[index], view.label, scale)
        found = self._starts.get(key)
        if found is None:
            found = latents.start(view, index, self.network, self.files)
            self._starts.put(key, found)
        return found

    def tiles_of(self, view: View) -> List[drawing.Tile]:
        """The images that a view shows, see `drawing.tiles`. Raises UserError."""
        document.fit(view, self.facts)
        start = np.concatenate([self.start(view, index) for index in range(len(view.latents))])  # [N, L, D]
        return drawing.tiles(view, self.network, self.files, self.directions, start)

    def edited(self, view: View) -> np.ndarray:
        """The latent on stage after all edits, float32 [1, L, D], not truncated. Raises UserError."""
        document.fit(view, self.facts)
        start = self.start(view, view.show.latent or 0)
        return latents.edited(view, start, self.directions)

    def as_tile(self, view: View, dlatents: np.ndarray, index: int) -> drawing.Tile:
        """How a latent that is not truncated is drawn under the settings of a view.

        Args:
            view: View.
            dlatents: float [1, L, D].
            index: of the latent of the view that it comes from.
        """
        settings = latents.settings(view, self.network)
        drawn = latents.truncated(dlatents, self.network, settings)[0]
        return drawing.Tile(drawn, settings, view.latents[index].seed, view.label)

    def moved(self, view: View, edit: ViewEdit, index: Optional[int] = None) -> drawing.Tile:
        """A latent of a view after one edit alone, as it is drawn. Args: index, default that on stage."""
        index = (view.show.latent or 0) if index is None else index
        return self.as_tile(view, latents.moved(self.start(view, index), edit, self.directions, 1.0), index)

    def zone(self, name: str) -> Optional[Tuple[Tuple[int, int], ...]]:
        """The layers of a zone as ranges for an edit; () where the network has none."""
        low, high = ZONES[name]
        indices = [layer['index'] for layer in self.layers if low <= layer['resolution'] <= high]
        return ((indices[0], indices[-1] + 1),) if indices else ()

    # ---------------------------------------------------------------- pictures

    def preview_rung(self, view: View, px: int) -> Optional[int]:
        """The stop at which a preview of a view is drawn, or None where its final picture comes as soon."""
        tiles = self.tiles_of(view)
        return self.pieces.rung(tiles[-1], max(1, px // _columns(view, len(tiles))))

    def preview(self, view: View, rung: int) -> Work:
        """The picture of a view at a stop: a Picture."""
        parts: List[np.ndarray] = []
        tiles, mapping = self._timed(view)
        for tile in tiles:
            parts.append((yield from self.pieces.preview(tile, rung)))
        return Picture(drawing.arranged(view, parts), self.pieces.stops[rung].px, mapping)

    def final(self, view: View) -> Work:
        """The picture of a view as `regan render` draws it, bit for bit: a Picture."""
        parts: List[np.ndarray] = []
        tiles, mapping = self._timed(view)
        for index, tile in enumerate(tiles):
            if index:
                yield None
            parts.append((yield from self.pieces.image(tile)))
        return Picture(drawing.arranged(view, parts), self.network.resolution, mapping)

    def _timed(self, view):
        began = time.perf_counter()
        return self.tiles_of(view), time.perf_counter() - began

    def small(self, tile: drawing.Tile, size: int, layer: int, largest: Optional[int] = None) -> Work:
        """A small picture, uint8 [size, size, C] or smaller: of the lowest stop that shows what matters.

        Args:
            tile: Tile.
            size: pixels of a side.
            layer: the last one whose style matters.
            largest: pixels of a side from which a stop will do although later styles matter, too; None: none will.
        """
        digest = hashlib.sha1(tile.dlatents.tobytes()).digest()
        key = (digest, repr(tile.settings), tile.seed, tile.label, size, layer, largest)
        found = self.tiles.get(key)
        if found is None:
            found = yield from self._small(tile, size, layer, largest)
            self.tiles.put(key, found)
        return found

    def _small(self, tile, size, layer, largest):
        for index, stop in enumerate(self.pieces.stops):
            will_do = stop.layer >= layer or largest is not None and stop.px >= largest
            if stop.px >= size and will_do and self.pieces.has_picture(index):
                image = yield from self.pieces.preview(tile, index)
                break
        else:
            image = yield from self.pieces.image(tile)
        return shrunk(image, size)

    # ---------------------------------------------------------------- what is known of latents

    def drift(self, dlatents: np.ndarray) -> Dict[str, Any]:
        """How far a latent that is not truncated is from the average: dict(percentile, layer) of its worst layer.

        Args:
            dlatents: float [1, L, D].
        """
        average = self.network.dlatent_avg
        if self._distances is None:
            z = self.network.prior(1.0).of_seed(DRIFT_SEED, DRIFT_SAMPLES, self.network.latent_size)
            self._distances = np.sort(np.linalg.norm(self.network.map(z) - average, axis=1))
        distances = np.linalg.norm(dlatents[0] - average, axis=1)  # [L]
        nearer = np.searchsorted(self._distances, distances) / len(self._distances)
        worst = int(distances.argmax())
        return dict(percentile=100 * float(nearer[worst]), layer=worst)

    def nearest(self, seed: int, coordinates: Sequence[int], far: bool, count: int) -> Work:
        """Seeds whose latents are nearest to that of a seed, or farthest from it, in some coordinates.

        Args:
            seed: to compare with.
            coordinates: components.
            far: the farthest instead.
            count: how many.

        Returns:
            dict(seeds=[...], distances=[...]) by standard deviations, best first.
        """
        basis = self.needed_basis()
        if max(coordinates) >= len(basis.components):
            raise UserError('there are components 0 to %d' % (len(basis.components) - 1))
        yield from self._map_seeds()
        chosen = list(coordinates)
        w = np.concatenate(self._mapped)
        own = self.network.map(self.network.z_of([seed], 1.0))
        units = (basis.components[chosen] / basis.stdev[chosen, np.newaxis]).T.astype(np.float64)  # [D, k]
        distances = np.linalg.norm(np.dot(w - own, units), axis=1)
        found = [int(i) for i in np.argsort(-distances if far else distances, kind='stable') if i != seed][:count]
        return dict(seeds=found, distances=[float(distances[i]) for i in found])

    def _map_seeds(self):
        fill = self.network.prior(1.0).filler(0)  # As `z_of`, without an object for each seed.
        for first in range(len(self._mapped) * NEAREST_AT_ONCE, NEAREST_SEEDS, NEAREST_AT_ONCE):
            z = np.empty((NEAREST_AT_ONCE, self.network.latent_size), np.float32)
            for row, seed in zip(z, range(first, first + NEAREST_AT_ONCE)):
                fill(seed, row)
            self._mapped.append(self.network.map(z))
            yield None

    def place(self, view: View) -> Dict[str, Any]:
        """Where the latent on stage lies: dict(coordinates=[of each edit, in standard deviations, or None], drift=...).

        Raises:
            UserError: an edit that does not fit.
        """
        edited = self.edited(view)
        start = self.start(view, view.show.latent or 0)
        found: List[Optional[float]] = []
        for edit in view.edits:
            axis = self.axis(dataclasses.replace(edit, unit='stdev'))
            place = float(edits.coordinates(start[:, 0], axis.mean, axis.direction)[0])
            found.append(place / axis.unit if axis.unit > 0 else None)
        return dict(coordinates=found, drift=self.drift(edited))

    def influence(self, view: View, index: int, size: int = 64) -> Work:
        """By how much an edit changes the picture on stage in each layer alone: list of L mean |I+ - I-|."""
        document.fit(view, self.facts)
        if index >= len(view.edits):
            raise UserError('the view has no edit %d' % index)
        found = []
        for layer in range(self.network.num_layers):
            pair = []
            for sign in (1, -1):
                edit = dataclasses.replace(
                    view.edits[index], layers=((layer, layer + 1),), mode='offset', invert=False, amount=float(sign)
                )
                pair.append((yield from self.small(self.moved(view, edit), size, layer)))
                yield None
            found.append(float(np.abs(pair[0].astype(np.float64) - pair[1]).mean()))
        return found


def reader_path(model: Optional[models.Model]) -> Optional[pathlib.Path]:
    """The factor reader for a registered network: that of its data set, if the project has one here."""
    path = model and places.NETWORKS / ('factor-reader-%s.pkl' % model.dataset)
    return path if path and path.exists() else None


def shrunk(image: np.ndarray, size: int) -> np.ndarray:
    """A square picture averaged down to `size` pixels a side, uint8; a smaller one stays."""
    if image.shape[0] <= size:
        return image
    small = shrink(image.transpose(2, 0, 1)[np.newaxis].astype(np.float64), size)[0]
    return (small.transpose(1, 2, 0) + 0.5).astype(np.uint8)


def basis_message(basis: Optional[Basis]) -> Optional[Dict[str, Any]]:
    """What a page is told of components: dict for JSON, or None."""
    if basis is None:
        return None
    return dict(
        dataclasses.asdict(bases.name(basis)),
        stdev=[float(value) for value in basis.stdev],
        share=[float(value) for value in basis.variance_ratio],
    )


def _columns(view, tiles):
    if view.show.kind in ('single', 'wipe'):
        return 1
    return (view.show.columns or len(view.latents)) if view.show.kind == 'grid' else tiles
