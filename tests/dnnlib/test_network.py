"""The Network API as official scripts use it."""
import io
import pickle
import sys
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import dnnlib
import dnnlib.tflib as tflib
from dnnlib import unpickle
from dnnlib.tflib import network
from dnnlib.tflib.network import load_pickle
from dnnlib.unpickle import NetworkPickleError
from tests import make_pickles
from tests.small_networks import build, fresh_session, set_values, value_of

SIZES = dict(resolution=4, mapping_layers=1)  # Every graph takes time to build.
STYLE, MAIN, ADA_MAIN = 'nvlabs_stylegan.networks.G_style', 'nvlabs_stylegan2.networks.G_main', 'nvlabs_stylegan2.ada.G_main'

Z = np.random.RandomState(5).randn(7, 12)


# ------------------------------------------------------------------ build functions of our own

def G_two_inputs(x, y, factor=2.0, dtype='float32', extra_output=False, is_template_graph=False, components=None, **_kwargs):
    """out = (x . w) factor + y + shift."""
    x.set_shape([None, 3])
    y.set_shape([None, 5])
    w = tf.get_variable('w', shape=[3, 5], initializer=tf.initializers.random_normal())
    shift = tf.get_variable('shift', shape=[], initializer=tf.initializers.zeros(), trainable=False)
    out = tf.matmul(x, w) * factor + y + shift
    return (tf.identity(out, name='out'), tf.identity(x, name='x_out')) if extra_output else tf.identity(out, name='out')


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


@pytest.mark.parametrize('attribute, length', [
    ('vars', 2), ('own_vars', 2), ('trainables', 1), ('var_global_to_local', 2), ('input_shapes', 2), ('output_shapes', 1), ('input_names', 2),
    ('output_names', 1), ('input_templates', 2), ('output_templates', 1)])
def test_the_graph_is_built_by_whatever_asks_first(session, attribute, length):
    net = tflib.Network('N', func_name=G_two_inputs)
    assert tf.global_variables() == []
    assert len(getattr(net, attribute)) == length


def test_name_defaults_to_the_functions(session):
    assert tflib.Network(func_name=__name__ + '.G_two_inputs').name == 'G_two_inputs'


@pytest.mark.parametrize('kwargs, message', [
    (dict(name='N'), 'needs func_name'),
    (dict(name='N', func_name=lambda x: x), 'must be a top-level function'),
    (dict(name='a b', func_name=G_two_inputs), "network name 'a b' may hold letters"),
    (dict(name='a/b', func_name=G_two_inputs), "network name 'a/b' may hold letters"),
])
def test_bad_arguments(session, kwargs, message):
    with pytest.raises(ValueError, match=message):
        tflib.Network(**kwargs)


def test_shapes_must_be_defined(session):
    with pytest.raises(ValueError, match="leaves the shape of 'x' undefined"):
        tflib.Network('N', func_name=G_undefined_shape).output_shape


def test_everything_needs_a_session():
    data = make_pickles.dumps(make_pickles.sample_network(), 4)
    with tf.Graph().as_default():
        for make in (lambda: tflib.Network('N', func_name=G_two_inputs), lambda: load_pickle(io.BytesIO(data)), lambda: pickle.loads(data)):
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
    assert_close(net.run(np.arange(6).reshape(2, 3), Y[:2].astype(np.float64)), expected(np.arange(6).reshape(2, 3), Y[:2]))
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
    out, = net.run(X, Y, return_as_list=True)
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

    combinations = [dict(), dict(factor=3.0), dict(factor=4.0), dict(factor=np.array([1, 2, 3, 4, 5], np.float32)),
                    dict(output_transform=dict(func=times, amount=2)), dict(output_transform=dict(func=times, amount=5))]
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
    for name in ('x', 'y', 'x_1', 'y_1', 'N/out', 'N_1/out', 'concat', 'concat/concat'):
        assert graph.get_tensor_by_name('N/_Run/%s:0' % name).shape.as_list() == [None, 3 if name[0] == 'x' else 5]
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
    gradient, = tf.gradients(net.get_output_for(x, None), x)
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


