"""Files that are made to do harm: nothing is executed, one sentence says what is wrong, and memory stays bounded."""

import io
import struct
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest

from dnnlib import file_kinds, torch_files, unpickle
from dnnlib.pickled_data import NetworkPickleError
from dnnlib.torch_files import containers
from tests import plain_torch
from tests.dnnlib import test_torch_files as forms
from tests.plain_torch import FLOAT, Call, Named, Persistent, pickled, tensor, zip_file

MEGABYTE = 1 << 20
MOST = 200 * MEGABYTE  # Of the memory that a hostile file may take: SPARE, and some of the file itself.


def refused(data, read=forms.read_bytes):
    """The sentence with which bytes are refused, for which little memory was taken."""
    tracemalloc.start()
    try:
        with pytest.raises(NetworkPickleError) as error:
            read(data)
        assert tracemalloc.get_traced_memory()[1] < MOST
    finally:
        tracemalloc.stop()
    assert '\n' not in str(error.value) and len(str(error.value)) < 1000
    return str(error.value)


def legacy(value, keys, storages, system=None):
    """A legacy file. storages: list of (count, bytes)."""
    parts = [0x1950A86A20F9469CFC6C, 1001, system or {'little_endian': True}, value, keys]
    return b''.join(map(pickled, parts)) + b''.join(struct.pack('<q', n) + data for n, data in storages)


LARGE_PLACES = [b'r\xff\xff\xff\x1f', b'p536870911\n']  # LONG_BINPUT and PUT: a memo of 4 GB.


@pytest.mark.parametrize('opcode', LARGE_PLACES, ids=['binary', 'text'])
def test_a_memo_that_would_fill_the_memory(opcode):
    bomb = b'\x80\x02]' + opcode + b'.'
    assert 'its memo' in refused(bomb)
    head = b''.join(map(pickled, [0x1950A86A20F9469CFC6C, 1001, {'little_endian': True}]))
    assert 'its memo' in refused(head + bomb)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w') as archive:
        archive.writestr('a/data.pkl', bomb)
    assert 'its memo' in refused(stream.getvalue())
    assert 'its memo' in refused(bomb, lambda data: unpickle.read(io.BytesIO(data), 'x.pkl'))


