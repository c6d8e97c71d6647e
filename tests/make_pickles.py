"""Writes pickles in the official form from plain dictionaries; needs NumPy only, runs on Python 2.7 and 3.x.

    python make_pickles.py FOLDER

writes the small files that tests/dnnlib/pickles holds: one network, as each interpreter and NumPy spells it. They
were made with Python 2.7 (NumPy 1.16), 3.7 (NumPy 1.19), 3.8 (NumPy 1.24, protocol 5 only) and 3.11 (NumPy 2.4); the
name says which wrote what.
"""
import contextlib
import os
import pickle
import sys
import types

import numpy as np


class Network(object):
    """Stands for the official class while a pickle is written: its state is whatever dictionary it is given."""

    def __init__(self, **state):
        self.__dict__.update(state)

    def __getstate__(self):
        return self.__dict__


def dumps(value, protocol, module='dnnlib.tflib.network'):
    """Pickles a value whose `Network` objects shall appear as `<module>.Network`."""
    with _official_name(module):
        return pickle.dumps(value, protocol)


@contextlib.contextmanager
def _official_name(module):
    """pickle looks a class up under its name: for a moment, that name is ours."""
    names = [module.rsplit('.', i)[0] for i in range(module.count('.') + 1)]
    shadowed = {name: sys.modules.get(name) for name in names}
    for name in names:
        sys.modules[name] = types.ModuleType(name)
    sys.modules[module].Network = Network
    Network.__module__ = module
    try:
        yield
    finally:
        Network.__module__ = __name__
        for name, original in shadowed.items():
            sys.modules.pop(name)
            if original is not None:
                sys.modules[name] = original


def state(name, build_func_name, variables, version=4, components=None, static_kwargs=None, build_module_src=''):
    """A network in the official form. variables: list of (local name, array); 0-d values become NumPy scalars."""
    return Network(
        version=version, name=name, static_kwargs=static_kwargs or {}, components=dict(components or {}),
        build_module_src=build_module_src, build_func_name=build_func_name,
        variables=[(n, v if np.ndim(v) else np.float32(v)) for n, v in variables])


def from_data(data):
    """The same from what dnnlib.unpickle read (a NetworkState)."""
    components = type(data.components)((key, from_data(component)) for key, component in data.components.items())
    return state(data.name, data.build_func_name, list(data.variables.items()), data.version, components, data.static_kwargs,
                 data.build_module_src)


def sample_network():
    """A StyleGAN2 discriminator, 8 x 8 pixels, 2 feature maps, with weights k / 7: no rounding differs between writers."""
    shapes = [('8x8/FromRGB/weight', (1, 1, 1, 2)), ('8x8/FromRGB/bias', (2,)),
              ('8x8/Conv0/weight', (3, 3, 2, 2)), ('8x8/Conv0/bias', (2,)),
              ('8x8/Conv1_down/weight', (3, 3, 2, 2)), ('8x8/Conv1_down/bias', (2,)),
              ('8x8/Skip/weight', (1, 1, 2, 2)),
              ('4x4/Conv/weight', (3, 3, 3, 2)), ('4x4/Conv/bias', (2,)),
              ('4x4/Dense0/weight', (32, 2)), ('4x4/Dense0/bias', (2,)),
              ('Output/weight', (2, 1)), ('Output/bias', (1,))]
    variables = [(name, ramp(i, shape)) for i, (name, shape) in enumerate(shapes)]
    variables[3] = (variables[3][0], np.asfortranarray(variables[3][1]))
    variables[4] = (variables[4][0], np.asfortranarray(variables[4][1]))
    return state('D', 'D_stylegan2', variables, static_kwargs=dict(
        num_channels=1, resolution=8, label_size=0, fmap_base=8, fmap_max=2))


def ramp(start, shape):
    """float32 array: the integers from `start` on, modulo 11, minus 5, divided by 7."""
    return ((np.arange(start, start + np.prod(shape, dtype=int)) % 11 - 5) / np.float32(7)).reshape(shape).astype(np.float32)


def sample_values():
    """The network together with what else a file may hold: scalars, byte orders, integers, an empty array."""
    return {'network': sample_network(), 'scalar': np.float32(0.25), 'int': np.int64(-3), 'flag': np.bool_(True),
            'big_endian': ramp(0, (5,)).astype('>f4'), 'fortran': np.asfortranarray(ramp(1, (2, 3, 5))),
            'half': ramp(2, (3,)).astype(np.float16), 'bytes': np.arange(7, dtype=np.uint8), 'empty': np.zeros((2, 0), np.float32)}


def main(folder):
    writer = 'python%d%d-numpy%s' % (sys.version_info[:2] + (np.__version__.split('.')[0],))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with open(os.path.join(folder, '%s-protocol%d.pkl' % (writer, protocol)), 'wb') as f:
            f.write(dumps(sample_values(), protocol))


if __name__ == '__main__':
    main(sys.argv[1])
