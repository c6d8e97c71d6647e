"""The matrices through which the layers of a synthesis network see w, from the values of its variables."""

import math
from typing import Dict, List

import numpy as np

from regan.base.errors import UserError


def matrices(values: Dict[str, np.ndarray], generation: int, resolution: int, num_layers: int) -> List[np.ndarray]:
    """A_l, float [D, C_l], of layers 0 .. L - 1, up to one positive factor for each.

    Of StyleGAN, C_l are the scales and shifts of the layer's maps. Of StyleGAN2 they are the scales of the maps that
    its convolution reads, and in the last layer those of the last ToRGB; the other ToRGBs share their w with a
    convolution and are left out, as in the published code of SeFa.

    Args:
        values: variables of the synthesis network by local name, e.g. '8x8/Conv1/mod_weight'.
        generation: 1 or 2.
        resolution: R.
        num_layers: L.

    Raises:
        UserError: the network has other layers than the official ones.
    """
    sizes = [2**log for log in range(2, int(math.log2(resolution)) + 1)]
    inner = [(size, layer) for size in sizes[1:] for layer in ('Conv0_up', 'Conv1')]
    if generation == 1:
        layers, weight = [(4, 'Const'), (4, 'Conv')] + inner, 'StyleMod/weight'
    else:
        layers, weight = [(4, 'Conv')] + inner + [(resolution, 'ToRGB')], 'mod_weight'
    found = [values.get('%dx%d/%s/%s' % (size, size, layer, weight)) for size, layer in layers]
    if len(found) != num_layers or any(matrix is None or matrix.ndim != 2 for matrix in found):
        raise UserError('the styles of this network are not where those of StyleGAN and StyleGAN2 are')
    return [matrix for matrix in found if matrix is not None]
