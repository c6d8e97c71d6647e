"""Progressive GAN: G_paper and D_paper, as official build functions of tkarras/progressive_growing_of_gans.

The two functions again, as the first StyleGAN repository has them, are in `nvlabs_stylegan.networks_progan`; what they
share is here. Arguments, defaults, variable names and shapes are the official ones, so official pickles fit.
"""

import numpy as np
import tensorflow.compat.v1 as tf

from dnnlib.tflib.primitives.convolution import box_down, combine_taps, nearest_up, scatter_convolve
from dnnlib.tflib.primitives.layers import minibatch_stddev, resolution_log2, second_moment_norm
from dnnlib.tflib.primitives.layout import (
    channel_axis,
    flatten_nchw,
    from_layout,
    num_channels,
    publish,
    spatial_sizes,
    to_layout,
)
from dnnlib.tflib.primitives.variables import state_variable, weight
from nvlabs_stylegan.growing import grow_image, shrink_features
from nvlabs_stylegan.layers import activation, add_bias, conv, dense, down_conv, down_image, sum_of_shifts, up_image

SLOPE = 'lrelu'


def G_paper(
    latents_in,
    labels_in,
    num_channels=1,
    resolution=32,
    label_size=0,
    fmap_base=8192,
    fmap_decay=1.0,
    fmap_max=512,
    latent_size=None,
    normalize_latents=True,
    use_wscale=True,
    use_pixelnorm=True,
    pixelnorm_epsilon=1e-8,
    use_leakyrelu=True,
    dtype='float32',
    fused_scale=True,
    structure=None,
    is_template_graph=False,
    **_kwargs,
):
    """z [N, Z], labels [N, label_size] -> images_out [N, C, R, R], nominal range [-1, 1].

    There is no w, no noise and no truncation: an image is a function of z and labels alone. With `fused_scale` the
    weights of enlarging layers are [3, 3, out, in], and reversed in space against those of other networks.
    """
    return generator_images(
        latents_in,
        labels_in,
        (num_channels, resolution, label_size),
        (fmap_base, fmap_decay, fmap_max),
        latent_size,
        normalize_latents,
        use_wscale,
        use_pixelnorm,
        pixelnorm_epsilon,
        SLOPE if use_leakyrelu else 'relu',
        dtype,
        fused_scale,
        chosen_structure(structure, is_template_graph),
        out_before_in=True,
    )


def D_paper(
    images_in,
    num_channels=1,
    resolution=32,
    label_size=0,
    fmap_base=8192,
    fmap_decay=1.0,
    fmap_max=512,
    use_wscale=True,
    mbstd_group_size=4,
    dtype='float32',
    fused_scale=True,
    structure=None,
    is_template_graph=False,
    **_kwargs,
):
    """images [N, C, R, R] -> (scores_out [N, 1], labels_out [N, label_size]), logits."""
    x = discriminator_logits(
        images_in,
        (num_channels, resolution, 1 + label_size),
        (fmap_base, fmap_decay, fmap_max),
        use_wscale,
        mbstd_group_size,
        dtype,
        fused_scale,
        chosen_structure(structure, is_template_graph),
    )
    return tf.identity(x[:, :1], name='scores_out'), tf.identity(x[:, 1:], name='labels_out')


# ------------------------------------------------------------------ what both repositories share


def chosen_structure(structure, is_template_graph):
    """None is 'linear' in template graphs, else 'recursive'."""
    return structure or ('linear' if is_template_graph else 'recursive')


def _feature_maps(fmap_base, fmap_decay, fmap_max):
    return lambda stage: min(int(fmap_base / 2.0 ** (stage * fmap_decay)), fmap_max)


