"""The search itself, on an objective that needs no network: the squared distance of latents from a target."""

import numpy as np
import pytest

from regan.base.checkpoint import Checkpoint
from regan.base.errors import UserError
from regan.projection import methods
from regan.projection.objective import Slope
from regan.projection.search import GOING, Search, State, Statistics, statistics

L, D = 3, 5
SPREAD = Statistics(np.full(D, 0.5, np.float32), 2.0)


class Bowl:
    """|w - target|^2 per picture, with noise images that nothing depends on; not a number from some step on."""

    num_layers, dlatent_size, sides = L, D, [4, 8]

    def __init__(self, wrong=()):
        self.stored, self.calls, self._wrong = [np.zeros([1, 1, s, s], np.float32) for s in self.sides], 0, wrong

    def slope(self, dlatents, noise, targets, by_noise=True):
        apart = dlatents - targets[0]
        distance = np.square(apart).sum(axis=(1, 2))
        for step, row in self._wrong:
            if step == self.calls:
                distance[row] = np.nan
        self.calls += 1
        return Slope(distance, 2 * apart, [np.zeros_like(one) for one in noise] if by_noise else [])

    def distances(self, dlatents, noise, targets):
        return np.square(dlatents - targets[0]).sum(axis=(1, 2))


def targets(count):
    return [np.random.RandomState(3).randn(count, L, D).astype(np.float32)]


def ended(search, state, wanted):
    return list(search.states(state, wanted))[-1][0]


def run(name, steps=30, count=2, **changes):
    search = Search(Bowl(), methods.METHODS[name]._replace(**changes), steps, SPREAD)
    return search, ended(search, search.begin(count), targets(count))


def test_statistics_are_of_whole_vectors():
    found = statistics(lambda z: z * np.float32(2) + 1, 7)
    np.testing.assert_allclose(found.mean, 1, atol=0.1)
    assert found.deviation == pytest.approx(2 * np.sqrt(7), rel=0.02)


@pytest.mark.parametrize('name, layers', [('stylegan2', 1), ('adam', L), ('puzer', L)])
def test_every_method_comes_nearer(name, layers):
    changes = dict(rate=0.1) if name == 'puzer' else {}
    search, state = run(name, **changes)
    assert state.styles.shape == (2, layers, D) and state.styles.dtype == state.noise.dtype == np.float32
    assert (state.curve[-1, 0] < 0.8 * state.curve[0, 0]).all() and (state.stopped == GOING).all()
    assert [one.shape for one in search.noise(state)] == [(2, 1, 4, 4), (2, 1, 8, 8)]
    assert list(search.curve(state, 0)[0]) == ['step', 'rate', 'distance', 'noise_loss', 'loss']


def test_descent_takes_the_step_of_its_rate():
    """From zeros against the slope -2 t: after one step of 0.1 at 0.2 t."""
    search = Search(Bowl(), methods.METHODS['puzer']._replace(rate=0.1), 1, SPREAD)
    state = ended(search, search.begin(1), targets(1))
    np.testing.assert_allclose(state.styles, 0.2 * targets(1)[0], rtol=1e-6)


def test_pictures_do_not_depend_on_their_neighbours():
    _, both = run('stylegan2', clip='stochastic')
    search = Search(Bowl(), methods.METHODS['stylegan2']._replace(clip='stochastic'), 30, SPREAD)
    alone = ended(search, search.begin(1), [targets(2)[0][1:]])
    np.testing.assert_array_equal(alone.styles[0], both.styles[1])
    np.testing.assert_array_equal(alone.noise[0], both.noise[1])


def test_an_interrupted_search_ends_as_one_that_went_through(tmp_path):
    search, through = run('stylegan2', steps=6)
    checkpoint = Checkpoint(tmp_path / 'state.npz', {})
    for state, _ in search.states(search.begin(2), targets(2)):
        if state.step == 4:
            checkpoint.save(state)
            break
    resumed = ended(search, checkpoint.load(State), targets(2))
    for name, value in vars(through).items():
        np.testing.assert_array_equal(getattr(resumed, name), value, err_msg=name)


def test_a_loss_that_is_no_number_stops_one_picture_at_its_best():
    method = methods.METHODS['adam']
    search = Search(Bowl(wrong=[(4, 1)]), method, 9, SPREAD)
    state = ended(search, search.begin(2), targets(2))
    assert state.stopped.tolist() == [GOING, 4] and state.step == 9
    before = Search(Bowl(), method, 3, SPREAD)
    np.testing.assert_array_equal(state.styles[1], ended(before, before.begin(2), targets(2)).styles[1])
    np.testing.assert_array_equal(state.styles[0], run('adam', steps=9)[1].styles[0])


def test_nothing_goes_on_when_all_have_stopped():
    search = Search(Bowl(wrong=[(0, 0)]), methods.METHODS['adam'], 9, SPREAD)
    state = ended(search, search.begin(1), targets(1))
    assert state.step == 1 and state.stopped == [0]
    np.testing.assert_array_equal(state.styles, np.full([1, L, D], 0.5, np.float32))


def test_starts_have_the_shape_of_w():
    search = Search(Bowl(), methods.METHODS['adam'], 1, SPREAD)
    layers = np.arange(L * D, dtype=np.float32).reshape(L, D)
    np.testing.assert_array_equal(search.begin(2, layers).styles, [layers] * 2)
    for wrong, message in [(np.zeros(D + 1), r'shape \[6\]'), (np.zeros([2, D]), r'needs \[5\] or \[3, 5\]')]:
        with pytest.raises(UserError, match=message):
            search.begin(1, wrong)
    with pytest.raises(UserError, match='choose --space w'):
        Search(Bowl(), methods.METHODS['stylegan2'], 1, SPREAD).begin(1, layers)
