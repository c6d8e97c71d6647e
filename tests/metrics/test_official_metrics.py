"""The official metrics with small stand-ins for the published networks, against the formulas in plain NumPy."""

import os
import pickle

import numpy as np
import pytest
import scipy.linalg

import config
import dnnlib
from dnnlib.tflib import revival
from metrics import judges, linear_separability, metric_base, perceptual_path_length
from metrics.metric_defaults import metric_defaults
from regan.base.errors import UserError
from regan.data import tfrecords
from regan.metrics import path_length
from tests import make_pickles, small_networks, tiny_network
from training import misc

STAND_INS = '''
import tensorflow as tf

def features(images_in, **kwargs):
    images_in.set_shape([None, 3, 4, 4])
    x = images_in / 127.5 - 1
    left, right = tf.reduce_mean(x[:, :, :, :2], axis=[2, 3]), tf.reduce_mean(x[:, :, :, 2:], axis=[2, 3])
    return tf.concat([left, right], axis=1)

def softmax(images_in, **kwargs):
    return tf.nn.softmax(4 * features(images_in))

def distance(a, b, **kwargs):
    a.set_shape([None, 3, 4, 4])
    b.set_shape([None, 3, 4, 4])
    return tf.reduce_sum(tf.square(a - b), axis=[1, 2, 3])

def classifier(images_in, labels_in, **kwargs):
    images_in.set_shape([None, 3, 4, 4])
    labels_in.set_shape([None, 0])
    return tf.reduce_mean(images_in[:, 0], axis=[1, 2])[:, tf.newaxis]
'''
FILES = {
    judges.INCEPTION_FEATURES: 'features',
    judges.INCEPTION_SOFTMAX: 'softmax',
    judges.VGG16: 'features',
    judges.LPIPS: 'distance',
    judges.CLASSIFIERS[0]: 'classifier',
}
REALS = np.random.RandomState(5).randint(60, 200, size=[40, 3, 4, 4]).astype(np.uint8)
STORED = dict(is_validation=True, randomize_noise=False)  # So that images are functions of the latents.
N = 26

pytestmark = pytest.mark.filterwarnings('ignore:Executing the Python code')


def write(folder, file, function):
    state = make_pickles.state('judge', function, [], build_module_src=STAND_INS)
    (folder / file).write_bytes(make_pickles.dumps(state, 4))


def write_generator(path, resolution=4, **arguments):
    """(Gs, Gs, Gs) of a small StyleGAN2."""
    arguments = dict(tiny_network.WIDTHS, resolution=resolution, mapping_layers=1, **arguments)
    with small_networks.fresh_session():
        net = small_networks.build(tiny_network.FUNCTIONS[2][0], 'Gs', **arguments)
        path.write_bytes(pickle.dumps((net, net, net), 4))
    return str(path)


@pytest.fixture(scope='module')
def network(tmp_path_factory):
    return write_generator(tmp_path_factory.mktemp('networks') / 'tiny.pkl')


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """The stand-ins and a data set."""
    folder = tmp_path_factory.mktemp('judges')
    for file, function in FILES.items():
        write(folder, file, function)
    with tfrecords.new_data_set(folder / 'data') as writer:
        writer.add(REALS)
        writer.add_labels(np.eye(2, dtype=np.float32)[np.arange(40) % 2])
    return folder


@pytest.fixture(autouse=True)
def at_hand(folder, tmp_path, monkeypatch):
    monkeypatch.setenv(judges.FOLDER, str(folder))
    monkeypatch.chdir(tmp_path)  # The cache is in the working folder.

    def load(path):
        return revival.load_pickle(path, trust_embedded_code=True)  # What is not used is not built.

    monkeypatch.setattr(misc, 'load_pkl', load)
    monkeypatch.setenv('REGAN_TRUST_EMBEDDED_CODE', '1')  # For the classifier.


@pytest.fixture(scope='module')
def fakes(network):
    """What the tiny generator draws for normal latents of seed 3, 8 at a time: (z, images [-1, 1], w)."""
    with small_networks.fresh_session():
        Gs = revival.load_pickle(network)[2]
        z = np.random.RandomState(3).randn(32, Gs.input_shape[1])[:N]
        return z, Gs.run(z, None, **STORED), Gs.components.mapping.run(z, None)[:, -1]


