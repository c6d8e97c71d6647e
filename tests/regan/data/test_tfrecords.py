"""regan.data.tfrecords: the official format to the byte, levels, order, whole or nothing, and what is said about
damaged files.
"""

import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from regan.base.errors import UserError
from regan.data import tfrecords
from regan.data.crc32c import crc32c, masked_crc32c
from tests import plain_tfrecords


def noise(*shape, **options):
    return np.random.RandomState(options.get('seed', 0)).randint(0, 256, shape).astype(np.uint8)


def make(folder, images, labels=None):
    with tfrecords.new_data_set(folder) as writer:
        for start in range(0, len(images), 5):
            writer.add(images[start : start + 5])
        if labels is not None:
            writer.add_labels(labels)
    return folder


def example(image, shape=None):
    """As the official tool makes it, with TensorFlow."""
    return tf.train.Example(
        features=tf.train.Features(
            feature={
                'shape': tf.train.Feature(int64_list=tf.train.Int64List(value=shape or image.shape)),
                'data': tf.train.Feature(bytes_list=tf.train.BytesList(value=[image.tobytes()])),
            }
        )
    )


# ------------------------------------------------------------------ checksums


@pytest.mark.parametrize(
    'text, crc',
    [(b'123456789', 0xE3069283), (bytes(32), 0x8A9136AA), (b'\xff' * 32, 0x62A8AB43), (bytes(range(32)), 0x46DD794E)],
)
def test_crc32c_of_published_vectors(text, crc):
    """The check value of the catalogue, and RFC 3720, B.4."""
    assert crc32c(np.frombuffer(text, np.uint8)[None])[0] == crc == plain_tfrecords.crc32c(text)


@pytest.mark.parametrize('length', [4, 5, 7, 8, 101, 256, 997])
def test_crc32c_of_many_strings_is_that_of_each(length):
    strings = noise(11, length)
    assert crc32c(strings).dtype == np.uint32
    assert crc32c(strings).tolist() == [plain_tfrecords.crc32c(row.tobytes()) for row in strings]
    assert masked_crc32c(strings).tolist() == [plain_tfrecords.masked(row.tobytes()) for row in strings]


# ------------------------------------------------------------------ writing


@pytest.mark.parametrize('channels', [1, 3])
def test_files_are_the_official_format(tmp_path, channels):
    images = noise(7, channels, 16, 16)
    folder = make(tmp_path / 'toy', images)
    assert sorted(os.listdir(str(folder))) == ['toy-r02.tfrecords', 'toy-r03.tfrecords', 'toy-r04.tfrecords']
    payloads = plain_tfrecords.read(folder / 'toy-r04.tfrecords')
    assert [plain_tfrecords.image(payload).tolist() for payload in payloads] == images.tolist()
    assert payloads == [example(image).SerializeToString(deterministic=True) for image in images]
    assert payloads == list(tf.python_io.tf_record_iterator(str(folder / 'toy-r04.tfrecords')))


def test_levels_are_means_of_the_unrounded_level_before(tmp_path):
    images = noise(7, 3, 32, 32)
    folder = make(tmp_path / 'toy', images)
    for log2 in range(2, 6):
        factor = 32 >> log2
        means = images.reshape(7, 3, 1 << log2, factor, 1 << log2, factor).astype(np.float64).mean(axis=(3, 5))
        stored = [
            plain_tfrecords.image(payload) for payload in plain_tfrecords.read(folder / ('toy-r%02d.tfrecords' % log2))
        ]
        assert np.array_equal(stored, np.rint(means))


def test_levels_are_rounded_half_to_even():
    block = np.array([[0, 1], [1, 0]], np.uint8)  # mean 0.5
    image = np.concatenate([np.tile(block, [4, 2]), np.tile(block + 1, [4, 2])], axis=1)[None, None]  # [1, 1, 8, 8]
    assert list(tfrecords.pyramid(image))[1].tolist() == [[[[0, 0, 2, 2]] * 4]]


def test_equal_images_give_equal_bytes_whatever_the_batches(tmp_path):
    images = noise(13, 3, 8, 8)
    make(tmp_path / 'a' / 'toy', images)
    with tfrecords.new_data_set(tmp_path / 'b' / 'toy') as writer:
        writer.add(images)
        assert writer.num_images == 13
    for name in os.listdir(str(tmp_path / 'a' / 'toy')):
        assert (tmp_path / 'a' / 'toy' / name).read_bytes() == (tmp_path / 'b' / 'toy' / name).read_bytes()


