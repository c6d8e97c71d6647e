"""Components of layers that are affine in z: in the plane of their activations, and without a sample."""

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.components import activations, interfaces, pca
from regan.components.activations import ActivationBasis
from regan.sampling import priors

Z, SHAPE = 6, (3, 2, 5)


class Linear:
    """One layer, a = z kernel + offset, whose variances fall by a factor of 4; the truncation is 0.7."""

    sha256, backend = 'ab' * 32, {'numpy': '1'}
    latent_size = dlatent_size = Z
    num_layers, layer_shapes = 3, {'gen_z': SHAPE, 'block_00': SHAPE}

    def __init__(self, known=True):
        random = np.random.RandomState(0)
        rows, columns = [np.linalg.qr(random.randn(n, Z))[0] for n in (Z, 30)]
        self.layer = interfaces.Affine((rows * 2.0 ** -np.arange(Z)).dot(columns.T), random.randn(30))
        self.known = known

    def prior(self):
        return priors.TruncatedNormal(0.7)

    def map(self, z):
        return z

    def affine(self, layer):
        return self.layer if self.known and layer == 'gen_z' else None

    def activations(self, dlatents, layer):
        found = dlatents[:, 0].dot(self.layer.kernel) + self.layer.offset
        return found.reshape((-1,) + SHAPE).astype(np.float32)


def compute(folder, generator, estimator='ipca', count=4, n=6000, layer='gen_z'):
    spec = pca.PCASpec(n, count, 20, estimator)
    return activations.compute_into(folder / 'a.npz', generator, layer, spec, 'z')


def assert_close(found, expected, atol):
    np.testing.assert_allclose(found.components, expected.components, atol=atol)
    np.testing.assert_allclose(found.mean, expected.mean, atol=atol)
    for field in ('components', 'mean', 'stdev', 'act_stdev', 'variance_ratio', 'random_stdevs'):
        found_one, expected_one = getattr(found.latent, field), getattr(expected.latent, field)
        np.testing.assert_allclose(found_one, expected_one, atol=atol, err_msg=field)


@pytest.mark.parametrize('estimator', ['ipca', 'pca', 'randomized'])
def test_in_the_plane_as_among_all_numbers(tmp_path, estimator):
    inside, outside = [compute(tmp_path, Linear(known), estimator) for known in (True, False)]
    assert_close(inside, outside, atol=2e-5)
    assert inside.components.shape == (4,) + SHAPE and inside.latent.space == 'z'


def test_closed_form_is_what_a_sample_comes_near(tmp_path):
    """Singular values are a factor of 2 apart, so that a sample of 60000 tells the components apart."""
    closed, sampled = compute(tmp_path, Linear(), pca.CLOSED_FORM), compute(tmp_path, Linear(), n=60000)
    assert_close(closed, sampled, atol=0.02)
    assert (np.sum(closed.components * sampled.components, axis=(1, 2, 3)) > 0.9999).all()
    assert (np.sum(closed.latent.components * sampled.latent.components, axis=1) > 0.9999).all()
    assert closed.latent.record['estimator'] == 'closed-form' and 'n' not in closed.latent.record


def test_closed_form_to_the_digit(tmp_path):
    generator = Linear()
    found = compute(tmp_path, generator, pca.CLOSED_FORM, count=Z)
    np.testing.assert_allclose(found.latent.act_stdev, 0.8796256610 * 0.7 * 2.0 ** -np.arange(Z), rtol=1e-6)
    np.testing.assert_allclose(found.latent.components.dot(found.latent.components.T), np.eye(Z), atol=1e-6)
    steps = found.latent.components.dot(generator.layer.kernel)  # A unit step along each direction.
    np.testing.assert_allclose(steps, found.components.reshape(Z, -1) * 2.0 ** -np.arange(Z)[:, None], atol=1e-6)
    assert (np.abs(found.components.reshape(Z, -1)).max(axis=1) == found.components.reshape(Z, -1).max(axis=1)).all()
    loaded = ActivationBasis.load(tmp_path / 'a.npz')
    np.testing.assert_array_equal(loaded.components, found.components)
    np.testing.assert_allclose(loaded.mean.ravel(), generator.layer.offset, atol=1e-6)


@pytest.mark.parametrize('estimator', ['ipca', pca.CLOSED_FORM])
def test_more_components_than_z_has_numbers_are_refused(tmp_path, estimator):
    with pytest.raises(UserError, match='gen_z is affine in z and varies in 6 directions only, so 7 components'):
        compute(tmp_path, Linear(), estimator, count=Z + 1)


def test_a_kernel_of_lower_rank_is_refused(tmp_path):
    generator = Linear()
    generator.layer.kernel[:, :] = generator.layer.kernel[:1] * np.arange(1, Z + 1)[:, None]
    with pytest.raises(UserError, match='layer gen_z: .*varies in 1 directions only'):
        compute(tmp_path, generator, pca.CLOSED_FORM)


def test_what_is_not_affine_has_no_closed_form(tmp_path):
    with pytest.raises(UserError, match='layer block_00 is not affine in the latent'):
        compute(tmp_path, Linear(), pca.CLOSED_FORM, layer='block_00')