def bytes_of(images):
    return np.clip(images * 127.5 + 128, 0, 255).astype(np.uint8)


def features(images):
    x = images.astype(np.float64) / 127.5 - 1
    return np.concatenate([x[..., :2].mean(axis=(2, 3)), x[..., 2:].mean(axis=(2, 3))], axis=1)


def measured(name, network, data=True, **settings):
    """Results of a metric with other settings than the published ones; every draw begins with seed 3."""
    metric = dnnlib.util.call_func_by_name(**dict(metric_defaults[name], **settings))
    data = dict(data_dir=os.environ[judges.FOLDER], dataset_args=dict(tfrecord_dir='data')) if data else {}
    np.random.seed(3)
    metric.run(network, Gs_kwargs=STORED, **data)
    return metric.get_results()


# ------------------------------------------------------------------ the numbers


def test_frechet_inception_distance(network, fakes, capsys):
    x, y = features(REALS[:N]), features(bytes_of(fakes[1]))
    product = scipy.linalg.sqrtm(np.cov(x, rowvar=False).dot(np.cov(y, rowvar=False)))
    expected = np.square(x.mean(axis=0) - y.mean(axis=0)).sum() + np.trace(
        np.cov(x, rowvar=False) + np.cov(y, rowvar=False) - 2 * product.real
    )
    for _ in range(2):  # The second time, the reals' statistics come from the cache.
        assert measured('fid50k', network, num_images=N)['fid50k'] == pytest.approx(expected, rel=1e-3)
    assert capsys.readouterr().out.splitlines()[-1].startswith('tiny') and len(os.listdir(misc.CACHE_DIR)) == 1


def test_frechet_inception_distance_of_all_reals(network, fakes):
    x, y = features(REALS), features(bytes_of(fakes[1]))
    product = scipy.linalg.sqrtm(np.cov(x, rowvar=False).dot(np.cov(y, rowvar=False)))
    expected = np.square(x.mean(axis=0) - y.mean(axis=0)).sum() + np.trace(
        np.cov(x, rowvar=False) + np.cov(y, rowvar=False) - 2 * product.real
    )
    found = measured('fid50k_full', network, num_fakes=N, use_cached_real_stats=False)
    assert found == {'fid50k_full': pytest.approx(expected, rel=1e-3)} and not os.path.exists(misc.CACHE_DIR)


def test_kernel_inception_distance(network, fakes):
    """One subset of all: no choice is left to chance."""
    x, y = features(REALS[:N]), features(bytes_of(fakes[1]))
    xx, yy, xy = [(a.dot(b.T) / 6 + 1) ** 3 for a, b in [(x, x), (y, y), (x, y)]]
    pairs = ~np.eye(N, dtype=bool)
    expected = xx[pairs].mean() + yy[pairs].mean() - 2 * xy.mean()
    assert measured('kid50k', network, num_images=N)['kid50k'] == pytest.approx(expected, abs=1e-4)


def test_inception_score(network, fakes):
    e = np.exp(4 * features(bytes_of(fakes[1])))
    p = e / e.sum(axis=1, keepdims=True)
    scores = [np.exp((q * np.log(q / q.mean(axis=0))).sum(axis=1).mean()) for q in (p[:13], p[13:])]
    found = measured('is50k', network, data=False, num_images=N, num_splits=2)
    assert found['is50k_mean'] == pytest.approx(np.mean(scores), rel=1e-3)
    assert found['is50k_std'] == pytest.approx(np.std(scores), rel=0.02, abs=1e-4)


def test_precision_and_recall(network, fakes):
    x, y = features(REALS[:N]), features(bytes_of(fakes[1]))

    def share(rows, members):
        radii = np.sort(np.linalg.norm(members[:, None] - members, axis=2), axis=1)[:, 2]  # Itself is the first.
        return (np.linalg.norm(rows[:, None] - members, axis=2) <= radii).any(axis=1).mean()

    found = measured('pr50k3', network, num_images=N, nhood_size=2)
    assert found['pr50k3_precision'] == pytest.approx(share(y, x), abs=1.01 / N)  # One that lies on a border.
    assert found['pr50k3_recall'] == pytest.approx(share(x, y), abs=1.01 / N)


