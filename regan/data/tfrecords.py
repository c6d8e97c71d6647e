"""Multi-resolution image data sets in TFRecords: the official format, written and read without TensorFlow.

A data set is a folder NAME with one file NAME-rXX.tfrecords for each resolution 2^XX, from the full one down to 4x4
(r02). A record is a tf.train.Example with `shape` (int64: channels, height, width) and `data` (uint8 CHW). Beside them
may lie NAME-rxx.labels (.npy content, one row for each image, in the order of the records).

All records of a file have one length, so record i starts at i times that length: images can be read in any order.
Images are uint8 [N, C, H, W] throughout. Records are counted from 0.
"""

import contextlib
import os
import pathlib
import re
import shutil
import struct
import threading
import uuid

import numpy as np

from dnnlib import file_kinds
from regan.base import artefacts, finite, kept
from regan.base.errors import UserError, WriteError
from regan.data.crc32c import masked_crc32c

BATCH_BYTES = 8 << 20  # A good size of the batches given to `Writer.add`; its memory is about ten times that.
_HEADER, _FOOTER = 12, 4  # Bytes around a payload: its length (uint64) and the CRC of that; the CRC of the payload.
_SMALLEST_LOG2 = 2


# ------------------------------------------------------------------ tf.train.Example, in protocol buffers' wire format


def encode_example(shape, pixels):
    """The serialised Example of an image: shape (C, H, W), pixels as bytes.

    Equal to TensorFlow's own deterministic serialisation: `data` comes before `shape`.
    """
    bytes_list = _field(1, _field(1, pixels))
    int64_list = _field(3, _field(1, b''.join(map(_varint, shape))))
    return _field(
        1,
        b''.join(
            _field(1, _field(1, name) + _field(2, feature))
            for name, feature in [(b'data', bytes_list), (b'shape', int64_list)]
        ),
    )


def decode_example(payload):
    """Where the image is in a serialised Example (bytes): shape (C, H, W), and start and stop of the pixels.

    Raises: ValueError if that is no Example with an image.
    """
    features = dict(_map_entry(payload, *span) for span in _submessages(payload, 0, len(payload), 1, 1))
    if not {b'shape', b'data'} <= set(features):
        raise ValueError('it has no features "shape" and "data"')
    shape = tuple(_int64_list(payload, *features[b'shape']))
    pixels = list(_submessages(payload, *features[b'data'], 1, 1))
    if len(shape) != 3 or len(pixels) != 1:
        raise ValueError(
            'its feature "shape" has %d numbers instead of 3, or "data" has %d parts instead of 1'
            % (len(shape), len(pixels))
        )
    start, stop = pixels[0]
    if stop - start != int(np.prod(shape)):
        raise ValueError('%d bytes are not an image %s of 8 bits' % (stop - start, list(shape)))
    return shape, start, stop


def _varint(value):
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


def _field(number, content):
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _read_varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError('it is no tf.train.Example')
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not data[at - 1] & 0x80:
            return value, at


def _fields(data, start, stop):
    """Yields (number, value) of each field: an int, or (start, stop) of length-delimited content."""
    while start < stop:
        key, start = _read_varint(data, start)
        kind = key & 7
        if kind == 0:
            value, start = _read_varint(data, start)
        elif kind in (1, 2, 5):
            length, start = _read_varint(data, start) if kind == 2 else ({1: 8, 5: 4}[kind], start)
            value, start = (start, start + length), start + length
        if kind not in (0, 1, 2, 5) or start > stop:
            raise ValueError('it is no tf.train.Example')
        yield key >> 3, value


def _submessages(data, start, stop, *path):
    """Yields (start, stop) of what lies under the field numbers `path`."""
    if not path:
        yield start, stop
        return
    for number, value in _fields(data, start, stop):
        if number == path[0] and isinstance(value, tuple):
            yield from _submessages(data, *value, *path[1:])


def _map_entry(data, start, stop):
    entry = dict(_fields(data, start, stop))
    if not all(isinstance(entry.get(number), tuple) for number in (1, 2)):
        raise ValueError('it is no tf.train.Example')
    return bytes(data[slice(*entry[1])]), entry[2]


