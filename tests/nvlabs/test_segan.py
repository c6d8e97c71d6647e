"""SEGAN's networks: sizes, the five modes against formulas in NumPy, initial values, control, pickles."""

import functools
import io
import pickle

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import dnnlib.tflib as tflib
from dnnlib.tflib.revival import load_pickle
from dnnlib.tflib.source import module_source
from nvlabs_stylegan2 import segan
from nvlabs_stylegan2.networks import D_stylegan2, G_synthesis_stylegan2
from nvlabs_stylegan2.segan import BASIS_INITIALIZERS, G_mapping, G_synthesis_segan
from tests.small_networks import fresh_session, value_of

WIDTH = 7  # D
SIZES = dict(num_channels=3, fmap_base=22, fmap_max=11, dlatent_size=WIDTH)  # 11 channels at 4 x 4, 5 at 8 x 8.
SCOPES = ['4x4/Conv', '4x4/ToRGB', '8x8/Conv0_up', '8x8/Conv1', '8x8/ToRGB']  # In the order of their numbers.
SLOTS = [0, 1, 1, 2, 3]
SUBSPACES = {4: 2, 8: 5}  # S by resolution.
DLATENTS = np.random.RandomState(3).randn(2, 4, WIDTH).astype(np.float32)
TOLERANCE = dict(rtol=0, atol=1e-4)  # float32 images of size 1.


class Graph:
    """A synthesis network with its controls as inputs. The basis has its initial value, all else the values of its
    names.
    """

    def __init__(self, mode, resolution=4, build=G_synthesis_segan, **kwargs):
        self.number, self.slots, self.width = (
            SUBSPACES[resolution],
            2 if resolution == 4 else 4,
            3 if mode == 4 else WIDTH,
        )
        with tf.Graph().as_default() as self.graph:
            self.dlatents = tf.placeholder(tf.float32, [None, self.slots, WIDTH])
            self.scale, self.shift = [tf.placeholder(tf.float32, [None, self.number, self.width]) for _ in range(2)]
            self.images = build(
                self.dlatents,
                mode=mode,
                resolution=resolution,
                subspace_dims=3,
                randomize_noise=False,
                control_scale=self.scale,
                control_shift=self.shift,
                **dict(SIZES, **kwargs),
            )
            self.session = tf.Session()
            self.vars = {var.op.name: var for var in tf.global_variables()}
            self.session.run(tf.global_variables_initializer())
        self.set(
            {name: value_of(name, var.shape.as_list()) for name, var in self.vars.items() if not name.endswith('/U')}
        )

    def set(self, values):
        with self.session.as_default():
            tflib.load_vars({self.vars[name]: value for name, value in values.items()})

    def fill(self, name, value):
        """Sets the variables of this name in all subspaces."""
        self.set(
            {
                full: np.full(var.shape.as_list(), value)
                for full, var in self.vars.items()
                if full.endswith('/Subspace/' + name)
            }
        )

    def get(self, name):
        """Values of the variables of this name, in the order of the subspaces."""
        return self.session.run([self.vars['%s/Subspace/%s' % (scope, name)] for scope in SCOPES[: self.number]])

    def run(self, scale=1, shift=0, fetch=None):
        shape = (2, self.number, self.width)
        return self.session.run(
            self.images if fetch is None else fetch,
            {
                self.dlatents: DLATENTS[:, : self.slots],
                self.scale: np.broadcast_to(scale, shape),
                self.shift: np.broadcast_to(shift, shape),
            },
        )


@functools.lru_cache(maxsize=None)
def stylegan2(resolution):
    """Mode 0: its layers see the styles that are given as control_shift, with control_scale 0."""
    return Graph(0, resolution)


def sums(basis):
    return basis.sum(axis=(0, 1, 2), dtype=np.float64)


# ------------------------------------------------------------------ sizes


def trainable(build, inputs, **kwargs):
    """Numbers of trainable scalars by the last part of the name for subspaces, under 'G' for the rest; and how many
    subspaces there are.
    """
    counts, scopes = dict(G=0, U=0, L=0, mu=0), set()
    with tf.Graph().as_default():  # No session: nothing is allocated.
        build(*[tf.placeholder(tf.float32, shape) for shape in inputs], **dict(kwargs, resolution=64, latent_size=64))
        for var in tf.trainable_variables():
            scope, _, last = var.op.name.rpartition('/')
            counts[last if scope.endswith('Subspace') else 'G'] += var.shape.num_elements()
            scopes |= {scope} if scope.endswith('Subspace') else set()
    return counts, len(scopes)


