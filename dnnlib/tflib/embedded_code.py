"""Executes the Python source text that a pickle embeds: for readers who said that they trust it, and nowhere else."""

import re
import sys
import types
import uuid
import warnings

from .. import trust
from ..unpickle import NetworkPickleError

_sources = {}  # Module made from embedded source text -> that text.


def execute(state, path):
    """Runs the source text of a network.

    Args:
        state: `NetworkState` with that text.
        path: how messages call the file.
    Returns: the build function that the text defines.
    Raises: NetworkPickleError if the text fails or lacks the function.
    """
    warnings.warn(
        'Executing the Python code embedded in %s for network %r, as trust_embedded_code or %s=1 allows: '
        'it can do anything on this machine that you can.' % (path, state.name, trust.VARIABLE)
    )
    module = types.ModuleType('_tflib_network_import_' + uuid.uuid4().hex)
    sys.modules[module.__name__] = module
    # The 1.x API under its old name, which TensorFlow 2 gives to another one.
    source = re.sub(
        r'^import tensorflow as tf\b', 'import tensorflow.compat.v1 as tf', state.build_module_src, flags=re.MULTILINE
    )
    try:
        exec(compile(source, module.__name__, 'exec'), module.__dict__)
        function = module.__dict__[state.build_func_name]
    except Exception as e:
        raise NetworkPickleError(
            '%s, network %r: the embedded code failed (%s: %s).' % (path, state.name, type(e).__name__, e)
        )
    _sources[module] = state.build_module_src
    return function


def source_of(module):
    """The text that a module was made from by `execute`, or None."""
    return _sources.get(module)
