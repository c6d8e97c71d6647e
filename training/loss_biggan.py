"""The hinge losses (Lim and Ye 2017, Tran et al. 2017) for networks with spectral norms: each step moves the power
iteration of the network that it trains, once. Arguments as in `training.loss`.
"""

import tensorflow.compat.v1 as tf

from dnnlib.tflib.autosummary import autosummary
from dnnlib.tflib.primitives.randomness import random_normal


def G_hinge(G, D, opt, training_set, minibatch_size):
    """-D(G(z, y), y) [N, 1], with random labels y."""
    labels = training_set.get_random_labels_tf(minibatch_size)
    fakes = G.get_output_for(_latents(G, minibatch_size), labels, iterate=True)
    return -autosummary('Loss/scores/fake', D.get_output_for(fakes, labels))


def D_hinge(G, D, opt, training_set, minibatch_size, reals, labels):
    """max(0, 1 + D(G(z, y), y)) + max(0, 1 - D(x, y)) [N, 1], with the labels of the reals for both.

    Both go through D as one minibatch, so that there is one step of the power iteration.
    """
    fakes = tf.stop_gradient(G.get_output_for(_latents(G, minibatch_size), labels))
    images, labels = tf.concat([reals, fakes], axis=0), tf.concat([labels, labels], axis=0)
    of_reals, of_fakes = tf.split(D.get_output_for(images, labels, iterate=True), 2)
    of_reals, of_fakes = autosummary('Loss/scores/real', of_reals), autosummary('Loss/scores/fake', of_fakes)
    return tf.nn.relu(1.0 + of_fakes) + tf.nn.relu(1.0 - of_reals)


def _latents(G, minibatch_size):
    return random_normal([minibatch_size] + G.input_shapes[0][1:])