@pytest.mark.parametrize('space', 'zw')
def test_path_length_is_that_of_a_small_step(tmp_path, space):
    """The end of a path: the same latents drawn once more, and stepped along by hand. Of 8 x 8 pixels 4 x 4 count."""
    network = write_generator(tmp_path / 'larger.pkl', resolution=8)
    settings = dict(num_samples=3, minibatch_per_gpu=4, epsilon=0.01, space=space, sampling='end')
    found = measured('ppl_zend', network, data=False, **settings)['ppl_zend']
    rnd = np.random.RandomState(3)
    with small_networks.fresh_session():
        Gs = revival.load_pickle(network)[2]
        synthesis, mapping = Gs.components.synthesis, Gs.components.mapping
        z = rnd.randn(2, 4, Gs.input_shape[1])
        for name, var in synthesis.vars.items():
            if name.startswith('noise'):
                synthesis.set_var(name, rnd.randn(*var.shape.as_list()))
        if space == 'z':
            a, b = z / np.linalg.norm(z, axis=2, keepdims=True)
            cosine = (a * b).sum(axis=1, keepdims=True)
            c = (b - cosine * a) / np.linalg.norm(b - cosine * a, axis=1, keepdims=True)
            angle = 0.01 * np.arccos(cosine)
            ends = [mapping.run(v, None) for v in (a, a * np.cos(angle) + c * np.sin(angle))]
        else:
            w = [mapping.run(v, None).astype(np.float64) for v in z]
            ends = [w[0], w[0] + 0.01 * (w[1] - w[0])]
        images = [(synthesis.run(w, randomize_noise=False)[:, :, 3:7, 2:6] + 1) * 127.5 for w in ends]
    squares = np.square(images[0] - images[1]).sum(axis=(1, 2, 3))[:3] / 0.01**2
    assert found == pytest.approx(squares.mean(), rel=0.02)  # The percentiles keep all three; float32 differences.


def test_arcs_as_tensors():
    a, b = np.random.RandomState(1).randn(2, 5, 7)
    t = np.linspace(0, 1, 5)[:, np.newaxis]
    with small_networks.fresh_session() as session:
        found, unit = session.run([perceptual_path_length.slerp(a, b, t), perceptual_path_length.normalize(a)])
    np.testing.assert_allclose(found, path_length.slerp(a, b, t), atol=1e-12)
    np.testing.assert_allclose([found[0], found[-1]], [unit[0], b[-1] / np.linalg.norm(b[-1])], atol=1e-12)


def test_path_length_without_crop(network):
    assert measured('ppl2_wend', network, data=False, num_samples=3)['ppl2_wend'] > 0


def test_linear_separability(network, fakes):
    """An attribute that the brightness of a channel decides, and hyperplanes that hardly know it."""
    z, images, w = fakes
    found = measured('ls', network, data=False, num_samples=N, num_keep=12, attrib_indices=[0])
    logits = images[:, 0].mean(axis=(1, 2))
    sure = np.argsort(-np.abs(logits))[:12]
    target = logits[sure] > 0
    from sklearn.svm import LinearSVC

    for inputs, name in [(z, 'ls_z'), (w, 'ls_w')]:
        if target.all() or not target.any():
            assert found[name] == 1
            continue
        guess = LinearSVC(dual=False).fit(inputs[sure], target).predict(inputs[sure])
        bits = 0.0
        for g in (False, True):
            for t in (False, True):
                joint = np.mean((guess == g) & (target == t))
                bits -= joint * np.log2(joint / np.mean(guess == g)) if joint else 0
        assert found[name] == pytest.approx(2**bits, rel=1e-6)
    assert len(linear_separability.classifier_urls) == 40


# ------------------------------------------------------------------ networks that are not there


def test_a_missing_network_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv(judges.FOLDER, str(tmp_path))

    def offline(url, **kwargs):
        raise OSError('Could not download %s: offline.' % url)

    monkeypatch.setattr(dnnlib.util, 'open_url', offline)
    metric = dnnlib.util.construct_class_by_name(**metric_defaults.ls)
    with pytest.raises(UserError, match='ls needs the published network celebahq-classifier-00-male.pkl.*offline'):
        metric.check_networks()
    with pytest.raises(UserError, match='fid50k needs .*inception_v3_features.pkl, .*REGAN_METRIC_NETWORKS'):
        judges.load(judges.INCEPTION_FEATURES, 'fid50k')


