"""Data sets as streams of minibatches (official StyleGAN and StyleGAN2 API).

    training_set = load_dataset(tfrecord_dir='datasets/cars', seed=1)
    images, labels = training_set.get_minibatch_tf()            # uint8 [N, C, h, w], [N, label_size]
    training_set.configure(minibatch_size, lod, skip_images=k)  # then run what was built on these tensors

All need a default session (`tflib.init_tf()`). h and w follow from the level of detail: resolution / 2^floor(lod).
"""

import contextlib
import functools
import glob
import os

import numpy as np

import dnnlib
from dnnlib import tflib

# isort: split
import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

from dnnlib.tflib.primitives.randomness import random_uniform
from regan.base.errors import UserError
from regan.data import tfrecords

_as_written = (
    tf.autograph.experimental.do_not_convert
)  # There is no Python control flow in the graph, and the conversion is slow.


def load_dataset(class_name=None, data_dir=None, verbose=False, **kwargs):
    """Makes a data set of a class given by name, or, as in StyleGAN2-ADA, of a folder given by its path.

    Args:
        class_name: default 'training.dataset.TFRecordDataset'; or the folder of a data set.
        data_dir: folder below which `tfrecord_dir` lies.
        verbose: print what it is.
        kwargs: for the constructor, such as `tfrecord_dir` or `path`.
    """
    if class_name is not None and not {'tfrecord_dir', 'path'} & set(kwargs) and os.path.isdir(str(class_name)):
        class_name, kwargs['path'] = None, class_name
    if data_dir is not None and 'tfrecord_dir' in kwargs:
        kwargs['tfrecord_dir'] = os.path.join(data_dir, kwargs['tfrecord_dir'])
    class_name = class_name or __name__ + '.TFRecordDataset'
    training_set = dnnlib.util.get_obj_by_name(class_name)(**kwargs)
    if verbose:
        print(
            '%s: shape %s, dynamic range %s, label size %d'
            % (class_name, training_set.shape, training_set.dynamic_range, training_set.label_size)
        )
    return training_set


class _Dataset:
    """What the data sets share: one iterator whose pipeline is chosen, and started again, by `configure`.

    Attributes: shape [C, H, W], resolution, resolution_log2, dtype, dynamic_range, label_size, label_dtype.
    """

    def __init__(self, shape, dtype, dynamic_range, label_size, label_dtype):
        self.shape = [int(size) for size in shape]
        self.resolution = self.shape[1]
        self.resolution_log2 = self.resolution.bit_length() - 1
        self.dtype, self.dynamic_range = dtype, list(dynamic_range)
        self.label_size, self.label_dtype = label_size, label_dtype
        self._configuration = None
        self._failure = None  # What ended the stream.
        self._np_tensors = None

    def _build(self, lods):
        """Builds the iterator with a pipeline for each level of detail."""
        with tf.name_scope('Dataset'), tf.device('/cpu:0'):
            self._minibatch_in = tf.placeholder(tf.int64, [], name='minibatch')
            self._skip_in = tf.placeholder(tf.int64, [], name='skip_images')
            self._iterator = tf.data.Iterator.from_structure(
                (tf.as_dtype(self.dtype), tf.as_dtype(self.label_dtype)),
                ([None, self.shape[0], None, None], [None, self.label_size]),
            )
            self._initializers = {lod: self._iterator.make_initializer(self._pipeline(lod)) for lod in lods}

    def _pipeline(self, lod):
        """tf.data.Dataset of (images [N, C, h, w], labels [N, label_size])."""
        raise NotImplementedError

    def configure(self, minibatch_size, lod=0, skip_images=None):
        """Chooses the minibatch size and the level of detail of the following minibatches.

        Args:
            minibatch_size: images in a minibatch.
            lod: level of detail; its floor counts.
            skip_images: start the stream again, after this many images. None (as in the official API): leave the stream
                alone if minibatch and level stay the same, and start it again if not.
        """
        configuration = int(minibatch_size), int(np.floor(lod))
        if configuration[0] < 1 or configuration[1] not in self._initializers:
            raise ValueError(
                'There is no minibatch of %s images at lod %s; the lods are %s.'
                % (minibatch_size, lod, sorted(self._initializers))
            )
        if configuration == self._configuration and skip_images is None:
            return
        self._failure = None
        with self.explained_errors():
            tflib.run(
                self._initializers[configuration[1]],
                {self._minibatch_in: configuration[0], self._skip_in: skip_images or 0},
            )
        self._configuration = configuration

    def get_minibatch_tf(self):
        """Tensors of the next minibatch: images [N, C, h, w] of `dtype`, labels [N, label_size]; `configure` first."""
        return self._iterator.get_next()

    def get_minibatch_np(self, minibatch_size, lod=0):
        """The next minibatch as arrays, from the same stream."""
        self.configure(minibatch_size, lod)
        if self._np_tensors is None:
            self._np_tensors = self.get_minibatch_tf()
        with self.explained_errors():
            return tuple(tflib.run(self._np_tensors))

    def get_random_labels_tf(self, minibatch_size):
        """Tensor of labels [minibatch_size, label_size] of images drawn at random."""
        return tf.zeros([minibatch_size, self.label_size], self.label_dtype)

    def get_random_labels_np(self, minibatch_size, rnd=np.random):
        """As `get_random_labels_tf`, an array. rnd: np.random.RandomState; default: NumPy's global generator."""
        return np.zeros([minibatch_size, self.label_size], self.label_dtype)

    @contextlib.contextmanager
    def explained_errors(self):
        """Run what reads the minibatch tensors in this context: a damaged file then ends in a UserError that names
        it.
        """
        yield

    def close(self):
        """Releases the files; the data set cannot be used after it."""


