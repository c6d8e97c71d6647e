"""The metrics by the official names, with judges whose pickles are rebuilt from their variables."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import dnnlib
from metrics import judges
from metrics.metric_defaults import metric_defaults
from regan.base.errors import UserError
from regan.commands.metrics import metrics
from regan.data import tfrecords
from regan.judges import judge_files
from regan.judges.official import FaceClassifiers
from tests import judge_weights, small_networks
from training import misc

N = 20


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Small judges under the official names, two of the forty classifiers, and a data set."""
    folder = tmp_path_factory.mktemp('judges')
    with pytest.MonkeyPatch.context() as patch:
        judge_weights.small_inception(patch)
        judge_weights.official_inception(folder / judges.INCEPTION_FEATURES)
        judge_weights.official_inception(folder / judges.INCEPTION_SOFTMAX, with_classes=True)
    judge_weights.official(folder / judges.VGG16, with_dense=True)
    judge_weights.official(folder / judges.LPIPS, with_heads=True)
    for file in judges.CLASSIFIERS[:2]:
        judge_weights.classifier(folder / file)
    with tfrecords.new_data_set(folder / 'data') as writer:
        writer.add(np.random.RandomState(0).randint(0, 256, [40, 3, 16, 16]).astype(np.uint8))
    return folder


@pytest.fixture(autouse=True)
def at_hand(folder, tmp_path, monkeypatch):
    judge_weights.small(monkeypatch)
    judge_weights.small_inception(monkeypatch)
    monkeypatch.setattr(judge_files, 'CLASSIFIERS', judges.CLASSIFIERS[:2])
    monkeypatch.setattr(FaceClassifiers, 'RESOLUTION', 16)
    monkeypatch.setattr('metrics.linear_separability.RESOLUTION', 16)
    monkeypatch.setenv(judge_files.FOLDER, str(folder))
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))
    monkeypatch.delenv('REGAN_TRUST_EMBEDDED_CODE', raising=False)
    monkeypatch.chdir(tmp_path)  # The cache of the official API is in the working folder.


def run(*arguments):
    return CliRunner().invoke(metrics, [str(argument) for argument in arguments], catch_exceptions=False)


def test_all_of_them_by_the_command(tiny_pickle, folder):
    asked = 'fid50k,is50k,pr50k3,ppl2_wend,ls'
    run(tiny_pickle, '--metrics', asked, '--n', N, '--data', folder / 'data', '--out', 'out.json')
    with open('out.json') as file:
        found = json.load(file)
    values = {one['metric']: one['value'] for one in found['results']}
    names = 'fid20 is20_mean is20_std pr203_precision pr203_recall ppl2_wend ls_z ls_w'
    assert list(values) == names.split() and all(np.isfinite(value) for value in values.values())
    assert values['fid20'] > 0 and values['is20_mean'] >= 1 and values['ppl2_wend'] > 0 and 1 <= values['ls_w'] <= 4
    assert found['metrics'] == asked.split(',') and found['vgg16_sha256'] and found['reader_sha256'] is None


def test_all_of_them_by_the_official_api(tiny_pickle, folder):
    values = {}
    for name, settings in [
        ('fid50k', dict(num_images=N)),
        ('is50k', dict(num_images=N, num_splits=2)),
        ('pr50k3', dict(num_images=N)),
        ('ppl2_wend', dict(num_samples=4)),
        ('ls', dict(num_samples=N, num_keep=N // 2, attrib_indices=range(2))),
    ]:
        metric = dnnlib.util.call_func_by_name(**dict(metric_defaults[name], **settings))
        metric.run(str(tiny_pickle), data_dir=str(folder), dataset_args=dict(tfrecord_dir='data'), log_results=False)
        values.update(metric.get_results())
    assert sorted(values) == sorted(
        'fid50k is50k_mean is50k_std pr50k3_precision pr50k3_recall ppl2_wend ls_z ls_w'.split()
    )
    assert all(np.isfinite(value) for value in values.values())


def test_networks_that_official_scripts_ask_for_by_address(tmp_path, monkeypatch):
    """Here torchvision's weights and the heads of the package lpips stand for LPIPS."""
    monkeypatch.setenv(judge_files.FOLDER, str(tmp_path))
    judge_weights.torchvision(tmp_path / 'vgg16-397923af.pth')
    judge_weights.lpips_heads(tmp_path / 'vgg.pth')
    images = np.random.RandomState(0).uniform(0, 255, [2, 3, 16, 16])
    with small_networks.fresh_session():
        found = misc.load_pkl(judges.URL + judges.LPIPS).run(images, images[::-1])
    assert found[0] == pytest.approx(found[1], rel=1e-4) and found[0] > 0


def test_what_is_missing_is_named(tiny_pickle, tmp_path):
    for name, file in [('fid50k', judges.INCEPTION_FEATURES), ('is50k', judges.INCEPTION_SOFTMAX)]:
        with pytest.raises(UserError, match='is needed, but not in .*; put its file into a folder .*' + file):
            run(tiny_pickle, '--metrics', name, '--judges', tmp_path)
    with pytest.raises(UserError, match='a classifier of faces is needed'):
        run(tiny_pickle, '--metrics', 'ls', '--judges', tmp_path)
    with pytest.raises(UserError, match='leave the crop away, or ask for ppl_wend'):
        run(tiny_pickle, '--metrics', 'ppl2_wend', '--crop')
    with pytest.raises(UserError, match='look at 16 pixels a side, but .* draws 16|frechet and pr compare'):
        run(tiny_pickle, '--metrics', 'fid50k')
