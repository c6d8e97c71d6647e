"""Classifiers of faces: discriminators of StyleGAN, by the names of their variables, with or without the statistics of
the minibatch.
"""

import collections
import re

import numpy as np

from ..network_state import NetworkState
from ..pickled_data import NetworkPickleError

_NAMED = re.compile(r'(lod|FromRGB_lod\d+/(weight|bias)|\d+x\d+/(Conv|Conv0|Conv1_down|Dense0|Dense1)/(weight|bias))\Z')
_NEEDED = ('FromRGB_lod0/weight', '4x4/Conv/weight', '4x4/Dense0/weight', '4x4/Dense1/weight')


def looks_like(state):
    """Whether the variables of a NetworkState are called as those of StyleGAN's discriminator."""
    return all(name in state.variables for name in _NEEDED) and all(map(_NAMED.match, state.variables))


def of_state(state):
    """State of `nvlabs_stylegan.networks.D_basic`, whose arguments the shapes tell and the state's own ones complete.

    Raises: NetworkPickleError for other shapes than its own.
    """
    shapes = {name: value.shape for name, value in state.variables.items()}
    top = max(int(name.partition('x')[0]) for name in shapes if 'x' in name.partition('/')[0]).bit_length() - 1
    if any(len(shapes[name]) != (2 if 'Dense' in name else 4) for name in _NEEDED):
        raise NetworkPickleError('looks like a discriminator, but its weights have other shapes')
    widths = [shape[-1] for name, shape in shapes.items() if name.endswith('bias') and 'Dense1' not in name]
    extra = shapes['4x4/Conv/weight'][2] - shapes.get('8x8/Conv1_down/bias', shapes['FromRGB_lod0/bias'])[0]
    found = dict(
        num_channels=shapes['FromRGB_lod0/weight'][2],
        resolution=2**top,
        label_size=0,
        fmap_base=shapes['FromRGB_lod0/weight'][3] * 2 ** (top - 1),
        fmap_max=max(widths),
        mbstd_group_size=state.static_kwargs.get('mbstd_group_size', 4) if extra else 0,
        mbstd_num_features=max(extra, 1),
    )
    variables = collections.OrderedDict(lod=np.zeros([], np.float32))
    variables.update(state.variables)
    kwargs = dict(state.static_kwargs, **found)
    return NetworkState(3, state.name, kwargs, collections.OrderedDict(), '', 'D_basic', variables)
