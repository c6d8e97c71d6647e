"""Reading pickles as data: what every writer wrote is read bit for bit, and nothing that a file says is executed."""

import bz2
import collections
import contextlib
import glob
import gzip
import io
import lzma
import os
import pickle
import random
import signal
import struct
import sys

import numpy as np
import pytest

from dnnlib import unpickle
from dnnlib.unpickle import NetworkPickleError, NetworkState
from tests import make_pickles

FILES = sorted(glob.glob(os.path.join(os.path.dirname(__file__), 'pickles', '*.pkl')))
NAMES = [os.path.basename(f)[: -len('.pkl')] for f in FILES]


def content(name):
    with open(FILES[NAMES.index(name)], 'rb') as f:
        return f.read()


def read(data):
    return unpickle.read(io.BytesIO(data), 'the file')


# ------------------------------------------------------------------ good files


def assert_same_array(found, expected):
    assert isinstance(found, np.ndarray) and found.dtype == np.asarray(expected).dtype.newbyteorder('=')
    assert found.dtype.isnative and found.flags.writeable
    np.testing.assert_array_equal(found, expected)


def test_every_protocol_and_writer_is_here():
    assert NAMES == (
        ['python27-numpy1-protocol%d' % i for i in range(3)]
        + ['python311-numpy2-protocol%d' % i for i in range(6)]
        + ['python37-numpy1-protocol%d' % i for i in range(5)]
        + ['python38-numpy1-protocol5']
    )
    assert b'numpy._core' in content('python311-numpy2-protocol4') and b'numpy.core' in content(
        'python37-numpy1-protocol4'
    )
    assert b'copy_reg' in content('python27-numpy1-protocol0') and b'_frombuffer' in content(
        'python38-numpy1-protocol5'
    )


@pytest.mark.parametrize('name', NAMES)
def test_every_writer_is_read_bit_for_bit(name):
    values, expected = read(content(name)), make_pickles.sample_values()
    network, written = values.pop('network'), expected.pop('network')
    assert isinstance(network, NetworkState)
    assert (network.version, network.name, network.build_func_name, network.build_module_src) == (
        4,
        'D',
        'D_stylegan2',
        '',
    )
    assert network.static_kwargs == {'num_channels': 1, 'resolution': 8, 'label_size': 0, 'fmap_base': 8, 'fmap_max': 2}
    assert network.components == {} and network.parameters() == sum(value.size for _, value in written.variables)
    assert list(network.variables) == [name for name, _ in written.variables]
    for name, value in written.variables:
        assert_same_array(network.variables[name], value)
    assert sorted(values) == sorted(expected)
    for key, value in expected.items():
        assert_same_array(values[key], value)
        assert values[key].shape == np.shape(value)


@pytest.mark.parametrize('compress', [lzma.compress, gzip.compress, bz2.compress], ids=['xz', 'gzip', 'bzip2'])
def test_compressed_files(tmp_path, compress):
    path = tmp_path / 'network.pkl.compressed'
    path.write_bytes(compress(content('python37-numpy1-protocol4')))
    assert unpickle.read(path)['network'].name == 'D'
    with open(str(path), 'rb') as f:
        assert unpickle.read(f)['scalar'] == 0.25


@pytest.mark.parametrize('compress', [lzma.compress, gzip.compress, bz2.compress], ids=['xz', 'gzip', 'bzip2'])
def test_a_small_file_that_unfolds_to_gigabytes_is_refused(monkeypatch, compress):
    monkeypatch.setattr(unpickle, 'LARGEST', 1 << 20)
    with pytest.raises(NetworkPickleError, match='the file unfolds to more than'):
        unpickle.read(io.BytesIO(compress(bytes(2 << 20))), 'the file')


def generator(number, **changes):
    """A generator in the official form, with components, of this state version, with changes to its state:
    make_pickles.Network.
    """
    mapping = make_pickles.state('G_mapping', 'G_mapping', [('Dense0/bias', make_pickles.ramp(0, (3,)))], number)
    synthesis = make_pickles.state(
        'G_synthesis', 'G_synthesis', [('lod', 0.0), ('noise0', make_pickles.ramp(1, (1, 1, 4, 4)))], number
    )
    net = make_pickles.state(
        'Gs',
        'G_style',
        [('lod', 0.5), ('dlatent_avg', make_pickles.ramp(2, (3,)))],
        number,
        collections.OrderedDict([('synthesis', synthesis), ('mapping', mapping)]),
        {'resolution': 8},
        'import this',
    )
    net.__dict__.update(changes)
    return net


