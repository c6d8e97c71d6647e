"""PyTorch's normals against PyTorch's own: its values on the processor, published values on graphics cards."""

import hashlib
import json
import pathlib

import numpy as np
import pytest

from regan.sampling.torch_random import CPUGenerator, CUDAGenerator, ganspace_noise, philox

GOLDEN = dict(np.load(str(pathlib.Path(__file__).with_name('torch_random_golden.npz'))))
META = json.loads(str(GOLDEN['meta']))
SHAPES_1024 = [(1, 1, side, side) for side in [4] + [2 ** (3 + i // 2) for i in range(16)]]
CARDS = {'t4': (40, 1024, 'volta'), 'gtx1060maxq': (10, 2048, 'pascal')}


def keys(start):
    return sorted(key for key in GOLDEN if key.startswith(start))


def bits(values):
    """To compare floats with equality, and 0 as other than -0."""
    return values.view({4: np.uint32, 8: np.uint64}[values.itemsize])


# ---------------------------------------------------------------- processor


@pytest.mark.parametrize('key', keys('cpu_float32'))
def test_cpu_is_bit_equal(key):
    """Scalars, tensors below and above 16 elements, whole groups and not, in one sequence: 8 seeds up to 2**63 - 1."""
    generator = CPUGenerator(int(key.split('/')[1]))
    drawn = [generator.randn(*shape) for shape in META['shapes']]
    assert [list(values.shape) for values in drawn] == META['shapes'] and {values.dtype for values in drawn} == {
        np.dtype(np.float32)
    }
    assert np.array_equal(bits(np.concatenate([values.ravel() for values in drawn])), bits(GOLDEN[key]))


@pytest.mark.parametrize('key', keys('cpu_float64'))
def test_cpu_in_double_precision(key):
    """Bit-equal where the C library computes; elsewhere NumPy's logarithm and sine differ in the last places."""
    generator = CPUGenerator(int(key.split('/')[1]))
    drawn = np.concatenate([generator.randn(*shape, dtype=np.float64).ravel() for shape in META['shapes']])
    np.testing.assert_allclose(drawn, GOLDEN[key], rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize('seed', [0, 1, 42])
def test_ganspace_1024_on_the_cpu(seed):
    images = ganspace_noise(SHAPES_1024, 2, lambda: CPUGenerator(seed))
    digests = [hashlib.sha256(image.astype('<f4').tobytes()).hexdigest() for image in images]
    assert digests == list(GOLDEN['cpu_noise1024/%d/sha256' % seed])


def test_the_spare_normal_survives_large_tensors():
    def fourth(*between):
        generator = CPUGenerator(1)
        generator.randn(3)
        for shape in between:
            generator.randn(*shape)
        return generator.randn(1)

    assert fourth() == fourth((4, 4), (17,)) == CPUGenerator(1).randn(4)[3]
    assert fourth((1,)) != fourth()


def test_only_the_low_half_of_a_seed_counts_on_the_cpu():
    first = CPUGenerator(5).randn(16)
    assert np.array_equal(CPUGenerator(2**32 + 5).randn(16), first)
    assert np.array_equal(CPUGenerator(5 - 2**32).randn(16), first)


# --------------------------------------------------------------------- card


@pytest.mark.parametrize(
    'counter, key, expected',
    [
        ([0] * 4, [0] * 2, '6627E8D5 E169C58D BC57AC4C 9B00DBD8'),
        ([2**32 - 1] * 4, [2**32 - 1] * 2, '408F276D 41C83B0E A20BC7C6 6D5451FD'),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            'D16CFE09 94FDCCEB 5001E420 24126EA1',
        ),
    ],
)
def test_philox(counter, key, expected):
    """The known answers of its authors' Random123."""
    assert ' '.join('%08X' % word for word in philox(counter, key)) == expected


@pytest.mark.parametrize('name', META['cuda_real'])
def test_cuda_agrees_with_real_cards(name):
    """Values that others printed in full; second and third calls included."""
    about = META['cuda_real'][name]
    generator = CUDAGenerator(about['seed'])
    for _ in range(about['call']):
        generator.randn(7)
    drawn = generator.randn(about['count'])[GOLDEN['cuda_real/%s/index' % name]]
    assert np.abs(drawn - GOLDEN['cuda_real/%s/value' % name]).max() <= 1e-6


@pytest.mark.parametrize(
    'name',
    [
        pytest.param(name, marks=[pytest.mark.slow] if about['count'] > 10**6 else [])
        for name, about in META['cuda_printed'].items()
    ],
)
def test_cuda_agrees_with_printed_decimals(name):
    """Tensors that need all lanes and several draws of a thread, on cards of five sizes; four decimals were printed."""
    about = META['cuda_printed'][name]
    drawn = CUDAGenerator(about['seed'], about['multiprocessors'], about['threads']).randn(about['count'])
    expected = GOLDEN['cuda_printed/%s/value' % name]
    chosen = drawn[GOLDEN['cuda_printed/%s/index' % name]] * about['scale'] + about['loc']
    assert np.abs(chosen - expected).max() <= 0.5e-4 + 3e-6


@pytest.mark.parametrize('card', CARDS)
def test_ganspace_1024_on_a_card(card):
    """Against the interpolation of the hardware, of which we have no table: 1e-6."""
    images = ganspace_noise(SHAPES_1024, 2, lambda: CUDAGenerator(0, *CARDS[card]))
    ends = np.stack([np.stack([image.flat[:8], image.flat[-8:]]) for image in images], axis=1)  # [2, 17, 8]
    expected = np.stack([GOLDEN['cuda_noise1024/%s/%s' % (card, end)] for end in ('first8', 'last8')])
    assert np.abs(ends - expected).max() <= 1e-6


def test_where_cards_differ():
    """Up to 128 x 128 all are alike; a larger tensor starts alike, as far as the threads of the smaller card go."""
    shapes = SHAPES_1024[:13]
    small, large = [ganspace_noise(shapes, 2, lambda: CUDAGenerator(0, *card)) for card in ((10, 2048), (40, 1024))]
    assert [np.array_equal(a, b) for a, b in zip(small, large)] == [True] * 11 + [False] * 2
    first = np.flatnonzero(small[11].ravel() != large[11].ravel())[0]
    assert first == 10 * 2048


def test_the_two_angles_differ_by_less_than_a_millionth_or_two():
    volta, pascal = [CUDAGenerator(3, angle=angle).randn(10007) for angle in ('volta', 'pascal')]
    assert 0 < np.abs(volta - pascal).max() < 2e-6


def test_all_of_a_seed_counts_on_a_card():
    assert np.array_equal(CUDAGenerator(-1).randn(5), CUDAGenerator(2**64 - 1).randn(5))
    assert not np.array_equal(CUDAGenerator(2**32 + 5).randn(5), CUDAGenerator(5).randn(5))


# -------------------------------------------------------------------- both


@pytest.mark.parametrize('make', [CPUGenerator, CUDAGenerator])
def test_normal(make):
    values = make(11).randn(613, 331)
    assert values.shape == (613, 331) and values.dtype == np.float32 and np.isfinite(values).all()
    assert abs(values.mean()) < 0.01 and abs(values.std() - 1) < 0.01
    assert not np.signbit(values[values == 0]).any()
    assert make(11).randn().shape == () and make(11).randn(0, 3).shape == (0, 3)


@pytest.mark.parametrize('make', [CPUGenerator, CUDAGenerator])
def test_generation_1_starts_anew_for_each_image(make):
    """So both layers of a resolution share one image, as in GANSpace."""
    shapes = [(1, 1, 4, 4), (1, 1, 8, 8), (1, 1, 8, 8)]
    anew, on = [ganspace_noise(shapes, generation, lambda: make(0)) for generation in (1, 2)]
    assert np.array_equal(anew[1], anew[2]) and not np.array_equal(on[1], on[2])
    assert np.array_equal(anew[0], on[0]) and [image.shape for image in anew] == shapes
    assert np.array_equal(anew[1], make(0).randn(1, 1, 8, 8))
