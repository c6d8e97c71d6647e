"""Many edits of many latents, drawn in shared minibatches; what an edit does not change is computed once for a latent.

A sweep has a cell for each edit and latent, and a cell has frames, see `path`. Cells are shown together on pages: a
PNG, a JSON that says what made it, and a video where one is wanted. Frames go to the disk as they are drawn, so an
interrupted sweep goes on where it stopped, and only the picture of one page is in memory at a time.
"""

from __future__ import annotations

import collections
import functools
import itertools
import json
import math
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from regan.base import artefacts, background, kept
from regan.base.errors import UserError
from regan.base.typing import PathLike, Progress
from regan.drawing import edit_images, starts
from regan.drawing.starts import Start
from regan.editing import edits
from regan.pictures import images, video
from regan.pictures import pages as labelled

if TYPE_CHECKING:
    from regan.components.basis import Basis
    from regan.drawing import modes
    from regan.networks.base_generator import BaseGenerator

LARGEST_PICTURE = 2**28  # Pixels; 800 MB in memory.
HELD_BYTES = 2**29  # Of activations that are kept for further edits.
_PARTS = '.parts-'

Cell = Tuple[Optional[int], int]  # Indices of its edit (None: the latent as it is) and of its start.


class Page(NamedTuple):
    """What is shown together.

    Attributes:
        name: of the files, without suffix.
        cells: (edit, start) each, as indices into those of the sweep; edit None: the latent as it is.
        columns: of the cells in a video, and in the picture if `still`.
        still: the picture has the last frame of each cell; otherwise a row for each cell, with all frames.
    """

    name: str
    cells: List[Cell]
    columns: int
    still: bool


class Labels(NamedTuple):
    """What a page says of its tiles, see `pages.matrix`: texts of its rows and columns, and a title or ''."""

    rows: List[str]
    columns: List[str]
    title: str


def pages(layout: str, names: Sequence[str], seeds: Sequence[Start]) -> List[Page]:
    """The pages of a layout: list of Page.

    Args:
        layout: 'edits', a page for each edit with a row for each latent; 'seeds', a page for each latent with a row for
            each edit; 'grid', one page with a row for each edit and a column for each latent, below the latents as they
            are.
        names: of the edits, for files.
        seeds: list of Start: seeds, or latents of files.
    """
    rows, columns, stems = range(len(names)), range(len(seeds)), starts.stems(seeds)
    if layout == 'edits':
        return [Page('%03d-%s' % (i, names[i]), [(i, j) for j in columns], _side(len(seeds)), False) for i in rows]
    if layout == 'seeds':
        return [Page(stems[j], [(i, j) for i in rows], _side(len(names)), False) for j in columns]
    return [Page('grid', [(i, j) for i in [None] + list(rows) for j in columns], len(seeds), True)]


def _side(count):
    return int(math.ceil(math.sqrt(count)))


# ------------------------------------------------------------------ drawing


class Sweep:
    """The cells of some edits and starts on one network.

    Args:
        generator: open Generator, with its noise chosen.
        basis: Basis of the edits, in W or Z.
        moves: list of edits.Edit.
        seeds: list of Start: seeds, or latents of files.
        frames: of each cell, at least 2.
        settings: modes.Settings.

    Attributes:
        num_frames: of each cell.
        tile_shape: (H, W, C).
        bases: float32 [N, L, D], the latents without an edit, truncated.
    """

    num_frames: int
    tile_shape: Tuple[int, int, int]
    bases: np.ndarray

    def __init__(
        self,
        generator: BaseGenerator,
        basis: Basis,
        moves: Sequence[edits.Edit],
        seeds: Sequence[Start],
        frames: int,
        settings: modes.Settings,
    ) -> None:
        self.num_frames, self.tile_shape = frames, (generator.resolution, generator.resolution, generator.num_channels)
        self._basis, self._moves, self._at_once = basis, moves, generator.images_at_once
        self._truncated = functools.partial(generator.truncated, psi=settings.psi, cutoff=settings.cutoff)
        self._starts = starts.together(generator, seeds, basis.space)  # [N, L, D or Z]
        self._styles = functools.partial(edit_images.styles, generator, space=basis.space)
        self.bases = self._truncated(self._styles(self._starts))
        self._cut = generator.cut(settings.conversion)
        self._kept = _Kept(self._cut, self.bases, HELD_BYTES)
        self._strip = functools.lru_cache(maxsize=2 * self._at_once)(self._make_strip)

    def _make_strip(self, move, latent):
        """Truncated latents of a cell, [F, L, D]."""
        if move is None:
            return np.repeat(self.bases[latent : latent + 1], self.num_frames, axis=0)
        codes = path(self._starts[latent : latent + 1], self._basis, self._moves[move], self.num_frames)
        return self._truncated(self._styles(codes))

    def first_layer(self, move: Optional[int], latent: int) -> int:
        """The layer at which a cell begins to differ from its latent as it is; L if it never does."""
        return first_difference(self.bases[latent], self._strip(move, latent))

    def draw(self, cells: Sequence[Cell]) -> Iterator[List[Tuple[int, int, np.ndarray]]]:
        """Yields lists of (index of a cell, frame, uint8 [H, W, C]), a minibatch each; a cell's frames come soon
        after each other.
        """
        for layer, group in itertools.groupby(self._jobs(cells), lambda job: job[0]):
            jobs = list(group)
            for begin in range(0, len(jobs), self._at_once):
                batch = [job[1:] for job in jobs[begin : begin + self._at_once]]
                held = self._kept.get([cells[index][1] for index, _ in batch], layer)
                dlatents = np.stack([self._strip(*cells[index])[frame] for index, frame in batch])
                yield [job + (image,) for job, image in zip(batch, self._cut.finish(held, dlatents))]

    def _jobs(self, cells):
        """(first layer, index of a cell, frame) of all frames, in an order in which little has to be kept for long."""
        jobs = []
        for index, (move, latent) in enumerate(cells):
            layer, last = self.first_layer(move, latent), len(self.bases[latent])
            for frame, dlatents in enumerate(self._strip(move, latent)):
                unchanged = np.array_equal(dlatents, self.bases[latent])
                jobs.append((0, last, latent, index, frame) if unchanged else (1, layer, latent, index, frame))
        return [(layer, index, frame) for _, layer, _, index, frame in sorted(jobs)]