@pytest.mark.parametrize(
    'mode, expected',
    [
        (1, dict(U=90307584, L=896, mu=1411056)),
        (2, dict(U=90307584, L=896, mu=896)),
    ],
)
def test_sizes_of_the_published_networks(mode, expected):
    counts, subspaces = trainable(
        G_synthesis_segan, [[None, 10, 64]], dlatent_size=64, mode=mode
    )  # 10 slots, or it is refused.
    mapping, _ = trainable(G_mapping, [[None, 64], [None, 0]], dlatent_size=64)
    assert subspaces == 14
    assert counts.pop('G') + mapping['G'] == 1482008
    assert counts == expected


def test_size_of_the_discriminator():
    assert trainable(D_stylegan2, [[None, 3, 64, 64], [None, 0]])[0]['G'] == 26488833


# ------------------------------------------------------------------ modes


def test_mode_0_is_stylegan2():
    ours, theirs = stylegan2(8), Graph(0, 8, build=G_synthesis_stylegan2)
    assert list(ours.vars) == list(theirs.vars)
    assert np.array_equal(ours.run(), theirs.run())


def test_mode_3_starts_as_mode_0():
    net = Graph(3)
    assert [name for name in net.vars if 'Subspace' in name] == [scope + '/Subspace/L' for scope in SCOPES[:2]]
    net.session.run([net.vars[scope + '/Subspace/L'].initializer for scope in SCOPES[:2]])
    np.testing.assert_allclose(net.run(), stylegan2(4).run(), **TOLERANCE)


def test_mode_1_with_nothing_to_add_is_mode_0():
    net = Graph(1)
    net.fill('L', 0)
    net.fill('mu', 0)
    np.testing.assert_allclose(net.run(), stylegan2(4).run(), **TOLERANCE)


def test_mode_1_adds_a_feature_map_after_the_layer():
    """In a convolution, to what its activation gives; in ToRGB, to the image."""
    net = Graph(1, 8)
    scale, shift = np.random.RandomState(4).randn(2, 2, 5, WIDTH)
    w = DLATENTS[:, SLOTS] * scale + shift  # [N, S, D]
    values = zip(net.get('U'), net.get('L'), net.get('mu'))
    maps = [
        np.einsum('cijd,d,nd->ncij', basis, strength, w[:, i]) + origin
        for i, (basis, strength, origin) in enumerate(values)
    ]
    names = ['8x8/Conv1/out', '8x8/Conv1/out_1', '4x4/Conv/out_1', '4x4/ToRGB/out']
    before, after, features, rgb = net.run(scale, shift, [net.graph.get_tensor_by_name(name + ':0') for name in names])
    np.testing.assert_allclose(after - before, maps[3], **TOLERANCE)
    np.testing.assert_allclose(rgb - maps[1], to_rgb(features, DLATENTS[:, 1]), **TOLERANCE)


def to_rgb(x, w):
    """StyleGAN2's ToRGB at 4 x 4 in NumPy: x [N, C, H, W], w [N, D]."""
    names, net = ['4x4/ToRGB/' + name for name in ('weight', 'mod_weight', 'mod_bias', 'bias')], stylegan2(4)
    weight, mod, mod_bias, bias = [net.session.run(net.vars[name]) for name in names]
    style = w @ mod / np.sqrt(len(mod)) + mod_bias + 1  # [N, C]
    return np.einsum('nchw,nc,cf->nfhw', x, style, weight[0, 0]) / np.sqrt(x.shape[1]) + bias[:, None, None]


@pytest.mark.parametrize('mode, resolution', [(2, 4), (3, 8), (4, 4)])
def test_modes_that_change_the_style(mode, resolution):
    """Against StyleGAN2 that is given the styles of the formula, with and without control."""
    net = Graph(mode, resolution)
    variables = {name: net.get(name) for name in {2: ['U', 'L', 'mu'], 3: ['L'], 4: ['U', 'L', 'mu']}[mode]}
    for scale, shift in [(np.ones([2, 5, 1]), np.zeros([2, 5, 1])), np.random.RandomState(5).randn(2, 2, 5, net.width)]:
        styles = [
            new_style(mode, DLATENTS[:, SLOTS[i]], scale[:, i], shift[:, i], {k: v[i] for k, v in variables.items()})
            for i in range(net.number)
        ]
        expected = stylegan2(resolution).run(0, np.stack(styles, axis=1))
        np.testing.assert_allclose(net.run(scale[:, : net.number], shift[:, : net.number]), expected, **TOLERANCE)


