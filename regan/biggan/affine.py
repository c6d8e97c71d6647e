"""What in a BigGAN-deep is affine in z: the first dense layer, and the gains and offsets of the norms (biggan 13)."""

from typing import Optional, Tuple

import numpy as np

from regan.biggan.weights import Weights

_ENDS = ('/scale', '/offset')  # Of the norms inside of blocks; the final norm has none that depend on z.


def of_layer(weights: Weights, layer: str, labels: np.ndarray) -> Optional[Tuple[np.ndarray, np.ndarray]]:
    """A layer's kernel and offset: its output is z kernel + offset.

    Args:
        weights: Weights.
        layer: name of one of the graph's outputs.
        labels: float [L, classes], weights of the classes in each layer that takes a latent.

    Returns:
        (float32 [Z, F], float64 [F]), or None if the layer is not affine in z.
    """
    if layer != 'gen_z' and not layer.endswith(_ENDS):
        return None
    tensors, size = weights.tensors, weights.configuration.z_size
    taken = 0 if layer == 'gen_z' else int(layer.partition('/')[0][-2:]) + 1  # The latent that it takes.
    kernel = tensors[layer + '/kernel']
    embedding = np.dot(labels[taken].astype(np.float64), tensors['embedding/kernel'])
    offset = np.dot(embedding, kernel[size:])
    if layer == 'gen_z':
        offset = offset + tensors['gen_z/bias']
    return kernel[:size], offset