@pytest.mark.parametrize('version', [2, 3, 4, 5])
def test_components_and_every_state_version(version):
    net = read(make_pickles.dumps(generator(version, input_shapes=[[None, 3]]), 4))
    assert list(net.components) == ['synthesis', 'mapping']
    assert isinstance(net.components['mapping'], NetworkState)
    assert net.components['synthesis'].variables['lod'].shape == ()
    assert net.variables['lod'] == np.float32(0.5) and net.variables['lod'].shape == ()
    assert (net.version, net.build_module_src, net.parameters()) == (version, 'import this', 1 + 3 + 1 + 16 + 3)


def test_progressive_gan_era_files_have_no_components():
    net = make_pickles.state('Gs', 'G_paper', [('lod', 0.0)], version=2)
    del net.components
    assert read(make_pickles.dumps(net, 3, module='tfutil')).components == {}


def test_a_shared_network_stays_one():
    net = generator(3)
    G, D, Gs = read(make_pickles.dumps((net, generator(3), net), 4))
    assert G is Gs and G is not D
    assert (
        unpickle.networks((G, D, Gs)) == [G, D, Gs]
        and unpickle.networks(G) == [G]
        and unpickle.networks([1, 'x']) == []
    )


def test_dictionary_classes_become_plain_dictionaries():
    import dnnlib

    net = generator(
        3, static_kwargs=collections.OrderedDict(resolution=8, nested=dnnlib.EasyDict(a=[1, (2.5, None, True)]))
    )
    kwargs = read(make_pickles.dumps(net, 4)).static_kwargs
    assert kwargs == {'resolution': 8, 'nested': {'a': [1, (2.5, None, True)]}}
    assert type(kwargs) is dict and type(kwargs['nested']) is dict


def test_pipes_devices_and_folders_are_refused_unread(tmp_path):
    os.mkfifo(str(tmp_path / 'pipe'))
    for path, what in [(tmp_path / 'pipe', 'a pipe'), ('/dev/zero', 'a device'), (tmp_path, 'a folder')]:
        with pytest.raises(NetworkPickleError, match='%s is %s, not a file; ' % (path, what)):
            unpickle.read(path)


def test_source_may_be_a_path_or_a_stream(tmp_path):
    with pytest.raises(FileNotFoundError):
        unpickle.read(str(tmp_path / 'missing.pkl'))
    (tmp_path / 'bad.pkl').write_bytes(b'no pickle')
    with pytest.raises(NetworkPickleError, match='bad.pkl is a text, not a TensorFlow network pickle'):
        unpickle.read(tmp_path / 'bad.pkl')
    with open(str(tmp_path / 'bad.pkl'), 'rb') as f, pytest.raises(
        NetworkPickleError, match='bad.pkl is a text, not a TensorFlow network pickle'
    ):
        unpickle.read(f)
    with pytest.raises(NetworkPickleError, match='^the network of today is a text'):
        unpickle.read(tmp_path / 'bad.pkl', 'the network of today')


# ------------------------------------------------------------------ hostile files


def text(value):
    return b'X' + struct.pack('<I', len(value)) + value.encode()


def stack_global(module, name):
    return b'\x80\x04' + text(module) + text(name) + b'\x93'


def glob_(module, name):
    return ('c%s\n%s\n' % (module, name)).encode()


