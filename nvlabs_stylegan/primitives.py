"""Graph pieces that both generations share. The memory layout of images is decided here and nowhere else.

Interface and stored variables are NCHW, as in the official networks. Inside, tensors are NHWC on a CPU (TensorFlow
has no NCHW convolutions there) and NCHW on a GPU. Functions named *_layout convert; all others take internal tensors.
"""
import contextlib
import itertools

import numpy as np
import tensorflow.compat.v1 as tf

EPSILON = 1e-8  # Inside the square root of every norm (StyleGAN section 8, StyleGAN2 section 8 of the official constants).


# ------------------------------------------------------------------ layout

def data_format():
    """'NCHW' where TensorFlow sees a GPU, else 'NHWC'."""
    return 'NCHW' if tf.config.experimental.list_physical_devices('GPU') else 'NHWC'


def channel_axis():
    return data_format().index('C')


def spatial_axes():
    return [data_format().index('H'), data_format().index('W')]


def to_layout(x):
    """NCHW -> internal layout."""
    return x if data_format() == 'NCHW' else tf.transpose(x, [0, 2, 3, 1])


def from_layout(x, name=None):
    """Internal layout -> NCHW."""
    return tf.identity(x, name=name) if data_format() == 'NCHW' else tf.transpose(x, [0, 3, 1, 2], name=name)


def publish(x):
    """Ends a layer: leaves an NCHW view of x as the last op of the layer's scope, for scripts that fetch activations.

    Nothing else uses the view, so it costs no time unless it is fetched. Returns x.
    """
    from_layout(x, name='out')
    return x


def per_channel(v):
    """[C] or [N, C] -> shape that broadcasts against internal images."""
    shape = [-1, 1, 1, 1]
    shape[0] = -1 if v.shape.rank == 2 else 1
    shape[channel_axis()] = v.shape.as_list()[-1]
    return tf.reshape(v, shape)


def num_channels(x):
    return x.shape.as_list()[channel_axis()]


def full_shape(height, width, channels, batch):
    """Shape list of an internal image tensor; batch may be a scalar tensor."""
    shape = [batch, height, width, channels] if data_format() == 'NHWC' else [batch, channels, height, width]
    return tf.stack(shape)


def batch_size(x):
    """int if it is known, else a scalar tensor."""
    known = x.shape.as_list()[0]
    return tf.shape(x)[0] if known is None else known


def is_single(x):
    """Whether a graph is made for one image at a time, as for drawing: its tensors have 1 as batch size, not None."""
    return x.shape.as_list()[0] == 1


def pad_spatial(x, before, after):
    """Zero padding of both spatial axes; negative numbers crop."""
    pads = [[0, 0]] * 4
    for axis in spatial_axes():
        pads[axis] = [max(before, 0), max(after, 0)]
    if before > 0 or after > 0:
        x = tf.pad(x, pads)
    for axis in spatial_axes():
        size = x.shape.as_list()[axis]
        begin, end = max(-before, 0), size - max(-after, 0)
        if (begin, end) != (0, size):
            index = [slice(None)] * 4
            index[axis] = slice(begin, end)
            x = x[tuple(index)]
    return x


# ------------------------------------------------------------------ variables

def weight(shape, gain=1.0, use_wscale=True, lrmul=1.0, dtype=tf.float32):
    """The variable 'weight' with its equalised-learning-rate coefficient applied: gain / sqrt(fan_in) * lrmul."""
    w, coef = stored_weight(shape, gain, use_wscale, lrmul)
    return tf.cast(w * coef, dtype)


def stored_weight(shape, gain=1.0, use_wscale=True, lrmul=1.0):
    """The variable 'weight' as it is stored, and the coefficient that the forward pass puts on it."""
    std = gain / np.sqrt(np.prod(shape[:-1]))
    init_std, coef = (1.0 / lrmul, std * lrmul) if use_wscale else (std / lrmul, lrmul)
    return tf.get_variable('weight', shape=shape, initializer=tf.initializers.random_normal(0, init_std)), np.float32(coef)