class TFRecordDataset(_Dataset):
    """A folder of multi-resolution TFRecords (see `regan.data.tfrecords`).

    Without `seed` the files stream through TensorFlow's reader and a shuffling window, as in the official code; the
    order is not repeatable. With `seed` the order is a function of the seed and the number of the image: each epoch is
    a permutation of the whole file from RandomState([seed, epoch]), records are read where they lie, and
    `configure(..., skip_images=k)` costs nothing. The memory is then that of a few minibatches (the operating system
    caches the file), whatever the size of the file.

    Args:
        tfrecord_dir: the folder.
        path: the same under the name of StyleGAN2-ADA.
        resolution: of the images at lod 0; default: the largest there is.
        label_file: .npy content [images, label size], a path or a name in the folder; default: the first *.labels file.
        max_label_size: use so many columns of it; 0 for none, 'full' for all.
        max_images: use only the first so many images; default: all.
        repeat: begin again after the last image, for ever.
        shuffle_mb: window of the shuffling, in MB of images; 0: the order of the file. With `seed` it is only 0 or not
            0.
        prefetch_mb: images prepared ahead, in MB, but never more than an epoch; not used with `seed`.
        buffer_mb: the reader's buffer, in MB; not used with `seed`.
        num_threads: that prepare images.
        seed: see above; 0 to 2^32 - 1.
        mirror_augment: flip each image left to right with probability 1/2. With `seed` which ones is a function of the
            seed and the number of the image; without, TensorFlow's generator decides.
        shuffle: False is the same as shuffle_mb=0.

    Attributes, besides those of the base: tfrecord_dir, label_file, num_images, mirror_augment.
    Raises: UserError naming the file, for anything wrong with the folder.
    """

    def __init__(
        self,
        tfrecord_dir=None,
        resolution=None,
        label_file=None,
        max_label_size=0,
        max_images=None,
        repeat=True,
        shuffle_mb=4096,
        prefetch_mb=2048,
        buffer_mb=256,
        num_threads=2,
        seed=None,
        mirror_augment=False,
        shuffle=True,
        path=None,
    ):
        if (tfrecord_dir is None) == (path is None):
            raise ValueError(
                'TFRecordDataset needs the folder of a data set as tfrecord_dir or as path, and not twice.'
            )
        shuffle_mb = shuffle_mb if shuffle else 0
        self.tfrecord_dir, self.label_file = str(path if tfrecord_dir is None else tfrecord_dir), label_file
        self.mirror_augment = mirror_augment
        self._repeat, self._seed, self._num_threads = repeat, seed, num_threads
        self._shuffle_mb, self._prefetch_mb, self._buffer_mb = shuffle_mb, prefetch_mb, buffer_mb
        self._levels = tfrecords.open_levels(self.tfrecord_dir, resolution)
        self.num_images = min(max_images or self._levels[0].num_images, self._levels[0].num_images)
        self._labels = self._read_labels(max_label_size)
        super().__init__(self._levels[0].shape, 'uint8', [0, 255], self._labels.shape[1], self._labels.dtype.name)
        self._order = _Order(self.num_images, seed if shuffle_mb else None)
        self._build(range(len(self._levels)))

    def _read_labels(self, max_label_size):
        """Labels [num_images, label_size]; zero columns if none are wanted or there is no file."""
        found = sorted(glob.glob(os.path.join(glob.escape(self.tfrecord_dir), '*.labels')))
        if self.label_file is not None:
            found = [
                path
                for path in (self.label_file, os.path.join(self.tfrecord_dir, self.label_file))
                if os.path.isfile(path)
            ]
            if not found:
                raise UserError(
                    'there is no label file %s, neither here nor in %s' % (self.label_file, self.tfrecord_dir)
                )
        if max_label_size != 'full' and not (isinstance(max_label_size, int) and max_label_size >= 0):
            raise ValueError("max_label_size must be 'full' or a number from 0, not %r." % (max_label_size,))
        if not found or max_label_size == 0:
            return np.zeros([self.num_images, 0], np.float32)
        self.label_file = found[0]
        labels = tfrecords.read_table(self.label_file, self._levels[0].num_images)
        return labels[: self.num_images, : None if max_label_size == 'full' else max_label_size]

    def _pipeline(self, lod):
        return self._streamed(lod) if self._seed is None else self._indexed(lod)

    @staticmethod
    def parse_tfrecord_tf(record):
        """Image uint8 [C, H, W] of a serialised Example, a tensor of a string."""
        return parse_tfrecord_tf(record)

    @staticmethod
    def parse_tfrecord_np(record):
        """Image uint8 [C, H, W] of a serialised Example, bytes. Raises ValueError if it has no image."""
        return parse_tfrecord_np(record)

    # ---- official: in the order of the file, through a window

    def _streamed(self, lod):
        level = self._levels[lod]

        @_as_written
        def decode(record):
            return _decode(record, level.shape)

        @_as_written
        def minibatch(images, rows):
            if self.mirror_augment:
                flipped = tf.random_uniform(tf.stack([tf.shape(images)[0], 1, 1, 1])) < 0.5
                images = tf.where(tf.broadcast_to(flipped, tf.shape(images)), tf.reverse(images, axis=[3]), images)
            return images, self._labels_at(rows)

        def window(megabytes):
            return min(-(-(megabytes << 20) // int(np.prod(level.shape))), self.num_images)

        buffer = min(self._buffer_mb << 20, level.num_images * level.record_bytes)
        data = tf.data.TFRecordDataset(str(level.path), buffer_size=buffer).take(self.num_images)
        data = data.map(decode, num_parallel_calls=self._num_threads)
        data = tf.data.Dataset.zip((data, tf.data.Dataset.range(self.num_images)))
        if self._shuffle_mb:
            data = data.shuffle(window(self._shuffle_mb))
        if self._repeat:
            data = data.repeat()
        data = data.skip(self._skip_in)
        if self._prefetch_mb:
            data = data.prefetch(window(self._prefetch_mb))
        return data.batch(self._minibatch_in).map(minibatch)

    # ---- with a seed: records by their number

    def _indexed(self, lod):
        level = self._levels[lod]

        def read(numbers):
            rows = self._order.rows(numbers)
            images = self._ending_on_failure(level.read, rows)
            if self.mirror_augment:
                flipped = _flips(numbers, self.num_images, self._seed)
                images[flipped] = images[flipped, :, :, ::-1]
            return images, self._labels[rows]

        @_as_written
        def minibatch(numbers):
            images, labels = tf.py_func(read, [numbers], [tf.uint8, tf.as_dtype(self.label_dtype)])
            images.set_shape((None,) + level.shape)
            labels.set_shape([None, self.label_size])
            return images, labels

        numbers = tf.data.Dataset.range(self._skip_in, np.iinfo(np.int64).max if self._repeat else self.num_images)
        return numbers.batch(self._minibatch_in).map(minibatch, num_parallel_calls=self._num_threads).prefetch(2)

    def _ending_on_failure(self, function, *args):
        """Any exception but StopIteration would make TensorFlow print a stack trace. So the stream ends; see
        `explained_errors`.

        ValueError: the files were closed while minibatches were still being prepared.
        """
        try:
            return function(*args)
        except (UserError, ValueError) as error:
            self._failure = self._failure or error
            raise StopIteration

    # ---- labels

    def _labels_at(self, rows):
        if not self.label_size:
            return tf.zeros([tf.shape(rows)[0], 0], self.label_dtype)
        labels = tf.py_func(lambda rows: self._labels[rows], [rows], tf.as_dtype(self.label_dtype))
        labels.set_shape(rows.shape.as_list() + [self.label_size])
        return labels

    def get_random_labels_tf(self, minibatch_size):
        return self._labels_at(tf.cast(random_uniform([minibatch_size]) * self.num_images, tf.int64))

    def get_random_labels_np(self, minibatch_size, rnd=np.random):
        return self._labels[rnd.randint(self.num_images, size=[minibatch_size])]

    # ---- errors

    @contextlib.contextmanager
    def explained_errors(self):
        try:
            yield
        except tf.errors.OutOfRangeError as error:
            if self._failure is None:
                raise
            raise self._failure from error
        except (tf.errors.DataLossError, tf.errors.InvalidArgumentError):
            if self._configuration and self._seed is None:
                self._levels[self._configuration[1]].check()  # Finds what TensorFlow stumbled over, and raises.
            raise

    def close(self):
        tfrecords.close_levels(self._levels)


class SyntheticDataset(_Dataset):
    """Images and labels of zeros, to try a training without data (official StyleGAN API)."""

    def __init__(
        self,
        resolution=1024,
        num_channels=3,
        dtype='uint8',
        dynamic_range=(0, 255),
        label_size=0,
        label_dtype='float32',
    ):
        if not tfrecords.is_resolution(resolution):
            raise ValueError('The resolution must be a power of two from 4, not %s.' % resolution)
        super().__init__([num_channels, resolution, resolution], dtype, dynamic_range, label_size, label_dtype)
        self._build(range(self.resolution_log2 - 1))

    def _pipeline(self, lod):
        size = self.resolution >> lod
        image = tf.zeros([self.shape[0], size, size], self.dtype)
        return (
            tf.data.Dataset.from_tensors((image, tf.zeros([self.label_size], self.label_dtype)))
            .repeat()
            .batch(self._minibatch_in)
        )


class _Order:
    """Which row of the file each image of an endless stream is: a permutation per epoch, or without seed always the
    file's order.
    """

    def __init__(self, num_images, seed):
        self._num_images = num_images
        # Two threads may be at an epoch's end; more than four epochs are long past.
        self._epoch = functools.lru_cache(maxsize=4)(
            lambda epoch: (
                np.arange(num_images) if seed is None else np.random.RandomState([seed, epoch]).permutation(num_images)
            )
        )
        self._epoch(0)  # A seed that is none fails here.

    def rows(self, numbers):
        """Rows int64 [N] of the images with these numbers (int64 [N], 0 and up) in the stream."""
        epochs, places = np.divmod(numbers, self._num_images)
        rows = np.empty_like(places)
        for epoch in np.unique(epochs):
            rows[epochs == epoch] = self._epoch(int(epoch))[places[epochs == epoch]]
        return rows


def _flips(numbers, num_images, seed):
    """Which of the images with these numbers (int64 [N]) in the stream are mirrored: bool [N], each with
    probability 1/2.
    """
    epochs, places = np.divmod(numbers, num_images)
    found = np.empty(len(numbers), bool)
    for epoch in np.unique(epochs):
        of_epoch = np.random.RandomState([seed, int(epoch), 1]).rand(num_images) < 0.5
        found[epochs == epoch] = of_epoch[places[epochs == epoch]]
    return found


def parse_tfrecord_tf(record):
    """Image uint8 [C, H, W] of a serialised Example, a tensor of a string."""
    shape, pixels = _parts(record)
    return tf.reshape(pixels, shape)


def parse_tfrecord_np(record):
    """Image uint8 [C, H, W] of a serialised Example, bytes. Raises ValueError if it has no image."""
    shape, start, stop = tfrecords.decode_example(record)
    return np.frombuffer(record[start:stop], np.uint8).reshape(shape)


def _parts(record):
    """Tensors of a serialised Example: shape int64 [3], pixels uint8."""
    features = tf.parse_single_example(
        record, {'shape': tf.FixedLenFeature([3], tf.int64), 'data': tf.FixedLenFeature([], tf.string)}
    )
    return features['shape'], tf.decode_raw(features['data'], tf.uint8)


def _decode(record, shape):
    """Image uint8 [C, H, W] of a serialised Example; an error if it has another shape."""
    found, pixels = _parts(record)
    with tf.control_dependencies([tf.assert_equal(found, np.int64(shape))]):
        return tf.reshape(pixels, shape)
