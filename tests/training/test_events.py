"""The events of a run, against TensorFlow's own reader."""

import os

import pytest
import tensorflow.compat.v1 as tf

from regan.base.errors import WriteError
from training.events import Events


def summary(**values):
    return tf.Summary(value=[tf.Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])


def test_tensorflow_reads_the_events(tmp_path):
    events = Events(tmp_path)
    assert os.listdir(str(tmp_path)) == []
    events.add_summary(summary(layout=1))
    events.add_summary(summary(a=0.5, b=2), 12345678901)
    events.add_summary(summary(**{'long' * 100: 3}).SerializeToString(), 130)
    head, *found = tf.train.summary_iterator(events.path)
    assert head.file_version == 'brain.Event:2' and head.wall_time > 1.5e9
    assert [event.step for event in found] == [0, 12345678901, 130]
    assert [value.simple_value for event in found for value in event.summary.value] == [1, 0.5, 2, 3]


def test_a_full_disk_is_named_and_leaves_no_part_of_an_event(tmp_path, monkeypatch):
    events = Events(tmp_path)
    events.add_summary(summary(a=1))
    whole = os.path.getsize(events.path)
    real = open

    class Full:
        def __init__(self, *arguments):
            self._file = real(*arguments)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self._file.close()

        def write(self, content):
            self._file.write(content[:7])
            raise OSError(28, 'No space left on device')

    monkeypatch.setattr('builtins.open', Full)
    with pytest.raises(WriteError, match='cannot write .*tfevents.*: No space left on device'):
        events.add_summary(summary(a=2))
    monkeypatch.undo()
    assert os.path.getsize(events.path) == whole
    with pytest.raises(WriteError, match='No such file'):
        Events(tmp_path / 'missing').add_summary(summary(a=1))
