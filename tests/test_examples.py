"""The scripts of examples/ run, and end with one sentence when they are asked for something that cannot be."""

import numpy as np
import pytest
from click.testing import CliRunner

from regan.pictures import images
from tests.figure_scripts import script


@pytest.fixture
def strip(tiny_pickle, tmp_path, monkeypatch):
    """Runs from_latent_to_strip.py on a small network with the options given."""
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))
    main = script('from_latent_to_strip', folder='examples').main
    usual = ['--network', str(tiny_pickle), '--out', str(tmp_path / 'strip.png')]
    return lambda *options: CliRunner().invoke(main, usual + list(options))


def test_from_latent_to_strip(strip, tmp_path):
    result = strip('--edit', 'E(v1, 0-3) * 2')
    assert result.output == 'wrote %s: E(v1, 0-3) * 2.0, seed 17, psi 0.7\n' % (tmp_path / 'strip.png')
    tiles = images.split(images.read_png(tmp_path / 'strip.png'), 16, 16)[0]  # [frame, H, W, C]
    assert len(tiles) == 7 and len(np.unique(tiles, axis=0)) == 7
    again = strip('--edit', 'E(v1, 0-3) * -2')
    assert again.exit_code == 0
    np.testing.assert_array_equal(images.split(images.read_png(tmp_path / 'strip.png'), 16, 16)[0], tiles[::-1])


@pytest.mark.parametrize(
    'edit, message',
    [
        ('E(1)', "Error: cannot read the edit 'E(1)'"),
        ('E(v1, 4-20)', 'goes past the last layer: this network has layers 0-5'),
        ('E(v10, 1)', 'needs more components than there are: the basis has v0-v9'),
    ],
)
def test_from_latent_to_strip_says_what_is_wrong(strip, edit, message):
    result = strip('--edit', edit)
    assert result.exit_code == 2 and message in result.output and 'Traceback' not in result.output
