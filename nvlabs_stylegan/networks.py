"""StyleGAN networks: G_style (wrapper), G_mapping, G_synthesis, D_basic, as official build functions.

Arguments, defaults, variable names and shapes are those of the official networks, so official pickles fit.
Unknown keyword arguments are swallowed, because every component receives what the wrapper was given.
"""

import numpy as np
import tensorflow.compat.v1 as tf

import dnnlib
import dnnlib.tflib as tflib
from dnnlib.tflib.primitives.latents import (
    broadcast_dlatents,
    is_number,
    mapping_input,
    mix_styles,
    track_average,
    truncate,
    truncation_number,
)
from dnnlib.tflib.primitives.layers import (
    EPSILON,
    constant_input,
    minibatch_stddev,
    noise_image,
    resolution_log2,
    second_moment_norm,
    weighted_score,
)
from dnnlib.tflib.primitives.layout import batch_size, channel_axis, flatten_nchw, from_layout, publish, to_layout
from dnnlib.tflib.primitives.randomness import random_normal
from dnnlib.tflib.primitives.variables import noise_variables, state_variable
from nvlabs_stylegan.growing import grow_image, shrink_features
from nvlabs_stylegan.layers import (
    activation,
    add_bias,
    add_noise,
    blur,
    conv,
    dense,
    down_conv,
    down_image,
    instance_norm,
    style_mod,
    up_conv,
    up_image,
)


def G_style(
    latents_in,
    labels_in,
    truncation_psi=0.7,
    truncation_cutoff=8,
    truncation_psi_val=None,
    truncation_cutoff_val=None,
    dlatent_avg_beta=0.995,
    style_mixing_prob=0.9,
    is_training=False,
    is_validation=False,
    is_template_graph=False,
    components=None,
    **kwargs,
):
    """z [N, Z], labels [N, label_size] -> images_out [N, C, R, R], nominal range [-1, 1].

    Truncation is off if psi is None or 1, or if cutoff is None or <= 0 (StyleGAN2 differs: None means all layers).
    psi and cutoff may be tensors. Raises ValueError if both is_training and is_validation are set.
    """
    if is_training and is_validation:
        raise ValueError('is_training and is_validation exclude each other')
    components = dnnlib.EasyDict() if components is None else components
    if is_validation:
        truncation_psi, truncation_cutoff = truncation_psi_val, truncation_cutoff_val
    truncation_psi = truncation_number('truncation_psi', truncation_psi)
    truncation_cutoff = truncation_number('truncation_cutoff', truncation_cutoff)
    if (
        is_training
        or (is_number(truncation_psi) and truncation_psi == 1)
        or (is_number(truncation_cutoff) and truncation_cutoff <= 0)
    ):
        truncation_psi = None

    if 'synthesis' not in components:
        components.synthesis = tflib.Network('G_synthesis', func_name=G_synthesis, **kwargs)
    num_layers, dlatent_size = components.synthesis.input_shape[1:]
    if 'mapping' not in components:
        components.mapping = tflib.Network('G_mapping', func_name=G_mapping, dlatent_broadcast=num_layers, **kwargs)
    lod_in = state_variable('lod', 0.0)
    dlatent_avg = state_variable('dlatent_avg', np.zeros(dlatent_size))

    dlatents = tf.cast(components.mapping.get_output_for(latents_in, labels_in, **kwargs), tf.float32)  # [N, L, D]
    if is_training and dlatent_avg_beta is not None and dlatent_avg_beta != 1:
        dlatents = track_average(dlatents, dlatent_avg, dlatent_avg_beta)
    if is_training and style_mixing_prob is not None and style_mixing_prob > 0:
        other = components.mapping.get_output_for(random_normal(tf.shape(latents_in)), labels_in, **kwargs)
        dlatents = mix_styles(
            dlatents, tf.cast(other, tf.float32), num_layers - 2 * tf.cast(lod_in, tf.int32), style_mixing_prob
        )
    if truncation_psi is not None and truncation_cutoff is not None:
        dlatents = truncate(dlatents, dlatent_avg, truncation_psi, truncation_cutoff)

    with tf.control_dependencies([tf.assign(components.synthesis.find_var('lod'), lod_in)]):
        images = components.synthesis.get_output_for(dlatents, force_clean_graph=is_template_graph, **kwargs)
    return tf.identity(images, name='images_out')


