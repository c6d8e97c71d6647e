"""Pictures as arrays: crop, arrange, enlarge, letter, read and write. uint8 in, uint8 out.

N images, H rows, W columns, C channels: 1 (grey), 3 (RGB) or 4 (RGBA); values 0 to 255. "..." stands for
any number of leading axes, also none.
"""

import functools
import importlib.util
import io
import math
import os
import struct
import zlib
from typing import Any, BinaryIO, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np
from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

from regan.base import artefacts
from regan.base.errors import UserError
from regan.base.typing import PathLike, Protocol

WHITE = 255  # In every channel: opaque, if there is an alpha.
CHANNELS = {1: 'grey', 3: 'RGB', 4: 'RGBA'}
_WITHOUT_LOSS = {'1': 'L', 'LA': 'RGBA', 'P': 'RGB', 'PA': 'RGBA'}  # Modes of PNGs that other programs made smaller.


class Drawing(Protocol):
    """What draws images: a `regan.networks.generator.Generator`, or what stands for one.

    Attributes:
        path: of its file.
        num_channels: of its images.
    """

    path: str
    num_channels: int


def check_channels(generator: Drawing) -> None:
    """Raises UserError unless the images of a generator can be written as pictures and videos."""
    if generator.num_channels not in CHANNELS:
        raise UserError(
            '%s draws images with %d channels, but pictures and videos have 1 (grey), 3 (RGB) or 4 (RGBA); take '
            'another network, or its numbers from Python (Generator.render)' % (generator.path, generator.num_channels)
        )


