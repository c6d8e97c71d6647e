"""Names that NumPy has dropped since 1.14, and what some of its functions took.

NumPy 1 has most of them; it is given `numpy._core`, the name by which NumPy 2 pickles arrays, and in what a script
pickles with NumPy 2 they have NumPy 1's name.
"""

import builtins
import ctypes
import functools
import gc
import math
import os
import pickle
import sys
import types
import warnings

import numpy as np

from regan.restored.put_back import find, put_back


def restore(module):
    """Puts names back in NumPy."""
    put_back(module, NAMES)
    if find(module, '_core') is None:
        for part in ('', '.multiarray', '.numeric'):
            sys.modules['numpy._core' + part] = sys.modules['numpy.core' + part]
        return  # NumPy 1: everything below works.
    for name in TAKE_ITERATORS:
        setattr(module, name, taking_iterators(getattr(module, name)))
    module.sum = summing_generators(module.sum)
    module.fromstring = reading_bytes(module.fromstring)
    _put_back_methods(METHODS)
    for function in (module._core.multiarray._reconstruct, module._core.multiarray.scalar):
        function.__module__ = 'numpy.core.multiarray'  # What pickles call it, so that NumPy 1 reads them.


# ------------------------------------------------------------------ names


def in1d(ar1, ar2, assume_unique=False, invert=False, **options):
    """Whether each element of the flattened `ar1` is in `ar2`: bool [n]."""
    return np.isin(np.asarray(ar1).ravel(), ar2, assume_unique=assume_unique, invert=invert, **options)


def asfarray(a, dtype=np.float64):
    """An array of floating point numbers; whole numbers become float64."""
    return np.asarray(a, dtype if np.issubdtype(dtype, np.inexact) else np.float64)


def asscalar(a):
    """The only element of an array, as a number of Python."""
    return a.item()


def alen(a):
    """Length of the first axis; 1 of a number."""
    return len(np.atleast_1d(a))


def msort(a):
    """A copy, sorted along the first axis."""
    return np.sort(a, axis=0)


def find_common_type(array_types, scalar_types):
    """The type that holds arrays of these types; scalars count where they are of a higher kind."""
    arrays, scalars = [[np.dtype(one) for one in kinds] for kinds in (array_types, scalar_types)]
    if not arrays or not scalars:
        return np.result_type(*arrays, *scalars)
    one, other = np.result_type(*arrays), np.result_type(*scalars)
    kinds = 'buifc'
    return other if kinds.find(other.kind) > kinds.find(one.kind) else one


def issubclass_(one, other):
    """`issubclass` that is False for what is no class."""
    return isinstance(one, type) and issubclass(one, other)


SCTYPES = {
    'int': [np.int8, np.int16, np.int32, np.int64],
    'uint': [np.uint8, np.uint16, np.uint32, np.uint64],
    'float': [np.float16, np.float32, np.float64, np.longdouble],
    'complex': [np.complex64, np.complex128, np.clongdouble],
    'others': [builtins.bool, builtins.object, builtins.bytes, builtins.str, np.void],
}

# For `put_back`.
NAMES = {
    'ALLOW_THREADS': 1,
    'AxisError': 'exceptions.AxisError',
    'ComplexWarning': 'exceptions.ComplexWarning',
    'DataSource': 'lib.npyio.DataSource',
    'Inf': 'inf',
    'Infinity': 'inf',
    'ModuleDeprecationWarning': 'exceptions.ModuleDeprecationWarning',
    'NINF': -np.inf,
    'NZERO': -0.0,
    'NaN': 'nan',
    'PINF': 'inf',
    'PZERO': 0.0,
    'RankWarning': 'exceptions.RankWarning',
    'TooHardError': 'exceptions.TooHardError',
    'VisibleDeprecationWarning': 'exceptions.VisibleDeprecationWarning',
    'alen': alen,
    'alltrue': 'all',
    'asfarray': asfarray,
    'asscalar': asscalar,
    'bool': builtins.bool,
    'bool8': 'bool_',
    'byte_bounds': 'lib.array_utils.byte_bounds',
    'bytes0': 'bytes_',
    'cfloat': 'complex128',
    'clongfloat': 'clongdouble',
    'compare_chararrays': 'char.compare_chararrays',
    'complex': builtins.complex,
    'complex_': 'complex128',
    'cumproduct': 'cumprod',
    'find_common_type': find_common_type,
    'float': builtins.float,
    'float_': 'float64',
    'format_parser': 'rec.format_parser',
    'in1d': in1d,
    'infty': 'inf',
    'int': builtins.int,
    'int0': 'intp',
    'issubclass_': issubclass_,
    'issubsctype': 'issubdtype',
    'loads': pickle.loads,
    'long': builtins.int,
    'longcomplex': 'clongdouble',
    'longfloat': 'longdouble',
    'mat': 'asmatrix',
    'math': math,
    'msort': msort,
    'object': builtins.object,
    'object0': 'object_',
    'os': os,
    'product': 'prod',
    'rank': 'ndim',
    'round_': 'round',
    'row_stack': 'vstack',
    'sctypes': SCTYPES,
    'singlecomplex': 'complex64',
    'sometrue': 'any',
    'str': builtins.str,
    'str0': 'str_',
    'string_': 'bytes_',
    'sys': sys,
    'trapz': 'trapezoid',
    'typeDict': 'sctypeDict',
    'uint0': 'uintp',
    'unicode': builtins.str,
    'unicode_': 'str_',
    'void0': 'void',
    'warnings': warnings,
}

# ------------------------------------------------------------------ what functions took

TAKE_ITERATORS = ('column_stack', 'concatenate', 'dstack', 'hstack', 'row_stack', 'stack', 'vstack')


def taking_iterators(function):
    """A function of several arrays that also takes an iterator over them, or a view of a dict's values."""

    @functools.wraps(function)
    def taking(arrays, *arguments, **options):
        if hasattr(arrays, '__iter__') and not hasattr(arrays, '__getitem__'):
            arrays = list(arrays)
        return function(arrays, *arguments, **options)

    return taking


def summing_generators(function):
    """`np.sum` that also adds up what a generator gives, as Python does."""

    @functools.wraps(function)
    def summing(a, *arguments, **options):
        if isinstance(a, types.GeneratorType):
            return builtins.sum(a)
        return function(a, *arguments, **options)

    return summing


def reading_bytes(function):
    """`np.fromstring` that, without `sep`, also copies the bytes of a string."""

    @functools.wraps(function)
    def reading(string, dtype=float, count=-1, sep='', **options):
        if sep:
            return function(string, dtype, count, sep=sep, **options)
        data = string.encode('latin1') if isinstance(string, str) else string
        return np.frombuffer(data, dtype, count).copy()

    return reading


# ------------------------------------------------------------------ methods of arrays


def _itemset(array, *arguments):
    *index, value = arguments
    if len(index) == 1 and isinstance(index[0], tuple):
        index = index[0]
    if len(index) > 1:
        array[tuple(index)] = value
    else:
        array.flat[index[0] if index else 0] = value


METHODS = {
    'itemset': _itemset,
    'newbyteorder': lambda array, order='S': array.view(array.dtype.newbyteorder(order)),
    'ptp': lambda array, axis=None, out=None, keepdims=False: np.ptp(array, axis, out, keepdims),
    'tostring': lambda array, order='C': array.tobytes(order),
}


def _put_back_methods(methods):
    """ndarray is written in C, and Python refuses to set its attributes: its dictionary is changed beneath."""
    own = gc.get_referents(np.ndarray.__dict__)[0]
    for name, method in methods.items():
        own.setdefault(name, method)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(np.ndarray))