def combine_taps(w, matrix):
    """New kernel taps as linear combinations of the old ones.

    Args:
        w: [kh, kw, in, out]. matrix: float32 array [kh', kw', kh, kw].
    Returns: [kh', kw', in, out] of w's dtype. One matrix product, far cheaper than slicing and padding large kernels.
    """
    new, (kh, kw, fan_in, fan_out) = matrix.shape[:2], w.shape.as_list()
    flat = tf.reshape(tf.cast(w, tf.float32), [kh * kw, fan_in * fan_out])
    taps = tf.matmul(matrix.reshape(-1, kh * kw).astype(np.float32), flat)
    return tf.cast(tf.reshape(taps, list(new) + [fan_in, fan_out]), w.dtype)


def reverse_taps(w):
    """The kernel reversed in space."""
    kh, kw, fan_in, fan_out = w.shape.as_list()
    flat = tf.gather(tf.reshape(w, [kh * kw, fan_in, fan_out]), list(range(kh * kw))[::-1])
    return tf.reshape(flat, [kh, kw, fan_in, fan_out])


def bias(size, lrmul=1.0, dtype=tf.float32):
    """The variable 'bias' [size], times lrmul."""
    b = tf.get_variable('bias', shape=[size], initializer=tf.initializers.zeros())
    return tf.cast(b * np.float32(lrmul), dtype)


def state_variable(name, value):
    """A variable that training does not touch."""
    return tf.get_variable(name, initializer=np.asarray(value, dtype=np.float32), trainable=False)


def noise_variables(resolutions):
    """The stored noise images noise0, noise1, ...: list of variables [1, 1, R, R]."""
    return [tf.get_variable('noise%d' % i, shape=[1, 1, r, r], initializer=tf.initializers.random_normal(), trainable=False)
            for i, r in enumerate(resolutions)]


# ------------------------------------------------------------------ random numbers

_COUNTERS = 'nvlabs_random_counters'  # Graph collection: the innermost `counted_randomness` is the last.


@contextlib.contextmanager
def counted_randomness(seed, counter):
    """Inside, `random_normal` and `random_uniform` are functions of (seed, order of construction, counter) and keep no state.

    So a graph whose counter is fed can go on where another left off, bit for bit. Outside, TensorFlow's own generators are used.

    Args:
        seed: int. counter: int64 tensor [], a new value for each execution.
    """
    stack = tf.get_collection_ref(_COUNTERS)
    stack.append((itertools.count(seed << 20), counter))
    try:
        yield
    finally:
        stack.pop()


def _next_seed():
    """int64 tensor [2] for a stateless op, or None."""
    stack = tf.get_collection_ref(_COUNTERS)
    if not stack:
        return None
    numbers, counter = stack[-1]
    return tf.stack([tf.constant(next(numbers), tf.int64), counter])


def random_normal(shape, dtype=tf.float32):
    """Normal numbers; see `counted_randomness`."""
    seed = _next_seed()
    return tf.random_normal(shape, dtype=dtype) if seed is None else tf.random.stateless_normal(shape, seed, dtype=dtype)


def random_uniform(shape):
    """float32 numbers in [0, 1); see `counted_randomness`."""
    seed = _next_seed()
    return tf.random_uniform(shape) if seed is None else tf.random.stateless_uniform(shape, seed)


# ------------------------------------------------------------------ layers

def dense_product(x, w):
    """x [N, ...] flattened to [N, in], times w [in, out]."""
    if x.shape.rank > 2:
        x = tf.reshape(x, [-1, int(np.prod(x.shape.as_list()[1:]))])
    return tf.matmul(x, w)


def convolve(x, w, stride=1, padding='SAME'):
    """Cross-correlation of internal images with w [kh, kw, in, out]."""
    strides = [1, 1, 1, 1]
    for axis in spatial_axes():
        strides[axis] = stride
    return tf.nn.conv2d(x, w, strides=strides, padding=padding, data_format=data_format())


