"""The numbers of a run for TensorBoard: a TFRecord file of Event messages.

TensorFlow's own writer has a thread: on a full disk it shows a stack trace on one stack, and says nothing on the other.
"""

import contextlib
import os
import socket
import struct
import time

import numpy as np

from regan.base import artefacts
from regan.data.crc32c import masked_crc32c


class Events:
    """A file of events in a folder, made with the first of them.

    Args:
        folder: path, which is there.
    """

    def __init__(self, folder):
        name = 'events.out.tfevents.%d.%s' % (time.time(), socket.gethostname())
        self.path = os.path.join(os.fspath(folder), name)

    def add_summary(self, summary, global_step=None):
        """Appends a tf.Summary, or the bytes of one.

        Raises: WriteError on a full disk and the like; what was written before stays.
        """
        content = summary if isinstance(summary, bytes) else summary.SerializeToString()
        records = _record(_event(content, int(global_step or 0)))
        before = os.path.getsize(self.path) if os.path.exists(self.path) else 0
        with artefacts.writing(self.path):
            try:
                with open(self.path, 'ab') as file:
                    file.write(records if before else _record(_head()) + records)
            except OSError:
                with contextlib.suppress(OSError):
                    os.truncate(self.path, before)  # Nobody reads past a part of a record.
                raise


def _head():
    """The Event that begins a file: wall_time (field 1) and file_version (3)."""
    return b'\x09' + struct.pack('<d', time.time()) + b'\x1a' + _sized(b'brain.Event:2')


def _event(summary, step):
    """An Event: wall_time (field 1), step (2) and summary (5)."""
    return b'\x09' + struct.pack('<d', time.time()) + b'\x10' + _varint(step) + b'\x2a' + _sized(summary)


def _sized(data):
    return _varint(len(data)) + data


def _varint(number):
    """A number in groups of seven bits, the lowest first; all but the last have their top bit set."""
    groups = []
    while number > 127:
        groups.append(number & 127 | 128)
        number >>= 7
    return bytes(groups + [number])


def _record(data):
    """A TFRecord: length, its checksum, data, their checksum."""
    length = struct.pack('<Q', len(data))
    return length + _checksum(length) + data + _checksum(data)


def _checksum(data):
    return struct.pack('<I', int(masked_crc32c(np.frombuffer(data, np.uint8)[None])[0]))
