"""What a Python that `regan script` starts, and every Python that this one starts, imports first."""

import importlib.machinery
import importlib.util
import os
import sys


def start():
    """Puts names back from now on, then does what the environment's own sitecustomize does, if it has one."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder) != here]
    try:
        from regan.restored import importing
    except ImportError:  # The Python of another environment, which the script started.
        pass
    else:
        importing.start()
    spec = importlib.machinery.PathFinder.find_spec('sitecustomize')
    if spec is not None:
        sys.modules['sitecustomize'] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)


if __name__ == 'sitecustomize':
    start()
