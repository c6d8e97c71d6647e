"""Directions learnt with supervision: InterFaceGAN's boundaries, the baseline for principal components.

A boundary is the unit normal of a hyperplane through the origin of latent space that separates codes whose images have
an attribute from codes whose images lack it (Shen et al., CVPR 2020 and TPAMI 2020). Its file is a .npy of shape (1,
D), float64.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Dict, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from dnnlib import file_kinds
from regan.base import artefacts, finite, places, tables
from regan.base.errors import UserError
from regan.base.typing import PathLike, Progress
from regan.editing import edits
from regan.sampling import latents

if TYPE_CHECKING:
    from regan.judges.reader import FactorReader
    from regan.networks.generator import Generator

FOLDER_VARIABLE = 'REGAN_BOUNDARIES'
ADDRESS = 'https://raw.githubusercontent.com/genforce/interfacegan/master/boundaries/'
ENDING = '_boundary.npy'
EMBEDDED = places.NETWORKS / 'boundaries'
PUBLISHED = {  # Name -> SHA-256. In W of NVIDIA's StyleGAN networks; MIT licence, copyright 2019 Yujun Shen.
    'stylegan_celebahq_age_w': '1193f356feb29bb535c689d2c14d2f6971318117eba2c3601df2a97c6339eb95',
    'stylegan_celebahq_eyeglasses_w': '897301c31db00bab38f709252ed7acff4c3b827abac1e0deed0c8ea590c6ebf9',
    'stylegan_celebahq_gender_w': 'efa7d73ce4186bd791aa61a8deb2a2b7fae975381b80f3d48fa4361b80d00300',
    'stylegan_celebahq_pose_w': '3da694dc6d08be345c58cc259be5af925bcf6fd43a69df370b1235b36fc79274',
    'stylegan_celebahq_smile_w': 'a722af195a3b6372027edbbd1aed3880bbb882fae45cfc4cb24a21a6ef37c82e',
    'stylegan_ffhq_age_w': 'f92c72c6621fd9630a2100168462a15a531bee410099847fdcdf844159eb7e30',
    'stylegan_ffhq_eyeglasses_w': 'ac826235cc7347eb1f57ba9e6e2904e52f34a6052a4db03dc693648a4f231cc5',
    'stylegan_ffhq_gender_w': '077953b129bbb52605b3391d4824938c9ded35337f60d282478c72dcc3c5c28f',
    'stylegan_ffhq_pose_w': '688585cf4d2bc3eead7bc18b4cf6e0985a0beb8a5ed46f25a08b2925d33efc1a',
    'stylegan_ffhq_smile_w': '5a729c200c2c933806116cb77624ccedbd6fce21aa98fca8be49aeaa35caa1c7',
}
IMAGES_AT_ONCE = 64  # That `sample` draws and shows to the reader.
UNIT_TOLERANCE = 1e-3  # Of the length of a normal in a file; float32 is well inside.


class Boundary(NamedTuple):
    """What `train` found.

    Attributes:
        normal: float64 [D], unit length; moving along it raises the attribute.
        accuracy: share of the held-out codes of both ends that the plane puts on the right side.
        rest_accuracy: the same for the codes between the two ends, against the middle between highest and lowest score;
            None if there are none.
        used: codes that it was fitted to.
    """

    normal: np.ndarray
    accuracy: float
    rest_accuracy: Optional[float]
    used: int


# ------------------------------------------------------------------ learning


def train(
    codes: np.ndarray, scores: np.ndarray, ratio: float = 0.02, validation: float = 0.3, seed: int = 0
) -> Boundary:
    """The normal of a linear support vector machine (C = 1) between the codes of highest and of lowest score.

    Args:
        codes: float [N, D]. Codes of Z have length sqrt(D); codes of W come from the mapping network, without
            truncation.
        scores: float [N], of the attribute in the image of each code.
        ratio: share of the codes at either end that is used, up to 1/2; above 1 their number.
        validation: share of those that is held out.
        seed: of the shuffling before they are held out.

    Returns:
        Boundary.

    Raises:
        UserError: shapes that do not fit, NaN, too few codes, or scores that are all alike.
    """
    codes, scores = _checked(codes, scores)
    order = np.argsort(-scores, kind='mergesort')
    count = _per_end(ratio, len(codes))
    random = np.random.RandomState(seed)
    ends = [random.permutation(order[:count]), random.permutation(order[-count:])]  # Positive, negative.
    fitted = int(round((1 - validation) * count))
    if not 0 < fitted < count:
        raise UserError(
            '%d codes at either end cannot be split by %g into a part to fit and a part to test; raise the ratio or '
            'their '
            'number' % (count, validation)
        )
    if scores[order[count - 1]] <= scores[order[-count]]:
        raise UserError('the scores of both ends overlap at %g: too many codes score alike' % scores[order[-count]])
    machine = _fit(codes, [end[:fitted] for end in ends])
    rest = order[count:-count]
    normal = machine.coef_[0].astype(np.float64)
    return Boundary(
        normal / np.linalg.norm(normal),
        _right(machine, codes, *[end[fitted:] for end in ends]),
        _right(machine, codes, *_halves(scores, rest)) if rest.size else None,
        2 * fitted,
    )


def _checked(codes, scores):
    codes, scores = np.asarray(codes), np.asarray(scores, np.float64).reshape(-1)
    if codes.ndim != 2 or len(codes) != len(scores):
        raise UserError(
            'codes must have shape [N, D] and scores N numbers, but there are codes of shape %s and %d scores'
            % (codes.shape, len(scores))
        )
    if not (np.isfinite(codes).all() and np.isfinite(scores).all()):
        raise UserError('there are NaN or infinite numbers among codes or scores')
    return codes, scores


def _per_end(ratio, total):
    if not ratio > 0:
        raise UserError('the ratio is %g but must be above 0' % ratio)
    return min(int(ratio * total) if ratio <= 1 else int(ratio), total // 2)


def _fit(codes, ends):
    from sklearn import svm  # Here, because it takes long to load.

    target = np.repeat([1, 0], [len(end) for end in ends])
    return svm.SVC(kernel='linear').fit(codes[np.concatenate(ends)], target)


def _halves(scores, rest):
    """The indices among `rest` above, and not above, the middle between highest and lowest score."""
    above = scores[rest] > (scores.max() + scores.min()) / 2
    return rest[above], rest[~above]


def _right(machine, codes, positive, negative):
    """Share of right answers of the machine, the plane's offset included."""
    answers = machine.predict(codes[np.concatenate([positive, negative])])
    return float(np.mean(answers == np.repeat([1, 0], [len(positive), len(negative)])))


