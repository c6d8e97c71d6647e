"""Golden numbers: published streams of NumPy's legacy generator, as GANSpace and its reproduction use them."""

import hashlib

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.sampling import latents

FIGURE_SEEDS = {
    440749230: [0.32724952, 3.03660014, 2.55756603],
    6293435: [-1.98952735, 1.35870532, -0.03028966],
    366745668: [-0.19919665, -0.49344626, 0.33449681],
    1866827965: [0.87089093, 0.22831268, 0.44646023],
    1866827971: [1.62334965, 1.62214985, -0.27695493],
    129888612: [1.49417713, 0.84645066, 0.78664666],
    70163682: [1.20418118, -1.98785995, -2.01171304],
    264878205: [0.21375472, 0.91685592, -1.94721883],
    1919124025: [0.07502476, 1.4487828, 0.69500544],
    1819967864: [0.50901937, -0.9283796, -0.63478286],
    1239190942: [0.05949929, 1.92989682, 1.4415742],
    1498448887: [-0.72257283, 0.08736367, -1.23343959],
    944988831: [-0.44996135, 0.31785038, -0.607014],
    740196857: [1.36524295, -1.31800872, 1.58282921],
    266415229: [-0.33672739, -0.55011078, -1.16593826],
    1: [1.62434536, -0.61175641, -0.52817175],
    42: [0.49671415],
    0: [1.76405235, 0.40015721, 0.97873798],
}


def sha256(array):
    assert array.dtype == np.float32
    return hashlib.sha256(np.ascontiguousarray(array, '<f4').tobytes()).hexdigest()


@pytest.mark.parametrize('seed', sorted(FIGURE_SEEDS))
def test_golden_seeds(seed):
    z = latents.from_seed(seed, 512)
    assert (z.shape, z.dtype) == ((512,), np.float32)
    np.testing.assert_allclose(z[: len(FIGURE_SEEDS[seed])], FIGURE_SEEDS[seed], rtol=1e-6, atol=6e-9)


@pytest.mark.parametrize(
    'seed, expected',
    [
        (0, [209652396, 398764591, 924231285, 1478610112, 441365315, 1537364731]),
        (1, [1791095845, 2135392491, 946286476, 1857819720, 491263, 550290313]),
        (3, [218175338, 303761048, 893988089, 1460070019, 1249426360, 521102280]),
        (5, [953453411, 236996814, 1592283119, 1423042237, 887852006, 1562238070]),
    ],
)
def test_golden_batch_seeds(seed, expected):
    assert latents.batch_seeds(seed, 6).tolist() == expected


def test_batch_seeds_are_single_draws_of_the_masked_word():
    words = np.random.RandomState(7).randint(0, 2**32, size=1000, dtype=np.uint32) & (2**31 - 1)
    assert latents.batch_seeds(7, 1000).tolist() == words.tolist()


def test_golden_batches():
    seeds = latents.batch_seeds(1, 2)
    first, second = (latents.sample_batch(seed, 20, 512) for seed in seeds)
    np.testing.assert_allclose(first[0, :3], [0.7645564, -1.1242912, -0.13731647], rtol=1e-7)
    np.testing.assert_allclose(first[19, 510:], [0.29971635, -0.20203382], rtol=1e-7)
    np.testing.assert_allclose(second[0, :3], [-0.3384234, 0.15645051, -1.0126892], rtol=1e-7)
    assert sha256(first) == 'a338448e737f31c59f20cae87fd1387bae6abf6bcf1fd8ee47c48525ba9be8aa'
    assert sha256(second) == '337765a310fe98664fb3ed9ff0fe183579085b3a04835171d12e2ef173249add'
    row = latents.sample_rows(latents.batch_seeds(1, 1), 200, 512, 20, 21)[0]
    np.testing.assert_allclose(row[:3], [0.39719292, 0.48197571, -0.54392051], rtol=1e-7)


def test_golden_random_directions():
    rows = latents.random_directions(80, 512)
    np.testing.assert_allclose(
        rows[:2, :3], [[-0.01780961, -0.00240449, -0.09128758], [0.0590615, 0.00618334, -0.0815094]], atol=5e-9
    )
    assert sha256(rows) == '694fcab59d7ab17704a5e2aa99d8d694a91c2971faf31b325cec2a891da1181a'
    np.testing.assert_array_equal(latents.random_directions(7, 512), rows[:7])


