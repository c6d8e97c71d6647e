"""Work shared among real processes: the same bits for any number of them, also when one is killed."""

import os
import signal
import socket
import sys

import numpy as np
import pytest
from click.testing import CliRunner

distributed = pytest.importorskip('distributed')
import dask

from regan.base import artefacts
from regan.base.errors import UserError
from regan.cli import main
from regan.components import pca
from regan.metrics import evaluate
from regan.networks.generator import Generator
from regan.scale import cluster, jobs
from regan.scale import shared_components as scale_pca
from regan.scale import shared_images as scale_rendering
from regan.scale import shared_metrics as scale_metrics
from tests import scale_tasks, tiny_reader


@pytest.fixture(scope='module')
def workers(tmp_path_factory):
    """A Dask scheduler with workers in processes of their own, like one that somebody has started by hand."""
    with dask.config.set({'distributed.scheduler.allowed-failures': 1}):
        with distributed.LocalCluster(
            n_workers=3,
            threads_per_worker=1,
            processes=True,
            dashboard_address='127.0.0.1:0',
            silence_logs=50,
            local_directory=str(tmp_path_factory.mktemp('workers')),
        ) as started:
            yield started


@pytest.fixture
def connected(workers):
    with cluster.connect(workers.scheduler_address) as connected:
        yield connected


@pytest.fixture(scope='module')
def generator(tiny_generator):
    return tiny_generator


def files_of(generator):
    return dict(generator=jobs.generator_file(generator))


# ------------------------------------------------------------------ the map


def test_results_come_in_order_and_few_items_are_taken_ahead(connected):
    taken = []
    items = (taken.append(i) or i for i in range(40))
    found = connected.map(scale_tasks.squared, {}, (5,), items, bundle=2)
    assert next(found)[0] == 5 and len(taken) == 2 * cluster.AHEAD * len(connected.client.nthreads())
    rest, processes = zip(*found)
    assert list(rest) == [i**2 + 5 for i in range(1, 40)] and os.getpid() not in processes


def test_no_items(connected):
    assert list(connected.map(scale_tasks.squared, {}, (5,), [])) == []


def test_an_error_of_a_task_comes_through(connected):
    with pytest.raises(TypeError):
        list(connected.map(scale_tasks.squared, {}, ('x',), [1]))


def test_what_is_left_is_called_off(connected):
    found = connected.map(scale_tasks.squared, {}, (5,), range(10**9))
    next(found)
    found.close()
    assert list(connected.map(scale_tasks.squared, {}, (0,), [3]))[0][0] == 9


# ------------------------------------------------------------------ results

SPECS = [pca.PCASpec(n=170000, components=5, estimator='pca'), pca.PCASpec(n=9000, components=5)]
REQUEST = evaluate.Request(('frechet', 'pr', 'ppl_zfull', 'ppl_wend', 'ls'), 41)


@pytest.fixture(scope='module')
def local_bases(generator, tmp_path_factory):
    return [pca.load_or_compute(generator, spec, tmp_path_factory.mktemp('local')) for spec in SPECS]


def assert_equal(basis, other):
    for name in ('mean', 'components', 'stdev', 'act_stdev', 'variance_ratio', 'random_stdevs'):
        np.testing.assert_array_equal(getattr(basis, name), getattr(other, name), err_msg=name)
    assert basis.record == other.record


class Reals:
    """Noise as real images."""

    facts = dict(data='noise')

    def batches(self, n):
        random = np.random.RandomState(3)
        for begin in range(0, n, 23):
            yield random.randint(0, 256, size=[min(23, n - begin), 16, 16, 3]).astype(np.uint8)


@pytest.fixture(scope='module')
def measure(generator, tmp_path_factory):
    """Function (cluster or None) -> results of REQUEST."""
    from regan.judges.reader import FactorReader

    path = tiny_reader.write(tmp_path_factory.mktemp('reader') / 'reader.pkl')
    with FactorReader(path) as reader:
        files = dict(files_of(generator), reader=jobs.File(FactorReader, str(path), reader.sha256))

        def measure(connected):
            farm = connected and scale_metrics.farm(connected, files, REQUEST, generator.resolution)
            return evaluate.evaluate(
                generator, REQUEST, evaluate.Judges(reader), Reals(), tmp_path_factory.mktemp('cache'), farm=farm
            )

        yield measure


