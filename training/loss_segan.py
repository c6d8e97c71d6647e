"""The generator's loss for SEGAN: StyleGAN2's, with EigenGAN's orthogonality of the subspaces as an option."""

import numpy as np
import tensorflow.compat.v1 as tf

from dnnlib.tflib.autosummary import autosummary
from training import loss as stylegan2_loss


def G_logistic_ns_pathreg(G, D, opt, training_set, minibatch_size, orth_weight=0.0, **pathreg_kwargs):
    """StyleGAN2's loss and path-length regulariser, with orth_weight times `orthogonality` added to the loss.

    Args:
        orth_weight: 0 is SEGAN as published, which has no such term; 1 is EigenGAN's weight.
        pathreg_kwargs: of `training.loss.G_logistic_ns_pathreg`.
    Returns: (loss [N, 1], regulariser). Raises ValueError if there is a weight and G has no basis.
    """
    loss, reg = stylegan2_loss.G_logistic_ns_pathreg(G, D, opt, training_set, minibatch_size, **pathreg_kwargs)
    if orth_weight:
        loss += orth_weight * autosummary('Loss/orthogonality', orthogonality(G))
    return loss, reg


def orthogonality(G):
    """The sum over a network's subspaces of 0.5 || U^T U - I ||_F^2 (EigenGAN section 3.3), a scalar.

    Raises ValueError if there is no U: modes 0 and 3, and mode 2 with collapse_mode2.
    """
    bases = [var for name, var in G.trainables.items() if name.endswith('/Subspace/U')]
    if not bases:
        raise ValueError(
            'network %r has no subspace with a basis U, so there is nothing to keep orthogonal (mode %r)'
            % (G.name, G.static_kwargs.get('mode', 0))
        )
    return tf.add_n([basis_orthogonality(basis) for basis in bases])


def basis_orthogonality(basis):
    """0.5 || U^T U - I ||_F^2 of one basis, [..., q] with the dimensions on the last axis; a scalar of the same dtype.

    With fewer than q entries in a column it is at least 0.5 (q - entries), for example in the ToRGB at 4 x 4 with q =
    64.
    """
    width = basis.shape.as_list()[-1]
    columns = tf.reshape(basis, [-1, width])
    excess = tf.matmul(columns, columns, transpose_a=True) - tf.constant(np.eye(width), basis.dtype.base_dtype)
    return 0.5 * tf.reduce_sum(tf.square(excess))