def _int64_list(data, start, stop):
    for span in _submessages(data, start, stop, 3):
        for _number, value in _fields(data, *span):
            if isinstance(value, int):
                yield value
                continue
            at, end = value
            while at < end:  # Packed, as every current library writes it.
                value, at = _read_varint(data, at)
                yield value


# ------------------------------------------------------------------ reading


class RecordFile:
    """The images of one resolution. Opening it reads the first record only; `read` checks what it reads.

    Attributes:
        path: of the file.
        name: of the data set.
        shape: (C, H, W).
        num_images: int.
        record_bytes: of one record with all its framing.
    Raises: UserError, here and in all methods; it names the file and the record.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.name = re.sub(r'-r\d\d$', '', self.path.stem)
        self._lock = threading.Lock()
        try:
            self._file = open(str(path), 'rb', buffering=0)
            size = os.fstat(self._file.fileno()).st_size
        except OSError as error:
            raise UserError('cannot read %s: %s' % (path, error.strerror or error)) from error
        try:
            self._inspect_first_record(size)
        except BaseException:
            self.close()
            raise

    def _inspect_first_record(self, size):
        if size == 0:
            raise UserError('%s holds no records; make the data set again' % self.path)
        self._header = self._bytes(0, 0, min(_HEADER, size))
        if size < _HEADER or not _is_header(self._header):
            raise UserError(
                '%s is no TFRecord file, or a compressed or damaged one%s; make the data set again'
                % (self.path, file_kinds.hint(self.path))
            )
        self.record_bytes = _HEADER + _length(self._header) + _FOOTER
        if size < self.record_bytes:
            self._refuse(0, 'is cut off')
        if _length(self._header) < 4:
            self._refuse(0, 'is empty')
        self.num_images, rest = divmod(size, self.record_bytes)
        self._checked = np.zeros(self.num_images, bool)
        first = self._bytes(0, 0, self.record_bytes)
        self._check_sums(np.frombuffer(first, np.uint8)[None], np.array([0]))
        self.shape, start, stop = self._decode(0, first[_HEADER:-_FOOTER])
        self._before, self._after = first[_HEADER : _HEADER + start], first[_HEADER + stop : -_FOOTER]
        if rest:
            self._refuse_odd_size(rest)

    def _refuse_odd_size(self, rest):
        """The file is not a whole number of records like the first: finds out which one differs."""
        for number in range(self.num_images + (rest >= _HEADER)):
            self._check_header(number, self._bytes(number, 0, _HEADER))
        self._refuse(self.num_images, 'is cut off')

    def read(self, rows):
        """Images uint8 [N, C, H, W] of the records with the numbers `rows` (int [N], in any order).

        Each record's checksum is computed when it is first read.
        """
        rows = np.asarray(rows, np.int64)
        frames = np.empty([len(rows), self.record_bytes], np.uint8)
        for number, frame in zip(rows, frames):
            self._read_into(number, 0, memoryview(frame))
        for number in rows[(frames[:, :_HEADER] != np.frombuffer(self._header, np.uint8)).any(axis=1)]:
            self._check_header(number, self._bytes(number, 0, _HEADER))
        new = ~self._checked[rows]
        self._check_sums(frames[new], rows[new])
        return self._pixels(frames, rows)

    def check(self, progress=None):
        """Reads every record, batch by batch; progress(n) is called after n more records."""
        step = max(BATCH_BYTES // self.record_bytes, 1)
        for start in range(0, self.num_images, step):
            rows = np.arange(start, min(start + step, self.num_images))
            self._checked[rows] = False
            self.read(rows)
            if progress:
                progress(len(rows))

    def close(self):
        with self._lock:  # Not while another thread is between finding its place and reading.
            self._file.close()

    def _bytes(self, number, offset, count):
        data = bytearray(count)
        self._read_into(number, offset, memoryview(data))
        return bytes(data)

    def _read_into(self, number, offset, view):
        start = int(number) * self.record_bytes + offset if number else offset
        with self._lock:
            try:
                self._file.seek(start)
                count = self._file.readinto(view)
                while 0 < count < len(view):  # The system may give less than it has.
                    more = self._file.readinto(view[count:])
                    if not more:
                        break
                    count += more
            except OSError as error:
                raise UserError(
                    'cannot read %s, record %d: %s' % (self.path, number, error.strerror or error)
                ) from error
        if count < len(view):
            self._refuse(number, 'is cut off')

    def _check_header(self, number, header):
        if header == self._header:
            return
        if _is_header(header):
            self._refuse(
                number,
                'has %d bytes where the first has %d, so the images differ in size or kind'
                % (_length(header), _length(self._header)),
            )
        self._refuse(number, 'is damaged (its header does not match its checksum)')

    def _check_sums(self, frames, rows):
        if not len(rows):
            return
        found = np.ascontiguousarray(frames[:, -_FOOTER:]).view('<u4')[:, 0]
        wrong = found != masked_crc32c(frames[:, _HEADER:-_FOOTER])
        if wrong.any():
            self._refuse(rows[wrong][0], 'is damaged (its content does not match its checksum)')
        self._checked[rows] = True

    def _pixels(self, frames, rows):
        """Cuts the pixels out; nearly always all records have them at the same place."""
        start, stop = _HEADER + len(self._before), frames.shape[1] - _FOOTER - len(self._after)
        pixels = frames[:, start:stop]
        like_first = (frames[:, _HEADER:start] == np.frombuffer(self._before, np.uint8)).all(axis=1)
        like_first &= (frames[:, stop:-_FOOTER] == np.frombuffer(self._after, np.uint8)).all(axis=1)
        for i in np.flatnonzero(~like_first):
            payload = frames[i, _HEADER:-_FOOTER].tobytes()
            shape, start, stop = self._decode(rows[i], payload)
            if shape != self.shape:
                self._refuse(rows[i], 'holds an image %s where the first is %s' % (list(shape), list(self.shape)))
            pixels[i] = np.frombuffer(payload, np.uint8)[start:stop]
        return pixels.reshape((-1,) + self.shape)

    def _decode(self, number, payload):
        try:
            return decode_example(payload)
        except ValueError as error:
            self._refuse(number, 'is not an image as the official tool writes it (%s)' % error)

    def _refuse(self, number, what):
        raise UserError(
            '%s: record %d (counted from 0) %s; make the data set again' % (self.path, number, what)
        ) from None


def _is_header(header):
    return struct.unpack('<I', header[8:])[0] == masked_crc32c(np.frombuffer(header[:8], np.uint8)[None])[0]


def _length(header):
    return struct.unpack('<Q', header[:8])[0]


def open_levels(folder, resolution=None):
    """The RecordFiles of a data set, from `resolution` (default: the largest) down to 4x4.

    Raises: UserError if the files are not one whole data set.
    """
    paths = sorted(pathlib.Path(folder).glob('*.tfrecords'))
    if not paths:
        raise UserError(
            '%s holds no .tfrecords files; give the folder of a data set, as `regan dataset create` makes it%s'
            % (folder, file_kinds.hint(folder))
        )
    opened, levels = [], {}
    try:
        for path in paths:
            opened.append(RecordFile(path))
            other = levels.setdefault(_log2_of(opened[-1]), opened[-1])
            if other is not opened[-1]:
                raise UserError(
                    '%s and %s hold the same resolution; keep one data set in a folder' % (other.path, path.name)
                )
        wanted = _wanted_levels(folder, levels, resolution)
        _check_that_levels_agree(wanted)
    except BaseException:
        close_levels(opened)
        raise
    close_levels(level for level in opened if level not in wanted)
    return wanted


def close_levels(levels):
    for level in levels:
        level.close()


def _log2_of(level):
    """log2 of the resolution, from the first record; the file's name must agree."""
    channels, height, width = level.shape
    if channels not in (1, 3) or height != width or height & height - 1 or height < 1 << _SMALLEST_LOG2:
        raise UserError(
            '%s holds images %s; they must be square, a power of two from 4, with 1 or 3 channels'
            % (level.path, list(level.shape))
        )
    log2 = height.bit_length() - 1
    named = re.match(r'.*-r(\d\d)$', level.path.stem)
    if named and int(named.group(1)) != log2:
        raise UserError(
            '%s holds images of %dx%d, but its name says %dx%d; put the right file there'
            % (level.path, height, width, 1 << int(named.group(1)), 1 << int(named.group(1)))
        )
    return log2


