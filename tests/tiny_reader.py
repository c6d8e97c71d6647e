"""Writes a small random factor reader."""

import pickle

import dnnlib.tflib as tflib
from tests import small_networks

FACTS = dict(world='toy', factor_names=['grey', 'hue', 'none'], circular=[1], r2=[0.99, 0.95, 0.0])


def pickled(changed=None, **facts):
    """Bytes of the pickle; `changed` arguments are put in afterwards, so that they do not fit the weights."""
    with small_networks.fresh_session():
        network = tflib.Network(
            'F_reader',
            func_name='nvlabs_stylegan2.factor_reader.F_reader',
            resolution=16,
            num_factors=3,
            **dict(FACTS, **facts),
        )
        small_networks.set_values(network)
        network.static_kwargs.update(changed or {})
        return pickle.dumps(network, protocol=4)


def write(path, **facts):
    path.write_bytes(pickled(**facts))
    return path
