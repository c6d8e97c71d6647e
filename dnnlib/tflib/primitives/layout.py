"""How images lie in memory: decided here, and nowhere else.

What a network takes, gives and stores is NCHW, as in the official networks. Inside, images are NHWC on a CPU
(TensorFlow 1.15 has no NCHW convolutions there) and NCHW on a GPU. `to_layout` and `from_layout` convert; every other
function that says "internal images" takes and gives the inner layout. No other module asks which one it is: axes,
shapes and the argument `data_format` of TensorFlow's operations come from here. The official operations in
`dnnlib.tflib.ops` are no part of our networks; whoever calls them says which layout the images have.
"""

import contextlib

import numpy as np
import tensorflow.compat.v1 as tf

_VIEWS = 'nvlabs_feedable_views'  # Graph collection: the innermost `feedable_views` is the last.


def has_gpu():
    """Whether TensorFlow sees a GPU."""
    return bool(tf.config.experimental.list_physical_devices('GPU'))


def has_slow_half():
    """Whether matrix products in float16 take some 100 times longer than in float32: TensorFlow 1.15 on a CPU."""
    return not has_gpu() and tf.__version__.startswith('1.')


def data_format():
    """The inner layout: 'NCHW' where there is a GPU, else 'NHWC'."""
    return 'NCHW' if has_gpu() else 'NHWC'


def channel_axis():
    """The axis of the channels in internal images."""
    return data_format().index('C')


def spatial_axes():
    """The axes of the rows and of the columns in internal images."""
    return [data_format().index('H'), data_format().index('W')]


def to_layout(x):
    """NCHW -> internal layout."""
    return x if data_format() == 'NCHW' else tf.transpose(x, [0, 2, 3, 1])


def from_layout(x, name=None):
    """Internal layout -> NCHW."""
    return tf.identity(x, name=name) if data_format() == 'NCHW' else tf.transpose(x, [0, 3, 1, 2], name=name)


@contextlib.contextmanager
def feedable_views(scope):
    """Inside, the layers that follow read what `publish` leaves, so that a value fed there changes them.

    For template graphs, whose tensors scripts look up; the way there and back is one that TensorFlow takes out again
    where nothing is fed. In other graphs a view cannot be fed: TensorFlow refuses in one sentence.

    Args:
        scope: name scope for the ways back, which are no part of a layer.
    """
    stack = tf.get_collection_ref(_VIEWS)
    stack.append(scope)
    try:
        yield
    finally:
        stack.pop()


def publish(x, name='out'):
    """Leaves an NCHW view of internal images x in the present scope, for scripts that fetch activations by name.

    Args:
        x: internal images.
        name: of the view: 'out' ends a layer, as the last op of its scope; another one is that of the op which has
            these values in the official graph. The op behind x needs another name.
    Returns: internal images to go on with: x, or inside `feedable_views` the view brought back.
    """
    view = from_layout(x, name=name)
    scopes = tf.get_collection_ref(_VIEWS)
    if not scopes:
        tf.get_default_graph().prevent_feeding(view)  # Nothing would follow.
        return x
    with tf.name_scope(scopes[-1] + '/'):
        return to_layout(view)


def per_channel(v):
    """[C] or [N, C] -> shape that broadcasts against internal images."""
    shape = [-1, 1, 1, 1]
    shape[0] = -1 if v.shape.rank == 2 else 1
    shape[channel_axis()] = v.shape.as_list()[-1]
    return tf.reshape(v, shape)


def flatten_nchw(x):
    """Internal images -> [N, C * H * W], channel-major as the stored dense weights expect."""
    return tf.reshape(from_layout(x), [-1, int(np.prod(x.shape.as_list()[1:]))])


def batch_size(x):
    """int if it is known, else a scalar tensor."""
    known = x.shape.as_list()[0]
    return tf.shape(x)[0] if known is None else known


def is_single(x):
    """Whether a graph is made for one image at a time, as for drawing: its tensors have 1 as batch size, not None."""
    return x.shape.as_list()[0] == 1


def num_channels(x):
    """C of internal images."""
    return x.shape.as_list()[channel_axis()]


def spatial_sizes(x):
    """[H, W] of internal images."""
    return [x.shape.as_list()[axis] for axis in spatial_axes()]


def full_shape(height, width, channels, batch):
    """The shape of internal images, as a tensor; batch may be a scalar tensor."""
    return tf.stack([batch, height, width, channels] if data_format() == 'NHWC' else [batch, channels, height, width])


def for_axes(spatial, batch=1, channels=1):
    """A list with a value for each axis of internal images: strides, block sizes, static shapes."""
    values = [batch] * 4
    values[channel_axis()] = channels
    for axis in spatial_axes():
        values[axis] = spatial
    return values


def pad_spatial(x, before, after):
    """Zero padding of both spatial axes; negative numbers crop."""
    if before > 0 or after > 0:
        x = tf.pad(x, for_axes([max(before, 0), max(after, 0)], [0, 0], [0, 0]))
    for axis in spatial_axes():
        size = x.shape.as_list()[axis]
        begin, end = max(-before, 0), size - max(-after, 0)
        if (begin, end) != (0, size):
            index = [slice(None)] * 4
            index[axis] = slice(begin, end)
            x = x[tuple(index)]
    return x


def enlarge(x, fill):
    """Replaces every pixel of internal images by a block of pixels.

    Args:
        x: [.., H, W, ..].
        fill: function of (x [.., H, 1, W, 1, ..], the list of the two axes of 1) that widens those axes to f.
    Returns: [.., H f, W f, ..].
    """
    rows, columns = spatial_axes()
    sizes = x.shape.as_list()
    apart = tf.reshape(x, [-1] + sizes[1:columns] + [1] + sizes[columns : columns + 1] + [1] + sizes[columns + 1 :])
    apart = fill(apart, [rows + 1, columns + 2])
    factor = apart.shape.as_list()[rows + 1]
    for axis in (rows, columns):
        sizes[axis] *= factor
    return tf.reshape(apart, [-1] + sizes[1:])
