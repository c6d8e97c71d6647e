"""StyleGAN2 networks: G_main (wrapper), G_mapping, both syntheses, both discriminators, as official build functions.

Arguments, defaults, variable names and shapes are those of the official networks, so official pickles fit.
Unknown keyword arguments are swallowed, because every component receives what the wrapper was given.
"""

import numpy as np
import tensorflow.compat.v1 as tf

import dnnlib
import dnnlib.tflib as tflib
from dnnlib.tflib.primitives.convolution import box_down, nearest_up
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
    constant_input,
    minibatch_stddev,
    noise_image,
    resolution_log2,
    weighted_score,
)
from dnnlib.tflib.primitives.layout import batch_size, flatten_nchw, from_layout, is_single, publish, to_layout
from dnnlib.tflib.primitives.randomness import random_normal
from dnnlib.tflib.primitives.variables import noise_variables, state_variable
from nvlabs_stylegan.growing import grow_image, shrink_features
from nvlabs_stylegan2.layers import bias_act, conv, dense, downsample, modulated_conv, styled_layer, upsample_rgb

# ------------------------------------------------------------------ generator


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
    synthesis_func='G_synthesis_stylegan2',
    **kwargs,
):
    """z [N, Z], labels [N, label_size] -> images_out [N, C, R, R], nominal range [-1, 1]; with return_dlatents also w
    [N, L, D].

    Truncation is off if psi is None or 1; cutoff None means all layers (the first generation differs). Both may be
    tensors. Raises ValueError if both is_training and is_validation are set.
    """
    components = dnnlib.EasyDict() if components is None else components
    make_components(components, globals()[synthesis_func], globals()[mapping_func], kwargs)
    num_layers, dlatent_size = components.synthesis.input_shape[1:]
    lod_in = state_variable('lod', 0.0)
    dlatent_avg = state_variable('dlatent_avg', np.zeros(dlatent_size))
    dlatents = wrapped_dlatents(
        latents_in,
        labels_in,
        components.mapping,
        dlatent_avg,
        num_layers - 2 * tf.cast(lod_in, tf.int32) if is_training else num_layers,
        (truncation_psi, truncation_cutoff),
        (truncation_psi_val, truncation_cutoff_val),
        dlatent_avg_beta,
        style_mixing_prob,
        is_training,
        is_validation,
        kwargs,
    )
    if return_dlatents:
        dlatents = tf.identity(
            dlatents, name='dlatents_out'
        )  # The one that images depend on: path lengths are its gradients.
    carried = [tf.assign(components.synthesis.find_var('lod'), lod_in)] if 'lod' in components.synthesis.vars else []
    with tf.control_dependencies(carried):
        images = components.synthesis.get_output_for(
            dlatents, is_training=is_training, force_clean_graph=is_template_graph, **kwargs
        )
    images = tf.identity(images, name='images_out')
    return (images, dlatents) if return_dlatents else images


def make_components(components, synthesis_func, mapping_func, kwargs):
    """Puts the two networks of a generator into `components`, unless they are there: 'synthesis', then 'mapping'.

    Args:
        components: EasyDict of networks.
        synthesis_func: build function, or its name.
        mapping_func: the same.
        kwargs: static arguments of the generator, which both receive.
    """
    if 'synthesis' not in components:
        components.synthesis = tflib.Network('G_synthesis', func_name=synthesis_func, **kwargs)
    if 'mapping' not in components:
        components.mapping = tflib.Network(
            'G_mapping', func_name=mapping_func, dlatent_broadcast=components.synthesis.input_shape[1], **kwargs
        )


def wrapped_images(
    latents_in,
    labels_in,
    components,
    truncation,
    truncation_val,
    beta,
    mixing_prob,
    is_training,
    is_validation,
    return_dlatents,
    is_template_graph,
    kwargs,
):
    """What the wrapper of a generator that never grows returns: images [N, C, R, R], with return_dlatents also w [N,
    L, D].
    """
    num_layers, dlatent_size = components.synthesis.input_shape[1:]
    dlatent_avg = state_variable('dlatent_avg', np.zeros(dlatent_size))
    dlatents = wrapped_dlatents(
        latents_in,
        labels_in,
        components.mapping,
        dlatent_avg,
        num_layers,
        truncation,
        truncation_val,
        beta,
        mixing_prob,
        is_training,
        is_validation,
        kwargs,
    )
    if return_dlatents:
        dlatents = tf.identity(
            dlatents, name='dlatents_out'
        )  # The one that images depend on: path lengths are its gradients.
    images = components.synthesis.get_output_for(
        dlatents, is_training=is_training, force_clean_graph=is_template_graph, **kwargs
    )
    images = tf.identity(images, name='images_out')
    return (images, dlatents) if return_dlatents else images


