"""Photos of faces, turned and cut as those of FFHQ and CelebA-HQ are, by 68 landmarks.

The landmarks are those of dlib and of the 300-W data: 36 to 41 and 42 to 47 are the eyes, 48 and 54 the corners of the
mouth.
"""

import json
from pathlib import Path
from typing import Any, List, NamedTuple, Tuple

import numpy as np
from PIL import Image
from scipy import ndimage

from regan.base.errors import UserError
from regan.base.typing import PathLike

COUNT = 68
_LEFT_EYE, _RIGHT_EYE, _MOUTH = slice(36, 42), slice(42, 48), (48, 54)
_OVERSAMPLING = 4  # The square is sampled at so many times the size of the result, and reduced.


class Square(NamedTuple):
    """Where a face is cut out.

    Attributes:
        corners: float64 [4, 2], x and y in pixels: upper left, lower left, lower right, upper right.
        side: length in pixels.
    """

    corners: np.ndarray
    side: float


def square(landmarks: np.ndarray) -> Square:
    """The Square of a face.

    With e the middle between the eyes, d the way from one eye to the other and m that from e to the mouth, its centre
    is e + 0.1 m; its sides are along d - rot90(m) and twice as long as the larger of 2 |d| and 1.8 |m|.

    Args:
        landmarks: float [68, 2].
    """
    left, right = landmarks[_LEFT_EYE].mean(axis=0), landmarks[_RIGHT_EYE].mean(axis=0)
    eyes, apart = (left + right) / 2, right - left
    down = landmarks[list(_MOUTH)].mean(axis=0) - eyes
    x = apart - _turned(down)
    length = np.hypot(*x)
    if length == 0:
        raise UserError('the landmarks of the eyes and of the mouth lie on one point, so there is no face to align')
    x = x / length * max(2.0 * np.hypot(*apart), 1.8 * np.hypot(*down))
    y, centre = _turned(x), eyes + 0.1 * down
    return Square(np.stack([centre - x - y, centre - x + y, centre + x + y, centre + x - y]), 2 * np.hypot(*x))


def _turned(v):
    """A vector (x, y) turned by 90 degrees: (-y, x)."""
    return np.array([-v[1], v[0]])


def aligned(image: Image.Image, landmarks: np.ndarray, size: int) -> Image.Image:
    """The face of a picture as a square of `size` pixels.

    What lies outside of the picture is its mirror image, more and more blurred and faded to the median colour.

    Args:
        image: of mode L or RGB.
        landmarks: float [68, 2], x and y in pixels.
        size: of the result.
    """
    corners, side = square(landmarks)
    shrink = int(side / size / 2)
    if shrink > 1:
        small = tuple(int(round(n / shrink)) for n in image.size)
        corners = corners * np.divide(small, image.size)
        image, side = image.resize(small, Image.LANCZOS), side / shrink
    image, corners = _filled(image, corners, side)
    large = (size * _OVERSAMPLING,) * 2
    return image.transform(large, Image.QUAD, (corners + 0.5).ravel(), Image.BILINEAR).resize(
        (size, size), Image.LANCZOS
    )


def _filled(image, corners, side):
    """The part of an image around the corners, with something where it ends, and the corners in that part."""
    border = max(int(round(side * 0.1)), 3)
    low = np.floor(corners.min(axis=0)).astype(int) - border
    high = np.ceil(corners.max(axis=0)).astype(int) + border
    first, last = np.maximum(low, 0), np.minimum(high, image.size)
    if (last <= first).any():
        raise UserError('the landmarks lie outside of the picture')
    pixels = np.asarray(image.crop((*first, *last)), np.float64)
    corners = corners - first
    before, after = np.maximum(-low, 0), np.maximum(high - image.size, 0)
    if max(before.max(), after.max()) <= border:  # Only the margin is missing.
        return Image.fromarray(pixels.astype(np.uint8)), corners
    wide = int(round(side * 0.3))
    before, after = np.maximum(before, wide), np.maximum(after, wide)
    widths = [(before[1], after[1]), (before[0], after[0])]
    flat = pixels.reshape(pixels.shape[:2] + (-1,))  # [H, W, C]
    padded = np.pad(flat, widths + [(0, 0)], mode='reflect' if min(flat.shape[:2]) > 1 else 'edge')
    outside = _outside(padded.shape[:2], widths)
    blurred = ndimage.gaussian_filter(padded, [side * 0.02] * 2 + [0])
    padded += (blurred - padded) * np.clip(outside * 3 + 1, 0, 1)[:, :, None]
    padded += (np.median(padded, axis=(0, 1)) - padded) * np.clip(outside, 0, 1)[:, :, None]
    found = np.clip(np.rint(padded), 0, 255).astype(np.uint8).reshape(padded.shape[:2] + pixels.shape[2:])
    return Image.fromarray(found), corners + before


