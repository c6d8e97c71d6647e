"""Every section on a linear network, where the answers are known."""

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.editing import edits
from regan.sampling import latents
from studies import control, importance, order, resampling, stability, transfer
from studies.claims_spec import NamedEdit
from studies.random_mapping import RandomMapping
from tests.experiments import linear_subject

# turn is coordinate 0, tilt 1, tint 2; shine is coordinate 3 with a little of 0.
WEIGHTS = [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0.1, 0, 0, 1, 0]]
BANDS = [(0, 2), (2, 5)]
TURN = NamedEdit('Turn', 'turn', edits.parse('E(v0, 0-1) * 1.5'))


@pytest.fixture
def line(tmp_path):
    return linear_subject.subject(tmp_path, WEIGHTS)


def _numbers(section):
    return {number.quantity: number.estimate for number in section.numbers}


def _expected_changes(line):
    """RMS over the factors of what one standard deviation along each axis does."""
    return linear_subject.SCALES * np.sqrt(
        np.mean(np.square(np.array(WEIGHTS) / line.units.spread[:, np.newaxis]), axis=0)
    )


def test_importance_of_each_component(line):
    found = importance.measure(line, latents=50, per_latent=2)
    section = importance.section([line], {'line': found}, BANDS)
    np.testing.assert_allclose([row['change'] for row in section.rows], _expected_changes(line), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose([row['latents'] for row in section.rows], 20)
    np.testing.assert_allclose(section.rows[-1]['variance_cumulative'], 1, rtol=1e-6)
    numbers = _numbers(section)
    np.testing.assert_allclose(
        numbers['change along components 0-1'].value, _expected_changes(line)[:2].mean(), rtol=1e-5
    )
    np.testing.assert_allclose(numbers['variance share of components 0-1'].value, (49 + 25) / 88, rtol=1e-6)
    # Tint and shine, from small coordinates, are as large in units of their spread, and random directions have more of
    # them.
    assert 'less than random directions' in section.sentences[0]
    assert '2 of 5 components lie clearly above random and 3 clearly below' in section.sentences[0]


def test_random_directions_of_the_same_length(tmp_path):
    line = linear_subject.subject(tmp_path, WEIGHTS, samples=1500)
    found = importance.measure(line, latents=1500, per_latent=5)
    _, beside = importance.changes(line, found)
    # The mean square over directions of length s is s^2 / D times the sum over factors and axes.
    square = np.square(beside).sum(axis=-1).mean(axis=-1)[found['component'] == 0].mean()
    expected = 49 / 5 * np.square(np.array(WEIGHTS) / line.units.spread[:, np.newaxis]).sum() / 4
    np.testing.assert_allclose(square, expected, rtol=0.05)


def test_profiles_are_the_weights(line):
    found = importance.measure(line, latents=10, per_latent=5)
    mean, reach = importance.profiles(found['component'], importance.changes(line, found)[0], 5)
    expected = (linear_subject.SCALES * np.array(WEIGHTS) / line.units.spread[:, np.newaxis]).T
    np.testing.assert_allclose(mean[..., 0], expected, atol=1e-5)
    np.testing.assert_allclose(reach, np.abs(expected), atol=1e-5)


def test_a_measurement_is_made_once(line, monkeypatch):
    first = importance.measure(line, latents=10, per_latent=5)
    monkeypatch.setattr(line.generator, 'synthesize', None, raising=False)
    again = importance.measure(line, latents=10, per_latent=5)
    np.testing.assert_array_equal(first['along'], again['along'])
    with pytest.raises(TypeError):
        importance.measure(line, latents=10, per_latent=4)


def test_geometry_lies_in_early_components_and_layers(line):
    importances = {'line': importance.measure(line, latents=20, per_latent=5)}
    found = order.measure(line, [(0, 2), (2, 4)], components=4, latents=8, per_latent=2)
    section = order.section(
        [line], importances, {'line': found}, linear_subject.GROUPS, ['pose'], BANDS, [(0, 2), (2, 4)]
    )
    numbers = _numbers(section)
    assert numbers['geometry share, components 2-4'].value == 0
    assert 0.9 < numbers['geometry share, components 0-1'].value < 1  # A tenth of component 0 is shine.
    np.testing.assert_allclose(numbers['geometry share, layers 0-1'].value, 1)
    np.testing.assert_allclose(numbers['geometry share, layers 2-3'].value, 0)
    cell = next(row for row in section.rows if (row['component'], row['layers']) == (2, '2-3'))
    assert cell['strongest'] == 'tint' and cell['pose'] == 0
    np.testing.assert_allclose(cell['strongest_change'], 3 / line.units.spread[2], rtol=1e-5)
    assert section.sentences[0].count('falls') == 2


def test_keeping_components_keeps_their_factors(line):
    found = resampling.measure(line, first=2, bases=40, samples=30)
    section = resampling.section([line], {'line': found}, linear_subject.GROUPS, ['pose'], ['style'], first=2)
    numbers = _numbers(section)
    assert numbers['variance of pose, keep first 2 of PCA'].value < 1e-9
    assert numbers['variance of pose, randomise first 2 of PCA'].value == pytest.approx(1, abs=0.1)
    assert numbers['variance of style, keep first 2 of PCA'].value == pytest.approx(1, abs=0.1)
    assert numbers['variance of style, randomise first 2 of PCA'].value < 0.1
    assert 0.2 < numbers['variance of pose, keep first 2 of random'].value < 1.2
    assert section.sentences[0].count('as the paper shows') == 2


def test_selectivity_of_an_edit_and_its_baselines(tmp_path):
    weights = np.array(WEIGHTS)
    weights[1, 0] = 0.3  # Tilt follows turn a little, in the layers of the edit.
    line = linear_subject.subject(tmp_path, weights)
    found = control.measure(
        line, TURN, _profile(line), {}, latents=9, pilot=5, ratio=0.1, train=linear_subject.boundary
    )
    section = control.section([line], {'line': [TURN]}, {'line': [found]})
    named, supervised, single = section.rows
    turn, tilt, shine = 10.5 * np.array([1, 0.3, 0.1]) / line.units.spread[[0, 1, 3]]
    np.testing.assert_allclose([named['effect'], supervised['effect'], single['effect']], turn, rtol=1e-3)
    # The edit spares layers 2 and 3, from which shine is read; component 0 in all layers does not, nor does the exact
    # boundary of turn.
    np.testing.assert_allclose(named['selectivity'], turn / (tilt / 3), rtol=1e-3)
    np.testing.assert_allclose(
        [supervised['selectivity'], single['selectivity']], turn / ((tilt + shine) / 3), rtol=1e-3
    )
    assert single['component'] == 0
    np.testing.assert_allclose(
        single['strength'], 1.5, rtol=0.1
    )  # Of the samples' standard deviation, not the components'.
    assert section.sentences[0].count('the edit is more selective') == 2


def test_an_edit_that_moves_nothing_else_has_no_selectivity(line):
    found = control.measure(
        line, TURN, _profile(line), {}, latents=9, pilot=5, ratio=0.1, train=linear_subject.boundary
    )
    with pytest.raises(UserError, match='Turn of line moves no other factor at all'):
        control.section([line], {'line': [TURN]}, {'line': [found]})


def _profile(line):
    found = importance.measure(line, latents=10, per_latent=5)
    return importance.profiles(found['component'], importance.changes(line, found)[0], 5)


def test_a_single_component_that_was_chosen_before(line):
    found = control.measure(
        line, TURN, _profile(line), {}, latents=9, pilot=5, ratio=0.1, train=linear_subject.boundary, single=(1, -1.0)
    )
    assert found['component'] == 1 and found['strength'][2] <= 0


def test_the_most_selective_component():
    mean = np.zeros((3, 2, 2))
    mean[:, 0, 0] = [0.9, -0.5, 0.1]
    reach = np.array([[0.9, 0.9], [0.5, 0.1], [0.1, 0.1]])
    assert control.most_selective(mean, reach, 0, np.array([1.0, 0.0])) == (1, -1.0)
    assert control.most_selective(mean, reach, 0, np.array([1.0, 0.0]), least=0.7) == (0, 1.0)
    assert control.most_selective(mean, reach, 0, np.array([1.0, 0.0]), least=5) == (0, 1.0)


@pytest.mark.parametrize('goal, strength', [(0.25, 0.5), (0.75, 1.5), (1.0, 2.0), (2.0, 2.0), (0.0, 0.0)])
def test_strength_for_an_effect(goal, strength):
    assert control.strength_for([1, 2, 4], [0.5, 1.0, 0.8], goal) == strength


def test_transfer_by_match_works_where_the_index_does_not(line, tmp_path):
    target = linear_subject.subject(
        tmp_path, WEIGHTS, name='other', order=[3, 4, 2, 1, 0]
    )  # Component 0 here is 4 there.
    there = control.measure(
        line, TURN, _profile(line), {}, latents=31, pilot=5, ratio=0.1, train=linear_subject.boundary
    )
    effect = line.units.positions(there['after'][0]) - line.units.positions(there['before'])
    here = transfer.measure(
        line, target, TURN, effect, _profile(target), {}, latents=31, pilot=5, components=5, candidates=3
    )
    assert (here['component'], here['side']) == (4, 1)
    section = transfer.section([(line, target, TURN, there, here)], least=0.5)
    success = {row['method']: row['success'] for row in section.rows}
    assert (success['source'], success['same index'], success['matched']) == (1, 0, 1)
    assert success['chance'] < 0.5
    assert 'clearly above chance by matched: 1 of 1 (Turn)' in section.sentences[0]


def test_components_are_compared_by_index_match_and_subspace():
    angle = 0.3
    turned = np.eye(3)
    turned[:2, :2] = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    found = stability.compare(np.eye(3), turned)
    np.testing.assert_allclose(found.same, [np.cos(angle), np.cos(angle), 1])
    np.testing.assert_allclose(found.subspace, [np.cos(angle), 1, 1])
    swapped = stability.compare(np.eye(3), -np.eye(3)[[1, 0, 2]])
    np.testing.assert_allclose(swapped.same, [0, 0, 1])
    np.testing.assert_allclose(swapped.matched, 1)
    assert list(swapped.partner) == [1, 0, 2]
    assert list(stability.trusted([found, swapped], 0.95)) == [False, False, True]


def test_samples_needed_is_what_two_runs_show():
    """Two estimates of Gaussian rows are off by twice Anderson's variance: cosine^2 = 1 - 2 spread / n on average."""
    stdev, n, squares = np.array([3.0, 2.0, 1.0]), 1000, []
    for seed in range(150):
        rows = [np.random.RandomState(seed + 1000 * run).randn(n, 3) * stdev for run in (1, 2)]
        first, second = (np.linalg.eigh(np.cov(part.T))[1][:, ::-1].T for part in rows)
        squares.append(1 - np.square(stability.compare(first, second).same))
    least = np.sqrt(1 - np.mean(squares, axis=0))
    needed = [stability.samples_needed(stdev, value)[i] for i, value in enumerate(least)]
    np.testing.assert_allclose(needed, n, rtol=0.2)


def test_stability_section_tells_which_published_indices_hold(tmp_path):
    a, b = linear_subject.basis(), linear_subject.basis([0, 2, 1, 3, 4])
    section = stability.section({'toy': {'reference': a, 'seed 2': b}}, {'toy': 100}, {0, 1, 4, 9}, 0.95, BANDS)
    assert 'indices 0, 3-4 mean the same direction' in section.sentences[0]
    assert 'of the 4 published indices 2 do, not 1, 9;' in section.sentences[0]
    assert _numbers(section)['mean absolute cosine of components 0-1, seed 2'].value == 0.5


def test_random_mapping_has_the_shape_of_the_official_one():
    mapping = RandomMapping(width=64, layers=8, seed=3)
    z = latents.sample_batch(1, 500, 64)
    w = mapping.map(z)
    assert w.dtype == np.float32 and w.shape == (500, 64)
    np.testing.assert_allclose(mapping.map(z * np.float32(2)), w, rtol=1e-4, atol=1e-5)  # Pixel norm.
    assert 0.2 < np.square(w).mean() < 5  # He's initialisation keeps the size.
    assert RandomMapping(64, 8, 3).sha256 == mapping.sha256 != RandomMapping(64, 8, 4).sha256


def test_random_mapping_is_computed_as_described():
    mapping = RandomMapping(width=5, layers=2, seed=0)
    z = latents.sample_batch(2, 3, 5)
    random = np.random.RandomState(0)
    x = z / np.sqrt(np.square(z).mean(axis=1, keepdims=True))
    for _ in range(2):
        x = x.dot(random.randn(5, 5) / np.sqrt(5))
        x = np.sqrt(2) * np.where(x > 0, x, 0.2 * x)
    np.testing.assert_allclose(mapping.map(z), x, rtol=1e-4)


def test_truncation_shrinks_an_edit(tmp_path):
    half = linear_subject.subject(tmp_path, WEIGHTS, psi=0.5)
    moved = importance.changes(half, importance.measure(half, latents=10, per_latent=5))[0]
    # Both the step and the spread of the samples are halved.
    whole = linear_subject.subject(tmp_path, WEIGHTS)
    np.testing.assert_allclose(
        moved, importance.changes(whole, importance.measure(whole, latents=10, per_latent=5))[0], atol=1e-5
    )