# ------------------------------------------------------------------ pickles: the official generators

def write(*nets):
    """The networks as official code pickles them."""
    return pickle.dumps(nets if len(nets) > 1 else nets[0], protocol=4)


@pytest.fixture(scope='module')
def pickled():
    """(G, D, Gs) of three small official kinds, and images of Gs: dict func_name -> (bytes, images)."""
    found = {}
    for func_name, discriminator in [(STYLE, 'nvlabs_stylegan.networks.D_basic'), (MAIN, 'nvlabs_stylegan2.networks.D_stylegan2'),
                                     (ADA_MAIN, 'nvlabs_stylegan2.ada.D_main')]:
        with fresh_session():
            G, Gs = [build(func_name, name, **SIZES) for name in ('G', 'Gs')]
            G.set_var('dlatent_avg', np.zeros(10))
            D = build(discriminator, resolution=4)
            found[func_name] = write(G, D, Gs), images_of(Gs)
    return found


def images_of(Gs):
    return Gs.run(Z, None, randomize_noise=False, structure='fixed')


OWN = {STYLE: ['lod', 'dlatent_avg'], MAIN: ['lod', 'dlatent_avg'], ADA_MAIN: ['dlatent_avg']}


@pytest.mark.parametrize('func_name, version', [(STYLE, 3), (MAIN, 4), (ADA_MAIN, 5)])
def test_the_state_is_the_official_one(pickled, func_name, version):
    with fresh_session():
        state = pickle.loads(pickled[func_name][0])[2].__getstate__()
        mapping = state['components']['mapping'].__getstate__()
        layers = [name for name, _, _ in state['components']['mapping'].list_layers()]
    assert list(state)[:7] == ['version', 'name', 'static_kwargs', 'components', 'build_module_src', 'build_func_name', 'variables']
    assert (state['version'], state['name'], state['build_func_name']) == (version, 'Gs', func_name.rsplit('.', 1)[1])
    assert type(state['static_kwargs']) is dict and state['static_kwargs']['resolution'] == 4
    assert not {'name', 'func_name', 'components', 'is_template_graph'} & set(state['static_kwargs'])
    assert type(state['components']) is dict and list(state['components']) == ['synthesis', 'mapping']
    assert type(state['variables']) is list and [name for name, _ in state['variables']] == OWN[func_name]
    assert {type(value) for name, value in state['variables'] if name == 'lod'} <= {np.float32}
    assert 'def %s(' % state['build_func_name'] in state['build_module_src']
    assert layers[-3:] == ['Dense0', 'Broadcast', 'dlatents_out']
    assert (mapping['name'], mapping['static_kwargs']['dlatent_broadcast'], mapping['static_kwargs']['resolution']) == ('G_mapping', 2, 4)
    shapes = {key: state[key] for key in state if key.endswith('put_shapes') or key.endswith('put_names')}
    assert shapes == ({} if version < 5 else {'input_shapes': [[None, 12], [None, 0]], 'output_shapes': [[None, 3, 4, 4]],
                                              'input_names': ['latents_in', 'labels_in'], 'output_names': ['images_out']})


def test_our_pickles_are_plain_data_for_other_readers(pickled):
    """Converters map Network to a class of their own, which receives the state."""
    class Stub:
        def __setstate__(self, state):
            self.state = state

    class Reader(pickle.Unpickler):
        def find_class(self, module, name):
            return Stub if (module, name) == ('dnnlib.tflib.network', 'Network') else super().find_class(module, name)

    G, D, Gs = Reader(io.BytesIO(pickled[MAIN][0])).load()
    assert [net.state['name'] for net in (G, D, Gs)] == ['G', 'D', 'Gs']
    mapping = Gs.state['components']['mapping'].state
    assert mapping['static_kwargs']['dlatent_broadcast'] == 2
    np.testing.assert_array_equal(dict(mapping['variables'])['Dense0/weight'], value_of('G_mapping/Dense0/weight', [12, 10]))


@pytest.mark.parametrize('func_name, reader', [
    (STYLE, 'load_pickle'), (STYLE, 'pickle.load'), (MAIN, 'pickle.load'), (MAIN, 'protocol 2 again'), (ADA_MAIN, 'load_pickle')])
