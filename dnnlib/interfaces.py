"""Inputs and outputs of networks as states of version 5 name them, from the arguments: a graph takes long to build."""

_BATCH = [None]


def of(function, arguments):
    """What a network of StyleGAN2-ADA takes and gives.

    Args:
        function: name of its build function.
        arguments: dict of its static arguments; those left to their defaults may be missing.

    Returns:
        Dict of input_shapes and output_shapes (lists of lists, N as None), input_names and output_names; or None for
        what only a graph tells.
    """
    if arguments.get('return_dlatents'):
        return None
    images = _BATCH + [arguments.get('num_channels', 3)] + 2 * [arguments.get('resolution', 1024)]
    labels = _BATCH + [arguments.get('label_size', 0)]
    from_z = [('latents_in', _BATCH + [arguments.get('latent_size', 512)]), ('labels_in', labels)]
    width = [arguments.get('dlatent_size', 512)]
    if function == 'G_main':
        return _named(from_z, 'images_out', images)
    if function == 'G_mapping':
        broadcast = arguments.get('dlatent_broadcast')
        return _named(from_z, 'dlatents_out', _BATCH + ([] if broadcast is None else [broadcast]) + width)
    if function == 'G_synthesis':
        layers = [2 * int(arguments.get('resolution', 1024)).bit_length() - 4]
        return _named([('dlatents_in', _BATCH + layers + width)], 'images_out', images)
    if function == 'D_main' and arguments.get('score_max', 1) == 1:
        return _named([('images_in', images), ('labels_in', labels)], 'scores_out', _BATCH + [1])
    return None


def _named(inputs, output, shape):
    return dict(
        input_shapes=[list(found) for _, found in inputs],
        output_shapes=[list(shape)],
        input_names=[name for name, _ in inputs],
        output_names=[output],
    )