def test_a_killed_worker_costs_nothing_but_time(connected, generator, local_bases, tmp_path):
    processes, done = list(connected.client.run(os.getpid).values()), []

    def progress(rows):
        if rows and not sum(done):
            os.kill(processes[0], signal.SIGKILL)
        done.append(rows)

    spread = scale_pca.spread(connected, files_of(generator))
    assert_equal(pca.load_or_compute(generator, SPECS[0], tmp_path, progress, spread), local_bases[0])
    assert sum(done) == SPECS[0].fitted_rows and processes[0] not in connected.client.run(os.getpid).values()


@pytest.fixture(scope='module')
def measured(measure):
    return measure(None)


@pytest.mark.parametrize('count', [3, 2, 1])
def test_any_number_of_workers_gives_the_local_bits(
    connected, count, generator, local_bases, measure, measured, tmp_path
):
    connected.client.wait_for_workers(count)
    connected.client.retire_workers(sorted(connected.client.nthreads())[count:])
    for spec, local in zip(SPECS, local_bases):
        assert_equal(
            pca.load_or_compute(generator, spec, tmp_path, spread=scale_pca.spread(connected, files_of(generator))),
            local,
        )
    assert [path.suffix for path in tmp_path.iterdir()] == ['.npz'] * 2  # No checkpoint is left.
    assert measure(connected) == measured
    assert len(connected.client.nthreads()) == count


def test_an_interrupted_run_goes_on(connected, generator, local_bases, tmp_path):
    def interrupt(rows):
        if rows:
            raise KeyboardInterrupt

    done = []
    spread = scale_pca.spread(connected, files_of(generator))
    with pytest.raises(KeyboardInterrupt):
        pca.load_or_compute(generator, SPECS[0], tmp_path, interrupt, spread)
    assert [path.name.endswith('.checkpoint.npz') for path in tmp_path.iterdir()] == [True]
    assert_equal(pca.load_or_compute(generator, SPECS[0], tmp_path, done.append, spread), local_bases[0])
    assert done == [50000, 50000, 50000, 20000]


# ------------------------------------------------------------------ commands


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def content_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize('noise', ['stored', 'seed'])
def test_generate_writes_the_same_files(workers, tiny_pickle, tmp_path, monkeypatch, noise):
    monkeypatch.setattr(scale_rendering, 'PIXELS', 1)  # Several tasks.
    monkeypatch.setattr(Generator, 'images_at_once', 3)
    for name, words in [('local', []), ('shared', ['--scheduler', workers.scheduler_address])]:
        result = run('generate', tiny_pickle, '--seeds', '5-11', '--noise', noise, '--out', tmp_path / name, *words)
        assert result.exit_code == 0, result.output
    assert (
        content_of(tmp_path / 'local') == content_of(tmp_path / 'shared')
        and len(content_of(tmp_path / 'local')) == 7 + 2
    )


def test_commands_share_their_work(workers, tiny_pickle, tmp_path, monkeypatch):
    reader = tiny_reader.write(tmp_path / 'reader.pkl')
    for name, words in [('local', []), ('shared', ['--scheduler', workers.scheduler_address])]:
        monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / name))
        measuring = ['metrics', tiny_pickle, '--metrics', 'ppl_wend', '--n', 17, '--reader', reader]
        for command in [
            ['pca', tiny_pickle, '--n', 4000, '--components', 5, '--out', tmp_path / (name + '.npz')],
            measuring + ['--out', tmp_path / (name + '.json')],
        ]:
            result = run(*command + words)
            assert result.exit_code == 0, result.output
    assert content_of(tmp_path / 'local') == content_of(tmp_path / 'shared')  # The cache, under the same names.
    for suffix in ('.npz', '.json'):
        assert (tmp_path / ('local' + suffix)).read_bytes() == (tmp_path / ('shared' + suffix)).read_bytes()


def test_workers_of_a_command_s_own(tiny_pickle, tmp_path):
    for name, words in [('local', []), ('shared', ['--scheduler', 'local:1'])]:
        result = run('generate', tiny_pickle, '--seeds', '5', '--out', tmp_path / name, *words)
        assert result.exit_code == 0, result.output
    assert content_of(tmp_path / 'local') == content_of(tmp_path / 'shared')