def test_shuffled_order_is_the_official_one():
    order = np.arange(11)
    np.random.RandomState(123).shuffle(order)
    assert tfrecords.shuffled_order(11).tolist() == order.tolist() != sorted(order)


def test_labels_are_float32_beside_the_records(tmp_path):
    labels = np.eye(7)[:, :3]
    folder = make(tmp_path / 'toy', noise(7, 3, 8, 8), labels)
    stored = np.load(str(folder / 'toy-rxx.labels'))
    assert stored.dtype == np.float32 and np.array_equal(stored, labels)


@pytest.mark.parametrize(
    'images, sentence',
    [
        (noise(2, 3, 8, 16), 'power of two'),
        (noise(2, 3, 12, 12), 'power of two'),
        (noise(2, 3, 2, 2), 'power of two'),
        (noise(2, 4, 8, 8), '1 or 3'),
        (noise(3, 8, 8), '1 or 3'),
        (noise(2, 3, 8, 8) / 255.0, 'uint8'),
    ],
)
def test_other_arrays_are_refused_and_nothing_is_left(tmp_path, images, sentence):
    with pytest.raises(ValueError, match=sentence):
        make(tmp_path / 'toy', images)
    assert os.listdir(str(tmp_path)) == []


def test_images_unlike_the_first_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r'uint8 \[3, 8, 8\], not uint8 \[1, 8, 8\]'):
        with tfrecords.new_data_set(tmp_path / 'toy') as writer:
            writer.add(noise(2, 3, 8, 8))
            writer.add(noise(2, 1, 8, 8))


@pytest.mark.parametrize('labels, sentence', [(np.zeros([6, 2]), '6 rows of labels for 7 images')])
def test_labels_of_another_number_are_refused(tmp_path, labels, sentence):
    with pytest.raises(UserError, match=sentence):
        make(tmp_path / 'toy', noise(7, 3, 8, 8), labels)
    assert os.listdir(str(tmp_path)) == []


def test_a_data_set_needs_an_image_and_a_place_of_its_own(tmp_path):
    with pytest.raises(UserError, match='at least one image'):
        make(tmp_path / 'toy', noise(0, 3, 8, 8))
    make(tmp_path / 'toy', noise(1, 3, 8, 8))
    before = (tmp_path / 'toy' / 'toy-r03.tfrecords').read_bytes()
    with pytest.raises(UserError, match='toy exists already'):
        make(tmp_path / 'toy', noise(2, 3, 8, 8))
    assert (tmp_path / 'toy' / 'toy-r03.tfrecords').read_bytes() == before
    assert os.listdir(str(tmp_path)) == ['toy']


@pytest.mark.parametrize('interruption', [KeyboardInterrupt, SystemExit, RuntimeError])
def test_an_interruption_leaves_nothing(tmp_path, interruption):
    with pytest.raises(interruption):
        with tfrecords.new_data_set(tmp_path / 'toy') as writer:
            writer.add(noise(2, 3, 8, 8))
            assert os.listdir(str(tmp_path)) != []
            raise interruption
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.skipif(sys.platform == 'win32', reason='limits of the file size are set as on Unix')
def test_no_room_is_one_sentence_and_leaves_nothing(tmp_path):
    """The system refuses to let files grow past 10000 bytes, as it does when a disk is full."""
    script = '''
import resource, sys
import numpy as np
from regan.base.errors import UserError
from regan.data import tfrecords
resource.setrlimit(resource.RLIMIT_FSIZE, (10000, resource.RLIM_INFINITY))
try:
    with tfrecords.new_data_set(sys.argv[1]) as writer:
        for _ in range(99):
            writer.add(np.zeros([1, 3, 16, 16], np.uint8))
except UserError as error:
    print(error)
'''
    said = subprocess.run(
        [sys.executable, '-c', script, str(tmp_path / 'toy')],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
    ).stdout
    assert said == 'cannot write %s: File too large; make room or choose another place and try again\n' % (
        tmp_path / 'toy'
    )
    assert os.listdir(str(tmp_path)) == []


# ------------------------------------------------------------------ reading


def test_records_are_read_in_any_order(tmp_path):
    images = noise(13, 3, 16, 16)
    levels = tfrecords.open_levels(make(tmp_path / 'toy', images))
    assert [level.shape for level in levels] == [(3, 16, 16), (3, 8, 8), (3, 4, 4)]
    assert [(level.name, level.num_images) for level in levels] == [('toy', 13)] * 3
    for rows in [[5], [12, 0, 12, 7], np.arange(13), []]:
        for level, stored in zip(levels, tfrecords.pyramid(images)):
            assert np.array_equal(level.read(rows), stored[np.asarray(rows, int)])
    tfrecords.close_levels(levels)


