"""The published variants, end to end, on random networks that have the shape of the official ones in everything but the
number of feature maps.

Latents, mapping, layers, components, resolution and layout are those of the paper, so that the user who has the real
pickle meets no surprise; only the number of samples is cut, and of strips and seeds the number.
"""

import dataclasses
import pickle

import checkout
import numpy as np
import pytest

import regan.networks.generator  # TensorFlow's start-up is not part of the first test
from regan.base import json_records
from regan.editing import boundary
from regan.figures import figure, figure_spec
from regan.networks import models
from regan.pictures import images
from tests import small_networks
from tests.figure_scripts import script
from tests.tiny_network import FUNCTIONS

FEW_MAPS = dict(num_channels=3, latent_size=512, dlatent_size=512, mapping_fmaps=512, mapping_layers=8, fmap_max=4)
FAST = [('figure3', 'official')]  # The one with a network of 256 pixels.
EVERY = [
    (path.stem, variant)
    for path in sorted(checkout.SPECS.glob('figure*.json'))
    if not path.stem.startswith('figure_biggan')  # They are drawn by tests/regan/biggan.
    for variant in json_records.load(path)
    if variant != 'embedded' and path.stem != 'figure_own'  # It needs pictures, and a discriminator.
]


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('official')


def make_network(folder, model):
    """A random network under the file name, and of the shape, of a registered one."""
    path = folder / model.file.replace('.xz', '')
    if not path.exists():
        with small_networks.fresh_session():
            sizes = dict(FEW_MAPS, resolution=model.resolution, fmap_base=4 * model.resolution)
            network = small_networks.build(FUNCTIONS[model.generation][0], 'Gs', **sizes)
            with open(str(path), 'wb') as file:
                pickle.dump((network, network, network), file, protocol=4)
    return str(path)


def shortened(panel, folder):
    """The panel on its random network, with few samples, seeds and frames."""
    network, other = [name and make_network(folder, models.find(name)) for name in (panel.network, panel.components_of)]
    return dataclasses.replace(
        panel,
        network=network,
        components_of=other,
        seeds=panel.seeds if panel.mixing else panel.seeds[:2],
        edits=panel.edits[:2],
        rows=(),
        labels=(),
        frames=panel.frames and 2,
        pca=panel.pca and dataclasses.replace(panel.pca, n=max(2000, 2 * panel.pca.batch_size)),
        uncurated=panel.uncurated and dataclasses.replace(panel.uncurated, rows=1),
        noise_detail=panel.noise_detail and dataclasses.replace(panel.noise_detail, renderings=5),
    )


def make_boundaries(figure_spec, folder):
    for panel in figure_spec.panels:
        if panel.supervised:
            normal = np.random.RandomState(0).randn(1, 512)
            np.save(str(folder / (panel.supervised.boundary + '_boundary.npy')), normal / np.linalg.norm(normal))


def draw(name, variant, folder, tmp_path):
    whole = figure_spec.load(name, checkout.SPECS)[variant]
    short = dataclasses.replace(whole, panels=tuple(shortened(panel, folder) for panel in whole.panels[:5]))
    drawn = figure.run(short, script(name).FIGURE.draw, tmp_path / 'out', arrange=script(name).FIGURE.arrange)
    return short, json_records.load(drawn.sidecar)['panels'], images.read_png(drawn.tiles)


@pytest.mark.parametrize(
    'name, variant', [pytest.param(*case, marks=[] if case in FAST else pytest.mark.slow) for case in EVERY]
)
def test_published_parameters_run(name, variant, folder, tmp_path, monkeypatch):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(folder / 'cache'))
    monkeypatch.setenv('REGAN_BOUNDARIES', str(folder))
    monkeypatch.setattr(boundary, 'PUBLISHED', dict.fromkeys(boundary.PUBLISHED))  # random vectors have other checksums
    make_boundaries(figure_spec.load(name, checkout.SPECS)[variant], folder)
    short, panels, page = draw(name, variant, folder, tmp_path)
    for panel, facts in zip(short.panels, panels):
        size = models.find(
            figure_spec.load(name, checkout.SPECS)[variant].panels[panels.index(facts)].network
        ).resolution
        crop = panel.crop
        assert panel.uncurated or (facts['tile_height'], facts['tile_width']) == (
            size - crop.top - crop.bottom,
            size - crop.left - crop.right,
        )
        tiles = page[facts['top'] :][: facts['rows'] * facts['tile_height'], : facts['columns'] * facts['tile_width']]
        assert tiles.std() > 5  # something is drawn
    if any(panel.edits for panel in short.panels):
        first = panels[0]
        frames = images.split(
            page[: first['rows'] * first['tile_height'], : first['columns'] * first['tile_width']],
            first['tile_height'],
            first['tile_width'],
        )[0]
        assert (frames[0] != frames[-1]).any()  # the edit does something