def G_mapping(
    latents_in,
    labels_in,
    latent_size=512,
    label_size=0,
    dlatent_size=512,
    dlatent_broadcast=None,
    mapping_layers=8,
    mapping_fmaps=512,
    mapping_lrmul=0.01,
    mapping_nonlinearity='lrelu',
    use_wscale=True,
    normalize_latents=True,
    dtype='float32',
    **_kwargs,
):
    """z [N, Z], labels [N, label_size] -> dlatents_out [N, dlatent_broadcast, D], or [N, D] if that is None."""
    act, gain = activation(mapping_nonlinearity)
    x = mapping_input(latents_in, labels_in, latent_size, label_size, dtype, 'PixelNorm' if normalize_latents else None)
    for i in range(mapping_layers):
        with tf.variable_scope('Dense%d' % i):
            size = dlatent_size if i == mapping_layers - 1 else mapping_fmaps
            x = act(add_bias(dense(x, size, gain, use_wscale, mapping_lrmul), mapping_lrmul))
    return broadcast_dlatents(x, dlatent_broadcast, dtype)


def feature_maps(fmap_base, fmap_decay, fmap_max):
    """The function stage -> number of feature maps."""
    return lambda stage: min(int(fmap_base / 2.0 ** (stage * fmap_decay)), fmap_max)


