"""`--precision bf16` on the command line: what is drawn, what is said and what is recorded, or why it cannot be."""

import json
import re

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from click.testing import CliRunner

from regan import cli
from regan.pictures import images

SMALL_PCA = ['--n', '4000', '--components', '5']
COMMANDS = {  # Words -> picture and record that they write.
    'generate': (['--seeds', '1-5'], 'grid.png', 'generate.json'),
    'edit': (['--seeds', '1,2', '--edit', 'E(v0, all) * 2', '--frames', '3'] + SMALL_PCA, 'strip.png', 'strip.json'),
    'sweep': (
        ['--seeds', '1,2', '--vectors', '0', '--layers', '3-5', '--frames', '3'] + SMALL_PCA,
        '000-e-v0-3-5-2.0.png',
        '000-e-v0-3-5-2.0.json',
    ),
}


def draw(command, network, folder, precision):
    """(result, picture or None, record or None)"""
    words, picture, record = COMMANDS[command]
    out = folder / picture if command == 'edit' else folder
    result = CliRunner().invoke(
        cli.main,
        [str(word) for word in [command, network, '--plain'] + words + ['--precision', precision, '--out', out]],
    )
    if not (folder / picture).exists():
        return result, None, None
    return result, images.read_png(folder / picture), json.loads((folder / record).read_text())


@pytest.mark.parametrize('command', sorted(COMMANDS))
def test_bf16(command, tiny_pickle, tmp_path, monkeypatch):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))
    if tf.__version__.startswith('1.'):
        result, picture, _ = draw(command, tiny_pickle, tmp_path / 'bf16', 'bf16')
        assert result.exit_code == 2 and picture is None
        assert 'has no bfloat16 convolutions on a CPU; choose float32, or TensorFlow 2' in result.output
        return
    result, rough, facts = draw(command, tiny_pickle, tmp_path / 'bf16', 'bf16')
    assert result.exit_code == 0 and facts['precision'] == 'bf16', result.output
    plain, exact, facts = draw(command, tiny_pickle, tmp_path / 'float32', 'float32')
    assert plain.exit_code == 0 and facts['precision'] == 'float32' and 'bf16:' not in plain.output
    delta = np.abs(rough.astype(int) - exact)
    assert 0 < delta.mean() < 2 and delta.max() < 25  # 8 bits of mantissa, a few layers.
    said = re.search(
        r'bf16: ([0-9.]+) levels of 255 from float32 on average, ([0-9]+) at most, measured on ([0-9]+) images',
        result.output,
    )
    assert (
        said and 0 < float(said.group(1)) < 2 and int(said.group(3)) == {'generate': 4, 'edit': 4, 'sweep': 2}[command]
    )
