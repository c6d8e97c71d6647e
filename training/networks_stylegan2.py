"""The build functions and layers of StyleGAN2 under their official module name."""

import numpy as np
import tensorflow.compat.v1 as tf

import dnnlib
import dnnlib.tflib as tflib
from dnnlib.tflib.ops.fused_bias_act import fused_bias_act
from dnnlib.tflib.ops.upfirdn_2d import conv_downsample_2d, downsample_2d, upsample_2d, upsample_conv_2d
from nvlabs_stylegan2.networks import (
    D_stylegan,
    D_stylegan2,
    G_main,
    G_mapping,
    G_synthesis_stylegan2,
    G_synthesis_stylegan_revised,
)
from nvlabs_stylegan2.primitives import (
    apply_bias_act,
    conv2d_layer,
    dense_layer,
    get_weight,
    minibatch_stddev_layer,
    modulated_conv2d_layer,
    naive_downsample_2d,
    naive_upsample_2d,
)
