"""training.dataset: what streams from the files, in which order, and what a damaged one says."""

import os

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dnnlib import tflib
from regan.base.errors import UserError
from regan.data import tfrecords
from tests import plain_tfrecords
from training import dataset

N = 13
IMAGES = np.random.RandomState(0).randint(0, 256, [N, 3, 16, 16]).astype(np.uint8)
LABELS = np.random.RandomState(1).rand(N, 5).astype(np.float32)


LOADED = []


@pytest.fixture(autouse=True)
def session():
    with tf.Graph().as_default(), tf.Session():
        yield
    while LOADED:
        LOADED.pop().close()


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
    folder = tmp_path_factory.mktemp('data') / 'toy'
    with tfrecords.new_data_set(folder) as writer:
        writer.add(IMAGES)
        writer.add_labels(LABELS)
    return folder


def load(folder, **options):
    LOADED.append(dataset.load_dataset(tfrecord_dir=str(folder), **options))
    return LOADED[-1]


def rows_of(images, level=IMAGES):
    """Which images of the file these are; all of them are different."""
    return [int(np.flatnonzero((level == image).all(axis=(1, 2, 3)))[0]) for image in images]


def level_of(lod):
    return list(tfrecords.pyramid(IMAGES))[lod]


def drawn(training_set, count, minibatch=1, lod=0):
    batches = [training_set.get_minibatch_np(minibatch, lod)[0] for _ in range(count // minibatch)]
    return rows_of(np.concatenate(batches), level_of(int(lod)))


# ------------------------------------------------------------------ what it says of itself


def test_attributes_are_the_official_ones(toy):
    training_set = load(toy)
    assert (training_set.shape, training_set.resolution, training_set.resolution_log2) == ([3, 16, 16], 16, 4)
    assert (training_set.dtype, training_set.dynamic_range) == ('uint8', [0, 255])
    assert (training_set.label_size, training_set.label_dtype, training_set.num_images) == (0, 'float32', N)
    assert training_set.tfrecord_dir == str(toy)


def test_load_dataset_joins_folders_and_says_what_it_loaded(toy, capsys):
    training_set = load('toy', data_dir=str(toy.parent), verbose=True, max_label_size='full')
    assert training_set.tfrecord_dir == str(toy)
    assert (
        capsys.readouterr().out
        == 'training.dataset.TFRecordDataset: shape [3, 16, 16], dynamic range [0, 255], label size 5\n'
    )
    synthetic = dataset.load_dataset('training.dataset.SyntheticDataset', data_dir='anywhere', resolution=8)
    assert isinstance(synthetic, dataset.SyntheticDataset)


# ------------------------------------------------------------------ order


@pytest.mark.parametrize('options', [dict(), dict(seed=3)])
def test_without_shuffling_the_order_is_that_of_the_file_again_and_again(toy, options):
    assert drawn(load(toy, shuffle_mb=0, **options), 30, 5) == (list(range(N)) * 3)[:30]


def test_the_official_reader_shuffles_each_epoch(toy):
    order = drawn(load(toy, shuffle_mb=1), 4 * N, N)
    epochs = [tuple(order[start : start + N]) for start in range(0, 4 * N, N)]
    assert all(sorted(epoch) == list(range(N)) for epoch in epochs) and len(set(epochs)) > 1


def test_the_order_of_a_seed_is_documented(toy):
    expected = np.concatenate([np.random.RandomState([7, epoch]).permutation(N) for epoch in range(3)])
    assert drawn(load(toy, seed=7), 3 * N, N) == expected.tolist()


def test_the_order_of_a_seed_does_not_depend_on_the_minibatch(toy):
    training_set = load(toy, seed=7)
    order = drawn(training_set, 30, 5)
    for minibatch in [2, 30]:
        assert drawn(training_set, 30, minibatch) == order
    assert drawn(load(toy, seed=8), 30, 30) != order


def test_skipping_is_the_same_as_drawing(toy):
    training_set = load(toy, seed=7, max_label_size='full')
    for skip in [0, 1, 12, 13, 14, 10**6 * N + 3]:
        training_set.configure(3, skip_images=skip)
        images, labels = training_set.get_minibatch_np(3)
        expected = [
            np.random.RandomState([7, number // N]).permutation(N)[number % N] for number in range(skip, skip + 3)
        ]
        assert rows_of(images) == expected and np.array_equal(labels, LABELS[expected])


def test_a_resumed_stream_goes_on_as_the_uninterrupted_one(toy):
    """Over changes of minibatch and level, as in a training with growing networks."""
    phases = [(4, 2, 12), (4, 1.5, 16), (2, 0, 10)]  # minibatch, lod, images

    def run(training_set, start):
        rows, done = [], 0
        for minibatch, lod, count in phases:
            done += count
            if start < done:
                training_set.configure(minibatch, lod, skip_images=max(start, done - count))
                rows += drawn(training_set, done - max(start, done - count), minibatch, lod)
        return rows

    whole = run(load(toy, seed=7), 0)
    resumed = load(toy, seed=7)
    assert len(whole) == 38 and run(resumed, 20) == whole[20:] and run(resumed, 32) == whole[32:]


def test_the_official_reader_skips_too(toy):
    training_set = load(toy, shuffle_mb=0)
    training_set.configure(4, skip_images=17)
    assert rows_of(training_set.get_minibatch_np(4)[0]) == [4, 5, 6, 7]


@pytest.mark.parametrize('options', [dict(), dict(seed=3)])
def test_a_minibatch_drawn_as_arrays_belongs_to_the_stream(toy, options):
    training_set = load(toy, shuffle_mb=0, **options)
    tensors = training_set.get_minibatch_tf()
    training_set.configure(3)
    assert rows_of(tflib.run(tensors)[0]) == [0, 1, 2]
    training_set.configure(3)  # nothing new
    assert rows_of(training_set.get_minibatch_np(3)[0]) == [3, 4, 5]
    training_set.configure(3, lod=0.9)
    assert rows_of(tflib.run(tensors)[0]) == [6, 7, 8]
    training_set.configure(3, skip_images=1)
    assert rows_of(tflib.run(tensors)[0]) == [1, 2, 3]
    training_set.configure(2)
    assert rows_of(tflib.run(tensors)[0]) == [0, 1]


@pytest.mark.parametrize('options', [dict(), dict(seed=3)])
def test_without_repeat_the_stream_ends(toy, options):
    training_set = load(toy, shuffle_mb=0, repeat=False, **options)
    assert [len(training_set.get_minibatch_np(5)[0]) for _ in range(3)] == [5, 5, 3]
    with pytest.raises(tf.errors.OutOfRangeError):
        training_set.get_minibatch_np(5)


@pytest.mark.parametrize('options', [dict(), dict(seed=3)])
def test_max_images_takes_the_first(toy, options):
    training_set = load(toy, max_images=7, max_label_size='full', **options)
    assert training_set.num_images == 7
    images, labels = training_set.get_minibatch_np(14)
    assert sorted(rows_of(images)) == sorted(list(range(7)) * 2) and np.array_equal(labels, LABELS[rows_of(images)])


# ------------------------------------------------------------------ levels


@pytest.mark.parametrize('options', [dict(), dict(seed=3)])
def test_the_floor_of_lod_chooses_the_file(toy, options):
    training_set = load(toy, shuffle_mb=0, **options)
    for lod in [0, 0.99, 1, 1.5, 2, 0]:
        images, _ = training_set.get_minibatch_np(N, lod)
        assert images.dtype == np.uint8 and np.array_equal(images, level_of(int(lod)))


def test_levels_and_minibatches_that_do_not_exist(toy):
    training_set = load(toy, seed=3)
    for minibatch, lod in [(4, 3), (4, -1), (0, 0)]:
        with pytest.raises(
            ValueError, match=r'no minibatch of %d images at lod %d; the lods are \[0, 1, 2\]' % (minibatch, lod)
        ):
            training_set.configure(minibatch, lod)


@pytest.mark.parametrize('options', [dict(), dict(seed=3)])
def test_a_lower_resolution_of_the_files(toy, options):
    training_set = load(toy, resolution=8, shuffle_mb=0, **options)
    assert training_set.shape == [3, 8, 8]
    assert np.array_equal(training_set.get_minibatch_np(N)[0], level_of(1))
    assert np.array_equal(training_set.get_minibatch_np(N, lod=1)[0], level_of(2))


def test_static_shapes_are_known_as_far_as_they_can_be(toy):
    images, labels = load(toy, seed=3, max_label_size=2).get_minibatch_tf()
    assert images.shape.as_list() == [None, 3, None, None] and labels.shape.as_list() == [None, 2]
    assert (images.dtype, labels.dtype) == (tf.uint8, tf.float32)


def test_files_of_tensorflow_itself_are_read(tmp_path):
    for log2, level in zip([4, 3, 2], tfrecords.pyramid(IMAGES)):
        with tf.python_io.TFRecordWriter(str(tmp_path / ('official-r%02d.tfrecords' % log2))) as writer:
            for image in level:
                writer.write(
                    tf.train.Example(
                        features=tf.train.Features(
                            feature={
                                'shape': tf.train.Feature(int64_list=tf.train.Int64List(value=image.shape)),
                                'data': tf.train.Feature(bytes_list=tf.train.BytesList(value=[image.tobytes()])),
                            }
                        )
                    ).SerializeToString()
                )
    for options in [dict(), dict(seed=3)]:
        training_set = load(tmp_path, shuffle_mb=0, **options)
        for lod in range(3):
            assert np.array_equal(training_set.get_minibatch_np(N, lod)[0], level_of(lod))


# ------------------------------------------------------------------ labels


@pytest.mark.parametrize(
    'max_label_size, size, options',
    [
        (0, 0, dict()),
        (0, 0, dict(seed=3)),
        ('full', 5, dict()),
        ('full', 5, dict(seed=3)),
        (3, 3, dict()),
        (99, 5, dict(seed=3)),
    ],
)
def test_labels_go_with_their_images(toy, max_label_size, size, options):
    training_set = load(toy, max_label_size=max_label_size, **options)
    images, labels = training_set.get_minibatch_np(11)
    assert training_set.label_size == size and labels.shape == (11, size) and labels.dtype == np.float32
    assert np.array_equal(labels, LABELS[rows_of(images), :size])


def test_random_labels_are_rows_of_the_file(toy):
    training_set = load(toy, max_label_size='full')
    for labels in [training_set.get_random_labels_np(50), tflib.run(training_set.get_random_labels_tf(50))]:
        rows = [int(np.flatnonzero((LABELS == label).all(axis=1))[0]) for label in labels]
        assert labels.dtype == np.float32 and len(rows) == 50 and len(set(rows)) > 5
    again = [training_set.get_random_labels_np(50, np.random.RandomState(2)) for _ in range(2)]
    assert np.array_equal(*again)
    assert training_set.get_random_labels_tf(7).shape.as_list() == [7, 5]


def test_random_labels_of_an_unlabelled_set_have_no_columns(toy):
    training_set = load(toy)
    assert (
        training_set.get_random_labels_np(50).shape == (50, 0) == tflib.run(training_set.get_random_labels_tf(50)).shape
    )


def test_the_label_file_can_be_named(toy, tmp_path):
    for name, file in [('inside.npy', toy / 'inside.npy'), (str(tmp_path / 'outside.npy'), tmp_path / 'outside.npy')]:
        np.save(str(file), 2 * LABELS)
        training_set = load(toy, label_file=name, max_label_size='full', shuffle_mb=0)
        assert np.array_equal(training_set.get_minibatch_np(4)[1], 2 * LABELS[:4])
        os.remove(str(file))
    with pytest.raises(UserError, match='no label file missing.npy, neither here nor in '):
        load(toy, label_file='missing.npy', max_label_size='full')


def test_labels_of_another_set_are_refused(toy, tmp_path):
    np.save(str(tmp_path / 'other.npy'), LABELS[:-1])
    with pytest.raises(UserError, match='other.npy must hold .* 13 rows'):
        load(toy, label_file=str(tmp_path / 'other.npy'), max_label_size='full')
    with pytest.raises(ValueError, match="'all'"):
        load(toy, max_label_size='all')


def test_a_seed_that_is_none_is_refused_at_once(toy):
    with pytest.raises(ValueError):
        load(toy, seed=-1)


# ------------------------------------------------------------------ damaged files


@pytest.fixture
def damaged(tmp_path):
    """Record 9 of the full resolution has a flipped bit."""
    with tfrecords.new_data_set(tmp_path / 'toy') as writer:
        writer.add(IMAGES)
    path = tmp_path / 'toy' / 'toy-r04.tfrecords'
    data = bytearray(path.read_bytes())
    data[9 * len(data) // N + 100] ^= 1
    path.write_bytes(bytes(data))
    return path


@pytest.mark.parametrize('options', [dict(shuffle_mb=0), dict(), dict(seed=3)])
def test_a_damaged_record_is_named(damaged, options):
    training_set = load(damaged.parent, **options)
    assert len(training_set.get_minibatch_np(N, lod=1)[0]) == N
    with pytest.raises(UserError, match=r'toy-r04.tfrecords: record 9 \(counted from 0\) is damaged'):
        training_set.get_minibatch_np(N)


@pytest.mark.parametrize('options', [dict(shuffle_mb=0), dict(seed=3)])
def test_a_damaged_record_is_named_to_who_runs_the_tensors(damaged, options):
    training_set = load(damaged.parent, **options)
    tensors = training_set.get_minibatch_tf()
    training_set.configure(N)
    with pytest.raises(UserError, match='record 9'):
        with training_set.explained_errors():
            tflib.run(tensors)


def test_nothing_is_printed_about_a_damaged_record_or_a_closed_file(damaged, capfd):
    training_set = load(damaged.parent, seed=3)
    training_set.get_minibatch_np(2, lod=1)
    with pytest.raises(UserError, match='record 9'):
        training_set.get_minibatch_np(N)
    training_set = load(damaged.parent, seed=3)
    training_set.get_minibatch_np(2, lod=1)
    training_set.close()  # While the next ones are being prepared.
    with pytest.raises(ValueError, match='closed'):
        for _ in range(9):
            training_set.get_minibatch_np(2, lod=1)
    assert 'Traceback' not in capfd.readouterr().err


@pytest.mark.parametrize('options', [dict(shuffle_mb=0), dict(seed=3)])
def test_a_record_of_another_shape_is_named(toy, tmp_path, options):
    records = [tfrecords.encode_example((3, 4, 4), bytes(48))] * 5 + [
        tfrecords.encode_example((3, 2, 8), bytes(48))
    ] * 2
    plain_tfrecords.write(tmp_path / 'odd-r02.tfrecords', records)
    training_set = load(tmp_path, **options)
    with pytest.raises(
        UserError, match=r'odd-r02.tfrecords: record [56] .* \[3, 2, 8\] where the first is \[3, 4, 4\]'
    ):
        training_set.configure(7, skip_images=0)
        training_set.get_minibatch_np(7)


@pytest.mark.parametrize('options', [dict(), dict(seed=3)])
def test_errors_that_are_not_of_the_files_pass_through(toy, options):
    training_set = load(toy, **options)
    training_set.configure(4)
    with pytest.raises(tf.errors.InvalidArgumentError, match='mine'):
        with training_set.explained_errors():
            tflib.run(tf.Assert(tf.constant(False), ['mine']))


def test_folders_that_are_no_data_sets(tmp_path):
    with pytest.raises(UserError, match='holds no .tfrecords files'):
        load(tmp_path)


# ------------------------------------------------------------------ synthetic


def test_synthetic_data_are_zeros():
    training_set = dataset.SyntheticDataset(resolution=16, num_channels=1, label_size=3)
    assert (training_set.shape, training_set.label_size, training_set.dynamic_range) == ([1, 16, 16], 3, [0, 255])
    for lod, size in [(0, 16), (1.5, 8), (2, 4)]:
        images, labels = training_set.get_minibatch_np(5, lod)
        assert images.shape == (5, 1, size, size) and images.dtype == np.uint8 and not images.any()
        assert labels.shape == (5, 3) and labels.dtype == np.float32 and not labels.any()
    assert training_set.get_random_labels_np(7).shape == (7, 3) == tflib.run(training_set.get_random_labels_tf(7)).shape
    with pytest.raises(ValueError, match='power of two'):
        dataset.SyntheticDataset(resolution=12)


# ------------------------------------------------------------------ as StyleGAN2-ADA's scripts ask for it


@pytest.mark.parametrize('by_position', [False, True])
def test_a_folder_given_as_a_path(toy, by_position):
    given = [str(toy)] if by_position else []
    training_set = dataset.load_dataset(*given, **(dict() if by_position else dict(path=str(toy))), shuffle=False)
    LOADED.append(training_set)
    assert training_set.tfrecord_dir == str(toy)
    assert rows_of(training_set.get_minibatch_np(minibatch_size=4, lod=0)[0]) == [0, 1, 2, 3]
    training_set.configure(minibatch_size=3)
    assert training_set.get_random_labels_np(minibatch_size=5).shape == (5, 0)
    assert training_set.get_random_labels_tf(minibatch_size=5).shape.as_list() == [5, 0]


@pytest.mark.parametrize('options', [dict(), dict(tfrecord_dir='a', path='b')])
def test_a_folder_is_given_once(options):
    with pytest.raises(ValueError, match='tfrecord_dir or as path'):
        dataset.TFRecordDataset(**options)


@pytest.mark.parametrize('options', [dict(), dict(seed=3)])
def test_images_are_mirrored(toy, options):
    training_set = load(toy, shuffle_mb=0, mirror_augment=True, **options)
    images = np.concatenate([training_set.get_minibatch_np(N)[0] for _ in range(8)])
    same = (images == np.tile(IMAGES, [8, 1, 1, 1])).all(axis=(1, 2, 3))
    assert (images[~same] == np.tile(IMAGES, [8, 1, 1, 1])[~same, :, :, ::-1]).all()
    assert 20 < same.sum() < 84  # Of 104, with probability 1 - 1e-9.
    if options:
        expected = [np.random.RandomState([3, epoch, 1]).rand(N) >= 0.5 for epoch in range(8)]
        assert same.tolist() == np.concatenate(expected).tolist()


def test_records_by_themselves(toy):
    payload = plain_tfrecords.read(toy / 'toy-r04.tfrecords')[5]
    for parse in [dataset.parse_tfrecord_np, dataset.TFRecordDataset.parse_tfrecord_np]:
        assert np.array_equal(parse(payload), IMAGES[5]) and parse(payload).dtype == np.uint8
    for parse in [dataset.parse_tfrecord_tf, dataset.TFRecordDataset.parse_tfrecord_tf]:
        assert np.array_equal(tflib.run(parse(tf.constant(payload))), IMAGES[5])
    with pytest.raises(ValueError, match='no features'):
        dataset.parse_tfrecord_np(b'')
