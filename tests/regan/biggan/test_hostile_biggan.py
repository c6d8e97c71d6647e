"""BigGAN's containers that are made to do harm: one sentence, nothing executed or left behind, little memory."""

import gzip
import io
import os
import pathlib
import tarfile
import tracemalloc

import numpy as np
import pytest

from dnnlib.pickled_data import NetworkPickleError
from dnnlib.torch_files import containers
from regan.base.errors import UserError
from regan.biggan import archives, hub, weights

GOLDEN = pathlib.Path(__file__).parents[2] / 'golden_biggan'
MODULE, PYTORCH = GOLDEN / 'bgd-short.hub.tar.gz', GOLDEN / 'bgd-short.pytorch_model.bin'
MOST = 128 << 20  # Bytes.


def refused(content, tmp_path):
    """The sentence with which an archive is refused; nothing is written beside it."""
    path = tmp_path / 'module.tar.gz'
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(UserError) as error:
            hub.read(path)
        assert tracemalloc.get_traced_memory()[1] < MOST
    finally:
        tracemalloc.stop()
    assert '\n' not in str(error.value) and [p.name for p in tmp_path.iterdir()] == ['module.tar.gz']
    return str(error.value)


def tar(*members):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode='w', format=tarfile.GNU_FORMAT) as archive:
        for name, content, kind in members:
            info = tarfile.TarInfo(name)
            info.size, info.type = len(content) if kind == tarfile.REGTYPE else 0, kind
            info.linkname = '/etc/passwd'
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def test_a_name_that_unfolds_to_gigabytes(tmp_path):
    info = tarfile.TarInfo('././@LongLink')
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1 << 31
    header = info.tobuf(tarfile.GNU_FORMAT)
    assert 'a header of' in refused(gzip.compress(header + bytes(1 << 20)), tmp_path)
    assert 'a header of' in refused(header, tmp_path)


def test_an_archive_that_never_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, 'LARGEST_ARCHIVE', 1 << 20)
    assert 'unfolds to more than' in refused(gzip.compress(tar(('x', bytes(3 << 20), b'0'))), tmp_path)
    monkeypatch.setattr(archives, 'MOST_READS', 50)
    assert 'far more members' in refused(gzip.compress(tar(*[('x', b'', b'0')] * 60)), tmp_path)


def test_links_paths_and_second_files(tmp_path):
    names = (hub.GRAPH, hub.INDEX, hub.DATA)
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
        assert 'lacks saved_model.pb' in refused(tar(*[(name, b'', kind) for name in names]), tmp_path)
    for prefix in ('/', '../', 'x/../../'):
        assert 'lacks saved_model.pb' in refused(tar(*[(prefix + name, b'x', b'0') for name in names]), tmp_path)
    assert 'two files of the name' in refused(tar(*[(hub.GRAPH, b'x', b'0')] * 2), tmp_path)


@pytest.mark.filterwarnings('ignore')
def test_modules_that_are_cut_off_or_changed(tmp_path):
    data, random = gzip.decompress(MODULE.read_bytes()), np.random.RandomState(0)
    packed = MODULE.read_bytes()
    for length in (0, 5, 100, len(packed) // 2, len(packed) - 20):
        refused(packed[:length], tmp_path)
    path = tmp_path / 'module.tar.gz'
    for place in random.randint(0, len(data), 10):
        changed = bytearray(data)
        changed[place] ^= 1 << random.randint(8)
        path.write_bytes(bytes(changed))
        try:
            hub.read(path)
        except UserError as error:
            assert '\n' not in str(error)
    assert os.listdir(str(tmp_path)) == ['module.tar.gz']


def test_a_graph_whose_tables_would_fill_the_memory(tmp_path):
    import dnnlib.tflib  # isort: skip
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel()
    graph = model.meta_graphs.add().graph_def
    node = graph.node.add(name='c', op='Const')
    tensor = node.attr['value'].tensor
    tensor.dtype, tensor.float_val[:] = 1, [1]
    tensor.tensor_shape.dim.add(size=1 << 20)
    stack = graph.node.add(name='stack_1', op='Pack')
    stack.input.extend(['c'] * 5000)
    path = tmp_path / 'graph.pb'
    path.write_bytes(model.SerializeToString())
    with pytest.raises(UserError, match='far larger tables'):
        hub._tables(path, 1, 'x')
    del stack.input[1:]
    tensor.ClearField('float_val')
    tensor.tensor_content = b'1234'
    path.write_bytes(model.SerializeToString())
    with pytest.raises(UserError, match='0 tables of statistics'):
        hub._tables(path, 1, 'x')


@pytest.fixture(scope='module')
def tensors():
    with open(str(PYTORCH), 'rb') as stream:
        return containers.read(stream, 'model')


@pytest.mark.parametrize('kind', ['text', 'integers', 'shape', 'u', 'v', 'none'])
def test_tensors_that_are_none(kind, tensors):
    name = 'generator.gen_z.weight'
    changed = dict(tensors)
    changed.update(
        {
            'text': {'generator.gen_z.bias': 'x'},
            'integers': {'generator.gen_z.bias': tensors['generator.gen_z.bias'].astype(int)},
            'shape': {name + '_orig': tensors[name + '_orig'].ravel()},
            'u': {name + '_u': np.zeros(3, np.float32)},
            'v': {name + '_v': np.zeros(3, np.float32)},
            'none': {'generator.bn.running_means': None},
        }[kind]
    )
    with pytest.raises(UserError, match='^model'):
        weights.from_pytorch(changed, 'model')


def test_weights_that_are_cut_off():
    data = PYTORCH.read_bytes()
    for length in (0, 20, 1000, len(data) // 2, len(data) - 1):
        with pytest.raises(NetworkPickleError, match='^x '):
            containers.read(io.BytesIO(data[:length]), 'x')
