"""The orthogonality of the subspaces: value, gradient, and its place in the loss."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import dnnlib.tflib as tflib
from tests.small_networks import fresh_session
from training import loss_segan

SIZES = dict(resolution=4, fmap_base=22, fmap_max=11, dlatent_size=7, latent_size=5, mapping_layers=1)
BASIS = np.random.RandomState(0).randn(3, 2, 2, 5) / 3


def formula(basis):
    columns = basis.reshape(-1, basis.shape[-1])
    return 0.5 * np.square(columns.T @ columns - np.eye(columns.shape[1])).sum()


def value_and_gradient(basis):
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float64, basis.shape)
        value = loss_segan.basis_orthogonality(x)
        return session.run([value, tf.gradients(value, x)[0]], {x: basis})


def test_value_and_gradient_in_float64():
    value, gradient = value_and_gradient(BASIS)
    assert np.isclose(value, formula(BASIS), rtol=1e-12)
    step, expected = 1e-6, np.zeros(BASIS.shape)
    for index in np.ndindex(*BASIS.shape):
        delta = np.zeros(BASIS.shape)
        delta[index] = step
        expected[index] = (formula(BASIS + delta) - formula(BASIS - delta)) / (2 * step)
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=1e-8)
    columns = BASIS.reshape(-1, 5)
    np.testing.assert_allclose(gradient.reshape(-1, 5), 2 * columns @ (columns.T @ columns - np.eye(5)), rtol=1e-12)


def test_orthonormal_columns_cost_nothing():
    value, gradient = value_and_gradient(np.linalg.qr(BASIS.reshape(-1, 5))[0].reshape(BASIS.shape))
    assert value < 1e-28 and np.abs(gradient).max() < 1e-14


def test_too_many_columns_cost_half_of_each():
    rows = np.linalg.qr(np.random.RandomState(1).randn(17, 12))[0].T.reshape(3, 2, 2, 17)
    assert np.isclose(value_and_gradient(rows)[0], 0.5 * (17 - 12))


def network(mode, **kwargs):
    return tflib.Network('G', func_name='nvlabs_stylegan2.segan.G_segan', mode=mode, **dict(SIZES, **kwargs))


@pytest.fixture
def session():
    with fresh_session() as session:
        yield session


@pytest.mark.parametrize('mode', [1, 4])
def test_sum_over_the_subspaces(session, mode):
    net = network(mode, subspace_dims=3)
    bases = tflib.run([net.find_var('G_synthesis/%s/Subspace/U' % scope) for scope in ('4x4/Conv', '4x4/ToRGB')])
    assert np.isclose(tflib.run(loss_segan.orthogonality(net)), sum(map(formula, bases)), rtol=1e-5, atol=1e-9)


def test_eigen_columns_start_at_zero(session):
    assert tflib.run(loss_segan.orthogonality(network(2, subspace_init='eigen-columns'))) < 1e-9


@pytest.mark.parametrize('mode, kwargs', [(3, {}), (2, dict(collapse_mode2=True))])
def test_networks_without_a_basis_are_refused(session, mode, kwargs):
    with pytest.raises(
        ValueError,
        match=r"network 'G' has no subspace with a basis U, so there is nothing to keep orthogonal \(mode %d\)" % mode,
    ):
        loss_segan.orthogonality(network(mode, **kwargs))


def test_the_term_is_added_to_stylegan2s_loss(session, monkeypatch):
    """One scalar for each image, so that the mean over the minibatch is the loss plus weight times term."""
    given, plain, reg = {}, np.array([[1.0], [2.0], [4.0]], np.float32), tf.constant(5.0)

    def stylegan2s(G, D, opt, training_set, minibatch_size, **kwargs):
        given.update(kwargs, arguments=(G, D, opt, training_set, minibatch_size))
        return tf.constant(plain), reg

    monkeypatch.setattr(loss_segan.stylegan2_loss, 'G_logistic_ns_pathreg', stylegan2s)
    net = network(1)
    without, found_reg = loss_segan.G_logistic_ns_pathreg(net, 'D', 'opt', 'set', 3, pl_weight=7)
    assert given == dict(pl_weight=7, arguments=(net, 'D', 'opt', 'set', 3)) and found_reg is reg
    assert np.array_equal(tflib.run(without), plain)  # The default is SEGAN as published: no term.
    with_term, _ = loss_segan.G_logistic_ns_pathreg(net, 'D', 'opt', 'set', 3, orth_weight=0.25)
    tflib.init_uninitialized_vars()
    np.testing.assert_allclose(tflib.run(with_term), plain + 0.25 * tflib.run(loss_segan.orthogonality(net)), rtol=1e-6)