def sample(
    generator: Generator,
    reader: FactorReader,
    n: int,
    seed: int = 0,
    space: str = 'w',
    psi: float = 0.7,
    cutoff: Optional[int] = 8,
    progress: Optional[Progress] = None,
    conversion: str = 'round',
) -> Tuple[np.ndarray, np.ndarray]:
    """Codes, and the factors that a reader sees in their images.

    The i-th code comes from the i-th `latent_size` normals of RandomState(seed), whatever n is. The codes are not
    truncated; the images are, with the StyleGAN default.

    Args:
        generator: latent_size, num_layers, dlatent_avg, map and synthesize as of `Generator`.
        reader: read(uint8 [n, H, W, C]) -> [n, F], as `features.FactorReader`.
        space: 'w', or 'z' for codes of length sqrt(Z).
        progress: callable that gets the number of images done since its last call.
        conversion: see `Generator.synthesize`.

    Returns:
        codes float32 [n, D], factors float32 [n, F].
    """
    random, codes, factors = np.random.RandomState(seed), [], []
    for start in range(0, n, IMAGES_AT_ONCE):
        z = to_sphere(random.randn(min(IMAGES_AT_ONCE, n - start), generator.latent_size))
        w = generator.map(z)
        dlatents = latents.truncate(latents.broadcast(w, generator.num_layers), generator.dlatent_avg, psi, cutoff)
        factors.append(reader.read(generator.synthesize(dlatents, conversion=conversion)))
        codes.append(w if space == 'w' else z)
        if progress:
            progress(len(z))
    return np.concatenate(codes), np.concatenate(factors)


def to_sphere(z: np.ndarray) -> np.ndarray:
    """Latents [N, Z] at length sqrt(Z), float32: InterFaceGAN's codes of Z. The mapping network does not tell the
    difference.
    """
    return (z * np.sqrt(z.shape[1]) / np.linalg.norm(z, axis=1, keepdims=True)).astype(np.float32)


