"""Sees modules being imported, and puts names back in them.

Only what a script imports is touched, when it imports it: Python starts as quickly as ever.
"""

import importlib
import importlib.abc
import importlib.machinery
import sys

# Module -> the module of this room whose function restore(module) puts names back there.
RESTORED = {
    'PIL': 'pillow',
    'PIL.Image': 'pillow',
    'PIL.ImageDraw': 'pillow',
    'PIL.ImageFont': 'pillow',
    'PIL.ImageMath': 'pillow',
    'base64': 'standard_library',
    'collections': 'standard_library',
    'configparser': 'standard_library',
    'fractions': 'standard_library',
    'imp': 'standard_library',
    'inspect': 'standard_library',
    'matplotlib.backend_bases': 'matplotlib',
    'matplotlib.backends.backend_agg': 'matplotlib',
    'matplotlib.cm': 'matplotlib',
    'numpy': 'numpy',
    'os': 'standard_library',
    'pickle': 'pickle',
    'scipy.integrate': 'scipy',
    'scipy.misc': 'scipy',
    'scipy.signal': 'scipy',
    'tensorflow': 'tensorflow',
    'threading': 'standard_library',
    'time': 'standard_library',
}
WHOLE = ('imp', 'scipy.misc')  # Those that may be gone altogether.
MOVED = {  # Module that is gone -> the one that does its work.
    'sklearn.externals.joblib': 'joblib',
    'sklearn.externals.six': 'six',
    'xml.etree.cElementTree': 'xml.etree.ElementTree',
}


def start():
    """Puts names back in the modules above: in those that are imported now, in others as soon as they are."""
    sys.meta_path.insert(0, Finder())
    for name in [name for name in RESTORED if name in sys.modules]:
        restore(sys.modules[name])


def restore(module):
    """Puts names back in one of the modules above, after its import."""
    importlib.import_module('regan.restored.of_' + RESTORED[module.__name__]).restore(module)


class Finder(importlib.abc.MetaPathFinder):
    """Finds the modules above where they are, and puts names back after their import."""

    def find_spec(self, name, path=None, target=None):
        """The spec of one of these modules, None for every other."""
        if name not in RESTORED and name not in MOVED:
            return None
        others = (finder for finder in sys.meta_path if finder is not self and hasattr(finder, 'find_spec'))
        spec = next(filter(None, (finder.find_spec(name, path, target) for finder in others)), None)
        if spec is None and name in WHOLE:
            return importlib.machinery.ModuleSpec(name, _Nothing())
        if spec is None and name in MOVED:
            return importlib.machinery.ModuleSpec(name, Known(importlib.import_module(MOVED[name])))
        if spec is not None and name in RESTORED:
            spec.loader = _Restoring(spec.loader)
        return spec


class _Restoring(importlib.abc.Loader):
    """A module's own loader, and then `restore`."""

    def __init__(self, loader):
        self._loader = loader

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        module.__loader__ = module.__spec__.loader = self._loader  # What asks the module for its source finds it there.
        self._loader.exec_module(module)
        restore(module)


class _Nothing(importlib.abc.Loader):
    """Loads a module that is gone: empty, until its names are put back."""

    def exec_module(self, module):
        restore(module)


class Known(importlib.abc.Loader):
    """Gives a module that is there already, under a second name.

    Args:
        module: that module; it stays as it is.
    """

    def __init__(self, module):
        self._module, self._spec = module, getattr(module, '__spec__', None)

    def create_module(self, spec):
        """The module."""
        return self._module

    def exec_module(self, module):
        """Undoes what the import system has noted in the module: where its second name comes from."""
        if self._spec is not None:
            module.__spec__ = self._spec
