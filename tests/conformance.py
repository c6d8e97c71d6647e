"""Inputs and checks that both generations' conformance tests share."""

import numpy as np
import tensorflow.compat.v1 as tf

import dnnlib.tflib as tflib
from tests.small_networks import build, fresh_session

PLAIN = dict(truncation_psi=1, randomize_noise=False)  # Arguments that leave nothing random.
TOLERANCE = dict(rtol=0, atol=1e-4)

LATENTS = np.random.RandomState(0).randn(2, 12)
IMAGES = np.random.RandomState(1).randn(4, 3, 16, 16)
LABELS = np.eye(4)[[2, 0]]
IMAGE_LABELS = np.eye(4)[[2, 0, 3, 1]]


def summary(values, samples):
    """Mean and standard deviation over the whole array, and some of its values: what the tables list."""
    return [values.mean(), values.std()] + [values[index] for index in samples]


def assert_images(images, expected):
    assert images.shape == (2, 3, 16, 16)
    np.testing.assert_allclose(summary(images, [(0, 0, 0, 0), (0, 1, 5, 7), (1, 2, 15, 15)]), expected, **TOLERANCE)


def assert_dlatents(dlatents, expected):
    assert dlatents.shape == (2, 6, 10)
    assert (dlatents == dlatents[:, :1]).all()
    np.testing.assert_allclose(summary(dlatents, [(0, 0, 0), (0, 5, 3), (1, 2, 9)]), expected, **TOLERANCE)


def run_template(net, labels=None):
    """Images of a generator's own template graph, which need no second graph.

    For networks whose static arguments leave nothing random: psi 1 and stored noise.
    """
    return tflib.run(
        net.output_templates[0],
        dict(zip(net.input_templates, [LATENTS, np.zeros([2, 0]) if labels is None else labels])),
    )


class Graph:
    """One graph of a generator, with psi and cutoff as placeholders: a new number costs no new graph."""

    def __init__(self, net, **kwargs):
        self.psi, self.cutoff = tf.placeholder(tf.float32, []), tf.placeholder(tf.int32, [])
        self.images = net.get_output_for(
            tf.constant(LATENTS, tf.float32),
            None,
            truncation_psi=self.psi,
            truncation_cutoff=self.cutoff,
            randomize_noise=False,
            **kwargs,
        )

    def run(self, psi=1, cutoff=0):
        return tflib.run(self.images, {self.psi: psi, self.cutoff: cutoff})


def mapped_and_synthesized(func_name):
    """What a conditional generator makes of the latents and labels: dlatents and images."""
    with fresh_session():
        net = build(func_name, label_size=4, **PLAIN)
        return net.components.mapping.run(LATENTS, LABELS), run_template(net, LABELS)


def scores_of_template(func_name, option):
    """Scores of the four images. A template has no random parts, so it serves without a second graph."""
    with fresh_session():
        net = build(func_name, **option)
        feeds = dict(zip(net.input_templates, [IMAGES, IMAGE_LABELS if 'label_size' in option else np.zeros([4, 0])]))
        return tflib.run(net.output_templates[0], feeds)[:, 0]