def wrapped_dlatents(
    latents_in,
    labels_in,
    mapping,
    dlatent_avg,
    active_layers,
    truncation,
    truncation_val,
    beta,
    mixing_prob,
    is_training,
    is_validation,
    kwargs,
):
    """What the wrapper does between z and synthesis: mapping, average, style mixing, truncation. [N, Z] -> float32
    [N, L, D].
    """
    if is_training and is_validation:
        raise ValueError('is_training and is_validation exclude each other')
    names = ('truncation_psi', 'truncation_cutoff')
    psi, cutoff = map(truncation_number, names, truncation_val if is_validation else truncation)
    if is_training or (is_number(psi) and psi == 1):
        psi = None
    dlatents = tf.cast(mapping.get_output_for(latents_in, labels_in, is_training=is_training, **kwargs), tf.float32)
    if is_training and beta is not None and beta != 1:
        dlatents = track_average(dlatents, dlatent_avg, beta)
    if is_training and mixing_prob is not None and mixing_prob > 0:
        other = mapping.get_output_for(
            random_normal(tf.shape(latents_in)), labels_in, is_training=is_training, **kwargs
        )
        dlatents = mix_styles(dlatents, tf.cast(other, tf.float32), active_layers, mixing_prob)
    return dlatents if psi is None else truncate(dlatents, dlatent_avg, psi, cutoff)


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
    normalize_latents=True,
    dtype='float32',
    **_kwargs,
):
    """z [N, Z], labels [N, label_size] -> dlatents_out [N, dlatent_broadcast, D], or [N, D] if that is None."""
    x = mapping_input(latents_in, labels_in, latent_size, label_size, dtype, 'Normalize' if normalize_latents else None)
    x = mapping_stack(x, mapping_layers, mapping_fmaps, dlatent_size, mapping_lrmul, mapping_nonlinearity)
    return broadcast_dlatents(x, dlatent_broadcast, dtype)


def mapping_stack(x, layers, fmaps, dlatent_size, lrmul, nonlinearity):
    """The dense layers of a mapping network: [N, Z] -> [N, dlatent_size], `fmaps` wide between."""
    for i in range(layers):
        with tf.variable_scope('Dense%d' % i):
            x = bias_act(dense(x, dlatent_size if i == layers - 1 else fmaps, lrmul), nonlinearity, lrmul)
    return x


def feature_maps(fmap_base, fmap_decay, fmap_min, fmap_max):
    """The function stage -> number of feature maps."""
    return lambda stage: int(np.clip(int(fmap_base / 2.0 ** (stage * fmap_decay)), fmap_min, fmap_max))