def path(dlatents: np.ndarray, basis: Basis, edit: edits.Edit, frames: int) -> np.ndarray:
    """The way of an edit in equal steps, [frames, L, D]: `edits.strip`, or from the latent as it is, [1, L, D], to a
    target.
    """
    if edit.kind != 'target':
        return edits.strip(dlatents, basis, edit, frames)
    return edits.towards(dlatents, edits.apply(dlatents, basis, edit), frames)


def first_difference(base: np.ndarray, strip: np.ndarray) -> int:
    """The first layer at which any of some latents differs from a base, or the number of layers: base [L, D], strip
    [F, L, D] -> int.
    """
    differs = (strip != base).any(axis=(0, 2))  # [L]
    return int(differs.argmax()) if differs.any() else len(base)


class _Kept:
    """What lies below a layer, for some latents: computed when it is first asked for, forgotten when it is too much.

    Args:
        cut: dnnlib.tflib.cut.Cut.
        bases: [N, L, D], latents as they are.
        room: bytes.
    """

    def __init__(self, cut, bases, room):
        self._cut, self.bases, self._room = cut, bases, room
        self._held = collections.OrderedDict()  # (latent, layer) -> Held, the longest unused one first.

    def get(self, wanted, layer):
        """The Held of latents (indices, which may occur several times) below a layer: list."""
        missing = [latent for latent in dict.fromkeys(wanted) if (latent, layer) not in self._held]
        found = dict(zip(missing, self._cut.hold(self.bases[missing], layer) if missing else []))
        for latent in dict.fromkeys(wanted):
            found.setdefault(latent, self._held.pop((latent, layer), None))
        self._held.update({(latent, layer): held for latent, held in found.items()})
        used = sum(held.nbytes for held in self._held.values())
        while used > self._room:
            used -= self._held.popitem(last=False)[1].nbytes
        return [found[latent] for latent in wanted]


# ------------------------------------------------------------------ files


def write(
    sweep: Sweep,
    wanted: Sequence[Page],
    folder: PathLike,
    facts: Dict[str, Dict[str, Any]],
    fps: Optional[float] = None,
    progress: Optional[Progress] = None,
    texts: Optional[Mapping[str, Mapping[str, str]]] = None,
    labels: Optional[Mapping[str, Labels]] = None,
) -> Tuple[List[Path], int]:
    """Draws pages into a folder.

    Args:
        sweep: Sweep.
        wanted: list of Page.
        facts: {name of a page: dict for its JSON}. A page whose JSON has the same facts is there already and is left as
            it is.
        fps: frames per second of a video beside each picture; None for none.
        progress: callable that gets the number of frames done since its last call.
        texts: {name of a page: what its PNG carries, see `images.png`, and its video as a comment}.
        labels: {name of a page: Labels}; None for pictures of the tiles alone.

    Returns: (list of paths, number of pages that were there already).

    Raises UserError if a file cannot be written, a picture would be larger than LARGEST_PICTURE, or a video is asked
    for where none can be made.
    """
    folder, progress = Path(folder), progress or (lambda count: None)
    for page in wanted:
        _check_size(page, sweep)
    if fps:
        video.check()
    kept.resumable()
    missing = [page for page in wanted if not _is_there(folder / page.name, facts[page.name], fps)]
    progress(sweep.num_frames * sum(len(page.cells) for page in wanted if page not in missing))
    drawn = _drawn(sweep, missing, folder, facts, progress)
    finish = functools.partial(_finish, folder, facts, fps, texts or {}, labels)
    collections.deque(
        background.behind(finish, drawn, buffered=2), maxlen=0
    )  # While a page is encoded, the next one is drawn.
    for leftover in folder.glob(_PARTS + '*'):  # Of a run with other settings, which was interrupted.
        shutil.rmtree(str(leftover))
    suffixes = ['.png'] + (['.mp4'] if fps else [])
    return [folder / (page.name + suffix) for page in wanted for suffix in suffixes], len(wanted) - len(missing)


