"""Runs single layers in both memory layouts."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from dnnlib.tflib.primitives import layout as memory
from tests import nchw_on_cpu
from tests.small_networks import fresh_session, value_of

TOLERANCE = dict(rtol=1e-5, atol=1e-5)  # float32 sums of some hundred terms of size 1.


@pytest.fixture(params=['NHWC', 'NCHW'])
def layout(request, monkeypatch):
    """Both memory layouts; NCHW runs on the CPU through transpositions."""
    if request.param == 'NCHW':
        nchw_on_cpu.install(monkeypatch)
    assert memory.data_format() == request.param


def normal(seed, *shape):
    return np.random.RandomState(seed).randn(*shape)


def apply(layer, x, *arguments, variables=None, **kwargs):
    """Runs a layer on x [N, C, H, W] in the layout of the test; gives [N, C, H, W]. Variables get values by their
    names.
    """
    with fresh_session() as session:
        arrays = [tf.constant(a, tf.float32) if isinstance(a, np.ndarray) else a for a in arguments]
        images = tf.placeholder_with_default(x.astype(np.float32), [None] + list(x.shape[1:]))
        y = memory.from_layout(layer(memory.to_layout(images), *arrays, **kwargs))
        for var in tf.global_variables():
            name = var.name.split(':')[0]
            if variables is not None:
                variables[name] = value_of(name, var.shape.as_list()).astype(np.float64)
            var.load(value_of(name, var.shape.as_list()), session)
        value = session.run(y)
        static = y.shape.as_list()
        assert static[1:] == list(value.shape[1:]), 'static shape %s, value %s' % (static, value.shape)
        return value
