"""Path length: closed forms for the identity, NumPy's percentiles, and the pieces."""

import numpy as np
import pytest

from regan.metrics import path_length


def squared(a, b):
    return np.square(np.asarray(a, np.float64) - b).sum(axis=1)


def identity(x):
    return x


def measure(spec, n=4000, width=32, map_w=identity, seed=0):
    random = np.random.RandomState(seed)
    pieces = [
        path_length.values(map_w, identity, squared, width, spec, k, random)
        for k in path_length.minibatches(n, path_length.PAIRS_AT_ONCE)
    ]
    return path_length.summarize(np.concatenate(pieces), spec.reject)


@pytest.mark.parametrize('name', ['zfull', 'zend', 'segan'])
@pytest.mark.parametrize('width', [32, 101])
def test_identity_in_z_has_the_mean_squared_angle(name, width):
    """(pi/2)^2 + 1/Z, the mean squared angle of two random directions, for every small step."""
    spec = path_length.SPECS[name]
    length = measure(spec, width=width)
    rejected = 0.02 if spec.reject else 0  # The ends of the distribution are cut, nearly symmetrically.
    assert length.mean == pytest.approx((np.pi / 2) ** 2 + 1 / width, abs=4 * length.standard_error + rejected)
    assert 0 < length.standard_error < 0.03


@pytest.mark.parametrize('sampling', ['full', 'end'])
def test_identity_in_w_has_the_mean_squared_distance(sampling):
    """Of two normal vectors: 2 D."""
    length = measure(path_length.PathSpec('w', sampling, reject=0))
    assert length.mean == pytest.approx(64, abs=4 * length.standard_error)


def test_scale_of_z_is_of_no_effect_but_scale_of_w_is():
    spec = path_length.PathSpec('w', 'full', reject=0)
    assert measure(spec, n=50, map_w=lambda z: 3 * z).mean == pytest.approx(9 * measure(spec, n=50).mean)
    assert measure(path_length.SPECS['zfull'], n=50, map_w=lambda z: 3 * z).mean == pytest.approx(
        9 * measure(path_length.SPECS['zfull'], n=50).mean
    )


def test_the_standard_error_is_that_of_repetitions():
    spec = path_length.SPECS['segan']
    runs = [measure(spec, n=200, seed=seed) for seed in range(60)]
    assert np.mean([run.standard_error for run in runs]) == pytest.approx(np.std([run.mean for run in runs]), rel=0.35)


def test_a_minibatch_holds_beginnings_then_ends():
    seen = []

    def render(w):
        seen.append(len(w))
        np.testing.assert_allclose(w[: len(w) // 2], w[len(w) // 2 :], rtol=0, atol=0.1)
        return w

    path_length.values(identity, render, squared, 7, path_length.SPECS['segan'], 19, np.random.RandomState(0))
    assert seen == [38]


def test_end_sampling_starts_at_the_first_latent():
    z = np.random.RandomState(3).randn(2, 5, 11)
    seen = []
    random = np.random.RandomState(3)
    path_length.values(identity, lambda w: seen.append(w) or w, squared, 11, path_length.SPECS['wend'], 5, random)
    np.testing.assert_allclose(seen[0][:5], z[0])
    np.testing.assert_allclose(seen[0][5:], z[0] + 1e-4 * (z[1] - z[0]))


def test_slerp_goes_along_the_great_circle():
    a, b = np.random.RandomState(4).randn(2, 13, 5) * 7
    start, end = path_length.normalize(a), path_length.normalize(b)
    np.testing.assert_allclose(path_length.slerp(a, b, np.zeros([13, 1])), start)
    np.testing.assert_allclose(path_length.slerp(a, b, np.ones([13, 1])), end)
    angle = np.arccos((start * end).sum(axis=1))
    quarter = path_length.slerp(a, b, np.full([13, 1], 0.25))
    np.testing.assert_allclose(np.arccos((start * quarter).sum(axis=1)), angle / 4)
    shoemake = (np.sin(0.75 * angle) / np.sin(angle))[:, None] * start + (np.sin(0.25 * angle) / np.sin(angle))[
        :, None
    ] * end
    np.testing.assert_allclose(quarter, shoemake)


@pytest.mark.parametrize('n', [5, 99, 100, 101, 1000])
@pytest.mark.parametrize('reject', [0, 1, 10])
def test_rejection_is_that_of_numpys_lower_and_higher_percentiles(n, reject):
    values = np.random.RandomState(n).rand(n)
    keyword = 'method' if int(np.__version__.split('.')[0]) > 1 else 'interpolation'
    low, high = (
        np.percentile(values, reject, **{keyword: 'lower'}),
        np.percentile(values, 100 - reject, **{keyword: 'higher'}),
    )
    kept = values[(values >= low) & (values <= high)]
    found = path_length.summarize(values, reject)
    assert found.kept == len(kept)
    assert found.mean == pytest.approx(kept.mean())
    assert found.standard_error == pytest.approx(kept.std(ddof=1) / np.sqrt(len(kept)))


def test_ties_at_the_limits_are_kept():
    assert path_length.summarize(np.array([1.0] * 200 + [2.0] * 200), 1).kept == 400


def test_the_official_and_segans_definition():
    official, segan = path_length.SPECS['zfull'], path_length.SPECS['segan']
    assert (official.epsilon, official.reject) == (1e-4, 1.0)
    assert (segan.space, segan.sampling, segan.epsilon, segan.reject) == ('z', 'full', 1e-2, 0.0)


def test_crop():
    images = np.arange(2 * 3 * 16 * 16, dtype=float).reshape(2, 3, 16, 16)
    crop = path_length.crop_face(images)  # c = 2: rows 6 to 13, columns 4 to 11.
    assert np.array_equal(crop, images[:, :, 6:14, 4:12])
