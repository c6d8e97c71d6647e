"""The class of a conditional network: chosen by every command that maps latents, or said to be none."""

import json
import pickle

import numpy as np
import pytest
from click.testing import CliRunner

from regan import cli
from regan.base.errors import UserError
from regan.components.basis import Basis
from regan.networks import labels
from regan.networks.generator import Generator
from regan.pictures import images
from tests import small_networks

SAID = 'is conditional (classes 0-2); without --class its label is zero, which is none of them\n'
SMALL_PCA = ['--n', '2000', '--components', '3', '--batch-size', '500']


@pytest.fixture(scope='module')
def conditional(tmp_path_factory):
    """Path of a small StyleGAN2 with three classes."""
    path = tmp_path_factory.mktemp('conditional') / 'classes.pkl'
    with small_networks.fresh_session():
        net = small_networks.build('nvlabs_stylegan2.networks.G_main', 'Gs', label_size=3, resolution=8)
        path.write_bytes(pickle.dumps(net, protocol=4))
    return path


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))


def run(*words):
    return CliRunner().invoke(cli.main, [str(word) for word in words])


def test_classes_that_are_not_there():
    labels.check(2, 3, 'x.pkl')
    labels.check(None, 0, 'x.pkl')
    for label in (3, -1):
        with pytest.raises(UserError, match='x.pkl has no class %d but classes 0-2; choose' % label):
            labels.check(label, 3, 'x.pkl')
    with pytest.raises(UserError, match='has no class 1 but one class, 0; choose'):
        labels.check(1, 1, 'x.pkl')
    with pytest.raises(UserError, match='x.pkl has no classes, so there is no class 0; leave --class out'):
        labels.check(0, 0, 'x.pkl')


def test_only_a_label_of_zeros_is_said(capsys):
    for label, size, said in [(None, 0, ''), (1, 3, ''), (None, 3, 'note: x.pkl is conditional (classes 0-2); ')]:
        labels.check(label, size, 'x.pkl')
        assert capsys.readouterr().err.startswith(said) and (said or not capsys.readouterr().err)


def test_a_generator_maps_with_its_class(conditional):
    z = np.random.RandomState(1).randn(5, 12).astype(np.float32)
    with Generator.open(conditional, label=1) as generator:
        assert generator.label == 1 and generator.label_size == 3
        expected = generator.map(z, np.eye(3, dtype=np.float32)[[1] * 5])
        assert np.array_equal(generator.map(z), expected)
        zeros = generator.map(z, np.zeros([5, 3], np.float32))
        generator.label = None
        assert np.array_equal(generator.map(z), zeros) and not np.allclose(zeros, expected)


def test_the_class_is_in_images_components_and_facts(conditional, tmp_path):
    shown, keys = {}, set()
    for name, words in [('none', []), ('one', ['--class', 1])]:
        out = tmp_path / name
        result = run('pca', conditional, *SMALL_PCA, '--out', out / 'basis.npz', *words)
        assert result.exit_code == 0, result.output
        assert result.output.count('note: ') == result.output.count('note: %s %s' % (conditional, SAID)) == (not words)
        basis = Basis.load(out / 'basis.npz')
        assert basis.record.get('label') == (1 if words else None)
        result = run(
            'edit', conditional, *SMALL_PCA, '--seed', 3, '--edit', 'E(v0, all) * 2', '--out', out / 'e.png', *words
        )
        assert result.exit_code == 0, result.output
        assert json.loads((out / 'e.json').read_text())['label'] == (1 if words else None)
        shown[name] = (basis.components, images.read_png(out / 'e.png'))
        keys |= {path.name for path in (tmp_path / 'cache').iterdir()}
    assert len(keys) == 2
    assert not any(np.array_equal(a, b) for a, b in zip(shown['one'], shown['none']))


def test_a_class_that_is_not_there_is_refused(conditional, tiny_pickle, tmp_path):
    result = run('generate', conditional, '--seeds', 1, '--class', 7, '--out', tmp_path / 'out')
    assert result.exit_code == 2
    assert result.output == ('Error: %s has no class 7 but classes 0-2; choose with --class\n' % conditional)
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize(
    'words',
    [['generate'], ['pca'], ['edit'], ['sweep'], ['edits', 'export'], ['boundary', 'train'], ['boundary', 'edit']]
    + [['metrics'], ['figure', '1'], ['segan', 'control'], ['segan', 'traversal']],
    ids=' '.join,
)
def test_every_command_that_maps_latents_takes_a_class(words):
    assert '--class ' in run(*words, '--help').output