def scatter_convolve(x, w, size, padding):
    """Transposed convolution, stride 2, to images of size x size; w [kh, kw, in, out].

    out[2 y + a - p] += x[y] w[a], p = 0 for 'VALID', 1 for 'SAME' with a 4 x 4 kernel.
    """
    strides = [1, 1, 1, 1]
    for axis in spatial_axes():
        strides[axis] = 2
    w = tf.transpose(w, [0, 1, 3, 2])
    shape = full_shape(size, size, w.shape.as_list()[2], batch_size(x))
    y = tf.nn.conv2d_transpose(x, w, shape, strides, padding=padding, data_format=data_format())
    static = [x.shape.as_list()[0]] + [None] * 3
    static[channel_axis()] = w.shape.as_list()[2]
    for axis in spatial_axes():
        static[axis] = size
    y.set_shape(static)
    return y


def filter_channels(x, kernel, before, after, stride=1):
    """True convolution (kernel reversed) of every channel with one kernel [kh, kw], after zero padding, in float32."""
    dtype = x.dtype
    x = pad_spatial(tf.cast(x, tf.float32), before, after)
    strides = [1, 1, 1, 1]
    for axis in spatial_axes():
        strides[axis] = stride
    for part in _passes(x, np.asarray(kernel, dtype=np.float32)[::-1, ::-1], stride):
        taps = tf.constant(np.tile(part[:, :, np.newaxis, np.newaxis], [1, 1, num_channels(x), 1]))
        x = tf.nn.depthwise_conv2d(x, taps, strides=strides, padding='VALID', data_format=data_format())
    return tf.cast(x, dtype)


def _passes(x, kernel, stride):
    """The kernels, one after the other, that make up a kernel: for drawing on TensorFlow 1.15 a row and a column, where they do."""
    rows, columns = kernel.sum(axis=0, keepdims=True), kernel.sum(axis=1, keepdims=True)
    separable = np.allclose(columns * rows, kernel * kernel.sum(), rtol=1e-6)
    if separable and is_single(x) and stride == 1 and tf.__version__.startswith('1.'):
        return [rows, columns / kernel.sum()]
    return [kernel]


def nearest_up(x, factor=2):
    """Nearest-neighbour up-scaling."""
    if factor == 1:
        return x
    height, width = [x.shape.as_list()[axis] for axis in spatial_axes()]
    channels = num_channels(x)
    if data_format() == 'NHWC':
        x = tf.tile(tf.reshape(x, [-1, height, 1, width, 1, channels]), [1, 1, factor, 1, factor, 1])
        return tf.reshape(x, [-1, height * factor, width * factor, channels])
    x = tf.tile(tf.reshape(x, [-1, channels, height, 1, width, 1]), [1, 1, 1, factor, 1, factor])
    return tf.reshape(x, [-1, channels, height * factor, width * factor])


def box_down(x, factor=2):
    """Mean over factor x factor blocks."""
    if factor == 1:
        return x
    sizes = [1, 1, 1, 1]
    for axis in spatial_axes():
        sizes[axis] = factor
    return tf.nn.avg_pool(x, ksize=sizes, strides=sizes, padding='VALID', data_format=data_format())


def second_moment_norm(x, axis):
    """x / sqrt(mean(x^2) + 1e-8) along one axis: 'pixel norm'."""
    return x * tf.rsqrt(tf.reduce_mean(tf.square(x), axis=axis, keepdims=True) + tf.constant(EPSILON, x.dtype))


def noise_image(x, stored, randomize):
    """One noise channel for internal images x: fresh normal numbers [N, 1, R, R], or the stored variable [1, 1, R, R]."""
    if not randomize:
        return tf.cast(to_layout(stored), x.dtype)
    height, width = [x.shape.as_list()[axis] for axis in spatial_axes()]
    return random_normal(full_shape(height, width, 1, tf.shape(x)[0]), x.dtype)


def constant_input(const, batch, dtype):
    """The learned 4 x 4 constant [1, C, 4, 4], repeated over the batch, in internal layout."""
    return tf.tile(tf.cast(to_layout(const), dtype), tf.stack([batch, 1, 1, 1]))


