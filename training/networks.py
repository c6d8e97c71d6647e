"""StyleGAN2-ADA's build functions and layers under their official module name."""

import numpy as np
import tensorflow.compat.v1 as tf

import dnnlib
import dnnlib.tflib as tflib
from dnnlib.tflib.ops.fused_bias_act import fused_bias_act
from dnnlib.tflib.ops.upfirdn_2d import conv_downsample_2d, downsample_2d, filter_2d, upsample_2d, upsample_conv_2d
from nvlabs_stylegan2 import primitives as _primitives
from nvlabs_stylegan2.ada import D_main, G_main, G_mapping, G_synthesis
from nvlabs_stylegan2.primitives import (
    apply_bias_act,
    conv2d_layer,
    dense_layer,
    get_weight,
    modulated_conv2d_layer,
    normalize_2nd_moment,
)


def minibatch_stddev_layer(x, group_size=None, num_new_features=1):
    """As StyleGAN2's, with another default: groups are the whole minibatch."""
    return _primitives.minibatch_stddev_layer(x, group_size, num_new_features)
