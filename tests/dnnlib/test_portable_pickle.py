"""Files that we write are read by plain `pickle.load` on either stack."""

import ast
import collections
import json
import pathlib
import pickle
import subprocess
import sys
import types
import zlib

import numpy as np
import pytest

import dnnlib
from dnnlib import portable_pickle, unpickle
from tests import portable

PROJECT = pathlib.Path(__file__).resolve().parents[2]
SHIPPED = sorted((PROJECT / 'networks').rglob('*.pkl'))

Point = collections.namedtuple('Point', 'x y')


def values():
    """Of every kind that NumPy 2 writes under a name of its own, and a few others."""
    array = np.random.RandomState(3).randn(2, 3).astype(np.float32)
    return dict(
        array=array,
        fortran=np.asfortranarray(array),
        big_endian=array.astype('>f4'),  # NumPy reads it in the machine's own order.
        number=np.float64(0.5),
        text=np.array(['a', 'bc']),
        objects=np.array([None, 'x'], object),
        dtype=np.dtype('int64'),
        type=np.float32,
        path=pathlib.PurePosixPath('a/b'),
        easy=dnnlib.EasyDict(a=[1, (2.5, None)], b=collections.OrderedDict(c=b'd')),
        shared=[array, array],
    )


def assert_equal(one, two):
    assert type(one) is type(two)
    if isinstance(one, dict):
        assert list(one) == list(two)
        for key in one:
            assert_equal(one[key], two[key])
    elif isinstance(one, np.ndarray):
        assert one.dtype == two.dtype.newbyteorder('=') and one.flags.f_contiguous == two.flags.f_contiguous
        np.testing.assert_array_equal(one, two)
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(two)
        for a, b in zip(one, two):
            assert_equal(a, b)
    else:
        assert one == two


def test_values_come_back():
    pickled = portable_pickle.dumps(values())
    assert portable.faults(pickled) == []
    back = pickle.loads(pickled)
    assert_equal(back, values())
    assert back['shared'][0] is back['shared'][1]


@pytest.mark.parametrize('make', [np.random.RandomState, lambda seed: np.random.Generator(np.random.PCG64(seed))])
def test_random_generators_go_on(make):
    generator = make(5)
    generator.standard_normal(3)  # An odd number, so that RandomState has one in store.
    pickled = portable_pickle.dumps(generator)
    assert portable.faults(pickled) == []
    assert pickle.loads(pickled).standard_normal(2).tolist() == generator.standard_normal(2).tolist()


def test_modules_that_moved_keep_their_older_name(monkeypatch):
    def moved():
        """Stands for a function of a newer version."""

    moved.__module__, moved.__qualname__ = 'pathlib._local', 'moved'
    monkeypatch.setattr(pathlib, 'moved', moved, raising=False)
    monkeypatch.setitem(sys.modules, 'pathlib._local', types.SimpleNamespace(moved=moved))
    pickled = portable_pickle.dumps([moved, moved])
    assert b'_local' not in pickled and pickle.loads(pickled) == [moved, moved]


def test_what_cannot_be_pickled():
    with pytest.raises((pickle.PicklingError, AttributeError), match='[Pp]ickle'):
        portable_pickle.dumps(lambda: 0)


def test_faults_are_found():
    assert portable.faults(pickle.dumps([1], protocol=4)) == []
    if sys.version_info >= (3, 8):
        assert portable.faults(pickle.dumps([1], protocol=5)) == ['PROTO of protocol 5']
    newer = b'\x80\x02cnumpy._core.multiarray\n_reconstruct\n.'
    assert portable.faults(newer) == ['numpy._core.multiarray _reconstruct']


# ------------------------------------------------------------------ every writer


def test_nothing_else_writes_pickles_into_files():
    """`pickle.dump` and `pickle.dumps` are called here alone, and where a pickle is only counted."""
    counted = {'dnnlib/util.py', 'benchmarks/scale_out.py'}  # Whether it works; how many bytes travel.
    for folder in ['dnnlib', 'nvlabs_stylegan', 'nvlabs_stylegan2', 'regan', 'training', 'experiments', 'benchmarks']:
        for path in sorted((PROJECT / folder).rglob('*.py')):
            name = path.relative_to(PROJECT).as_posix()
            text = path.read_text(encoding='utf-8')
            if 'pickle' in text and name not in counted and name != 'dnnlib/portable_pickle.py':
                assert not _writes(text), '%s: dnnlib.portable_pickle writes what both stacks read' % name


def _writes(text):
    return [
        node.lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == 'pickle'
        and node.attr in ('dump', 'dumps', 'Pickler')
    ]


# ------------------------------------------------------------------ shipped networks


def test_shipped_networks():
    assert len(SHIPPED) >= 9
    assert {path.name: portable.faults(path.read_bytes()) for path in SHIPPED} == {path.name: [] for path in SHIPPED}


READ_PLAINLY = """
import json, pickle, sys, types, zlib
import numpy as np

class Network:
    def __setstate__(self, state):
        self.state = state

sys.modules['dnnlib.tflib.network'] = module = types.ModuleType('dnnlib.tflib.network')
sys.modules['dnnlib.tflib'] = types.ModuleType('dnnlib.tflib')
module.Network = Network

def sums(value):
    if isinstance(value, (tuple, list)):
        return [found for one in value for found in sums(one)]
    state = value.state
    own = [[name, zlib.crc32(np.asarray(v, np.float32).tobytes())] for name, v in state['variables']]
    return own + [found for one in state['components'].values() for found in sums(one)]

found = {}
for path in sys.argv[2:]:
    with open(path, 'rb') as file:
        found[path] = sums(pickle.load(file))
with open(sys.argv[1], 'rb') as file:
    fresh = pickle.load(file)
drawn = fresh['generator'].standard_normal(2).tolist()
print(json.dumps([found, fresh['array'].tolist(), fresh['number'], type(fresh['type']).__name__, drawn]))
"""


def sums(value):
    """[name, CRC-32] of all variables, those of components after a network's own."""
    if isinstance(value, (tuple, list)):
        return [found for one in value for found in sums(one)]
    own = [[name, zlib.crc32(array.tobytes())] for name, array in value.variables.items()]
    return own + [found for one in value.components.values() for found in sums(one)]


@pytest.mark.skipif(portable.other_python() is None, reason='the other stack has no environment in .venv')
def test_the_other_stack_s_plain_pickle(tmp_path):
    generator = np.random.RandomState(5)
    with open(str(tmp_path / 'fresh.pkl'), 'wb') as file:
        portable_pickle.dump(dict(values(), generator=generator), file)
    command = [portable.other_python(), '-c', READ_PLAINLY, str(tmp_path / 'fresh.pkl')] + [str(p) for p in SHIPPED]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=str(PROJECT))
    assert done.returncode == 0, done.stderr
    found, array, number, kind, drawn = json.loads(done.stdout)
    assert [array, number, kind] == [values()['array'].tolist(), 0.5, 'type']
    assert drawn == generator.standard_normal(2).tolist()
    assert found == {str(path): sums(unpickle.read(path)) for path in SHIPPED}
