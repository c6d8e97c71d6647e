"""Our networks against the official ones' golden data: w, truncation, activations, images, scores."""

import re
import sys

import numpy as np
import pytest

from dnnlib import unpickle
from tests import golden_cases, make_golden, parity

CASES = golden_cases.cases()
THOROUGH = ('sg1-res32-labels', 'sg2-orig-res32')  # One of each generation.
SLOW = ('sg1-res64', 'sg2-v1pickle-res32')  # The other cases hold what these hold; `make parity` measures them all.


@pytest.mark.parametrize(
    'case', [pytest.param(c, marks=[pytest.mark.slow] * (c.name in SLOW)) for c in CASES], ids=lambda case: case.name
)
def test_every_array_is_within_its_tolerance(case):
    comparisons = parity.measure(case, thorough=case.name in THOROUGH)
    assert [c for c in comparisons if not c.passed] == []
    compared = {c.key for c in comparisons}
    left_out = set(case.facts) - compared - set(make_golden.INPUTS)
    if case.name in THOROUGH:
        assert left_out == set()
    else:
        assert all(re.match(r'w_trunc\.|images(_uint8)?\.(default|psi0\.7_cutoff4)$', key) for key in left_out), (
            left_out
        )
    assert {
        'variables.D',
        'variables.Gs',
        'variables.G_synthesis',
        'variables.G_mapping',
        'w',
        'mapact.Dense7',
        'images.psi1',
        'images.mixed',
        'images_uint8.psi1',
    } <= compared
    assert sum(key.startswith('act.') for key in compared) >= 5
    assert sum(key.startswith('d_scores.') for key in compared) >= 1


def test_the_cases_are_complete():
    assert [case.name for case in CASES] == [
        'sg1-res128',
        'sg1-res32-labels',
        'sg1-res64',
        'sg2-orig-res32',
        'sg2-resnet-res32',
        'sg2-skip-res64',
        'sg2-v1pickle-res32',
    ]


@pytest.mark.parametrize('case', CASES, ids=lambda case: case.name)
def test_stored_average_is_the_golden_one(case):
    """Read from the pickle, compared bit for bit with the array that the official code gave."""
    _, _, Gs = unpickle.read(case.pickle)
    np.testing.assert_array_equal(Gs.variables['dlatent_avg'], case['dlatent_avg'])


# ------------------------------------------------------------------ the ruler itself


def test_compare_accepts_the_golden_array_and_nothing_beyond_its_tolerance():
    case = golden_cases.case('sg2-orig-res32')
    golden, tolerance = case['images.psi1'], case.facts['images.psi1']['tolerance_abs']
    assert case.compare('images.psi1', golden) == ('images.psi1', 0.0, tolerance, True)
    off = golden.copy()
    off[3, 2, 31, 31] += 3 * tolerance
    comparison = case.compare('images.psi1', off)
    assert not comparison.passed and comparison.delta == pytest.approx(3 * tolerance, rel=0.1)
    assert not case.compare('images.psi1', golden.transpose([0, 2, 3, 1])).passed
    assert not case.compare('images.psi1', golden.astype(np.float64)).passed


def test_compare_allows_one_level_in_few_values_of_uint8_images():
    case = golden_cases.case('sg2-orig-res32')
    golden = np.zeros(case.facts['images_uint8.psi1']['shape'], np.uint8)
    case._arrays['images_uint8.psi1'] = golden
    few, many, far = golden.copy(), golden.copy(), golden.copy()
    few[0, 0, :20] = 1  # 60 of 12288 values: 0.5 %
    many[0, 0, :21] = 1
    far[0, 0, 0, 0] = 2
    assert [case.compare('images_uint8.psi1', x).passed for x in (golden, few, many, far)] == [True, True, False, False]


@pytest.mark.parametrize('shape', [(4, 3, 64, 64), (1, 40, 16, 16), (4, 10, 64), (1, 5, 7, 13), (4, 1)])
def test_samples_fall_on_every_index_of_every_axis(shape):
    index = np.stack(np.unravel_index(golden_cases.samples(np.arange(np.prod(shape))).astype(int), shape))
    for axis, size in enumerate(shape):
        assert set(index[axis]) == set(range(size))
    assert index.shape[1] <= 2 * golden_cases.SAMPLES


def test_failures_are_printed_and_set_the_exit_status(monkeypatch, capsys):
    wrong = golden_cases.Comparison('act.8x8.Conv1', 0.5, 0.1, False)
    close = golden_cases.Comparison('act.4x4.Conv', 0.09, 0.1, True)
    monkeypatch.setattr(parity, 'measure', lambda case: [close, wrong])
    monkeypatch.setattr(sys, 'argv', ['parity', 'sg1-res64'])
    assert parity.main() == 1
    assert re.search(
        r'^sg1-res64 +act +act.8x8.Conv1 +5.0e-01 +1.0e-01 +FAILED$', capsys.readouterr().out, re.MULTILINE
    )
    monkeypatch.setattr(parity, 'measure', lambda case: [close])
    assert parity.main() == 0