def test_networks_at_hand(folder):
    assert judges.locate(judges.LPIPS, 'ppl') == str(folder / judges.LPIPS)
    for name in ('fid50k', 'is50k', 'pr50k3', 'ppl_zfull', 'kid50k_full'):
        dnnlib.util.construct_class_by_name(**metric_defaults[name]).check_networks()


# ------------------------------------------------------------------ the base class


class Mine(metric_base.MetricBase):
    """As a script of the first generation writes it: without Gs_kwargs."""

    def _evaluate(self, Gs, num_gpus):
        reals, fakes = next(self._iterate_reals(4)), next(self._iterate_fakes(Gs, 4, num_gpus))
        assert reals.shape == (4, 3, 4, 4) and fakes.shape == (4, 4, 4, 3) and fakes.dtype == np.uint8
        self.reals = reals
        self._report_progress(1, 2, status_str='half')
        self._report_result(np.mean(reals), suffix='_reals', fmt='%-8.2f')
        self._report_result(num_gpus)


def test_a_metric_of_a_script(network, tmp_path, folder, monkeypatch):
    told = []

    class Context:
        def update(self, *values):
            told.append(values)

    monkeypatch.setattr(dnnlib.RunContext, 'get', staticmethod(Context))
    metric = Mine('mine')
    metric.configure_progress_range(plo=10, phi=20, pmax=100, psec=0)
    metric.configure(dataset_args=dict(path=str(folder / 'data')), run_dir=str(tmp_path))
    metric.run(network)
    assert np.array_equal(metric.reals, REALS[:4])
    assert told == [('', 10, 100), ('half', 15, 100), ('', 20, 100)]
    line = (tmp_path / 'metric-mine.txt').read_text()
    assert line.startswith('tiny  ') and 'mine_reals %-8.2f mine 1.0000' % REALS[:4].mean() in line
    assert metric.get_result_str().strip() == line.strip()
    metric.update_autosummaries()
    metric.close()
    assert metric.get_results() == {}


def test_mirrored_reals(network, folder):
    metric = Mine('mine')
    np.random.seed(1)
    metric.run(network, dataset_args=dict(tfrecord_dir=str(folder / 'data')), mirror_augment=True)
    flipped = np.random.RandomState(1).rand(4) < 0.5
    assert np.array_equal(metric.reals[flipped], REALS[:4][flipped, :, :, ::-1])
    assert np.array_equal(metric.reals[~flipped], REALS[:4][~flipped])


def test_data_of_the_training_and_of_config(network, folder, tmp_path, monkeypatch):
    """Where a script says nothing of the data, it is that of the run; a name alone lies in config.data_dir."""
    monkeypatch.setattr(config, 'data_dir', str(folder))
    settings = dnnlib.SubmitConfig()
    settings.run_func_kwargs = dict(dataset_args=dict(tfrecord_dir='data'), mirror_augment=False)
    (tmp_path / 'submit_config.pkl').write_bytes(pickle.dumps(settings))
    metric = Mine('mine')
    metric.run(network, run_dir=str(tmp_path), log_results=False)
    assert np.array_equal(metric.reals, REALS[:4]) and not (tmp_path / 'metric-mine.txt').exists()


def test_no_data(network, tmp_path):
    with pytest.raises(UserError, match='fid50k looks at a data set; give dataset_args'):
        dnnlib.util.call_func_by_name(**metric_base.fid50k).run(network, run_dir=str(tmp_path))


def test_labels_of_a_network_with_classes(folder, tmp_path, monkeypatch):
    network = write_generator(tmp_path / 'classes.pkl', label_size=2)
    monkeypatch.setattr(config, 'data_dir', str(folder))
    metric = dnnlib.util.call_func_by_name(**dict(metric_defaults.is50k, num_images=8, num_splits=1))
    metric.run(network, dataset_args=dict(tfrecord_dir='data', max_label_size='full'))
    assert metric.get_results()['is50k_mean'] >= 1
    with pytest.raises(UserError, match="has 2 classes, but the labels of the data set are 0 wide; .*'full'"):
        metric.run(network, dataset_args=dict(tfrecord_dir='data'))