def check(images: np.ndarray, rank: Optional[int] = None) -> np.ndarray:
    """Return `images` if they are uint8 [..., H, W, C] with C 1, 3 or 4 (and of `rank` axes, if given).

    Raises ValueError otherwise: a wrong array is a mistake of the program, not of the user.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim < 3 or images.shape[-1] not in CHANNELS:
        raise ValueError('images must be uint8 [..., H, W, 1, 3 or 4], not %s %s' % (images.dtype, list(images.shape)))
    if rank is not None and images.ndim != rank:
        raise ValueError('images must have %d axes, not %s' % (rank, list(images.shape)))
    return images


def crop(images: np.ndarray, top: int = 0, bottom: int = 0, left: int = 0, right: int = 0) -> np.ndarray:
    """Cut so many rows and columns off each side: [..., H, W, C] -> [..., H', W', C].

    Raises ValueError when a number is negative or nothing would be left.
    """
    height, width = check(images).shape[-3:-1]
    if min(top, bottom, left, right) < 0 or top + bottom >= height or left + right >= width:
        raise ValueError(
            'cannot cut %d, %d rows and %d, %d columns off %dx%d pixels' % (top, bottom, left, right, height, width)
        )
    return images[..., top : height - bottom, left : width - right, :]


def grid(tiles: np.ndarray, gap: int = 0) -> np.ndarray:
    """Arrange tiles [R, K, H, W, C] in R rows and K columns, `gap` white pixels between them.

    Returns [R * H + (R - 1) * gap, K * W + (K - 1) * gap, C].
    """
    rows, cols, height, width, channels = check(tiles, rank=5).shape
    page = np.full([rows, height + gap, cols, width + gap, channels], WHITE, np.uint8)
    page[:, :height, :, :width] = tiles.transpose(0, 2, 1, 3, 4)
    page = page.reshape(rows * (height + gap), cols * (width + gap), channels)  # [rows, columns, C]
    return page[: page.shape[0] - gap, : page.shape[1] - gap]


def strip(tiles: np.ndarray) -> np.ndarray:
    """Arrange tiles [N, H, W, C] side by side: [H, N * W, C]."""
    return grid(check(tiles, rank=4)[None])


def sheet(images: np.ndarray, columns: Optional[int] = None) -> np.ndarray:
    """Arrange [N, H, W, C] row by row in so many columns, or nearly in a square; the last row is filled up with white.

    Returns [R * H, K * W, C].
    """
    columns = min(columns or int(math.ceil(math.sqrt(len(images)))), len(images))
    rows = -(-len(images) // columns)
    tiles = np.full((rows * columns,) + images.shape[1:], WHITE, np.uint8)
    tiles[: len(images)] = images
    return grid(tiles.reshape((rows, columns) + images.shape[1:]))


def split(page: np.ndarray, height: int, width: int) -> np.ndarray:
    """The inverse of `grid` without gaps: [R * H, K * W, C] -> [R, K, H, W, C].

    Raises ValueError when the page is not a whole number of tiles.
    """
    rows, cols = check(page, rank=3).shape[0] // height, page.shape[1] // width
    if page.shape[:2] != (rows * height, cols * width):
        raise ValueError('%dx%d pixels are not a whole number of %dx%d tiles' % (page.shape[:2] + (height, width)))
    return page.reshape(rows, height, cols, width, -1).transpose(0, 2, 1, 3, 4)  # [R, K, H, W, C]


def enlarge(images: np.ndarray, factor: int, method: str = 'nearest') -> np.ndarray:
    """Enlarge `factor` (whole) times: [..., H, W, C] -> [..., factor * H, factor * W, C].

    `nearest` repeats pixels and keeps every value; `lanczos` is smooth, for the eye only.
    """
    height, width, channels = check(images).shape[-3:]
    if method == 'nearest':
        return images.repeat(factor, axis=-3).repeat(factor, axis=-2)
    size = (width * factor, height * factor)
    planes: np.ndarray = np.moveaxis(images, -1, -3).reshape(-1, height, width)  # [N * C, H, W]
    planes = np.stack([np.asarray(Image.fromarray(plane).resize(size, Image.LANCZOS)) for plane in planes])
    planes = planes.reshape(images.shape[:-3] + (channels,) + size[::-1])  # [..., C, H, W]
    return np.moveaxis(planes, -3, -1)


def text_row(texts: Sequence[str], width: int, size: int, channels: int = 3) -> np.ndarray:
    """A white row of `width` pixels with the texts in black, each centred in its equal share.

    `size` is the height of the letters in pixels; it shrinks until the widest text fits its share.
    Returns uint8 [2 * size, width, channels].
    """
    share, letters = width / len(texts), size
    while letters > 6 and max(_font(letters).getlength(text) for text in texts) > share:
        letters -= 1
    row = Image.new('L', (width, 2 * size), WHITE)
    for i, text in enumerate(texts):
        ImageDraw.Draw(row).text(((i + 0.5) * share, size), text, fill=0, font=_font(letters), anchor='mm')
    return _in_channels(row, channels)  # [2 * size, width, C]


def text_column(texts: Sequence[str], height: int, size: int, channels: int = 3) -> np.ndarray:
    """A white column of `height` pixels with the texts in black, each in the middle of its equal share, `size` pixels
    high.

    It is as wide as the widest text needs. Returns uint8 [height, width, channels].
    """
    width = int(max(_font(size).getlength(text) for text in texts)) + 2 * size
    column = Image.new('L', (width, height), WHITE)
    for i, text in enumerate(texts):
        ImageDraw.Draw(column).text(
            (width / 2, (i + 0.5) * height / len(texts)), text, fill=0, font=_font(size), anchor='mm'
        )
    return _in_channels(column, channels)  # [height, width, C]


def text_width(text: str, size: int) -> int:
    """Pixels that a text takes in letters of this size."""
    return int(math.ceil(_font(size).getlength(text)))


def _in_channels(letters, channels):
    """A PIL image of mode L as uint8 [H, W, C], opaque."""
    pixels = np.asarray(letters)[:, :, None].repeat(channels, axis=2)  # [H, W, C]
    pixels[:, :, 3:] = WHITE
    return pixels


def pad(page: np.ndarray, top: int = 0, height: Optional[int] = None, width: Optional[int] = None) -> np.ndarray:
    """Place a page [H, W, C] `top` pixels down, at the left, on a white one.

    Args:
        page: uint8.
        top: pixels.
        height: of the white page in pixels; default: what it needs.
        width: likewise.
    """
    rows, columns, channels = check(page, rank=3).shape
    padded = np.full([height or top + rows, width or columns, channels], WHITE, np.uint8)
    padded[top : top + rows, :columns] = page
    return padded


def stack(pages: Sequence[np.ndarray], gap: int = 0) -> Tuple[np.ndarray, List[int]]:
    """Pages [H, W, C] of any sizes from top to bottom, at the left, `gap` pixels between: (page [H', W', C], list of
    first rows).
    """
    width = max(page.shape[1] for page in pages)
    tops = [sum(len(page) + gap for page in pages[:i]) for i in range(len(pages))]
    heights = [len(page) + (gap if page is not pages[-1] else 0) for page in pages]
    return np.concatenate([pad(page, height=height, width=width) for page, height in zip(pages, heights)]), tops


def on_white(images: np.ndarray) -> np.ndarray:
    """RGBA on white, as a picture viewer shows it: [..., H, W, 4] -> [..., H, W, 3]. Others stay as they are."""
    if check(images).shape[-1] != 4:
        return images
    alpha = images[..., 3:].astype(np.uint16)
    return ((images[..., :3] * alpha + WHITE * (255 - alpha) + 127) // 255).astype(np.uint8)


@functools.lru_cache(maxsize=None)
def _font(size):
    # Matplotlib's font file: the same letters on every machine. Matplotlib itself is slow to load, and complains where
    # the home folder cannot be written.
    package: Any = importlib.util.find_spec('matplotlib')
    folder = os.path.join(os.path.dirname(package.origin), 'mpl-data', 'fonts', 'ttf')
    return ImageFont.truetype(os.path.join(folder, 'DejaVuSans.ttf'), size)


def save_png(path: PathLike, image: np.ndarray, texts: Optional[Mapping[str, str]] = None) -> None:
    """Write [H, W, C] as a PNG file, with what `png` takes; the file is whole or not there."""
    save_bytes(path, png(image, texts))


def png(image: np.ndarray, texts: Optional[Mapping[str, str]] = None) -> bytes:
    """The content of a PNG file of [H, W, C], as bytes. Args: image, and texts that it carries, see `with_texts`."""
    image, content = check(image, rank=3), io.BytesIO()
    Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image).save(content, format='PNG')
    return with_texts(content.getvalue(), texts or {})


def with_texts(content: bytes, texts: Mapping[str, str]) -> bytes:
    """The content of a PNG file with further texts: an iTXt chunk for each, after the first chunk; the rest is the
    same.

    Args:
        content: of the file.
        texts: dict of keyword (at most 79 Latin letters) -> text.
    """
    end = 20 + struct.unpack('>I', content[8:12])[0]  # Of IHDR: signature, length, kind, content, checksum.
    chunks = b''
    for keyword, text in texts.items():
        body = (
            b'iTXt' + keyword.encode('latin-1') + b'\0\0\0\0\0' + text.encode('utf-8')
        )  # Neither packed nor translated.
        chunks += struct.pack('>I', len(body) - 4) + body + struct.pack('>I', zlib.crc32(body))
    return content[:end] + chunks + content[end:]


def save_bytes(path: PathLike, content: bytes) -> None:
    """Write what `png` gave; the file is whole or not there."""
    with artefacts.atomic_path(path) as temporary:
        temporary.write_bytes(content)


def read_png(path: Union[PathLike, BinaryIO]) -> np.ndarray:
    """Read a grey, RGB or RGBA PNG file of 8 bits, or a file object: uint8 [H, W, C].

    Palettes and single bits become what they stand for, without loss. For any picture of a user's, see `reading`.

    Raises UserError when the file is missing, is not a PNG, is damaged, or is of another mode.
    """
    try:
        with Image.open(path, formats=['PNG']) as picture:
            picture.load()  # here a damaged file raises; np.asarray of Pillow 9 would only warn
            plain = picture
            if 'transparency' in picture.info:
                plain = picture.convert('RGBA')
            elif picture.mode in _WITHOUT_LOSS:
                plain = picture.convert(_WITHOUT_LOSS[picture.mode])
            mode, pixels = plain.mode, np.array(plain)
    except FileNotFoundError:
        raise UserError('there is no picture %s; check the path' % path)
    except (UnidentifiedImageError, SyntaxError, OSError) as error:
        raise UserError('%s is not a readable PNG file (%s); make it again' % (path, error))
    if mode not in ('L', 'RGB', 'RGBA'):
        raise UserError('%s is a PNG of mode %s; save it as grey (L), RGB or RGBA of 8 bits' % (path, mode))
    return pixels.reshape(pixels.shape[0], pixels.shape[1], -1)  # [H, W, C]