def test_members_that_lie_one_over_the_other():
    """A storage whose bytes hold the next members: each is as large as the file."""
    count, tail = 30, bytes(4 * MEGABYTE)
    infos = [zipfile.ZipInfo('a/data/%03d' % i) for i in range(count)]
    content = tail
    for info in reversed(infos):
        info.file_size = info.compress_size = len(content)
        info.CRC = zlib.crc32(content)
        content = info.FileHeader() + content
    value = [tensor('%03d' % i, info.file_size // 4) for i, info in enumerate(infos)]
    described = zip_file(value)
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, 'a') as archive:
        archive.writestr('a/data.pkl', zipfile.ZipFile(io.BytesIO(described)).read('archive/data.pkl'))
        offset = 0
        for info in infos:
            info.header_offset = offset
            offset += len(info.FileHeader())
            info.orig_filename = info.filename
            archive.filelist.append(info)
        archive._didModify = True
    message = refused(stream.getvalue())
    assert 'one over the other' in message or 'verlap' in message, message


@pytest.mark.filterwarnings('ignore:Duplicate name')
def test_two_members_of_one_name():
    stream = io.BytesIO(zip_file({'a': tensor('0', 6)}, {'data/0': forms.NUMBERS.tobytes()}))
    with zipfile.ZipFile(stream, 'a') as archive:
        archive.writestr('archive/data/0', bytes(24))
    assert 'several members of one name' in refused(stream.getvalue())


def test_a_size_that_a_member_does_not_have():
    data = bytearray(zip_file({'a': tensor('0', 1 << 30)}, {'data/0': bytes(16)}))
    place = data.rindex(b'archive/data/0') - 46  # Its entry in the directory.
    data[place + 24 : place + 28] = struct.pack('<I', 1 << 31)
    assert 'x.pt ' in refused(bytes(data))


def test_one_piece_of_data_asked_for_many_times():
    """Kept once in the file, and as often in memory as it is named."""
    storage = legacy(Persistent('storage', FLOAT, '0', 'cpu', MEGABYTE // 4), ['0'], [])
    storage += struct.pack('<q', MEGABYTE // 4) + bytes(MEGABYTE)
    load = Named('torch.storage', '_load_from_bytes')
    many = [Call(load, storage) for _ in range(400)]
    found = containers.read(io.BytesIO(pickled(many)), 'x.pkl')
    assert all(one is found[0] for one in found)
    views = [Call(plain_torch.REBUILD, one, 0, (MEGABYTE // 4,), (1,), False, None) for one in many]
    assert 'far larger than the file' in refused(pickled(views))

    text = 'x' * MEGABYTE
    many = [Call(Named('_codecs', 'encode'), text, 'latin1') for _ in range(400)]
    assert 'far larger than the file' in refused(pickled(many))


def test_arrays_that_share_their_data():
    data = bytes(MEGABYTE)
    dtype = Call(Named('numpy', 'dtype'), 'f4', 0, 1)
    rebuild = Named('numpy.core.numeric', '_frombuffer')
    many = [Call(rebuild, data, dtype, (MEGABYTE // 4,), 'C') for _ in range(400)]
    message = refused(pickled(many), lambda data: unpickle.read(io.BytesIO(data), 'x.pkl'))
    assert 'far larger than the file' in message


@pytest.mark.parametrize(
    'keys, storages, counts, message',
    [
        (['0'], [(1 << 40, b'')], [1 << 40], 'larger than the rest of the file'),
        (['0'], [(1 << 62, b'')], [1 << 62], 'larger than the rest of the file'),
        (['0', '0'], [(6, bytes(24)), (6, bytes(24))], [6], 'does not fit its tensors'),
        (['0'], [(6, bytes(24))], [6, 7], 'described twice'),
        (['0', {}], [(6, bytes(24))], [6], 'does not fit its tensors'),
        (['0'], [(-1, bytes(24))], [6], 'of another size'),
    ],
)
def test_storages_of_a_legacy_file(keys, storages, counts, message):
    value = [tensor('0', count) for count in counts]
    assert message in refused(legacy(value, keys, storages))


@pytest.mark.parametrize('count', [-1, True, 1.5, 'x', 1 << 70, None])
def test_counts_that_are_none(count):
    assert refused(zip_file([tensor('0', count)], {'data/0': bytes(24)})).startswith('x.pt ')


@pytest.mark.parametrize(
    'size, strides', [((0, 1 << 62), (1, 1)), ((1,), (1 << 62,)), ((1,) * 40, (1,) * 40), ('x', 'y')]
)
def test_shapes_and_strides_of_any_size(size, strides):
    data = zip_file([tensor('0', 6, 0, size, strides)], {'data/0': bytes(24)})
    try:
        forms.read_bytes(data)
    except NetworkPickleError as error:
        assert str(error).startswith('x.pt ')


# ------------------------------------------------------------------ networks


def read_network(data):
    return unpickle.read(io.BytesIO(data), 'x')


ATTRIBUTES = [  # Where, name, value, and what is said; None: shapes of tensors tell it.
    ('G_ema', 'img_resolution', '32', 'blocks up to 32'),
    ('G_ema', 'z_dim', [1], None),
    ('G_ema', 'c_dim', {}, None),
    ('mapping', 'num_layers', 1 << 60, 'lacks the tensor mapping.fc3'),
    ('mapping', 'num_layers', 'x', 'of no kind that programs write'),
    ('mapping.fc0', 'bias_gain', 'x', 'of no kind that programs write'),
    ('mapping.fc0', 'weight_gain', {}, 'of no kind that programs write'),
    ('synthesis.b8', 'architecture', {}, 'of no kind that programs write'),
    ('synthesis.b8.conv1', 'conv_clamp', [], 'of no kind that programs write'),
    ('synthesis.b32', 'use_fp16', {}, None),
]


@pytest.fixture(scope='module')
def network():
    return forms.read(forms.GOLDEN / 'ada-res32-sg3repo-resnet.pkl')


@pytest.mark.parametrize('where, name, value, said', ATTRIBUTES)
def test_attributes_of_another_kind(where, name, value, said, network, monkeypatch):
    module = network['G_ema'] if where == 'G_ema' else network['G_ema'].find(where)
    monkeypatch.setitem(module.attributes, name, value)
    sentence = read_as(network)
    assert said in sentence if said else sentence is None


def read_as(value):
    """The networks of a value, or the sentence why there are none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(containers, 'read', lambda stream, path: value)
        try:
            torch_files.read(None, 'x.pkl')
        except NetworkPickleError as error:
            assert 'x.pkl' in str(error) and '\n' not in str(error)
            return str(error)
    return None


@pytest.mark.parametrize('kind', ['i8', 'u1', '?'])
def test_weights_that_are_no_floats(kind, network, monkeypatch):
    weights = network['G_ema'].find('mapping.fc0').parameters
    monkeypatch.setitem(weights, 'weight', weights['weight'].astype(kind))
    assert 'those of a network are floats' in read_as(network)


@pytest.mark.parametrize('value', [3, 'x', [1, 2], {}, None])
@pytest.mark.parametrize('key', ['style.1.weight', 'convs.0.conv.weight', 'latent_avg', 'input.input'])
def test_tensors_of_another_kind(key, value):
    checkpoint = forms.read(forms.GOLDEN / 'ros-res64-cm1.pt')
    checkpoint = {'g_ema': dict(checkpoint['g_ema']), 'latent_avg': None}
    (checkpoint if key == 'latent_avg' else checkpoint['g_ema'])[key] = value
    assert read_as(checkpoint) is not None or value is None and key == 'latent_avg'


@pytest.mark.parametrize('output', ['output99999999.weight', 'output\u0663.weight'])
def test_a_resolution_of_any_size(output):
    checkpoint = forms.read(forms.GOLDEN / 'gf-pggan-from-pggan-res32.pth')
    tensors = dict(checkpoint['generator_smooth'])
    tensors[output] = np.zeros([3, 8, 1, 1], np.float32)
    assert read_as({'generator_smooth': tensors})


FILES = [
    'ada-res32-sg3repo-resnet.pkl',
    'ros-res64-cm1.pt',
    'gf-stylegan-from-sg1-res32-labels.pth',
    'gf-pggan-from-pggan-res32.pth',
]


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('name', FILES)
def test_networks_that_are_cut_off_or_changed(name):
    """Most of a file is numbers, whose damage makes no difference; so the places lie where the rest is."""
    data, random = (forms.GOLDEN / name).read_bytes(), np.random.RandomState(0)
    lengths = [0, 1, 20, 1000, len(data) // 2, len(data) - 1000, len(data) - 1]
    for length in lengths:
        with pytest.raises(NetworkPickleError, match='^x '):
            read_network(data[:length])
        file_kinds.identify(io.BytesIO(data[:length]), '.pt')
    for place in np.concatenate([random.randint(0, 3000, 12), random.randint(0, len(data), 4)]):
        changed = bytearray(data)
        changed[place] ^= 1 << random.randint(8)
        try:
            read_network(bytes(changed))
        except NetworkPickleError as error:
            assert '\n' not in str(error)


def test_archives_with_many_members_are_looked_at_once():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w') as archive:
        for i in range(3000):
            archive.writestr('%d.npy' % i, b'')
    assert file_kinds.identify(stream).key == 'zip'
