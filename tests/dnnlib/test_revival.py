"""Networks from pickles, and back: the official state, what fits and what does not."""

import io
import pickle

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import dnnlib.tflib as tflib
from dnnlib.tflib import network
from dnnlib.tflib import pickled as pickled_module
from dnnlib.tflib.revival import load_pickle
from dnnlib.unpickle import NetworkPickleError
from tests import make_pickles
from tests.small_networks import build, fresh_session, value_of
from tests.small_pickles import ADA_MAIN, MAIN, STYLE, Z, damaged, images_of, write

# ------------------------------------------------------------------ pickles: the official generators

OWN = {STYLE: ['lod', 'dlatent_avg'], MAIN: ['lod', 'dlatent_avg'], ADA_MAIN: ['dlatent_avg']}


@pytest.mark.parametrize('func_name, version', [(STYLE, 3), (MAIN, 4), (ADA_MAIN, 5)])
def test_the_state_is_the_official_one(pickled, func_name, version):
    with fresh_session():
        state = pickle.loads(pickled[func_name][0])[2].__getstate__()
        mapping = state['components']['mapping'].__getstate__()
        layers = [name for name, _, _ in state['components']['mapping'].list_layers()]
    assert list(state)[:7] == [
        'version',
        'name',
        'static_kwargs',
        'components',
        'build_module_src',
        'build_func_name',
        'variables',
    ]
    assert (state['version'], state['name'], state['build_func_name']) == (version, 'Gs', func_name.rsplit('.', 1)[1])
    assert type(state['static_kwargs']) is dict and state['static_kwargs']['resolution'] == 4
    assert not {'name', 'func_name', 'components', 'is_template_graph'} & set(state['static_kwargs'])
    assert type(state['components']) is dict and list(state['components']) == ['synthesis', 'mapping']
    assert type(state['variables']) is list and [name for name, _ in state['variables']] == OWN[func_name]
    assert {type(value) for name, value in state['variables'] if name == 'lod'} <= {np.float32}
    assert 'def %s(' % state['build_func_name'] in state['build_module_src']
    assert layers[-3:] == ['Dense0', 'Broadcast', 'dlatents_out']
    assert (mapping['name'], mapping['static_kwargs']['dlatent_broadcast'], mapping['static_kwargs']['resolution']) == (
        'G_mapping',
        2,
        4,
    )
    shapes = {key: state[key] for key in state if key.endswith(('put_shapes', 'put_names'))}
    assert shapes == (
        {}
        if version < 5
        else {
            'input_shapes': [[None, 12], [None, 0]],
            'output_shapes': [[None, 3, 4, 4]],
            'input_names': ['latents_in', 'labels_in'],
            'output_names': ['images_out'],
        }
    )


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
    np.testing.assert_array_equal(
        dict(mapping['variables'])['Dense0/weight'], value_of('G_mapping/Dense0/weight', [12, 10])
    )


@pytest.mark.parametrize(
    'func_name, reader',
    [
        (STYLE, 'load_pickle'),
        (STYLE, 'pickle.load'),
        (MAIN, 'pickle.load'),
        (MAIN, 'protocol 2 again'),
        (ADA_MAIN, 'load_pickle'),
    ],
)
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


