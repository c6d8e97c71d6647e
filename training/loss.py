"""Losses of both generations, per sample; the optimiser minimises their batch mean.

sp(u) = log(1 + e^u); D gives logits; fakes G(z) are made in training mode. Sources: Goodfellow et al. 2014 (logistic
losses), Mescheder et al. 2018 (R1, R2), Gulrajani et al. 2017 (WGAN-GP), Karras et al. 2020 section 3.2 (path lengths).

Functions that only StyleGAN has return one tensor [N, 1]; those of StyleGAN2, and those that both have, a pair (loss,
regulariser or None), so that the regulariser can have a training step of its own. Gradients with respect to images or
dlatents are always taken in float32.

Arguments common to all: networks G and D, the optimiser opt (whose loss scaling penalties use), training_set (random
labels for the fakes of G losses), minibatch_size; D losses also take reals [N, C, H, W] in [-1, 1] and their labels [N,
label_size].
"""

import numpy as np

from dnnlib.tflib.autosummary import autosummary

# isort: split
import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

from dnnlib.tflib.primitives.randomness import random_normal, random_uniform

FULL_PRECISION = dict(dtype='float32')  # Second derivatives lose too much in 16 bits.


# ------------------------------------------------------------------ pieces


def _latents(G, minibatch_size):
    return random_normal([minibatch_size] + G.input_shapes[0][1:])


def _fakes(G, labels, minibatch_size, **kwargs):
    return G.get_output_for(_latents(G, minibatch_size), labels, is_training=True, **kwargs)


def _scores(D, images, labels, name=None, **kwargs):
    """Logits float32 [N, 1], reported as Loss/scores/<name>."""
    scores = _at_least_float32(D.get_output_for(images, labels, is_training=True, **kwargs))
    return scores if name is None else autosummary('Loss/scores/' + name, scores)


def _g_scores(G, D, training_set, minibatch_size):
    """Scores of fresh fakes with random labels."""
    labels = training_set.get_random_labels_tf(minibatch_size)
    return _scores(D, _fakes(G, labels, minibatch_size), labels, 'fake')


def _d_scores(G, D, minibatch_size, reals, labels):
    """(scores of reals, scores of fakes, fakes); the fakes have the labels of the reals."""
    fakes = _fakes(G, labels, minibatch_size)
    return _scores(D, reals, labels, 'real'), _scores(D, fakes, labels, 'fake'), fakes


def _at_least_float32(x):
    return tf.cast(x, tf.float32) if x.dtype in (tf.float16, tf.bfloat16) else x


def _sum_squares(x):
    """Of each image: [N, ...] -> [N]."""
    return tf.reduce_sum(tf.square(x), axis=list(range(1, x.shape.rank)))


def _input_gradients(D, images, labels, opt, name=None):
    """d(sum of the scores) / d(images), through the optimiser's loss scaling."""
    total = opt.apply_loss_scaling(tf.reduce_sum(_scores(D, images, labels, name, **FULL_PRECISION)))
    return opt.undo_loss_scaling(tf.gradients(total, [images])[0])


def _zero_centred_penalty(D, images, labels, opt, gamma, name):
    """gamma / 2 * |d(sum of the scores) / d(images)|^2: [N, 1]."""
    penalty = _sum_squares(_input_gradients(D, images, labels, opt))
    return autosummary('Loss/%s_penalty' % name, penalty)[:, np.newaxis] * (gamma * 0.5)


def _interpolation_penalty(D, opt, reals, labels, fakes, weight, target):
    """weight / target^2 * (|d(sum of the scores) / dm| - target)^2 between reals and fakes: [N, 1]."""
    share = random_uniform(tf.stack([tf.shape(reals)[0], 1, 1, 1]))
    mixed = reals + (_at_least_float32(fakes) - reals) * share
    norms = tf.sqrt(_sum_squares(_input_gradients(D, mixed, labels, opt, 'mixed')))
    norms = autosummary('Loss/mixed_norms', norms)
    penalty = autosummary('Loss/gradient_penalty', tf.square(norms - target))
    return penalty[:, np.newaxis] * (weight / target**2)


