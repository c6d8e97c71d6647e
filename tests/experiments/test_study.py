"""The StyleGAN study's numbers, against cases that are known by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
import study

from studies import intervals, projected


def test_errors_of_factors_are_in_variances():
    """Readings of the same pictures are 0 apart, those of others 2; badly read factors do not count."""
    random = np.random.RandomState(0)
    readings = random.uniform(size=[4000, 3])
    units = projected.Units.of(SimpleNamespace(r2=[0.9, 0.1, 0.8], circular=[2]), readings)
    assert units.counted == [0, 2]
    np.testing.assert_allclose(units.variance[:2], 1 / 12, rtol=0.05)
    assert (projected.factor_errors(readings, readings, units) == 0).all()
    others = projected.factor_errors(readings, random.permutation(readings), units)
    assert others.mean() == pytest.approx(2, rel=0.05)
    constant = projected.factor_errors(np.full_like(readings, 0.5), readings, units)
    assert constant.mean() == pytest.approx(1.5, rel=0.05)  # 1 on a line; 2 on a circle, where no constant is better.
    round_the_corner = np.array([[0.0, 0.0, 0.99]]), np.array([[0.0, 0.0, 0.01]])
    assert projected.factor_errors(*round_the_corner, units)[0] == pytest.approx(0.0004 / units.variance[2] / 2)


def test_mixtures_are_of_all_ordered_pairs():
    codes = np.arange(3 * 4 * 2.0).reshape(3, 4, 2)
    found, pairs = projected.mixed(codes, 1)
    assert pairs.tolist() == [[0, 1], [0, 2], [1, 0], [1, 2], [2, 0], [2, 1]]
    np.testing.assert_array_equal(found[3], np.concatenate([codes[1, :1], codes[2, 1:]]))


def test_realism_is_worse_for_what_is_further_away():
    random = np.random.RandomState(1)
    reals, (_, pairs) = random.randn(200, 4), projected.mixed(np.zeros([6, 2, 1]), 1)
    radii = np.full(200, 4.0)
    near, far = [projected.realism(random.randn(30, 4) + shift, pairs, reals, radii) for shift in (0, 3)]
    assert far.frechet.value > near.frechet.high and far.precision.value < near.precision.value
    assert near.frechet.low < near.frechet.value < near.frechet.high and near.frechet.n == 6


def test_the_jackknife_of_a_mean_is_students_interval():
    values = np.random.RandomState(2).randn(9)
    found = projected.jackknife(values.mean(), (values.sum() - values) / 8)
    np.testing.assert_allclose(found, intervals.mean(values), rtol=1e-12)


def test_tables_are_written(tmp_path):
    row = dict(network='n', method='m', **study._cells('distance', intervals.Estimate(0.5, 0.4, 0.6, 3)))
    study.write(tmp_path, [row], [dict(network='n', codes='m')], 3, 7)
    text = (tmp_path / 'study.md').read_text()
    assert '| n | m | 0.5 [0.4, 0.6] |' in text and 'in 7 steps' in text
    assert (tmp_path / 'projection.csv').read_text().splitlines()[1] == 'n,m,0.5,0.4,0.6'


def test_runs_are_methods_in_spaces():
    assert {run.method for run in projected.RUNS} == {'stylegan2', 'adam', 'puzer'}
    assert all(run.settings.space == run.space for run in projected.RUNS)
    found = projected.targets(np.full([2, 4, 4, 3], 255, np.uint8))
    assert [one.name for one in found] == ['render00', 'render01'] and (found[0].image == 1).all()
