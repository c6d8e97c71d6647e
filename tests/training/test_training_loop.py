"""Training runs on a tiny data set: bit-equal resumption, what is written, and every way in which a run can end
badly.
"""

import csv
import dataclasses
import hashlib
import json
import os
import signal

import numpy as np
import pytest

from dnnlib import unpickle
from regan.base.errors import UserError
from regan.data import tfrecords
from tests import portable
from training import recipe as recipes
from training import state
from training import training_loop as training_loop_module
from training.graph import fade
from training.run_folder import RunFolder
from training.schedule import Schedule

SIZES = dict(
    latent_size=5, dlatent_size=6, mapping_fmaps=7, mapping_layers=1, fmap_base=16, fmap_max=4, mbstd_group_size=2
)
SCHEDULE = Schedule(minibatch_size=4, lrate=0.01, tick_kimg=0.012)
TOTAL = 0.036  # Three ticks of three minibatches.


def data_set(folder, resolution):
    with tfrecords.new_data_set(folder) as writer:
        writer.add(np.random.RandomState(1).randint(256, size=[11, 3, resolution, resolution]).astype(np.uint8))
    return str(folder)


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    return data_set(tmp_path_factory.mktemp('data') / 'tiny', 8)


@pytest.fixture(scope='module')
def data_4(tmp_path_factory):
    """For runs with real networks that do not grow: a graph of one block has every kind of variable, and half of the
    ops.
    """
    return data_set(tmp_path_factory.mktemp('data') / 'tiny', 4)


def second(**changes):
    values = dict(dict(schedule=SCHEDULE, ema_rampup=0.05, mirror_augment=True), **changes)
    return recipes.stylegan2(SIZES, r1_interval=2, **values)


def first(**changes):
    growing = Schedule(
        lod_initial_resolution=4,
        lod_training_kimg=0.012,
        lod_transition_kimg=0.012,
        minibatch_size=4,
        minibatch_gpu=2,
        lrate=0.01,
        tick_kimg=0.012,
    )
    return recipes.stylegan(SIZES, **dict(dict(schedule=growing, minibatch_repeats=3), **changes))


def run(recipe, data, folder, total=TOTAL, **kwargs):
    return training_loop_module.train(
        recipe,
        data,
        str(folder),
        total,
        threads=1,
        show_progress=False,
        **dict(dict(network_snapshot_ticks=1), **kwargs),
    )


def variables(path):
    """All variables of all networks of a pickle."""

    def of(net):
        return [np.asarray(v) for v in net.variables.values()] + [v for c in net.components.values() for v in of(c)]

    return [v for net in unpickle.networks(unpickle.read(path)) for v in of(net)]


@pytest.fixture(scope='module')
def straight(data_4, tmp_path_factory):
    """Folder of an uninterrupted run of the second generation, with a metric."""
    folder = tmp_path_factory.mktemp('runs') / 'straight'
    assert run(second(), data_4, folder, metrics=lambda path: {'size': os.path.getsize(path)}) == str(
        folder / 'network-final.pkl'
    )
    return folder


def terminate(path):
    """A metric during which SIGTERM comes."""
    os.kill(os.getpid(), signal.SIGTERM)
    return {'size': os.path.getsize(path)}


def check_equal(straight, resumed):
    for a, b in zip(variables(str(straight / 'network-final.pkl')), variables(str(resumed / 'network-final.pkl'))):
        np.testing.assert_array_equal(a, b)
    with np.load(str(straight / 'state.npz')) as a, np.load(str(resumed / 'state.npz')) as b:
        for name in set(a.files) - {'header'}:
            np.testing.assert_array_equal(a[name], b[name], err_msg=name)
    assert rows(straight) == rows(resumed)


def rows(folder):
    """The log but for the times."""
    with open(str(folder / 'log.csv'), newline='') as file:
        return [{k: v for k, v in row.items() if k not in ('seconds', 'size')} for row in csv.DictReader(file)]


def test_resumed_run_ends_with_the_same_bits(straight, data_4, tmp_path):
    """SIGTERM in the second tick, in the middle of the lazy regularisers' rhythm."""
    assert run(second(), data_4, tmp_path / 'broken', metrics=terminate) is None
    progress = state.load(str(tmp_path / 'broken' / 'state.npz'), facts(tmp_path / 'broken'))[1]
    assert progress['images'] == 16 and progress['ticks'] == 1
    run(second(), data_4, tmp_path / 'broken')
    check_equal(straight, tmp_path / 'broken')


@pytest.mark.slow
def test_resumed_run_of_a_growing_network_ends_with_the_same_bits(data, tmp_path):
    run(first(), data, tmp_path / 'straight')
    assert run(first(), data, tmp_path / 'broken', metrics=terminate) is None
    run(first(), data, tmp_path / 'broken')
    check_equal(tmp_path / 'straight', tmp_path / 'broken')


