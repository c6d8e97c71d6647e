"""TensorFlow 1 by its old name: in TensorFlow 2, `tensorflow` becomes `tensorflow.compat.v1`, in graph mode.

Modules below `tensorflow` follow: those that TensorFlow 1 has under a public name are its own, `tensorflow.python` is
what it is, and `tensorflow.contrib`, which has no successor, says what is missing when it is used.
"""

import importlib
import importlib.abc
import importlib.machinery
import logging
import sys
import types

from regan.restored.importing import Known
from regan.restored.put_back import find

CONTRIB = 'tensorflow.contrib'
_SAME = ('compat', 'keras', 'python')  # Modules below `tensorflow` that stay what they are.


def restore(module):
    """Puts TensorFlow 1 in the place of TensorFlow 2; TensorFlow 1 stays as it is."""
    if find(module, '__version__').startswith('1.'):
        return
    from tensorflow.compat import v1

    _use_graphs(v1)
    sys.modules['tensorflow'] = standing_for(module, v1)
    sys.meta_path.insert(0, Finder(v1))


def _use_graphs(v1):
    from tensorflow.python.util import deprecation

    # The script is known to use what is deprecated; a line for each such name hides its own output.
    deprecation._PRINT_DEPRECATION_WARNINGS = False
    logging.getLogger('tensorflow').addFilter(lambda record: 'deprecat' not in record.getMessage().lower())
    v1.disable_v2_behavior()


def standing_for(module, v1):
    """A module that has the names of TensorFlow 1, then those that only TensorFlow 2 has.

    Args:
        module: the `tensorflow` of TensorFlow 2.
        v1: its `compat.v1`.
    """
    found = _TensorFlow1('tensorflow', v1.__doc__)
    # What the import system asks of a package, and what both versions have.
    for name in ('__file__', '__loader__', '__package__', '__path__', '__spec__', '__version__', 'compat'):
        setattr(found, name, getattr(module, name))
    found.__dict__['_places'] = (v1, module)
    return found


class _TensorFlow1(types.ModuleType):
    def __getattr__(self, name):
        if name == 'contrib':
            return importlib.import_module(CONTRIB)
        for place in self.__dict__['_places']:
            try:
                return getattr(place, name)
            except (AttributeError, ImportError):  # The latter for what needs an optional package.
                pass
        below = sys.modules.get('tensorflow.' + name) or sys.modules.get('tensorflow.python.' + name)
        if below is None:
            raise AttributeError('tensorflow.compat.v1, which stands for tensorflow here, has no attribute %r' % name)
        return below

    def __dir__(self):
        return sorted({name for place in self.__dict__['_places'] for name in dir(place)} | set(self.__dict__))


# ------------------------------------------------------------------ modules below


class Finder(importlib.abc.MetaPathFinder):
    """Finds the public modules of TensorFlow 1, and any module of `tensorflow.contrib`.

    Args:
        v1: `tensorflow.compat.v1`.
    """

    def __init__(self, v1):
        self._v1 = v1

    def find_spec(self, name, path=None, target=None):
        """The spec of a module, or None if it is to be found elsewhere."""
        if (name + '.').startswith(CONTRIB + '.'):
            return importlib.machinery.ModuleSpec(name, Known(_Contrib(name)), is_package=True)
        top, _, below = name.partition('.')
        module = getattr(self._v1, below, None) if top == 'tensorflow' and below.isidentifier() else None
        if module is None or below in _SAME or not isinstance(module, types.ModuleType):
            return None
        return importlib.machinery.ModuleSpec(name, Known(module), is_package=True)


class Missing:
    """Something of `tensorflow.contrib`: it can be imported and handed on, but not used.

    Args:
        name: dotted, from `tf` on.
    """

    def __init__(self, name):
        self._name = name

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return Missing('%s.%s' % (self._name, name))

    def __repr__(self):
        return '<%s, which this TensorFlow lacks>' % self._name

    def _refuse(self, *arguments, **options):
        import tensorflow

        raise AttributeError(
            '%s is gone: TensorFlow %s has no tf.contrib; run the script with TensorFlow 1.15 (Python 3.7), or write '
            'it without.' % (self._name, tensorflow.__version__)
        )

    __call__ = __getitem__ = __iter__ = __len__ = __enter__ = __mro_entries__ = _refuse
    __instancecheck__ = __subclasscheck__ = _refuse


class _Contrib(types.ModuleType):
    """`tensorflow.contrib`, or a module in it."""

    __path__ = ()

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return Missing('tf%s.%s' % (self.__name__[len('tensorflow') :], name))
