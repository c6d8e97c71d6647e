"""Which stop a small picture is taken from, and what a zone is; without a network."""

import types

import numpy as np
import pytest

from regan.drawing.modes import Settings
from regan.explore.studio import Studio, shrunk
from regan.views.drawing import Tile


class Pieces:
    """Stops of a 256 px network, at which pictures are as large as they are."""

    stops = [types.SimpleNamespace(layer=2 * log2 - 3, px=2**log2) for log2 in (5, 6, 7)]
    seconds = [0.1, 0.2, 0.3, 0.4]

    def has_picture(self, index):
        return True

    def preview(self, tile, index):
        yield
        return np.full((self.stops[index].px,) * 2 + (3,), self.stops[index].px // 2, np.uint8)

    def image(self, tile):
        yield
        return np.full((256, 256, 3), 255, np.uint8)


@pytest.fixture
def studio():
    return Studio(
        types.SimpleNamespace(
            resolution=256, layer_resolutions=[4, 8, 8, 16, 16, 32, 32, 64, 64, 128, 128, 256, 256, 256]
        ),
        Pieces(),
        'toy',
    )


@pytest.mark.parametrize(
    'size, layer, largest, px',
    [(64, 2, 128, 64), (64, 9, 128, 64), (64, 13, 128, 128), (64, 13, None, 256), (64, 11, None, 128), (16, 2, 32, 32)],
)
def test_a_small_picture_is_of_the_lowest_stop_that_shows_it(studio, size, layer, largest, px):
    tile = Tile(np.zeros((14, 3), np.float32), Settings())
    for _ in range(2):  # The second time it is kept.
        drawing = studio.small(tile, size, layer, largest)
        with pytest.raises(StopIteration) as end:
            while True:
                next(drawing)
        image = end.value.value
        assert image.shape == (size, size, 3) and image[0, 0, 0] == min(255, px // 2 if px < 256 else 255)
    assert len(studio.tiles) == 1


def test_zones_and_rungs(studio):
    assert [studio.zone(name) for name in ('all', 'coarse', 'middle', 'fine')] == [
        ((0, 14),),
        ((0, 3),),
        ((3, 7),),
        ((7, 14),),
    ]
    assert studio.rungs() == [dict(px=px, ms=ms) for px, ms in [(32, 100.0), (64, 300.0), (128, 600.0), (256, 1000.0)]]
    assert not studio.factor_names and studio.named == []


def test_shrunk():
    image = np.arange(16, dtype=np.uint8).reshape(4, 4, 1)
    assert shrunk(image, 2)[..., 0].tolist() == [[3, 5], [11, 13]] and shrunk(image, 8) is image