def _wanted_levels(folder, levels, resolution):
    top = max(levels) if resolution is None else int(resolution).bit_length() - 1
    if resolution is not None and 1 << top != resolution:
        raise UserError('the resolution must be a power of two, not %s' % resolution)
    missing = [log2 for log2 in range(top, _SMALLEST_LOG2 - 1, -1) if log2 not in levels]
    if missing:
        raise UserError(
            '%s lacks the resolution %dx%d (a file ...-r%02d.tfrecords); make the data set again, or choose another '
            'resolution' % (folder, 1 << missing[0], 1 << missing[0], missing[0])
        )
    return [levels[log2] for log2 in range(top, _SMALLEST_LOG2 - 1, -1)]


def _check_that_levels_agree(levels):
    first = levels[0]
    for level in levels[1:]:
        for what, here, there in [
            ('images', level.num_images, first.num_images),
            ('channels', level.shape[0], first.shape[0]),
        ]:
            if here != there:
                raise UserError(
                    '%s has %d %s, but %s has %d; they are not one data set, or one is cut off'
                    % (level.path, here, what, first.path.name, there)
                )
        if level.name != first.name:
            raise UserError('%s and %s are of two data sets; keep one in a folder' % (first.path, level.path.name))


def read_table(path, num_images):
    """The numbers [num_images, columns] in a file beside the records, such as the labels.

    Raises: UserError if it is no such file.
    """
    table = artefacts.read_npy(path, 'make it again')
    if table.ndim != 2 or len(table) != num_images or table.dtype.kind not in 'fiub':
        raise UserError(
            '%s must hold an array of numbers with 2 axes and %d rows, one for each image, but holds %s %s'
            % (path, num_images, table.dtype, list(table.shape))
        )
    finite.check(table, str(path), 'make it again')
    return table