# Each makes a file out of the name of a callable and one string argument.
CALLS = {
    'REDUCE': lambda module, name, argument: glob_(module, name) + text(argument) + b'\x85R.',
    'STACK_GLOBAL': lambda module, name, argument: stack_global(module, name) + text(argument) + b'\x85R.',
    'INST': lambda module, name, argument: b'(' + text(argument) + ('i%s\n%s\n.' % (module, name)).encode(),
    'OBJ': lambda module, name, argument: b'(' + glob_(module, name) + text(argument) + b'o.',
    'NEWOBJ': lambda module, name, argument: b'\x80\x02' + glob_(module, name) + text(argument) + b'\x85\x81.',
    'NEWOBJ_EX': lambda module, name, argument: b'\x80\x04' + glob_(module, name) + text(argument) + b'\x85}\x92.',
    'BUILD': lambda module, name, argument: (
        glob_('dnnlib.tflib.network', 'Network')
        + b')\x81}('
        + text('x')
        + glob_(module, name)
        + text(argument)
        + b'\x85Rub.'
    ),
}

CALLABLES = [
    ('os', 'system'),
    ('posix', 'system'),
    ('builtins', 'eval'),
    ('__builtin__', 'eval'),
    ('builtins', 'exec'),
    ('builtins', '__import__'),
    ('subprocess', 'check_output'),
    ('canary', 'anything'),
    ('pickle', 'loads'),
    ('numpy', 'load'),
    ('numpy.core.multiarray', 'fromstring'),
    ('dnnlib.util', 'Logger'),
    ('dnnlib.util', 'open_url'),
    ('dnnlib.tflib.network', 'Network.run'),
    ('dnnlib.unpickle', 'os.system'),
    ('torch', 'load'),
    ('torch_utils.persistence', '_reconstruct_persistent_obj'),
]


@pytest.fixture
def canary(tmp_path, monkeypatch):
    """A file that comes into being if a hostile pickle gets its way: by a command, an expression or an import."""
    path = tmp_path / 'executed'
    (tmp_path / 'canary.py').write_text('open(%r, "w")' % str(path))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield path
    assert not path.exists()


@pytest.mark.parametrize('call', sorted(CALLS))
@pytest.mark.parametrize('module, name', CALLABLES)
def test_nothing_is_called_or_imported(canary, call, module, name):
    argument = 'touch ' + str(canary) if name in ('system', 'check_output') else 'open(%r, "w")' % str(canary)
    with pytest.raises(NetworkPickleError) as error:
        read(CALLS[call](module, name, argument))
    said = str(error.value)
    assert 'nothing of it was executed' in said
    if module == 'torch_utils.persistence':  # It is read, as data.
        assert said.startswith(('the file holds a network that is not kept', 'the file was not loaded: it names'))
    else:
        assert said.startswith('the file was not loaded: it names %s.%s' % (module, name)) or 'PyTorch' in said
        assert ('PyTorch' in said) == module.startswith('torch')
    assert 'canary' not in sys.modules


def test_the_canary_works(canary):
    """The same file does run where Python's own unpickler reads it."""
    pickle.loads(CALLS['REDUCE']('builtins', 'eval', 'open(%r, "w")' % str(canary)))
    assert canary.exists()
    canary.unlink()


DTYPE = glob_('numpy', 'dtype') + b'('
RECONSTRUCT = glob_('numpy.core.multiarray', '_reconstruct') + b'(' + glob_('numpy', 'ndarray') + b'(K\x00tU\x01btR'


def array_with(dtype, data, shape=b'K\x01\x85'):
    """An array whose state is (1, shape, dtype, False, data)."""
    return RECONSTRUCT + b'(K\x01' + shape + dtype + b'\x89' + data + b'tb.'


def dtype_with(code, state=b''):
    return glob_('numpy', 'dtype') + b'(' + text(code) + b'K\x00K\x01tR' + state


def dtype_state(fields=b'NNN', flags=b'K\x00', order='<'):
    return b'(K\x03' + text(order) + fields + b'K\x08K\x08' + flags + b'tb'


