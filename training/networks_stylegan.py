"""The build functions and layers of StyleGAN under their official module name."""

import numpy as np
import tensorflow.compat.v1 as tf

import dnnlib
import dnnlib.tflib as tflib
from nvlabs_stylegan.networks import D_basic, G_mapping, G_style, G_synthesis
from nvlabs_stylegan.primitives import (
    apply_bias,
    apply_noise,
    blur2d,
    conv2d,
    conv2d_downscale2d,
    dense,
    downscale2d,
    get_weight,
    instance_norm,
    leaky_relu,
    minibatch_stddev_layer,
    pixel_norm,
    style_mod,
    upscale2d,
    upscale2d_conv2d,
)
from nvlabs_stylegan.primitives import enlarge_images as _upscale2d
from nvlabs_stylegan.primitives import filter_images as _blur2d
from nvlabs_stylegan.primitives import shrink_images as _downscale2d
