"""Progressive GAN as the first StyleGAN repository has it: G_paper and D_paper of state version 3.

The functions of `nvlabs_stylegan.progressive`, but kernels of enlarging layers are stored as [3, 3, in, out], and the
discriminator takes labels, which it ignores, and gives one score.
"""

import tensorflow.compat.v1 as tf

from nvlabs_stylegan.progressive import SLOPE, chosen_structure, discriminator_logits, generator_images


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
    """z [N, Z], labels [N, label_size] -> images_out [N, C, R, R], nominal range [-1, 1]."""
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
        out_before_in=False,
    )


def D_paper(
    images_in,
    labels_in,
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
    """images [N, C, R, R], labels [N, label_size] (ignored) -> scores_out [N, 1], logits."""
    labels_in.set_shape([None, label_size])
    x = discriminator_logits(
        images_in,
        (num_channels, resolution, 1),
        (fmap_base, fmap_decay, fmap_max),
        use_wscale,
        mbstd_group_size,
        dtype,
        fused_scale,
        chosen_structure(structure, is_template_graph),
    )
    return tf.identity(x, name='scores_out')
