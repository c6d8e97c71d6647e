import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import dnnlib
from dnnlib import tflib

ADAM = 'tf.train.AdamOptimizer'
SIMPLE = 'dnnlib.tflib.optimizer.SimpleAdam'
SGD = 'tf.train.GradientDescentOptimizer'
ADAM_RTOL = 1e-4  # 1 - beta2^t = 0.001 in float32 has a relative error of 6e-5.


@pytest.fixture(autouse=True)
def session():
    with tf.Graph().as_default(), tflib.create_session().as_default() as s:
        yield s


class NumpyAdam:
    """Kingma and Ba's algorithm in the form with the step size lr * sqrt(1 - beta2^t) / (1 - beta1^t)."""

    def __init__(self, x, lr, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.x, self.m, self.v, self.t = np.float64(x), 0.0, 0.0, 0
        self.lr, self.beta1, self.beta2, self.epsilon = lr, beta1, beta2, epsilon

    def step(self, g):
        self.t += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        self.v = self.beta2 * self.v + (1 - self.beta2) * g**2
        lr = self.lr * np.sqrt(1 - self.beta2**self.t) / (1 - self.beta1**self.t)
        self.x = self.x - lr * self.m / (np.sqrt(self.v) + self.epsilon)


def variable(session, value, name='x'):
    var = tf.Variable(np.asarray(value, np.float32), name=name)
    session.run(var.initializer)
    return var


def feed():
    return tf.placeholder(tf.float32, [None])


def gradient_is(fed, var):
    """A loss whose gradient for `var` is what is fed."""
    return tf.reduce_sum(fed * var)


def rows(n, size=3):
    return np.random.RandomState(7).randn(n, size).astype(np.float32)


@pytest.mark.parametrize('tf_optimizer', [ADAM, SIMPLE])
@pytest.mark.parametrize('kwargs', [{}, dict(beta1=0.0, beta2=0.99, epsilon=1e-3)])
def test_adam(session, tf_optimizer, kwargs):
    x, fed = variable(session, [1, 2, 3]), feed()
    opt = tflib.Optimizer('Train', tf_optimizer, learning_rate=0.1, **kwargs)
    opt.register_gradients(gradient_is(fed, x), [x])
    op = opt.apply_updates()
    expected = NumpyAdam([1, 2, 3], 0.1, **kwargs)
    for g in rows(5):
        session.run(op, {fed: g})
        expected.step(g)
        np.testing.assert_allclose(session.run(x), expected.x, rtol=ADAM_RTOL)


@pytest.mark.parametrize('tf_optimizer', [ADAM, SIMPLE])
def test_reset(session, tf_optimizer):
    x, fed = variable(session, [0, 0, 0]), feed()
    opt = tflib.Optimizer('Train', tf_optimizer, learning_rate=0.1)
    opt.register_gradients(gradient_is(fed, x), [x])
    op = opt.apply_updates()
    first, second = rows(2)
    session.run(op, {fed: first})
    opt.reset_optimizer_state()
    expected = NumpyAdam(session.run(x), 0.1)
    session.run(op, {fed: second})
    expected.step(second)
    np.testing.assert_allclose(session.run(x), expected.x, rtol=ADAM_RTOL)


@pytest.mark.parametrize('tf_optimizer', [ADAM, SIMPLE])
def test_share(session, tf_optimizer):
    """Two losses, one state: every execution of either op is one step of the same Adam."""
    x, fed, fed_reg = variable(session, [0, 0, 0]), feed(), feed()
    rate = tf.constant(0.1)
    opt = tflib.Optimizer('Train', tf_optimizer, learning_rate=rate, beta1=0.5)
    reg = tflib.Optimizer('TrainReg', tf_optimizer, learning_rate=rate, share=opt, beta1=0.5)
    opt.register_gradients(gradient_is(fed, x), [x])
    reg.register_gradients(gradient_is(fed_reg, x), [x])
    op, reg_op = opt.apply_updates(), reg.apply_updates()
    expected = NumpyAdam([0, 0, 0], 0.1, beta1=0.5)
    for i, g in enumerate(rows(4)):
        session.run([op, reg_op][i % 2], {[fed, fed_reg][i % 2]: g})
        expected.step(g)
        np.testing.assert_allclose(session.run(x), expected.x, rtol=ADAM_RTOL)


@pytest.mark.parametrize('difference', [dict(tf_optimizer=SIMPLE), dict(learning_rate=0.2), dict(beta1=0.5)])
def test_share_needs_the_same_arguments(difference):
    opt = tflib.Optimizer('One', learning_rate=0.1)
    with pytest.raises(ValueError, match='Two cannot share the state of One'):
        tflib.Optimizer('Two', share=opt, **dict(dict(learning_rate=0.1), **difference))


def test_gradients_are_averaged_over_registrations(session):
    x, feeds = variable(session, [0, 0, 0]), [feed() for _ in range(3)]
    opt = tflib.Optimizer('Train', SGD, learning_rate=1.0)
    for fed in feeds:
        opt.register_gradients(gradient_is(fed, x), [x])
    values = rows(3)
    session.run(opt.apply_updates(), dict(zip(feeds, values)))
    np.testing.assert_allclose(session.run(x), -values.mean(axis=0), rtol=1e-6)


def test_two_devices_train_their_own_copies(session):
    """With soft placement, two names of devices on one machine."""
    copies, feeds = [], []
    opt = tflib.Optimizer('Train', SGD, learning_rate=1.0)
    for device in ['/gpu:0', '/gpu:1']:
        with tf.device(device):
            copies.append(variable(session, [0, 0, 0]))
            feeds.append(feed())
            opt.register_gradients(gradient_is(feeds[-1], copies[-1]), {'x': copies[-1]})
    values = rows(2)
    session.run(opt.apply_updates(), dict(zip(feeds, values)))
    for copy in copies:
        np.testing.assert_allclose(session.run(copy), -values.mean(axis=0), rtol=1e-6)


@pytest.mark.parametrize('as_tensor', [False, True])
def test_minibatch_multiplier(session, as_tensor):
    x, fed = variable(session, [0, 0, 0]), feed()
    multiplier = tf.placeholder_with_default(3, []) if as_tensor else 3
    opt = tflib.Optimizer('Train', SGD, learning_rate=1.0, minibatch_multiplier=multiplier)
    opt.register_gradients(gradient_is(fed, x), [x])
    op = opt.apply_updates()
    values, expected = rows(7), np.zeros(3)
    for i, g in enumerate(values):
        session.run(op, {fed: g})
        if i % 3 == 2:
            expected = expected - values[i - 2 : i + 1].mean(axis=0)
        np.testing.assert_allclose(session.run(x), expected, rtol=1e-5, atol=1e-6)


def test_multiplier_skips_a_step_with_one_overflow_and_recovers(session):
    x, fed = variable(session, [0, 0, 0]), feed()
    opt = tflib.Optimizer('Train', SGD, learning_rate=1.0, minibatch_multiplier=2)
    opt.register_gradients(gradient_is(fed, x), [x])
    op = opt.apply_updates()
    for value in [1, np.inf, 3, 5]:
        session.run(op, {fed: [value] * 3})
    np.testing.assert_allclose(session.run(x), [-4] * 3)


def test_disconnected_gradients_are_zero(session):
    x, y = variable(session, [1, 2]), variable(session, 5)
    opt = tflib.Optimizer('Train', SGD, learning_rate=1.0)
    opt.register_gradients(tf.reduce_sum(x), [x, y])
    session.run(opt.apply_updates())
    assert session.run(x).tolist() == [0, 1] and session.run(y) == 5


@pytest.mark.parametrize('bad', [np.nan, np.inf])
def test_non_finite_gradients_train_nothing(session, bad):
    x, y, fed = variable(session, [1, 2]), variable(session, 5), feed()
    opt = tflib.Optimizer('Train', SGD, learning_rate=1.0)
    opt.register_gradients(gradient_is(fed, x) + y, [x, y])
    op = opt.apply_updates()
    session.run(op, {fed: [0, bad]})
    assert session.run(x).tolist() == [1, 2] and session.run(y) == 5
    session.run(op, {fed: [0, 1]})
    assert session.run(x).tolist() == [1, 1] and session.run(y) == 4


def test_loss_scaling(session):
    x, fed = variable(session, [0, 0, 0]), feed()
    opt = tflib.Optimizer(
        'Train',
        SGD,
        learning_rate=1.0,
        use_loss_scaling=True,
        loss_scaling_init=5.0,
        loss_scaling_inc=0.25,
        loss_scaling_dec=1.5,
    )
    loss = gradient_is(fed, x)
    opt.register_gradients(loss, [x])
    op = opt.apply_updates()
    scale = opt.get_loss_scaling_var(loss.device)
    there = opt.apply_loss_scaling(tf.constant(3.0))
    back = opt.undo_loss_scaling(there)
    np.testing.assert_allclose(session.run([scale, there, back]), [5, 3 * 2**5, 3], rtol=1e-6)
    for value, expected_x, expected_scale in [(1, -1, 5.25), (np.nan, -1, 3.75), (2, -3, 4.0)]:
        session.run(op, {fed: [value] * 3})
        np.testing.assert_allclose(session.run(x), [expected_x] * 3, rtol=1e-6)
        np.testing.assert_allclose(session.run(scale), expected_scale)


def test_loss_scaling_keeps_small_float16_gradients(session):
    x = variable(session, [1.0])
    for use, expected in [(False, 1.0), (True, 1.0 - 1e-9 * 1e8)]:
        opt = tflib.Optimizer('Train', SGD, learning_rate=1e8, use_loss_scaling=use, loss_scaling_init=20.0)
        loss = tf.cast(tf.cast(x, tf.float16), tf.float32) * 1e-9
        opt.register_gradients(tf.reduce_sum(loss), [x])
        session.run(opt.apply_updates())
        np.testing.assert_allclose(session.run(x), [expected], rtol=1e-3)


def test_without_loss_scaling_values_stay():
    opt = tflib.Optimizer('Train', SGD)
    value = tf.constant(1.0)
    assert opt.apply_loss_scaling(value) is value and opt.undo_loss_scaling(value) is value
    assert opt.get_loss_scaling_var('') is None


def test_statistics(session):
    x, fed = variable(session, [0, 0, 0]), feed()
    opt = tflib.Optimizer('Train', SGD, learning_rate=0.5, use_loss_scaling=True, loss_scaling_init=5.0)
    opt.register_gradients(gradient_is(fed, x), [x])
    op = opt.apply_updates()
    for value in [1, np.nan, 2, 3]:
        session.run(op, {fed: [value] * 3})
    tflib.autosummary.finalize_autosummaries()
    summary = tf.Summary.FromString(session.run(tf.summary.merge_all()))
    values = {v.tag: v.simple_value for v in summary.value}
    assert values['Train/learning_rate'] == 0.5 and values['Train/overflow_frequency'] == 0.25
    assert set(values) == {'Train/learning_rate', 'Train/overflow_frequency', 'Train/loss_scaling_log2'}


def test_nothing_registered(session):
    with pytest.raises(RuntimeError, match='no gradients'):
        tflib.Optimizer('A').apply_updates()
    assert session.run(tflib.Optimizer('B').apply_updates(allow_no_op=True)) is None


def test_wrong_use(session):
    x, y = variable(session, [1, 2]), variable(session, [1, 2, 3])
    opt = tflib.Optimizer('Train', SGD)
    with pytest.raises(ValueError, match='no variables'):
        opt.register_gradients(tf.reduce_sum(x), {})
    opt.register_gradients(tf.reduce_sum(x), [x])
    with pytest.raises(ValueError, match='other shapes'):
        opt.register_gradients(tf.reduce_sum(y), [y])
    opt.apply_updates()
    with pytest.raises(RuntimeError, match='twice'):
        opt.apply_updates()
    with pytest.raises(RuntimeError, match='after apply_updates'):
        opt.register_gradients(tf.reduce_sum(x), [x])
    with pytest.raises(ValueError, match='report_mem_usage'):
        tflib.Optimizer(report_mem_usage=True)


def test_simple_adam_alone(session):
    x, fed = variable(session, [1, 2, 3]), feed()
    adam = dnnlib.util.construct_class_by_name(class_name=SIMPLE, learning_rate=0.1)
    gradients = adam.compute_gradients(gradient_is(fed, x), [x, variable(session, 5)])
    assert gradients[1][0] is None
    op = adam.apply_gradients(gradients)
    session.run([v.initializer for v in adam.variables()])
    expected = NumpyAdam([1, 2, 3], 0.1)
    for g in rows(3):
        session.run(op, {fed: g})
        expected.step(g)
    np.testing.assert_allclose(session.run(x), expected.x, rtol=ADAM_RTOL)
