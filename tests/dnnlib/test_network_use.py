"""Networks as scripts and servers use them: loaded whole, in sessions and threads of their own, with wrong
arguments.
"""

import pickle
import threading

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import dnnlib.tflib as tflib
import pretrained_networks
from dnnlib import unpickle
from dnnlib.tflib.revival import load_pickle
from tests.small_networks import build, fresh_session
from training import misc

Z = np.random.RandomState(1).randn(4, 13)


def G_picky(x, width=3, is_template_graph=False, components=None, **_kwargs):
    x.set_shape([None, 3])
    w = tf.get_variable('w', shape=[width, 5], initializer=tf.initializers.ones())
    if width != 3:
        raise ValueError('width must be 3')
    return tf.identity(tf.matmul(x, w), name='out')


def G_scaled(x, scale=1.0, is_template_graph=False, components=None, **_kwargs):
    x.set_shape([None, 3])
    return tf.identity(x * scale + tf.get_variable('w', shape=[3], initializer=tf.initializers.ones()), name='out')


def scaled(x, scale):
    return tf.cast(x, tf.float32) * scale


@pytest.fixture
def session():
    with fresh_session() as session:
        yield session


@pytest.fixture
def path(tiny_pickle):
    return str(tiny_pickle)


@pytest.fixture(scope='module')
def generator():
    """A StyleGAN2 generator, Z = 12, in a session that stays the default one."""
    with fresh_session():
        yield build('nvlabs_stylegan2.networks.G_main', 'Gs')


def in_thread(function):
    """What a function returns, or the exception that it raises, in a new thread."""
    found = []

    def call():
        try:
            found.append(function())
        except Exception as e:
            found.append(e)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    return found[0]


# ------------------------------------------------------------------ loading


def plain(path):
    with open(path, 'rb') as file:
        return pickle.load(file)


def by_name(path):
    pretrained_networks._loaded.pop(path, None)
    return pretrained_networks.load_networks(path)


@pytest.mark.parametrize('load', [plain, by_name, misc.load_pkl])
def test_official_loaders_leave_tensors_and_variables_behind(session, path, load, tmp_path):
    D, Gs = load(path)[1:]
    for name in (
        'Gs/latents_in',
        'Gs/labels_in',
        'Gs/images_out',
        'G_synthesis/dlatents_in',
        'G_synthesis/8x8/Conv1/add',
        'G_mapping/dlatents_out',
        'D/scores_out',
    ):
        assert session.graph.get_tensor_by_name(name + ':0') is not None
    names = [v.name for v in tf.global_variables()]
    assert len(names) == len(Gs.vars) + len(D.vars) and names[0].startswith('G_synthesis/')  # Components come first.
    tf.train.Saver().save(session, str(tmp_path / 'model'))  # All have values.
    lazy = unpickle.read(path)[2]
    np.testing.assert_array_equal(session.run('Gs/dlatent_avg:0'), lazy.variables['dlatent_avg'])


def test_our_own_loading_builds_nothing(session, path):
    load_pickle(path)
    assert session.graph.get_operations() == []


# ------------------------------------------------------------------ sessions and devices


@pytest.mark.parametrize(
    'config', [None, tf.ConfigProto(), tf.ConfigProto(gpu_options=tf.GPUOptions(allow_growth=True))]
)
@pytest.mark.parametrize('make', [tf.Session, tf.InteractiveSession])
def test_soft_placement_in_sessions_of_scripts(config, make):
    with tf.Graph().as_default():
        session = make(config=config)
        with session.as_default(), tf.device('/gpu:0'):
            net = tflib.Network('N', func_name=G_scaled)
            value = tflib.run({v: v * 0.5 for v in net.vars.values()})
            tflib.set_vars({net.vars['w']: np.full(3, 7)})
            assert [list(v) for v in value.values()] == [[0.5] * 3] and list(net.get_var('w')) == [7] * 3
        session.close()
        assert config is None or not config.allow_soft_placement  # The script's own stays as it is.


