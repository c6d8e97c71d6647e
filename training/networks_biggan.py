"""BigGAN-deep in training (Brock et al. 2019): the generator normalised by its own minibatch, and the projection
discriminator (Miyato and Koyama 2018) with the generator's blocks in reverse.
"""

import tensorflow.compat.v1 as tf

from dnnlib.tflib.primitives.variables import bias
from regan.base.errors import UserError
from regan.biggan import configuration, graph
from training.spectral_norm import kernel

_TABLES = ('/means', '/variances')
ATTENTION_64 = 4  # Blocks before the attention of the network for 64 x 64.


def configuration_of(resolution, label_size, latent_size, width, blocks=None, attention=None, rows=51):
    """The `Configuration` of a generator.

    Args:
        resolution: of the data.
        label_size: number of classes.
        latent_size: width of z.
        width: ch.
        blocks, attention: see `Configuration`; default: those that belong to the resolution.
        rows: of the tables of statistics.
    Raises: UserError if there is no such network.
    """
    if blocks is None and resolution == 64:
        blocks, attention = configuration.SMALL_64, ATTENTION_64
    elif blocks is None:
        blocks, attention = configuration.PUBLISHED.get(resolution), 8
    if blocks is None:
        raise UserError(
            'there is no BigGAN-deep for images of %d pixels; make data of 64, %s'
            % (resolution, ', '.join(map(str, configuration.PUBLISHED)))
        )
    if not label_size:
        raise UserError(
            'a BigGAN needs data with labels, and all its columns (--labels -1); `regan dataset create` makes labels '
            'of folders, or of several worlds'
        )
    if width < 4 or width % 4:
        raise UserError('the width of a BigGAN must be a multiple of 4, not %s' % width)
    made = configuration.Configuration(
        tuple((bool(up), entering, leaving) for up, entering, leaving in blocks),
        width,
        latent_size,
        label_size,
        attention,
        rows=rows,
    )
    if made.resolution != resolution:
        raise UserError('these blocks make images of %d pixels, but the data has %d' % (made.resolution, resolution))
    return made


def check(arguments, data):
    """Raises UserError if there is no network for a data set.

    Args:
        arguments: of the network, in a recipe.
        data: dict of num_channels, resolution and label_size, see `training.resumption.facts_of_data`.
    """
    _check_colour(data['num_channels'])
    sizes = {name: arguments[name] for name in ('latent_size', 'width', 'blocks', 'attention') if name in arguments}
    configuration_of(data['resolution'], data['label_size'], **dict(dict(latent_size=128, width=128), **sizes))


def _check_colour(num_channels):
    if num_channels != graph.IMAGE_CHANNELS:
        raise UserError('a BigGAN makes colour images, but those of the data have %d channel' % num_channels)


def G_biggan(
    latents_in,
    labels_in,
    num_channels=3,
    resolution=64,
    label_size=0,
    latent_size=128,
    width=128,
    blocks=None,
    attention=None,
    iterate=False,
    return_statistics=False,
    is_template_graph=False,
    **_kwargs,
):
    """z [N, Z], labels [N, classes] -> images_out [N, 3, R, R], in [-1, 1].

    Every normalisation uses means and variances of this very minibatch; a finished network has tables instead, see
    `training.snapshots_biggan`. Variables have the own names of `Configuration.shapes`, kernels are undivided.

    Args:
        latents_in, labels_in: tensors.
        num_channels, resolution, label_size, latent_size, width, blocks, attention: see `configuration_of`.
        iterate: see `spectral_norm.kernel`.
        is_template_graph: whether the graph only tells variables and shapes.
        return_statistics: also return means and variances, each one tensor [sum of the maps of all normalisations], in
            the order of `Configuration.norms`.
    Raises: UserError if there is no such network.
    """
    _check_colour(num_channels)
    made = configuration_of(resolution, label_size, latent_size, width, blocks, attention)
    latents_in.set_shape([None, latent_size])
    labels_in.set_shape([None, label_size])
    iterate = None if is_template_graph else iterate
    normalised, held = set(made.normalised), {}
    for name, shape in made.shapes.items():
        if name.endswith(_TABLES):
            continue
        base = name[: -len('/kernel')]
        held[name] = kernel(name, shape, iterate) if base in normalised else _plain(name, shape)
    statistics = {}

    def of_minibatch(name, x):
        statistics[name] = tf.nn.moments(x, axes=[0, 1, 2])
        return statistics[name]

    z, y = [latents_in] * made.num_latents, [labels_in] * made.num_latents
    image = graph.layers(made, held, None, z, y, of_minibatch)['image']
    image = tf.transpose(image, [0, 3, 1, 2], name='images_out')
    if not return_statistics:
        return image
    found = [statistics[name] for name, _ in made.norms]
    return (image,) + tuple(tf.concat(values, axis=0) for values in zip(*found))