class Recorder:
    """In place of the graph: its one variable is a digest of all that it was ever told."""

    G = Gs = D = None

    def __init__(self, recipe, training_set, networks):
        self.digest, self.calls, self._recipe = np.zeros(32, np.uint8), [], recipe
        Recorder.last = self

    def _note(self, *what):
        self.calls.append(what)
        self.digest = np.frombuffer(hashlib.sha256(self.digest.tobytes() + repr(what).encode()).digest(), np.uint8)

    def step_names(self):
        return ['G', 'G_reg', 'D', 'D_reg'] if self._recipe.order == 'stylegan2' else ['G', 'D']

    def step(self, name, counter, stage, images, labels, ema_decay):
        self._note(name, counter, stage, np.asarray(images).sum(), ema_decay, self.lod)
        return 0.5

    def set_lod(self, lod):
        self.calls.append(('lod', lod))
        self.lod = lod

    def reset_optimizers(self):
        self._note('reset')

    def get_state(self):
        return {'digest': self.digest}

    def set_state(self, values):
        self.digest = values['digest']


@pytest.fixture
def recorder(monkeypatch):
    monkeypatch.setattr(training_loop_module, 'TrainingGraph', Recorder)
    monkeypatch.setattr(RunFolder, 'save_fakes', lambda *_: None)
    monkeypatch.setattr(
        RunFolder, 'save_networks', lambda self, stem, networks: open(self.file(stem + '.pkl'), 'w').name
    )


@pytest.mark.parametrize('make', [first, lambda: first(minibatch_repeats=1), second])
def test_what_the_graph_is_told_does_not_depend_on_an_interruption(make, data, tmp_path, recorder):
    run(make(), data, tmp_path / 'straight')
    whole = Recorder.last.digest
    assert run(make(), data, tmp_path / 'broken', metrics=terminate) is None
    run(make(), data, tmp_path / 'broken')
    np.testing.assert_array_equal(Recorder.last.digest, whole)


def test_a_run_that_is_over_only_writes_the_networks(data, tmp_path, recorder):
    """Also where it was interrupted within a tick."""
    assert run(first(), data, tmp_path, metrics=terminate) is None
    assert run(first(), data, tmp_path, total=0.016) == str(tmp_path / 'network-final.pkl')
    assert [row['kimg'] for row in rows(tmp_path)] == ['0.012', '0.016']


def test_order_of_the_second_generation(data, tmp_path, recorder):
    run(second(), data, tmp_path, total=0.012)
    steps = [(call[0], call[1]) for call in Recorder.last.calls if call[0] != 'lod']
    assert steps == [
        ('G', 0),
        ('G_reg', 0),
        ('D', 0),
        ('D_reg', 0),
        ('G', 1),
        ('D', 1),
        ('G', 2),
        ('D', 2),
        ('D_reg', 2),
    ]


def test_order_of_the_first_generation_and_its_growing(data, tmp_path, recorder):
    """Two parts for each minibatch; lod 1 for three minibatches, then a fade of three, where Adam is reset as it
    begins and ends.
    """
    run(first(minibatch_repeats=1), data, tmp_path, total=0.028)
    calls = Recorder.last.calls[1:]
    assert [call[1] for call in calls if call[0] == 'lod'] == pytest.approx([1, 1, 1, 1, 2 / 3, 1 / 3, 0])
    assert [(call[0], call[1]) for call in calls[1:5]] == [('D', 0), ('D', 1), ('G', 0), ('G', 1)]
    assert [
        i for i, call in enumerate(call for call in calls if call[0] in ('lod', 'reset')) if call[0] == 'reset'
    ] == [5, 8]
    decays = [call[4] for call in calls if call[0] == 'D']
    assert decays[0] == 1 and 0 < decays[1] < 1  # The average moves once for each minibatch.


def test_every_step_of_the_discriminator_has_reals_of_its_own(data, tmp_path, recorder):
    run(first(D_repeats=2, schedule=SCHEDULE), data, tmp_path, total=0.016)
    calls = [call for call in Recorder.last.calls if call[0] != 'lod']
    assert [(call[0], call[1]) for call in calls] == [('D', 0), ('D', 1), ('G', 1), ('D', 2), ('D', 3), ('G', 3)]
    assert len({call[3] for call in calls if call[0] == 'D'}) == 4  # Sums of their pixels.
    assert [row['kimg'] for row in rows(tmp_path)] == ['0.016']


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_state(data, tmp_path, recorder, monkeypatch):
    monkeypatch.setattr(Recorder, 'step', lambda self, name, counter, *_: float('nan') if counter == 4 else 0.5)
    with pytest.raises(
        UserError,
        match=r'the loss of step G is nan after 0\.016 kimg.*network-snapshot-000000\.pkl.*lower learning rate',
    ):
        run(second(), data, tmp_path / 'run')
    assert state.load(str(tmp_path / 'run' / 'state.npz'), facts(tmp_path / 'run'))[1]['images'] == 12