def test_round_trip_gives_equal_images(pickled, func_name, reader):
    data, images = pickled[func_name]
    with fresh_session():
        if reader == 'load_pickle':
            G, D, Gs = load_pickle(io.BytesIO(data))
        elif reader == 'pickle.load':
            G, D, Gs = pickle.load(io.BytesIO(data), encoding='latin1')
        else:
            G, D, Gs = load_pickle(io.BytesIO(pickle.dumps(load_pickle(io.BytesIO(data)), protocol=2)))
        np.testing.assert_array_equal(images_of(Gs), images)
        assert not G.get_var('dlatent_avg').any()
        assert Gs.get_var('dlatent_avg').any()
        assert D.output_shape == [None, 1]


@pytest.mark.parametrize('reader', [pickle.loads, lambda data: load_pickle(io.BytesIO(data))], ids=['pickle', 'load_pickle'])
@pytest.mark.parametrize('func_name', [STYLE, MAIN])
def test_scopes_after_loading(pickled, func_name, reader):
    with fresh_session():
        G, D, Gs = reader(pickled[func_name][0])
        assert [net.scope for net in (G, D, Gs)] == ['G', 'D', 'Gs']
        assert (G.components.synthesis.scope, G.components.mapping.scope) == ('G_synthesis', 'G_mapping')
        assert (Gs.components.synthesis.scope, Gs.components.mapping.scope) == ('G_synthesis_1', 'G_mapping_1')
        synthesis = Gs.components.synthesis
        dlatents = np.random.RandomState(3).randn(2, 2, 10)
        images = synthesis.run(dlatents, randomize_noise=False, structure='fixed')
        for name in ('concat', 'concat/concat'):
            np.testing.assert_array_equal(tflib.run('G_synthesis_1/_Run/%s:0' % name, {'G_synthesis_1/_Run/dlatents_in:0': dlatents}), images)
        weight = '4x4/Conv/weight'
        assert Gs.find_var('G_synthesis/' + weight) is Gs.find_var('synthesis/' + weight) is synthesis.find_var(weight)
        assert Gs.find_var('G_synthesis/' + weight).name == 'G_synthesis_1/%s:0' % weight
        assert Gs.get_var_local_name('G_synthesis_1/' + weight) == 'G_synthesis/' + weight


def test_components_answer_for_themselves(pickled):
    with fresh_session():
        Gs = load_pickle(io.BytesIO(pickled[MAIN][0]))[2]
        mapping, synthesis = Gs.components.mapping, Gs.components.synthesis
        assert (Gs.input_shapes, Gs.output_shape) == ([[None, 12], [None, 0]], [None, 3, 4, 4])
        assert (mapping.input_names, mapping.output_shape) == (['latents_in', 'labels_in'], [None, 2, 10])
        assert (synthesis.input_names, synthesis.input_shape, synthesis.output_names) == (['dlatents_in'], [None, 2, 10], ['images_out'])
        w = mapping.run(Z, None)
        assert w.shape == (7, 2, 10)
        np.testing.assert_array_equal(mapping.run(Z, None, dlatent_broadcast=None), w[:, 0])
        average = Gs.get_var('dlatent_avg')
        by_hand = synthesis.run(average + (w - average) * np.float32(0.5), randomize_noise=False, structure='fixed')
        np.testing.assert_allclose(by_hand, pickled[MAIN][1], rtol=1e-4, atol=1e-5)
        assert list(Gs.vars)[:2] == ['lod', 'dlatent_avg']
        assert list(Gs.vars)[2:] == ['G_synthesis/' + n for n in synthesis.vars] + ['G_mapping/' + n for n in mapping.vars]
        assert not [n for n in Gs.trainables if n.split('/')[-1].startswith(('lod', 'noise0', 'dlatent_avg'))]
        assert set(Gs.vars) - set(Gs.trainables) == {'lod', 'dlatent_avg', 'G_synthesis/noise0'}


