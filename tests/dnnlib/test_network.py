"""The Network API as official scripts use it."""

import io
import pickle

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import dnnlib
import dnnlib.tflib as tflib
from dnnlib.tflib.revival import load_pickle
from tests import make_pickles
from tests.small_networks import fresh_session, set_values, value_of

# ------------------------------------------------------------------ build functions of our own


def G_two_inputs(
    x, y, factor=2.0, dtype='float32', extra_output=False, is_template_graph=False, components=None, **_kwargs
):
    """out = (x . w) factor + y + shift."""
    x.set_shape([None, 3])
    y.set_shape([None, 5])
    w = tf.get_variable('w', shape=[3, 5], initializer=tf.initializers.random_normal())
    shift = tf.get_variable('shift', shape=[], initializer=tf.initializers.zeros(), trainable=False)
    out = tf.matmul(x, w) * factor + y + shift
    return (
        (tf.identity(out, name='out'), tf.identity(x, name='x_out')) if extra_output else tf.identity(out, name='out')
    )


def G_bias(x, is_template_graph=False, components=None, **_kwargs):
    x.set_shape([None, 3])
    shift = tf.get_variable('shift', shape=[], initializer=tf.initializers.ones())
    return tf.identity(x + shift, name='out')


def G_wrapper(x, is_template_graph=False, components=None, **kwargs):
    if 'part' not in components:
        components.part = tflib.Network('part', func_name=G_bias, **kwargs)
    scale = tf.get_variable('scale', shape=[], initializer=tf.initializers.ones())
    x.set_shape([None, 3])
    return tf.identity(components.part.get_output_for(x) * scale, name='out')


def G_undefined_shape(x, **_kwargs):
    return tf.identity(x, name='out')


def plus(x, y, amount):
    return x + amount, y


def times(out, amount):
    return out * amount


@pytest.fixture
def session():
    with fresh_session() as session:
        yield session


@pytest.fixture
def net(session):
    net = tflib.Network('N', func_name=G_two_inputs)
    set_values(net)
    return net


W, SHIFT = value_of('w', [3, 5]), value_of('shift', [])
X, Y = np.random.RandomState(1).randn(7, 3).astype(np.float32), np.random.RandomState(2).randn(7, 5).astype(np.float32)


def expected(x=X, y=Y, factor=2):
    return x.dot(W) * factor + y + SHIFT