def facts(folder):
    return json.loads((folder / 'recipe.json').read_text())


def test_what_a_run_leaves(straight):
    names = sorted(os.listdir(str(straight)))
    assert [n for n in names if not n.startswith('events.out')] == [
        'fakes000000.png',
        'fakes_init.png',
        'log.csv',
        'network-final.pkl',
        'network-snapshot-000000.pkl',
        'reals.png',
        'recipe.json',
        'state.npz',
    ]
    assert any(n.startswith('events.out') for n in names)
    row = list(csv.DictReader(open(str(straight / 'log.csv'))))[0]
    assert (
        float(row['kimg']) == 0.012
        and float(row['lrate']) == 0.01
        and float(row['loss_D']) > 0
        and float(row['loss_D_reg']) > 0
    )
    assert float(row['size']) > 1000
    assert portable.faults((straight / 'network-final.pkl').read_bytes()) == []
    networks = unpickle.networks(unpickle.read(str(straight / 'network-final.pkl')))
    assert [n.name for n in networks] == ['G', 'D', 'Gs']
    assert [n.build_func_name for n in networks] == ['G_main', 'D_stylegan2', 'G_main']
    assert all('dtype' not in n.static_kwargs for n in networks)


def test_average_lags_behind_the_network(straight):
    G, _, Gs = unpickle.networks(unpickle.read(str(straight / 'network-final.pkl')))
    assert not np.array_equal(_weights(G), _weights(Gs))
    np.testing.assert_array_equal(G.variables['dlatent_avg'], Gs.variables['dlatent_avg'])  # Not averaged twice.
    assert np.abs(G.variables['dlatent_avg']).max() > 0


def _weights(net):
    return net.components['synthesis'].variables['4x4/Conv/weight']


def test_a_state_of_another_recipe_is_refused(straight, data_4):
    other = dataclasses.replace(second(), schedule=dataclasses.replace(SCHEDULE, lrate=0.02), seed=7)
    with pytest.raises(
        UserError,
        match=r'state\.npz was saved by a run with schedule\.lrate = 0\.01, but now it is 0\.02, and '
        r'seed = 1000, but now it is 7; train with',
    ):
        run(other, data_4, straight)


def test_a_state_of_another_version_is_refused(data, tmp_path, recorder):
    assert run(second(), data, tmp_path, metrics=terminate) is None
    path = str(tmp_path / 'state.npz')
    values, progress = state.load(path, facts(tmp_path))
    state.save(path, values, dict(progress, phase=3), facts(tmp_path))
    with pytest.raises(
        UserError, match=r"state\.npz does not fit this program: .*'phase'; it was saved by another version"
    ):
        run(second(), data, tmp_path)


def test_a_damaged_state_is_refused(straight, tmp_path):
    content = (straight / 'state.npz').read_bytes()
    (tmp_path / 'state.npz').write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match='state.npz is damaged .* delete it to start again, or give another folder'):
        state.load(str(tmp_path / 'state.npz'), {})


def test_a_folder_with_other_files_is_refused(data, tmp_path):
    (tmp_path / 'thesis.tex').write_text('x')
    with pytest.raises(UserError, match='holds other files, but no training run'):
        run(second(), data, tmp_path)
    assert os.listdir(str(tmp_path)) == ['thesis.tex']


def test_a_full_disk_keeps_the_earlier_state(tmp_path, monkeypatch):
    path = str(tmp_path / 'state.npz')
    state.save(path, {'a': np.arange(3.0)}, {'images': 1}, {'seed': 1})

    def full(file, **arrays):
        file.write(b'half')
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(np, 'savez', full)
    with pytest.raises(UserError, match='No space left on device'):
        state.save(path, {'a': np.arange(4.0)}, {'images': 2}, {'seed': 1})
    monkeypatch.undo()
    values, progress = state.load(path, {'seed': 1})
    assert progress == {'images': 1} and list(values['a']) == [0, 1, 2] and os.listdir(str(tmp_path)) == ['state.npz']


def test_fade_against_blocks_by_hand():
    images = np.random.RandomState(3).randint(256, size=[2, 3, 4, 4]).astype(np.uint8)
    assert fade(images, 0) is images
    found = fade(images, 1.25)
    assert found.shape == (2, 3, 8, 8)
    for y, x in np.ndindex(8, 8):
        block = images[:, :, y // 4 * 2 : y // 4 * 2 + 2, x // 4 * 2 : x // 4 * 2 + 2].astype(float).mean(axis=(2, 3))
        np.testing.assert_allclose(found[:, :, y, x], images[:, :, y // 2, x // 2] * 0.75 + block * 0.25, rtol=1e-6)
    np.testing.assert_array_equal(fade(images, 1.0), images.repeat(2, axis=2).repeat(2, axis=3))
