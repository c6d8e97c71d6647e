"""Helpers that scripts expect under `dnnlib.util` (official dnnlib API)."""

import ctypes
import fnmatch
import importlib
import inspect
import os
import pickle
import shutil
import sys
from urllib.parse import urlparse

import numpy as np

from dnnlib.download import make_cache_dir_path, open_url, set_cache_dir


class EasyDict(dict):
    """A dict whose items are also attributes.

    >>> d = EasyDict(a=1)
    >>> d.b = d.a + 1
    >>> d
    {'a': 1, 'b': 2}
    """

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name, value):
        self[name] = value

    def __delattr__(self, name):
        try:
            del self[name]
        except KeyError:
            raise AttributeError(name) from None


class Logger:
    """Context manager that copies everything printed to stdout and stderr to a file as well.

    Args:
        file_name: path, or None for no file.
        file_mode: 'w' or 'a'.
        should_flush: flush both after each write.
    """

    def __init__(self, file_name=None, file_mode='w', should_flush=True):
        self.file = open(file_name, file_mode, encoding='utf-8') if file_name is not None else None
        self.should_flush = should_flush
        self.stdout = sys.stdout
        self.stderr = sys.stderr
        sys.stdout = self
        sys.stderr = self

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    def write(self, text):
        """Writes str to the file and to the stdout that was there before. Returns its length."""
        if self.file is not None:
            self.file.write(text)
        self.stdout.write(text)
        if self.should_flush:
            self.flush()
        return len(text)

    def flush(self):
        """Flushes the file and the stdout that was there before."""
        if self.file is not None:
            self.file.flush()
        self.stdout.flush()

    def close(self):
        """Closes the file; gives each stream back, unless another replaced this logger meanwhile."""
        self.flush()
        if sys.stdout is self:
            sys.stdout = self.stdout
        if sys.stderr is self:
            sys.stderr = self.stderr
        if self.file is not None:
            self.file.close()
            self.file = None


# ------------------------------------------------------------------ small helpers


