"""The commands `metrics` and `reader` on small networks and a small data set."""

import csv
import json
import shutil

import numpy as np
import pytest
from click.testing import CliRunner

from regan.base.errors import UserError
from regan.commands.metrics import metrics
from regan.commands.reader import reader
from regan.data import tfrecords
from regan.metrics import snapshots
from regan.networks.generator import Generator
from tests import tiny_reader


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """A tiny reader, and a data set of 80 images with their factors."""
    folder = tmp_path_factory.mktemp('files')
    random = np.random.RandomState(0)
    with tfrecords.new_data_set(folder / 'toy') as writer:
        writer.add(random.randint(0, 256, [80, 3, 16, 16]).astype(np.uint8))
        np.save(str(writer.path('.factors.npy')), random.rand(80, 3).astype(np.float32))
        writer.path('.json').write_text(json.dumps(dict(world='toy', factor_names=['grey', 'hue', 'none'])))
    return dict(reader=str(tiny_reader.write(folder / 'reader.pkl')), data=str(folder / 'toy'))


def run(command, *arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments], catch_exceptions=False)


def test_all_metrics_of_a_tiny_network_and_again_from_the_cache(tiny_pickle, files, tmp_path, monkeypatch):
    cache = tmp_path / 'cache'
    monkeypatch.setenv('REGAN_CACHE_DIR', str(cache))
    arguments = [tiny_pickle, '--data', files['data'], '--reader', files['reader'], '--n', 20, '--mirror', '--metrics']
    result = run(metrics, *(arguments + ['frechet,pr,ppl_zfull,ppl_segan,ls', '--out', tmp_path / 'out.json']))
    names = [line.split()[0] for line in result.output.splitlines()]
    assert names == [
        'frechet_reader',
        'precision_reader',
        'recall_reader',
        'ppl_reader_zfull',
        'ppl_reader_segan',
        'ls_reader_z',
        'ls_reader_w',
        'wrote',
    ]
    found = json.loads((tmp_path / 'out.json').read_text())
    values = {entry['metric']: entry['value'] for entry in found['results']}
    assert values['frechet_reader'] > 0 and 0 <= values['precision_reader'] <= 1 and 1 <= values['ls_reader_w'] <= 4
    assert values['ppl_reader_segan'] > 0 and found['n'] == 20 and found['network'] == 'tiny.pkl'
    kept = {path.name: path.stat().st_mtime for path in cache.iterdir()}
    assert sorted(name.split('-')[-1] for name in kept) == ['gaussian.npz', 'neighbours.npz']
    again = run(metrics, *(arguments + ['frechet', '--out', tmp_path / 'out.csv']))
    assert again.output.splitlines()[0] == result.output.splitlines()[0]
    assert kept == {path.name: path.stat().st_mtime for path in cache.iterdir()}
    rows = list(csv.DictReader((tmp_path / 'out.csv').open()))
    assert [(row['network'], row['metric'], row['n']) for row in rows] == [('tiny.pkl', 'frechet_reader', '20')]


def test_an_unknown_metric_is_named_before_anything_is_opened():
    with pytest.raises(UserError, match="there is no metric 'fid'"):
        run(metrics, 'nowhere.pkl', '--metrics', 'fid')


@pytest.mark.parametrize(
    'arguments, sentence',
    [
        (['--n', 3], '3 is not in the range'),
        (['--psi', 'nan'], "'nan' is not a finite number"),
        (['--out', 'table.txt'], 'table.txt must end in .csv or .json'),
        (['--reader', 'nowhere.pkl'], 'nowhere.pkl'),
    ],
)
def test_usage(arguments, sentence):
    result = run(metrics, 'tiny.pkl', *arguments)
    assert result.exit_code == 2 and sentence in result.output


def test_images_without_rounding(stays_open, tiny_pickle):
    """What path lengths are measured on: `render` is `synthesize` before it becomes bytes, in the same pieces or
    others.
    """
    dlatents = np.random.RandomState(1).randn(19, 6, 11)
    with Generator.open(tiny_pickle) as generator:
        exact, rounded = generator.render(dlatents), generator.synthesize(dlatents)
    assert exact.shape == (19, 3, 16, 16) and exact.dtype == np.float32 and np.abs(exact).max() > 1.1
    expected = np.floor(np.clip(127.5 * exact + 128, 0, 255)).transpose(0, 2, 3, 1)
    assert np.abs(expected - rounded).max() <= 1 and (expected != rounded).mean() < 0.005


def test_snapshots_are_measured_as_the_command_measures(tiny_pickle, files, tmp_path, monkeypatch):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))
    measure = snapshots.judged_by(files['reader'], files['data'], 20, mirror=True)
    said = run(
        metrics,
        tiny_pickle,
        '--data',
        files['data'],
        '--reader',
        files['reader'],
        '--n',
        20,
        '--mirror',
        '--metrics',
        'frechet,pr',
        '--out',
        tmp_path / 'out.json',
    )
    found = json.loads((tmp_path / 'out.json').read_text())['results']
    assert measure(tiny_pickle) == {entry['metric']: entry['value'] for entry in found}, said.output
    with pytest.raises(UserError, match='tiny.pkl'):
        snapshots.judged_by(tiny_pickle, files['data'], 20)  # At once, and not after hours of training.
    with pytest.raises(UserError, match='images, fewer than the 100000 of each side that are asked for'):
        snapshots.judged_by(files['reader'], files['data'], 100000)
    with pytest.raises(UserError, match='not 3 channels and 4 pixels'):
        snapshots.judged_by(files['reader'], files['data'], 20, resolution=4)


# ------------------------------------------------------------------ reader


def test_training_a_reader_from_a_data_set(files, tmp_path):
    out = tmp_path / 'new.pkl'
    result = run(reader, '--data', files['data'], '--steps', 2, '--held-out', 10, '--out', out)
    lines = result.output.splitlines()
    assert [line.split()[0] for line in lines] == ['grey', 'hue', 'none', 'wrote']
    assert [path.name for path in tmp_path.iterdir()] == ['new.pkl']


def test_factors_must_be_known(tmp_path):
    with tfrecords.new_data_set(tmp_path / 'photos') as writer:
        writer.add(np.zeros([5, 3, 16, 16], np.uint8))
    with pytest.raises(
        UserError,
        match=r'has no photos\.factors\.npy and photos\.json, so its factors are not known; make it from a world',
    ):
        run(reader, '--data', tmp_path / 'photos', '--out', tmp_path / 'new.pkl')


def test_factors_must_be_readable(files, tmp_path):
    folder = tmp_path / 'toy'
    shutil.copytree(files['data'], str(folder))
    factors = next(folder.glob('*.factors.npy'))
    factors.write_bytes(factors.read_bytes()[:100])
    with pytest.raises(UserError, match=r'toy\.factors\.npy is not a \.npy file with a plain array; make it again'):
        run(reader, '--data', folder, '--out', tmp_path / 'new.pkl')
    np.save(str(factors), np.zeros([79, 3], np.float32))
    with pytest.raises(UserError, match=r'toy\.factors\.npy must hold an array of numbers with 2 axes and 80 rows'):
        run(reader, '--data', folder, '--out', tmp_path / 'new.pkl')