# ------------------------------------------------------------------ writing


def shuffled_order(num_images):
    """The official tool's order: int64 [num_images], which source image each record holds."""
    order = np.arange(num_images)
    np.random.RandomState(123).shuffle(order)
    return order


def pyramid(images):
    """Yields the images uint8 [N, C, R, R] at the resolutions R, R/2, ..., 4.

    Each is the 2x2 mean of the unrounded one before, rounded half to even. (float32 holds these means exactly up to R =
    1024.)
    """
    exact = images.astype(np.float32)
    while True:
        yield np.rint(exact).clip(0, 255).astype(np.uint8)
        if exact.shape[-1] == 1 << _SMALLEST_LOG2:
            return
        exact = (
            exact[..., 0::2, 0::2] + exact[..., 0::2, 1::2] + exact[..., 1::2, 0::2] + exact[..., 1::2, 1::2]
        ) * np.float32(0.25)


def frames(images):
    """The records of images uint8 [N, C, H, W] with their framing: uint8 [N, bytes of a record]."""
    payload = encode_example(images.shape[1:], images[0].tobytes())
    _, start, stop = decode_example(payload)
    header = struct.pack('<Q', len(payload))
    header += struct.pack('<I', masked_crc32c(np.frombuffer(header, np.uint8)[None])[0])
    rows = np.repeat(np.frombuffer(header + payload, np.uint8)[None], len(images), axis=0)
    rows[:, _HEADER + start : _HEADER + stop] = images.reshape(len(images), -1)
    sums = masked_crc32c(rows[:, _HEADER:]).astype('<u4')
    return np.concatenate([rows, sums[:, None].view(np.uint8)], axis=1)


