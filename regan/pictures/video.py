"""Videos as files: the only module that knows imageio and its ffmpeg."""

import contextlib
import logging
from typing import Any, Iterable, List, Tuple

import numpy as np

from regan.base import artefacts
from regan.base.errors import UserError, WriteError
from regan.base.typing import PathLike
from regan.pictures import images


def check() -> Tuple[Any, str]:
    """The module imageio.v2 and the path of its ffmpeg. Raises UserError unless videos can be written here."""
    try:
        import imageio.v2
        import imageio_ffmpeg

        return imageio.v2, imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError) as error:
        raise UserError(
            'a video cannot be written without imageio and imageio-ffmpeg (%s); install them with: pip install imageio '
            'imageio-ffmpeg' % error
        ) from error


def there_and_back(count: int) -> List[int]:
    """Indices of frames such that a player's loop moves to and fro, without resting at either end.

    >>> there_and_back(4)
    [0, 1, 2, 3, 2, 1]
    """
    return list(range(count)) + list(range(count - 2, 0, -1))


def save_mp4(path: PathLike, frames: Iterable[np.ndarray], fps: float, comment: str = '') -> None:
    """Writes frames, an iterable of uint8 [H, W, C], one after the other as H.264, which all players read; atomically.

    Sizes must be even there: an odd one is made so by repeating the last row or column. There is no transparency in
    such a video: RGBA is shown on white.

    Args:
        path: the file.
        frames: iterable of images.
        fps: frames per second.
        comment: text that the file carries, if any.

    Raises:
        UserError: imageio or its ffmpeg is missing, or the file cannot be written.
    """
    writers, _ = check()
    with artefacts.atomic_path(path) as temporary:
        writer = writers.get_writer(
            str(temporary),
            format='FFMPEG',
            mode='I',
            fps=fps,
            codec='libx264',
            pixelformat='yuv420p',
            quality=8,
            macro_block_size=1,
            ffmpeg_log_level='error',
            output_params=['-metadata', 'comment=' + comment] if comment else [],
        )
        # The writer's own `with` leaves ffmpeg running after an error.
        with _quiet('imageio_ffmpeg'), contextlib.closing(writer):
            for frame in frames:
                picture = _presentable(frame)
                try:
                    writer.append_data(picture)
                except OSError as error:  # A broken pipe, and pages of what ffmpeg was called with.
                    raise WriteError(path, 'ffmpeg ended early, as it does on a full disk') from error
        if not _is_whole(temporary):  # Nobody asks ffmpeg how it ended.
            raise WriteError(path, 'ffmpeg wrote a part of it only, as it does on a full disk')


@contextlib.contextmanager
def _quiet(logger):
    """Keeps a library's warnings to itself: of an ffmpeg that has ended, whose end is said here as an error."""

    def nothing(_):
        return False

    logging.getLogger(logger).addFilter(nothing)
    try:
        yield
    finally:
        logging.getLogger(logger).removeFilter(nothing)


def _is_whole(path):
    """Whether a file is a sequence of whole MP4 boxes, the table of contents among them."""
    kinds, begin, end = set(), 0, path.stat().st_size
    with open(str(path), 'rb') as file:
        while begin < end:
            file.seek(begin)
            head = file.read(16)
            length = int.from_bytes(head[:4], 'big')
            length = int.from_bytes(head[8:], 'big') if length == 1 else length
            if length < 8:
                return False
            kinds.add(head[4:8])
            begin += length
    return begin == end and b'moov' in kinds


def _presentable(frame):
    """[H, W, C] -> RGB with even sides."""
    frame = images.on_white(images.check(frame, rank=3))
    height, width, channels = frame.shape
    even = np.pad(frame, [(0, height % 2), (0, width % 2), (0, 0)], mode='edge')
    return even.repeat(3 // channels, axis=2)
