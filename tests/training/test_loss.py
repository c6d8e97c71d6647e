"""Losses against closed forms; penalties and their gradients in float64 against independent NumPy and finite
differences.
"""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from tests.small_networks import fresh_session
from training import loss

N, Z, C, R, L, W = 3, 5, 2, 2, 3, 4  # Samples, z, channels, resolution, layers, w.
K = C * R * R
rnd = np.random.RandomState(7)
A, M, B, S = rnd.randn(Z, W), rnd.randn(L, W, K), rnd.randn(K, 6) / 3, rnd.randn(6, 1)
REALS, NOISE, LATENTS, SHARE = rnd.randn(N, C, R, R), rnd.randn(N, C, R, R), rnd.randn(N, Z), rnd.rand(N, 1, 1, 1)
GAMMA = 2.5


class Generator:
    """w = z A for every layer; the image is tanh of the sum of w M_l."""

    input_shapes = [[None, Z], [None, 0]]

    def __init__(self, m=M):
        self.m = tf.constant(m)

    def get_output_for(self, z, labels, is_training, return_dlatents=False, **_):
        assert is_training
        w = tf.tile(tf.matmul(z, tf.constant(A))[:, np.newaxis], [1, L, 1])
        images = tf.reshape(tf.tanh(tf.einsum('nlw,lwk->nk', w, self.m)), [-1, C, R, R])
        return (images, w) if return_dlatents else images


class Discriminator:
    """tanh(x B) S."""

    def __init__(self, b=B):
        self.b = tf.constant(b)

    def get_output_for(self, images, labels, is_training, **_):
        assert is_training
        return tf.matmul(tf.tanh(tf.matmul(tf.reshape(images, [-1, K]), self.b)), tf.constant(S))


class Labels:
    @staticmethod
    def get_random_labels_tf(n):
        return tf.zeros([n, 0])


class Scaling:
    """An optimiser's loss scaling; the results must not depend on it."""

    def __init__(self, factor=8.0):
        self.factor = factor

    def apply_loss_scaling(self, x):
        return x * self.factor

    def undo_loss_scaling(self, x):
        return x / self.factor


@pytest.fixture(autouse=True)
def known_numbers(monkeypatch):
    """The normal numbers are LATENTS where z is asked for and NOISE where images are; the uniform ones are SHARE."""

    def normal(shape, dtype=None):
        return tf.constant(NOISE if dtype is not None else LATENTS)[: tf.convert_to_tensor(shape)[0]]

    monkeypatch.setattr(loss, 'random_normal', normal)
    monkeypatch.setattr(loss, 'random_uniform', lambda shape: tf.constant(SHARE))


def g_kwargs():
    return dict(G=Generator(), D=Discriminator(), opt=Scaling(), training_set=Labels, minibatch_size=N)


def d_kwargs():
    return dict(g_kwargs(), reals=tf.constant(REALS), labels=tf.zeros([N, 0]))


def evaluate(*tensors):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(tf.local_variables_initializer())
        return session.run(list(tensors))


# ------------------------------------------------------------------ the same in NumPy


def softplus(u):
    return np.log1p(np.exp(u))


def fakes(m=M, z=LATENTS):
    w = z @ A
    return np.tanh(sum(w @ m[i] for i in range(L)))  # [N, K]


def score(x, b=B):
    return np.tanh(x.reshape(-1, K) @ b) @ S  # [N, 1]


def score_gradient(x, b=B):
    """Of each score with respect to its own image: [N, K]."""
    return ((1 - np.tanh(x.reshape(-1, K) @ b) ** 2) * S[:, 0]) @ b.T


FAKE, REAL = score(fakes()), score(REALS)
R1 = GAMMA / 2 * (score_gradient(REALS) ** 2).sum(1, keepdims=True)
R2 = GAMMA / 2 * (score_gradient(fakes()) ** 2).sum(1, keepdims=True)
LOGISTIC = softplus(FAKE) + softplus(-REAL)
WGAN = FAKE - REAL + 0.001 * REAL**2
HINGE = np.maximum(0, 1 + FAKE) + np.maximum(0, 1 - REAL)
MIXED = REALS.reshape(N, K) + (fakes() - REALS.reshape(N, K)) * SHARE.reshape(N, 1)
PENALTY = 10 / 1.5**2 * (np.sqrt((score_gradient(MIXED) ** 2).sum(1, keepdims=True)) - 1.5) ** 2

CASES = [
    ('G_logistic_saturating', g_kwargs, {}, -softplus(FAKE)),
    ('G_logistic_nonsaturating', g_kwargs, {}, softplus(-FAKE)),
    ('G_logistic', g_kwargs, {}, (-softplus(FAKE), None)),
    ('G_logistic_ns', g_kwargs, {}, (softplus(-FAKE), None)),
    ('G_wgan', g_kwargs, {}, (-FAKE, None)),
    ('D_logistic', d_kwargs, {}, (LOGISTIC, None)),
    ('D_logistic_simplegp', d_kwargs, dict(r1_gamma=GAMMA), LOGISTIC + R1),
    ('D_logistic_simplegp', d_kwargs, dict(r1_gamma=GAMMA, r2_gamma=GAMMA), LOGISTIC + R1 + R2),
    ('D_logistic_simplegp', d_kwargs, dict(r1_gamma=0), LOGISTIC),
    ('D_logistic_r1', d_kwargs, dict(gamma=GAMMA), (LOGISTIC, R1)),
    ('D_logistic_r2', d_kwargs, dict(gamma=GAMMA), (LOGISTIC, R2)),
    ('D_wgan', d_kwargs, {}, (WGAN, None)),
    ('D_wgan_gp', d_kwargs, dict(wgan_target=1.5), (WGAN, PENALTY)),
    ('D_hinge', d_kwargs, {}, HINGE),
    ('D_hinge_gp', d_kwargs, dict(wgan_target=1.5), HINGE + PENALTY),
]