def test_a_cache_that_cannot_be_written_does_not_end_the_run(network, folder, tmp_path):
    (tmp_path / misc.CACHE_DIR).write_text('a file in its place')
    with pytest.warns(UserWarning, match='statistics of the real images are not kept'):
        measured('fid50k', network, num_images=8)


def test_other_data_has_another_cache_file(folder):
    metric = Mine('mine')
    files = set()
    for args in [dict(), dict(max_images=7), dict(max_label_size=1)]:
        metric._reset(dataset_args=dict(args, tfrecord_dir=str(folder / 'data')))
        files.update([metric._get_cache_file_for_reals(num_images=n) for n in (5, 6)])
    assert len(files) == 6 and all(file.startswith(os.path.join(misc.CACHE_DIR, 'mine-')) for file in files)


# ------------------------------------------------------------------ programs that run metrics


def run_all(network_pkl, metrics, dataset, data_dir, mirror_augment):
    """As the second generation's run_metrics.py does it."""
    args = dnnlib.EasyDict(tfrecord_dir=dataset, shuffle_mb=0)
    group = metric_base.MetricGroup([dict(metric_defaults[name], num_images=8) for name in metrics])
    group.run(
        network_pkl,
        data_dir=data_dir,
        dataset_args=args,
        mirror_augment=mirror_augment,
        num_gpus=dnnlib.submit_config.num_gpus,
    )
    group.update_autosummaries()
    assert 'fid50k' in group.get_result_str() and 'pr50k3_recall' in group.get_result_str()


def run_pickle(submit_config, metric_args, network_pkl, dataset_args, mirror_augment):
    """As the first generation's does it."""
    ctx = dnnlib.RunContext(submit_config)
    metric = dnnlib.util.call_func_by_name(**metric_args)
    metric.run(network_pkl, dataset_args=dataset_args, mirror_augment=mirror_augment, num_gpus=submit_config.num_gpus)
    ctx.close()


@pytest.fixture
def settings(tmp_path):
    found = dnnlib.SubmitConfig()
    found.run_dir_root, found.run_desc = str(tmp_path / 'results'), 'run-metrics'
    found.local.do_not_copy_source_files = True
    return found


def log_of(run):
    with open(os.path.join(run.run_dir, 'log.txt')) as file:
        return file.read()


def test_run_metrics_of_the_second_generation(network, folder, settings):
    run = dnnlib.submit_run(
        settings,
        __name__ + '.run_all',
        network_pkl=network,
        metrics=['fid50k', 'pr50k3'],
        dataset='data',
        data_dir=str(folder),
        mirror_augment=True,
    )
    assert ' fid50k ' in log_of(run) and ' pr50k3_precision ' in log_of(run)


def test_run_metrics_of_the_first_generation(network, folder, settings, monkeypatch):
    monkeypatch.setattr(config, 'data_dir', str(folder))
    for args in [
        metric_base.dummy,
        dict(metric_base.ppl_wend, num_samples=2, minibatch_per_gpu=2, crop=False),
    ]:
        run = dnnlib.submit_run(
            settings,
            __name__ + '.run_pickle',
            metric_args=args,
            network_pkl=network,
            dataset_args=dict(tfrecord_dir='data', shuffle_mb=0),
            mirror_augment=True,
        )
        assert ' %s ' % args['name'] in log_of(run)


def test_settings_are_the_published_ones():
    assert (metric_base.ppl_zfull.space, metric_base.ppl_zfull.sampling, metric_base.ppl_zfull.num_samples) == (
        'z',
        'full',
        100000,
    )
    assert (metric_base.ppl_wend.name, metric_base.ppl_wend.space, metric_base.ppl_wend.sampling) == (
        'ppl_wend',
        'w',
        'end',
    )
    assert metric_defaults.ppl_wfull.num_samples == 50000 and not metric_defaults.ppl2_wend.crop
    assert list(metric_defaults) == [args.name for args in metric_defaults.values()]
    for args in metric_defaults.values():
        assert dnnlib.util.construct_class_by_name(**args).name == args.name
