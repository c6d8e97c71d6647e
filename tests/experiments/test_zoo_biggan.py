"""What trains and exports the class-conditional network of the zoo, without training one."""

import pathlib
import runpy

import numpy as np
import pytest

from regan.biggan import configuration, saving
from training import networks_biggan, spectral_norm

EXPERIMENTS = pathlib.Path(__file__).parents[2] / 'experiments'


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(EXPERIMENTS))
    return runpy.run_path(str(EXPERIMENTS / 'zoo_biggan.py'))


def test_training_is_two_commands(script, monkeypatch):
    said = []
    monkeypatch.setitem(script['train'].__globals__, 'regan', lambda *words: said.append([str(word) for word in words]))
    script['train']()
    assert said[-1][0] == 'train' and said[-1][said[-1].index('--network') + 1] == 'biggan'
    if len(said) > 1:  # Unless the data is there.
        assert [said[0][i + 1] for i, word in enumerate(said[0]) if word == '--world'][:2] == ['cars', 'faces']


def test_the_export_draws_and_describes_what_is_in_the_file(script, tmp_path, monkeypatch):
    made = networks_biggan.configuration_of(64, 4, 3, 4)
    rnd = np.random.RandomState(0)
    tensors = {name: np.float32(rnd.randn(*shape)) for name, shape in made.shapes.items()}
    tensors.update((name, np.abs(value)) for name, value in tensors.items() if name.endswith('/variances'))
    vectors = {
        name: spectral_norm.singular_vectors(tensors[name + '/kernel'], rnd.randn(1, made.shapes[name + '/kernel'][-1]))
        for name in made.normalised
    }

    def exported(run, path, passes):
        saving.save(path, made, tensors, vectors)
        return 12.0

    from training import snapshots_biggan

    monkeypatch.setattr(snapshots_biggan, 'export', exported)
    monkeypatch.setitem(script['export'].__globals__, '_distance', lambda generator, i, world, n: 1.5 + i)
    script['export'](tmp_path / 'run', tmp_path, 7)
    name = 'biggan-worlds-64'
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        name + ending for ending in ('-config.json', '-pytorch_model.bin', '.md', '.png')
    ]
    card = (tmp_path / (name + '.md')).read_text()
    assert 'for 12 thousand images' in card and '51 rows of statistics over 7 minibatches' in card
    assert '| portraits | 4.5            |' in card or '| portraits | 4.5 |' in card
    assert (tmp_path / (name + '.png')).read_bytes().startswith(b'\x89PNG')
    assert configuration.SMALL_64 == made.blocks
