"""--latents: what commands make of latents in files."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from regan import cli
from regan.pictures import images

L, D = 6, 11


@pytest.fixture(autouse=True)
def quiet(stays_open, tmp_path, monkeypatch):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))


def run(*words):
    return CliRunner().invoke(cli.main, [str(w) for w in words])


def run_well(*words):
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.output


def test_generate(tiny_pickle, tmp_path):
    # Seeds, and their latents from a file: the same images, at the psi that the file says.
    latents, first, second = tmp_path / 'my latents.npz', tmp_path / 'first', tmp_path / 'second'
    run_well('generate', tiny_pickle, '--seeds', '3-4', '--psi', 0.6, '--save-latents', latents, '--out', first)
    run_well('generate', tiny_pickle, '--latents', latents, '--out', second)
    for name, other in [('seed0003', 'my_latents-0000'), ('seed0004', 'my_latents-0001')]:
        wanted, found = images.read_png(first / (name + '.png')), images.read_png(second / (other + '.png'))
        np.testing.assert_array_equal(found, wanted)
    facts = json.loads((second / 'generate.json').read_text())
    assert facts['seeds'] == [] and facts['psi'] == 0.6
    assert [(one['file'], one['row']) for one in facts['latents']] == [(latents.name, 0), (latents.name, 1)]
    # A picture gives its latent back, and what is drawn from it can be rendered again.
    run_well('generate', tiny_pickle, '--latents', first / 'seed0004.png', '--out', tmp_path / 'third')
    again = tmp_path / 'third' / 'seed0004.png'
    np.testing.assert_array_equal(images.read_png(again), images.read_png(first / 'seed0004.png'))
    words = ['--network', tiny_pickle, '--file', first / 'seed0004.png', '--out', tmp_path / 'rendered.png']
    run_well('render', again, *words)
    assert (tmp_path / 'rendered.png').read_bytes() == again.read_bytes()
    # Arrays say nothing of truncation, so they are drawn as they are, unless psi is asked for.
    np.save(str(tmp_path / 'w.npy'), np.load(str(latents))['dlatents'][0, 0])
    run_well('generate', tiny_pickle, '--latents', tmp_path / 'w.npy', '--psi', 0.6, '--out', tmp_path / 'fourth')
    wanted = images.read_png(first / 'seed0003.png')
    np.testing.assert_array_equal(images.read_png(tmp_path / 'fourth' / 'w.png'), wanted)
    run_well('generate', tiny_pickle, '--latents', tmp_path / 'w.npy', '--out', tmp_path / 'fifth')
    assert json.loads((tmp_path / 'fifth' / 'generate.json').read_text())['psi'] == 1


def test_edit_and_boundary_edit_and_sweep(tiny_pickle, tmp_path):
    w_plus = np.random.RandomState(0).randn(L, D)
    np.save(str(tmp_path / 'me.npy'), w_plus)
    given = ['--latents', tmp_path / 'me.npy', '--plain']
    small = ['--n', 400, '--components', 3, '--edit', 'E(v1, 0-2) * 2']
    out = tmp_path / 'strip.png'
    said = run_well(
        'edit', tiny_pickle, *given, *small, '--frames', 3, '--out', out, '--save-latents', tmp_path / 's.npz'
    )
    assert 'me.npy, psi 1' in said
    saved = np.load(str(tmp_path / 's.npz'))['dlatents']
    np.testing.assert_array_equal(saved[1], w_plus.astype(np.float32))
    assert saved.shape == (3, L, D) and np.array_equal(saved[0, 3:], saved[1, 3:])
    run_well('render', out, '--network', tiny_pickle, '--out', tmp_path / 'again.png')
    difference = images.read_png(tmp_path / 'again.png').astype(int) - images.read_png(out)
    assert np.abs(difference).max() <= 1
    run_well('sweep', tiny_pickle, *given, *small, '--frames', 3, '--by', 'seed', '--out', tmp_path / 'sweep')
    difference = images.read_png(tmp_path / 'sweep' / 'me.png').astype(int) - images.read_png(out)
    assert np.abs(difference).max() <= 1
    normal = np.eye(D)[:1]
    np.save(str(tmp_path / 'plane.npy'), normal)
    where = ['--start-distance', 0, '--end-distance', float(w_plus[:, 0].mean()), '--steps', 2]
    run_well('boundary', 'edit', tiny_pickle, tmp_path / 'plane.npy', *given, *where, '--out', tmp_path / 'moved.png')
    moved = images.read_png(tmp_path / 'moved.png')[:, 16:]  # At the distance where it is, it is as it was.
    assert np.abs(moved.astype(int) - images.read_png(out)[:, 16:32]).max() <= 1


@pytest.mark.parametrize(
    'words, message',
    [
        (['generate', 'NET'], 'give --seeds or --latents'),
        (['generate', 'NET', '--seeds', '1', '--latents-as', 'w'], '--latents-as is for --latents'),
        (['generate', 'NET', '--latents', 'none.npy'], 'there is no file none.npy'),
        (['generate', 'NET', '--latents', 'me.npy', '--noise', 'seed'], 'me.npy has no seed'),
        (['generate', 'NET', '--latents', 'me.npy', '--seeds', '1'], r'psi 1 and psi 0.7; files that say none'),
        (['generate', 'NET', '--latents', 'odd.npy'], r'odd.npy has shape [3, 12]'),
    ],
)
def test_refused(words, message, tiny_pickle, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save('me.npy', np.zeros(D))
    np.save('odd.npy', np.zeros((3, D + 1)))
    result = run(*[{'NET': tiny_pickle}.get(word, word) for word in words], '--out', 'out')
    assert result.exit_code == 2 and not (tmp_path / 'out').exists(), result.output
    assert message in ' '.join(result.output.split()) or message in str(result.exception)
