"""Sweeps: the images are those of the plain way, each latent's common layers are computed once, and nothing that is
done is lost.
"""

import dataclasses
import json
import os

import numpy as np
import pytest

from regan.components.basis import Basis
from regan.drawing import edit_images, modes, sweep
from regan.drawing.modes import Settings
from regan.editing import edits
from regan.pictures import images
from regan.sampling import latents
from tests import one_command

SEEDS = [3, 5, 8]
EDITS = [
    edits.parse(text) for text in ('E(v0, all) * 2', 'centred E(v1, 2-4) * 3', 'E(v2, 4-5) * 3', 'target E(v1, 3) = 2')
]
PLAIN = Settings(None, 'stored', 'round', 0.7, None)
SMALL_PCA = ['--n', '4000', '--components', '5']


@pytest.fixture(scope='module')
def basis():
    random = np.random.RandomState(0)
    rows = np.linalg.qr(random.randn(11, 11))[0][:3].astype(np.float32)
    spread = np.array([1.5, 1.2, 0.9], np.float32)
    return Basis(random.randn(11).astype(np.float32), rows, spread, spread, spread / 4, spread)


@pytest.fixture
def generator(tiny_generator):
    return tiny_generator


def expected_cell(generator, basis, edit, seed, frames, settings):
    """What `regan edit` would draw: every frame in full, uint8 [F, H, W, C]."""
    start = latents.broadcast(generator.map(latents.from_seeds([seed], generator.latent_size)), generator.num_layers)
    dlatents = sweep.path(start, basis, edit, frames)
    return generator.synthesize(
        latents.truncate(dlatents, generator.dlatent_avg, settings.psi, settings.cutoff), conversion=settings.conversion
    )


def assert_same_images(found, expected):
    """At most one level, in few values: the number of images in a minibatch differs."""
    difference = np.abs(np.asarray(found).astype(int) - expected)
    assert difference.max() <= 1 and (difference > 0).mean() < 0.002


# ------------------------------------------------------------------ drawing


@pytest.mark.parametrize('settings', [PLAIN, Settings(None, 'stored', 'truncate', 0.5, 3)], ids=['plain', 'cutoff'])
def test_frames_are_those_of_the_plain_way(generator, basis, settings):
    made = sweep.Sweep(generator, basis, EDITS, SEEDS, 3, settings)
    cells = [(i, j) for i in range(len(EDITS)) for j in range(len(SEEDS))]
    drawn = {(index, frame): image for batch in made.draw(cells) for index, frame, image in batch}
    assert len(drawn) == len(cells) * 3
    for index, (move, latent) in enumerate(cells):
        expected = expected_cell(generator, basis, EDITS[move], SEEDS[latent], 3, settings)
        assert_same_images([drawn[index, frame] for frame in range(3)], expected)


def test_minibatches_are_shared_and_common_layers_are_computed_once(generator, basis, monkeypatch):
    made = sweep.Sweep(generator, basis, EDITS[1:3], SEEDS, 5, PLAIN)
    held, finished = [], []
    hold, finish = made._cut.hold, made._cut.finish
    monkeypatch.setattr(
        made._cut, 'hold', lambda dlatents, layer: held.append((len(dlatents), layer)) or hold(dlatents, layer)
    )
    monkeypatch.setattr(
        made._cut, 'finish', lambda parts, dlatents: finished.append(len(dlatents)) or finish(parts, dlatents)
    )
    for layout in ('edits', 'seeds'):
        for page in sweep.pages(layout, ['a', 'b'], SEEDS):
            list(made.draw(page.cells))
    # Layer 6 is the image: the middle of the offset; either latent's layers 2 and 4 are asked for again by the second
    # layout.
    assert sorted(held) == [(3, 2), (3, 4), (3, 6)]
    assert sum(finished) == 2 * 2 * 3 * 5 and max(finished) > 10


def test_room_for_what_is_kept(generator, basis, monkeypatch):
    """With no room at all the images are the same."""
    monkeypatch.setattr(sweep, 'HELD_BYTES', 0)
    made = sweep.Sweep(generator, basis, EDITS[2:3], SEEDS[:1], 4, PLAIN)
    drawn = [image for batch in made.draw([(0, 0)]) for _, _, image in batch]
    assert_same_images(drawn, expected_cell(generator, basis, EDITS[2], SEEDS[0], 4, PLAIN))
    assert not made._kept._held


@pytest.mark.parametrize(
    'edit, settings, expected',
    [
        (EDITS[0], PLAIN, 0),
        (EDITS[1], PLAIN, 2),
        (EDITS[3], PLAIN, 3),
        (edits.parse('E(v2, 4-5) * 0'), PLAIN, 6),
        (
            edits.parse('E(v2, 4-5)'),
            modes.resolve('official', None, None, 2, 0.0, 5),
            5,
        ),  # psi 0 undoes the edit of layer 4.
    ],
    ids=['all', 'centred', 'target', 'nothing', 'truncated away'],
)
def test_first_layer(generator, basis, edit, settings, expected):
    assert sweep.Sweep(generator, basis, [edit], SEEDS, 4, settings).first_layer(0, 1) == expected


