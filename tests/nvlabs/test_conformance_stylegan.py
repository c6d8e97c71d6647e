"""First generation: values that the official graphs gave for small networks with reproducible variables."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import dnnlib.tflib as tflib
from tests.conformance import (
    IMAGES,
    LATENTS,
    PLAIN,
    TOLERANCE,
    Graph,
    assert_dlatents,
    assert_images,
    mapped_and_synthesized,
    run_template,
    scores_of_template,
)
from tests.small_networks import build, fresh_session


class TestGenerator:
    @pytest.fixture(scope='class')
    def generator(self):
        with fresh_session():
            yield build('nvlabs_stylegan.networks.G_style', **PLAIN)

    @pytest.fixture(scope='class')
    def graphs(self, generator):
        """Besides the template, whose structure is 'linear'."""
        return {structure: Graph(generator, structure=structure) for structure in ('recursive', 'fixed')}

    def test_mapping(self, generator):
        assert_dlatents(
            generator.components.mapping.run(LATENTS, None), [0.902848, 1.429148, 1.851928, 2.579923, -0.172929]
        )

    @pytest.mark.parametrize(
        'psi, cutoff, expected',
        [
            (1, 8, [-1.144185, 2.229770, 0.648748, -1.749575, 2.199846]),
            (0.7, 8, [-0.753050, 1.654623, 0.039524, -1.912966, 0.970249]),
            (0.7, 3, [-1.144185, 2.222625, 0.347832, -1.833729, 1.544353]),
        ],
    )
    def test_truncation(self, graphs, psi, cutoff, expected):
        assert_images(graphs['fixed'].run(psi, cutoff), expected)

    @pytest.mark.parametrize(
        'lod, expected',
        [
            (0, [-1.144185, 2.229770, 0.648748, -1.749575, 2.199846]),
            (0.3, [-0.953858, 1.720014, 0.632595, -1.539159, 0.639205]),
            (1.6, [0.239937, 2.109194, 3.882880, -0.946431, -3.326242]),
        ],
    )
    @pytest.mark.parametrize('structure', ['linear', 'recursive'])
    def test_growing(self, generator, graphs, structure, lod, expected):
        generator.set_var('lod', lod)
        assert_images(run_template(generator) if structure == 'linear' else graphs[structure].run(), expected)

    @pytest.mark.parametrize('lod', [0, 0.25, 1, 1.5, 2, 2.5])
    def test_structures_agree(self, generator, graphs, lod):
        generator.set_var('lod', lod)
        linear = run_template(generator)
        np.testing.assert_allclose(graphs['recursive'].run(), linear, rtol=1e-5, atol=1e-5)
        blocks = linear.reshape(2, 3, 16 // 2 ** int(lod), 2 ** int(lod), 16 // 2 ** int(lod), 2 ** int(lod))
        if lod in (1, 2):  # A smaller image, enlarged by nearest neighbour.
            np.testing.assert_allclose(
                blocks, np.broadcast_to(blocks[:, :, :, :1, :, :1], blocks.shape), rtol=1e-5, atol=1e-5
            )
        if lod == 0:
            np.testing.assert_allclose(graphs['fixed'].run(), linear, rtol=1e-5, atol=1e-5)
        else:
            assert abs(graphs['fixed'].run() - linear).max() > 0.1

    @pytest.mark.parametrize(
        'option, expected',
        [
            (dict(fused_scale=True), [-1.144185, 2.204414, 1.684205, -3.423071, 1.462749]),
            (dict(blur_filter=None), [-1.144185, 2.272841, -0.377649, -2.428722, 1.193224]),
            (dict(use_pixel_norm=True, use_instance_norm=False), [-1.070920, 1.757267, -6.671574, -1.296620, 1.033100]),
        ],
        ids=str,
    )
    def test_options_that_need_no_other_variables(self, generator, option, expected):
        assert_images(Graph(generator, structure='fixed', **option).run(), expected)


def test_first_layer_without_constant():
    with fresh_session():
        images = run_template(build('nvlabs_stylegan.networks.G_style', const_input_layer=False, **PLAIN))
    assert_images(images, [-1.144185, 2.287538, -0.226129, -3.197975, 0.953793])


def test_labels():
    dlatents, images = mapped_and_synthesized('nvlabs_stylegan.networks.G_style')
    assert_dlatents(dlatents, [0.684413, 1.142387, 1.696230, 2.097148, -0.234762])
    assert_images(images, [-0.799166, 1.844644, 1.033080, -1.898478, 1.143518])


# ------------------------------------------------------------------ discriminator


class TestDiscriminator:
    @pytest.fixture(scope='class')
    def discriminator(self):
        with fresh_session():
            yield build('nvlabs_stylegan.networks.D_basic')

    @pytest.fixture(scope='class')
    def graphs(self, discriminator):
        images = tf.constant(IMAGES, tf.float32)
        return {s: discriminator.get_output_for(images, None, structure=s) for s in ('linear', 'recursive', 'fixed')}

    @pytest.mark.parametrize(
        'lod, expected',
        [
            (0, [0.463171, 0.563929, 0.617762, 0.474937]),
            (0.4, [0.526580, 0.551728, 0.529826, 0.463703]),
            (1.5, [1.136281, 0.960713, 1.158049, 0.719077]),
        ],
    )
    @pytest.mark.parametrize('structure', ['linear', 'recursive'])
    def test_scores(self, discriminator, graphs, structure, lod, expected):
        discriminator.set_var('lod', lod)
        np.testing.assert_allclose(tflib.run(graphs[structure])[:, 0], expected, **TOLERANCE)

    @pytest.mark.parametrize('lod', [0, 0.25, 1, 1.75, 2, 2.5])
    def test_discriminator_structures_agree(self, discriminator, graphs, lod):
        discriminator.set_var('lod', lod)
        scores = tflib.run(graphs)
        np.testing.assert_allclose(scores['recursive'], scores['linear'], rtol=1e-5, atol=1e-6)
        if lod == 0:
            np.testing.assert_allclose(scores['fixed'], scores['linear'], rtol=1e-5, atol=1e-6)
        else:
            assert abs(scores['fixed'] - scores['linear']).max() > 1e-3


@pytest.mark.parametrize(
    'option, expected',
    [
        (dict(label_size=4), [-0.330384, -0.039964, 0.130297, -0.153093]),
        (dict(mbstd_group_size=2, mbstd_num_features=2), [0.337267, 0.411110, 0.372472, 0.404220]),
    ],
    ids=str,
)
def test_scores(option, expected):
    np.testing.assert_allclose(scores_of_template('nvlabs_stylegan.networks.D_basic', option), expected, **TOLERANCE)
