"""Second generation and ADA: values that the official graphs gave for small networks with reproducible variables."""

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

G_MAIN, ADA_G_MAIN = 'nvlabs_stylegan2.networks.G_main', 'nvlabs_stylegan2.ada.G_main'
D_STYLEGAN2, D_STYLEGAN, D_MAIN = [
    'nvlabs_stylegan2.networks.D_stylegan2',
    'nvlabs_stylegan2.networks.D_stylegan',
    'nvlabs_stylegan2.ada.D_main',
]
SKIP_PSI_1 = [0.152471, 1.288220, -0.267684, 1.422721, -0.275539]


# ------------------------------------------------------------------ StyleGAN2 generator


class TestSkip:
    @pytest.fixture(scope='class')
    def skip(self):
        with fresh_session():
            yield build(G_MAIN, **PLAIN)

    def test_mapping(self, skip):
        assert_dlatents(skip.components.mapping.run(LATENTS, None), [0.922661, 1.483577, 1.810757, 2.492732, -0.194479])

    def test_skip_and_truncation(self, skip):
        assert_images(run_template(skip), SKIP_PSI_1)
        assert_images(Graph(skip).run(0.7, 3), [0.158961, 1.259936, -0.418452, 1.593006, -0.179057])

    def test_truncation_without_cutoff_concerns_all_layers(self, skip):
        assert_images(
            skip.run(LATENTS, None, truncation_psi=0.5, truncation_cutoff=None, randomize_noise=False),
            [-0.080115, 0.956995, -0.111847, 0.357411, -0.756300],
        )

    @pytest.mark.parametrize(
        'option, expected',
        [
            (dict(architecture='orig'), [0.056501, 0.647566, -0.279819, 1.307871, -0.024629]),
            (dict(resample_kernel=[1, 2, 1]), [0.218036, 1.456730, -0.259317, 1.324238, -0.524471]),
        ],
        ids=str,
    )
    def test_options_that_need_no_other_variables(self, skip, option, expected):
        assert_images(Graph(skip, **option).run(), expected)


def test_resnet():
    with fresh_session():
        images = run_template(build(G_MAIN, architecture='resnet', **PLAIN))
    assert_images(images, [-0.158323, 0.682901, 0.036502, 0.935585, -0.756473])


def test_labels():
    dlatents, images = mapped_and_synthesized(G_MAIN)
    assert_dlatents(dlatents, [0.699919, 1.184567, 1.582655, 1.976106, -0.261887])
    assert_images(images, [0.070832, 1.172689, -0.263150, -0.207716, -0.467518])


# ------------------------------------------------------------------ revised (growing) generator


class TestRevised:
    @pytest.fixture(scope='class')
    def revised(self):
        with fresh_session():
            yield build(G_MAIN, synthesis_func='G_synthesis_stylegan_revised', **PLAIN)

    @pytest.fixture(scope='class')
    def graphs(self, revised):
        """Besides the template, whose structure is 'linear'."""
        return {structure: Graph(revised, structure=structure) for structure in ('recursive', 'fixed')}

    @pytest.mark.parametrize(
        'lod, expected',
        [
            (0, [0.603673, 1.072518, 2.956098, -0.516489, 0.347009]),
            (0.3, [0.381607, 0.803342, 2.069937, -0.617766, 0.434187]),
            (1.6, [-0.106561, 0.914906, 0.578937, 1.429672, -0.858809]),
        ],
    )
    @pytest.mark.parametrize('structure', ['linear', 'recursive'])
    def test_growing(self, revised, graphs, structure, lod, expected):
        revised.set_var('lod', lod)
        assert_images(run_template(revised) if structure == 'linear' else graphs[structure].run(), expected)

    @pytest.mark.parametrize('lod', [0, 0.25, 1, 1.5, 2, 2.5])
    def test_structures_agree(self, revised, graphs, lod):
        revised.set_var('lod', lod)
        linear = run_template(revised)
        np.testing.assert_allclose(graphs['recursive'].run(), linear, rtol=1e-5, atol=1e-5)
        if lod == 0:
            np.testing.assert_allclose(graphs['fixed'].run(), linear, rtol=1e-5, atol=1e-5)
        else:
            assert abs(graphs['fixed'].run() - linear).max() > 0.1


