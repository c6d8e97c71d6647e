"""`regan pca`: estimators and layers."""

import numpy as np
import pytest
from click.testing import CliRunner

from regan import cli
from regan.commands import options
from regan.components import activations, pca
from regan.components.basis import Basis

SMALL = ['--n', 2000, '--components', 5]


@pytest.fixture(autouse=True)
def cache(stays_open, tmp_path, monkeypatch):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))


def run(*words):
    return CliRunner().invoke(cli.main, [str(word) for word in words])


def test_options_offer_every_estimator():
    assert options.ESTIMATORS == pca.ESTIMATORS + ('randomized',)
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
        (['--sparsity', '2'], 'sparsity is for the estimator spca; ipca has none'),
    ],
)
def test_refuses_options(tiny_pickle, words, message):
    result = run('pca', tiny_pickle, *(SMALL + words))
    assert result.exit_code == 2 and message in result.output
