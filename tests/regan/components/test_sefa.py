"""SeFa against its definition, and its components in the place of principal ones."""

import dataclasses

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.components import pca, sefa
from regan.networks import styles
from tests.regan.components.test_pca import D, ToyGenerator

SPEC = pca.PCASpec(n=4000, components=4, batch_size=20, estimator='sefa')


class StyledToy(ToyGenerator):
    def style_matrices(self):
        generator = np.random.RandomState(5)
        return [generator.randn(D, width) * 3.0**layer for layer, width in enumerate((7, 20, 13))]


def test_directions_are_those_of_the_largest_mean_cosine():
    matrices = StyledToy().style_matrices()
    directions, values = sefa.factorise(matrices, 4)
    # Independent: singular vectors of the scaled columns; each eigenvalue is a sum of squared cosines.
    columns = np.concatenate([matrix / np.sqrt((matrix**2).sum(axis=0)) for matrix in matrices], axis=1)
    left, singular, _ = np.linalg.svd(columns)
    np.testing.assert_allclose(np.abs(np.sum(directions * left.T[:4], axis=1)), 1, rtol=1e-9)
    np.testing.assert_allclose(values, singular[:4] ** 2, rtol=1e-9)
    np.testing.assert_allclose(((directions.dot(columns)) ** 2).sum(axis=1), values, rtol=1e-9)
    np.testing.assert_allclose(directions.dot(directions.T), np.eye(4), atol=1e-12)
    assert (directions[np.arange(4), np.abs(directions).argmax(axis=1)] > 0).all()


def test_a_scale_of_a_layer_and_columns_of_zeros_do_not_matter():
    matrices = StyledToy().style_matrices()
    expected, _ = sefa.factorise(matrices, 3)
    other, _ = sefa.factorise([0.01 * matrices[0], np.pad(matrices[1], [(0, 0), (0, 5)], 'constant'), matrices[2]], 3)
    np.testing.assert_allclose(other, expected, atol=1e-9)


def test_the_basis_has_the_sample_of_pca_and_its_own_directions(tmp_path):
    generator = StyledToy()
    basis = pca.load_or_compute(generator, SPEC, tmp_path)
    exact = pca.compute(generator.map, generator.latent_size, dataclasses.replace(SPEC, estimator='pca'))
    np.testing.assert_array_equal(basis.mean, exact.mean)
    directions, values = sefa.factorise(generator.style_matrices(), 4)
    np.testing.assert_allclose(basis.components, directions, atol=1e-6)
    assert basis.record['eigenvalues'] == values.tolist() and basis.record['layers'] == 'all'
    assert (basis.act_stdev < exact.act_stdev[0] * 1.001).all() and basis.variance_ratio.sum() < 1
    some = pca.load_or_compute(generator, dataclasses.replace(SPEC, layers='1-2'), tmp_path)
    np.testing.assert_allclose(
        some.components, sefa.factorise(generator.style_matrices()[1:], 4)[0].astype(np.float32), atol=1e-6
    )
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(layers='2-1'), "layers '2-1' run backwards"),
        (dict(layers='x'), "layers is 'x' but must be a range"),
        (dict(layers='0-3'), 'go past the last: styles of layers 0-2'),
        (dict(components=12), 'at most 11'),
        (dict(estimator='pca', layers='0-1'), 'layers is a choice for sefa only; leave it out for pca'),
    ],
)
def test_wrong_choices(tmp_path, change, message):
    with pytest.raises(UserError, match=message):
        pca.load_or_compute(StyledToy(), dataclasses.replace(SPEC, **change), tmp_path)


def test_a_network_without_styles(tmp_path):
    with pytest.raises(UserError, match='this network has none; choose another estimator'):
        pca.load_or_compute(ToyGenerator(), SPEC, tmp_path)


def test_matrices_are_those_through_which_layers_see_w(tiny_generator):
    found = tiny_generator.style_matrices()
    assert [matrix.shape[0] for matrix in found] == [tiny_generator.dlatent_size] * tiny_generator.num_layers
    np.testing.assert_array_equal(found[0], tiny_generator.variable('4x4/Conv/mod_weight'))
    np.testing.assert_array_equal(found[2], tiny_generator.variable('8x8/Conv1/mod_weight'))
    np.testing.assert_array_equal(found[-1], tiny_generator.variable('16x16/ToRGB/mod_weight'))


def test_matrices_of_the_first_generation_and_of_strangers():
    shapes = {'4x4/Const': 6, '4x4/Conv': 6, '8x8/Conv0_up': 4, '8x8/Conv1': 4}
    values = {name + '/StyleMod/weight': np.full([3, width], width) for name, width in shapes.items()}
    assert [matrix.shape for matrix in styles.matrices(values, 1, 8, 4)] == [(3, 6), (3, 6), (3, 4), (3, 4)]
    del values['4x4/Const/StyleMod/weight']
    with pytest.raises(UserError, match='not where those of StyleGAN'):
        styles.matrices(values, 1, 8, 4)
