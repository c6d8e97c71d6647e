"""`regan mix`: the tables of both generations' commands, and what it says about bad input."""

import json

import numpy as np
import pytest

from regan.commands.mix import mix
from regan.commands.render import render
from regan.pictures import images
from regan.sampling import latents
from tests import one_command


@pytest.fixture(autouse=True)
def opened(stays_open):
    """No command here builds a graph of its own."""


def split(path):
    return images.split(images.read_png(path), 16, 16)


def expected(generator, row, column, layers, psi):
    """An image of the mixture by the formula of the official commands."""
    w = [latents.broadcast(generator.map(latents.from_seeds([seed], 13)), 6)[0] for seed in (row, column)]
    w = [generator.dlatent_avg + psi * (one - generator.dlatent_avg) for one in w]
    w[0][layers] = w[1][layers]
    return generator.synthesize(w[0][np.newaxis])[0]


def assert_close(found, wanted):
    assert np.abs(found.astype(int) - wanted).max() <= 1  # A minibatch may have other last bits.


def test_as_stylegan2s_command(tiny_pickle, tiny_generator, tmp_path):
    one_command.run_well(
        mix, tiny_pickle, '--row-seeds', '85,100', '--col-seeds', '55,100', '--col-styles', '0,3', '--plain',
        '--out', tmp_path / 'out',
    )  # fmt: skip
    pictures = {path.name: images.read_png(path) for path in (tmp_path / 'out').glob('*.png')}
    names = ['55-55', '85-85', '100-100', '85-55', '85-100', '100-55']
    assert sorted(pictures) == sorted(['grid.png'] + [name + '.png' for name in names])
    for name in names:
        row, column = map(int, name.split('-'))
        assert_close(pictures[name + '.png'], expected(tiny_generator, row, column, [0, 3], 0.5))
    grid = split(tmp_path / 'out' / 'grid.png')
    order = [['55-55', '100-100'], ['85-85', '85-55', '85-100'], ['100-100', '100-55', '100-100']]
    assert (grid[0, 0] == 0).all()
    for line, found in zip(order, [grid[0, 1:], grid[1], grid[2]]):
        assert all(np.array_equal(pictures[name + '.png'], tile) for name, tile in zip(line, found))
    facts = json.loads((tmp_path / 'out' / 'mix.json').read_text())
    assert (facts['rows'], facts['layers'], facts['psi']) == ([{'seed': 85}, {'seed': 100}], ['0+3'] * 2, 0.5)


def test_as_stylegans_figure(tiny_pickle, tiny_generator, tmp_path, monkeypatch):
    """Each row has its own layers, nothing is truncated, and the corner is white."""
    monkeypatch.setattr(tiny_generator, 'generation', 1)
    one_command.run_well(
        mix, tiny_pickle, '--rows', '1-2', '--cols', '3', '--layers', '0-1,2-5', '--plain', '--out', tmp_path / 'a.png'
    )
    grid = split(tmp_path / 'a.png')
    assert grid.shape[:2] == (3, 2) and (grid[0, 0] == 255).all()
    assert_close(grid[1, 1], expected(tiny_generator, 1, 3, [0, 1], 1))
    assert_close(grid[2, 1], expected(tiny_generator, 2, 3, [2, 3, 4, 5], 1))
    assert json.loads((tmp_path / 'a.json').read_text())['layers'] == ['0-1', '2-5']


def test_the_view_is_of_the_mixtures(tiny_pickle, tmp_path):
    one_command.run_well(
        mix, tiny_pickle, '--rows', '1,2', '--cols', '3,4', '--layers', '0-1,4', '--plain', '--out', tmp_path / 'a.png'
    )  # fmt: skip
    one_command.run_well(render, tmp_path / 'a.png', '--network', tiny_pickle, '--out', tmp_path / 'again.png')
    assert_close(images.read_png(tmp_path / 'again.png'), images.read_png(tmp_path / 'a.png')[16:, 16:])


def test_latents_of_files(tiny_pickle, tiny_generator, tmp_path):
    """Own latents beside seeds, for which psi has to be said; what was saved is what was drawn."""
    w = np.random.RandomState(4).randn(2, 6, 11).astype(np.float32)
    np.save(str(tmp_path / 'me.npy'), w[0])
    np.savez(str(tmp_path / '7.npz'), dlatents=w)
    words = ['--rows', '3', '--rows', tmp_path / 'me.npy', '--cols', tmp_path / '7.npz', '--layers', '0-1', '--plain']
    assert (
        'different truncation (psi 1 and psi 0.5'
        in one_command.run(mix, tiny_pickle, *words, '--out', tmp_path / 'out').output
    )
    one_command.run_well(
        mix, tiny_pickle, *words, '--psi', 1, '--save-latents', tmp_path / 'all.npz', '--out', tmp_path / 'out'
    )
    names = {path.stem for path in (tmp_path / 'out').glob('*.png')}
    assert names == {'grid', '3-3', 'me-me', '3-7-0000', '3-7-0001', 'me-7-0000', 'me-7-0001'} | {
        '7-000%d-7-000%d' % (i, i) for i in (0, 1)
    }
    mixed = w[0].copy()
    mixed[:2] = w[1, :2]
    assert_close(images.read_png(tmp_path / 'out' / 'me-7-0001.png'), tiny_generator.synthesize(mixed[np.newaxis])[0])
    with np.load(str(tmp_path / 'all.npz')) as saved:
        assert saved['dlatents'].shape == (4, 6, 11) and np.array_equal(saved['dlatents'][3], mixed)
    facts = json.loads((tmp_path / 'out' / 'mix.json').read_text())
    assert facts['rows'][1]['file'] == 'me.npy' and facts['columns'][1]['row'] == 1


def test_page_says_whose_images_they_are(tiny_pickle, tmp_path):
    text = one_command.run_well(mix, tiny_pickle, '--rows', '1', '--columns', '2-4', '--out', tmp_path / 'a.png')
    assert text == 'wrote %s: 1 rows, 3 columns, psi 0.5\n' % (tmp_path / 'a.png')
    assert images.read_png(tmp_path / 'a.png').shape[0] > 2 * 128


@pytest.mark.parametrize(
    'words, message',
    [
        (['--rows', '1', '--columns', '2,x'], "'x' is neither a list of seeds, such as 1-3,7, nor a file of latents"),
        (['--rows', '1', '--columns', 'NET'], 'holds no latents'),
        (['--rows', '1-3', '--columns', '2', '--layers', '0,1'], '2 sets of layers are given for 3 rows'),
        (['--rows', '1', '--columns', '2', '--layers', '0-6'], 'this network has layers 0-5'),
        (['--rows', '1', '--columns', '2', '--layers', '0', '--col-styles', '0'], 'give --layers or --col-styles'),
        (['--rows', '1-2000', '--columns', '0-1000'], 'is too large for one picture; take fewer'),
    ],
)
def test_bad_input(tiny_pickle, tmp_path, words, message):
    words = [tiny_pickle if word == 'NET' else word for word in words]
    result = one_command.run(mix, tiny_pickle, *words, '--out', tmp_path / 'out')
    assert result.exit_code == 2 and message in result.output and not (tmp_path / 'out').exists()
