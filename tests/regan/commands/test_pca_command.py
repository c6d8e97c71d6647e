"""`regan pca`: estimators and layers."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from regan import cli
from regan.commands import options
from regan.components import activations, pca
from regan.components.basis import Basis
from regan.pictures.images import read_png

SMALL = ['--n', 2000, '--components', 5]


@pytest.fixture(autouse=True)
def cache(stays_open, tmp_path, monkeypatch):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))


def run(*words):
    return CliRunner().invoke(cli.main, [str(word) for word in words])


def test_options_offer_every_estimator():
    assert options.ESTIMATORS == pca.ESTIMATORS + ('randomized', pca.CLOSED_FORM)
    assert set(pca.LAYER_ESTIMATORS) < set(options.ESTIMATORS)


def test_sparsity_reaches_the_estimator(tiny_pickle, tmp_path):
    result = run(
        'pca',
        tiny_pickle,
        '--n',
        600,
        '--components',
        3,
        '--estimator',
        'spca',
        '--sparsity',
        3,
        '--out',
        tmp_path / 'b.npz',
    )
    assert result.exit_code == 0, result.output
    assert 'directions are not orthogonal: cosines up to 0.' in result.output
    assert Basis.load(tmp_path / 'b.npz').record['sparsity'] == 3


def test_layers_of_sefa_reach_it(tiny_pickle, tmp_path):
    out = tmp_path / 'b.npz'
    words = ('--n', 600, '--components', 3, '--sefa-layers', '2-3', '--out', out)
    result = run('pca', tiny_pickle, '--estimator', 'sefa', *words)
    assert result.exit_code == 0, result.output
    assert Basis.load(out).record['layers'] == '2-3'
    result = run('pca', tiny_pickle, *words)
    assert result.exit_code == 2 and 'layers is a choice for sefa only; leave it out for ipca' in result.output


def test_layers_are_listed(tiny_pickle):
    result = run('pca', tiny_pickle, '--list-layers')
    assert result.exit_code == 0, result.output
    assert '8x8/Conv0_up     16 x 8 x 8' in result.output.splitlines()


def test_a_layer_is_decomposed(tiny_pickle, tmp_path):
    out = tmp_path / 'layer.npz'
    result = run('pca', tiny_pickle, *SMALL, '--layer', '4x4/Conv', '--space', 'z', '--out', out)
    assert result.exit_code == 0, result.output
    basis = Basis.load(out)
    assert basis.components.shape == (5, 13) and (basis.stdev == 1).all()
    assert (basis.record['layer'], basis.record['space']) == ('4x4/Conv', 'z')
    first = [line.split() for line in result.output.splitlines() if line.strip().startswith('0 ')][0]
    assert float(first[1]) == pytest.approx(basis.act_stdev[0], abs=1e-4)
    with np.load(str(out)) as arrays:
        assert arrays['act_comp'].shape == (5, 1, 16, 4, 4)


def test_noise_and_mode_of_a_layer(tiny_pickle, tiny_generator, tmp_path, monkeypatch):
    """They decide about the activations, and are in the record; the stored noise is not."""
    monkeypatch.setattr(activations, 'REGRESSION_SAMPLES', 500)
    found = {}
    for words in ([], ['--noise', 'numpy:3'], ['--mode', 'ganspace', '--noise', 'numpy:3'], ['--mode', 'ganspace']):
        out = tmp_path / ('%d.npz' % len(found))
        result = run('pca', tiny_pickle, '--n', 300, '--components', 3, '--layer', '4x4/Conv', '--out', out, *words)
        assert result.exit_code == 0, result.output
        found[tuple(words)] = np.load(str(out))['act_mean'], Basis.load(out).record
    means, records = zip(*found.values())
    assert 'noise' not in records[0] and records[1]['noise'] == records[2]['noise'] == {'numpy_seed': 3}
    assert records[3]['noise']['torch_cuda_seed'] == 0 and 'instance_norm_epsilon' not in records[3]
    assert np.array_equal(means[1], means[2])
    assert not np.allclose(means[0], means[1], atol=1e-3) and not np.allclose(means[1], means[3], atol=1e-3)
    tiny_generator.set_noise({'numpy_seed': 3})
    spec = pca.PCASpec(300, 3)
    activations.compute_into(tmp_path / 'direct.npz', tiny_generator, '4x4/Conv', spec)
    assert np.array_equal(np.load(str(tmp_path / 'direct.npz'))['act_mean'], means[1])


def test_mode_of_w(tiny_pickle, tmp_path):
    """Seed 0 is seed 1, the zero rows come in, and neither is in the key without the mode."""
    out = tmp_path / 'b.npz'
    words = ['pca', tiny_pickle, '--n', 600, '--components', 3, '--estimator', 'pca', '--pca-seed', 0, '--out', out]
    result = run(*words, '--mode', 'ganspace')
    assert result.exit_code == 0, result.output
    assert 'note: GANSpace takes seed 0 of the components for 1, and so does mode ganspace' in result.output
    record = Basis.load(out).record
    assert (record['seed'], record['zero_rows'], record['rows']) == (1, True, 2600)
    result = run(*words, '--mode', 'ganspace', '--no-zero-rows')
    assert result.exit_code == 0 and not {'zero_rows', 'signs'} & set(Basis.load(out).record)
    assert 'note' not in run(*words).output and Basis.load(out).record['seed'] == 0


def test_layers_of_the_original_and_edits_of_activations(tiny_pickle, tmp_path, monkeypatch):
    """convs.1 is 8x8/Conv1 in what is written; an edit of activations is drawn with it, and of latents as before."""
    monkeypatch.setattr(activations, 'REGRESSION_SAMPLES', 500)
    out, picture = tmp_path / 'layer.npz', tmp_path / 'a.png'
    result = run('pca', tiny_pickle, '--n', 300, '--components', 3, '--layer', 'convs.1', '--out', out)
    assert result.exit_code == 0, result.output
    assert Basis.load(out).record['layer'] == '8x8/Conv1'
    words = ['edit', tiny_pickle, '--basis', out, '--plain', '--edit', 'E(v0, all) * 2', '--seed', 3, '--out', picture]
    pictures = []
    for edit_mode in options.EDIT_MODES:
        result = run(*words, '--edit-mode', edit_mode)
        assert result.exit_code == 0, result.output
        facts = json.loads(picture.with_suffix('.json').read_text())
        assert facts.get('edit_mode', 'latent') == edit_mode
        pictures.append(read_png(picture))
    assert all(page.shape == (16, 80, 3) for page in pictures)
    assert not np.array_equal(pictures[0], pictures[1]) and not np.array_equal(pictures[1], pictures[2])
    np.testing.assert_array_equal(pictures[0][:, 32:48], pictures[1][:, 32:48])  # The middle is the latent as it is.
    result = run(*words[:2], *words[4:], '--edit-mode', 'both')
    assert (
        result.exit_code == 2
        and '--edit-mode both needs --basis, a file with the components of a layer' in result.output
    )


def test_w_as_a_layer(tiny_pickle, tmp_path, monkeypatch):
    """In Z by default; in W it is `regan pca` itself, from the cache."""
    monkeypatch.setattr(activations, 'REGRESSION_SAMPLES', 500)
    out = tmp_path / 'w.npz'
    for words, space in ((['--layer', 'style'], 'z'), (['--layer', 'mapping', '--space', 'w'], 'w'), ([], 'w')):
        result = run('pca', tiny_pickle, '--n', 300, '--components', 3, '--out', out, *words)
        assert result.exit_code == 0, result.output
        assert Basis.load(out).space == space
    assert Basis.load(out).components.shape == (3, 11)
    result = run('pca', tiny_pickle, *SMALL, '--layer', 'convs.7', '--out', out)
    assert result.exit_code == 2 and "has no layer 'convs.7'; choose one of 4x4/Const, 4x4/Conv, " in result.output


@pytest.mark.parametrize('words', [['--estimator', 'randomized'], []])
def test_a_wide_layer_takes_randomized_pca(tiny_pickle, tmp_path, monkeypatch, words):
    if not words:
        monkeypatch.setattr(activations, 'LARGEST_BLOCK', 2000 * 16 * 4 * 4 * 4 - 1)
    monkeypatch.setattr(activations, 'REGRESSION_SAMPLES', 500)
    out = tmp_path / 'layer.npz'
    result = run('pca', tiny_pickle, '--n', 400, '--components', 5, '--layer', '4x4/Conv', '--out', out, *words)
    assert result.exit_code == 0, result.output
    assert ('4x4/Conv is too wide for ipca' in result.output) == (not words)
    assert 'variance along none of them: ' in result.output
    basis = Basis.load(out)
    assert basis.record['estimator'] == 'randomized' and 0 < basis.record['missing'] < 1


@pytest.mark.parametrize(
    'words, message',
    [
        (['--estimator', 'randomized'], 'randomized is for the activations of a layer; for w choose one of ipca, pca'),
        (['--layer', '8x8/Conv1'], '--layer needs --out'),
        (['--space', 'z'], '--space is for --layer'),
        (['--noise', 'none'], '--noise is for --layer; W does not depend on it'),
        (['--signs', 'found'], 'signs is a choice for fbpca, ica, spca only; leave it out for ipca'),
        (['--zero-rows'], 'zero_rows is a choice for pca, fbpca, ica, spca only; leave it out for ipca'),
        (['--sparsity', '2'], 'sparsity is for the estimator spca; ipca has none'),
    ],
)
def test_refuses_options(tiny_pickle, words, message):
    result = run('pca', tiny_pickle, *(SMALL + words))
    assert result.exit_code == 2 and message in result.output