CRAFTED = {
    'object array': (array_with(dtype_with('O8'), b']' + text('x') + b'a'), "array of type 'O8'"),
    'object dtype by its letter': (array_with(dtype_with('O'), b']' + text('x') + b'a'), "array of type 'O'"),
    'pointer dtype': (array_with(dtype_with('P'), b'U\x0812345678'), "array of type 'P'"),
    'record dtype': (array_with(dtype_with('V8'), b'U\x0812345678'), "array of type 'V8'"),
    'list of fields': (
        array_with(glob_('numpy', 'dtype') + b'(](' + text('a') + text('O') + b'\x86eK\x00K\x01tR', b'U\x0812345678'),
        'array of type',
    ),
    'objects in a number array': (
        array_with(dtype_with('f8', dtype_state()), b']' + text('x') + b'a'),
        'array of Python objects',
    ),
    'objects by the dtype flags': (
        array_with(dtype_with('f8', dtype_state(flags=b'K\x3f')), b']' + text('x') + b'a'),
        'array of Python objects',
    ),
    'fields in the dtype state': (
        array_with(dtype_with('f8', dtype_state(fields=b'N(U\x01at}')), b'U\x0812345678'),
        'structured array',
    ),
    'subarray in the dtype state': (
        array_with(dtype_with('f8', dtype_state(fields=dtype_with('O') + b'NN')), b'U\x0812345678'),
        "type 'O'",
    ),
    'more shape than data': (
        array_with(dtype_with('f8'), b'U\x0812345678', b'J\xff\xff\xff\x7f\x85'),
        'not a readable pickle, or damaged',
    ),
    'broken data': (array_with(dtype_with('f8'), b'U\x071234567'), 'not a readable pickle, or damaged'),
    'call of ndarray': (glob_('numpy', 'ndarray') + b'(K\x02tR.', 'not a readable pickle, or damaged'),
    'rebuilt object of another kind': (
        glob_('copy_reg', '_reconstructor') + b'(' + glob_('__builtin__', 'object') * 2 + b'NtR.',
        'rebuilds an object',
    ),
    'bytes of any size': (glob_('builtins', 'bytes') + b'(J\xff\xff\xff\x7ftR.', 'not a readable pickle, or damaged'),
    'persistent id': (b'Pexternal\n.', "refers to data outside the file ('external')"),
    'binary persistent id': (b'\x80\x02' + text('external') + b'Q.', "refers to data outside the file ('external')"),
    'extension code': (b'\x80\x02\x82\x01.', 'not a readable pickle, or damaged'),
    'a class in place of data': (glob_('dnnlib.tflib.network', 'Network') + b'.', 'where data is expected'),
    'a function in place of data': (glob_('_codecs', 'encode') + b'.', 'where data is expected'),
    'a list that holds itself': (b']q\x00h\x00a.', 'nested too deeply'),
    'deep nesting': (b'(' + b']' * 100000 + b'a' * 99999 + b't.', 'nested too deeply'),
    'a frame longer than the file': (
        b'\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7fN.',
        'cut off|not a readable pickle',
    ),
    'out-of-band data': (b'\x80\x05\x97.', 'not a readable pickle, or damaged'),
    'protocol of the future': (b'\x80\xffN.', 'not a readable pickle, or damaged'),
}


@pytest.mark.parametrize('what', sorted(CRAFTED))
def test_crafted_files_are_refused(what):
    data, message = CRAFTED[what]
    with pytest.raises(NetworkPickleError, match=message.replace('(', r'\(').replace(')', r'\)')):
        read(data)


def test_dtype_flags_have_no_effect():
    """The flags byte of a crafted dtype state would tell NumPy that the memory holds object pointers."""
    array = read(array_with(dtype_with('f8', dtype_state(flags=b'K\x3f')), b'U\x08' + struct.pack('<d', 0.75)))
    assert array.dtype == np.float64 and array.tolist() == [0.75] and not array.dtype.hasobject


@pytest.mark.parametrize(
    'target',
    [
        ('numpy', 'ndarray'),
        ('dnnlib.tflib.network', 'Network'),
        ('numpy', 'dtype'),
        ('dnnlib.util', 'EasyDict'),
        ('_codecs', 'encode'),
        ('numpy.core.multiarray', 'scalar'),
        ('__builtin__', 'object'),
    ],
)
@pytest.mark.parametrize(
    'state',
    [
        b'}' + text('__setstate__') + text('x') + b's',
        b'N}' + text('__init__') + text('x') + b's\x86',
        b'N}' + text('state') + text('x') + b's\x86',
        b'N}' + text('__defaults__') + b')s\x86',
    ],
)
def test_a_file_cannot_change_the_reader(target, state):
    """BUILD on a class or function sets attributes of it, which would outlive the file."""
    with pytest.raises(NetworkPickleError):
        read(glob_(*target) + state + b'b.')
    expected = make_pickles.sample_values()
    values = read(content('python27-numpy1-protocol1'))
    assert_same_array(values['network'].variables['Output/weight'], expected['network'].variables[-2][1])
    assert values['network'].name == 'D' and values['scalar'] == 0.25