@pytest.mark.parametrize('name, kwargs, extra, expected', CASES, ids=['%s-%d' % (c[0], i) for i, c in enumerate(CASES)])
def test_closed_form(name, kwargs, extra, expected):
    with fresh_session():
        found = getattr(loss, name)(**dict(kwargs(), **extra))
        if not isinstance(expected, tuple):
            np.testing.assert_allclose(evaluate(found)[0], expected, rtol=1e-12)
            return
        assert isinstance(found, tuple) and (found[1] is None) == (expected[1] is None)
        for tensor, value in zip(found, expected):
            if value is not None:
                np.testing.assert_allclose(evaluate(tensor)[0], value, rtol=1e-12)


def test_official_gamma_is_ten():
    with fresh_session():
        found = evaluate(loss.D_logistic_r1(**d_kwargs())[1], loss.D_logistic_simplegp(**d_kwargs()))
    np.testing.assert_allclose(found[0], R1 * 10 / GAMMA, rtol=1e-12)
    np.testing.assert_allclose(found[1], LOGISTIC + R1 * 10 / GAMMA, rtol=1e-12)


# ------------------------------------------------------------------ path lengths


def lengths(m, z, noise):
    """By hand: I = tanh(sum_l w M_l), so dI/dw_l = M_l (1 - I^2)."""
    slope = (1 - fakes(m, z) ** 2) * noise.reshape(len(noise), K) / np.sqrt(R * R)
    gradients = np.stack([slope @ m[i].T for i in range(L)], axis=1)  # [n, L, W]
    return np.sqrt((gradients**2).sum(2).mean(1))


def path_penalty(m, n, weight=2.0, decay=0.01, before=0.0):
    found = lengths(m, LATENTS[:n], NOISE[:n])
    mean = before + decay * (found.mean() - before)
    return weight * (found - mean) ** 2, mean


def test_path_lengths():
    with fresh_session() as session:
        value, reg = loss.G_logistic_ns_pathreg(pl_minibatch_shrink=2, pl_weight=3.0, pl_decay=0.25, **g_kwargs())
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        first, second = session.run(reg), session.run(reg)
        np.testing.assert_allclose(session.run(value), softplus(-FAKE), rtol=1e-12)
    expected, mean = path_penalty(M, N // 2, 3.0, 0.25)
    np.testing.assert_allclose(first, expected, rtol=1e-12)
    np.testing.assert_allclose(
        second, path_penalty(M, N // 2, 3.0, 0.25, before=mean)[0], rtol=1e-6
    )  # The mean is kept in float32.


def test_path_lengths_of_the_loss_s_own_batch():
    with fresh_session():
        found = evaluate(loss.G_logistic_ns_pathreg(pl_minibatch_shrink=1, **g_kwargs())[1])[0]
    np.testing.assert_allclose(found, path_penalty(M, N)[0], rtol=1e-12)


def test_running_means_have_variables_of_their_own():
    with fresh_session():
        for _ in range(2):
            loss.G_logistic_ns_pathreg(**g_kwargs())
        names = [v.op.name for v in tf.global_variables()]
    assert names == ['pl_mean', 'pl_mean_1']


# ------------------------------------------------------------------ gradients with respect to weights


def finite_differences(function, x, step=1e-6):
    gradient = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        high, low = x.copy(), x.copy()
        high[index] += step
        low[index] -= step
        gradient[index] = (function(high) - function(low)) / (2 * step)
    return gradient


def test_gradient_of_r1():
    with fresh_session():
        kwargs = d_kwargs()
        reg = tf.reduce_mean(loss.D_logistic_r1(gamma=GAMMA, **kwargs)[1])
        found = evaluate(tf.gradients(reg, [kwargs['D'].b])[0])[0]
    expected = finite_differences(lambda b: GAMMA / 2 * (score_gradient(REALS, b) ** 2).sum(1).mean(), B)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


def test_gradient_of_path_lengths_passes_through_the_mean():
    with fresh_session():
        kwargs = g_kwargs()
        reg = tf.reduce_mean(loss.G_logistic_ns_pathreg(pl_minibatch_shrink=1, pl_decay=0.3, **kwargs)[1])
        found = evaluate(tf.gradients(reg, [kwargs['G'].m])[0])[0]
    expected = finite_differences(lambda m: path_penalty(m, N, decay=0.3)[0].mean(), M)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


def test_regularisers_ask_for_full_precision(monkeypatch):
    """Networks that compute in 16 bits are asked for float32 wherever a gradient is differentiated again."""
    asked = []
    original = Discriminator.get_output_for
    monkeypatch.setattr(
        Discriminator,
        'get_output_for',
        lambda self, *args, **kwargs: asked.append(kwargs.get('dtype')) or original(self, *args, **kwargs),
    )
    with fresh_session():
        loss.D_logistic_r1(**d_kwargs())
    assert asked == [None, None, 'float32']
