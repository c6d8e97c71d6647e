"""The command `regan worlds`: what it writes, and what it says about bad input."""

import csv
import json
import os

import click
import numpy as np
import pytest
from click.testing import CliRunner

from regan import worlds
from regan.base.command_errors import errors_in_one_line
from regan.commands.worlds import worlds as group
from regan.pictures import images


class _OneLine(click.Group):
    """Stands for `regan`."""

    def invoke(self, ctx):
        with errors_in_one_line():
            return super().invoke(ctx)


main = _OneLine(commands={'worlds': group})


def run(*words):
    return CliRunner().invoke(main, ['worlds'] + [str(word) for word in words])


def run_well(*words):
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.output


def render(folder, *words):
    return ('render', 'cars', '--resolution', 11, '--out', folder) + words


def test_list_names_every_factor():
    lines = run_well('list').splitlines()
    assert [line for line in lines if not line.startswith(' ')] == list(worlds.NAMES) and len(lines) == 4 * 17


def test_render(tmp_path):
    run_well(*render(tmp_path / 'out', '--n', 3, '--seed', 5))
    files = ['00000000.png', '00000001.png', '00000002.png']
    assert sorted(os.listdir(str(tmp_path / 'out'))) == files + ['factors.csv', 'world.json']
    with open(str(tmp_path / 'out' / 'factors.csv')) as file:
        header, *rows = csv.reader(file)
    world = worlds.load('cars')
    factors = world.sample(3, 5)
    assert header == ['image'] + list(world.factor_names) and [row[0] for row in rows] == files
    np.testing.assert_array_equal(np.array([row[1:] for row in rows]).astype(np.float32), factors)
    np.testing.assert_array_equal([images.read_png(tmp_path / 'out' / f) for f in files], world.render(factors, 11))
    facts = json.loads((tmp_path / 'out' / 'world.json').read_text())
    assert (facts['world'], facts['n'], facts['seed'], facts['resolution']) == ('cars', 3, 5, 11)


def test_render_goes_on_where_it_was_interrupted(tmp_path):
    run_well(*render(tmp_path, '--n', 5))
    whole = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for name in ('00000001.png', '00000004.png', 'factors.csv'):
        (tmp_path / name).unlink()
    (tmp_path / '.00000001.0123abcd.png').write_bytes(b'half')  # As a killed run leaves it.
    assert '5 images, 2 of them now' in run_well(*render(tmp_path, '--n', 5))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == whole


@pytest.mark.parametrize('words', [('--n', 4), ('--n', 3, '--seed', 2), ('--n', 3, '--resolution', 13)])
def test_render_refuses_the_folder_of_another_call(tmp_path, words):
    run_well(*render(tmp_path, '--n', 3))
    before = sorted(os.listdir(str(tmp_path)))
    result = run(*render(tmp_path, *words))
    assert result.exit_code == 2 and 'images of another call' in result.output
    assert sorted(os.listdir(str(tmp_path))) == before


def test_render_refuses_a_folder_with_other_files(tmp_path):
    (tmp_path / 'letter.txt').write_text('hello')
    result = run(*render(tmp_path, '--n', 3))
    assert result.exit_code == 2 and 'is not empty and has no world.json' in result.output
    assert os.listdir(str(tmp_path)) == ['letter.txt']
    (tmp_path / 'world.json').write_text('{')
    assert 'is damaged' in run(*render(tmp_path, '--n', 3)).output


def test_sheet(tmp_path):
    run_well('sheet', 'cars', '--rows', 2, '--cols', 3, '--resolution', 11, '--seed', 4, '--out', tmp_path / 'a.png')
    world = worlds.load('cars')
    expected = images.grid(world.render(world.sample(6, 4), 11).reshape(2, 3, 11, 11, 3))
    np.testing.assert_array_equal(images.read_png(tmp_path / 'a.png'), expected)
    assert json.loads((tmp_path / 'a.json').read_text())['rows'] == 2


def test_sweep_moves_one_factor_over_its_range(tmp_path):
    run_well('sweep', 'cars', 'value', '--steps', 3, '--seeds', '2,5', '--resolution', 11, '--out', tmp_path / 'a.png')
    world = worlds.load('cars')
    rows = []
    for seed in (2, 5):
        factors = world.sample(1, seed).repeat(3, axis=0)
        factors[:, 5] = 0.25, 0.6, 0.95
        rows.append(world.render(factors, 11))
    page = images.read_png(tmp_path / 'a.png')
    np.testing.assert_array_equal(page[-22:], images.grid(np.stack(rows)))  # A row of text is above.
    assert json.loads((tmp_path / 'a.json').read_text())['values'] == pytest.approx([0.25, 0.6, 0.95])


@pytest.mark.parametrize(
    'words, sentence',
    [
        (('sheet', 'boats', '--out', 'a.png'), "no world 'boats'; choose one of cars, faces"),
        (('render', 'boats', '--n', 1, '--out', 'a'), "no world 'boats'; choose one of cars, faces"),
        (('sweep', 'cars', 'smile', '--out', 'a.png'), "cars have no factor 'smile'; choose one of yaw"),
        (('sheet', 'cars', '--out', 'a.jpg'), 'must end in .png'),
        (('sheet', 'cars', '--resolution', 4, '--out', 'a.png'), 'not in the range'),
        (('sheet', 'cars', '--resolution', 2048, '--out', 'a.png'), 'not in the range'),
        (('sheet', 'cars', '--seed', -1, '--out', 'a.png'), 'not in the range'),
        (('render', 'cars', '--n', 0, '--out', 'a'), 'not in the range'),
        (('sweep', 'cars', 'yaw', '--steps', 1, '--out', 'a.png'), 'not in the range'),
        (('sweep', 'cars', 'yaw', '--seeds', 'one', '--out', 'a.png'), 'one'),
    ],
)
def test_bad_input(tmp_path, monkeypatch, words, sentence):
    monkeypatch.chdir(tmp_path)
    result = run(*words)
    assert result.exit_code == 2 and sentence in result.output and 'Traceback' not in result.output
    assert os.listdir(str(tmp_path)) == []


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / 'file').write_text('in the way')
    for words in [
        render(tmp_path / 'file' / 'out', '--n', 1),
        ('sheet', 'cars', '--rows', 1, '--cols', 1, '--resolution', 8, '--out', tmp_path / 'file' / 'a.png'),
    ]:
        result = run(*words)
        assert result.exit_code == 2 and 'cannot write' in result.output and 'Traceback' not in result.output
    assert os.listdir(str(tmp_path)) == ['file']