def test_noise_variables_replace_the_stored_noise(pickled):
    with fresh_session():
        Gs = load_pickle(io.BytesIO(pickled[MAIN][0]))[2]
        noise_vars = [var for name, var in Gs.components.synthesis.vars.items() if name.startswith('noise')]
        assert [var.shape.as_list() for var in noise_vars] == [[1, 1, 4, 4]]
        rnd = np.random.RandomState(0)
        tflib.set_vars({var: rnd.randn(*var.shape.as_list()) for var in noise_vars})
        assert abs(images_of(Gs) - pickled[MAIN][1]).max() > 1e-3


def test_uint8_images(pickled):
    with fresh_session():
        Gs = load_pickle(io.BytesIO(pickled[MAIN][0]))[2]
        images = Gs.run(Z, None, randomize_noise=False, output_transform=dict(func=tflib.convert_images_to_uint8, nchw_to_nhwc=True))
    assert images.dtype == np.uint8 and images.shape == (7, 4, 4, 3)
    np.testing.assert_array_equal(images, np.clip(pickled[MAIN][1] * np.float32(127.5) + 128, 0, 255).astype(np.uint8).transpose([0, 2, 3, 1]))


def test_clone_of_a_loaded_generator(pickled):
    with fresh_session():
        Gs = load_pickle(io.BytesIO(pickled[MAIN][0]))[2]
        clone = Gs.clone()
        assert clone.components.synthesis is not Gs.components.synthesis
        Gs.reset_vars()
        np.testing.assert_array_equal(images_of(clone), pickled[MAIN][1])


def test_getstate_before_and_after_building_is_the_same(pickled):
    with fresh_session():
        D = load_pickle(io.BytesIO(pickled[STYLE][0]))[1]
        before = D.__getstate__()
        assert tf.global_variables() == []  # Saving a file again takes no graph.
        assert len(D.vars) == len(before['variables'])
        after = D.__getstate__()
    assert [n for n, _ in before['variables']] == [n for n, _ in after['variables']]
    for (_, a), (_, b) in zip(before.pop('variables'), after.pop('variables')):
        np.testing.assert_array_equal(a, b)
        assert type(a) is type(b)
    assert before == after


def test_a_component_that_stands_alone(pickled):
    with fresh_session():
        Gs = load_pickle(io.BytesIO(pickled[STYLE][0]))[2]
        w = Gs.components.mapping.run(Z, None)
        data = write(Gs.components.mapping)
    for reader in (pickle.loads, lambda data: load_pickle(io.BytesIO(data))):
        with fresh_session():
            mapping = reader(data)
            assert mapping.name == 'G_mapping'
            np.testing.assert_array_equal(mapping.run(Z, None), w)


def test_import_handlers_change_the_state(pickled, monkeypatch):
    monkeypatch.setattr(network, '_import_handlers', [])

    @network.import_handler
    def rename(state):
        return dict(state, name=state['name'] + '.renamed')
    with fresh_session():
        assert load_pickle(io.BytesIO(pickled[MAIN][0]))[1].name == 'D.renamed'
        assert pickle.loads(pickled[MAIN][0])[1].name == 'D.renamed'


def test_other_values_in_a_pickle_stay(session):
    net = make_pickles.sample_network()
    loaded = load_pickle(io.BytesIO(make_pickles.dumps({'nets': [net, 3], 'x': np.arange(3)}, 4)))
    assert isinstance(loaded['nets'][0], tflib.Network) and loaded['nets'][1] == 3
    np.testing.assert_array_equal(loaded['x'], [0, 1, 2])


def test_a_shared_network_stays_one(pickled):
    with fresh_session():
        G, _, _ = load_pickle(io.BytesIO(pickled[MAIN][0]))
        first, second = load_pickle(io.BytesIO(write(G, G)))
        assert first is second


# ------------------------------------------------------------------ pickles that do not fit

def damaged(pickled, func_name, change):
    """The pickle of Gs alone, after `change` was made to its plain state."""
    net = make_pickles.from_data(unpickle.read(io.BytesIO(pickled[func_name][0]))[2])
    change(net)
    return io.BytesIO(make_pickles.dumps(net, 4))


def rename_function(net):
    net.build_func_name = 'G_unheard_of'


