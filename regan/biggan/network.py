"""BigGAN-deep as an official build function, so that a network of the official API draws it."""

import tensorflow.compat.v1 as tf

from regan.biggan import graph, states, statistics


def G_biggan_deep(
    latents_in,
    labels_in,
    num_channels=3,
    resolution=128,
    label_size=1000,
    latent_size=128,
    blocks=(),
    width=128,
    attention=8,
    epsilon=1e-4,
    rows=51,
    truncation=1.0,
    statistics_mode='linear',
    **_kwargs,
):
    """z [N, Z], labels [N, classes] -> images_out [N, 3, R, R], in [-1, 1].

    Args:
        latents_in, labels_in: tensors; labels are weights of the classes. z is not scaled by the truncation.
        num_channels, resolution, label_size, latent_size, blocks, width, attention, epsilon, rows: the network, as of
            `states.arguments`.
        truncation: chooses the statistics, above 0 to 1.
        statistics_mode: between their rows, see `statistics.row_weights`.
    """
    configuration = states.configuration_of(
        dict(
            resolution=resolution,
            label_size=label_size,
            latent_size=latent_size,
            blocks=blocks,
            width=width,
            attention=attention,
            epsilon=epsilon,
            rows=rows,
        ),
        'the network',
    )
    latents_in.set_shape([None, latent_size])
    labels_in.set_shape([None, label_size])
    held = {name: tf.get_variable(name, shape, tf.float32) for name, shape in configuration.shapes.items()}
    chosen = tf.constant(statistics.row_weights(truncation, rows, statistics_mode))
    layers = [latents_in] * configuration.num_latents
    outputs = graph.layers(configuration, held, chosen, layers, [labels_in] * configuration.num_latents)
    return tf.transpose(outputs['image'][..., :num_channels], [0, 3, 1, 2], name='images_out')
