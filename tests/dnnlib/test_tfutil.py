"""Session, variable, scope and image helpers of the official dnnlib API."""

import os
import subprocess
import sys

import numpy as np
import pytest
import scipy.special
import tensorflow.compat.v1 as tf

import dnnlib.tflib as tflib
from dnnlib.tflib import tfutil
from tests import golden_cases
from tests.small_networks import fresh_session


@pytest.fixture
def session():
    with fresh_session() as session:
        yield session


# ------------------------------------------------------------------ sessions


def run_python(text):
    """Standard output of a Python program, run in a process of its own, that may use tflib, tf and np."""
    preamble = 'import numpy as np\nimport dnnlib.tflib as tflib\nimport tensorflow.compat.v1 as tf\n'
    env = dict(os.environ, PYTHONPATH=os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    return subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', preamble + text],
        env=env,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def test_init_tf():
    """One default session for the process; the seed takes one draw of NumPy's generator; a second call changes
    nothing.
    """
    out = run_python('''
assert tf.get_default_session() is None and not tf.get_default_graph().get_operations()
try:
    tflib.run(tf.constant(1))
except RuntimeError as e:
    assert 'dnnlib.tflib.init_tf()' in str(e)
tf.reset_default_graph()
tflib.init_tf({'rnd.np_random_seed': 1000, 'gpu_options.per_process_gpu_memory_fraction': 0.25})
session = tf.get_default_session()
config = session._config
assert abs(config.gpu_options.per_process_gpu_memory_fraction - 0.25) < 1e-6
assert config.gpu_options.allow_growth and config.graph_options.place_pruned_graph and config.allow_soft_placement
tflib.init_tf({'rnd.np_random_seed': 1})
assert tf.get_default_session() is session
tflib.assert_tf_initialized()
with tf.device('/gpu:0'):
    assert tflib.run(tf.constant(3)) == 3
import gc
gc.collect()
assert tf.get_default_session() is session
print(tf.get_default_graph().seed, np.random.randint(1 << 31))
''')
    rnd = np.random.RandomState(1000)
    assert out.split() == [str(rnd.randint(1 << 31)), str(rnd.randint(1 << 31))]


def test_seeds_and_environment_may_be_left_alone(monkeypatch):
    monkeypatch.delenv('REGAN_TEST_A', raising=False)
    monkeypatch.setenv('REGAN_TEST_B', 'kept')
    created = []

    def create_session(config, force_as_default):
        created.append((config['gpu_options.allow_growth'], force_as_default))

    monkeypatch.setattr(tfutil, 'create_session', create_session)
    before = np.random.get_state()[1].tolist()
    with tf.Graph().as_default() as graph:
        tflib.init_tf({'rnd.tf_random_seed': None, 'env.REGAN_TEST_A': 5, 'env.REGAN_TEST_B': 6})
        assert graph.seed is None
    assert created == [(True, True)] and np.random.get_state()[1].tolist() == before
    assert (os.environ.pop('REGAN_TEST_A'), os.environ['REGAN_TEST_B']) == ('5', 'kept')


def test_create_session():
    with tf.Graph().as_default():
        session = tflib.create_session({'inter_op_parallelism_threads': 3, 'intra_op_parallelism_threads': 1})
        assert tf.get_default_session() is None
        with session.as_default():
            assert tflib.run(tf.constant(2) + 3) == 5
        assert (session._config.inter_op_parallelism_threads, session._config.intra_op_parallelism_threads) == (3, 1)
        with pytest.raises(AttributeError):
            tflib.create_session({'no_such_option': 1})


# ------------------------------------------------------------------ expressions


def test_is_tf_expression(session):
    var = tf.get_variable('v', shape=[2])
    assert all(tflib.is_tf_expression(x) for x in (tf.constant(1), var, var.initializer))
    assert not any(tflib.is_tf_expression(x) for x in (1, np.zeros(2), 'v', None, [tf.constant(1)]))


def test_small_maths(session):
    x = np.random.RandomState(0).rand(3, 5).astype(np.float32) + 0.5
    values = tflib.run(
        [tflib.flatten(tf.constant(x)), tflib.log2(x), tflib.exp2(x), tflib.lerp(tf.constant(x), -x, 0.25)]
    )
    np.testing.assert_array_equal(values[0], x.ravel())
    np.testing.assert_allclose(values[1], np.log2(x), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(values[2], 2.0**x, rtol=1e-5)
    np.testing.assert_allclose(values[3], x / 2, rtol=1e-5)
    assert tflib.lerp(np.float64(2), np.float64(4), 0.25) == 2.5
    assert [tflib.run(tflib.lerp_clip(2.0, 4.0, t)) for t in (-1.0, 0.25, 3.0)] == [2.0, 2.5, 4.0]
    assert tflib.shape_to_list(tf.placeholder(tf.float32, [None, 3]).shape) == [None, 3]


def test_inverse_error_function(session):
    y = np.float32([0, 1e-7, -1e-3, 0.3, -0.7, 0.99, 0.9966, -0.999, 0.99999, -0.999999])
    np.testing.assert_allclose(tflib.run(tflib.erfinv(y)), scipy.special.erfinv(y.astype(np.float64)), rtol=2e-6)
    x = tf.constant(0.5)
    (slope,) = tf.gradients(tflib.erfinv(x), x)
    assert tflib.run(slope) == pytest.approx(np.sqrt(np.pi) / 2 * np.exp(scipy.special.erfinv(0.5) ** 2), rel=1e-4)


def test_absolute_scopes_ignore_what_surrounds_them(session):
    with tf.variable_scope('a'), tf.name_scope('b'):
        with tflib.absolute_name_scope('x/y') as scope:
            assert scope == 'x/y/' and tf.constant(1, name='c').name == 'x/y/c:0'
        with tflib.absolute_variable_scope('x/z'):
            var = tf.get_variable('v', shape=[])
            assert var.name == 'x/z/v:0'
            assert tf.constant(1, name='c').name == 'a/b/c:0'  # No name scope of its own.
        with tflib.absolute_variable_scope('x/z', reuse=True):
            assert tf.get_variable('v', shape=[]) is var
        assert tf.get_variable('v', shape=[]).name == 'a/v:0'


# ------------------------------------------------------------------ variables


def test_init_uninitialized_vars(session):
    a, b = [tf.get_variable(n, initializer=np.float32(3)) for n in 'ab']
    tflib.set_vars({a: 7})
    tflib.init_uninitialized_vars()
    assert tflib.run([a, b]) == [7, 3]
    c, d = [tf.get_variable(n, initializer=np.float32(4)) for n in 'cd']
    tflib.init_uninitialized_vars([c])
    assert tflib.run(c) == 4
    with pytest.raises(tf.errors.FailedPreconditionError):
        tflib.run(d)
    ops = len(tf.get_default_graph().get_operations())
    tflib.set_vars({a: 9})
    tflib.init_uninitialized_vars([a, b, c])
    assert tflib.run([a, b, c]) == [9, 3, 4]
    assert len(tf.get_default_graph().get_operations()) == ops


@pytest.mark.parametrize('assign', [tflib.set_vars, tfutil.load_vars])
def test_assigning(session, assign):
    v, s = tf.get_variable('scope/v', shape=[2, 3]), tf.get_variable('s', shape=[], dtype=tf.float32)
    assign({v: np.arange(6.0).reshape(2, 3), s: 2})
    np.testing.assert_array_equal(tflib.run(v), [[0, 1, 2], [3, 4, 5]])
    assert tflib.run(s) == 2
    assign({v: np.ones([2, 3], np.int64)})
    assert tflib.run(v).sum() == 6 and tflib.run(s) == 2
    for wrong in (np.zeros([3, 2]), np.zeros([6]), np.zeros([1, 2, 3]), 0.0, np.zeros([1, 3])):
        with pytest.raises(ValueError):
            assign({v: wrong})
    assert tflib.run(v).sum() == 6


def test_setters_are_made_once_and_have_the_official_names(session):
    v = tf.get_variable('scope/v', shape=[2])
    with tf.name_scope('elsewhere'):
        tflib.set_vars({v: [1, 2]})
    graph = tf.get_default_graph()
    ops = len(graph.get_operations())
    tflib.set_vars({v: [3, 4]})
    assert len(graph.get_operations()) == ops
    tflib.run(graph.get_operation_by_name('scope/v/setter'), {'scope/v/new_value:0': [5, 6]})
    np.testing.assert_array_equal(tflib.run(v), [5, 6])


def test_create_var_with_large_initial_value(session):
    value = np.random.RandomState(0).randn(7, 11)
    var = tflib.create_var_with_large_initial_value(value, name='large', trainable=False)
    np.testing.assert_array_equal(tflib.run(var), value)
    assert var.name == 'large:0' and var not in tf.trainable_variables()
    assert tf.get_default_graph().as_graph_def().ByteSize() < 2000


# ------------------------------------------------------------------ images


def to_uint8(images, **kwargs):
    with fresh_session():
        return tflib.run(tflib.convert_images_to_uint8(tf.constant(images), **kwargs))


def test_conversion_truncates_and_saturates():
    below_zero = np.nextafter(np.float32(0), np.float32(-1)) * np.float32(1e38)
    values = np.float32([-1e9, -1.5, -1, -0.5, -1e-3, 0, below_zero, 0.0039, 0.5, 0.9960784, 1, 1.5, 1e9]).reshape(
        [1, 1, 1, 13]
    )
    exact = np.clip(values * np.float32(127.5) + np.float32(128), 0, 255).astype(np.uint8)
    assert exact.ravel().tolist() == [0, 0, 0, 64, 127, 128, 127, 128, 191, 255, 255, 255, 255]
    np.testing.assert_array_equal(to_uint8(values), exact)


def test_stored_images_convert_exactly():
    """The official float32 image, converted, is the official uint8 image, bit for bit."""
    case = golden_cases.case('sg2-orig-res32')
    assert case.compare('images_uint8.psi1', to_uint8(case['images.psi1'], nchw_to_nhwc=True)).delta == 0
    assert (
        case.compare('images_uint8_shrink2.psi1', to_uint8(case['images.psi1'], nchw_to_nhwc=True, shrink=2)).delta == 0
    )


def test_layout_shrinking_and_range():
    images = np.random.RandomState(0).rand(2, 3, 7, 10).astype(np.float32)
    straight = to_uint8(images, drange=[0, 1])
    assert straight.shape == (2, 3, 7, 10)
    np.testing.assert_array_equal(
        straight, np.clip(images * np.float32(255) + np.float32(0.5), 0, 255).astype(np.uint8)
    )
    np.testing.assert_array_equal(to_uint8(images, drange=[0, 1], nchw_to_nhwc=True), straight.transpose([0, 2, 3, 1]))
    shrunk = to_uint8(images, drange=[0, 1], shrink=3)
    blocks = images[:, :, :6, :9].reshape(2, 3, 2, 3, 3, 3).mean(axis=(3, 5))  # Incomplete blocks are dropped.
    assert shrunk.shape == (2, 3, 2, 3)
    assert abs(shrunk.astype(int) - (blocks * 255 + 0.5).astype(int)).max() <= 1
    floats = to_uint8(images, drange=[0, 1], uint8_cast=False)
    assert floats.dtype == np.float32
    np.testing.assert_allclose(floats, images * 255 + 0.5, rtol=1e-6)


def test_conversion_from_uint8(session):
    images = np.arange(0, 256, 5, dtype=np.uint8)[:48].reshape(1, 2, 4, 6)
    expected = images / 255.0 * 2 - 1
    np.testing.assert_allclose(tflib.run(tflib.convert_images_from_uint8(images)), expected, atol=1e-6)
    nchw = tflib.run(tflib.convert_images_from_uint8(images, drange=[0, 1], nhwc_to_nchw=True))
    np.testing.assert_allclose(nchw, images.transpose([0, 3, 1, 2]) / 255.0, atol=1e-6)
    assert nchw.dtype == np.float32
    ends = tflib.run(tflib.convert_images_from_uint8(np.uint8([[[[0, 255]]]])))
    np.testing.assert_array_equal(ends.ravel(), [-1, 1])


def test_conversions_are_inverse(session):
    images = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    np.testing.assert_array_equal(
        tflib.run(tflib.convert_images_to_uint8(tflib.convert_images_from_uint8(images))), images
    )