@pytest.mark.parametrize(
    'words, message',
    [
        (
            ['generate', 'NET', '--seeds', '1', '--out', 'OUT', '--scheduler', 'local:0'],
            "'local:0' is no scheduler; write local:N",
        ),
        (
            ['pca', 'NET', '--scheduler', 'tcp://127.0.0.1:1', '--n', 4000, '--components', 3],
            'no Dask scheduler answers at tcp://127.0.0.1:1',
        ),
        (['pca', 'NET', '--scheduler', 'local:1', '--estimator', 'ica'], 'ica needs all samples in one place'),
        (['pca', 'NET', '--scheduler', 'local:1', '--list-layers'], '--scheduler is for the components of W'),
    ],
)
def test_schedulers_that_cannot_be_used(tiny_pickle, tmp_path, monkeypatch, words, message):
    monkeypatch.setattr(cluster, 'CONNECT_SECONDS', 1)
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))
    result = run(*[dict(NET=tiny_pickle, OUT=tmp_path / 'out').get(word, word) for word in words])
    assert result.exit_code == 2 and message in result.output and 'Traceback' not in result.output
    assert list(tmp_path.iterdir()) == []


def test_dask_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, 'distributed', None)
    with pytest.raises(UserError, match=r'pip install dask distributed'):
        with cluster.connect('local:1'):
            pass


# ------------------------------------------------------------------ files


def test_a_file_that_only_the_client_has_is_sent(connected, tiny_pickle, tmp_path, monkeypatch):
    content = tiny_pickle.read_bytes() + b'\0'  # Bytes after a pickle's end do no harm, but make another file of it.
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'here.pkl').write_bytes(content)
    file = jobs.File(
        Generator.open, 'here.pkl', artefacts.sha256_file('here.pkl')
    )  # Workers have another current folder.
    assert list(connected.map(scale_tasks.hash_of, dict(generator=file), (), [0])) == [file.sha256]


def test_a_file_that_changes_is_refused(connected, tiny_pickle, tmp_path):
    file = jobs.File(Generator.open, str(tiny_pickle), '0' * 64)
    with pytest.raises(UserError, match='cannot read .*tiny.pkl as it is on this machine'):
        list(connected.map(scale_tasks.hash_of, dict(generator=file), (), [0]))


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize('part, name', [('versions', 'numpy'), ('versions', 'processor'), ('settings', jobs.THREADS)])
def test_workers_that_would_compute_other_bits_are_refused(connected, monkeypatch, part, name):
    list(connected.map(scale_tasks.squared, {}, (5,), [1]))  # Settings are taken over by the first job.
    mine = jobs.demands()
    mine[part] = dict(mine[part], **{name: '17'})
    monkeypatch.setattr(jobs, 'demands', lambda: mine)
    file = jobs.File(Generator.open, 'never opened', '1' * 64)
    with pytest.raises(
        UserError, match='has %s .* where this machine has 17, so results would depend on who computes them' % name
    ):
        list(connected.map(scale_tasks.squared, dict(file=file), (5,), [1]))
    with pytest.raises(
        UserError, match='where this machine has 17'
    ):  # Also a worker that comes after the job was checked.
        list(connected.map(scale_tasks.squared, {}, (5,), [1]))


@pytest.mark.parametrize(
    'address',
    ['local', 'local:0', 'local:x', 'tcp://host', 'tcp://host:0', 'tcp://host:99999', 'http://host:1', 'tcp://:1'],
)
def test_addresses_that_mean_nothing(address):
    with pytest.raises(UserError, match='is no scheduler; write local:N'):
        with cluster.connect(address):
            pass


def test_a_scheduler_that_does_not_answer(monkeypatch):
    monkeypatch.setattr(cluster, 'CONNECT_SECONDS', 1)
    with socket.socket() as unused:
        unused.bind(('127.0.0.1', 0))
        with pytest.raises(UserError, match='no Dask scheduler answers at tcp://127.0.0.1:'):
            with cluster.connect('tcp://127.0.0.1:%d' % unused.getsockname()[1]) as connected:
                list(connected.map(scale_tasks.squared, {}, (5,), [1]))


def test_a_scheduler_without_workers(monkeypatch):
    monkeypatch.setattr(cluster, 'START_SECONDS', 1)
    with distributed.LocalCluster(n_workers=0, dashboard_address='127.0.0.1:0', processes=True) as empty:
        with cluster.connect(empty.scheduler_address) as connected:
            with pytest.raises(UserError, match='has had no workers for 1 seconds'):
                list(connected.map(scale_tasks.squared, {}, (5,), [1]))


def test_a_task_that_kills_every_worker(workers, connected):
    """The last test: those that take their place need not load TensorFlow any more."""
    with pytest.raises(UserError, match='several workers in turn were lost over the same task'):
        list(connected.map(scale_tasks.deadly, {}, (), [1]))
