"""Edits of activations on a generator whose image is the sum of its layer and of its latents."""

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.components.activations import ActivationBasis
from regan.components.basis import Basis
from regan.drawing import activation_edits, edit_images, modes
from regan.editing import edits
from regan.networks.latent_traits import MappedTraits
from regan.sampling import latents

SHAPE = (2, 2, 3)
SETTINGS = modes.Settings(psi=0.5)


class Network(MappedTraits):
    """w = 2 z of width 4 for 3 layers; a = A w of layer 1; an image is the layer's output, flat, as floats."""

    path, latent_size, dlatent_size, num_layers = 'toy.pkl', 4, 4, 3
    dlatent_avg = np.full(4, 0.25, np.float32)
    layer_shapes = {'8x8/Conv1': SHAPE}
    matrix = np.random.RandomState(0).randn(4, 12)

    def map(self, z):
        return 2 * z

    def set_noise(self, noise):
        self.noise = noise

    def layer_name(self, name):
        return {'convs.1': '8x8/Conv1', 'style': 'mapping'}.get(name, name)

    def activations(self, dlatents, layer):
        return dlatents[:, 1].dot(self.matrix).reshape((-1,) + SHAPE)

    def synthesize_changed(self, dlatents, layer, change, progress=None, conversion='round'):
        assert (layer, conversion) == ('8x8/Conv1', 'round')
        return (self.activations(dlatents, layer) + change).reshape(-1, 1, 12, 1)

    def synthesize(self, dlatents, progress=None, conversion='round'):
        return dlatents.reshape(-1, 1, 12, 1)


def make_basis(layer='convs.1', shape=SHAPE, space='w'):
    random = np.random.RandomState(1)
    rows = np.linalg.qr(random.randn(int(np.prod(shape)), 3))[0].T.astype(np.float32)
    stdev = np.array([3, 2, 1], np.float32)
    latent = Basis(random.randn(4).astype(np.float32), np.eye(4, dtype=np.float32)[:3], stdev / 3, stdev, stdev, stdev)
    mean = random.randn(*shape).astype(np.float32)
    return ActivationBasis(latent, mean, rows.reshape((3,) + shape), layer)


def draw(texts, edit_mode, frames=3, basis=None):
    network, moves = Network(), [edits.parse(text) for text in texts]
    basis = activation_edits.check(network, basis or make_basis(), moves, edit_mode)
    dlatents, taken = activation_edits.frames_of(network, basis.latent, [5, 6], moves, edit_mode, frames)
    return basis, activation_edits.draw(network, basis, dlatents, taken, edit_mode, SETTINGS)[..., 0, :, 0]


def layer_of(dlatents):
    """The layer's output for truncated latents, [..., 12]."""
    return (0.25 + 0.5 * (dlatents[..., 1, :] - 0.25)).dot(Network.matrix)


def test_strips_of_activations():
    """Offset, raw offset and centred, from -strength to +strength, for each seed; truncation comes before."""
    basis, rows = draw(['E(v1, all) * 2', 'E(v0, 0-2) * 0.5 raw', 'centred E(v2, all) * 4'], 'activation')
    v = basis.components.reshape(3, 12)
    for seed, three in zip((5, 6), rows.reshape(2, 3, 3, 12)):
        plain = layer_of(np.tile(2 * latents.from_seed(seed, 4), (3, 1)))
        on_mean = plain - (plain - basis.mean.ravel()).dot(v[2]) * v[2]
        for t, offset, raw, centred in zip((-1, 0, 1), *three):
            np.testing.assert_allclose(offset, plain + t * 2 * 2 * v[1], atol=1e-5)
            np.testing.assert_allclose(raw, plain + t * 0.5 * v[0], atol=1e-5)
            np.testing.assert_allclose(centred, on_mean + t * 4 * 1 * v[2], atol=1e-5)


def test_sequences_of_activations():
    basis, rows = draw(['E(v1, all) * 2', 'centred E(v1, all)'], 'activation', frames=None)
    v = basis.components.reshape(3, 12)
    plain = layer_of(np.tile(2 * latents.from_seed(5, 4), (3, 1)))
    np.testing.assert_allclose(rows[0, :2], [plain, plain + 4 * v[1]], atol=1e-5)
    assert (rows[0, 2] - basis.mean.ravel()).dot(v[1]) == pytest.approx(2, abs=1e-5)


def test_both_moves_latents_and_centres_these_alone():
    basis, rows = draw(['centred E(v1, 1-2) * 2'], 'both')
    moved = edit_images.strips(Network(), basis.latent, [5, 6], [edits.parse('centred E(v1, 1-2) * 2')], 3)
    offsets = np.multiply.outer([-1, 0, 1], 2 * 2 * basis.components[1].ravel())
    np.testing.assert_allclose(rows, layer_of(moved) + offsets, atol=1e-5)


def test_activations_of_the_mapping_network_are_w_in_all_layers():
    """Before truncation, as in GANSpace: the step is psi times as long."""
    basis, rows = draw(['E(v1, all) * 2'], 'activation', basis=make_basis('style', (4,)))
    w = np.tile(2 * latents.from_seed(5, 4), 3)
    step = np.tile(2 * 2 * basis.components[1], 3)
    np.testing.assert_allclose(rows[0], [0.25 + 0.5 * (w + t * step - 0.25) for t in (-1, 0, 1)], atol=1e-5)


@pytest.mark.parametrize(
    'texts, edit_mode, changes, message',
    [
        (['E(v1, 0-1)'], 'activation', {}, r'chooses layers of latents, .* of 8x8/Conv1 alone; write E\(v1, all\)'),
        (['target E(v1, all) = 2'], 'both', {}, 'leads to one place in latent space'),
        (['E(v3, all)'], 'activation', {}, 'needs more components than there are: the basis has v0-v2'),
        (['E(v1, all)'], 'both', {'layer': ''}, 'does not say of which layer they are'),
        (['E(v1, all)'], 'both', {'shape': (2, 3, 2)}, r'have shape \[2, 3, 2\] but layer 8x8/Conv1 has \[2, 2, 3\]'),
    ],
)
def test_refused(texts, edit_mode, changes, message):
    with pytest.raises(UserError, match=message):
        draw(texts, edit_mode, basis=make_basis(**changes))


def test_files(tmp_path):
    """Ours have the layer in the record, GANSpace's in the name."""
    basis = make_basis()
    basis.save(tmp_path / 'stylegan2-ffhq_convs.1_ipca_c3_n2000.npz')
    read = ActivationBasis.load(tmp_path / 'stylegan2-ffhq_convs.1_ipca_c3_n2000.npz')
    assert read.layer == 'convs.1'
    np.testing.assert_array_equal(read.components, basis.components)
    np.testing.assert_array_equal(read.mean, basis.mean)
    arrays = dict(np.load(str(tmp_path / 'stylegan2-ffhq_convs.1_ipca_c3_n2000.npz')), act_mean=np.zeros((1, 7)))
    np.savez(str(tmp_path / 'bad.npz'), **arrays)
    with pytest.raises(UserError, match='bad.npz has no components of a layer'):
        ActivationBasis.load(tmp_path / 'bad.npz')
