"""Writes files in the form of the official metric networks: one network whose function only the file itself knows."""

from tests import make_pickles

SOURCES = {
    'inception': '''
import numpy as np
import tensorflow as tf

def judge_one(images, **kwargs):
    images.set_shape([None, 3, 16, 16])
    scale = tf.get_variable('scale', initializer=np.float32(0))
    features = scale * tf.reduce_mean(tf.cast(images, tf.float32), axis=[2, 3])
    return tf.pad(features, [[0, 0], [0, 2045]])
''',
    'lpips': '''
import numpy as np
import tensorflow as tf

def judge_two(a, b, **kwargs):
    a.set_shape([None, 3, 16, 16])
    b.set_shape([None, 3, 16, 16])
    scale = tf.get_variable('scale', initializer=np.float32(0))
    return scale * tf.reduce_mean(tf.square(a - b), axis=[1, 2, 3])
''',
}


FUNCTIONS = {'inception': 'judge_one', 'lpips': 'judge_two'}
SCALES = {'inception': 2.0, 'lpips': 1.0}


def write(path, kind):
    state = make_pickles.state(kind, FUNCTIONS[kind], [('scale', SCALES[kind])], build_module_src=SOURCES[kind])
    path.write_bytes(make_pickles.dumps(state, protocol=4))
    return path