def _outside(shape, widths):
    """How far each pixel is in the padding: 1 at its outer end, 0 where it begins, and less further in. [H, W]"""
    height, width = shape
    rows, columns = np.arange(height)[:, None], np.arange(width)[None]
    (top, bottom), (left, right) = widths
    vertical = np.minimum(rows / top, (height - 1 - rows) / bottom)
    horizontal = np.minimum(columns / left, (width - 1 - columns) / right)
    return 1 - np.minimum(vertical, horizontal)


# ------------------------------------------------------------------ landmarks


def read_landmarks(path: PathLike) -> np.ndarray:
    """The 68 landmarks in a file, float64 [68, 2].

    It may be .npy, .json (a list of pairs), .pts (of 300-W), or text with one point on each line.

    Raises:
        UserError: it is missing, holds something else, or another number of points.
    """
    path = Path(path)
    try:
        points = _numbers(path)
    except OSError as error:
        raise UserError('cannot read the landmarks %s: %s' % (path, error.strerror or error)) from None
    except (ValueError, TypeError, UnicodeDecodeError):
        raise UserError(
            '%s holds no landmarks: write one point on each line, x and y in pixels, or a list of pairs in a .json or '
            '.npy file' % path
        ) from None
    if points.ndim != 2 or points.shape[1] != 2:
        raise UserError('%s holds numbers of shape %s, not 68 points of x and y' % (path, list(points.shape)))
    if len(points) != COUNT:
        raise UserError('%s holds %d landmarks, but a face is aligned by 68, as dlib finds them' % (path, len(points)))
    if not np.isfinite(points).all():
        raise UserError('%s holds landmarks that are NaN or infinite' % path)
    return points


def _numbers(path):
    if path.suffix == '.npy':
        return np.asarray(np.load(str(path), allow_pickle=False), np.float64)
    text = path.read_text(encoding='utf-8')
    if path.suffix == '.json':
        return np.asarray(json.loads(text), np.float64)
    if path.suffix == '.pts':
        text = text[text.index('{') + 1 : text.index('}')]
    rows = [line.replace(',', ' ').split() for line in text.splitlines() if line.strip()]
    return np.array([[float(word) for word in row] for row in rows], np.float64)


class Detector:
    """dlib's detector of faces and landmarks, where the user has it.

    Args:
        path: of the model, shape_predictor_68_face_landmarks.dat.

    Raises:
        UserError: dlib is not installed, or the model cannot be read.
    """

    def __init__(self, path: PathLike) -> None:
        try:
            import dlib
        except ImportError:
            raise UserError(
                'to find landmarks by %s the package dlib is needed; install it (pip install dlib), or give a file '
                'with 68 landmarks' % path
            ) from None
        library: Any = dlib
        try:
            self._shape: Any = library.shape_predictor(str(path))
        except RuntimeError as error:
            raise UserError('dlib cannot read %s (%s)' % (path, error)) from None
        self._faces: Any = library.get_frontal_face_detector()

    def find(self, image: Image.Image) -> List[np.ndarray]:
        """The landmarks of each face in a picture, list of float64 [68, 2]; empty where there is none."""
        pixels = np.asarray(image.convert('RGB'))
        shapes = [self._shape(pixels, box) for box in self._faces(pixels, 1)]
        return [np.array([[point.x, point.y] for point in shape.parts()], np.float64) for shape in shapes]


class Aligner:
    """Landmarks of pictures as the user has them.

    Args:
        path: a file with the landmarks of a single picture; a folder with one, NAME.txt, .pts, .json or .npy, for each
            picture NAME; or a model of dlib's (.dat), which finds them.

    Attributes:
        is_for_one: whether the landmarks are those of a single picture.

    Raises:
        UserError: it is missing, or see `Detector`.
    """

    ENDINGS: Tuple[str, ...] = ('.txt', '.pts', '.json', '.npy')
    is_for_one: bool

    def __init__(self, path: PathLike) -> None:
        self._path = Path(path)
        if not self._path.exists():
            raise UserError('there is no file or folder %s with landmarks' % path)
        self._detector = Detector(path) if self._path.suffix == '.dat' else None
        self.is_for_one = self._detector is None and not self._path.is_dir()

    def faces(self, name: str, image: Image.Image) -> Tuple[List[np.ndarray], str]:
        """Landmarks [68, 2] of each face in the picture of that name, and where they are from.

        Raises:
            UserError: there are none.
        """
        if self._detector is not None:
            found = self._detector.find(image)
            if not found:
                raise UserError(
                    'dlib finds no face in %s; give its 68 landmarks in a file, or leave --align out' % name
                )
            return found, str(self._path)
        path = self._path
        if path.is_dir():
            there = [path / (Path(name).stem + ending) for ending in self.ENDINGS]
            there = [one for one in there if one.is_file()]
            if not there:
                raise UserError(
                    '%s has no landmarks of %s: it needs %s.txt (or .pts, .json, .npy)' % (path, name, Path(name).stem)
                )
            path = there[0]
        return [read_landmarks(path)], str(path)