def test_files_of_the_official_tool_are_read_whatever_their_field_order(tmp_path):
    images = noise(7, 3, 8, 8)
    swapped = []
    for payload in (example(image).SerializeToString(deterministic=True) for image in images):
        ((_, features),) = plain_tfrecords.fields(payload)
        entries = [b'\n' + tfrecords._varint(len(entry)) + entry for _, entry in plain_tfrecords.fields(features)]
        swapped.append(payload[: len(payload) - len(features)] + entries[1] + entries[0])
    assert np.array_equal([plain_tfrecords.image(payload) for payload in swapped], images)
    plain_tfrecords.write(
        tmp_path / 'official-r03.tfrecords', [example(image).SerializeToString() for image in images[:3]] + swapped[3:]
    )
    level = tfrecords.RecordFile(tmp_path / 'official-r03.tfrecords')
    assert np.array_equal(level.read(np.arange(7)), images)
    level.check()
    level.close()


def test_a_smaller_resolution_can_be_chosen(tmp_path):
    folder = make(tmp_path / 'toy', noise(7, 3, 32, 32))
    levels = tfrecords.open_levels(folder, resolution=8)
    assert [level.shape[1] for level in levels] == [8, 4]
    tfrecords.close_levels(levels)
    for resolution, sentence in [(64, 'lacks the resolution 64x64'), (12, 'power of two, not 12')]:
        with pytest.raises(UserError, match=sentence):
            tfrecords.open_levels(folder, resolution)


def test_check_reports_progress(tmp_path):
    levels, done = tfrecords.open_levels(make(tmp_path / 'toy', noise(7, 3, 8, 8))), []
    for level in levels:
        level.check(done.append)
    assert sum(done) == 7 * len(levels)
    tfrecords.close_levels(levels)


# ------------------------------------------------------------------ damaged files


@pytest.fixture
def toy(tmp_path):
    return make(tmp_path / 'toy', noise(7, 3, 8, 8))


def refused(folder, sentence):
    """What opening and reading every record of a damaged data set says."""
    levels = []
    with pytest.raises(UserError, match=sentence) as caught:
        levels += tfrecords.open_levels(folder)
        for level in levels:
            level.check()
    tfrecords.close_levels(levels)
    return str(caught.value)


def damage(path, at, values=b'\xff'):
    data = bytearray(path.read_bytes())
    data[at : at + len(values)] = values
    path.write_bytes(bytes(data))


def record_bytes(path):
    return len(path.read_bytes()) // 7


def test_a_damaged_pixel_names_file_and_record(toy):
    path = toy / 'toy-r03.tfrecords'
    size = record_bytes(path)
    for record in [0, 5]:
        good = path.read_bytes()
        damage(path, record * size + 100, bytes([good[record * size + 100] ^ 1]))
        said = refused(toy, r'record %d \(counted from 0\) is damaged \(its content' % record)
        assert str(path) in said
        path.write_bytes(good)


def test_a_damaged_record_does_not_hide_the_others(toy):
    path = toy / 'toy-r03.tfrecords'
    damage(path, 4 * record_bytes(path) + 100, b'????')
    level = tfrecords.RecordFile(toy / 'toy-r03.tfrecords')
    assert len(level.read([0, 1, 6])) == 3
    with pytest.raises(UserError, match='record 4'):
        level.read([0, 4, 6])
    level.close()


def test_a_damaged_header(toy):
    path = toy / 'toy-r02.tfrecords'
    damage(path, 3 * record_bytes(path) + 9, b'????')
    refused(toy, r'toy-r02.tfrecords: record 3 .* is damaged \(its header')


@pytest.mark.parametrize(
    'kept, sentence',
    [(0, 'holds no records'), (5, 'no TFRecord file'), (100, 'record 0 .* is cut off'), (-1, 'record 6 .* is cut off')],
)
def test_a_truncated_file(toy, kept, sentence):
    path = toy / 'toy-r03.tfrecords'
    path.write_bytes(path.read_bytes()[:kept])
    assert str(path) in refused(toy, sentence)


def test_a_file_that_lost_whole_records(toy):
    path = toy / 'toy-r02.tfrecords'
    path.write_bytes(path.read_bytes()[: -record_bytes(path)])
    refused(toy, 'toy-r02.tfrecords has 6 images, but toy-r03.tfrecords has 7')