def rename_component_function(net):
    net.components['synthesis'].build_func_name = 'G_synthesis'


def add_argument(net):
    net.static_kwargs['attention'] = 'full'


def add_component_argument(net):
    net.components['mapping'].static_kwargs['rotate'] = [1, 2]


def drop_variable(net):
    del net.components['synthesis'].variables[3]


def add_variable(net):
    net.variables.append(('gamma', np.zeros([3], np.float32)))


def reshape_variable(net):
    name, value = net.components['mapping'].variables[0]
    net.components['mapping'].variables[0] = name, value.T.copy()[:, :5]


def odd_resolution(net):
    net.components['synthesis'].static_kwargs['resolution'] = 12


def unknown_dtype(net):
    net.components['mapping'].static_kwargs['dtype'] = 'float99'


@pytest.mark.parametrize('change, message', [
    (rename_function, "the file: network 'Gs' is built by the function 'G_unheard_of', which is not one of ours"),
    (rename_component_function, "the file: network 'G_synthesis' is built by the function 'G_synthesis', which stylegan2 does not have"),
    (add_argument, "the file: network 'Gs' (G_main) was built with the argument attention = 'full', which our implementation does not know"),
    (add_component_argument, "the file: network 'G_mapping' (G_mapping) was built with the argument rotate = [1, 2]"),
    (drop_variable, "the file, network 'G_synthesis' (G_synthesis_stylegan2): the file lacks the variables 4x4/Conv/mod_weight."),
    (add_variable, "the file, network 'Gs' (G_main): the file holds unknown variables gamma."),
    (reshape_variable, "the file, network 'G_mapping' (G_mapping): the file holds wrong shapes: Dense0/weight is [10, 5] instead of [12, 10]."),
    (odd_resolution, "the file, network 'G_synthesis': cannot be built from its arguments: resolution must be a power of two"),
    (unknown_dtype, "the file, network 'G_mapping': cannot be built from its arguments"),
])
def test_pickles_that_do_not_fit(pickled, change, message):
    with fresh_session(), pytest.raises(NetworkPickleError) as error:
        load_pickle(damaged(pickled, MAIN, change), name='the file').output_shape
    assert message in str(error.value)


@pytest.mark.parametrize('argument', ['structure', 'fused_modconv', 'w_avg_beta', 'truncation_psi', 'style_mixing_prob', 'mapping_lrmul'])
def test_known_and_harmless_arguments_are_accepted(pickled, argument):
    def add(net):
        net.static_kwargs[argument] = {'structure': 'fixed', 'fused_modconv': True}.get(argument, 0.01)
    with fresh_session():
        assert load_pickle(damaged(pickled, MAIN, add)).static_kwargs[argument] is not None


def test_published_networks_of_the_orig_kind():
    """They have the variables of a growing network, and are the same function as the kind 'orig' without lod."""
    with fresh_session():
        net = build(MAIN, 'Gs', architecture='orig', resolution=8, mapping_layers=1)
        images = images_of(net)
        data = write(net, net, net)

    def rename(net):
        synthesis = net.components['synthesis']
        net.static_kwargs['structure'] = synthesis.static_kwargs['structure'] = 'fixed'
        del net.static_kwargs['architecture'], synthesis.static_kwargs['architecture']
        synthesis.variables = [('lod', np.float32(0))] + [(n.replace('8x8/ToRGB', 'ToRGB_lod0'), v) for n, v in synthesis.variables]

    with fresh_session():
        Gs = load_pickle(damaged({MAIN: (data, images)}, MAIN, rename))
        assert 'ToRGB_lod0/weight' in Gs.components.synthesis.vars
        np.testing.assert_array_equal(images_of(Gs), images)
        np.testing.assert_array_equal(images_of(Gs.clone()), images)


# ------------------------------------------------------------------ embedded source

def renamed_with_source(suffix):
    """A change of a state: a function that is not ours, with source text that defines it and begins with `suffix`."""
    def change(net):
        source = net.build_module_src.replace('def G_main(', 'def G_of_a_fork(')
        net.build_func_name, net.build_module_src = 'G_of_a_fork', suffix + source
    return change