@contextlib.contextmanager
def new_folder(path):
    """Context manager: yields a temporary folder (pathlib.Path) beside `path` that becomes `path` if the body succeeds.

    If not, it is removed with all its content. An existing `path` is refused.
    Raises:
        UserError: `path` exists.
        WriteError: a full disk and the like, also in the body.
    """
    path = pathlib.Path(os.path.abspath(str(path)))
    if os.path.lexists(str(path)):
        raise UserError('%s exists already; choose another place, or remove it first' % path)
    temporary = path.with_name('.%s.%s' % (path.name, uuid.uuid4().hex[:8]))
    try:
        with artefacts.writing(path):
            temporary.mkdir(parents=True)
            yield temporary
            os.rename(str(temporary), str(path))
        kept.add(path)
    except WriteError as error:
        if temporary in pathlib.Path(error.path).parents:  # The name by which the user knows it.
            raise WriteError(path / pathlib.Path(error.path).relative_to(temporary), error.reason) from error
        raise
    finally:
        kept.drop(temporary)
        shutil.rmtree(str(temporary), ignore_errors=True)


@contextlib.contextmanager
def new_data_set(folder):
    """Context manager: yields a `Writer`; the data set appears in `folder` when the body succeeds, whole or not at all.

    Raises: UserError if the folder exists or cannot be written, or no image was added.
    """
    with new_folder(folder) as temporary:
        writer = Writer(temporary, os.path.basename(os.path.abspath(str(folder))))
        try:
            yield writer
            writer.finish()
        finally:
            writer.close()


class Writer:
    """Writes all resolutions of a data set side by side; memory is bounded by the batches that it is given.

    Attributes: num_images, so far; shape, (C, R, R) of the images, None before the first.
    """

    def __init__(self, folder, name):
        self._folder, self._name = pathlib.Path(folder), name
        self._files, self._num_labels = [], None
        self.num_images, self.shape = 0, None

    def path(self, ending):
        """Where a file NAME + ending goes that shall lie beside the records, such as '.json'."""
        return self._folder / (self._name + ending)

    def add(self, images):
        """Appends images uint8 [N, C, R, R]; see `BATCH_BYTES`.

        Raises: ValueError for other arrays, or images unlike the first.
        """
        images = np.asarray(images)
        if self.shape is None:
            self._start(images)
        if images.dtype != np.uint8 or images.shape[1:] != self.shape:
            raise ValueError(
                'these images are uint8 %s, not %s %s' % (list(self.shape), images.dtype, list(images.shape[1:]))
            )
        for file, level in zip(self._files, pyramid(images)):
            file.write(frames(level))
        self.num_images += len(images)

    def _start(self, images):
        if (
            images.ndim != 4
            or images.shape[1] not in (1, 3)
            or images.shape[2] != images.shape[3]
            or not is_resolution(images.shape[2])
        ):
            raise ValueError(
                'images must be [N, 1 or 3, R, R] with R a power of two from 4, not %s' % list(images.shape)
            )
        self.shape = images.shape[1:]
        for log2 in range(self.shape[1].bit_length() - 1, _SMALLEST_LOG2 - 1, -1):
            self._files.append(open(str(self.path('-r%02d.tfrecords' % log2)), 'wb'))

    def add_labels(self, labels):
        """Writes labels [num_images, label_size] as float32, in the order of the records."""
        labels = np.asarray(labels, np.float32)
        if labels.ndim != 2:
            raise ValueError('labels must be [images, label_size], not %s' % list(labels.shape))
        self._num_labels = len(labels)
        artefacts.write_npy(self.path('-rxx.labels'), labels)

    def finish(self):
        """Writes everything out, and raises UserError if the data set is not whole."""
        self.close()
        if not self.num_images:
            raise UserError('a data set needs at least one image')
        if self._num_labels not in (None, self.num_images):
            raise UserError('there are %d rows of labels for %d images' % (self._num_labels, self.num_images))

    def close(self):
        files, self._files = self._files, []
        for file in files:
            file.close()


def is_resolution(size):
    """Whether images of size x size can be in a data set: a power of two from 4."""
    return size >= 1 << _SMALLEST_LOG2 and not size & size - 1