def test_threads(session, path):
    Gs = load_pickle(path)[2]  # Even the first use may come from a thread, which has no default session.
    found = [in_thread(lambda: Gs.run(Z, None, randomize_noise=False)) for _ in range(2)]
    here = Gs.run(Z, None, randomize_noise=False)
    np.testing.assert_array_equal(found[0], here)
    np.testing.assert_array_equal(found[1], here)
    average = Gs.get_var('dlatent_avg')
    np.testing.assert_array_equal(in_thread(lambda: Gs.get_var('dlatent_avg')), average)
    in_thread(lambda: Gs.set_var('dlatent_avg', average + 1))
    np.testing.assert_array_equal(Gs.get_var('dlatent_avg'), average + 1)


def test_init_tf_in_a_thread_spoils_nothing(session):
    net = tflib.Network('N', func_name=G_scaled)

    def serve():
        tflib.init_tf()
        return net.run(np.ones([1, 3]))

    assert in_thread(serve).tolist() == [[2] * 3] and net.run(np.ones([1, 3])).tolist() == [[2] * 3]
    assert in_thread(serve).tolist() == [[2] * 3]


def test_many_threads_at_once(session):
    net = tflib.Network('N', func_name=G_scaled)
    found = []
    threads = [
        threading.Thread(target=lambda i=i: found.append((i, net.run(np.ones([1, 3]), scale=float(i % 3)))))
        for i in range(9)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((i, out.tolist()) for i, out in found) == [(i, [[i % 3 + 1.0] * 3]) for i in range(9)]


def test_a_closed_session_is_said():
    with fresh_session():
        net = tflib.Network('N', func_name=G_scaled)
    message = "session in which network 'N' was made is closed"
    for _ in range(2):
        with pytest.raises(RuntimeError, match=message):
            net.run(np.ones([1, 3]))
    assert message in str(in_thread(lambda: net.vars))


def test_a_failed_first_use_says_the_same_again(session):
    net = tflib.Network('N', func_name=G_picky, width=4)
    for _ in range(3):
        with pytest.raises(ValueError, match='width must be 3'):
            net.run(np.ones([1, 3]))
    assert tf.global_variables() == [] and tf.trainable_variables() == []
    net.static_kwargs.width = 3  # The cause can be removed, too.
    assert net.run(np.ones([1, 3])).tolist() == [[3] * 5]


def test_values_that_do_not_fit_stay_refused(session, path):
    _, _, state = unpickle.read(path)
    state.components['mapping'].variables['Dense0/bias'] = np.zeros(3, np.float32)
    net = tflib.Network.from_state(state, 'the file')
    for _ in range(2):
        with pytest.raises(unpickle.NetworkPickleError, match='Dense0/bias is'):
            net.run(Z, None)


def test_first_use_in_another_session(session, path):
    Gs = load_pickle(path)[2]
    with tf.Session():
        average = Gs.vars['dlatent_avg'].eval()
    np.testing.assert_array_equal(Gs.get_var('dlatent_avg'), average)


# ------------------------------------------------------------------ attributes


def test_attributes_can_be_assigned(session):
    net = tflib.Network('N', func_name=G_scaled)
    own = dict(net.own_vars)
    assert (
        net._get_vars() is net.vars and net._get_own_vars() is net.own_vars and net._get_trainables() is net.trainables
    )
    net.vars['again'] = own['w']
    assert 'again' in net.vars and net.find_var('again') is own['w']
    for name in ('vars', 'own_vars', 'trainables'):
        setattr(net, name, {'v': own['w']})
        assert getattr(net, name) == {'v': own['w']}
    assert [name for name, _ in net.__getstate__()['variables']] == ['v']
    net.input_shape, net.components = [None, 9], {}
    assert net.input_shape == [None, 9] and net.components == {}
    assert net._build_func_name == 'G_scaled' and 'def G_scaled' in net._build_module_src
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        net.nothing


# ------------------------------------------------------------------ arguments of run


@pytest.mark.parametrize(
    'arrays, message',
    [
        (('0', None), r"network 'Gs': latents_in must be numbers of shape \[N, 12\]; found '0'"),
        ((np.zeros([2, 12]), '0'), r"network 'Gs': labels_in must be numbers of shape \[N, 0\]; found '0'"),
        ((np.zeros([2, 12]), 0), r"network 'Gs': labels_in must have the shape \[N, 0\]; found \[\]"),
        ((np.zeros(12), None), r'latents_in must have the shape \[N, 12\]; found \[12\], which lacks the axis of N'),
        ((np.zeros([2, 11]), None), r'latents_in must have the shape \[N, 12\]; found \[2, 11\]'),
        ((3, None), r'latents_in must have the shape \[N, 12\]; found \[\]'),
        (([[1, 2], [3]], None), r'latents_in must be numbers of shape \[N, 12\]'),
        (([None], None), r'latents_in must be numbers of shape \[N, 12\]; found \[None\]'),
    ],
)
def test_wrong_arrays(generator, arrays, message):
    for _ in range(2):
        with pytest.raises(ValueError, match=message):
            generator.run(*arrays)


def test_dlatents_without_the_axis_of_items(generator):
    message = r"network 'G_synthesis': dlatents_in must have the shape \[N, 6, 10\]; found \[6, 10\], which lacks"
    with pytest.raises(ValueError, match=message):
        generator.components.synthesis.run(np.zeros([6, 10]))
    with pytest.raises(ValueError, match='dlatents_in must be an array .* found a tensor, which get_output_for takes'):
        generator.components.synthesis.run(tf.zeros([1, 6, 10]))


@pytest.mark.parametrize(
    'kwargs, message',
    [
        (
            dict(truncation_psi=np.array([0.5, 0.7])),
            r'truncation_psi must be None, one number or a tensor; found numbers of shape \[2\]',
        ),
        (dict(truncation_psi='0.5'), r"truncation_psi must be None, one number or a tensor; found '0.5'"),
        (
            dict(truncation_cutoff=[1, 2]),
            r'truncation_cutoff must be None, one number or a tensor; found numbers of shape \[2\]',
        ),
        (dict(minibatch_size=0), 'minibatch_size must be a positive whole number; found 0'),
        (dict(minibatch_size='4'), "minibatch_size must be a positive whole number; found '4'"),
        (dict(num_gpus=0), 'num_gpus must be a positive whole number; found 0'),
        (dict(num_gpus=2, minibatch_size=2), 'num_gpus must divide every minibatch; found 2 for a minibatch of 1'),
        (dict(output_transform=tflib.convert_images_to_uint8), r'output_transform must be dict\(func=function'),
        (dict(input_transform={'func': None}), r'input_transform must be dict\(func=function'),
    ],
)
def test_wrong_arguments(generator, kwargs, message):
    with pytest.raises(ValueError, match=message):
        generator.run(np.zeros([3, 12]), None, **kwargs)


def test_psi_of_get_output_for(generator):
    with pytest.raises(
        ValueError, match=r'truncation_psi must be None, one number or a tensor; found numbers of shape \[2\]'
    ):
        generator.get_output_for(tf.zeros([1, 12]), None, truncation_psi=np.array([0.5, 0.7]))


def test_whatever_is_given_as_labels_of_a_network_without(generator):
    z = np.random.RandomState(2).randn(3, 12)
    wanted = generator.run(z, None, randomize_noise=False)
    for labels in ([None], np.zeros([3, 5]), np.zeros([1, 1]), np.zeros(3), np.zeros([3, 0]), np.array([None] * 3)):
        np.testing.assert_array_equal(generator.run(z, labels, randomize_noise=False), wanted)
    for labels in (np.zeros([3, 5]), np.zeros([3, 0])):  # Also where a script feeds the placeholders itself.
        tflib.run('Gs/_Run/concat:0', {'Gs/_Run/latents_in:0': z, 'Gs/_Run/labels_in:0': labels})


def test_labels_of_a_conditional_network(session):
    net = build('nvlabs_stylegan.networks.G_mapping', 'G_mapping', label_size=5)
    with pytest.raises(ValueError, match=r'labels_in must have the shape \[N, 5\]; found \[3, 4\]'):
        net.run(np.zeros([3, 12]), np.zeros([3, 4]))
    with pytest.raises(
        ValueError, match=r'labels_in must have the shape \[N, 5\] with N = 3, as many as latents_in; found \[1, 5\]'
    ):
        net.run(np.zeros([3, 12]), np.zeros([1, 5]))


def test_transformed_inputs_may_have_any_shape(session):
    net = tflib.Network('N', func_name=G_scaled)
    transform = dict(func=scaled, scale=3.0)
    assert net.run(np.ones([2, 1], np.uint8), input_transform=dict(func=tile)).tolist() == [[2.0] * 3] * 2
    assert net.run(np.ones([2, 3], np.uint8), input_transform=transform).tolist() == [[4.0] * 3] * 2


def tile(x):
    return tf.tile(x, [1, 3])


# ------------------------------------------------------------------ truncation


@pytest.mark.parametrize('function', ['nvlabs_stylegan.networks.G_style', 'nvlabs_stylegan2.networks.G_main'])
def test_truncation_is_fed(session, function):
    net = build(function, 'Gs')
    z = np.random.RandomState(2).randn(2, 12)
    baked = [dict(truncation_psi=0.7), dict(truncation_psi=-0.35, truncation_cutoff=3)]
    wanted = [tflib.run(net.get_output_for(z, None, randomize_noise=False, **kwargs)) for kwargs in baked]
    found = [net.run(z, None, randomize_noise=False, **kwargs) for kwargs in baked]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    size = len(session.graph.get_operations())
    for psi in (0.1, 0.2, 2, np.float32(0.3), np.array([0.4])):
        net.run(z, None, randomize_noise=False, truncation_psi=psi)
        net.run(z, None, randomize_noise=False, truncation_psi=psi, truncation_cutoff=np.int64(2))
    assert len(session.graph.get_operations()) == size
    np.testing.assert_array_equal(net.run(z, None, randomize_noise=False, truncation_psi=0.7), found[0])
    whole = net.run(z, None, randomize_noise=False, truncation_psi=1)
    assert np.abs(whole - found[0]).max() > 0.01
    for off in (
        dict(truncation_psi=1.0),
        dict(truncation_psi=None),
        dict(truncation_cutoff=0),
        dict(truncation_cutoff=-1),
    ):
        np.testing.assert_allclose(net.run(z, None, randomize_noise=False, **off), whole, rtol=1e-5, atol=1e-5)


# ------------------------------------------------------------------ half precision


@pytest.mark.parametrize('function', ['nvlabs_stylegan.networks', 'nvlabs_stylegan2.networks', 'nvlabs_stylegan2.ada'])
def test_half_precision_mapping(session, function):
    """On TensorFlow 1.15's CPU a product of float16 takes 130 times longer: only the result is one."""
    net = build(function + '.G_mapping', 'G_mapping', dtype='float16')
    full = net.clone(dtype='float32')
    z = np.random.RandomState(2).randn(5, 12)
    found, wanted = net.run(z, None), full.run(z, None)
    assert found.dtype == np.float16
    np.testing.assert_allclose(found, wanted, rtol=0.02, atol=0.02)
    if tf.__version__.startswith('1.'):
        np.testing.assert_array_equal(found, wanted.astype(np.float16))
        assert all(op.inputs[0].dtype == tf.float32 for op in session.graph.get_operations() if op.type == 'MatMul')


# ------------------------------------------------------------------ the device


def test_device_is_that_of_the_scope_in_which_a_network_was_made(tiny_pickle):
    with fresh_session():
        with tf.device('/cpu:0'):
            made = tflib.Network('made', func_name=G_scaled)
        assert made.device == '/device:CPU:0'
        assert load_pickle(str(tiny_pickle))[2].device == ''