def test_a_target_is_approached_evenly(basis):
    start = np.random.RandomState(1).randn(1, 6, 11)
    steps = sweep.path(start, basis, edits.parse('target E(v1, 2-3) = 2'), 5)
    assert np.array_equal(steps[0], start[0]) and np.array_equal(steps[1:, 0], start.repeat(4, axis=0)[:, 0])
    at = edits.coordinates(steps[:, 2], basis.mean, basis.components[1])
    np.testing.assert_allclose(
        np.diff(at), (2 * 1.2 - edits.coordinates(start[0, 0], basis.mean, basis.components[1])) / 4
    )


# ------------------------------------------------------------------ files


def write(generator, basis, folder, layout='edits', moves=EDITS, fps=None, progress=None, frames=3):
    pages = sweep.pages(layout, ['move%d' % i for i in range(len(moves))], SEEDS)
    facts = {page.name: dict(name=page.name, frames=frames) for page in pages}
    return sweep.write(sweep.Sweep(generator, basis, moves, SEEDS, frames, PLAIN), pages, folder, facts, fps, progress)


def test_strips_by_edit_and_by_seed(generator, basis, tmp_path):
    done = []
    paths, kept = write(generator, basis, tmp_path / 'a', 'edits', progress=done.append)
    assert (
        [path.name for path in paths] == ['%03d-move%d.png' % (i, i) for i in range(4)]
        and kept == 0
        and sum(done) == 4 * 3 * 3
    )
    by_edit = np.stack([images.split(images.read_png(path), 16, 16) for path in paths])  # [edits, seeds, F, H, W, C]
    paths, _ = write(generator, basis, tmp_path / 'b', 'seeds')
    assert [path.name for path in paths] == ['seed0003.png', 'seed0005.png', 'seed0008.png']
    by_seed = np.stack([images.split(images.read_png(path), 16, 16) for path in paths])  # [seeds, edits, F, H, W, C]
    assert_same_images(by_seed.swapaxes(0, 1), by_edit)
    assert_same_images(by_edit[2, 1], expected_cell(generator, basis, EDITS[2], SEEDS[1], 3, PLAIN))
    assert sorted(os.listdir(str(tmp_path / 'b'))) == [
        'seed000%d.%s' % (seed, kind) for seed in SEEDS for kind in ('json', 'png')
    ]


def test_grid(generator, basis, tmp_path):
    paths, _ = write(generator, basis, tmp_path, 'grid')
    page = images.split(images.read_png(paths[0]), 16, 16)  # [edits + 1, seeds, H, W, C]
    assert page.shape[:2] == (5, 3) and [path.name for path in paths] == ['grid.png']
    for j, seed in enumerate(SEEDS):
        assert_same_images(
            page[0, j], expected_cell(generator, basis, edits.parse('E(v0, all) * 0'), seed, 2, PLAIN)[0]
        )
        assert_same_images(page[2, j], expected_cell(generator, basis, EDITS[1], seed, 3, PLAIN)[-1])


def test_finished_pages_are_kept_if_their_facts_agree(generator, basis, tmp_path):
    paths, _ = write(generator, basis, tmp_path)
    times = [os.stat(str(path)).st_mtime_ns for path in paths]
    paths[1].with_suffix('.json').write_text('{"name": "another"}')
    paths[2].unlink()
    paths[3].with_suffix('.json').write_text('{"name": ')
    again, kept = write(generator, basis, tmp_path)
    assert again == paths and kept == 1 and os.stat(str(paths[0])).st_mtime_ns == times[0]
    assert all(os.stat(str(path)).st_mtime_ns > time for path, time in zip(paths[1:], times[1:]))
    assert json.loads(paths[1].with_suffix('.json').read_text()) == dict(name=paths[1].stem, frames=3)


def test_an_interrupted_sweep_goes_on(generator, basis, tmp_path):
    whole, _ = write(generator, basis, tmp_path / 'whole', 'seeds')
    done = []

    def interrupt(count):
        done.append(count)
        if len(done) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(generator, basis, tmp_path / 'parts', 'seeds', progress=interrupt)
    (tmp_path / 'parts' / '.parts-of-other-settings').mkdir()
    drawn = sum(done)
    assert 0 < drawn < 36 and any(name.startswith('.parts-') for name in os.listdir(str(tmp_path / 'parts')))
    done[:] = [0] * 100
    resumed, _ = write(generator, basis, tmp_path / 'parts', 'seeds', progress=done.append)
    assert sum(done) == 36 and done[100] + done[101] > 0  # What was there counts as done at once.
    assert all(np.array_equal(images.read_png(a), images.read_png(b)) for a, b in zip(whole, resumed))
    assert not [name for name in os.listdir(str(tmp_path / 'parts')) if name.startswith('.')]


# ------------------------------------------------------------------ the command


