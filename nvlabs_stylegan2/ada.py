"""StyleGAN2-ADA networks (TensorFlow): G_main, G_mapping, G_synthesis, D_main, as official build functions.

Only what differs from StyleGAN2. `num_fp16_res` blocks run in float16 on a GPU and in float32 on a CPU, which has no
fast half precision; the mathematics is the same. The arguments of comparison experiments are refused unless they are
off.
"""

import numpy as np
import tensorflow.compat.v1 as tf

import dnnlib
from dnnlib.tflib.primitives.latents import broadcast_dlatents, mapping_dtype
from dnnlib.tflib.primitives.layers import resolution_log2, second_moment_norm
from dnnlib.tflib.primitives.layout import has_gpu, to_layout
from nvlabs_stylegan2.layers import bias_act, dense
from nvlabs_stylegan2.networks import (
    DiscriminatorLayers,
    SynthesisLayers,
    discriminator_features,
    feature_maps,
    make_components,
    mapping_stack,
    synthesize_image,
    wrapped_images,
)

_NEVER = 99  # log2 of a resolution that no network has.


def G_main(
    latents_in,
    labels_in,
    truncation_psi=0.5,
    truncation_cutoff=None,
    truncation_psi_val=None,
    truncation_cutoff_val=None,
    dlatent_avg_beta=0.995,
    style_mixing_prob=0.9,
    is_training=False,
    is_validation=False,
    return_dlatents=False,
    is_template_graph=False,
    components=None,
    mapping_func='G_mapping',
    synthesis_func='G_synthesis',
    **kwargs,
):
    """As StyleGAN2's G_main, without progressive growing (no variable lod)."""
    components = dnnlib.EasyDict() if components is None else components
    make_components(components, globals()[synthesis_func], globals()[mapping_func], kwargs)
    return wrapped_images(
        latents_in,
        labels_in,
        components,
        (truncation_psi, truncation_cutoff),
        (truncation_psi_val, truncation_cutoff_val),
        dlatent_avg_beta,
        style_mixing_prob,
        is_training,
        is_validation,
        return_dlatents,
        is_template_graph,
        kwargs,
    )


def G_mapping(
    latents_in,
    labels_in,
    latent_size=512,
    label_size=0,
    dlatent_size=512,
    dlatent_broadcast=None,
    mapping_layers=8,
    mapping_fmaps=None,
    mapping_lrmul=0.01,
    mapping_nonlinearity='lrelu',
    normalize_latents=True,
    label_fmaps=None,
    dtype='float32',
    **_kwargs,
):
    """z [N, Z], labels [N, label_size] -> dlatents_out. Latent and embedded label are normalised apart."""
    latents_in.set_shape([None, latent_size])
    labels_in.set_shape([None, label_size])
    x = tf.cast(latents_in, mapping_dtype(dtype))
    if normalize_latents:
        with tf.variable_scope('Normalize'):
            x = second_moment_norm(x, axis=1)
    if label_size:
        x = tf.concat([x, _embed_label(tf.cast(labels_in, x.dtype), label_fmaps or latent_size)], axis=1)
    x = mapping_stack(
        x, mapping_layers, mapping_fmaps or dlatent_size, dlatent_size, mapping_lrmul, mapping_nonlinearity
    )
    return broadcast_dlatents(x, dlatent_broadcast, dtype)


def _embed_label(labels, size):
    with tf.variable_scope('LabelEmbed'):
        return second_moment_norm(bias_act(dense(labels, size)), axis=1)


def _first_half_precision(resolution, num_fp16_res):
    """log2 of the lowest resolution whose block runs in float16."""
    if num_fp16_res < 1 or not has_gpu():
        return _NEVER
    return resolution_log2(resolution) - num_fp16_res + 1


def G_synthesis(
    dlatents_in,
    dlatent_size=512,
    num_channels=3,
    resolution=1024,
    fmap_base=16 << 10,
    fmap_decay=1.0,
    fmap_min=1,
    fmap_max=512,
    fmap_const=None,
    use_noise=True,
    randomize_noise=True,
    architecture='skip',
    nonlinearity='lrelu',
    dtype='float32',
    num_fp16_res=0,
    conv_clamp=None,
    resample_kernel=(1, 3, 3, 1),
    **_kwargs,
):
    """dlatents [N, L, D] -> images_out [N, C, R, R]."""
    dlatents_in.set_shape([None, resolution_log2(resolution) * 2 - 2, dlatent_size])
    layers = SynthesisLayers(
        dlatents_in,
        num_channels,
        resolution,
        feature_maps(fmap_base, fmap_decay, fmap_min, fmap_max),
        randomize_noise,
        nonlinearity,
        dtype,
        resample_kernel,
        noise=use_noise,
        conv_clamp=conv_clamp,
        half_from=_first_half_precision(resolution, num_fp16_res),
        fmap_const=fmap_const,
    )
    return synthesize_image(layers, architecture)


def D_main(
    images_in,
    labels_in,
    num_channels=3,
    resolution=1024,
    label_size=0,
    fmap_base=16 << 10,
    fmap_decay=1.0,
    fmap_min=1,
    fmap_max=512,
    mapping_layers=0,
    mapping_fmaps=None,
    mapping_lrmul=0.1,
    architecture='resnet',
    nonlinearity='lrelu',
    mbstd_group_size=None,
    mbstd_num_features=1,
    dtype='float32',
    num_fp16_res=0,
    conv_clamp=None,
    resample_kernel=(1, 3, 3, 1),
    score_size=1,
    score_max=1,
    use_pagan=False,
    use_spectral_norm=False,
    adaptive_dropout=0,
    **_kwargs,
):
    """images [N, C, R, R], labels [N, label_size] -> scores_out [N, 1] (or [N, score_size] without labels), logits."""
    if use_pagan or use_spectral_norm or adaptive_dropout:
        raise ValueError(
            "D_main with use_pagan, use_spectral_norm or adaptive_dropout (ADA's comparison experiments) is not "
            "supported"
        )
    images_in.set_shape([None, num_channels, resolution, resolution])
    labels_in.set_shape([None, label_size])
    nf = feature_maps(fmap_base, fmap_decay, fmap_min, fmap_max)
    embedding_size = mapping_fmaps or nf(0)
    if label_size:
        label = _embed_label(tf.cast(labels_in, dtype), embedding_size)
        for i in range(mapping_layers):
            with tf.variable_scope('Mapping%d' % i):
                label = bias_act(dense(label, embedding_size, mapping_lrmul), nonlinearity, mapping_lrmul)

    half_from = _first_half_precision(resolution, num_fp16_res)
    layers = DiscriminatorLayers(num_channels, resolution, nf, nonlinearity, resample_kernel, conv_clamp)
    x = discriminator_features(
        layers,
        to_layout(tf.cast(images_in, dtype)),
        architecture,
        mbstd_group_size,
        mbstd_num_features,
        lambda res: tf.float16 if res >= half_from else tf.as_dtype(dtype),
    )
    with tf.variable_scope('Output'):
        x = bias_act(dense(x, embedding_size if label_size else score_max))
        if label_size:
            x = tf.reduce_sum(x * label, axis=1, keepdims=True) * np.float32(1 / np.sqrt(embedding_size))
        elif score_size < score_max:
            x = x[:, :score_size]
    return tf.identity(x, name='scores_out')
