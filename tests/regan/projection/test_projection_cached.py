"""regan.projection.cached: latents of pictures, which are looked for once."""

import numpy as np
import pytest

from regan.base.errors import UserError
from regan.projection import cached, methods
from regan.projection.search import Search, statistics

ASKED = cached.Asked('adam', 2)


@pytest.fixture
def pictures(tiny_objective, monkeypatch, tmp_path):
    """Two pictures of the tiny network's size; its graph of the distance is there already."""
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path))
    monkeypatch.setattr(cached, 'Objective', lambda synthesis, distance: tiny_objective)
    return np.random.RandomState(5).randint(0, 256, [2, 16, 16, 3]).astype(np.uint8)


def test_as_the_search_finds_them(tiny_generator, tiny_objective, pictures, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(type(tiny_objective), '__enter__', lambda self: self)
        patch.setattr(type(tiny_objective), '__exit__', lambda *_: None)  # Others want it, too.
        found = cached.codes(tiny_generator, pictures, ASKED, quiet=True)
    spread = statistics(tiny_generator.map, tiny_generator.latent_size)
    search = Search(tiny_objective, methods.METHODS['adam'], 2, spread)
    targets = tiny_objective.features(pictures.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(127.5) - 1)
    *_, (last, _) = search.states(search.begin(2), targets)
    np.testing.assert_array_equal(found, search.dlatents(last))
    assert found.shape == (2, 6, 11)
    monkeypatch.setattr(cached, '_found', lambda *_: pytest.fail('it was there'))
    np.testing.assert_array_equal(cached.codes(tiny_generator, pictures, ASKED), found)


def test_the_key_names_what_counts(tiny_generator, pictures, monkeypatch, tmp_path):
    monkeypatch.setattr(cached, '_found', lambda *_: np.zeros([2, 6, 11]))
    for asked, images in [
        (ASKED, pictures),
        (cached.Asked('adam', 3), pictures),
        (cached.Asked('puzer', 2), pictures),
        (cached.Asked('adam', 2, 1), pictures),
        (ASKED, pictures[::-1]),
    ]:
        cached.codes(tiny_generator, images, asked)
    assert len(list(tmp_path.iterdir())) == 5


def test_pictures_of_another_size(tiny_generator, pictures, monkeypatch):
    monkeypatch.setattr(tiny_generator, 'resolution', 24)
    with pytest.raises(UserError, match='the discriminator of .* sees images of 3 channels and 16 pixels'):
        cached.codes(tiny_generator, pictures, ASKED)