@pytest.mark.parametrize(
    'reader', [pickle.loads, lambda data: load_pickle(io.BytesIO(data))], ids=['pickle', 'load_pickle']
)
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
            np.testing.assert_array_equal(
                tflib.run('G_synthesis_1/_Run/%s:0' % name, {'G_synthesis_1/_Run/dlatents_in:0': dlatents}), images
            )
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
        assert (synthesis.input_names, synthesis.input_shape, synthesis.output_names) == (
            ['dlatents_in'],
            [None, 2, 10],
            ['images_out'],
        )
        w = mapping.run(Z, None)
        assert w.shape == (7, 2, 10)
        np.testing.assert_array_equal(mapping.run(Z, None, dlatent_broadcast=None), w[:, 0])
        average = Gs.get_var('dlatent_avg')
        by_hand = synthesis.run(average + (w - average) * np.float32(0.5), randomize_noise=False, structure='fixed')
        np.testing.assert_allclose(by_hand, pickled[MAIN][1], rtol=1e-4, atol=1e-5)
        assert list(Gs.vars)[:2] == ['lod', 'dlatent_avg']
        assert list(Gs.vars)[2:] == ['G_synthesis/' + n for n in synthesis.vars] + [
            'G_mapping/' + n for n in mapping.vars
        ]
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
        images = Gs.run(
            Z, None, randomize_noise=False, output_transform=dict(func=tflib.convert_images_to_uint8, nchw_to_nhwc=True)
        )
    assert images.dtype == np.uint8 and images.shape == (7, 4, 4, 3)
    np.testing.assert_array_equal(
        images, np.clip(pickled[MAIN][1] * np.float32(127.5) + 128, 0, 255).astype(np.uint8).transpose([0, 2, 3, 1])
    )


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
    monkeypatch.setattr(pickled_module, '_import_handlers', [])

    @network.import_handler
    def rename(state):
        return dict(state, name=state['name'] + '.renamed')

    with fresh_session():
        assert load_pickle(io.BytesIO(pickled[MAIN][0]))[1].name == 'D.renamed'
        assert pickle.loads(pickled[MAIN][0])[1].name == 'D.renamed'


def test_other_values_in_a_pickle_stay():
    net = make_pickles.sample_network()
    with fresh_session():
        loaded = load_pickle(io.BytesIO(make_pickles.dumps({'nets': [net, 3], 'x': np.arange(3)}, 4)))
    assert isinstance(loaded['nets'][0], tflib.Network) and loaded['nets'][1] == 3
    np.testing.assert_array_equal(loaded['x'], [0, 1, 2])


def test_a_shared_network_stays_one(pickled):
    with fresh_session():
        G, _, _ = load_pickle(io.BytesIO(pickled[MAIN][0]))
        first, second = load_pickle(io.BytesIO(write(G, G)))
        assert first is second


# ------------------------------------------------------------------ pickles that do not fit


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


@pytest.mark.parametrize(
    'change, message',
    [
        (rename_function, "the file: network 'Gs' is built by the function 'G_unheard_of', which is not one of ours"),
        (
            rename_component_function,
            "the file: network 'G_synthesis' is built by the function 'G_synthesis', which stylegan2 does not have",
        ),
        (
            add_argument,
            "the file: network 'Gs' (G_main) was built with the argument attention = 'full', which our implementation "
            "does not know",
        ),
        (
            add_component_argument,
            "the file: network 'G_mapping' (G_mapping) was built with the argument rotate = [1, 2]",
        ),
        (
            drop_variable,
            "the file, network 'G_synthesis' (G_synthesis_stylegan2): the file lacks the variables "
            "4x4/Conv/mod_weight.",
        ),
        (add_variable, "the file, network 'Gs' (G_main): the file holds unknown variables gamma."),
        (
            reshape_variable,
            "the file, network 'G_mapping' (G_mapping): the file holds wrong shapes: Dense0/weight is [10, 5] instead "
            "of [12, 10].",
        ),
        (
            odd_resolution,
            "the file, network 'G_synthesis': cannot be built from its arguments: resolution must be a power of two",
        ),
        (unknown_dtype, "the file, network 'G_mapping': cannot be built from its arguments"),
    ],
)
def test_pickles_that_do_not_fit(pickled, change, message):
    with fresh_session(), pytest.raises(NetworkPickleError) as error:
        load_pickle(damaged(pickled, MAIN, change), name='the file').output_shape
    assert message in str(error.value)


@pytest.mark.parametrize(
    'argument', ['structure', 'fused_modconv', 'w_avg_beta', 'truncation_psi', 'style_mixing_prob', 'mapping_lrmul']
)
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
        synthesis.variables = [('lod', np.float32(0))] + [
            (n.replace('8x8/ToRGB', 'ToRGB_lod0'), v) for n, v in synthesis.variables
        ]

    with fresh_session():
        Gs = load_pickle(damaged({MAIN: (data, images)}, MAIN, rename))
        assert 'ToRGB_lod0/weight' in Gs.components.synthesis.vars
        np.testing.assert_array_equal(images_of(Gs), images)
        np.testing.assert_array_equal(images_of(Gs.clone()), images)
