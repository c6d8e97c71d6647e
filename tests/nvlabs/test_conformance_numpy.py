"""Whole synthesis networks against the NumPy versions: resolutions, channels, layouts, half precision, published
variants.
"""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import dnnlib.tflib as tflib
from tests import nchw_on_cpu
from tests import numpy_networks as oracle
from tests.conformance import LATENTS, PLAIN, TOLERANCE, run_template, scores_of_template
from tests.small_networks import build, fresh_session, value_of

STYLEGAN, STYLEGAN2, ADA = [
    'nvlabs_stylegan.networks.G_synthesis',
    'nvlabs_stylegan2.networks.G_synthesis_stylegan2',
    'nvlabs_stylegan2.ada.G_synthesis',
]


def synthesis_and_oracle(func_name, oracle_synthesis, resolution, **kwargs):
    """Images of a network's template (stored noise) and of the NumPy version, and the network's output shape."""
    with fresh_session():
        net = build(func_name, name='S', resolution=resolution, randomize_noise=False, **kwargs)
        dlatents = np.random.RandomState(resolution).randn(2, *net.input_shape[1:])
        images = tflib.run(net.output_templates[0], {net.input_templates[0]: dlatents})
        v = {name: value_of(name, var.shape.as_list()).astype(np.float64) for name, var in net.vars.items()}
        return images, oracle_synthesis(v, dlatents, resolution), net.output_shape


@pytest.mark.parametrize('resolution, channels, fmap_base', [(4, 3, 64), (8, 1, 64), (64, 3, 64)])
def test_stylegan(resolution, channels, fmap_base):
    images, expected, shape = synthesis_and_oracle(
        STYLEGAN, oracle.synthesize1, resolution, num_channels=channels, fmap_base=fmap_base
    )
    assert shape == [None, channels, resolution, resolution]
    np.testing.assert_allclose(images, expected, **TOLERANCE)


@pytest.mark.parametrize(
    'architecture, resolution, channels',
    [('skip', 4, 1), ('orig', 4, 3), ('resnet', 8, 1), ('orig', 8, 3), ('skip', 16, 1)],
)
def test_stylegan2(architecture, resolution, channels):
    def expected(v, dlatents, resolution):
        return oracle.synthesize2(v, dlatents, resolution, architecture)

    images, expected, shape = synthesis_and_oracle(
        STYLEGAN2, expected, resolution, num_channels=channels, architecture=architecture
    )
    assert shape == [None, channels, resolution, resolution]
    np.testing.assert_allclose(images, expected, **TOLERANCE)


# ------------------------------------------------------------------ the layout of GPUs


def test_stylegan_in_nchw(monkeypatch):
    nchw_on_cpu.install(monkeypatch)
    images, expected, shape = synthesis_and_oracle(STYLEGAN, oracle.synthesize1, 8)
    assert shape == [None, 3, 8, 8]
    np.testing.assert_allclose(images, expected, **TOLERANCE)


def test_fused_stylegan_in_nchw(monkeypatch):
    nchw_on_cpu.install(monkeypatch)
    images, expected, _ = synthesis_and_oracle(
        STYLEGAN, lambda *args: oracle.synthesize1(*args, fused_from=8), 8, fused_scale=True
    )
    np.testing.assert_allclose(images, expected, **TOLERANCE)


@pytest.mark.parametrize('architecture', ['skip', 'resnet'])
def test_stylegan2_in_nchw(monkeypatch, architecture):
    nchw_on_cpu.install(monkeypatch)
    images, expected, shape = synthesis_and_oracle(
        STYLEGAN2, lambda *args: oracle.synthesize2(*args, architecture), 8, architecture=architecture
    )
    assert shape == [None, 3, 8, 8]
    np.testing.assert_allclose(images, expected, **TOLERANCE)