def assert_close(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


# ------------------------------------------------------------------ construction


def test_attributes(net):
    assert (net.name, net.scope, net.num_inputs, net.num_outputs) == ('N', 'N', 2, 1)
    assert net.input_names == ['x', 'y'] and net.output_names == ['out']
    assert net.input_shapes == [[None, 3], [None, 5]] and net.input_shape == [None, 3]
    assert net.output_shapes == [[None, 5]] and net.output_shape == [None, 5]
    assert list(net.own_vars) == list(net.vars) == ['w', 'shift'] and list(net.trainables) == ['w']
    assert net.var_global_to_local == {'N/w': 'w', 'N/shift': 'shift'}
    assert isinstance(net.static_kwargs, dnnlib.EasyDict) and isinstance(net.components, dnnlib.EasyDict)
    assert [t.name for t in net.input_templates] == ['N/x:0', 'N/y:0'] and net.output_templates[0].name == 'N/out:0'


@pytest.mark.parametrize(
    'attribute, length',
    [
        ('vars', 2),
        ('own_vars', 2),
        ('trainables', 1),
        ('var_global_to_local', 2),
        ('input_shapes', 2),
        ('output_shapes', 1),
        ('input_names', 2),
        ('output_names', 1),
        ('input_templates', 2),
        ('output_templates', 1),
    ],
)
def test_the_graph_is_built_by_whatever_asks_first(session, attribute, length):
    net = tflib.Network('N', func_name=G_two_inputs)
    assert tf.global_variables() == []
    assert len(getattr(net, attribute)) == length


def test_name_defaults_to_the_functions(session):
    assert tflib.Network(func_name=__name__ + '.G_two_inputs').name == 'G_two_inputs'


@pytest.mark.parametrize(
    'kwargs, message',
    [
        (dict(name='N'), 'needs func_name'),
        (dict(name='N', func_name=lambda x: x), 'must be a top-level function'),
        (dict(name='a b', func_name=G_two_inputs), "network name 'a b' may hold letters"),
        (dict(name='a/b', func_name=G_two_inputs), "network name 'a/b' may hold letters"),
    ],
)
def test_bad_arguments(session, kwargs, message):
    with pytest.raises(ValueError, match=message):
        tflib.Network(**kwargs)


def test_shapes_must_be_defined(session):
    with pytest.raises(ValueError, match="leaves the shape of 'x' undefined"):
        tflib.Network('N', func_name=G_undefined_shape).output_shape


def test_everything_needs_a_session():
    data = make_pickles.dumps(make_pickles.sample_network(), 4)
    with tf.Graph().as_default():
        for make in (
            lambda: tflib.Network('N', func_name=G_two_inputs),
            lambda: load_pickle(io.BytesIO(data)),
            lambda: pickle.loads(data),
        ):
            with pytest.raises(RuntimeError, match=r'dnnlib\.tflib\.init_tf\(\)'):
                make()


def test_scopes_are_numbered(session):
    nets = [tflib.Network('N', func_name=G_two_inputs) for _ in range(3)]
    assert [n.scope for n in nets] == ['N', 'N_1', 'N_2'] and [n.name for n in nets] == ['N'] * 3
    assert [list(n.vars) for n in nets] == [['w', 'shift']] * 3
    assert nets[2].find_var('w').name == 'N_2/w:0'


def test_scopes_do_not_depend_on_the_scope_around(session):
    with tf.name_scope('around'), tf.variable_scope('vars'):
        net = tflib.Network('N', func_name=G_two_inputs)
        assert net.find_var('w').name == 'N/w:0' and net.output_templates[0].name == 'N/out:0'
        assert net.get_output_for(tf.zeros([2, 3]), None).name == 'around/vars/N/out:0'


# ------------------------------------------------------------------ run


def test_run(net):
    out = net.run(X, Y)
    assert out.dtype == np.float32
    assert_close(out, expected())


def test_any_numeric_type_is_fed(net):
    assert_close(
        net.run(np.arange(6).reshape(2, 3), Y[:2].astype(np.float64)), expected(np.arange(6).reshape(2, 3), Y[:2])
    )
    assert_close(net.run([[1, 2, 3]], None), expected(np.array([[1, 2, 3]]), 0))


@pytest.mark.parametrize('size', [1, 2, 3, 7, 100])
def test_minibatches(net, size, capsys):
    assert_close(net.run(X, Y, minibatch_size=size, print_progress=True), expected())
    steps = ['\r%d / 7' % i for i in range(0, 7, size)]
    assert capsys.readouterr().out == ''.join(steps) + '\r7 / 7\n'


def test_none_means_zeros(net):
    assert_close(net.run(X, None, minibatch_size=3), expected(y=0))


def test_no_items(net):
    assert net.run(np.zeros([0, 3]), None).shape == (0, 5)


@pytest.mark.parametrize('arrays', [(X,), (X, Y, Y), (None, Y), ()])
def test_wrong_inputs(net, arrays):
    with pytest.raises(ValueError, match=r"network 'N' takes 2 inputs \(x, y\), the first not None"):
        net.run(*arrays)


def test_return_as_list(net):
    (out,) = net.run(X, Y, return_as_list=True)
    assert_close(out, expected())


def test_dynamic_arguments_override_static_ones(net):
    assert_close(net.run(X, Y, factor=-1), expected(factor=-1))
    assert_close(net.run(X, Y), expected())
    clone = net.clone('M', factor=5.0)
    assert_close(clone.run(X, Y, factor=-1), expected(factor=-1))
    assert_close(clone.run(X, Y), expected(factor=5))


def test_transforms(net):
    out = net.run(X, Y, input_transform=dict(func=plus, amount=1), output_transform=dict(func=times, amount=3))
    assert_close(out, 3 * expected(X + 1))


def test_deprecated_output_arguments(net):
    """Multiply, add, then round half to even and saturate for integers; never silently ignored."""
    with pytest.warns(UserWarning, match='use output_transform'):
        out = net.run(X, Y, out_mul=30, out_add=100, out_dtype=np.uint8)
    wanted = np.clip(np.round(expected() * 30 + 100), 0, 255)
    assert out.dtype == np.uint8 and {0, 255} & set(out.ravel()) and len(set(out.ravel())) > 5
    assert np.abs(out - wanted).max() <= 1 and (out == wanted).mean() > 0.9
    with pytest.raises(ValueError, match='out_mul cannot be used together with output_transform'):
        net.run(X, Y, out_mul=2, output_transform=dict(func=times, amount=3))


def test_deprecated_shrink_takes_block_means(session):
    images = np.random.RandomState(3).randn(2, 3, 16, 16)
    out = tflib.run(tflib.tfutil.convert_outputs(tf.constant(images, tf.float32), out_shrink=4))[0]
    assert_close(out, images.reshape(2, 3, 4, 4, 4, 4).mean(axis=(3, 5)))


def test_a_graph_is_made_once_for_each_combination(net):
    graph = tf.get_default_graph()

    def new_ops(**kwargs):
        before = len(graph.get_operations())
        net.run(X, Y, **kwargs)
        return len(graph.get_operations()) - before

    combinations = [
        dict(),
        dict(factor=3.0),
        dict(factor=4.0),
        dict(factor=np.array([1, 2, 3, 4, 5], np.float32)),
        dict(output_transform=dict(func=times, amount=2)),
        dict(output_transform=dict(func=times, amount=5)),
    ]
    assert all(new_ops(**kwargs) > 0 for kwargs in combinations)
    assert all(new_ops(minibatch_size=3, print_progress=False, **kwargs) == 0 for kwargs in combinations)
    assert new_ops(factor=3) > 0  # Another type may build another graph.
    assert new_ops(factor=np.array([1, 2, 3, 4, 6], np.float32)) > 0


def test_several_gpus_split_every_minibatch(net):
    assert_close(net.run(X[:6], Y[:6], num_gpus=3), expected(X[:6], Y[:6]))
    assert_close(net.run(X[:6], None, num_gpus=2, minibatch_size=4), expected(X[:6], 0))


def test_assume_frozen_does_not_see_later_changes(net):
    frozen = net.run(X, Y, assume_frozen=True)
    net.set_var('shift', 100)
    np.testing.assert_array_equal(net.run(X, Y, assume_frozen=True), frozen)
    assert_close(net.run(X, Y), expected() + 100 - SHIFT)


def test_custom_inputs_replace_the_placeholders(net):
    """`run` feeds them; whoever fetches the result later need not. Encoders optimise variables this way."""
    learnt = tf.constant(X * 2)
    makers = [lambda name: learnt, lambda name: tf.placeholder(tf.float32, [None, 5], name='my_' + name)]
    assert_close(net.run(X, Y, custom_inputs=makers), expected())
    assert_close(tflib.run('N/_Run/concat:0', {'N/_Run/my_y:0': Y}), expected(X * 2))


def test_names_that_scripts_look_up(net):
    net.run(X, Y)
    net.run(X, Y, factor=3)
    graph = tf.get_default_graph()
    for name in ('N/out', 'N_1/out', 'concat', 'concat/concat'):
        assert graph.get_tensor_by_name('N/_Run/%s:0' % name).shape.as_list() == [None, 5]
    for name in ('x', 'y', 'x_1', 'y_1'):  # What the network finds out stays behind the split, as in official graphs.
        assert graph.get_tensor_by_name('N/_Run/%s:0' % name).shape.rank is None
    feeds = {'N/_Run/x:0': X, 'N/_Run/y:0': Y}
    assert_close(tflib.run('N/_Run/concat:0', feeds), expected())
    assert_close(tflib.run('N/_Run/concat/concat:0', feeds), expected())


def test_the_number_of_outputs_is_that_of_the_template(net):
    with pytest.raises(ValueError, match='made 2 outputs where its template has 1; use get_output_for'):
        net.run(X, Y, extra_output=True)


def test_several_outputs(session):
    net = tflib.Network('N', func_name=G_two_inputs, extra_output=True)
    set_values(net)
    assert (net.num_outputs, net.output_names, net.output_shapes) == (2, ['out', 'x_out'], [[None, 5], [None, 3]])
    out, x_out = net.run(X, Y, minibatch_size=2)
    assert_close(out, expected())
    np.testing.assert_array_equal(x_out, X)


# ------------------------------------------------------------------ get_output_for


def test_get_output_for(net):
    x = tf.placeholder(tf.float32)
    out = net.get_output_for(x, None)
    assert out.name == 'N_1/out:0' and out.shape.as_list() == [None, 5]
    assert x.shape.as_list() == [None, 3]  # What the network found is pushed back.
    assert_close(tflib.run(out, {x: X}), expected(y=0))
    assert_close(tflib.run(net.get_output_for(None, tf.constant(Y), factor=5)), expected(0 * X, factor=5))
    assert_close(tflib.run(net.get_output_for(X, Y.astype(np.float64))), expected())


def test_get_output_for_more_or_fewer_outputs(net):
    x = tf.constant(X)
    assert isinstance(net.get_output_for(x, None), tf.Tensor)
    assert [t.shape.as_list() for t in net.get_output_for(x, None, return_as_list=True)] == [[7, 5]]
    outputs = net.get_output_for(x, None, extra_output=True)
    assert isinstance(outputs, tuple)
    np.testing.assert_array_equal(tflib.run(outputs)[1], X)


@pytest.mark.parametrize('inputs', [(X,), (None, None), (X, Y, Y)])
def test_wrong_inputs_of_get_output_for(net, inputs):
    with pytest.raises(ValueError, match=r"network 'N' takes 2 inputs \(x, y\), not all None; found %d" % len(inputs)):
        net.get_output_for(*inputs)


def test_gradients_flow_through(net):
    x = tf.constant(X)
    (gradient,) = tf.gradients(net.get_output_for(x, None), x)
    assert_close(tflib.run(gradient), np.tile(2 * W.sum(axis=1), [7, 1]))


# ------------------------------------------------------------------ variables


def test_get_and_set(net):
    var = net.find_var('w')
    assert net.find_var(var) is var
    np.testing.assert_array_equal(net.get_var('w'), W)
    assert type(net.get_var('shift')) is np.float32 and net.get_var('shift') == SHIFT
    net.set_var(var, W.astype(np.float64) + 1)
    np.testing.assert_array_equal(net.get_var(var), W + 1)
    net.set_var('shift', 3)
    assert net.get_var('shift') == 3
    with pytest.raises(KeyError, match='nothing'):
        net.find_var('nothing')
    assert net.get_var_local_name('N/w') == net.get_var_local_name(var) == 'w'
    with pytest.raises(KeyError):
        net.get_var_local_name('M/w')


@pytest.mark.parametrize('value', [np.zeros([5, 3]), np.zeros([15]), np.zeros([1, 3, 5]), 1.0])
def test_wrong_shapes_are_refused(net, value):
    with pytest.raises(ValueError):
        net.set_var('w', value)
    np.testing.assert_array_equal(net.get_var('w'), W)


def test_variables_evaluate_under_the_default_session(net):
    np.testing.assert_array_equal(net.vars['w'].eval(), W)
    np.testing.assert_array_equal(net.vars['w'].value().eval(), W)


def test_resets(net):
    net.reset_trainables()
    assert abs(net.get_var('w') - W).max() > 0.1 and net.get_var('shift') == SHIFT
    set_values(net)
    net.reset_own_vars()
    assert abs(net.get_var('w') - W).max() > 0.1 and net.get_var('shift') == 0


def test_components(session):
    assert list(tflib.Network('M', func_name=G_wrapper).components) == ['part']  # Asked before anything else.
    net = tflib.Network('N', func_name=G_wrapper, dtype='float32')
    assert list(net.components) == ['part'] and net.components.part.scope == 'part_1'
    assert list(net.vars) == ['scale', 'part/shift'] and list(net.own_vars) == ['scale']
    assert net.components.part.static_kwargs == {'dtype': 'float32'}
    assert net.find_var('part/shift') is net.components.part.find_var('shift')
    net.set_var('part/shift', 5)
    net.reset_own_vars()
    assert net.get_var('part/shift') == 5
    net.reset_vars()
    assert net.get_var('part/shift') == 1


def test_copies_concern_common_names(session):
    a, b = tflib.Network('A', func_name=G_two_inputs), tflib.Network('B', func_name=G_bias)
    a.set_var('shift', 7)
    b.copy_vars_from(a)
    assert b.get_var('shift') == 7
    a.set_var('shift', 8)
    b.copy_trainables_from(a)  # Not trainable in a.
    assert b.get_var('shift') == 7
    b.copy_own_vars_from(a)
    assert b.get_var('shift') == 8
    wrapper, other = [tflib.Network(n, func_name=G_wrapper) for n in 'VW']
    wrapper.set_var('scale', 3)
    wrapper.set_var('part/shift', 4)
    other.copy_own_vars_from(wrapper)
    assert (other.get_var('scale'), other.get_var('part/shift')) == (3, 1)
    other.copy_vars_from(wrapper)
    assert (other.get_var('scale'), other.get_var('part/shift')) == (3, 4)


# ------------------------------------------------------------------ other networks from this one


def test_clone_is_independent(session):
    net = tflib.Network('N', func_name=G_wrapper)
    net.set_var('part/shift', 3)
    clone = net.clone()
    assert (clone.name, clone.scope, clone.components.part.scope) == ('N', 'N_1', 'part_1')
    np.testing.assert_array_equal(clone.run(X), X + 3)
    clone.set_var('part/shift', 4)
    clone.set_var('scale', 2)
    np.testing.assert_array_equal(net.run(X), X + 3)
    assert_close(clone.run(X), 2 * (X + 4))


def test_clone_with_other_arguments(net):
    clone = net.clone('M', factor=5.0)
    assert (clone.name, clone.static_kwargs.factor, 'factor' in net.static_kwargs) == ('M', 5.0, False)


def test_convert(net):
    net.set_var('shift', 9)
    converted = net.convert(__name__ + '.G_bias', 'B', note='kept')
    assert (converted.name, converted.static_kwargs) == ('B', {'note': 'kept'})
    np.testing.assert_array_equal(converted.run(X), X + 9)


def test_moving_average(session):
    source, average = [tflib.Network(n, func_name=G_two_inputs) for n in ('G', 'Gs')]
    set_values(source)
    average.set_var('w', np.ones([3, 5]))
    update = average.setup_as_moving_average_of(source, beta=0.75)
    tflib.run(update)
    assert_close(average.get_var('w'), 0.75 + 0.25 * W)
    assert average.get_var('shift') == SHIFT  # Not trainable: copied.
    other = average.setup_as_moving_average_of(source, beta=0.75, beta_nontrainable=0.5)
    average.set_var('shift', 3)
    tflib.run(other)
    assert average.get_var('shift') == pytest.approx(1.5 + SHIFT / 2)
