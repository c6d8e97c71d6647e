"""SEGAN: StyleGAN2 with one linear subspace for each modulated layer, as official build functions.

Sources: the SEGAN project page and the facts of its public repository; EigenGAN (arXiv 2104.12476) for the subspace
itself. Block b (0 at 4 x 4) and position p within it (block 0: Conv, ToRGB; others: Conv0_up, Conv1, ToRGB) name a
subspace; subspaces are numbered in this order, 14 of them at resolution 64. The discriminator is StyleGAN2's
D_stylegan2.
"""

import numpy as np
import tensorflow.compat.v1 as tf

import dnnlib
from dnnlib.tflib.primitives.latents import broadcast_dlatents, mapping_input
from dnnlib.tflib.primitives.layers import resolution_log2
from dnnlib.tflib.primitives.layout import publish, to_layout
from nvlabs_stylegan2.networks import (
    SynthesisLayers,
    feature_maps,
    make_components,
    mapping_stack,
    synthesize_image,
    wrapped_images,
)


def G_segan(
    latents_in,
    labels_in,
    truncation_psi=None,
    truncation_cutoff=None,
    truncation_psi_val=None,
    truncation_cutoff_val=None,
    dlatent_avg_beta=0.995,
    style_mixing_prob=None,
    is_training=False,
    is_validation=False,
    return_dlatents=False,
    is_template_graph=False,
    components=None,
    **kwargs,
):
    """z [N, Z], labels [N, label_size] -> images_out [N, C, R, R]; with return_dlatents also w [N, L, D] before the
    subspaces.

    As StyleGAN2's G_main without progressive growing. As published, nothing is truncated and styles are not mixed; both
    can be asked for. dlatent_avg is tracked although SEGAN has no average: no image depends on it unless truncation is
    asked for.
    """
    components = dnnlib.EasyDict() if components is None else components
    make_components(components, G_synthesis_segan, G_mapping, kwargs)
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
    dtype='float32',
    **_kwargs,
):
    """As StyleGAN2's, but every layer is dlatent_size wide unless mapping_fmaps says otherwise."""
    x = mapping_input(latents_in, labels_in, latent_size, label_size, dtype, 'Normalize' if normalize_latents else None)
    x = mapping_stack(
        x, mapping_layers, mapping_fmaps or dlatent_size, dlatent_size, mapping_lrmul, mapping_nonlinearity
    )
    return broadcast_dlatents(x, dlatent_broadcast, dtype)


def G_synthesis_segan(
    dlatents_in,
    dlatent_size=512,
    num_channels=3,
    resolution=1024,
    fmap_base=16 << 10,
    fmap_decay=1.0,
    fmap_min=1,
    fmap_max=128,
    randomize_noise=True,
    architecture='skip',
    nonlinearity='lrelu',
    dtype='float32',
    resample_kernel=(1, 3, 3, 1),
    mode=0,
    subspace_init='segan-rows',
    collapse_mode2=False,
    subspace_dims=6,
    control_scale=None,
    control_shift=None,
    **_kwargs,
):
    """dlatents [N, L, D], L = 2 log2(resolution) - 2 -> images_out [N, C, R, R].

    Args:
        mode: 0 StyleGAN2; 1 adds a subspace's feature map to the layer's result; 2 scales and shifts the style vector
            by the column sums of a basis (the published method); 3 scales it; 4, an extension, adds the style's
            projection on a subspace of D: w + U diag(L) U^T w + mu.
        subspace_init: 'segan-rows' (as published: orthonormal rows of U as [C, r r D]) or 'eigen-columns' (EigenGAN:
            orthonormal columns of U as [C r r, D]). Mode 4 always starts with orthonormal columns.
        collapse_mode2: mode 2 stores the column sums themselves: the same functions, other training.
        subspace_dims: q, dimensions of a subspace of mode 4; all others have D.
        control_scale: None or tensor [N or 1, subspaces, D (mode 4: q)]. The coordinates c that enter a subspace (w; in
            mode 4 U^T w; in mode 0 the style of the layer of that number) become c * scale + shift.
        control_shift: the same.
    """
    if architecture != 'skip':
        raise ValueError('SEGAN has the architecture skip only, not %r' % (architecture,))
    dlatents_in.set_shape([None, resolution_log2(resolution) * 2 - 2, dlatent_size])
    layers = SubspaceLayers(
        dlatents_in,
        num_channels,
        resolution,
        feature_maps(fmap_base, fmap_decay, fmap_min, fmap_max),
        randomize_noise,
        nonlinearity,
        dtype,
        resample_kernel,
    )
    layers.set_subspaces(mode, subspace_init, collapse_mode2, subspace_dims, control_scale, control_shift)
    return synthesize_image(layers, architecture)


