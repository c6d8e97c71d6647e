"""PyTorch's normal random numbers in NumPy: what `torch.manual_seed(seed)`, then `torch.randn(...)` returns.

On a processor (x86-64 with AVX2, which is any PC of the last ten years) the values are equal bit for bit; on a
graphics card they are within 1e-6, because the sine of the card's own table is replaced by the true one. Both
streams were told in words by their public sources and by the values that people published; PyTorch 1.3 and 2
agree on all of this.
"""

import math
from typing import Any, Callable, List, Optional, Sequence, Tuple, Union

import numpy as np

TorchGenerator = Union['CPUGenerator', 'CUDAGenerator']
Words = Union[int, np.ndarray]

WORD = 2**32
GROUP = 16  # Values that the processor's vector code transforms together.
AT_ONCE = 2**14  # Elements of the temporary arrays: they stay in the processor's cache.
BLOCK = 256  # Threads of a block on the card.


def ganspace_noise(
    shapes: Sequence[Tuple[int, ...]], generation: int, make_generator: Callable[[], TorchGenerator]
) -> List[np.ndarray]:
    """The noise images that GANSpace gives a network, as list of float32 arrays of the shapes given.

    Args:
        shapes: of the noise inputs, in the order of the network.
        generation: 2, StyleGAN2: one generator for all, in order. 1, StyleGAN: a new one for each input, so that both
            layers of a resolution get the same image.
        make_generator: callable () -> CPUGenerator or CUDAGenerator, freshly seeded (GANSpace's seed is 0).
    """
    if generation == 1:
        return [make_generator().randn(*shape) for shape in shapes]
    generator = make_generator()
    return [generator.randn(*shape) for shape in shapes]


# ---------------------------------------------------------------- processor


class CPUGenerator:
    """`torch.Generator('cpu')`; only the low 32 bits of the seed count. A MT19937, the same as NumPy's
    RandomState(seed).
    """

    def __init__(self, seed: int) -> None:
        self._random = np.random.RandomState(seed % WORD)
        self._spare: Optional[float] = None  # The second normal of a pair; only small tensors use it and leave it.

    def randn(self, *shape: int, dtype: Any = np.float32) -> np.ndarray:
        """Normals of the shape and dtype: float32, bit for bit; or float64, within 2 units in the last place."""
        count = int(np.prod(shape, dtype=np.int64))
        values = self._small(count) if count < GROUP else self._large(count, np.dtype(dtype))
        return values.astype(dtype, copy=False).reshape(shape)

    def _words(self, count):
        return np.frombuffer(self._random.bytes(4 * count), '<u4')

    def _uniforms(self, count, dtype):
        if dtype == np.float32:
            return (self._words(count) & 0xFFFFFF).astype(np.float32) * np.float32(2**-24)
        high, low = self._words(2 * count).astype(np.uint64).reshape(-1, 2).T
        return ((high & np.uint64(0x1FFFFF)) << np.uint64(32) | low).astype(np.float64) * 2.0**-53

    def _small(self, count):
        return np.array([self._one() for _ in range(count)], np.float64)

    def _one(self):
        if self._spare is not None:
            value, self._spare = self._spare, None
            return value
        first, second = (float(u) for u in self._uniforms(2, np.float64))
        radius, angle = math.sqrt(-2 * math.log1p(-second)), 2 * math.pi * first
        self._spare = radius * math.sin(angle)
        return radius * math.cos(angle)

    def _large(self, count, dtype):
        values = self._uniforms(count, dtype)
        whole = count - count % GROUP
        values[:whole] = _box_muller(values[:whole])
        if whole < count:  # The last group is drawn again and overlaps the one before.
            values[-GROUP:] = _box_muller(self._uniforms(GROUP, dtype))
        return values


