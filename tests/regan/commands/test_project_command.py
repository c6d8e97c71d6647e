"""`regan project` on a small network, and what it says of wrong input."""

import contextlib
import json
import re

import numpy as np
import pytest
from PIL import Image

from regan.commands.project import METHODS, project
from regan.projection import methods, objective
from regan.projection.search import Search
from tests import one_command


@pytest.fixture(autouse=True)
def quick(stays_open, tiny_objective, monkeypatch):
    """A tiny network whose graphs are made once, and few samples of w."""
    monkeypatch.setattr('regan.projection.search.SAMPLES', 100)
    monkeypatch.setattr(objective, 'Objective', lambda *_: contextlib.nullcontext(tiny_objective))


@pytest.fixture
def photo(tmp_path):
    """A wide colour picture, and the square in its middle."""
    pixels = np.random.RandomState(0).randint(0, 256, [16, 20, 3]).astype(np.uint8)
    Image.fromarray(pixels).save(str(tmp_path / 'photo.png'))
    return tmp_path / 'photo.png', pixels[:, 2:18]


def test_methods_are_those_there_are():
    assert set(METHODS) == set(methods.METHODS)


def test_a_picture_is_projected(tiny_pickle, photo, tmp_path, monkeypatch):
    out, words = tmp_path / 'out', [tiny_pickle, photo[0], '--steps', 3, '--snapshots', 2]
    said = one_command.run_well(project, *words, '--out', out)
    assert 'middle square of 20 x 16' in said and 'photo: discriminator distance ' in said
    names = ['.csv', '.json', '.npz', '-final.png', '-progress.png', '-step0002.png', '-step0003.png', '-target.png']
    assert sorted(path.name for path in out.iterdir()) == sorted('photo' + name for name in names)
    np.testing.assert_array_equal(np.asarray(Image.open(str(out / 'photo-target.png'))), photo[1])
    arrays = np.load(str(out / 'photo.npz'))
    assert arrays['w'].shape == (1, 6, 11) and (arrays['w'] == arrays['w'][:, :1]).all()
    assert [arrays['noise%d' % i].shape[-1] for i in range(5)] == [4, 8, 8, 16, 16]
    np.testing.assert_array_equal(arrays['dlatents'], arrays['w'])
    facts = json.loads((out / 'photo.json').read_text())
    assert facts['distance_by'] == 'discriminator' and facts['steps_done'] == 3 and facts['stopped'] is None
    lines = (out / 'photo.csv').read_text().splitlines()
    assert lines[0] == 'step,rate,distance,noise_loss,loss' and len(lines) == 4

    monkeypatch.setattr(Search, 'next', None)  # Nothing is left to do.
    assert 'was there already' in one_command.run_well(project, *words, '--out', out)


def test_an_interrupted_search_goes_on(tiny_pickle, tmp_path, monkeypatch):
    words = [tiny_pickle, '--seeds', '0-1', '--method', 'adam', '--steps', 4, '--plain']
    one_command.run_well(project, *words, '--out', tmp_path / 'through')
    step = Search.next

    def interrupted(self, state, targets):
        if state.step == 2:
            raise KeyboardInterrupt
        return step(self, state, targets)

    monkeypatch.setattr(Search, 'next', interrupted)
    assert one_command.run(project, *words, '--out', tmp_path / 'twice').exit_code
    assert (tmp_path / 'twice' / 'seed0000.checkpoint.npz').is_file()
    monkeypatch.setattr(Search, 'next', step)
    other = one_command.run(project, *words[:-1], '--seed', 1, '--out', tmp_path / 'twice')
    assert other.exit_code == 2 and 'delete it to start again (seed was 0, is 1)' in other.output
    one_command.run_well(project, *words, '--out', tmp_path / 'twice')
    for path in (tmp_path / 'through').iterdir():
        assert (tmp_path / 'twice' / path.name).read_bytes() == path.read_bytes(), path.name
    assert len(list((tmp_path / 'twice').iterdir())) == len(list((tmp_path / 'through').iterdir()))


def test_a_loss_that_is_no_number_is_said(tiny_pickle, tiny_objective, tmp_path, monkeypatch):
    slope = tiny_objective.slope
    monkeypatch.setattr(tiny_objective, 'slope', lambda *args, **_: slope(*args)._replace(distance=np.array([np.nan])))
    words = [tiny_pickle, '--seeds', 0, '--steps', 2, '--out', tmp_path]
    assert 'not finite at step 0, so the best latent before it was kept' in one_command.run_well(project, *words)


def test_a_search_starts_at_the_latents_of_a_file(tiny_pickle, tmp_path):
    """Where a picture is already, it stays: of one search the result is the start of the next."""
    words = [tiny_pickle, '--method', 'adam', '--steps', 1]
    one_command.run_well(project, *words, '--seeds', '0-1', '--out', tmp_path / 'first')
    first = np.load(str(tmp_path / 'first' / 'seed0001.npz'))['w'][0]
    starts = np.stack([first + 1, first])
    np.save(str(tmp_path / 'two.npy'), starts)
    one_command.run_well(
        project, *words, '--seeds', '0-1', '--start-latents', tmp_path / 'two.npy', '--out', tmp_path / 'next'
    )
    for row, name in enumerate(['seed0000', 'seed0001']):
        moved = np.load(str(tmp_path / 'next' / (name + '.npz')))['w'][0] - starts[row]
        assert 0 < abs(moved).max() < 0.051  # One step of Adam.
    one_command.run_well(
        project,
        *words,
        '--seeds',
        0,
        '--start-latents',
        tmp_path / 'first' / 'seed0001.npz',
        '--out',
        tmp_path / 'last',
    )
    facts = json.loads((tmp_path / 'last' / 'seed0000.json').read_text())
    assert facts['start'] == 'seed0001.npz' and facts['method'] == 'adam'
    result = one_command.run(
        project, *words, '--seeds', '0-2', '--start-latents', tmp_path / 'two.npy', '--out', tmp_path / 'no'
    )
    assert result.exit_code == 2 and 'has 2 latents to start from, but there are 3 pictures' in result.output


@pytest.mark.parametrize(
    'words, message',
    [
        ([], 'give pictures, or --seeds'),
        (['photo.png', '--psi', 0.5], '--psi is for --seeds'),
        (['--seeds', 0, '--align', 'x'], '--align is for pictures'),
        (['missing.png'], 'there is no picture'),
        (['text.png'], 'no image; give a picture'),
        (['dot.png'], 'has 1 x 1 pixels, too few for a network of 16 x 16'),
        (['.'], 'two pictures are called photo'),
        (['photo.png', '--align', 'few.txt'], 'holds 2 landmarks, but a face is aligned by 68'),
        (['photo.png', '--align', 'text.png'], 'holds no landmarks'),
        (['photo.png', '--align', 'no'], 'there is no file or folder'),
        (['photo.png', '--distance-network', 'text.png'], 'is a text, not a TensorFlow network pickle'),
    ],
)
def test_wrong_input_is_said_in_one_line(tiny_pickle, photo, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'few.txt').write_text('1 2\n3 4\n')
    if words == ['.']:
        Image.new('RGB', (16, 16)).save('photo.jpg')
    else:
        (tmp_path / 'text.png').write_text('no picture')
        Image.new('RGB', (1, 1)).save('dot.png')
    result = one_command.run(project, tiny_pickle, *words, '--out', 'out')
    assert result.exit_code == 2 and not (tmp_path / 'out').exists()
    assert re.search(message, result.output.splitlines()[-1]), result.output
