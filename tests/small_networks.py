"""Small networks with reproducible values, and the graph and session they live in."""

import contextlib
import zlib

import numpy as np
import tensorflow.compat.v1 as tf

import dnnlib.tflib as tflib

# Small enough to build in a second; every size differs from every other where it can.
SIZES = dict(num_channels=3, resolution=16, fmap_base=64, fmap_max=16)
GENERATOR_SIZES = dict(SIZES, latent_size=12, dlatent_size=10, mapping_fmaps=14, mapping_layers=3)


@contextlib.contextmanager
def fresh_session():
    """A graph of its own and a session for it, both the default ones inside the block.

    One for each network: TensorFlow 1.15 goes through the whole graph whenever something new is asked of it.
    """
    with tf.Graph().as_default(), tflib.create_session() as session:
        yield session


def build(func_name, name=None, **static_kwargs):
    """A Network of the sizes above whose variables hold reproducible values. name: default 'D' or 'G'."""
    func = func_name.rsplit('.', 1)[1]
    name = name or ('D' if func.startswith('D_') else 'G')
    sizes = SIZES if func.startswith('D_') else GENERATOR_SIZES
    net = tflib.Network(name, func_name=func_name, **dict(sizes, **static_kwargs))
    set_values(net)
    return net


def set_values(net):
    """Gives every variable a value that depends on its local name only: s(n) RandomState(crc32(n)).randn(*shape)."""
    tflib.load_vars({var: value_of(name, var.shape.as_list()) for name, var in net.vars.items()})


def value_of(name, shape):
    rnd = np.random.RandomState(zlib.crc32(name.encode('ascii')))
    return np.asarray(_scale(name) * rnd.randn(*shape), np.float32)


def _scale(name):
    last = name.rsplit('/', 1)[-1]
    if last == 'lod':
        return 0
    if name.startswith('G_mapping/Dense'):
        return {'weight': 100, 'bias': 30}[last]
    if last in ('bias', 'mod_bias', 'noise_strength', 'dlatent_avg') or name.endswith('Noise/weight'):
        return 0.3
    return 1
