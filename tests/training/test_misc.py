import collections
import hashlib
import os
import pickle

import numpy as np
import PIL.Image
import pytest

import config
import dnnlib
from tests import portable
from training import misc

# ------------------------------------------------------------------ images


def test_adjust_dynamic_range():
    x = np.array([0, 51, 255], np.uint8)
    y = misc.adjust_dynamic_range(x, [0, 255], [-1, 1])
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, [-1, -0.6, 1], rtol=1e-6)
    assert misc.adjust_dynamic_range(x, [0, 255], (0, 255)) is x


def test_adjust_dynamic_range_of_a_tensor():
    import tensorflow.compat.v1 as tf

    import dnnlib.tflib  # Switches TensorFlow to graph mode.

    with tf.Graph().as_default(), tf.Session() as session:
        y = misc.adjust_dynamic_range(tf.constant([0.0, 255.0]), [0, 255], [-1, 1])
        np.testing.assert_allclose(session.run(y), [-1, 1])


@pytest.mark.parametrize('num, grid', [(1, (1, 1)), (2, (2, 1)), (3, (2, 2)), (5, (3, 2)), (7, (3, 3)), (9, (3, 3))])
def test_default_grid(num, grid):
    assert misc.create_image_grid(np.zeros([num, 3, 5])).shape == (grid[1] * 3, grid[0] * 5)


def test_image_grid_is_row_major():
    images = np.arange(5 * 3 * 2 * 7, dtype=np.int16).reshape([5, 3, 2, 7])
    grid = misc.create_image_grid(images, (2, 3))
    assert grid.shape == (3, 6, 14) and grid.dtype == np.int16
    np.testing.assert_array_equal(grid[:, 2:4, 7:], images[3])
    np.testing.assert_array_equal(grid[:, 4:, :7], images[4])
    assert not grid[:, 4:, 7:].any()


def test_image_grid_refuses():
    with pytest.raises(ValueError, match='do not fit'):
        misc.create_image_grid(np.zeros([5, 2, 2]), (2, 2))
    with pytest.raises(ValueError, match='needs images'):
        misc.create_image_grid(np.zeros([2, 2]))


def test_convert_to_pil_image():
    values = np.array([[-0.1, 0.5 / 255, 1.5 / 255], [0.5, 1.0, 7.0]])
    gray = misc.convert_to_pil_image(values[np.newaxis])
    assert gray.mode == 'L' and np.array(gray).tolist() == [[0, 0, 2], [128, 255, 255]]  # Ties go to the even number.
    assert np.array(misc.convert_to_pil_image(values)).tolist() == np.array(gray).tolist()
    color = misc.convert_to_pil_image(np.stack([values, 0 * values, 2 * values]) * 2 - 1, [-1, 1])
    assert color.mode == 'RGB' and color.size == (3, 2)
    assert np.array(color)[1, 0].tolist() == [128, 0, 255]


def test_save_image_grid(tmp_path):
    images = np.random.RandomState(0).randint(0, 256, [5, 3, 2, 7]).astype(np.uint8)
    misc.save_image_grid(images, str(tmp_path / 'grid.png'), [0, 255], (5, 1))
    loaded = np.array(PIL.Image.open(str(tmp_path / 'grid.png')))
    np.testing.assert_array_equal(loaded, misc.create_image_grid(images, (5, 1)).transpose([1, 2, 0]))
    assert os.listdir(str(tmp_path)) == ['grid.png']


@pytest.mark.parametrize('name, worst', [('image.png', 0), ('image.jpg', 12)])
def test_save_image(tmp_path, name, worst):
    ramp = np.linspace(0, 255, 32)
    image = np.stack([np.tile(ramp, [32, 1]), np.tile(ramp[::-1], [32, 1]), np.tile(ramp, [32, 1]).T])
    misc.save_image(image, str(tmp_path / name), [0, 255])
    found = np.array(PIL.Image.open(str(tmp_path / name))).transpose([2, 0, 1]).astype(float)
    assert np.abs(found - np.rint(image)).max() <= worst
    assert os.listdir(str(tmp_path)) == [name]


def test_random_latents():
    generator = dnnlib.EasyDict(input_shape=[None, 5])
    z = misc.random_latents(3, generator, random_state=np.random.RandomState(7))
    assert z.dtype == np.float32
    np.testing.assert_array_equal(z, np.random.RandomState(7).randn(3, 5).astype(np.float32))
    assert misc.random_latents(2, generator).shape == (2, 5)


def test_mirror_augment():
    images = np.random.RandomState(0).randn(101, 2, 3, 5)
    before = images.copy()
    y = misc.apply_mirror_augment(images, np.random.RandomState(7))
    flipped = np.random.RandomState(7).rand(101) < 0.5
    assert 0 < flipped.sum() < 101
    np.testing.assert_array_equal(y[flipped], images[flipped][..., ::-1])
    np.testing.assert_array_equal(y[~flipped], images[~flipped])
    np.testing.assert_array_equal(images, before)