# ------------------------------------------------------------------ files that are something else, or damaged

DATA = bytes(range(256)) * 40

NO_PICKLES = {
    'empty': (b'', 'is empty; fetch it again'),
    'html': (
        b'\n<!DOCTYPE html><html><title>Google Drive - Quota exceeded</title>',
        'is an HTML page, not a TensorFlow network pickle',
    ),
    'lfs pointer': (b'version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n', 'Git LFS pointer'),
    'zip': (b'PK\x03\x04' + bytes(100), 'is a zip archive'),
    'jpeg': (b'\xff\xd8\xff\xe0' + bytes(100), 'is a JPEG image, not a TensorFlow network pickle'),
    'text': (b'The network is in another castle.\n', 'is a text, not a TensorFlow network pickle'),
    'noise': (b'\xf7' + bytes(range(256)), 'not a readable pickle, or damaged'),
    'cut xz': (lzma.compress(DATA)[:-20], 'is compressed, and damaged or cut off'),
    'broken xz': (
        lzma.compress(DATA)[:40] + b'\xff' + lzma.compress(DATA)[41:],
        'is compressed, and damaged or cut off',
    ),
    'cut gzip': (gzip.compress(DATA)[:-20], 'is compressed, and damaged or cut off'),
    'broken gzip': (gzip.compress(DATA)[:-6] + b'abcdef', 'is compressed, and damaged or cut off'),
    'cut bzip2': (bz2.compress(DATA)[:-20], 'is compressed, and damaged or cut off'),
    'compressed nothing': (lzma.compress(b''), 'is empty'),
    'compressed html': (gzip.compress(b'<html>'), 'HTML page'),
}


@pytest.mark.parametrize('what', sorted(NO_PICKLES))
def test_files_that_are_something_else(what):
    data, message = NO_PICKLES[what]
    with pytest.raises(NetworkPickleError, match='^the file ' + ('.*' if message.startswith('not') else '')) as error:
        read(data)
    assert message in str(error.value)


def without(net, key):
    del net.__dict__[key]
    return net


BAD_STATES = {
    'Theano network': (lambda: without(generator(3), 'version'), 'without a state version, as the Theano code'),
    'version as text': (
        lambda: generator(4, version='4'),
        "network 'Gs': state version '4' is unknown; versions 2 to 5 can be read",
    ),
    'version of the future': (
        lambda: generator(4, version=6),
        "network 'Gs': state version 6 is unknown; versions 2 to 5 can be read",
    ),
    'no name': (lambda: generator(4, name=None), "field 'name' is missing or damaged (found NoneType)"),
    'no arguments': (
        lambda: without(generator(4), 'static_kwargs'),
        "network 'Gs': field 'static_kwargs' is missing or damaged (found NoneType)",
    ),
    'no build function': (
        lambda: generator(4, build_func_name=7),
        "field 'build_func_name' is missing or damaged (found int)",
    ),
    'no variables': (lambda: generator(4, variables={}), "field 'variables' is missing or damaged (found dict)"),
    'components in a list': (lambda: generator(4, components=[1]), "field 'components' is damaged (found list)"),
    'variable without value': (
        lambda: generator(4, variables=['lod']),
        "the list of variables is damaged (found 'str')",
    ),
    'variable without name': (
        lambda: generator(4, variables=[(1, 2)]),
        "the list of variables is damaged (found 'tuple')",
    ),
    'non-numeric variable': (
        lambda: generator(4, variables=[('lod', 'half')]),
        "variable 'lod' is not numeric (found str)",
    ),
    'ragged variable': (
        lambda: generator(4, variables=[('lod', [[1], [2, 3]])]),
        "variable 'lod' is not numeric (found list)",
    ),
}