def generator_images(
    latents_in,
    labels_in,
    sizes,
    fmaps,
    latent_size,
    normalize_latents,
    use_wscale,
    use_pixelnorm,
    epsilon,
    nonlinearity,
    dtype,
    fused_scale,
    structure,
    out_before_in,
):
    """The images of G_paper (progressive-gan 5).

    Args:
        latents_in, labels_in: tensors.
        sizes: (num_channels, resolution, label_size).
        fmaps: (fmap_base, fmap_decay, fmap_max).
        latent_size: None: the number of maps at the lowest resolution.
        normalize_latents, use_wscale, use_pixelnorm, dtype, fused_scale: as of the build function.
        epsilon: of both norms.
        nonlinearity: 'lrelu' or 'relu'.
        structure: 'linear' or 'recursive'.
        out_before_in: whether fused kernels are stored as [3, 3, out, in].
    """
    (num_channels, resolution, label_size), nf = sizes, _feature_maps(*fmaps)
    latent_size = nf(0) if latent_size is None else latent_size
    top, (act, gain) = resolution_log2(resolution), activation(nonlinearity)
    latents_in.set_shape([None, latent_size])
    labels_in.set_shape([None, label_size])
    lod_in = tf.cast(state_variable('lod', 0.0), dtype)

    def epilogue(x):
        x = act(add_bias(x))
        if not use_pixelnorm:
            return publish(x)
        with tf.variable_scope('PixelNorm'):
            return publish(_pixel_norm(x, channel_axis(), epsilon))

    def first_block():
        x = tf.concat([tf.cast(latents_in, dtype), tf.cast(labels_in, dtype)], axis=1)
        if normalize_latents:
            with tf.variable_scope('LatentNorm'):
                x = _pixel_norm(x, 1, epsilon)
        with tf.variable_scope('4x4'):
            with tf.variable_scope('Dense'):
                x = dense(x, nf(1) * 16, gain / 4, use_wscale)
                x = epilogue(to_layout(tf.reshape(x, [-1, nf(1), 4, 4])))
            with tf.variable_scope('Conv'):
                return epilogue(conv(x, nf(1), 3, gain, use_wscale))

    def block(res, x):
        with tf.variable_scope('%dx%d' % (2**res, 2**res)):
            if fused_scale:
                with tf.variable_scope('Conv0_up'):
                    x = epilogue(_fused_up_conv(x, nf(res - 1), gain, use_wscale, out_before_in))
            else:
                with tf.variable_scope('Conv0'):
                    x = epilogue(conv(nearest_up(x), nf(res - 1), 3, gain, use_wscale))
            with tf.variable_scope('Conv1'):
                return epilogue(conv(x, nf(res - 1), 3, gain, use_wscale))

    def to_rgb(res, x):
        with tf.variable_scope('ToRGB_lod%d' % (top - res)):
            return publish(add_bias(conv(x, num_channels, 1, 1, use_wscale)))

    images = grow_image(structure, lod_in, top, first_block, block, to_rgb, up_image)
    return tf.identity(from_layout(images), name='images_out')


def _pixel_norm(x, axis, epsilon):
    if epsilon == 1e-8:
        return second_moment_norm(x, axis)
    return x * tf.rsqrt(tf.reduce_mean(tf.square(x), axis=axis, keepdims=True) + tf.constant(epsilon, x.dtype))


def _fused_up_conv(x, size, gain, use_wscale, out_before_in):
    """Doubling and 3 x 3 convolution as one transposed convolution."""
    fan_in, shape = num_channels(x), [3, 3, num_channels(x), size]
    if out_before_in:
        # The coefficient counts what enters, wherever that stands in the shape.
        w = weight([3, 3, size, fan_in], gain * np.sqrt(size / fan_in), use_wscale, dtype=x.dtype)
        w = tf.transpose(w, [0, 1, 3, 2])
    else:
        w = weight(shape, gain, use_wscale, dtype=x.dtype)
    return scatter_convolve(x, combine_taps(w, sum_of_shifts(3)), 2 * spatial_sizes(x)[0], 'SAME')


def discriminator_logits(images_in, sizes, fmaps, use_wscale, mbstd_group_size, dtype, fused_scale, structure):
    """The last layer's outputs of D_paper, [N, K] (progressive-gan 6).

    Args:
        images_in: tensor.
        sizes: (num_channels, resolution, K).
        fmaps, use_wscale, dtype, fused_scale, structure: as of `generator_images`.
        mbstd_group_size: of minibatch deviation; 1 or less: there is none.
    """
    (num_channels, resolution, outputs), nf = sizes, _feature_maps(*fmaps)
    top, (act, gain) = resolution_log2(resolution), activation(SLOPE)
    images_in.set_shape([None, num_channels, resolution, resolution])
    lod_in = tf.cast(state_variable('lod', 0.0), dtype)

    def from_rgb(res, images):
        with tf.variable_scope('FromRGB_lod%d' % (top - res)):
            return publish(act(add_bias(conv(images, nf(res - 1), 1, gain, use_wscale))))

    def block(res, x):
        with tf.variable_scope('%dx%d' % (2**res, 2**res)):
            with tf.variable_scope('Conv0'):
                x = publish(act(add_bias(conv(x, nf(res - 1), 3, gain, use_wscale))))
            if fused_scale:  # The mean comes before bias and activation.
                with tf.variable_scope('Conv1_down'):
                    return publish(act(add_bias(down_conv(x, nf(res - 2), 3, gain, use_wscale))))
            with tf.variable_scope('Conv1'):
                x = publish(act(add_bias(conv(x, nf(res - 2), 3, gain, use_wscale))))
            return box_down(x)

    x = shrink_features(structure, lod_in, top, to_layout(tf.cast(images_in, dtype)), from_rgb, block, down_image)
    with tf.variable_scope('4x4'):
        if mbstd_group_size > 1:
            with tf.variable_scope('MinibatchStddev'):
                x = minibatch_stddev(x, mbstd_group_size, 1)
        with tf.variable_scope('Conv'):
            x = publish(act(add_bias(conv(x, nf(1), 3, gain, use_wscale))))
        with tf.variable_scope('Dense0'):
            x = act(add_bias(dense(flatten_nchw(x), nf(0), gain, use_wscale)))
        with tf.variable_scope('Dense1'):
            return add_bias(dense(x, outputs, 1, use_wscale))