def G_synthesis(
    dlatents_in,
    dlatent_size=512,
    num_channels=3,
    resolution=1024,
    fmap_base=8192,
    fmap_decay=1.0,
    fmap_max=512,
    use_styles=True,
    const_input_layer=True,
    use_noise=True,
    randomize_noise=True,
    nonlinearity='lrelu',
    use_wscale=True,
    use_pixel_norm=False,
    use_instance_norm=True,
    dtype='float32',
    fused_scale='auto',
    blur_filter=(1, 2, 1),
    structure='auto',
    is_template_graph=False,
    force_clean_graph=False,
    instance_norm_epsilon=EPSILON,
    **_kwargs,
):
    """dlatents [N, L, D], L = 2 log2(resolution) - 2 (1 without styles) -> images_out [N, C, R, R].

    structure: 'fixed' | 'linear' | 'recursive' | 'auto'; they agree at lod 0 (a finished network).
    instance_norm_epsilon: ours, for drawing as other implementations do.
    """
    top = resolution_log2(resolution)
    nf = feature_maps(fmap_base, fmap_decay, fmap_max)
    act, gain = activation(nonlinearity)
    clean = is_template_graph or force_clean_graph
    if structure == 'auto':
        structure = 'linear' if clean else 'recursive'
    dlatents_in.set_shape([None, top * 2 - 2 if use_styles else 1, dlatent_size])
    dlatents = tf.cast(dlatents_in, dtype)
    lod_in = tf.cast(state_variable('lod', 0.0), dtype)
    noises = noise_variables([2 ** (i // 2 + 2) for i in range(top * 2 - 2)]) if use_noise else []

    def epilogue(x, layer):
        if use_noise:
            x = add_noise(x, noise_image(x, noises[layer], randomize_noise and not clean))
        x = act(add_bias(x))
        if use_pixel_norm:
            with tf.variable_scope('PixelNorm'):
                x = second_moment_norm(x, channel_axis())
        if use_instance_norm:
            x = instance_norm(x, instance_norm_epsilon)
        if use_styles:
            x = style_mod(x, dlatents[:, layer], use_wscale)
        return publish(x)

    def first_block():
        with tf.variable_scope('4x4'):
            if const_input_layer:
                with tf.variable_scope('Const'):
                    const = tf.get_variable('const', shape=[1, nf(1), 4, 4], initializer=tf.initializers.ones())
                    x = epilogue(constant_input(const, batch_size(dlatents), dtype), 0)
            else:
                with tf.variable_scope('Dense'):
                    x = dense(dlatents[:, 0], nf(1) * 16, gain / 4, use_wscale)
                    x = epilogue(to_layout(tf.reshape(x, [-1, nf(1), 4, 4])), 0)
            with tf.variable_scope('Conv'):
                return epilogue(conv(x, nf(1), 3, gain, use_wscale), 1)

    def block(res, x):
        with tf.variable_scope('%dx%d' % (2**res, 2**res)):
            with tf.variable_scope('Conv0_up'):
                x = epilogue(blur(up_conv(x, nf(res - 1), 3, gain, use_wscale, fused_scale), blur_filter), res * 2 - 4)
            with tf.variable_scope('Conv1'):
                return epilogue(conv(x, nf(res - 1), 3, gain, use_wscale), res * 2 - 3)

    def to_rgb(res, x):
        with tf.variable_scope('ToRGB_lod%d' % (top - res)):
            return publish(add_bias(conv(x, num_channels, 1, 1, use_wscale)))

    images = grow_image(structure, lod_in, top, first_block, block, to_rgb, up_image)
    return tf.identity(from_layout(images), name='images_out')


def D_basic(
    images_in,
    labels_in,
    num_channels=1,
    resolution=32,
    label_size=0,
    fmap_base=8192,
    fmap_decay=1.0,
    fmap_max=512,
    nonlinearity='lrelu',
    use_wscale=True,
    mbstd_group_size=4,
    mbstd_num_features=1,
    dtype='float32',
    fused_scale='auto',
    blur_filter=(1, 2, 1),
    structure='auto',
    is_template_graph=False,
    **_kwargs,
):
    """images [N, C, R, R], labels [N, label_size] -> scores_out [N, 1], logits."""
    top = resolution_log2(resolution)
    nf = feature_maps(fmap_base, fmap_decay, fmap_max)
    act, gain = activation(nonlinearity)
    images_in.set_shape([None, num_channels, resolution, resolution])
    labels_in.set_shape([None, label_size])
    lod_in = tf.cast(state_variable('lod', 0.0), dtype)
    if structure == 'auto':
        structure = 'linear' if is_template_graph else 'recursive'

    def from_rgb(res, images):
        with tf.variable_scope('FromRGB_lod%d' % (top - res)):
            return publish(act(add_bias(conv(images, nf(res - 1), 1, gain, use_wscale))))

    def block(res, x):
        with tf.variable_scope('%dx%d' % (2**res, 2**res)):
            with tf.variable_scope('Conv0'):
                x = publish(act(add_bias(conv(x, nf(res - 1), 3, gain, use_wscale))))
            with tf.variable_scope('Conv1_down'):
                return publish(act(add_bias(down_conv(blur(x, blur_filter), nf(res - 2), 3, gain, use_wscale))))

    x = shrink_features(structure, lod_in, top, to_layout(tf.cast(images_in, dtype)), from_rgb, block, down_image)
    with tf.variable_scope('4x4'):
        if mbstd_group_size > 1:
            with tf.variable_scope('MinibatchStddev'):
                x = minibatch_stddev(x, mbstd_group_size, mbstd_num_features)
        with tf.variable_scope('Conv'):
            x = publish(act(add_bias(conv(x, nf(1), 3, gain, use_wscale))))
        with tf.variable_scope('Dense0'):
            x = act(add_bias(dense(flatten_nchw(x), nf(0), gain, use_wscale)))
        with tf.variable_scope('Dense1'):
            x = add_bias(dense(x, max(label_size, 1), 1, use_wscale))
            x = weighted_score(x, tf.cast(labels_in, x.dtype), label_size)
    return tf.identity(x, name='scores_out')
