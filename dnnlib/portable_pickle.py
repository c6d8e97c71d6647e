"""Writes pickles that plain `pickle.load` reads on either stack: Python 3.7 with NumPy 1, and later ones with NumPy 2.

Everything that the project pickles into a file is written here. Python 3.7 knows no protocol above 4, and NumPy 1 has
no `numpy._core`, the name that NumPy 2 gives to what it has always written as `numpy.core` (and still reads so).
"""

import copyreg
import io
import pickle
import types

import numpy as np

PROTOCOL = 4
# Package or module -> the name that all versions know.
_OLDER_NAMES = {'numpy._core': 'numpy.core', 'pathlib._local': 'pathlib'}


def dump(value, file):
    """Pickles a value into a binary file.

    Args:
        value: what pickle can write; a Network as well as a dict or an array.
        file: binary file object opened for writing.
    Raises: what `pickle.dump` raises for something that cannot be pickled; part of the file may be written then.
    """
    _PortablePickler(file, protocol=PROTOCOL).dump(value)


def dumps(value):
    """The bytes that `dump` writes."""
    stream = io.BytesIO()
    dump(value, stream)
    return stream.getvalue()


def _by_name(generator):
    """How NumPy 1 reduces a random generator: to the name of its algorithm, and its state. NumPy 2 reads that, too."""
    if isinstance(generator, np.random.RandomState):
        state = generator.get_state(legacy=False)
    else:
        state = generator.bit_generator.state
    return generator.__reduce__()[0], (state['bit_generator'],), state


class _PortablePickler(pickle._Pickler):  # The one written in Python: the one in C asks nobody how a name is written.
    dispatch_table = dict(copyreg.dispatch_table)
    dispatch_table.update({np.random.RandomState: _by_name, np.random.Generator: _by_name})

    def save_global(self, obj, name=None):
        name = name or getattr(obj, '__qualname__', None) or obj.__name__
        module = pickle.whichmodule(obj, name)
        for newer, older in _OLDER_NAMES.items():
            if (module + '.').startswith(newer + '.'):
                self.save(older + module[len(newer) :])
                self.save(name)
                self.write(pickle.STACK_GLOBAL)
                self.memoize(obj)
                return
        super().save_global(obj, name)

    dispatch = dict(pickle._Pickler.dispatch)  # By type; functions go to save_global there, past any method of ours.
    dispatch[types.FunctionType] = save_global