@pytest.mark.parametrize(
    'func_name, expected',
    [
        ('nvlabs_stylegan.networks.D_basic', [0.463171, 0.563929, 0.617762, 0.474937]),
        ('nvlabs_stylegan2.networks.D_stylegan2', [-1.041412, -1.039078, -0.988324, -0.810326]),
        ('nvlabs_stylegan2.networks.D_stylegan', [-0.517967, -0.374465, -0.378118, -0.436237]),
    ],
)
def test_discriminators_in_nchw(monkeypatch, func_name, expected):
    """The official scores, see test_conformance_stylegan and test_conformance_stylegan2."""
    nchw_on_cpu.install(monkeypatch)
    np.testing.assert_allclose(scores_of_template(func_name, {}), expected, **TOLERANCE)


# ------------------------------------------------------------------ half precision


def float16_ops():
    return [op for op in tf.get_default_graph().get_operations() if op.outputs and op.outputs[0].dtype == tf.float16]


def test_the_last_blocks_run_in_half_precision_on_a_gpu(monkeypatch):
    """num_fp16_res = 1: the block of 8 x 8 alone; same function up to the rounding of its 11-bit significands."""
    nchw_on_cpu.install(monkeypatch)
    with fresh_session():
        net = build(ADA, name='S', resolution=8, randomize_noise=False, num_fp16_res=1)
        halves = {op.name.split('/')[1] for op in float16_ops()}
        dlatents = np.random.RandomState(3).randn(2, *net.input_shape[1:])
        images = tflib.run(net.output_templates[0], {net.input_templates[0]: dlatents})
        v = {name: value_of(name, var.shape.as_list()).astype(np.float64) for name, var in net.vars.items()}
    assert halves == {'8x8'}
    expected = oracle.synthesize2(v, dlatents, 8)
    delta = abs(images - expected).max()
    assert 1e-5 < delta < 1e-2 * abs(expected).max()


def test_a_cpu_keeps_single_precision():
    with fresh_session():
        build(ADA, name='S', resolution=8, num_fp16_res=4)
        assert float16_ops() == []


@pytest.mark.parametrize('func_name', ['nvlabs_stylegan.networks.G_style', 'nvlabs_stylegan2.networks.G_main'])
def test_dtype_concerns_activations_and_not_variables(func_name):
    with fresh_session():
        net = build(func_name, resolution=8, mapping_layers=1, dtype='float16', **PLAIN)
        assert {v.dtype.base_dtype for v in net.vars.values()} == {tf.float32}
        assert net.output_templates[0].dtype == tf.float16
        single, half = net.run(LATENTS, None, dtype='float32', structure='fixed'), run_template(net)
    assert half.dtype == np.float16
    assert 1e-5 < abs(half - single).max() < 0.02 * abs(single).max()


# ------------------------------------------------------------------ size limits and options


@pytest.mark.parametrize('resolution', [2, 12, 0])
def test_sizes_that_no_network_has(resolution):
    with fresh_session(), pytest.raises(
        ValueError, match='resolution must be a power of two and at least 4, found %d' % resolution
    ):
        tflib.Network('S', func_name=STYLEGAN, resolution=resolution).output_shape


@pytest.mark.parametrize(
    'func_name, option, message',
    [
        (STYLEGAN, dict(structure='random'), "structure 'random' is unknown"),
        (STYLEGAN2, dict(architecture='plain'), "architecture 'plain' is unknown; choose orig, skip or resnet"),
        (
            'nvlabs_stylegan2.networks.D_stylegan2',
            dict(architecture='plain'),
            "architecture 'plain' is unknown; choose orig, skip or resnet",
        ),
        ('nvlabs_stylegan2.networks.D_stylegan', dict(structure='random'), "structure 'random' is unknown"),
        ('nvlabs_stylegan2.ada.D_main', dict(use_pagan=True), 'use_pagan'),
    ],
)
def test_unknown_options_are_refused(func_name, option, message):
    with fresh_session(), pytest.raises(ValueError, match=message):
        tflib.Network('N', func_name=func_name, resolution=8, fmap_base=16, **option).output_shape


# ------------------------------------------------------------------ fresh noise and training