def factor_index(reader: FactorReader, factor: str) -> int:
    """Where a factor is among those of a reader, as `features.FactorReader`.

    Raises:
        UserError: no such factor, or a circular one.
    """
    straight = [name for i, name in enumerate(reader.factor_names) if i not in reader.circular]
    if factor not in reader.factor_names:
        raise UserError("the reader knows no factor '%s'; choose one of %s" % (factor, ', '.join(straight)))
    if factor not in straight:
        raise UserError(
            "'%s' is circular: its ends look the same, so no plane can separate them; choose one of %s"
            % (factor, ', '.join(straight))
        )
    return reader.factor_names.index(factor)


# ------------------------------------------------------------------ using


def condition(normal: np.ndarray, conditions: Sequence[np.ndarray]) -> np.ndarray:
    """The part of a normal that is orthogonal to other normals, at unit length: moving along it keeps their linear
    scores.

    Args:
        normal: float [D].
        conditions: list of float [D], any number; they need not be independent.

    Raises:
        UserError: other widths, or nothing is left.
    """
    rest = residue(normal, conditions)
    length = np.linalg.norm(rest)
    if length < 1e-6:
        raise UserError('the boundary lies among its conditions, so nothing of it is left; leave a condition out')
    return rest / length


def residue(normal: np.ndarray, conditions: Sequence[np.ndarray]) -> np.ndarray:
    """`condition` before it is brought to unit length; its length says how much is left. float64 [D]."""
    normal = np.asarray(normal, np.float64)
    widths = {len(normal)} | {len(one) for one in conditions}
    if len(widths) > 1:
        raise UserError('the boundaries have different widths, %s; they belong to different networks' % sorted(widths))
    if not conditions:
        return normal
    span = np.transpose(conditions).astype(np.float64)  # [D, C]
    return normal - span.dot(np.linalg.lstsq(span, normal, rcond=None)[0])


def move(codes: np.ndarray, normal: np.ndarray, distances: Union[Sequence[float], np.ndarray]) -> np.ndarray:
    """Codes moved along a normal to absolute distances from the plane (InterFaceGAN's edit of codes (1, D)).

    Args:
        codes: float [N, D].
        distances: float [F].

    Returns:
        [N, F, D], of the dtype of `codes`; computed in float64.
    """
    codes = np.asarray(codes)
    ways = np.asarray(distances, np.float64) - edits.coordinates(codes, 0.0, normal)[:, np.newaxis]  # [N, F]
    with np.errstate(over='ignore', invalid='ignore'):  # Whoever draws them refuses codes that are not finite.
        return (codes[:, np.newaxis] + np.multiply.outer(ways, np.asarray(normal, np.float64))).astype(codes.dtype)


def cosines(normal: np.ndarray, components: np.ndarray) -> np.ndarray:
    """Cosine of a normal with each component: float64 [K] of unit rows [K, D]. The share of its length inside the span
    of orthonormal components is the length of this vector.

    Raises:
        UserError: another width.
    """
    if len(normal) != components.shape[1]:
        raise UserError(
            'the boundary has width %d but the components %d; they belong to different networks'
            % (len(normal), components.shape[1])
        )
    return np.dot(np.asarray(components, np.float64), normal)


# ------------------------------------------------------------------ files


def save(path: PathLike, normal: np.ndarray) -> None:
    """Writes InterFaceGAN's .npy, atomically."""
    artefacts.write_npy(path, np.asarray(normal, np.float64)[np.newaxis])


def load(path: PathLike, width: Optional[int] = None) -> np.ndarray:
    """The normal in a .npy of shape (1, D), float32 or float64: float64 [D].

    Args:
        width: D of the codes that it is for, or None.

    Raises:
        UserError: missing, another shape, kind or width, or no unit vector; it names the file.
    """
    array = artefacts.read_npy(path)
    if array.ndim != 2 or len(array) != 1 or array.dtype not in (np.float32, np.float64):
        raise UserError(
            '%s holds an array of shape %s and type %s; a boundary has shape (1, D) and type float64%s'
            % (path, array.shape, array.dtype, file_kinds.hint(path))
        )
    if width not in (None, array.shape[1]):
        raise UserError(
            '%s has width %d but the codes have %d; it belongs to another network' % (path, array.shape[1], width)
        )
    finite.check(array, str(path), 'train or fetch the boundary again')
    length = np.linalg.norm(array.astype(np.float64))
    if not abs(length - 1) <= UNIT_TOLERANCE:
        raise UserError('%s has length %g but a boundary is a unit vector; divide it by its length' % (path, length))
    return array[0].astype(np.float64)


