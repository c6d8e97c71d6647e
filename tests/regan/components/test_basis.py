import dataclasses

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.components.basis import Basis, fix_signs, largest_cosine, near_ties

ORIGINAL_SHAPES = {
    'act_comp': (3, 1, 7),
    'act_mean': (1, 7),
    'act_stdev': (3,),
    'lat_comp': (3, 1, 7),
    'lat_mean': (1, 7),
    'lat_stdev': (3,),
    'var_ratio': (3,),
    'random_stdevs': (3,),
}


def random_arrays(shapes):
    generator = np.random.RandomState(0)
    return {name: generator.randn(*shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture
def basis():
    arrays = random_arrays(
        {
            'mean': (7,),
            'components': (3, 7),
            'stdev': (3,),
            'act_stdev': (3,),
            'variance_ratio': (3,),
            'random_stdevs': (3,),
        }
    )
    return Basis(record={'estimator': 'ipca', 'n': 1000, 'near_ties': [[1, 2]]}, **arrays)


def assert_same(basis, other):
    for name, value in vars(basis).items():
        np.testing.assert_array_equal(value, getattr(other, name), err_msg=name)


def test_round_trip(basis, tmp_path):
    basis.save(tmp_path / 'basis.npz')
    assert_same(Basis.load(tmp_path / 'basis.npz'), basis)


def test_the_original_can_read_our_file(basis, tmp_path):
    basis.save(tmp_path / 'basis.npz')
    with np.load(str(tmp_path / 'basis.npz'), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in ORIGINAL_SHAPES}
    assert {name: array.shape for name, array in arrays.items()} == ORIGINAL_SHAPES
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(arrays['lat_comp'][:, 0], basis.components)
    np.testing.assert_array_equal(arrays['act_comp'], arrays['lat_comp'])
    np.testing.assert_array_equal(arrays['lat_stdev'], basis.stdev)


def test_we_can_read_the_originals_file(tmp_path):
    arrays = random_arrays(ORIGINAL_SHAPES)
    np.savez_compressed(str(tmp_path / 'original.npz'), **arrays)
    basis = Basis.load(tmp_path / 'original.npz')
    assert basis.record == {}
    np.testing.assert_array_equal(basis.components, arrays['lat_comp'][:, 0])
    np.testing.assert_array_equal(basis.mean, arrays['lat_mean'][0])
    np.testing.assert_array_equal(basis.stdev, arrays['lat_stdev'])
    np.testing.assert_array_equal(basis.act_stdev, arrays['act_stdev'])
    np.testing.assert_array_equal(basis.variance_ratio, arrays['var_ratio'])


@pytest.mark.parametrize('change', [{'lat_comp': None}, {'lat_stdev': (2,)}, {'lat_mean': (1, 6)}])
def test_a_file_that_is_no_basis_is_reported(tmp_path, change):
    shapes = {name: shape for name, shape in dict(ORIGINAL_SHAPES, **change).items() if shape}
    np.savez(str(tmp_path / 'other.npz'), **random_arrays(shapes))
    with pytest.raises(UserError, match='other.npz is not a basis .* delete it'):
        Basis.load(tmp_path / 'other.npz')


def test_arrays_that_do_not_fit_are_refused(basis):
    with pytest.raises(UserError, match='do not fit together: 3 components of width 7'):
        dataclasses.replace(basis, stdev=np.ones(4, np.float32))


def test_fix_signs_makes_the_largest_entry_positive():
    rows = np.array([[1.0, -3.0, 2.0], [0.0, 3.0, -2.0], [-1.0, 0.0, 0.5], [0.0, 0.0, 0.0]])
    np.testing.assert_array_equal(fix_signs(rows), rows * [[-1], [1], [-1], [1]])


def test_largest_cosine_is_that_of_two_different_rows():
    rows = np.array([[1, 0, 0], [0, 1, 0], [0, -0.6, 0.8]], np.float32)
    assert largest_cosine(rows) == pytest.approx(0.6)
    assert largest_cosine(rows[:2]) == largest_cosine(rows[:1]) == 0


def test_near_ties_need_more_rows_the_closer_they_are():
    stdev = np.sqrt([4.0, 3.9, 2.0, 2.0, 1.0])
    assert near_ties(stdev, 100) == [[0, 1], [2, 3]]
    assert near_ties(stdev, 100000) == [[2, 3]]
    assert near_ties(stdev[:1], 100) == []


def test_near_ties_find_95_percent_of_equal_variances():
    generator = np.random.RandomState(0)
    samples = generator.randn(2000, 500, 2)
    variances = np.linalg.eigvalsh(np.matmul(samples.transpose(0, 2, 1), samples) / 500)[:, ::-1]
    found = sum(near_ties(np.sqrt(pair), 500) == [[0, 1]] for pair in variances)
    assert 0.93 < found / 2000 < 0.97
