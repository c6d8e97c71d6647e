"""Gives a module the names of a table that it lacks."""

import functools
import warnings


def put_back(module, names):
    """Sets those names that the module does not have; the others stay as they are.

    Args:
        module: a module, or anything with attributes.
        names: dict of a name that was once there, perhaps in a class ('Thread.isAlive') -> what it stands for: a str is
            today's name in the same module ('Thread.is_alive'), anything else the value itself. An entry whose class,
            or whose name of today, is not there is passed over.
    """
    for name, value in names.items():
        path, _, last = name.rpartition('.')
        owner = find(module, path)
        if owner is None or find(owner, last) is not None:
            continue
        value = find(module, value) if isinstance(value, str) else value
        if value is not None:
            setattr(owner, last, value)


def find(module, path):
    """The attribute at a dotted path, the module itself for '', and None where there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # Modules warn when they are asked for what is about to go.
            return functools.reduce(getattr, path.split('.') if path else [], module)
    except (AttributeError, ImportError):  # The latter from modules that import a part when it is asked for.
        return None