def test_embedded_source_is_not_executed_without_trust(pickled, tmp_path):
    canary = tmp_path / 'executed'
    change = renamed_with_source('open(%r, "w")\n' % str(canary))
    with fresh_session():
        with pytest.raises(NetworkPickleError, match="the file: network 'Gs' is built by the function 'G_of_a_fork', which is not one of ours"):
            load_pickle(damaged(pickled, MAIN, change), name='the file')
        with pytest.raises(NetworkPickleError, match='G_of_a_fork'):
            pickle.load(damaged(pickled, MAIN, change))
    assert not canary.exists()


@pytest.mark.parametrize('trust', [False, True])
def test_embedded_source_of_networks_that_are_ours_is_never_executed(pickled, tmp_path, trust):
    canary = tmp_path / 'executed'

    def change(net):
        for state in [net] + list(net.components.values()):
            state.build_module_src = 'open(%r, "w")\n' % str(canary) + state.build_module_src
    with fresh_session(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        Gs = load_pickle(damaged(pickled, MAIN, change), trust_embedded_code=trust)
        np.testing.assert_array_equal(images_of(Gs), pickled[MAIN][1])
    assert not canary.exists() and not [w for w in caught if 'Executing' in str(w.message)]


@pytest.mark.parametrize('func_name', [STYLE, MAIN, ADA_MAIN])
def test_our_embedded_source_is_self_contained(pickled, func_name, monkeypatch):
    """Trusted source is executed, with a warning; ours then gives the same images without our packages."""
    old, new = 'def %s(' % func_name.rsplit('.', 1)[1], 'def G_of_a_fork('

    def change(net):
        net.build_func_name, net.build_module_src = 'G_of_a_fork', net.build_module_src.replace(old, new)
        assert new in net.build_module_src
        for component in net.components.values():
            name = component.build_func_name
            component.build_func_name = name + '_of_a_fork'
            component.build_module_src = component.build_module_src.replace('def %s(' % name, 'def %s_of_a_fork(' % name)

    for module in [name for name in sys.modules if name.split('.')[0] in ('nvlabs_stylegan', 'nvlabs_stylegan2')]:
        monkeypatch.setitem(sys.modules, module, None)  # An import of it fails.
    with fresh_session(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        Gs = load_pickle(damaged(pickled, func_name, change), trust_embedded_code=True, name='the file')
        texts = [str(w.message) for w in caught]
        for name in ('Gs', 'G_synthesis', 'G_mapping'):
            assert any(text.startswith('Executing the Python code embedded in the file for network %r' % name) for text in texts), name
        np.testing.assert_array_equal(images_of(Gs), pickled[func_name][1])
        # Saved again, the pickle carries the source that it came with.
        assert new in Gs.__getstate__()['build_module_src']


@pytest.mark.parametrize('func_name', [STYLE, MAIN])
def test_a_fork_that_changed_a_function_of_ours_gets_its_own(pickled, func_name):
    """Only the wrapper has a new name; the synthesis has an official name, and another result."""
    old = 'def %s(' % func_name.rsplit('.', 1)[1]

    def change(net):
        net.build_func_name, net.build_module_src = 'G_of_a_fork', net.build_module_src.replace(old, 'def G_of_a_fork(')
        synthesis = net.components['synthesis']
        synthesis.build_module_src += '\n_official = %s\n\ndef %s(dlatents_in, **kwargs):\n    return -_official(dlatents_in, **kwargs)\n' % (
            (synthesis.build_func_name,) * 2)
    with fresh_session(), pytest.warns(UserWarning, match='Executing'):
        Gs = load_pickle(damaged(pickled, func_name, change), trust_embedded_code=True)
        np.testing.assert_array_equal(images_of(Gs), -pickled[func_name][1])


def test_embedded_source_that_fails_is_reported(pickled):
    with fresh_session(), pytest.warns(UserWarning, match='Executing'), \
            pytest.raises(NetworkPickleError, match=r"the file, network 'Gs': the embedded code failed \(ZeroDivisionError"):
        load_pickle(damaged(pickled, MAIN, renamed_with_source('1 / 0\n')), trust_embedded_code=True, name='the file')


# ------------------------------------------------------------------ variables of the kinds that the golden data lacks

def names(func_name, **kwargs):
    with fresh_session():
        net = tflib.Network('N', func_name=func_name, resolution=8, fmap_base=8, fmap_max=2, latent_size=3, dlatent_size=5, **kwargs)
        return [(n, tuple(v.shape.as_list())) for n, v in net.vars.items()]


def layer(scope, fan_in, fan_out):
    return [(scope + '/weight', (3, 3, fan_in, fan_out)), (scope + '/mod_weight', (5, fan_in)), (scope + '/mod_bias', (fan_in,)),
            (scope + '/noise_strength', ()), (scope + '/bias', (fan_out,))]


def rgb(scope, fan_in):
    return [(scope + '/weight', (1, 1, fan_in, 3)), (scope + '/mod_weight', (5, fan_in)), (scope + '/mod_bias', (fan_in,)), (scope + '/bias', (3,))]


def test_variables_of_the_revised_synthesis():
    assert names('nvlabs_stylegan2.networks.G_synthesis_stylegan_revised') == (
        [('lod', ()), ('noise0', (1, 1, 4, 4)), ('noise1', (1, 1, 8, 8)), ('noise2', (1, 1, 8, 8)), ('4x4/Const/const', (1, 2, 4, 4))] +
        layer('4x4/Conv', 2, 2) + rgb('ToRGB_lod1', 2) + layer('8x8/Conv0_up', 2, 2) + layer('8x8/Conv1', 2, 2) + rgb('ToRGB_lod0', 2))


def test_variables_of_ada_synthesis():
    assert names('nvlabs_stylegan2.ada.G_synthesis', use_noise=False, fmap_const=7) == [
        (n, s) for n, s in
        [('4x4/Const/const', (1, 7, 4, 4))] + layer('4x4/Conv', 7, 2) + rgb('4x4/ToRGB', 2) + layer('8x8/Conv0_up', 2, 2) +
        layer('8x8/Conv1', 2, 2) + rgb('8x8/ToRGB', 2) if not n.endswith('noise_strength')]


def test_variables_of_ada_mapping():
    assert names('nvlabs_stylegan2.ada.G_mapping', label_size=7, label_fmaps=11, mapping_layers=2) == [
        ('LabelEmbed/weight', (7, 11)), ('LabelEmbed/bias', (11,)), ('Dense0/weight', (14, 5)), ('Dense0/bias', (5,)),
        ('Dense1/weight', (5, 5)), ('Dense1/bias', (5,))]


def test_variables_of_ada_discriminator():
    found = names('nvlabs_stylegan2.ada.D_main', label_size=7, mapping_layers=1, mapping_fmaps=11)
    assert found[:5] == [('LabelEmbed/weight', (7, 11)), ('LabelEmbed/bias', (11,)), ('Mapping0/weight', (11, 11)), ('Mapping0/bias', (11,)),
                         ('8x8/FromRGB/weight', (1, 1, 3, 2))]
    assert found[-2:] == [('Output/weight', (2, 11)), ('Output/bias', (11,))]


def test_variables_of_the_growing_discriminator():
    assert names('nvlabs_stylegan2.networks.D_stylegan') == [
        ('lod', ()), ('FromRGB_lod0/weight', (1, 1, 3, 2)), ('FromRGB_lod0/bias', (2,)),
        ('8x8/Conv0/weight', (3, 3, 2, 2)), ('8x8/Conv0/bias', (2,)), ('8x8/Conv1_down/weight', (3, 3, 2, 2)), ('8x8/Conv1_down/bias', (2,)),
        ('FromRGB_lod1/weight', (1, 1, 3, 2)), ('FromRGB_lod1/bias', (2,)),
        ('4x4/Conv/weight', (3, 3, 3, 2)), ('4x4/Conv/bias', (2,)), ('4x4/Dense0/weight', (32, 2)), ('4x4/Dense0/bias', (2,)),
        ('Output/weight', (2, 1)), ('Output/bias', (1,))]