class SynthesisLayers:
    """The layers of a second-generation synthesis network, for one graph.

    Args:
        dlatents_in: tensor [N, L, D].
        num_channels: of the images.
        resolution: power of two.
        nf: function stage -> number of feature maps.
        randomize_noise: True draws new noise for each image; False takes the stored noise.
        nonlinearity: key of `layers.ACTIVATIONS`.
        dtype: of the layers.
        resample_kernel: FIR filter of the resampling layers.
        noise: False leaves out noise inputs and strengths.
        conv_clamp: None or the bound of every layer's output.
        half_from: log2 of the lowest resolution whose block runs in float16.
        fmap_const: channels of the constant; None: nf(1).
    """

    def __init__(
        self,
        dlatents_in,
        num_channels,
        resolution,
        nf,
        randomize_noise,
        nonlinearity,
        dtype,
        resample_kernel,
        noise=True,
        conv_clamp=None,
        half_from=99,
        fmap_const=None,
    ):
        self.dlatents, self.num_channels, self.nf = tf.cast(dlatents_in, tf.float32), num_channels, nf
        self.top = resolution_log2(resolution)
        self.randomize_noise, self.nonlinearity, self.dtype = randomize_noise, nonlinearity, tf.as_dtype(dtype)
        self.taps, self.clamp, self.half_from, self.fmap_const = resample_kernel, conv_clamp, half_from, fmap_const
        self.noises = noise_variables([2 ** ((i + 5) // 2) for i in range(self.top * 2 - 3)]) if noise else None

    def style(self, index, res, size):
        """The style vector [N, D] of the layer with dlatent `index`, resolution 2^res and `size` output channels.

        A subclass may put another one in its place: the layer's variable scope is open.
        """
        return self.dlatents[:, index]

    def layer(self, x, index, size, up=False):
        """Modulated 3 x 3 convolution, noise, bias, activation."""
        style = self.style(index, (index + 5) // 2, size)
        if is_single(x) and not self.randomize_noise:
            return publish(
                styled_layer(x, style, size, self._noise(x, index), self.nonlinearity, self.clamp, up, self.taps)
            )
        x = modulated_conv(x, style, size, 3, up, resample_kernel=self.taps)
        if self.noises is not None:
            x = publish(tf.add(x, self._noise(x, index), name='noisy'), 'add_2')
        return publish(bias_act(x, self.nonlinearity, clamp=self.clamp))

    def _noise(self, x, index):
        """The layer's noise image times its strength, or None."""
        if self.noises is None:
            return None
        strength = tf.get_variable('noise_strength', shape=[], initializer=tf.initializers.zeros())
        return noise_image(x, self.noises[index], self.randomize_noise) * tf.cast(strength, x.dtype)

    def first_block(self):
        """The constant and Conv, inside the scope of 4 x 4."""
        with tf.variable_scope('Const'):
            const = tf.get_variable(
                'const', shape=[1, self.fmap_const or self.nf(1), 4, 4], initializer=tf.initializers.random_normal()
            )
            x = publish(constant_input(const, batch_size(self.dlatents), self._block_dtype(2)))
        with tf.variable_scope('Conv'):
            return self.layer(x, 0, self.nf(1))

    def block(self, res, x):
        """Conv0_up and Conv1 of resolution 2^res, inside the scope of that resolution."""
        x = tf.cast(x, self._block_dtype(res))
        with tf.variable_scope('Conv0_up'):
            x = self.layer(x, res * 2 - 5, self.nf(res - 1), up=True)
        with tf.variable_scope('Conv1'):
            return self.layer(x, res * 2 - 4, self.nf(res - 1))

    def skip(self, res, x, y):
        """Residual merge: (y + 1 x 1 up convolution of x) / sqrt(2)."""
        with tf.variable_scope('Skip'):
            x = conv(tf.cast(x, y.dtype), self.nf(res - 1), 1, up=True, resample_kernel=self.taps)
            y = publish(tf.add(y, x, name='sum'), 'add')
            return publish(y * tf.constant(np.sqrt(0.5), y.dtype))

    def to_rgb(self, res, x):
        """Modulated 1 x 1 convolution without demodulation, and bias."""
        x = modulated_conv(x, self.style(res * 2 - 3, res, self.num_channels), self.num_channels, 1, demodulate=False)
        return tf.cast(bias_act(x, clamp=self.clamp), self.dtype)

    def _block_dtype(self, res):
        return tf.float16 if res >= self.half_from else self.dtype


def synthesize_image(layers, architecture):
    """Runs the blocks and forms the image ('skip', 'orig' or 'resnet'; StyleGAN2 section 4.3): images_out [N, C, R,
    R].
    """
    if architecture not in ('orig', 'skip', 'resnet'):
        raise ValueError('architecture %r is unknown; choose orig, skip or resnet' % (architecture,))

    def to_rgb(res, x, image):
        with tf.variable_scope('ToRGB'):
            rgb = layers.to_rgb(res, x)
            return publish(rgb if image is None else publish(tf.add(image, rgb, name='sum'), 'add_1'))

    with tf.variable_scope('4x4'):
        x, image = layers.first_block(), None
        if architecture == 'skip' or layers.top == 2:
            image = to_rgb(2, x, image)
    for res in range(3, layers.top + 1):
        with tf.variable_scope('%dx%d' % (2**res, 2**res)):
            y = layers.block(res, x)
            x = layers.skip(res, x, y) if architecture == 'resnet' else y
            if architecture == 'skip':
                with tf.variable_scope('Upsample'):
                    image = publish(upsample_rgb(image, layers.taps))
            if architecture == 'skip' or res == layers.top:
                image = to_rgb(res, x, image)
    return tf.identity(from_layout(image), name='images_out')


def G_synthesis_stylegan2(
    dlatents_in,
    dlatent_size=512,
    num_channels=3,
    resolution=1024,
    fmap_base=16 << 10,
    fmap_decay=1.0,
    fmap_min=1,
    fmap_max=512,
    randomize_noise=True,
    architecture='skip',
    nonlinearity='lrelu',
    dtype='float32',
    resample_kernel=(1, 3, 3, 1),
    **_kwargs,
):
    """dlatents [N, L, D], L = 2 log2(resolution) - 2 -> images_out [N, C, R, R] (configs E and F).

    The official argument fused_modconv selects between two forms of one function; ours is always the unfused one.
    """
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
    )
    return synthesize_image(layers, architecture)


def G_synthesis_stylegan_revised(
    dlatents_in,
    dlatent_size=512,
    num_channels=3,
    resolution=1024,
    fmap_base=16 << 10,
    fmap_decay=1.0,
    fmap_min=1,
    fmap_max=512,
    randomize_noise=True,
    nonlinearity='lrelu',
    structure='auto',
    dtype='float32',
    resample_kernel=(1, 3, 3, 1),
    is_template_graph=False,
    force_clean_graph=False,
    **_kwargs,
):
    """dlatents [N, L, D] -> images_out [N, C, R, R] with progressive growing (configs B to D)."""
    dlatents_in.set_shape([None, resolution_log2(resolution) * 2 - 2, dlatent_size])
    clean = is_template_graph or force_clean_graph
    lod_in = tf.cast(state_variable('lod', 0.0), dtype)
    layers = SynthesisLayers(
        dlatents_in,
        num_channels,
        resolution,
        feature_maps(fmap_base, fmap_decay, fmap_min, fmap_max),
        randomize_noise and not clean,
        nonlinearity,
        dtype,
        resample_kernel,
    )

    def first_block():
        with tf.variable_scope('4x4'):
            return layers.first_block()

    def block(res, x):
        with tf.variable_scope('%dx%d' % (2**res, 2**res)):
            return layers.block(res, x)

    def to_rgb(res, x):
        with tf.variable_scope('ToRGB_lod%d' % (layers.top - res)):
            return publish(layers.to_rgb(res, x))

    structure = ('linear' if clean else 'recursive') if structure == 'auto' else structure
    images = grow_image(structure, lod_in, layers.top, first_block, block, to_rgb, _upscale)
    return tf.identity(from_layout(images), name='images_out')


def _upscale(x, factor=2):
    with tf.variable_scope('Upscale2D'):
        return publish(nearest_up(x, factor))


# ------------------------------------------------------------------ discriminator


class DiscriminatorLayers:
    """The layers of a second-generation discriminator, for one graph. Arguments as in `SynthesisLayers`."""

    def __init__(self, num_channels, resolution, nf, nonlinearity, resample_kernel, conv_clamp=None):
        self.num_channels, self.nf, self.top = num_channels, nf, resolution_log2(resolution)
        self.nonlinearity, self.taps, self.clamp = nonlinearity, resample_kernel, conv_clamp

    def act(self, x):
        return bias_act(x, self.nonlinearity, clamp=self.clamp)

    def from_rgb(self, res, images):
        return publish(self.act(conv(images, self.nf(res - 1), 1)))

    def block(self, res, x, residual=False):
        """Conv0 and Conv1_down of resolution 2^res, inside the scope of that resolution."""
        with tf.variable_scope('Conv0'):
            y = publish(self.act(conv(x, self.nf(res - 1), 3)))
        with tf.variable_scope('Conv1_down'):
            y = publish(self.act(conv(y, self.nf(res - 2), 3, down=True, resample_kernel=self.taps)))
        if residual:
            with tf.variable_scope('Skip'):
                x = conv(x, self.nf(res - 2), 1, down=True, resample_kernel=self.taps)
                y = publish((y + x) * tf.constant(np.sqrt(0.5), y.dtype))
        return y

    def final_features(self, x, group_size, num_features):
        """Features at 4 x 4 -> [N, nf(0)], inside the scope of 4 x 4."""
        if (group_size is None or group_size > 1) and num_features > 0:
            with tf.variable_scope('MinibatchStddev'):
                x = minibatch_stddev(x, group_size, num_features)
        with tf.variable_scope('Conv'):
            x = publish(self.act(conv(x, self.nf(1), 3)))
        with tf.variable_scope('Dense0'):
            return bias_act(dense(flatten_nchw(x), self.nf(0)), self.nonlinearity)


def discriminator_features(layers, images, architecture, group_size, num_features, block_dtype=None):
    """Internal images -> [N, nf(0)] ('resnet', 'orig' or 'skip'; StyleGAN2 section 6).

    block_dtype: None or a function of log2 of the resolution that says in which dtype its block runs.
    """
    if architecture not in ('orig', 'skip', 'resnet'):
        raise ValueError('architecture %r is unknown; choose orig, skip or resnet' % (architecture,))
    block_dtype = block_dtype or (lambda res: images.dtype)
    x = None
    for res in range(layers.top, 1, -1):
        with tf.variable_scope('%dx%d' % (2**res, 2**res)):
            if x is not None:
                x = tf.cast(x, block_dtype(res))
            if res == layers.top or architecture == 'skip':
                with tf.variable_scope('FromRGB'):
                    rgb = layers.from_rgb(res, tf.cast(images, block_dtype(res)))
                    x = rgb if x is None else x + rgb
            if res > 2:
                x = layers.block(res, x, residual=architecture == 'resnet')
                if architecture == 'skip':
                    with tf.variable_scope('Downsample'):
                        images = publish(downsample(images, layers.taps))
            else:
                x = layers.final_features(x, group_size, num_features)
    return x


def D_stylegan2(
    images_in,
    labels_in,
    num_channels=3,
    resolution=1024,
    label_size=0,
    fmap_base=16 << 10,
    fmap_decay=1.0,
    fmap_min=1,
    fmap_max=512,
    architecture='resnet',
    nonlinearity='lrelu',
    mbstd_group_size=4,
    mbstd_num_features=1,
    dtype='float32',
    resample_kernel=(1, 3, 3, 1),
    **_kwargs,
):
    """images [N, C, R, R], labels [N, label_size] -> scores_out [N, 1], logits (configs E and F)."""
    images_in.set_shape([None, num_channels, resolution, resolution])
    labels_in.set_shape([None, label_size])
    layers = DiscriminatorLayers(
        num_channels, resolution, feature_maps(fmap_base, fmap_decay, fmap_min, fmap_max), nonlinearity, resample_kernel
    )
    x = discriminator_features(
        layers, to_layout(tf.cast(images_in, dtype)), architecture, mbstd_group_size, mbstd_num_features
    )
    return _scores(x, labels_in, label_size)


def D_stylegan(
    images_in,
    labels_in,
    num_channels=3,
    resolution=1024,
    label_size=0,
    fmap_base=16 << 10,
    fmap_decay=1.0,
    fmap_min=1,
    fmap_max=512,
    nonlinearity='lrelu',
    mbstd_group_size=4,
    mbstd_num_features=1,
    dtype='float32',
    resample_kernel=(1, 3, 3, 1),
    structure='auto',
    is_template_graph=False,
    **_kwargs,
):
    """images [N, C, R, R], labels [N, label_size] -> scores_out [N, 1], with progressive growing (configs B to D)."""
    images_in.set_shape([None, num_channels, resolution, resolution])
    labels_in.set_shape([None, label_size])
    lod_in = tf.cast(state_variable('lod', 0.0), dtype)
    layers = DiscriminatorLayers(
        num_channels, resolution, feature_maps(fmap_base, fmap_decay, fmap_min, fmap_max), nonlinearity, resample_kernel
    )

    def from_rgb(res, images):
        with tf.variable_scope('FromRGB_lod%d' % (layers.top - res)):
            return layers.from_rgb(res, images)

    def block(res, x):
        with tf.variable_scope('%dx%d' % (2**res, 2**res)):
            return layers.block(res, x)

    def halve(images, factor=2):
        with tf.variable_scope('Downscale2D'):
            return publish(box_down(images, factor))

    structure = ('linear' if is_template_graph else 'recursive') if structure == 'auto' else structure
    x = shrink_features(structure, lod_in, layers.top, to_layout(tf.cast(images_in, dtype)), from_rgb, block, halve)
    with tf.variable_scope('4x4'):
        x = layers.final_features(x, mbstd_group_size, mbstd_num_features)
    return _scores(x, labels_in, label_size)


def _scores(x, labels_in, label_size):
    with tf.variable_scope('Output'):
        x = bias_act(dense(x, max(label_size, 1)))
        x = weighted_score(x, tf.cast(labels_in, x.dtype), label_size)
    return tf.identity(x, name='scores_out')