class TestWrapper:
    @pytest.fixture(
        scope='class',
        params=['nvlabs_stylegan.networks.G_style', 'nvlabs_stylegan2.networks.G_main', 'nvlabs_stylegan2.ada.G_main'],
    )
    def net(self, request):
        with fresh_session():
            yield build(request.param, resolution=4, mapping_layers=1)

    def test_noise_is_fresh_unless_stored_noise_is_asked_for(self, net):
        first, second = [net.run(LATENTS, None, structure='fixed') for _ in range(2)]
        assert abs(first - second).max() > 1e-3
        stored = [net.run(LATENTS, None, structure='fixed', randomize_noise=False) for _ in range(2)]
        np.testing.assert_array_equal(*stored)
        assert abs(first - stored[0]).max() > 1e-3

    def test_validation_means_no_truncation_by_default(self, net):
        untruncated = net.run(LATENTS, None, truncation_psi=1, randomize_noise=False)
        np.testing.assert_array_equal(net.run(LATENTS, None, is_validation=True, randomize_noise=False), untruncated)
        explicit = net.run(
            LATENTS, None, is_validation=True, truncation_psi_val=0.5, truncation_cutoff_val=1, randomize_noise=False
        )
        np.testing.assert_array_equal(
            explicit, net.run(LATENTS, None, truncation_psi=0.5, truncation_cutoff=1, randomize_noise=False)
        )
        assert abs(explicit - untruncated).max() > 1e-3

    def test_training_moves_the_average_and_does_not_truncate(self, net):
        z, before = np.random.RandomState(9).randn(7, 12), net.get_var('dlatent_avg')
        untruncated = net.run(z, None, truncation_psi=1, randomize_noise=False)
        images = net.run(
            z, None, is_training=True, style_mixing_prob=None, dlatent_avg_beta=0.75, randomize_noise=False
        )
        np.testing.assert_allclose(images, untruncated, **TOLERANCE)
        mean = net.components.mapping.run(z, None)[:, 0].mean(axis=0)
        np.testing.assert_allclose(net.get_var('dlatent_avg'), 0.75 * before + 0.25 * mean, rtol=1e-5, atol=1e-6)
        net.set_var('dlatent_avg', before)

    def test_training_mixes_styles(self, net):
        tf.set_random_seed(11)
        z = np.random.RandomState(9).randn(7, 12)
        untruncated = net.run(z, None, truncation_psi=1, randomize_noise=False)
        options = dict(is_training=True, dlatent_avg_beta=None, randomize_noise=False)
        before = net.get_var('dlatent_avg')
        mixed = [net.run(z, None, style_mixing_prob=1.0, **options) for _ in range(8)]
        assert all(abs(images - untruncated).max() > 1e-3 for images in mixed)
        np.testing.assert_array_equal(net.get_var('dlatent_avg'), before)

    def test_training_and_validation_exclude_each_other(self, net):
        with pytest.raises(ValueError, match='is_training and is_validation exclude each other'):
            net.run(LATENTS, None, is_training=True, is_validation=True)


@pytest.mark.parametrize('func_name', ['nvlabs_stylegan2.networks.G_main', 'nvlabs_stylegan2.ada.G_main'])
def test_return_dlatents(func_name):
    with fresh_session():
        net = build(func_name, resolution=4, mapping_layers=1)
        images, dlatents = net.get_output_for(
            tf.constant(LATENTS, tf.float32), None, truncation_psi=0.5, randomize_noise=False, return_dlatents=True
        )
        w, average = net.components.mapping.run(LATENTS, None), net.get_var('dlatent_avg')
        dlatents, images = tflib.run([dlatents, images])
        np.testing.assert_allclose(dlatents, average + 0.5 * (w - average), **TOLERANCE)
        np.testing.assert_allclose(images, net.components.synthesis.run(dlatents, randomize_noise=False), **TOLERANCE)
        with pytest.raises(ValueError, match='made 2 outputs where its template has 1'):
            net.run(LATENTS, None, return_dlatents=True)
