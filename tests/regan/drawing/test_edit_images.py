"""Seeds and edits to latents and images: against the formulas on a network whose images show its latents."""

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.components import cached, pca
from regan.components.basis import Basis
from regan.drawing import edit_images, modes
from regan.editing import boundary, edits
from regan.networks.by_name import open_generator
from regan.networks.latent_traits import MappedTraits
from regan.sampling import latents


class Network(MappedTraits):
    """w = 2 z; the pixels of an image are the first three numbers of layer 0."""

    latent_size, dlatent_size, num_layers = 7, 7, 5
    dlatent_avg = np.full(7, 0.25, np.float32)

    def __init__(self):
        self.rows, self.calls = [], []

    def map(self, z):
        self.rows.append(len(z))
        return 2 * z

    def set_noise(self, noise):
        self.calls.append(noise)

    def synthesize(self, dlatents, progress=None, conversion='round'):
        self.calls.append((conversion, dlatents))
        if progress:
            progress(len(dlatents))
        levels = np.clip(128 + 20 * dlatents[:, 0, :3], 0, 255).astype(np.uint8)
        return np.tile(levels[:, np.newaxis, np.newaxis], (1, 4, 4, 1))


@pytest.fixture
def network():
    return Network()


@pytest.fixture(scope='module')
def basis():
    spread = np.array([3, 2, 1], np.float32)
    return Basis(np.zeros(7, np.float32), np.eye(7, dtype=np.float32)[:3], spread, spread, spread, spread)


MOVES = [edits.parse('E(v0, 1-2) * 2'), edits.parse('centred E(v2, all)')]


def start(seed):
    return np.tile(2 * latents.from_seeds([seed], 7)[:, np.newaxis], (1, 5, 1))  # [1, L, D]


def test_strips_have_a_row_for_each_seed_and_edit(network, basis):
    rows = edit_images.strips(network, basis, [4, 9], MOVES, frames=3)
    assert rows.shape == (4, 3, 5, 7) and rows.dtype == np.float32
    for row, (seed, move) in zip(rows, [(4, MOVES[0]), (4, MOVES[1]), (9, MOVES[0]), (9, MOVES[1])]):
        assert np.array_equal(row, edits.strip(start(seed), basis, move, 3))
    assert np.array_equal(rows[0, 1], start(4)[0])  # The middle of an offset is the latent itself.
    assert network.rows == [1, 1]  # Each mapped alone, so that its last bits do not depend on its company.


def test_sequences_apply_one_edit_after_the_other(network, basis):
    moves = [MOVES[0], edits.parse('target E(v1, 0) = 3')]
    rows = edit_images.sequences(network, basis, [9], moves)
    assert rows.shape == (1, 3, 5, 7)
    assert np.array_equal(rows[0, 0], start(9)[0])
    assert np.array_equal(rows[0, 2:], edits.apply(edits.apply(start(9), basis, moves[0]), basis, moves[1]))


def test_a_target_gives_no_strip(network, basis):
    with pytest.raises(UserError, match='leads to one place'):
        edit_images.strips(network, basis, [1], [edits.parse('target E(v1, 0) = 3')])


@pytest.mark.parametrize('space', ['w', 'z'])
def test_rows_along_a_boundary(network, space):
    normal, distances = np.eye(7)[2], [-2.0, 0.5]
    rows = edit_images.boundary_rows(network, normal, [4, 9, 11], distances, space)
    assert rows.shape == (3, 2, 5, 7) and np.array_equal(rows, np.repeat(rows[:, :, :1], 5, axis=2))  # In all layers.
    z = latents.from_seeds([4, 9, 11], 7)
    codes = rows[:, :, 0] if space == 'w' else rows[:, :, 0] / 2
    assert np.allclose(codes[:, :, 2], [distances] * 3)
    rest = (2 * z if space == 'w' else boundary.to_sphere(z))[:, np.newaxis, [0, 1, 3, 4, 5, 6]]
    assert np.allclose(codes[:, :, [0, 1, 3, 4, 5, 6]], np.repeat(rest, 2, axis=1))


def test_draw_truncates_last(network, basis):
    rows = edit_images.strips(network, basis, [4, 9], MOVES, frames=3)
    done = []
    tiles = edit_images.draw(network, rows, modes.Settings(None, 'none', 'truncate', 0.5, 2), done.append)
    assert tiles.shape == (4, 3, 4, 4, 3) and tiles.dtype == np.uint8 and sum(done) == 12
    noise, (conversion, drawn) = network.calls
    assert (noise, conversion) == ('none', 'truncate')
    assert np.array_equal(drawn, latents.truncate(rows.reshape(12, 5, 7), Network.dlatent_avg, 0.5, 2))
    assert np.array_equal(drawn, edit_images.truncated(network, rows, modes.Settings(psi=0.5, cutoff=2)))
    assert np.array_equal(tiles[2, 1], network.synthesize(drawn[7:8])[0])


def test_the_usual_settings(network):
    edit_images.draw(network, start(4))
    assert network.calls[0] == 'stored' and network.calls[1][0] == 'round'
    assert np.array_equal(network.calls[1][1], latents.truncate(start(4), Network.dlatent_avg, 0.7))


def test_the_whole_way_from_python(tiny_pickle, tmp_path, monkeypatch):
    """As the README says; and the same as by hand."""
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path))
    move = edits.parse('E(v1, 2-4) * 2')
    with open_generator(tiny_pickle) as generator:
        basis = cached.basis(generator, pca.PCASpec(n=2000, components=3))
        dlatents = edit_images.strips(generator, basis, seeds=[17], moves=[move], frames=3)
        tiles = edit_images.draw(generator, dlatents, modes.Settings(psi=0.7))
        w = latents.broadcast(generator.map(latents.from_seeds([17], generator.latent_size)), generator.num_layers)
        steps = latents.truncate(edits.strip(w, basis, move, 3), generator.dlatent_avg, 0.7)
        assert np.array_equal(tiles[0], generator.synthesize(steps))