def test_a_latent_does_not_depend_on_the_other_seeds():
    together = latents.from_seeds([0, 17, 4294967295, 17], 11)
    alone = np.stack([latents.from_seed(seed, 11) for seed in [0, 17, 4294967295, 17]])
    np.testing.assert_array_equal(together, alone)
    assert together.dtype == np.float32
    assert not np.array_equal(latents.from_seed(0, 11), latents.from_seed(1, 11))


@pytest.mark.parametrize('start, stop', [(0, 35), (3, 4), (6, 15), (7, 14), (20, 35), (5, 5)])
def test_rows_are_batches_end_to_end(start, stop):
    seeds = latents.batch_seeds(1, 5)
    whole = np.concatenate([latents.sample_batch(seed, 7, 3) for seed in seeds])  # [35, 3]
    np.testing.assert_array_equal(latents.sample_rows(seeds, 7, 3, start, stop), whole[start:stop])


def test_rows_depend_on_the_batch_size_after_the_shorter_batch():
    seeds = latents.batch_seeds(1, 10)
    short, long = (latents.sample_rows(seeds, size, 3, 0, 20) for size in [5, 7])
    np.testing.assert_array_equal(short[:5], long[:5])
    assert not np.any(short[5:] == long[5:])


@pytest.mark.parametrize(
    'text, seeds',
    [('7', [7]), ('0', [0]), ('1-3,7', [1, 2, 3, 7]), (' 5 - 5 , 2', [5, 2]), ('4294967295', [4294967295])],
)
def test_parse_seeds(text, seeds):
    assert latents.parse_seeds(text) == seeds


@pytest.mark.parametrize('text', ['', '1,', 'a', '-1', '1-', '3-1', '1.5', '1-2-3', '4294967296', '\u00b2'])
def test_parse_seeds_refuses(text):
    with pytest.raises(UserError, match='cannot read seeds .* for example 1-3,7'):
        latents.parse_seeds(text)


def test_random_basis_is_orthonormal_and_seeded():
    basis = latents.random_basis(3, 17)
    np.testing.assert_allclose(basis.dot(basis.T), np.eye(17), atol=1e-14)
    np.testing.assert_array_equal(basis, latents.random_basis(3, 17))
    assert not np.allclose(basis, latents.random_basis(4, 17))


def test_broadcast_gives_each_layer_its_own_copy():
    w = np.random.RandomState(0).randn(3, 7).astype(np.float32)
    dlatents = latents.broadcast(w, 5)
    assert (dlatents.shape, dlatents.dtype) == ((3, 5, 7), np.float32)
    assert np.array_equal(dlatents[1, 4], w[1])
    dlatents[0, 0] = 0
    assert np.array_equal(dlatents[0, 1], w[0])


@pytest.fixture
def dlatents():
    return (100 * np.random.RandomState(0).randn(3, 5, 7)).astype(np.float32)


AVERAGE = np.random.RandomState(1).randn(7).astype(np.float32)


def test_truncation_at_its_ends_is_exact(dlatents):
    np.testing.assert_array_equal(latents.truncate(dlatents, AVERAGE, 1.0), dlatents)
    np.testing.assert_array_equal(latents.truncate(dlatents, AVERAGE, 0.0), np.broadcast_to(AVERAGE, (3, 5, 7)))


def test_truncation_halves_the_distance_in_the_layers_below_the_cutoff(dlatents):
    half = latents.truncate(dlatents, AVERAGE, 0.5, cutoff=2)
    assert half.dtype == np.float32
    np.testing.assert_allclose(half[:, :2], (dlatents[:, :2] + AVERAGE) / 2, rtol=1e-5)
    np.testing.assert_array_equal(half[:, 2:], dlatents[:, 2:])
    np.testing.assert_array_equal(latents.truncate(dlatents, AVERAGE, 0.5, cutoff=0), dlatents)
    np.testing.assert_array_equal(
        latents.truncate(dlatents, AVERAGE, 0.5, cutoff=8), latents.truncate(dlatents, AVERAGE, 0.5)
    )


def test_seeds_may_be_drawn_in_pieces():
    random = np.random.RandomState(3)
    drawn = np.concatenate([latents.draw_seeds(random, count) for count in (1, 3, 2)])
    np.testing.assert_array_equal(drawn, latents.batch_seeds(3, 6))