def test_mirror_augment_uses_the_seed_of_the_process():
    images = np.random.RandomState(0).randn(31, 1, 1, 3)
    state = np.random.get_state()
    try:
        np.random.seed(7)
        y = misc.apply_mirror_augment(images)
    finally:
        np.random.set_state(state)
    np.testing.assert_array_equal(y, misc.apply_mirror_augment(images, np.random.RandomState(7)))


# ------------------------------------------------------------------ snapshot grids


class TrainingSet:
    """Images whose value is their serial number; class = serial number modulo 3, or no labels."""

    dtype = 'uint16'
    label_dtype = np.float32

    def __init__(self, resolution, label_size=0):
        self.shape = [1, resolution, resolution]
        self.label_size = label_size
        self.drawn = 0

    def get_minibatch_np(self, n):
        ids = np.arange(self.drawn, self.drawn + n)
        self.drawn += n
        images = np.broadcast_to(ids.reshape([n, 1, 1, 1]), [n] + self.shape).astype(self.dtype)
        return images, np.eye(3, dtype=np.float32)[ids % 3][:, : self.label_size]


@pytest.mark.parametrize(
    'resolution, size, expected',
    [
        (1024, '1080p', (3, 2)),
        (256, '1080p', (7, 4)),
        (16, '1080p', (32, 32)),
        (1024, '4k', (7, 4)),
        (256, '4k', (15, 8)),
        (256, '8k', (30, 16)),
        (1024, '8k', (7, 4)),
    ],
)
def test_snapshot_sizes(resolution, size, expected):
    grid, reals, labels = misc.setup_snapshot_image_grid(TrainingSet(resolution), size=size)
    assert grid == expected and len(reals) == len(labels) == expected[0] * expected[1]
    assert reals[:, 0, 0, 0].tolist() == list(range(len(reals)))


def test_snapshot_with_a_generator_gives_latents_too():
    generator = dnnlib.EasyDict(input_shape=[None, 5])
    grid, reals, labels, latents = misc.setup_snapshot_image_grid(
        generator, TrainingSet(1024), rnd=np.random.RandomState(7)
    )
    np.testing.assert_array_equal(latents, np.random.RandomState(7).randn(6, 5))


@pytest.mark.parametrize(
    'args, kwargs, num_results',
    [
        ([], dict(training_set='T', size='4k', layout='class4x4'), 3),
        (['T', '4k', 'class4x4'], {}, 3),
        (['T', '4k'], dict(layout='class4x4'), 3),
        (['G', 'T', '4k', 'class4x4'], {}, 4),
        (['G'], dict(training_set='T', size='4k', layout='class4x4'), 4),
        (['T'], dict(G='G', size='4k', layout='class4x4'), 4),
        ([], dict(G='G', training_set='T', size='4k', layout='class4x4'), 4),
    ],
)
def test_snapshot_arguments_of_all_generations(args, kwargs, num_results):
    objects = dict(T=TrainingSet(512, label_size=3), G=dnnlib.EasyDict(input_shape=[None, 5]))
    found = misc.setup_snapshot_image_grid(
        *[objects.get(x, x) for x in args], **{name: objects.get(x, x) for name, x in kwargs.items()}
    )
    assert len(found) == num_results and found[0] == (7, 4) and np.argmax(found[2][4]) == 1
    assert num_results == 3 or found[3].shape == (28, 5)


def test_snapshot_refuses_arguments_that_are_none():
    for args in [[], ['4k'], [1, 2, TrainingSet(8)], [TrainingSet(8), '4k', 'random', 'more']]:
        with pytest.raises(TypeError, match='training.set|more arguments'):
            misc.setup_snapshot_image_grid(*args)