def _box_muller(uniforms):
    """[16 n] -> [16 n]: in each group of 16, value j and value j + 8 make a pair."""
    pairs = uniforms.reshape(-1, 2, GROUP // 2)  # [groups, 2, 8]
    radius_angle = _radius_angle_float if uniforms.dtype == np.float32 else _radius_angle_double
    step = AT_ONCE // (GROUP // 2)
    done = [radius_angle(1 - pairs[i : i + step, 0], pairs[i : i + step, 1]) for i in range(0, len(pairs), step)]
    return np.concatenate(done).reshape(-1) + uniforms.dtype.type(0)  # [16 n]; -0 becomes 0


def _radius_angle_double(u1, u2):
    radius, angle = np.sqrt(-2 * np.log(u1)), 2 * np.pi * u2
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _radius_angle_float(u1, u2):
    sine, cosine = _sine_and_cosine(_TWO_PI * u2)
    radius = np.sqrt(np.float32(-2) * _log(u1))
    return np.stack([radius * cosine, radius * sine], axis=1)  # [groups, 2, 8]


def _fma(a, b, c):
    """a * b + c of float32, rounded once.

    The product is exact in double. Rounding the sum to double and then to float goes wrong only where the double lies
    half way between two floats and the true sum does not; there it is first moved one step to the true sum.
    """
    product = np.multiply(a, b, dtype=np.float64)
    c = np.asarray(c, np.float64)
    total = product + c
    half_way = np.flatnonzero(total.view(np.int64) & 0x1FFFFFFF == 0x10000000)
    if half_way.size:
        p, c, s = product.flat[half_way], np.broadcast_to(c, total.shape).flat[half_way], total.flat[half_way]
        rest = s - p
        error = (p - (s - rest)) + (c - rest)  # Knuth's two-sum: exact
        total.flat[half_way] = np.where(error == 0, s, np.nextafter(s, np.copysign(np.inf, error)))
    return total.astype(np.float32)


def _horner(coefficients, x):
    value = coefficients[0]
    for coefficient in coefficients[1:]:
        value = _fma(value, x, coefficient)
    return value


_TWO_PI = np.float32(2 * np.pi)
_HALF = np.float32(0.5)
# The polynomials of the Cephes library, evaluated with fused multiply-adds where the vector code has them.
_LOG = np.array(
    [
        7.0376836292e-2,
        -1.1514610310e-1,
        1.1676998740e-1,
        -1.2420140846e-1,
        1.4249322787e-1,
        -1.6668057665e-1,
        2.0000714765e-1,
        -2.4999993993e-1,
        3.3333331174e-1,
    ],
    np.float32,
)
_LN_2 = np.array([0.693359375, -2.12194440e-4], np.float32)
_QUARTER = np.array(
    [-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8], np.float32
)  # -pi/4 in three parts
_COS = np.array([2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2], np.float32)
_SIN = np.array([-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1], np.float32)


def _log(x):
    m, e = np.frexp(x)
    low = m < np.float32(0.707106781186547524)
    f = np.where(low, (m - 1) + m, m - 1)
    e = (e - low).astype(np.float32)
    z = f * f
    y = _horner(_LOG, f) * f
    y = _fma(y, z, e * _LN_2[1]) - _HALF * z
    return _fma(e, _LN_2[0], f + y)


def _sine_and_cosine(x):
    octant = (x * np.float32(4 / np.pi)).astype(np.int32) + 1 & ~1
    for part in _QUARTER:
        x = _fma(octant.astype(np.float32), part, x)
    z = x * x
    c = _fma(_horner(_COS, z) * z, z, -_HALF * z) + np.float32(1)
    s = _fma(_horner(_SIN, z) * z, x, x)
    swapped = octant & 2 != 0
    sine, cosine = np.where(swapped, c, s), np.where(swapped, s, c)
    return np.where(octant & 4, -sine, sine), np.where(octant + 2 & 4, -cosine, cosine)


# ------------------------------------------------------------------- card


class CUDAGenerator:
    """`torch.Generator('cuda')`: Philox4x32-10, whose counter says which thread draws and how often it has drawn.

    Args:
        seed: modulo 2**64.
        multiprocessors, threads: of the card, and how many threads one multiprocessor can hold. Elements beyond
            multiprocessors * threads depend on them; a Tesla V100 has 80 and 2048.
        angle: 'volta' for that card and later ones; 'pascal' for GTX 10xx, P100 and older ones (1e-6 apart).
    """

    def __init__(self, seed: int, multiprocessors: int = 80, threads: int = 2048, angle: str = 'volta') -> None:
        self._key = seed % WORD, seed // WORD % WORD
        self._most_threads = BLOCK * multiprocessors * (threads // BLOCK)
        self._angle = {'volta': _angle_volta, 'pascal': _angle_pascal}[angle]
        self._draws = 0  # of each thread, since seeding; PyTorch's offset is four times this

    def randn(self, *shape: int) -> np.ndarray:
        """float32 normals of the shape. Element e is of thread e mod T, where T threads run at a time."""
        count = int(np.prod(shape, dtype=np.int64))
        width = min(BLOCK * -(-count // BLOCK), self._most_threads)  # T
        waves = -(-count // width) if count else 0
        values = np.empty((waves, width), np.float32)
        for wave in range(0, waves, 4):  # A thread makes four normals of one draw.
            for begin in range(0, width, AT_ONCE):
                threads = np.arange(begin, min(begin + AT_ONCE, width), dtype=np.uint64)
                self._fill(values[wave : wave + 4, begin : begin + AT_ONCE], threads)
            self._draws += 1
        return values.reshape(-1)[:count].reshape(shape)

    def _fill(self, lanes, threads):
        """One draw of each thread into float32 [up to 4, threads]."""
        words = philox((self._draws % WORD, self._draws // WORD, threads, 0), self._key)
        for first in range(0, len(lanes), 2):  # The pair of words that makes two normals.
            a, b = words[first : first + 2]
            uniform = a.astype(np.uint32).astype(np.float32) * np.float32(2.0**-32) + np.float32(2.0**-33)
            radius = np.sqrt(np.float32(-2) * _log_of_card(uniform))
            turn = self._angle(_fma(b.astype(np.uint32).astype(np.float32), _STEP, _HALF_STEP))
            for quarter, lane in enumerate(lanes[first : first + 2]):
                lane[:] = radius * _sine_of_turn(turn, quarter) + np.float32(0)  # -0 becomes 0


def philox(counter: Sequence[Words], key: Sequence[Words]) -> List[np.ndarray]:
    """Philox4x32-10 (Salmon et al. 2011): counter of four and key of two 32-bit words -> list of four uint64 arrays.

    The words of the counter may be whole numbers or arrays of uint64; the results have their common shape.
    """
    c0, c1, c2, c3 = (
        word.astype(np.uint64) for word in np.broadcast_arrays(*(np.asarray(word, np.uint64) for word in counter))
    )
    low, shift = np.uint64(WORD - 1), np.uint64(32)
    for i in range(10):
        k0, k1 = (np.uint64((word + i * step) % WORD) for word, step in zip(key, (0x9E3779B9, 0xBB67AE85)))
        p, q = c0 * np.uint64(0xD2511F53), c2 * np.uint64(0xCD9E8D57)
        c0, c1, c2, c3 = q >> shift ^ c1 ^ k0, q & low, p >> shift ^ c3 ^ k1, p & low
    return [c0, c1, c2, c3]


def _float(bits):
    return np.array(bits, np.uint32).view(np.float32)


_STEP, _HALF_STEP = _float([0x30C90FDB, 0x30490FDB])  # 2 pi / 2**32 and half of it
_LN_2_OF_CARD = _float(0x3F317218)
_LOG_OF_CARD = _float(
    [0xBE055027, 0x3E1039F6, 0xBDF8CDCC, 0x3E0F2955, 0xBE2AD8B9, 0x3E4CED0B, 0xBE7FFF22, 0x3EAAAA78, 0xBF000000]
)
_PER_TURN = np.float64(_float(0x3E22F983))  # 1 / 2 pi


def _log_of_card(u):
    bits = u.view(np.int32)
    exponent = bits - np.int32(0x3F2AAAAB) & np.int32(-0x800000)
    t = (bits - exponent).view(np.float32) - np.float32(1)
    p = _horner(_LOG_OF_CARD, t) * t
    return _fma(exponent.astype(np.float32) * np.float32(2.0**-23), _LN_2_OF_CARD, _fma(p, t, t))


def _angle_volta(v):
    """Radians float32 -> 2**25ths of a turn, int64: a product of 24 bits, cut off."""
    turns = (v.astype(np.float64) * _PER_TURN).view(np.int64) & ~0x1FFFFFFF
    return (turns.view(np.float64) * 2**25).astype(np.int64) & 0x1FFFFFF


def _angle_pascal(v):
    """The same on the older cards, which reduce the range with whole numbers."""
    bits = v.view(np.int32).astype(np.int64)
    significand, exponent = bits & 0x7FFFFF | 0x800000, (bits >> 23) - 127
    return (significand * 0xA2F983 >> 16) >> 8 - exponent & 0x1FFFFFF


def _sine_of_turn(turn, quarter):
    """Sine of (turn + quarter * 2**23) 2**25ths of a turn, float32; so quarter 1 gives the cosine."""
    quadrant, f = (turn >> 23) + quarter, turn & 0x7FFFFF
    f = np.where(quadrant & 1, 0x7FFFFF - f, f)
    value = np.sin(f * (np.pi / 2**24)).astype(np.float32)
    return np.where(quadrant & 2, -value, value)