def new_style(mode, w, scale, shift, v):
    if mode == 3:
        return (w * scale + shift) * v['L']
    if mode == 2:
        return sums(v['U']) * v['L'] * (w * scale + shift) + v['mu']
    return w + ((w @ v['U'] * scale + shift) * v['L']) @ v['U'].T + v['mu']


def test_mode_2_sees_column_sums_only():
    net, collapsed = Graph(2), Graph(2, collapse_mode2=True)
    before, random = net.run(), np.random.RandomState(6)
    for scope, basis in zip(SCOPES, net.get('U')):
        noise = random.randn(*basis.shape)
        net.set({scope + '/Subspace/U': basis + noise - noise.mean(axis=(0, 1, 2))})
        collapsed.set({scope + '/Subspace/s': sums(basis)})
    np.testing.assert_allclose(net.run(), before, **TOLERANCE)
    np.testing.assert_allclose(collapsed.run(), before, **TOLERANCE)


def test_the_first_step_of_mode_2():
    """Adam moves an entry of U by the learning rate at most; all entries of a column move alike, so its sum moves C
    r r times that.
    """
    net, rate = Graph(2), 0.0016
    before = net.get('U')
    with net.graph.as_default():
        loss = tf.reduce_sum(net.images * np.random.RandomState(7).randn(2, 3, 4, 4).astype(np.float32))
        step = tf.train.AdamOptimizer(rate, beta1=0, beta2=0.99).minimize(
            loss, var_list=[v for n, v in net.vars.items() if n.endswith('/U')]
        )
        net.session.run([v.initializer for v in tf.global_variables() if v.op.name not in net.vars])
    net.run(fetch=step)
    for old, new in zip(before, net.get('U')):
        moved = new.astype(np.float64) - old
        assert np.abs(moved).max() <= rate * (1 + 1e-3)
        np.testing.assert_allclose(np.abs(sums(moved)), rate * old[..., 0].size, rtol=1e-2)


# ------------------------------------------------------------------ initial values


@pytest.mark.parametrize(
    'name, shape, rows',
    [
        ('segan-rows', [5, 4, 4, 7], 5),
        ('segan-rows', [11, 1, 1, 7], 11),  # More rows than numbers in one: the columns are orthonormal.
        ('eigen-columns', [5, 4, 4, 7], 80),
        ('eigen-columns', [3, 2, 2, 17], 12),  # More columns than numbers in one, as in the ToRGB at 4 x 4 with D = 64.
    ],
)
def test_bases_start_orthonormal(name, shape, rows):
    with tf.Graph().as_default(), tf.Session() as session:
        matrix = session.run(BASIS_INITIALIZERS[name](shape)).reshape(rows, -1)
    shorter = matrix if rows <= matrix.shape[1] else matrix.T
    np.testing.assert_allclose(shorter @ shorter.T, np.eye(len(shorter)), atol=1e-5)


@pytest.mark.parametrize('init, rows, squared_norm', [('segan-rows', 11, 11 / WIDTH), ('eigen-columns', 11 * 16, 1)])
def test_networks_start_with_their_initialisation(init, rows, squared_norm):
    net = Graph(2, subspace_init=init)
    net.session.run([var.initializer for var in net.vars.values()])
    basis = net.get('U')[0]
    assert basis.shape == (11, 4, 4, WIDTH)
    matrix = basis.reshape(rows, -1)
    shorter = matrix if rows <= matrix.shape[1] else matrix.T
    np.testing.assert_allclose(shorter @ shorter.T, np.eye(len(shorter)), atol=1e-5)
    np.testing.assert_allclose(np.square(basis).sum(axis=(0, 1, 2)).mean(), squared_norm, rtol=1e-5)
    assert (net.get('L')[0] == 1).all() and not net.get('mu')[0].any()