@pytest.mark.parametrize(
    'layout, class_of',
    [
        ('row_per_class', lambda x, y: y),
        ('col_per_class', lambda x, y: x),
        ('class4x4', lambda x, y: x // 4 + y // 4 * 2),
    ],
)
def test_snapshot_layouts(layout, class_of):
    (cols, rows), reals, labels = misc.setup_snapshot_image_grid(TrainingSet(256, label_size=3), layout=layout)
    assert (cols, rows) == (7, 4)
    for i in range(cols * rows):
        assert np.argmax(labels[i]) == reals[i, 0, 0, 0] % 3 == class_of(i % cols, i // cols) % 3
    assert len(np.unique(reals)) == cols * rows


@pytest.mark.parametrize(
    'kwargs, label_size, message',
    [(dict(size='2k'), 3, '2k'), (dict(layout='diagonal'), 3, 'diagonal'), (dict(layout='class4x4'), 0, 'labels')],
)
def test_snapshot_refuses(kwargs, label_size, message):
    with pytest.raises(ValueError, match=message):
        misc.setup_snapshot_image_grid(TrainingSet(256, label_size), **kwargs)


# ------------------------------------------------------------------ files


@pytest.fixture(scope='module')
def tensorflow_ready():
    from dnnlib import tflib

    with tflib.create_session().as_default():
        yield


def test_pickles_of_data(tmp_path, tensorflow_ready):
    obj = (np.arange(7.0).reshape([1, 7]), collections.OrderedDict(a=dnnlib.EasyDict(b=[1, 'x', None])))
    path = str(tmp_path / 'data.pkl')
    misc.save_pkl(obj, path)
    array, rest = misc.load_pkl(path)
    np.testing.assert_array_equal(array, obj[0])
    assert rest == obj[1]
    assert os.listdir(str(tmp_path)) == ['data.pkl']
    with open(path, 'rb') as f:
        assert portable.faults(f.read()) == []


def test_failed_save_leaves_the_old_file(tmp_path):
    path = str(tmp_path / 'data.pkl')
    misc.save_pkl('old', path)
    with pytest.raises(Exception, match='[Pp]ickle'):
        misc.save_pkl(['new', lambda: 0], path)
    with open(path, 'rb') as f:
        assert pickle.load(f) == 'old'
    assert os.listdir(str(tmp_path)) == ['data.pkl']


def test_pickles_are_not_executed(tmp_path, tensorflow_ready):
    class Attack:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / 'attacked'),)

    misc.save_pkl(Attack(), str(tmp_path / 'bad.pkl'))
    with pytest.raises(IOError, match='mkdir'):
        misc.load_pkl(str(tmp_path / 'bad.pkl'))
    assert os.listdir(str(tmp_path)) == ['bad.pkl']


def test_urls_come_from_the_cache(tmp_path, monkeypatch, tensorflow_ready):
    monkeypatch.chdir(tmp_path)
    url = 'https://example.invalid/stats.pkl'
    path = os.path.join('.stylegan2-cache', hashlib.md5(url.encode()).hexdigest() + '_stats.pkl')
    os.mkdir('.stylegan2-cache')
    misc.save_pkl([1, 2], path)
    assert misc.load_pkl(url) == [1, 2]
    with misc.open_file_or_url(url) as f, misc.open_file_or_url(path) as g:
        assert f.read() == g.read()


# ------------------------------------------------------------------ earlier runs


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Run 7 with snapshots, run 17 without networks, and two runs that are both called 3."""
    monkeypatch.setattr(config, 'result_dir', str(tmp_path))
    for name in [
        '00007-sgan/network-snapshot-000140.pkl',
        '00007-sgan/network-snapshot-001400.pkl',
        '00007-sgan/network-final.pkl',
        '00007-sgan/other.pkl',
        '00017-empty/log.txt',
        '003-a/x',
        '00003-b/x',
    ]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def test_locate_run_dir(results):
    run_dir = str(results / '00007-sgan')
    for given in [7, '7', '007', run_dir]:
        assert misc.locate_run_dir(given) == run_dir
    for unknown in [70, 0, 3, '.*']:
        with pytest.raises(IOError, match='was not found'):
            misc.locate_run_dir(unknown)


def test_list_network_pkls(results):
    names = [os.path.basename(p) for p in misc.list_network_pkls(7)]
    assert names == ['network-snapshot-000140.pkl', 'network-snapshot-001400.pkl', 'network-final.pkl']
    assert [os.path.basename(p) for p in misc.list_network_pkls(7, include_final=False)] == names[:2]
    assert misc.list_network_pkls(17) == []


def test_locate_network_pkl(results):
    def name(*args):
        return os.path.basename(misc.locate_network_pkl(*args))

    assert name(7) == 'network-final.pkl'
    assert name(7, 140) == name('7', '000140') == 'network-snapshot-000140.pkl'
    assert (
        name(str(results / '00007-sgan' / 'other.pkl'))
        == name(7, str(results / '00007-sgan' / 'other.pkl'))
        == 'other.pkl'
    )
    for missing in [(7, 14), (17,)]:
        with pytest.raises(IOError, match='no network file'):
            name(*missing)


def test_load_network_pkl(results, tensorflow_ready):
    misc.save_pkl('final', str(results / '00007-sgan' / 'network-final.pkl'))
    assert misc.load_network_pkl(7) == 'final'


def some_run(train_kimg, dataset_args):
    pass


def test_parse_config_for_previous_run(tmp_path):
    settings = dnnlib.SubmitConfig()
    settings.run_dir_root = str(tmp_path)
    settings.local.do_not_copy_source_files = True
    dataset = dnnlib.EasyDict(tfrecord_dir='ffhq')
    run = dnnlib.submit_run(settings, __name__ + '.some_run', train_kimg=7, dataset_args=dataset)
    parsed = misc.parse_config_for_previous_run(run.run_dir)
    assert parsed.train['train_kimg'] == 7 and parsed.dataset == {'tfrecord_dir': 'ffhq'}