# ------------------------------------------------------------------ ADA generator


class TestAda:
    @pytest.fixture(scope='class')
    def ada(self):
        with fresh_session():
            yield build(ADA_G_MAIN, **PLAIN)

    def test_skip(self, ada):
        assert_images(run_template(ada), SKIP_PSI_1)

    @pytest.mark.parametrize(
        'option, expected',
        [
            (dict(conv_clamp=1), [0.018963, 0.715754, -0.471440, 0.131256, -0.316836]),
            (dict(use_noise=False), [0.109501, 1.247728, -0.660452, 1.105933, -0.218592]),
        ],
        ids=str,
    )
    def test_options(self, ada, option, expected):
        assert_images(Graph(ada, **option).run(), expected)


def test_ada_labels():
    dlatents, images = mapped_and_synthesized(ADA_G_MAIN)
    assert_dlatents(dlatents, [0.520411, 1.038641, 0.736017, 1.345646, -0.302204])
    assert_images(images, [0.042499, 1.180409, -0.055301, 1.159897, -0.334867])


# ------------------------------------------------------------------ discriminators


@pytest.mark.parametrize(
    'func_name, option, expected',
    [
        (D_STYLEGAN2, dict(architecture='resnet'), [-1.041412, -1.039078, -0.988324, -0.810326]),
        (D_STYLEGAN2, dict(architecture='skip'), [-0.571225, -0.807276, -0.912039, -0.621400]),
        (D_STYLEGAN2, dict(architecture='orig'), [-0.507922, -0.425223, -0.432984, -0.286392]),
        (D_STYLEGAN2, dict(label_size=4), [0.261368, -1.058760, -0.751535, -0.835974]),
        (D_MAIN, dict(), [-1.041412, -1.039078, -0.988324, -0.810326]),
        (D_MAIN, dict(label_size=4), [-0.289422, -0.393988, 2.039116, 2.165069]),
        (
            D_MAIN,
            dict(label_size=4, mapping_layers=2, mbstd_group_size=2),
            [-0.028107, -0.019393, -0.041634, -0.030815],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_scores(func_name, option, expected):
    np.testing.assert_allclose(scores_of_template(func_name, option), expected, **TOLERANCE)


class TestGrowingDiscriminator:
    @pytest.fixture(scope='class')
    def net(self):
        with fresh_session():
            yield build(D_STYLEGAN)

    @pytest.fixture(scope='class')
    def graphs(self, net):
        images = tf.constant(IMAGES, tf.float32)
        return {s: net.get_output_for(images, None, structure=s) for s in ('linear', 'recursive', 'fixed')}

    @pytest.mark.parametrize(
        'lod, expected',
        [
            (0, [-0.517967, -0.374465, -0.378118, -0.436237]),
            (0.4, [-0.349248, -0.400801, -0.446163, -0.440264]),
            (1.5, [0.001324, -0.102767, -0.003642, -0.179021]),
        ],
    )
    @pytest.mark.parametrize('structure', ['linear', 'recursive'])
    def test_growing_scores(self, net, graphs, structure, lod, expected):
        net.set_var('lod', lod)
        np.testing.assert_allclose(tflib.run(graphs[structure])[:, 0], expected, **TOLERANCE)

    @pytest.mark.parametrize('lod', [0, 0.25, 1, 1.75, 2, 2.5])
    def test_discriminator_structures_agree(self, net, graphs, lod):
        net.set_var('lod', lod)
        scores = tflib.run(graphs)
        np.testing.assert_allclose(scores['recursive'], scores['linear'], rtol=1e-5, atol=1e-6)
        if lod == 0:
            np.testing.assert_allclose(scores['fixed'], scores['linear'], rtol=1e-5, atol=1e-6)
        else:
            assert abs(scores['fixed'] - scores['linear']).max() > 1e-3