class SubspaceLayers(SynthesisLayers):
    """The layers of StyleGAN2, each with a subspace in the variable scope <layer>/Subspace."""

    def set_subspaces(self, mode, init, collapse, dims, control_scale, control_shift):
        """Arguments as in `G_synthesis_segan`. Raises ValueError for an unknown mode or initialisation."""
        if mode not in (0, 1, 2, 3, 4):
            raise ValueError('mode %r is unknown; choose 0, 1, 2, 3 or 4' % (mode,))
        if init not in BASIS_INITIALIZERS:
            raise ValueError(
                'subspace_init %r is unknown; choose one of %s' % (init, ', '.join(sorted(BASIS_INITIALIZERS)))
            )
        self.mode, self.init, self.collapse, self.dims = mode, init, collapse, dims
        self.control_scale, self.control_shift = control_scale, control_shift

    def style(self, index, res, size):
        w = super().style(index, res, size)
        if self.mode == 1:
            return w
        with tf.variable_scope('Subspace'):
            return self._new_style(w, index + res - 2, [size, 2**res, 2**res])

    def layer(self, x, index, size, up=False):
        x = super().layer(x, index, size, up)
        return publish(self._with_feature_map(x, index, (index + 5) // 2, size)) if self.mode == 1 else x

    def to_rgb(self, res, x):
        """The sum over resolutions follows, so what is added to its last term is added to the sum."""
        x = super().to_rgb(res, x)
        return self._with_feature_map(x, res * 2 - 3, res, self.num_channels) if self.mode == 1 else x

    def _new_style(self, w, number, shape):
        """What modes 0, 2, 3 and 4 put in the place of w [N, D], the style of a layer with results [N] + shape."""
        width = w.shape.as_list()[1]
        if self.mode == 0:
            return self._controlled(w, number)
        if self.mode == 3:
            return self._controlled(w, number) * _strength(width)
        if self.mode == 2:
            sums = self._column_sums(shape, width)
            return self._controlled(w, number) * (sums * _strength(width)) + _origin([width])
        basis = tf.get_variable('U', shape=[width, self.dims], initializer=tf.initializers.orthogonal())
        coordinates = self._controlled(tf.matmul(w, basis), number)  # [N, q]
        return w + tf.matmul(coordinates * _strength(self.dims), basis, transpose_b=True) + _origin([width])

    def _with_feature_map(self, x, index, res, size):
        """Mode 1: x + U (L w) + mu."""
        shape = [size, 2**res, 2**res]
        with tf.variable_scope('Subspace'):
            w = self._controlled(super().style(index, res, size), index + res - 2)
            width = w.shape.as_list()[1]
            basis = tf.reshape(self._basis(shape, width), [-1, width])  # [C r r, D]
            maps = tf.matmul(w * _strength(width), basis, transpose_b=True)
            maps = tf.reshape(maps, [-1] + shape) + _origin(shape)
            return x + tf.cast(to_layout(maps), x.dtype)

    def _controlled(self, coordinates, number):
        if self.control_scale is not None:
            coordinates *= self.control_scale[:, number]
        return coordinates if self.control_shift is None else coordinates + self.control_shift[:, number]

    def _basis(self, shape, width):
        return tf.get_variable('U', shape=shape + [width], initializer=BASIS_INITIALIZERS[self.init])

    def _column_sums(self, shape, width):
        """The sum of U over channels and space, [D]: all that mode 2 sees of it."""
        if self.collapse:
            variance = shape[0] / width if self.init == 'segan-rows' else 1  # Of the sums that U starts with.
            return tf.get_variable(
                's', shape=[width], initializer=tf.initializers.random_normal(stddev=np.sqrt(variance))
            )
        basis = tf.reshape(self._basis(shape, width), [-1, width])  # [C r r, D]
        return tf.matmul(tf.ones([1, basis.shape.as_list()[0]]), basis)[0]


def _strength(width):
    """The variable L [width]."""
    return tf.get_variable('L', shape=[width], initializer=tf.initializers.ones())


def _origin(shape):
    """The variable mu."""
    return tf.get_variable('mu', shape=shape, initializer=tf.initializers.zeros())


def orthonormal_rows(shape, dtype=tf.float32, **_kwargs):
    """Initial value [C, r, r, D] with orthonormal rows as [C, r r D]; orthonormal columns if there are more rows
    than columns.
    """
    return tf.reshape(tf.initializers.orthogonal()([shape[0], int(np.prod(shape[1:]))], dtype), shape)


def orthonormal_columns(shape, dtype=tf.float32, **_kwargs):
    """Initial value [C, r, r, D] with orthonormal columns as [C r r, D]; orthonormal rows if there are more columns
    than rows.
    """
    return tf.reshape(tf.initializers.orthogonal()([int(np.prod(shape[:-1])), shape[-1]], dtype), shape)


BASIS_INITIALIZERS = {'segan-rows': orthonormal_rows, 'eigen-columns': orthonormal_columns}
