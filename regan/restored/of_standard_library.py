"""Names that Python has dropped since 3.6."""

import collections
import collections.abc
import errno
import importlib.util
import math
import os
import sys

from regan.restored.put_back import put_back


def restore(module):
    """Puts names back in one module of Python's own."""
    put_back(module, NAMES[module.__name__])


ArgSpec = collections.namedtuple('ArgSpec', 'args varargs keywords defaults')


def getargspec(function):
    """The arguments of a function without annotations and keyword-only arguments, as `inspect.getargspec` gave them.

    Raises: ValueError for a function that has any.
    """
    import inspect

    found = inspect.getfullargspec(function)
    if found.kwonlyargs or found.annotations:
        raise ValueError('Function has keyword-only parameters or annotations, use inspect.signature()')
    return ArgSpec(found.args, found.varargs, found.varkw, found.defaults)


def load_source(name, path):
    """The module of a file, which becomes importable as `name`: `imp.load_source`."""
    spec = importlib.util.spec_from_file_location(name, path)
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


NAMES = {
    'base64': {'encodestring': 'encodebytes', 'decodestring': 'decodebytes'},
    'collections': {name: getattr(collections.abc, name) for name in collections.abc.__all__},
    'configparser': {'SafeConfigParser': 'ConfigParser'},
    'fractions': {'gcd': math.gcd},
    'imp': {'load_source': load_source, 'reload': importlib.reload},
    'inspect': {'ArgSpec': ArgSpec, 'getargspec': getargspec},
    'os': {'errno': errno},
    'threading': {'Thread.isAlive': 'Thread.is_alive'},
    'time': {'clock': 'perf_counter' if os.name == 'nt' else 'process_time'},
}