def _plain(name, shape):
    """A variable that is not divided by anything: the embedding, biases, and what scales."""
    if name == 'embedding/kernel':
        initial = tf.initializers.orthogonal()
    else:
        initial = tf.initializers.ones() if name == 'final_norm/scale' else tf.initializers.zeros()
    return tf.get_variable(name, shape, initializer=initial)


# ------------------------------------------------------------------ discriminator


def D_biggan(
    images_in,
    labels_in,
    num_channels=3,
    resolution=64,
    label_size=0,
    width=128,
    blocks=None,
    attention=None,
    iterate=False,
    is_template_graph=False,
    **_kwargs,
):
    """images [N, 3, R, R] in [-1, 1], labels [N, classes] -> scores_out [N, 1].

    A convolution to ch maps; the blocks of the generator in reverse, with the attention where it stands there; the sum
    of all pixels h; then w h + b + (labels E) h.

    Args:
        images_in, labels_in: tensors.
        num_channels, resolution, label_size, width, blocks, attention: see `configuration_of`.
        iterate: see `spectral_norm.kernel`.
        is_template_graph: whether the graph only tells variables and shapes.
    Raises: UserError if there is no such network.
    """
    _check_colour(num_channels)
    made = configuration_of(resolution, label_size, 1, width, blocks, attention)
    images_in.set_shape([None, num_channels, resolution, resolution])
    labels_in.set_shape([None, label_size])
    iterate = None if is_template_graph else iterate
    x = _convolve(tf.transpose(images_in, [0, 2, 3, 1]), 'from_rgb', 3, width, iterate)
    for i, (halves, leaving, entering) in reversed(list(enumerate(made.blocks))):
        if i == made.attention - 1:
            x = _attention(x, iterate)
        x = _block(x, 'block_%02d/' % i, entering * width, leaving * width, halves, iterate)
    x = tf.reduce_sum(tf.nn.relu(x), axis=[1, 2])  # [N, 16 ch]
    maps = x.shape.as_list()[1]
    embedded = tf.matmul(labels_in, kernel('embedding/kernel', (label_size, maps), iterate))
    scores = tf.matmul(x, kernel('score/kernel', (maps, 1), iterate)) + bias(1, name='score/bias')
    return tf.add(scores, tf.reduce_sum(embedded * x, axis=1, keepdims=True), name='scores_out')


def _convolve(x, name, size, maps, iterate, has_bias=True):
    shape = (size, size, x.shape.as_list()[3], maps)
    x = tf.nn.conv2d(x, kernel(name + '/kernel', shape, iterate), strides=[1, 1, 1, 1], padding='SAME')
    return x + bias(maps, name=name + '/bias') if has_bias else x


def _block(x, scope, entering, leaving, halves, iterate):
    """ReLU before each of four convolutions with a quarter of the maps that leave; the skip path gets further maps by
    a convolution of its own.
    """
    middle = leaving // configuration.BOTTLENECK
    y = x
    for k, (size, maps) in enumerate([(1, middle), (3, middle), (3, middle), (1, leaving)]):
        y = tf.nn.relu(y)
        if k == 3 and halves:
            y = _halved(y)
        y = _convolve(y, '%sconv_%d' % (scope, k), size, maps, iterate)
    skip = _halved(x) if halves else x
    if leaving > entering:
        more = _convolve(skip, scope + 'skip', 1, leaving - entering, iterate)
        skip = tf.concat([skip, more], axis=3)
    return skip + y


def _attention(x, iterate):
    maps = x.shape.as_list()[3]
    theta, phi, g = [
        _convolve(x, 'attention/' + name, 1, maps // share, iterate, has_bias=False)
        for name, share in (('theta', 8), ('phi', 8), ('g', 2))
    ]
    y = graph.attend(theta, phi, g)
    gamma = tf.get_variable('attention/gamma', [1], initializer=tf.initializers.zeros())
    return x + gamma * _convolve(y, 'attention/o_conv', 1, maps, iterate, has_bias=False)


def _halved(x):
    return tf.nn.avg_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID')
