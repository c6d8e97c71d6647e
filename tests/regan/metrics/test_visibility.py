"""Visibility on a world whose images are known functions of its factors."""

import numpy as np
import pytest

from regan.metrics import visibility


class ToyWorld:
    """One grey level per factor: the first shows everywhere, the second where the third is above a half, the last
    never.
    """

    factor_names = ('always', 'sometimes', 'switch', 'never')

    def sample(self, n, seed):
        return np.random.RandomState(seed).rand(n, 4).astype(np.float32)

    def render(self, factors, resolution):
        shown = factors * [100, 80, 60, 0]
        shown[:, 1] *= factors[:, 2] > 0.5
        images = np.repeat(shown, resolution * resolution // 4 * 3, axis=1)
        return images.reshape(len(factors), resolution, resolution, 3).astype(np.uint8)


def read(images):
    """Exact, but for the second factor where that is hidden: its readings are a constant then."""
    levels = images.reshape(len(images), 4, -1)[:, :, 0]
    factors = levels / [100.0, 80, 60, 1]
    factors[:, 1] = np.where(levels[:, 2] >= 30, factors[:, 1], 0.5)
    factors[:, 3] = 0.5
    return factors


@pytest.fixture(scope='module')
def found():
    done = []
    result = visibility.readings(ToyWorld(), read, (), 400, 1, 8, done.append)
    assert sum(done) == 400 * 5
    return {reading.name: reading for reading in result}


def test_share_and_change(found):
    truth = ToyWorld().sample(400, 1)
    assert found['always'].share == 1 and found['always'].visible
    assert found['always'].change == pytest.approx(50 / 2, abs=0.3)  # A quarter of the pixels, by half of 100 levels.
    assert found['sometimes'].share == pytest.approx((truth[:, 2] > 0.5).mean()) and not found['sometimes'].visible
    assert found['never'].share == 0 and found['never'].change == 0


def test_r2_where_it_is_visible(found):
    assert found['always'].visible_r2 == found['always'].r2 > 0.99
    assert found['sometimes'].visible_r2 > 0.99
    assert found['sometimes'].r2 == pytest.approx(0.5, abs=0.1)
    assert found['never'].visible_r2 is None and found['never'].r2 == pytest.approx(0, abs=0.02)


def test_moved_changes_one_column_by_half():
    factors = np.array([[0.1, 0.2], [0.9, 1.0]], np.float32)
    np.testing.assert_allclose(visibility.moved(factors, 1), [[0.1, 0.7], [0.9, 0.5]], rtol=1e-6)
    np.testing.assert_array_equal(factors[:, 1], np.float32([0.2, 1.0]))