def resolve(name_or_path: PathLike, width: Optional[int] = None) -> np.ndarray:
    """The normal of a boundary by name or file: `load` of what `locate` finds."""
    return load(locate(name_or_path), width)


def embedded() -> Dict[str, Path]:
    """Names of the boundaries that ship with the project, with the Path of each."""
    return {path.name[: -len(ENDING)]: path for path in sorted(EMBEDDED.glob('*' + ENDING))}


def locate(name_or_path: PathLike, folder: Optional[PathLike] = None) -> Path:
    """The Path of a boundary file: the path itself, or of a name of `embedded` or of `PUBLISHED`; the latter are
    downloaded at need.

    Args:
        folder: with files that the user already has; default $REGAN_BOUNDARIES. It is looked at before the cache.

    Raises:
        UserError: neither a file nor a name, a failed download, or a file with another checksum.
    """
    name, given = str(name_or_path), folder or os.environ.get(FOLDER_VARIABLE)
    if name not in PUBLISHED:
        return _unpublished(name, given)
    cache = artefacts.cache_dir() / 'boundaries'
    return artefacts.fetch(ADDRESS + name + ENDING, PUBLISHED[name], name + ENDING, cache, given or cache)


def _unpublished(name, folder):
    ours = embedded()
    for path in [ours.get(name, Path(name))] + ([Path(folder) / (name + ENDING)] if folder else []):
        if path.is_file():
            return path
    if os.path.exists(name):
        raise UserError('%s is no boundary%s' % (name, file_kinds.hint(name)))
    names = ', '.join(list(ours) + list(PUBLISHED))
    message = '%s is neither a file nor a known boundary; the names are: %s' % (name, names)
    if places.INSTALLED:
        message += '; a checkout of the project has more in networks/boundaries/, which REGAN_BOUNDARIES may name'
    raise UserError(message)


def read_codes(path: PathLike) -> np.ndarray:
    """Codes float [N, D] from a .npy. Raises UserError if it holds anything else."""
    array = artefacts.read_npy(path)
    if array.ndim != 2 or array.dtype.kind != 'f':
        raise UserError(
            '%s holds an array of shape %s and type %s; codes have shape [N, D]' % (path, array.shape, array.dtype)
        )
    finite.check(array, 'the codes in %s' % path, 'leave those rows out')
    return array


def read_scores(path: PathLike) -> np.ndarray:
    """Scores float64 [N] from a .npy of shape [N] or [N, 1], or from a .csv: the last cell of each row, after one row
    of headings if it is no number there.

    Raises:
        UserError: it holds anything else.
    """
    if Path(path).suffix.lower() == '.csv':
        return _read_csv(path)
    array = artefacts.read_npy(path)
    if array.dtype.kind not in 'fiu' or array.ndim not in (1, 2) or array.size != len(array):
        raise UserError(
            '%s holds an array of shape %s and type %s; scores are N numbers, or have shape [N, 1]'
            % (path, array.shape, array.dtype)
        )
    finite.check(array, 'the scores in %s' % path, 'leave those rows out here and among the codes')
    return array.reshape(-1).astype(np.float64)


def _read_csv(path):
    cells = [row[-1] for row in tables.read_csv_rows(path)]
    numbers = [_number(cell) for cell in cells]
    first = 1 if numbers[:1] == [None] else 0
    if None in numbers[first:] or len(numbers) == first:
        line = numbers.index(None, first) + 1 if None in numbers[first:] else 1
        raise UserError('%s, row %d: there is no score in the last column' % (path, line))
    scores = np.array(numbers[first:], np.float64)
    finite.check(scores, 'the scores in %s' % path, 'leave those rows out here and among the codes')
    return scores


def _number(cell):
    try:
        return float(cell)
    except ValueError:
        return None
