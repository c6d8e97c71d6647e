"""Walks as files: an MP4, or a folder of frames; frames that are drawn are kept until the walk is whole.

Three things happen at the same time: the network draws, a thread compresses and keeps what was drawn, and ffmpeg
encodes what has been kept. An interrupted walk goes on: its frames lie in a folder named by a key of everything that
they depend on, and a minibatch that is there is not drawn again.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import Any, Dict, Iterator, NamedTuple, Optional, Tuple

import numpy as np

from regan.base import artefacts, background, kept
from regan.base.errors import UserError
from regan.base.typing import PathLike, Progress
from regan.drawing import walk as walks
from regan.drawing.walk import Walk
from regan.editing import paths
from regan.pictures import images, video

SIDECAR = 'walk.json'  # Of a folder.
MOST_FRAMES = 10**5


class Timing(NamedTuple):
    """How many frames there are, how many of them a second, and whether they follow each other at a steady pace."""

    frames: int
    fps: float
    steady: bool = False


def sidecar_of(out: PathLike) -> Path:
    """The JSON that says what made a walk: beside an .mp4, or in a folder."""
    out = Path(out)
    return out.with_suffix('.json') if is_video(out) else out / SIDECAR


def is_video(out: PathLike) -> bool:
    """Whether an output is an MP4, and not a folder."""
    return Path(out).suffix.lower() == '.mp4'


def is_there(out: PathLike, facts: Dict[str, Any]) -> bool:
    """Whether a walk of these facts has been written.

    Args:
        out: an .mp4, or a folder.
        facts: dict for its JSON, as it was given to `write`.
    """
    recorded = _recorded(out)
    if recorded is None or {name: recorded.get(name) for name in facts} != json.loads(json.dumps(facts)):
        return False
    if is_video(out):
        return Path(out).exists()
    return all(path.exists() for path in _frame_paths(out, facts['frames']))


def _recorded(out):
    try:
        recorded = json.loads(sidecar_of(out).read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return None
    return recorded if isinstance(recorded, dict) else None


def _frame_paths(folder, count):
    return [Path(folder) / ('frame%05d.png' % index) for index in range(count)]


def write(
    walk: Walk, out: PathLike, timing: Timing, facts: Dict[str, Any], progress: Optional[Progress] = None
) -> None:
    """Draws a walk into an MP4 or a folder of PNGs, with its JSON.

    Args:
        walk: Walk.
        out: path that ends in .mp4, or of a folder.
        timing: Timing.
        facts: dict for the JSON; all that frames depend on, and `frames` and `fps`.
        progress: callable that gets the number of images done since its last call; a steady walk has twice as many.

    Raises:
        UserError: a file cannot be written, or a video is asked for where none can be made.
    """
    out, progress = Path(out), progress or (lambda count: None)
    if is_video(out):
        video.check()
    kept.resumable()
    key = artefacts.cache_key({name: value for name, value in facts.items() if name != 'fps'})
    parts = _Parts(_hidden(out) / ('.%s-%s' % (out.name, key)), walk, timing.frames)
    at = paths.places(timing.frames, walk.end, walk.loop)
    found: Dict[str, Any] = {}
    if timing.steady:
        at, before = walks.paced(walk, timing.frames, parts.seen, progress)
        found = dict(unevenness=before)
    before_it = _recorded(out)
    _forget(sidecar_of(out))  # It is about to be untrue.
    frames = background.ahead(parts.frames(at, progress), buffered=4)
    with contextlib.closing(frames):
        if is_video(out):
            video.save_mp4(out, frames, timing.fps)
        else:
            for _ in frames:
                pass
            parts.move(out, _stale(out, before_it, timing.frames))
    artefacts.write_json(sidecar_of(out), dict(facts, **found, places=at.tolist()))
    for leftover in _hidden(out).glob('.%s-*' % out.name):  # Also of a run with other settings, which was interrupted.
        shutil.rmtree(str(leftover), ignore_errors=True)
        kept.drop(leftover)


def places_of(out: PathLike) -> np.ndarray:
    """The places of the frames of a walk that is there, float64 [frames]."""
    return np.array((_recorded(out) or {})['places'])


def _hidden(out):
    """The folder in which the folder of parts lies."""
    return out.parent if is_video(out) else out


def _forget(path):
    if path.exists():
        with artefacts.writing(path):
            path.unlink()


def _stale(out, recorded, count):
    """The frames of an earlier, longer walk in the same folder."""
    earlier = (recorded or {}).get('frames')
    if type(earlier) is not int or not count < earlier <= MOST_FRAMES:
        return []
    return [path for path in _frame_paths(out, earlier)[count:] if path.exists()]


class _Parts:
    """What has been drawn of a walk, on the disk: a PNG for each frame, and an array for each minibatch compared.

    Args:
        folder: made if missing.
        walk: Walk.
        count: of frames.
    """

    def __init__(self, folder, walk, count):
        self._folder, self._walk, self._count = folder, walk, count
        with artefacts.writing(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def seen(self, at):
        """`Walk.seen`, remembered."""
        path = self._folder / ('seen-%r.npy' % float(at[0]))
        if not path.exists():
            artefacts.write_npy(path, self._walk.seen(at))
        return artefacts.read_npy(path, 'delete it')

    def _path(self, index):
        return self._folder / ('%05d.png' % index)

    def frames(self, at: np.ndarray, progress: Progress) -> Iterator[np.ndarray]:
        """Yields all frames, uint8 [H, W, C], in order: kept ones, and new ones, which are kept in another thread."""
        for batch in background.behind(self._keep, self._batches(at), buffered=4):
            for frame in batch:
                yield frame
                progress(1)

    def _batches(self, at: np.ndarray) -> Iterator[Tuple[range, Optional[np.ndarray]]]:
        """Yields (indices of frames, the frames, or None for those that are there)."""
        for batch in walks.batches(self._count, self._walk.at_once):
            there = all(self._path(index).exists() for index in batch)
            yield batch, None if there else self._walk.draw(at[batch.start : batch.stop])

    def _keep(self, drawn):
        """The frames of a minibatch, which lie on the disk then."""
        batch, frames = drawn
        if frames is None:
            return [self._read(index) for index in batch]
        for index, frame in zip(batch, frames):
            images.save_bytes(self._path(index), images.png(frame))
        return list(frames)

    def _read(self, index):
        kept.add(self._path(index))
        return images.read_png(self._path(index))

    def move(self, folder, stale):
        """Gives the frames their names in a folder, and removes files that are none of them any more."""
        for index, path in enumerate(_frame_paths(folder, self._count)):
            with artefacts.writing(path):
                os.replace(str(self._path(index)), str(path))
            kept.add(path)
        for path in stale:
            _forget(path)


def check_count(frames: int) -> None:
    """Raises UserError for no or too many frames."""
    if not 2 <= frames <= MOST_FRAMES:
        raise UserError(
            'a walk has 2 to %d frames, not %d; choose another --seconds or --frames' % (MOST_FRAMES, frames)
        )
