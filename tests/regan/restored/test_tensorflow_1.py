"""`tensorflow` stands for TensorFlow 1."""

import importlib
import sys

import pytest
import tensorflow as tensorflow_2
import tensorflow.compat.v1 as v1

import dnnlib.tflib  # Switches to graph mode, as `restore` does.
from regan.restored import of_tensorflow

pytestmark = pytest.mark.skipif(tensorflow_2.__version__ < '2', reason='TensorFlow 1 goes by its own name')


@pytest.fixture
def tf(monkeypatch):
    """What `import tensorflow as tf` gives, until the end of a test."""
    before = set(sys.modules)
    monkeypatch.setitem(sys.modules, 'tensorflow', of_tensorflow.standing_for(tensorflow_2, v1))
    monkeypatch.setattr(sys, 'meta_path', [of_tensorflow.Finder(v1)] + sys.meta_path)
    yield importlib.import_module('tensorflow')
    for name in set(sys.modules) - before:
        if name.startswith('tensorflow.'):
            del sys.modules[name]


def test_names_of_tensorflow_1(tf):
    assert tf.Session is v1.Session and tf.placeholder is v1.placeholder and tf.log is v1.log
    assert tf.train.AdamOptimizer is v1.train.AdamOptimizer and tf.gfile.Exists is v1.gfile.Exists
    assert tf.__version__ == tensorflow_2.__version__ and tf.compat is tensorflow_2.compat
    assert 'placeholder' in dir(tf) and not tf.executing_eagerly()
    with tf.Graph().as_default(), tf.Session() as session:
        assert session.run(tf.log(tf.constant(1.0))) == 0
    with pytest.raises(AttributeError, match="has no attribute 'nothing_like_it'"):
        tf.nothing_like_it


IMPORTS = """
import tensorflow as tf
import tensorflow.compat.v1 as v1
import tensorflow.gfile
import tensorflow.python.util.deprecation
import tensorflow.train as train
from tensorflow import Session, nn
from tensorflow.python.framework import ops
from tensorflow.python.ops import nccl_ops
from tensorflow.train import Saver
"""


def test_imports(tf):
    found = {}
    exec(IMPORTS, found)
    assert found['tf'] is tf and found['Session'] is v1.Session and found['nn'].relu is v1.nn.relu
    assert found['v1'].Session is v1.Session and found['Saver'] is v1.train.Saver
    assert tf.train.AdamOptimizer is v1.train.AdamOptimizer is found['train'].AdamOptimizer
    assert found['ops'].Graph is v1.Graph and tf.python.framework.ops is found['ops']
    assert v1.train.__spec__.name != 'tensorflow.train'  # The module itself is as before.


CONTRIB = """
import tensorflow as tf
import tensorflow.contrib
import tensorflow.contrib.layers as layers
from tensorflow.contrib import slim
from tensorflow.contrib.framework.python.ops import arg_scope
tf.contrib = tensorflow.contrib
"""

USES = [
    ('tf.contrib.layers.xavier_initializer()', 'tf.contrib.layers.xavier_initializer'),
    ('layers.flatten(1)', 'tf.contrib.layers.flatten'),
    ('slim.conv2d(1, 2, 3)', 'tf.contrib.slim.conv2d'),
    ('arg_scope([])', 'tf.contrib.framework.python.ops.arg_scope'),
    ('isinstance(1, layers.Kind)', 'tf.contrib.layers.Kind'),
    ('tf.contrib.image.table[0]', 'tf.contrib.image.table'),
    ('list(tf.contrib.image.names)', 'tf.contrib.image.names'),
    ('class Cell(tf.contrib.rnn.RNNCell): pass', 'tf.contrib.rnn.RNNCell'),
]


@pytest.mark.parametrize('use, name', USES)
def test_contrib_says_what_is_missing_when_it_is_used(tf, use, name):
    found = {}
    exec(CONTRIB, found)
    with pytest.raises(AttributeError) as error:
        exec(use, found)
    assert str(error.value) == (
        '%s is gone: TensorFlow %s has no tf.contrib; run the script with TensorFlow 1.15 (Python 3.7), or write it '
        'without.' % (name, tf.__version__)
    )


def test_without_an_import_contrib_is_there(tf):
    assert hasattr(tf, 'contrib') and 'slim' in repr(tf.contrib.slim)
    assert not hasattr(tf.contrib, '__wrapped__') and not hasattr(tf.contrib.slim, '__wrapped__')