# ------------------------------------------------------------------ logistic, StyleGAN


def G_logistic_saturating(G, D, opt, training_set, minibatch_size):
    """-sp(D(G(z)))."""
    return -tf.nn.softplus(_g_scores(G, D, training_set, minibatch_size))


def G_logistic_nonsaturating(G, D, opt, training_set, minibatch_size):
    """sp(-D(G(z)))."""
    return tf.nn.softplus(-_g_scores(G, D, training_set, minibatch_size))


def _d_logistic(real_scores, fake_scores):
    return tf.nn.softplus(fake_scores) + tf.nn.softplus(-real_scores)


def D_logistic_simplegp(G, D, opt, training_set, minibatch_size, reals, labels, r1_gamma=10.0, r2_gamma=0.0):
    """sp(D(G(z))) + sp(-D(x)) + R1 + R2, each penalty gamma / 2 times the squared gradient; gamma 0 leaves it out."""
    real_scores, fake_scores, fakes = _d_scores(G, D, minibatch_size, reals, labels)
    loss = _d_logistic(real_scores, fake_scores)
    if r1_gamma:
        loss += _zero_centred_penalty(D, reals, labels, opt, r1_gamma, 'r1')
    if r2_gamma:
        loss += _zero_centred_penalty(D, _at_least_float32(fakes), labels, opt, r2_gamma, 'r2')
    return loss


# ------------------------------------------------------------------ logistic, StyleGAN2


def G_logistic(G, D, opt, training_set, minibatch_size):
    """-sp(D(G(z))), None."""
    return G_logistic_saturating(G, D, opt, training_set, minibatch_size), None


def G_logistic_ns(G, D, opt, training_set, minibatch_size):
    """sp(-D(G(z))), None."""
    return G_logistic_nonsaturating(G, D, opt, training_set, minibatch_size), None


def D_logistic(G, D, opt, training_set, minibatch_size, reals, labels):
    """sp(D(G(z))) + sp(-D(x)), None."""
    return _d_logistic(*_d_scores(G, D, minibatch_size, reals, labels)[:2]), None


def D_logistic_r1(G, D, opt, training_set, minibatch_size, reals, labels, gamma=10.0):
    """The logistic loss; R1 = gamma / 2 |dD/dx|^2 at the reals."""
    loss, _ = D_logistic(G, D, opt, training_set, minibatch_size, reals, labels)
    return loss, _zero_centred_penalty(D, reals, labels, opt, gamma, 'r1')


def D_logistic_r2(G, D, opt, training_set, minibatch_size, reals, labels, gamma=10.0):
    """The logistic loss; R2 = gamma / 2 |dD/dx|^2 at the fakes."""
    real_scores, fake_scores, fakes = _d_scores(G, D, minibatch_size, reals, labels)
    return _d_logistic(real_scores, fake_scores), _zero_centred_penalty(
        D, _at_least_float32(fakes), labels, opt, gamma, 'r2'
    )


def G_logistic_ns_pathreg(G, D, opt, training_set, minibatch_size, pl_minibatch_shrink=2, pl_decay=0.01, pl_weight=2.0):
    """sp(-D(G(z))); path-length regulariser pl_weight (l - a)^2 [n].

    l is the length of d(sum(I y)) / dw with y ~ N(0, 1) / sqrt(H W), root mean square over layers; a is the running
    mean of l, whose update the gradient passes through. Fresh latents, n = floor(N / pl_minibatch_shrink); with shrink
    1 those of the loss itself.
    """
    labels = training_set.get_random_labels_tf(minibatch_size)
    images, dlatents = _fakes(
        G, labels, minibatch_size, return_dlatents=True, **(FULL_PRECISION if pl_minibatch_shrink == 1 else {})
    )
    loss = tf.nn.softplus(-_scores(D, images, labels, 'fake'))
    if pl_minibatch_shrink > 1:
        size = minibatch_size // pl_minibatch_shrink
        images, dlatents = _fakes(
            G, training_set.get_random_labels_tf(size), size, return_dlatents=True, **FULL_PRECISION
        )
    return loss, _path_length_penalty(images, dlatents, pl_decay) * pl_weight