def format_time(seconds):
    """Seconds (rounded to an integer) in words.

    >>> [format_time(s) for s in (7.4, 67, 3607, 90061)]
    ['7s', '1m 07s', '1h 00m 07s', '1d 01h 01m']
    """
    s = int(round(seconds))
    if s < 60:
        return '%ds' % s
    if s < 60 * 60:
        return '%dm %02ds' % (s // 60, s % 60)
    if s < 24 * 60 * 60:
        return '%dh %02dm %02ds' % (s // 3600, s // 60 % 60, s % 60)
    return '%dd %02dh %02dm' % (s // 86400, s // 3600 % 24, s // 60 % 60)


def ask_yes_no(question):
    """Asks on the terminal until the answer is a word for yes (True) or no (False)."""
    answers = {
        'y': True,
        'yes': True,
        't': True,
        'true': True,
        'on': True,
        '1': True,
        'n': False,
        'no': False,
        'f': False,
        'false': False,
        'off': False,
        '0': False,
    }
    while True:
        print('%s [y/n]' % question)
        answer = input().strip().lower()
        if answer in answers:
            return answers[answer]


def tuple_product(t):
    """Product of the elements; 1 for the empty tuple."""
    result = 1
    for v in t:
        result *= v
    return result


_CTYPES = dict(
    uint8=ctypes.c_uint8,
    uint16=ctypes.c_uint16,
    uint32=ctypes.c_uint32,
    uint64=ctypes.c_uint64,
    int8=ctypes.c_int8,
    int16=ctypes.c_int16,
    int32=ctypes.c_int32,
    int64=ctypes.c_int64,
    float32=ctypes.c_float,
    float64=ctypes.c_double,
)


def get_dtype_and_ctype(type_obj):
    """(numpy dtype, ctypes type) of a number type, given by its name or an object with `__name__` or `name`.

    Raises ValueError for types other than (u)int8 to (u)int64, float32 and float64.
    """
    name = type_obj if isinstance(type_obj, str) else getattr(type_obj, '__name__', getattr(type_obj, 'name', None))
    if name not in _CTYPES:
        raise ValueError('No number type %r; the known ones are %s.' % (type_obj, ', '.join(_CTYPES)))
    return np.dtype(name), _CTYPES[name]


def is_pickleable(obj):
    """Whether pickle can write the object."""
    try:
        pickle.dumps(obj)
    except Exception:  # An object's own pickling code may raise anything.
        return False
    return True


# ------------------------------------------------------------------ objects by name

# TensorFlow 1 names, on TensorFlow 2 too.
_MODULE_ALIASES = {'np': 'numpy', 'tf': 'tensorflow.compat.v1'}


def get_module_from_obj_name(obj_name):
    """(module, rest of the name) of a dotted name; 'np.' and 'tf.' may abbreviate NumPy and TensorFlow 1.

    The module is the longest prefix that can be imported and has the object.
    Raises ImportError if no prefix is a module, AttributeError if none has the object. An error raised inside
    a module that exists is passed on.
    """
    head, dot, tail = obj_name.partition('.')
    parts = (_MODULE_ALIASES.get(head, head) + dot + tail).split('.')
    missing = None
    for i in range(len(parts), 0, -1):
        module = _import_if_exists('.'.join(parts[:i]))
        if module is None:
            continue
        local_name = '.'.join(parts[i:])
        try:
            get_obj_from_module(module, local_name)
            return module, local_name
        except AttributeError as e:
            missing = missing or e
    raise missing or ImportError('There is no module for %r.' % obj_name)


def _import_if_exists(module_name):
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as e:
        if e.name is not None and (module_name + '.').startswith(e.name + '.'):
            return None
        raise  # The module exists; something that it imports does not.


def get_obj_from_module(module, obj_name):
    """Follows a dotted name from the module; the empty name is the module itself."""
    obj = module
    for part in obj_name.split('.') if obj_name else []:
        obj = getattr(obj, part)
    return obj


def get_obj_by_name(name):
    """The object of a dotted name, such as 'training.networks_stylegan2.G_main'."""
    module, obj_name = get_module_from_obj_name(name)
    return get_obj_from_module(module, obj_name)


def call_func_by_name(*args, func_name=None, **kwargs):
    """Calls the function of that dotted name with the other arguments."""
    if func_name is None:
        raise ValueError('call_func_by_name needs func_name.')
    func_obj = get_obj_by_name(func_name)
    if not callable(func_obj):
        raise TypeError('%s is not callable.' % func_name)
    return func_obj(*args, **kwargs)


def construct_class_by_name(*args, class_name=None, func_name=None, **kwargs):
    """Makes an object of the class of that dotted name, which may be given under either keyword, with the other
    arguments.
    """
    return call_func_by_name(*args, func_name=class_name or func_name, **kwargs)


def get_module_dir_by_obj_name(obj_name):
    """Folder of the file of the module that holds the object."""
    module, _ = get_module_from_obj_name(obj_name)
    return os.path.dirname(inspect.getfile(module))


def is_top_level_function(obj):
    """Whether the object can be found again by its name in its module."""
    return callable(obj) and getattr(obj, '__name__', None) in vars(sys.modules[obj.__module__])


def get_top_level_function_name(obj):
    """'module.function'. In the script that was started, its file name stands for '__main__'.

    Raises ValueError if the function is not at the top level of its module.
    """
    if not is_top_level_function(obj):
        raise ValueError('%r is not a top-level function of a module.' % (obj,))
    module = obj.__module__
    if module == '__main__' and hasattr(sys.modules[module], '__file__'):
        module = os.path.splitext(os.path.basename(sys.modules[module].__file__))[0]
    return module + '.' + obj.__name__


# ------------------------------------------------------------------ files


def list_dir_recursively_with_ignore(dir_path, ignores=None, add_base_to_relative=False):
    """All files below a folder: list of (absolute path, path relative to the folder).

    Args:
        ignores: fnmatch patterns of the names of files and folders to leave out.
        add_base_to_relative: begin the relative paths with the folder's own name.
    """
    ignores = ignores or []
    base = os.path.basename(os.path.normpath(dir_path)) if add_base_to_relative else ''
    result = []
    for root, dirs, files in os.walk(dir_path):
        dirs[:] = _not_ignored(dirs, ignores)
        for name in _not_ignored(files, ignores):
            path = os.path.join(root, name)
            result.append((os.path.abspath(path), os.path.join(base, os.path.relpath(path, dir_path))))
    return result


def _not_ignored(names, ignores):
    return [n for n in names if not any(fnmatch.fnmatch(n, pattern) for pattern in ignores)]


def copy_files_and_create_dirs(files):
    """Copies files, given as (source, destination) pairs; makes missing folders."""
    for src, dst in files:
        os.makedirs(os.path.dirname(os.path.abspath(dst)), exist_ok=True)
        shutil.copyfile(src, dst)


def is_url(obj, allow_file_urls=False):
    """Whether this is a str with a scheme and a host that contains a dot; optionally also file:// URLs."""
    if not isinstance(obj, str) or '://' not in obj:
        return False
    if allow_file_urls and obj.startswith('file://'):
        return True
    try:
        parts = urlparse(obj)
    except ValueError:
        return False
    return bool(parts.scheme) and '.' in parts.netloc