def _check_size(page, sweep):
    tiles = len(page.cells) * (1 if page.still else sweep.num_frames)
    if tiles * sweep.tile_shape[0] * sweep.tile_shape[1] > LARGEST_PICTURE:
        raise UserError(
            '%s.png would have %d images of %d x %d; ask for fewer frames, edits or seeds, or another layout'
            % ((page.name, tiles) + sweep.tile_shape[:2])
        )


def _is_there(path, facts, fps):
    try:
        recorded = json.loads(_with(path, '.json').read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return False
    return recorded == json.loads(json.dumps(facts)) and all(
        _with(path, suffix).exists() for suffix in ['.png'] + ['.mp4'] * bool(fps)
    )


def _with(path, suffix):
    return path.with_name(path.name + suffix)  # Not with_suffix: names may have dots.


def _drawn(sweep, wanted, folder, facts, progress):
    """Yields (Page, _Parts with all of its frames)."""
    for page in wanted:
        parts = _Parts(folder / (_PARTS + artefacts.cache_key(facts[page.name])), sweep.num_frames, sweep.tile_shape)
        missing = [index for index in range(len(page.cells)) if not parts.has(index)]
        progress(sweep.num_frames * (len(page.cells) - len(missing)))
        for batch in sweep.draw([page.cells[index] for index in missing]):
            for index, frame, image in batch:
                parts.put(missing[index], frame, image)
            progress(len(batch))
        yield page, parts


def _finish(folder, facts, fps, texts, labels, drawn):
    page, parts = drawn
    path, carried = folder / page.name, texts.get(page.name, {})
    tiles = np.stack([parts.read(index)[-1:] if page.still else parts.read(index) for index in range(len(page.cells))])
    if _with(path, '.json').exists():
        with artefacts.writing(_with(path, '.json')):
            _with(path, '.json').unlink()  # It is about to be untrue.
    images.save_png(_with(path, '.png'), _picture(page, tiles, labels and labels[page.name]), carried)
    if fps:
        order = video.there_and_back(parts.frames)
        shown = ([parts.read(index)[frame] for index in range(len(page.cells))] for frame in order)
        sheets = (images.sheet(np.stack(tiles), page.columns) for tiles in shown)
        video.save_mp4(_with(path, '.mp4'), sheets, fps, ''.join(carried.values()))
    artefacts.write_json(_with(path, '.json'), facts[page.name])
    parts.remove()


def _picture(page, tiles, labels):
    """The picture of a page, uint8 [H', W', C], of the tiles [cells, frames, H, W, C]."""
    if labels is None:
        return images.sheet(tiles[:, 0], page.columns) if page.still else images.grid(tiles)
    if page.still:
        tiles = tiles.reshape((-1, page.columns) + tiles.shape[2:])  # [edits, latents, H, W, C]
    return labelled.matrix(tiles, *labels)


class _Parts:
    """Frames of cells on the disk: a file for each cell, which has its name when it is whole."""

    def __init__(self, folder, frames, tile_shape):
        self.frames, self._folder, self._shape, self._left = frames, folder, tuple(tile_shape), {}
        with artefacts.writing(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def _path(self, index):
        return self._folder / ('%d.uint8' % index)

    def has(self, index):
        there = self._path(index).exists()
        if there:
            kept.add(self._path(index))
        return there

    def put(self, index, frame, image):
        """Adds a frame, uint8 [H, W, C], to a cell."""
        growing = self._folder / ('%d.partial' % index)
        with artefacts.writing(growing):
            if index not in self._left:
                self._left[index] = self.frames
                growing.write_bytes(b'')
            with open(str(growing), 'r+b') as file:  # No memory map: on a full disk that ends the process.
                file.seek(frame * image.size)
                file.write(image.tobytes())
            self._left[index] -= 1
            if not self._left[index]:
                growing.replace(self._path(index))
                kept.add(self._path(index))

    def read(self, index):
        """uint8 [F, H, W, C], read as it is used."""
        return np.memmap(str(self._path(index)), np.uint8, 'r', shape=(self.frames,) + self._shape)

    def remove(self):
        shutil.rmtree(str(self._folder), ignore_errors=True)
        kept.drop(self._folder)
