"""The explorer of networks without W: what the page is told, pictures, components, and what is refused."""

import pathlib

import numpy as np
import pytest

from regan.explore import start, studio
from regan.explore.explorer import Explorer
from regan.networks.by_name import open_generator
from regan.views import document, drawing
from tests.regan.explore.explorer_page import Page

TESTS = pathlib.Path(__file__).parents[2]
BIGGAN = TESTS / 'golden_biggan' / 'bgd-short.pytorch_model.bin'
PROGRESSIVE = TESTS / 'golden_torch' / 'pggan-res32-labels-unfused.pkl'


@pytest.mark.parametrize(
    'path, facts, layers, label',
    [
        (
            BIGGAN,
            dict(architecture='BigGAN-deep', space='z', truncation='prior', has_noise=False),
            7,
            [2, 2, 1, 1, 1, 1, 1],
        ),
        (PROGRESSIVE, dict(architecture='Progressive GAN', space='z', truncation=None, has_noise=False), 1, 2),
    ],
)
def test_a_network_without_w(folders, monkeypatch, path, facts, layers, label):
    monkeypatch.setattr(studio, 'QUICK', 2000)
    explorer = Explorer(start.opener(lambda: open_generator(path), str(path)), rate=1e9)
    with start.InThread(explorer) as running, Page(running) as page, open_generator(path) as generator:
        welcome = page.hello()
        network = welcome['network']
        assert {key: network[key] for key in facts} == facts and len(network['layers']) == layers
        assert network['classes'] is None and welcome['basis'] is None
        page.send(type='basis', job='b1')
        basis = page.until('result', job='b1')['basis']
        assert set(basis['stdev']) == {1.0}
        edit = dict(direction=dict(component=1), layers=[[0, 1]], amount=3.0)
        view = dict(
            regan_view=1,
            network=dict(name='z', sha256=network['sha256']),
            latents=[dict(seed=5)],
            label=label,
            edits=[edit],
            psi=0.6,
            show=dict(kind='strip', latent=0, edit=0, frames=3),
        )
        wanted = drawing.image(document.parse(view), generator, explorer.studio.basis, {})
        np.testing.assert_array_equal(page.draw(view)['pixels'], wanted)
        other = page.draw(dict(view, label=0))['pixels']
        assert np.abs(other.astype(int) - wanted).max() > 10
        np.testing.assert_array_equal(page.draw(view)['pixels'], wanted)
        page.send(type='place', job='p', view=view)
        assert len(page.until('result', job='p')['coordinates']) == 1
        page.send(type='export', job='f', kind='figure', view=view)
        assert 'figures are of networks with W' in page.until('error', job='f')['message']
        page.send(type='export', job='c', kind='command', view=view)
        page.until('exported', job='c')
