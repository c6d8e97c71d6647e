"""`regan walk`: what it writes, leaves as it is, and refuses."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from regan import cli
from regan.pictures import images


@pytest.fixture(autouse=True)
def here(stays_open, tmp_path, monkeypatch):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))
    monkeypatch.chdir(tmp_path)


def run(*words):
    return CliRunner().invoke(cli.main, ['walk', *map(str, words)])


def test_walk(tiny_pickle, tmp_path):
    np.save('me.npy', np.random.RandomState(0).randn(6, 11))
    words = ['--seeds', '3-4', '--latents', 'me.npy', '--psi', 0.8, '--loop', '--frames', 6, '--fps', 12]
    edit = ['--edit', 'E(v1, 0-2) * 2', '--n', 400, '--components', 3, '--save-latents', 'w.npz']
    said = run(tiny_pickle, *words, *edit, '--out', 'out')
    assert said.exit_code == 0 and 'wrote out: 6 frames, 0.5 seconds (seeds 3, 4, me.npy)' in said.output, said.output
    facts = json.loads((tmp_path / 'out' / 'walk.json').read_text())
    assert (facts['seeds'], facts['latents'][0]['file'], facts['interpolation'], facts['loop']) == (
        [3, 4],
        'me.npy',
        'smooth',
        True,
    )
    assert (facts['edits'], facts['psi'], facts['places']) == (['E(v1, 0-2) * 2.0'], 0.8, [0, 0.5, 1, 1.5, 2, 2.5])
    # Its latents, drawn, are its frames.
    again = CliRunner().invoke(cli.main, ['generate', str(tiny_pickle), '--latents', 'w.npz', '--out', 'again'])
    assert again.exit_code == 0, again.output
    for index in range(6):
        frame = images.read_png('out/frame%05d.png' % index).astype(int)
        assert np.abs(frame - images.read_png('again/w-%04d.png' % index)).max() <= 1
    said = run(tiny_pickle, *words, *edit, '--out', 'out')
    assert 'kept out: 6 frames' in said.output
    said = run(tiny_pickle, '--seeds', 3, '--vary', 'truncation', '--frames', 4, '--out', 'swing')
    assert said.exit_code == 0 and json.loads((tmp_path / 'swing' / 'walk.json').read_text())['psi'] == [-1, 1]


@pytest.mark.parametrize(
    'words, message',
    [
        ([], 'give --seeds or --latents, what to walk through'),
        (['--seeds', 3], 'a walk goes between latents, and there is one'),
        (['--seeds', '3-4', '--from-psi', 0], '--from-psi is for --vary truncation'),
        (['--seeds', '3-4', '--vary', 'truncation', '--psi', 0.5], '--psi is what --vary truncation changes'),
        (['--seeds', '3-4', '--vary', 'noise', '--loop'], '--loop is for --vary latents'),
        (['--seeds', '3-4', '--vary', 'noise', '--noise', 'none'], '--noise is what --vary noise changes'),
        (['--seeds', '3-4', '--vary', 'noise', '--noise-seeds', 3], '--noise-seeds needs two seeds'),
        (['--seeds', '3-4', '--noise-seeds', '3-4'], '--noise-seeds is for --vary noise'),
        (['--seeds', '3-4', '--seconds', 2, '--frames', 2], 'give --seconds or --frames, not both'),
        (['--seeds', '3-4', '--seconds', 0.01], 'a walk has 2 to 100000 frames, not 0'),
        (['--seeds', '3-4', '--size', 24], 'cannot be brought to 24'),
        (['--seeds', '3-4', '--edit', 'E(v1, 9)'], '9'),
    ],
)
def test_refused(words, message, tiny_pickle, tmp_path):
    result = run(tiny_pickle, *words, '--out', 'out')
    assert result.exit_code == 2 and not (tmp_path / 'out').exists(), result.output
    assert message in ' '.join(result.output.split()) or message in str(result.exception)