@pytest.fixture
def command(stays_open, tiny_pickle, tmp_path, monkeypatch):
    from regan.commands.sweep import sweep as it

    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path.parent / 'sweep-cache'))
    return lambda *words: one_command.run(it, tiny_pickle, *(list(words) + SMALL_PCA + ['--out', tmp_path / 'out']))


def test_command(command, tmp_path):
    words = [
        '--seeds',
        '4,5',
        '--edit',
        'centred E(v1, 2-4) * 3',
        '--vectors',
        '0,2',
        '--layers',
        '0-2,all',
        '--strength',
        1.5,
        '--frames',
        2,
    ]
    result = command(*words)
    assert result.exit_code == 0 and 'wrote 5 files to' in result.output, result.output
    names = sorted(path.stem for path in (tmp_path / 'out').glob('*.png'))
    assert names == [
        '000-centred-e-v1-2-4-3.0',
        '001-e-v0-0-2-1.5',
        '002-e-v0-all-1.5',
        '003-e-v2-0-2-1.5',
        '004-e-v2-all-1.5',
    ]
    facts = json.loads((tmp_path / 'out' / (names[3] + '.json')).read_text())
    assert (facts['edits'], facts['seeds'], facts['frames'], facts['psi']) == (['E(v2, 0-2) * 1.5'], [4, 5], 2, 0.7)
    assert facts['command'] == 'sweep' and facts['pca']['n'] == 4000
    assert '5 of 5 pictures were there already' in command(*words).output
    words[5] = '0,3'  # The fourth and the fifth picture are others now.
    assert '3 of 5 pictures were there already' in command(*words).output


def test_command_grid_of_a_named_edit(command, tmp_path):
    edit = [dict(id='my/Turn', component=1, start=1, end=3, strength=2.0, psi=0.6, seeds=[7, 9])]
    (tmp_path / 'mine.json').write_text(json.dumps(edit))
    result = command('--edit', 'my/Turn', '--edits-file', tmp_path / 'mine.json', '--layout', 'grid', '--plain')
    assert result.exit_code == 0, result.output
    facts = json.loads((tmp_path / 'out' / 'grid.json').read_text())
    assert (facts['names'], facts['seeds'], facts['psi'], facts['fps']) == (['my/Turn'], [7, 9], 0.6, None)
    assert images.read_png(tmp_path / 'out' / 'grid.png').shape == (32, 32, 3)


def test_a_seed_that_is_given_twice_is_drawn_once(command, tmp_path):
    result = command('--seeds', '1,1', '--by', 'seed', '--vectors', '0', '--frames', 2)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (tmp_path / 'out').glob('*')) == ['seed0001.json', 'seed0001.png']


@pytest.mark.parametrize(
    'words, message',
    [
        ([], 'give --edit or --vectors'),
        (['--edit', 'E(v0, 0)'], 'no latent is chosen; give --seeds'),
        (['--edit', 'E(v0, 0)', '--layers', '0-3'], '--layers is for --vectors'),
        (['--edit', 'E(v0, 0)', '--fps', '5'], '--fps is for --video'),
        (['--edit', 'E(v0, 0)', '--layout', 'grid', '--by', 'seed'], '--by is for strips'),
        (['--edit', 'E(v0, 0)', '--layout', 'grid', '--frames', '3'], '--frames is for strips and videos'),
        (['--edit', 'E(v0, 0)', '--seeds', '1-9', '--frames', '200000'], 'ask for fewer frames'),
        (['--vectors', '0-x'], "'0-x' is no list of numbers"),
        (['--vectors', '5', '--seeds', '1'], 'ask for more than 5 with --components'),
        (['--vectors', '1', '--layers', '4-6', '--seeds', '1'], 'this network has layers 0-5'),
        (['--vectors', '1', '--layers', 'low', '--seeds', '1'], 'cannot read the edit'),
    ],
)
def test_bad_words(command, tmp_path, words, message):
    result = command(*words)
    assert result.exit_code == 2 and message in result.output and not (tmp_path / 'out').exists(), result.output


def test_components_in_z(generator, basis):
    """A sweep draws the latents of `edit_images.strips`, and its cells differ from their first layer on only."""
    in_z = dataclasses.replace(
        basis,
        mean=np.zeros(13, np.float32),
        components=np.eye(len(basis.components), 13, dtype=np.float32),
        space='z',
    )
    edit = edits.parse('E(v1, 2-3) * 2')
    made = sweep.Sweep(generator, in_z, [edit], SEEDS, 3, PLAIN)
    assert made.first_layer(0, 1) == 2
    expected = edit_images.strips(generator, in_z, SEEDS, [edit], 3)
    images = {
        (i, frame): image for batch in made.draw([(0, j) for j in range(len(SEEDS))]) for i, frame, image in batch
    }
    drawn = edit_images.draw(generator, expected, PLAIN)
    for key, image in images.items():
        assert np.abs(image.astype(int) - drawn[key]).max() <= 1
