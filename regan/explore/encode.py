"""Pictures as bytes for the page, and the binary frames that carry them."""

import io
import json
import struct
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np
from PIL import Image, features

VERSION = 1
RAW_PIXELS = 128 * 128  # Up to here the bytes of the pixels are sent as they are: nothing is faster.
PREVIEW_QUALITY = 85
_LARGEST_WEBP = 16383  # Pixels of a side.
_HEAD = struct.Struct('>BI')


class Encoded(NamedTuple):
    """A picture as bytes.

    Attributes:
        codec: one of `codecs`.
        exact: whether the pixels come back as they were.
        data: bytes.
    """

    codec: str
    exact: bool
    data: bytes


def codecs() -> List[str]:
    """The codecs that `encode` may choose, fastest first."""
    return ['raw'] + (['webp'] if features.check('webp') else []) + ['jpeg', 'png']


def encode(image: np.ndarray, exact: bool) -> Encoded:
    """A picture, uint8 [H, W, 1 or 3], in the codec that is fastest for its size.

    Args:
        image: as above. Raw bytes go row by row.
        exact: whether every pixel must come back as it is.
    """
    height, width, channels = image.shape
    if height * width <= RAW_PIXELS:
        return Encoded('raw', True, np.ascontiguousarray(image).tobytes())
    picture = Image.fromarray(image[:, :, 0] if channels == 1 else image)
    if not exact:
        return Encoded('jpeg', False, _saved(picture, 'JPEG', quality=PREVIEW_QUALITY))
    if channels == 3 and max(height, width) <= _LARGEST_WEBP and 'webp' in codecs():
        return Encoded('webp', True, _saved(picture, 'WEBP', lossless=True, quality=0, method=0))
    return Encoded('png', True, _saved(picture, 'PNG', compress_level=1))


def _saved(picture, kind, **options):
    content = io.BytesIO()
    picture.save(content, format=kind, **options)
    return content.getvalue()


def frame(header: Dict[str, Any], data: bytes = b'') -> bytes:
    """A binary message: a byte VERSION, the length of the header as big-endian uint32, the header as JSON, the data."""
    text = json.dumps(header, separators=(',', ':'), allow_nan=False).encode('utf-8')
    return _HEAD.pack(VERSION, len(text)) + text + data


def read_frame(message: bytes) -> Tuple[Dict[str, Any], bytes]:
    """Header and data of a message of `frame`. Raises ValueError for anything else."""
    if len(message) < _HEAD.size or message[0] != VERSION:
        raise ValueError('no frame of version %d' % VERSION)
    length = _HEAD.unpack_from(message)[1]
    return json.loads(message[_HEAD.size : _HEAD.size + length].decode('utf-8')), message[_HEAD.size + length :]


def decode(codec: str, data: bytes, shape: Optional[Tuple[int, ...]] = None) -> np.ndarray:
    """The pixels of `encode`, uint8 [H, W, C]. Args: shape, (H, W, C), of raw bytes."""
    if codec == 'raw':
        return np.frombuffer(data, np.uint8).reshape(shape)
    pixels = np.asarray(Image.open(io.BytesIO(data)))
    return pixels.reshape(pixels.shape[0], pixels.shape[1], -1)  # [H, W, C]