BAD_STATES.update(
    ('network called %.30r' % name, (lambda name=name: generator(4, name=name), 'a name of a network holds letters'))
    for name in ['../../x; touch y', '', 'a b', 'G\n', 'a/b', 'a\0b', '\x1b[2J', '_G', '-G', 'G\u202etxt', 'x' * 101]
)
BAD_STATES.update(
    {
        'build function that is no name': (
            lambda: generator(4, build_func_name='os.system("x")'),
            'is no name of a build function; the file is damaged, or crafted',
        ),
        'argument that is no name': (
            lambda: generator(4, static_kwargs={3: 4}),
            '3 is no name of an argument; the file is damaged, or crafted',
        ),
        'component that is no name': (
            lambda: generator(4, components={'a b': generator(4)}),
            "'a b' is no name of a component",
        ),
        'component that is no network': (
            lambda: generator(4, components={'synthesis': 3}),
            "network 'Gs': the component 'synthesis' is no network (found int)",
        ),
        'variable of no name': (
            lambda: generator(4, variables=[('../x\n', 0.0)]),
            "'../x\\n' is no name of a variable; the file is damaged, or crafted",
        ),
    }
)


@pytest.mark.parametrize('what', sorted(BAD_STATES))
def test_states_that_no_network_has(what):
    make, message = BAD_STATES[what]
    with pytest.raises(NetworkPickleError) as error:
        read(make_pickles.dumps(make(), 3, module='network' if 'Theano' in what else 'dnnlib.tflib.network'))
    assert str(error.value).startswith('the file') and message in str(error.value)


def test_bad_state_of_a_component_names_the_component():
    net = generator(4)
    net.components['mapping'].variables = [('Dense0/bias', 'x')]
    with pytest.raises(
        NetworkPickleError, match="the file, network 'G_mapping': variable 'Dense0/bias' is not numeric"
    ):
        read(make_pickles.dumps(net, 4))


@pytest.mark.parametrize(
    'name, step',
    [
        ('python27-numpy1-protocol0', 7),
        ('python27-numpy1-protocol2', 3),
        ('python37-numpy1-protocol4', 1),
        ('python311-numpy2-protocol5', 1),
    ],
)
def test_truncated_anywhere(name, step):
    data = content(name)
    for size in list(range(0, len(data), step)) + [len(data) - 1]:
        with pytest.raises(NetworkPickleError):
            read(data[:size])


def test_endless_names_are_not_printed():
    """Thirty lists, each holding the one before twice: a small file, and a text of 2 ** 30 words."""
    endless = 'x'
    for _ in range(30):
        endless = [endless, endless]
    with time_limit(10):
        for net in (generator(4, name=endless), generator(4, version=endless)):
            with pytest.raises(NetworkPickleError) as error:
                read(make_pickles.dumps(net, 4))
            assert len(str(error.value)) < 1000


@contextlib.contextmanager
def time_limit(seconds):
    """Raises TimeoutError in the block when the time is over."""

    def stop(*_):
        raise TimeoutError('no end after %d s' % seconds)

    previous = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


@pytest.mark.filterwarnings('ignore:invalid escape sequence')  # In the text of protocol 0.
@pytest.mark.parametrize(
    'name',
    [
        'python27-numpy1-protocol0',
        'python37-numpy1-protocol2',
        'python37-numpy1-protocol4',
        'python311-numpy2-protocol5',
    ],
)
def test_random_damage(name):
    """Changed bytes give another value or a NetworkPickleError, never anything else, and always in time."""
    data, rnd = content(name), random.Random(name)
    outcomes = collections.Counter()
    with time_limit(60):
        for _ in range(400):
            damaged = bytearray(data)
            for _ in range(rnd.choice([1, 1, 2, 5])):
                damaged[rnd.randrange(len(damaged))] = rnd.randrange(256)
            try:
                read(bytes(damaged))
                outcomes['read'] += 1
            except NetworkPickleError as error:
                assert str(error).startswith('the file')
                outcomes['refused'] += 1
    assert min(outcomes['refused'], outcomes['read']) > 30