def minibatch_stddev(x, group_size, num_features):
    """Appends num_features channels with the mean standard deviation over groups of samples (StyleGAN section 1).

    Groups hold min(group_size, N) samples that lie N / group size apart; N must be divisible.
    """
    nchw = tf.cast(from_layout(x), tf.float32)
    _, channels, height, width = nchw.shape.as_list()
    batch = tf.shape(nchw)[0]
    group = batch if group_size is None else tf.minimum(group_size, batch)
    y = tf.reshape(nchw, tf.stack([group, -1, num_features, channels // num_features, height, width]))  # [G, M, F, c, H, W]
    y = y - tf.reduce_mean(y, axis=0, keepdims=True)
    y = tf.sqrt(tf.reduce_mean(tf.square(y), axis=0) + EPSILON)  # [M, F, c, H, W]
    y = tf.reduce_mean(y, axis=[2, 3, 4], keepdims=True)[:, :, 0]  # [M, F, 1, 1]
    y = tf.tile(y, tf.stack([group, 1, height, width]))  # [N, F, H, W]
    return publish(tf.concat([x, to_layout(tf.cast(y, x.dtype))], axis=channel_axis()))


def flatten_nchw(x):
    """Internal images -> [N, C*H*W], channel-major as the stored dense weights expect."""
    return tf.reshape(from_layout(x), [-1, int(np.prod(x.shape.as_list()[1:]))])


def weighted_score(scores, labels_in, label_size):
    """Conditional networks: the label-weighted sum of label_size scores [N, 1]."""
    return tf.reduce_sum(scores * labels_in, axis=1, keepdims=True) if label_size else scores


# ------------------------------------------------------------------ wrapper logic

def resolution_log2(resolution):
    """log2 of a resolution. Raises ValueError unless it is a power of two and at least 4."""
    log2 = int(resolution).bit_length() - 1
    if resolution < 4 or resolution != 2 ** log2:
        raise ValueError('resolution must be a power of two and at least 4, found %r' % (resolution,))
    return log2


def concat_label(x, labels, latent_size):
    """Appends the embedded label: [N, Z] -> [N, 2 Z]."""
    with tf.variable_scope('LabelConcat'):
        embedding = tf.get_variable('weight', shape=[labels.shape.as_list()[1], latent_size], initializer=tf.initializers.random_normal())
        return tf.concat([x, tf.matmul(labels, tf.cast(embedding, x.dtype))], axis=1)


def is_number(value):
    """False for None and for tensors, whose value is unknown while the graph is built."""
    return value is not None and not isinstance(value, (tf.Tensor, tf.Variable))


def track_average(dlatents, dlatent_avg, beta):
    """Training: moves dlatent_avg towards the batch mean of layer 0; returns dlatents behind that update."""
    with tf.variable_scope('DlatentAvg'):
        mean = tf.reduce_mean(dlatents[:, 0], axis=0)
        update = tf.assign(dlatent_avg, mean + (dlatent_avg - mean) * beta)
        with tf.control_dependencies([update]):
            return tf.identity(dlatents)


def mix_styles(dlatents, other, active_layers, probability):
    """Training: with the given probability, layers from one random cut in [1, active_layers) on come from `other`."""
    with tf.name_scope('StyleMix'):
        num_layers = dlatents.shape.as_list()[1]
        draws = random_uniform([2])
        cut = 1 + tf.cast(draws[1] * tf.cast(active_layers - 1, tf.float32), tf.int32)  # Uniform on [1, active_layers).
        cut = tf.where(draws[0] < probability, tf.minimum(cut, active_layers - 1), active_layers)
        own = np.arange(num_layers)[np.newaxis, :, np.newaxis] < cut  # [1, L, 1]
        return tf.where(tf.broadcast_to(own, tf.shape(dlatents)), dlatents, other)


def truncate(dlatents, dlatent_avg, psi, cutoff):
    """dlatent_avg + psi (w - dlatent_avg) for layers below cutoff (None: all)."""
    with tf.variable_scope('Truncation'):
        index = np.arange(dlatents.shape.as_list()[1])[np.newaxis, :, np.newaxis]  # [1, L, 1]
        ones = np.ones(index.shape, dtype=np.float32)
        factors = ones * psi if cutoff is None else tf.where(tf.broadcast_to(index < cutoff, index.shape), ones * psi, ones)
        with tf.name_scope('Lerp'):
            return dlatent_avg + (dlatents - dlatent_avg) * factors