def test_a_file_that_shrinks_while_it_is_open(toy):
    level = tfrecords.RecordFile(toy / 'toy-r03.tfrecords')
    level.path.write_bytes(level.path.read_bytes()[:-1])
    with pytest.raises(UserError, match='record 6 .* is cut off'):
        level.read([6])
    level.close()


def test_something_else_in_the_file(toy):
    (toy / 'toy-r03.tfrecords').write_bytes(b'these are no records, whatever the name says')
    refused(toy, 'toy-r03.tfrecords is no TFRecord file')


@pytest.mark.parametrize(
    'payload, sentence',
    [
        (b'', 'is empty'),
        (
            tf.train.Example(features=tf.train.Features(feature={'image': tf.train.Feature()})).SerializeToString(),
            'no features "shape" and "data"',
        ),
        (b'\xff' * 99, 'no tf.train.Example'),
        (
            example(np.zeros([3, 8, 8], np.float32)).SerializeToString(),
            r'768 bytes are not an image \[3, 8, 8\] of 8 bits',
        ),
        (example(noise(3, 8, 8), shape=[3, 64]).SerializeToString(), '"shape" has 2 numbers instead of 3'),
    ],
    ids=['empty', 'other features', 'no protobuf', 'floats', 'two sizes'],
)
def test_records_that_are_no_images(toy, payload, sentence):
    plain_tfrecords.write(toy / 'toy-r03.tfrecords', [payload] * 7)
    refused(toy, 'toy-r03.tfrecords: record 0 .*' + sentence)


def test_images_of_mixed_sizes_in_a_file(toy):
    records = [example(noise(3, 8, 8)).SerializeToString()] * 5
    plain_tfrecords.write(toy / 'toy-r03.tfrecords', records + [example(noise(3, 4, 4)).SerializeToString()])
    refused(toy, 'record 5 .* where the first has .* so the images differ in size')
    plain_tfrecords.write(
        toy / 'toy-r03.tfrecords', records + [example(noise(3, 4, 16)).SerializeToString(), records[0]]
    )
    refused(toy, r'record 5 .* holds an image \[3, 4, 16\] where the first is \[3, 8, 8\]')


@pytest.mark.parametrize('shape', [(3, 8, 4), (4, 8, 8), (3, 12, 12)])
def test_images_that_no_network_takes(toy, shape):
    plain_tfrecords.write(toy / 'toy-r03.tfrecords', [example(noise(*shape)).SerializeToString()] * 7)
    refused(toy, r'holds images \[%d, %d, %d\]; they must be square' % shape)


def test_files_that_are_not_one_data_set(toy, tmp_path):
    smallest, middle = toy / 'toy-r02.tfrecords', toy / 'toy-r03.tfrecords'
    smallest.rename(toy / 'toy-r05.tfrecords')
    refused(toy, 'toy-r05.tfrecords holds images of 4x4, but its name says 32x32')
    (toy / 'toy-r05.tfrecords').rename(toy / 'other-r02.tfrecords')
    refused(toy, 'toy-r03.tfrecords and other-r02.tfrecords are of two data sets')
    (toy / 'other-r02.tfrecords').rename(smallest)
    (toy / 'copy-r03.tfrecords').write_bytes(middle.read_bytes())
    refused(toy, 'copy-r03.tfrecords and toy-r03.tfrecords hold the same resolution')
    (toy / 'copy-r03.tfrecords').unlink()
    smallest.unlink()
    refused(toy, r'lacks the resolution 4x4 \(a file ...-r02.tfrecords\)')
    plain_tfrecords.write(smallest, [example(noise(1, 4, 4)).SerializeToString()] * 7)
    refused(toy, 'toy-r02.tfrecords has 1 channels, but toy-r03.tfrecords has 3')
    with pytest.raises(UserError, match='holds no .tfrecords files'):
        tfrecords.open_levels(tmp_path)


def test_tables_beside_the_records(tmp_path):
    path = tmp_path / 'toy-rxx.labels'
    for content, sentence in [
        (np.zeros(7), r'2 axes and 7 rows.* float64 \[7\]'),
        (np.zeros([6, 2]), r'\[6, 2\]'),
        (np.array([['a']] * 7), '<U1'),
    ]:
        with open(str(path), 'wb') as file:
            np.save(file, content)
        with pytest.raises(UserError, match=sentence):
            tfrecords.read_table(path, 7)
    path.write_bytes(b'words')
    with pytest.raises(UserError, match='toy-rxx.labels is not a .npy file with a plain array; make it again'):
        tfrecords.read_table(path, 7)
