"""What pictures of edits say, by command: rows, columns, and that they can be left out."""

import numpy as np
import pytest
from click.testing import CliRunner

from regan import cli
from regan.drawing import captions
from regan.editing.edits import Edit, parse
from regan.pictures import images, pages

SMALL_PCA = ['--n', '4000', '--components', '5']
COMMANDS = {  # What a command writes, and what it says: rows, columns, title.
    'generate': (['generate', '--seeds', '1-3'], 'grid.png', ['seed 1', 'seed 2', 'seed 3'], None, ''),
    'strips': (
        ['edit', '--seeds', '1,2', '--edit', 'E(v0, all) * 2', '--edit', 'centred E(v1, 2-4) * 2', '--frames', 3],
        'e.png',
        ['seed %d, %s' % (seed, edit) for seed in (1, 2) for edit in ('E(v0, all) * 2 σ', 'centred E(v1, 2-4) * 2 σ')],
        ['-2 σ', '0', '+2 σ'],
        '',
    ),
    'one edit': (
        ['edit', '--seeds', '1,2', '--edit', 'E(v0, 3) * 8.5 raw', '--frames', 3],
        'e.png',
        ['seed 1', 'seed 2'],
        ['-8.5', '0', '+8.5'],
        'E(v0, 3) * 8.5 raw',
    ),
    'sequence': (
        ['edit', '--seed', 5, '--edit', 'target E(v0, 0-2) = 3', '--edit', 'E(v1, 3) * 2'],
        'e.png',
        ['seed 5'],
        ['no edit', 'target E(v0, 0-2) = 3 σ', 'E(v1, 3) * 2 σ'],
        '',
    ),
    'sweep of an edit': (
        ['sweep', '--seeds', '1,2', '--vectors', '3', '--layers', '2-4', '--frames', 3],
        '000-e-v3-2-4-2.0.png',
        ['seed 1', 'seed 2'],
        ['-2 σ', '0', '+2 σ'],
        'E(v3, 2-4) * 2 σ',
    ),
    'sweep of a seed': (
        ['sweep', '--seed', '1', '--by', 'seed', '--vectors', '0,3', '--layers', '0-1,2-4', '--frames', 3],
        'seed0001.png',
        ['E(v%d, %s) * 2 σ' % (i, part) for i in (0, 3) for part in ('0-1', '2-4')],
        ['-2 σ', '0', '+2 σ'],
        'seed 1',
    ),
    'grid': (
        ['sweep', '--seeds', '7,9', '--layout', 'grid', '--vectors', '0,3'],
        'grid.png',
        ['no edit', 'E(v0, all) * 2 σ', 'E(v3, all) * 2 σ'],
        ['seed 7', 'seed 9'],
        '',
    ),
}


@pytest.fixture
def said(monkeypatch):
    """The tiles, rows, columns and title of each page that is made."""
    found = []
    matrix, sheet = pages.matrix, pages.sheet

    def note_matrix(tiles, rows, columns, title=''):
        found.append((tiles, rows, columns, title))
        return matrix(tiles, rows, columns, title)

    def note_sheet(tiles, names, title='', columns=None):
        found.append((tiles, names, columns, title))
        return sheet(tiles, names, title, columns)

    monkeypatch.setattr(pages, 'matrix', note_matrix)
    monkeypatch.setattr(pages, 'sheet', note_sheet)
    return found


@pytest.mark.parametrize('name', sorted(COMMANDS))
def test_pictures_say_what_they_show(stays_open, tiny_pickle, tmp_path, monkeypatch, said, name):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path.parent / 'captions-cache'))
    words, file, rows, columns, title = COMMANDS[name]
    out = tmp_path / file if words[0] == 'edit' else tmp_path
    words = words[:1] + [tiny_pickle] + words[1:] + ([] if words[0] == 'generate' else SMALL_PCA) + ['--out', out]
    for plain in ([], ['--plain']):
        result = CliRunner().invoke(cli.main, [str(word) for word in words + plain])
        assert result.exit_code == 0 and 'there already' not in result.output, result.output
        page = images.read_png(tmp_path / file)
        if not plain:
            assert page.shape[0] > 128 and page.shape[1] > 128
            (first, *_) = said
            assert (list(first[1]), first[2] and list(first[2]), first[3]) == (rows, columns, title)
    tiles = first[0] if first[0].ndim == 5 else first[0][np.newaxis]
    if words[0] == 'generate':
        assert np.array_equal(page, images.sheet(tiles[0]))
    else:
        assert np.array_equal(page, images.grid(tiles))


def test_captions_of_frames():
    assert captions.of_frames([parse('target E(v1, 2) = 3')], 3) == ['0', '+50%', '+100%']
    assert captions.of_frames([Edit(1), Edit(2, strength=3)], 3) == ['-100%', '0', '+100%']
    assert captions.of_frames([Edit(1), Edit(2, kind='target')], 2) == ['frame 1 of 2', 'frame 2 of 2']
    assert captions.of_frames([Edit(1, strength=-1)], 2) == ['+1 σ', '-1 σ']


def test_captions_of_edits():
    assert captions.of_edit(parse('target E(v3, all) = -1.5 inverted')) == 'target E(v3, all) = -1.5 σ inverted'
    assert captions.of_edit(parse('E(v3, 4)'), 'cars/Redness') == 'cars/Redness: E(v3, 4) * 1 σ'
