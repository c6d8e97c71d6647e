"""Pictures of users, in any form, as grey or RGB of 8 bits: upright, and with what had to be changed for it.

Photos are turned as their EXIF says. Transparency is put on white. Colour profiles are left out of account, as the
official tools do: numbers stay as they are stored. Of an animation the first frame is taken.
"""

import contextlib
import warnings
from typing import BinaryIO, Iterator, NamedTuple, Tuple, Union

import numpy as np
from PIL import Image, ImageOps

from regan.base.errors import UserError
from regan.base.typing import PathLike

ENDINGS = (
    '.bmp',
    '.gif',
    '.jfif',
    '.jpe',
    '.jpeg',
    '.jpg',
    '.pgm',
    '.png',
    '.ppm',
    '.tif',
    '.tiff',
    '.webp',
)
GREY_MODES = ('1', 'L', 'LA', 'La', 'I', 'F', 'I;16', 'I;16B', 'I;16L', 'I;16N')  # Of Pillow: one channel, maybe alpha.
_PAGED = ('GIF', 'PNG', 'TIFF', 'WEBP')  # Not MPO: the second frame of a phone's photo is no next one.
_ORIENTATION, _TURNS = 0x0112, range(2, 9)  # EXIF's tag, and its values but the one of an upright camera.
# Of Pillow's formats those of pixels: EPS, for one, is a program that another program would have to run.
_FORMATS = ('BMP', 'DIB', 'GIF', 'JPEG', 'PNG', 'PPM', 'TIFF', 'WEBP')

TURNED = 'turned upright'
PROFILE = 'colour profile left out of account'
_NOT_CONVERSIONS = (TURNED, PROFILE)  # Pixels are those of the file.


class Picture(NamedTuple):
    """A picture as it is used.

    Attributes:
        image: PIL image of mode L or RGB.
        changes: what had to be done, texts such as 'transparency on white' and `TURNED`.
    """

    image: Image.Image
    changes: Tuple[str, ...]

    @property
    def conversions(self) -> Tuple[str, ...]:
        """Those of the changes after which pixels are not those of the file."""
        return tuple(change for change in self.changes if change not in _NOT_CONVERSIONS)


class UnreadablePicture(UserError):
    """A file that is no picture, or damaged, or of which nothing sensible can be made; the text has no file name."""


class Header(NamedTuple):
    """What is known of a picture before its pixels are decoded.

    Attributes:
        is_grey: whether it has one channel, and perhaps an alpha.
        size: width and height as they are stored, not turned yet.
    """

    is_grey: bool
    size: Tuple[int, int]


def header(source: Union[PathLike, BinaryIO]) -> Header:
    """The Header of a file, or file object; a photo may still be damaged further on. Raises UnreadablePicture."""
    with _opened(source) as image:
        return Header(image.mode in GREY_MODES, image.size)


def read(source: Union[PathLike, BinaryIO]) -> Picture:
    """The Picture in a file, or file object: grey stays grey, everything else becomes RGB.

    Raises:
        UnreadablePicture: it is none, or damaged.
    """
    with _opened(source) as image:
        changes = [change for change in [_pages(image), _profile(image), _depth(image)] if change]
        image.load()
        if _orientation(image) in _TURNS:
            image = ImageOps.exif_transpose(image)
            changes.append(TURNED)
        plain, further = _converted(image)
        return Picture(plain, tuple(changes + further))


@contextlib.contextmanager
def _opened(source: Union[PathLike, BinaryIO]) -> Iterator[Image.Image]:
    """The open image; whatever is wrong with it ends in UnreadablePicture."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # Of what is around the pixels; what is wrong with them is an error.
            image = Image.open(source if hasattr(source, 'read') else str(source), formats=_FORMATS)
        with image:
            yield image
    except UnreadablePicture:
        raise
    except Image.UnidentifiedImageError:
        raise UnreadablePicture('no image') from None
    except Image.DecompressionBombError:
        raise UnreadablePicture('more pixels than a picture has') from None
    except Exception as error:  # Pillow's decoders raise nearly any type on damaged bytes.
        raise UnreadablePicture('damaged: %s' % (str(error).rstrip('.') or type(error).__name__)) from error


def _orientation(image):
    """EXIF's number for how the camera was held; None where EXIF is missing or damaged, which the pixels outlive."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            return image.getexif().get(_ORIENTATION)
        except Exception:  # As the decoders.
            return None


def _pages(image):
    if image.format in _PAGED and getattr(image, 'n_frames', 1) > 1:
        return 'first frame of several'
    return None


def _profile(image):
    profile = image.info.get('icc_profile') or b''
    is_usual = b'sRGB' in profile or 'sRGB'.encode('utf-16-be') in profile
    return PROFILE if profile and not is_usual else None


def _depth(image):
    """Pillow makes 8 bits of the 16 of a colour PNG by itself; only the raw mode still tells."""
    tiles = [tile[3] for tile in image.tile] if image.mode in ('RGB', 'RGBA', 'LA') else []
    raw = [tile if isinstance(tile, str) else tile[0] for tile in tiles if tile]
    return '16 bits to 8' if any(';16' in str(mode) for mode in raw) else None


def _converted(image):
    """(image of mode L or RGB, list of changes) of any image."""
    if image.mode in ('L', 'RGB') and 'transparency' not in image.info:
        return image, []
    if image.mode == '1':
        return image.convert('L'), ['1 bit to 8']
    if image.mode in ('I', 'F') or image.mode.startswith('I;16'):
        return _from_numbers(np.asarray(image), image.mode)
    changes = {'P': ['palette'], 'PA': ['palette'], 'CMYK': ['CMYK to RGB']}.get(image.mode, [])
    if image.mode in ('RGBA', 'RGBa', 'LA', 'La', 'PA') or 'transparency' in image.info:
        return _on_white(image, changes)
    if not changes and image.mode != 'RGB':
        changes = ['%s to RGB' % image.mode]
    return image.convert('RGB'), changes


def _on_white(image, changes):
    is_grey = image.mode in GREY_MODES
    if image.mode in ('RGBa', 'La'):
        image = image.convert(image.mode.upper())
    image = image.convert('RGBA')
    if image.getextrema()[3][0] == 255:  # All of it is opaque.
        return image.convert('L' if is_grey else 'RGB'), changes + ['alpha, opaque everywhere, left out']
    white = Image.new('RGBA', image.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, image).convert('L' if is_grey else 'RGB'), changes + ['transparency on white']


def _from_numbers(numbers, mode):
    """Grey of 8 bits from whole numbers of 16 bits, or from fractions of 0 to 1 or 0 to 255."""
    low, high = numbers.min(), numbers.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise UnreadablePicture('values that are NaN or infinite')
    top = (1 if high <= 1 else 255) if mode == 'F' else 65535
    if low < 0 or high > top:
        limit = '1 or 255' if mode == 'F' else top
        raise UnreadablePicture('values from %g to %g, and not from 0 to %s' % (low, high, limit))
    levels = np.rint(numbers.astype(np.float64) * (255 / top)).astype(np.uint8)
    return Image.fromarray(levels), ['floating point to 8 bits' if mode == 'F' else '16 bits to 8']