def _path_length_penalty(images, dlatents, decay):
    height, width = images.shape.as_list()[2:]
    images = _at_least_float32(images)
    noise = random_normal(tf.shape(images), images.dtype) / np.sqrt(height * width)
    gradients = tf.gradients(tf.reduce_sum(images * noise), [dlatents])[0]  # [n, L, D]
    lengths = tf.sqrt(tf.reduce_mean(tf.reduce_sum(tf.square(gradients), axis=2), axis=1))  # [n]
    lengths = autosummary('Loss/pl_lengths', lengths)
    with tf.init_scope():
        running = tf.get_variable(_unused_name('pl_mean'), initializer=np.float32(0), trainable=False)
    before = tf.cast(running, lengths.dtype)
    mean = before + decay * (tf.reduce_mean(lengths) - before)
    with tf.control_dependencies([tf.assign(running, tf.cast(mean, tf.float32))]):
        return autosummary('Loss/pl_penalty', tf.square(lengths - mean))


def _unused_name(name):
    taken = {v.op.name for v in tf.global_variables()}
    return next(n for n in [name] + ['%s_%d' % (name, i) for i in range(1, len(taken) + 2)] if n not in taken)


# ------------------------------------------------------------------ Wasserstein


def G_wgan(G, D, opt, training_set, minibatch_size):
    """-D(G(z)), None."""
    return -_g_scores(G, D, training_set, minibatch_size), None


def _d_wgan(G, D, minibatch_size, reals, labels, wgan_epsilon):
    real_scores, fake_scores, fakes = _d_scores(G, D, minibatch_size, reals, labels)
    epsilon_penalty = autosummary('Loss/epsilon_penalty', tf.square(real_scores))
    return fake_scores - real_scores + epsilon_penalty * wgan_epsilon, fakes


def D_wgan(G, D, opt, training_set, minibatch_size, reals, labels, wgan_epsilon=0.001):
    """D(G(z)) - D(x) + wgan_epsilon D(x)^2, None."""
    return _d_wgan(G, D, minibatch_size, reals, labels, wgan_epsilon)[0], None


def D_wgan_gp(
    G, D, opt, training_set, minibatch_size, reals, labels, wgan_lambda=10.0, wgan_epsilon=0.001, wgan_target=1.0
):
    """`D_wgan`; wgan_lambda / wgan_target^2 (|dD/dm| - wgan_target)^2 at m between reals and fakes."""
    loss, fakes = _d_wgan(G, D, minibatch_size, reals, labels, wgan_epsilon)
    return loss, _interpolation_penalty(D, opt, reals, labels, fakes, wgan_lambda, wgan_target)


# ------------------------------------------------------------------ hinge, StyleGAN


def D_hinge(G, D, opt, training_set, minibatch_size, reals, labels):
    """max(0, 1 + D(G(z))) + max(0, 1 - D(x))."""
    real_scores, fake_scores, _ = _d_scores(G, D, minibatch_size, reals, labels)
    return _hinge(real_scores, fake_scores)


def _hinge(real_scores, fake_scores):
    return tf.nn.relu(1.0 + fake_scores) + tf.nn.relu(1.0 - real_scores)


def D_hinge_gp(G, D, opt, training_set, minibatch_size, reals, labels, wgan_lambda=10.0, wgan_target=1.0):
    """`D_hinge` and the gradient penalty of `D_wgan_gp`, as one sum."""
    real_scores, fake_scores, fakes = _d_scores(G, D, minibatch_size, reals, labels)
    return _hinge(real_scores, fake_scores) + _interpolation_penalty(
        D, opt, reals, labels, fakes, wgan_lambda, wgan_target
    )