@pytest.mark.parametrize(
    'wrong, message',
    [
        (dict(mode=5), 'mode 5 is unknown; choose 0, 1, 2, 3 or 4'),
        (dict(subspace_init='rows'), "subspace_init 'rows' is unknown; choose one of eigen-columns, segan-rows"),
        (dict(architecture='resnet'), "SEGAN has the architecture skip only, not 'resnet'"),
    ],
)
def test_wrong_options(wrong, message):
    with tf.Graph().as_default(), pytest.raises(ValueError, match=message):
        G_synthesis_segan(tf.placeholder(tf.float32, [None, 2, WIDTH]), **dict(SIZES, resolution=4, **wrong))


# ------------------------------------------------------------------ whole generators

Z = np.random.RandomState(8).randn(3, 5)
GENERATOR = dict(SIZES, resolution=4, latent_size=5, mapping_layers=1, randomize_noise=False)


def generator(mode, **kwargs):
    net = tflib.Network('Gs', func_name='nvlabs_stylegan2.segan.G_segan', mode=mode, **dict(GENERATOR, **kwargs))
    tflib.set_vars({net.find_var('dlatent_avg'): value_of('dlatent_avg', [WIDTH])})
    return net


def run(net):
    return tflib.run(net.output_templates[0], {net.input_templates[0]: Z, net.input_templates[1]: np.zeros([3, 0])})


@pytest.mark.parametrize('mode', [1, 4])
def test_a_generator_survives_its_pickle(mode):
    with fresh_session():
        net = generator(mode)
        expected, data = run(net), pickle.dumps(net, protocol=4)
    with fresh_session():
        loaded = load_pickle(io.BytesIO(data))
        assert [
            f.__module__
            for f in (
                loaded._build_func,
                loaded.components.mapping._build_func,
                loaded.components.synthesis._build_func,
            )
        ] == ['nvlabs_stylegan2.segan'] * 3  # Ours: nothing that the file embeds was executed.
        assert np.array_equal(run(loaded), expected)
        assert np.array_equal(loaded.get_var('dlatent_avg'), value_of('dlatent_avg', [WIDTH]))
        assert loaded.__getstate__()['version'] == 4


def test_the_text_in_its_pickle_is_complete():
    """Other loaders run it: it makes the same images in a module of its own."""
    namespace = {'__name__': 'elsewhere'}
    exec(compile(module_source(segan), 'elsewhere', 'exec'), namespace)
    assert namespace['G_synthesis_segan'].__module__ == namespace['SynthesisLayers'].__module__ == 'elsewhere'
    assert np.array_equal(Graph(3, build=namespace['G_synthesis_segan']).run(), Graph(3).run())


def test_its_mapping_alone():
    """Its layers are as wide as w where nothing else is said, unlike those of StyleGAN2's."""
    with fresh_session():
        mapping = tflib.Network('G_mapping', func_name=G_mapping, **dict(GENERATOR, mapping_layers=2))
        loaded = load_pickle(io.BytesIO(pickle.dumps(mapping, protocol=4)))
        assert loaded._build_func is G_mapping
        assert loaded.vars['Dense0/weight'].shape.as_list() == [5, WIDTH]


def test_training_tracks_the_average_and_mixes_nothing():
    with fresh_session():
        net, before = generator(3), value_of('dlatent_avg', [WIDTH])
        _, dlatents = net.get_output_for(tf.constant(Z, tf.float32), None, is_training=True, return_dlatents=True)
        found, after = tflib.run(dlatents), net.get_var('dlatent_avg')
    assert (found == found[:, :1]).all()
    mean = found[:, 0].mean(axis=0)
    np.testing.assert_allclose(after, mean + (before - mean) * 0.995, rtol=1e-5)


def test_truncation_only_if_asked_for():
    with fresh_session():
        net, psi = generator(3), tf.placeholder(tf.float32, [])
        plain = run(net)
        truncated = net.get_output_for(tf.constant(Z, tf.float32), None, truncation_psi=psi)
        whole, average = tflib.run(truncated, {psi: 1}), tflib.run(truncated, {psi: 0})
    np.testing.assert_allclose(whole, plain, **TOLERANCE)
    np.testing.assert_allclose(average, average[:1].repeat(3, axis=0), atol=1e-6)
    assert np.abs(average - plain).max() > 0.01
