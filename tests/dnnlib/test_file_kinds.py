"""What a file is: every kind by a small sample of it, and no sample, damaged or hostile, that breaks the telling."""

import collections
import gzip
import io
import json
import os
import pathlib
import pickle
import struct
import tarfile
import zipfile

import numpy as np
import pytest

from dnnlib import file_kinds
from tests import make_pickles

GOLDEN = pathlib.Path(__file__).parents[3] / 'shared' / 'golden' / 'torch'
TORCH_MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, 2)


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(**shapes):
    file = io.BytesIO()
    np.savez(file, **{name.replace('__', '/'): np.zeros(shape, np.float32) for name, shape in shapes.items()})
    return file.getvalue()


def archive(**members):
    """A zip file; '__' in the names stands for '/', and a last '_' for a dot."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w') as written:
        for name, content in members.items():
            written.writestr(name.replace('__', '/').replace('_dot_', '.'), content)
    return file.getvalue()


def tar(*names):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode='w') as written:
        for name in names:
            written.addfile(tarfile.TarInfo(name))
    return file.getvalue()


class Named:
    """Pickles as a call of a function or class of any name, without it."""

    def __init__(self, name, *arguments):
        self.name, self.arguments = name, arguments


class _Pickler(pickle._Pickler):
    def save(self, obj, save_persistent_id=True):
        if not isinstance(obj, Named):
            return super().save(obj, save_persistent_id)
        module, name = obj.name.rsplit('.', 1)
        self.write(b'c%s\n%s\n' % (module.encode(), name.encode()))
        super().save(tuple(obj.arguments))
        self.write(b'R')


def pickled(value, protocol=2):
    file = io.BytesIO()
    _Pickler(file, protocol).dump(value)
    return file.getvalue()


def tensor():
    return Named('torch._utils._rebuild_tensor_v2', 'storage', 0, (1,), (1,), False)


def checkpoint(*keys):
    return {'g_ema': collections.OrderedDict((key, tensor()) for key in keys)}


def torch_zip(value):
    return archive(archive__data_dot_pkl=pickled(value), archive__data__0=b'1234')


def torch_legacy(value):
    return b''.join([TORCH_MAGIC, pickled(1001), pickled({'little_endian': True}), pickled(value), pickled(['0'])])


def ada(*children):
    """A pickle as stylegan2-ada-pytorch writes it."""
    state = {'class_name': 'Generator', 'state': {'_modules': dict.fromkeys(children, tensor())}}
    return pickled({'G_ema': Named('torch_utils.persistence._reconstruct_persistent_obj', state)}, 3)


def records(length=20):
    from regan.data.crc32c import masked_crc32c

    head = struct.pack('<Q', length)
    crc = masked_crc32c(np.frombuffer(head, np.uint8)[None])[0]
    return head + struct.pack('<I', crc) + bytes(length)


SAFETENSORS = b'{"weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
BASIS = dict(act_comp=(3, 1, 7), lat_comp=(3, 1, 7), lat_mean=(1, 7), lat_stdev=3)

SAMPLES = [  # key, content, suffix
    ('empty', b'', '.pkl'),
    ('html', b'\n<!DOCTYPE html><html><title>Quota exceeded</title></html>', '.pkl'),
    ('html', b'\xef\xbb\xbf<html><head></head>', ''),
    ('lfs', b'version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n', '.pkl'),
    ('xml', b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', '.pkl'),
    ('checkpoint-list', b'model_checkpoint_path: "model.ckpt-1"\n', ''),
    ('edits', b'[{"id": "ffhq/Smile", "component": 3}]', '.json'),
    ('saved-edit', b'{"name": "a", "component": 1, "strength": 2, "found_on": "ffhq"}', '.json'),
    ('record', b'{"command": "edit", "tensorflow": "2"}', '.json'),
    ('labels', b'{"labels": [["a.png", 0]]}', '.json'),
    ('json', b'{"a": 1}', '.txt'),
    ('png', b'\x89PNG\r\n\x1a\n' + bytes(20), '.pkl'),
    ('jpeg', b'\xff\xd8\xff\xe0\0\x10JFIF', ''),
    ('gif', b'GIF89a' + bytes(20), ''),
    ('bmp', b'BM\x36\0\0\0\0\0\0\0' + bytes(20), ''),
    ('tiff', b'II*\0' + bytes(20), ''),
    ('webp', b'RIFF\x10\0\0\0WEBPVP8 ', ''),
    ('video', b'\0\0\0\x20ftypisom' + bytes(20), '.mp4'),
    ('pdf', b'%PDF-1.4\n', ''),
    ('program', b'\x7fELF\x02\x01\x01' + bytes(20), ''),
    ('hdf5', b'\x89HDF\r\n\x1a\n' + bytes(100), '.h5'),
    ('safetensors', struct.pack('<Q', len(SAFETENSORS)) + SAFETENSORS + bytes(4), '.safetensors'),
    ('tflite', b'\x1c\0\0\0TFL3' + bytes(20), ''),
    ('onnx', b'\x08\x07\x12\x07pytorch\x1a\x051.9.0:\x03abc', '.onnx'),
    ('checkpoint', b'\0\x01\x02' + bytes(40) + b'W\xfb\x80\x8b$uG\xdb', '.index'),
    ('checkpoint', bytes(range(40)), '.data-00000-of-00001'),
    ('checkpoint', b'\n\x90\x02' + bytes(40), '.meta'),
    ('graph', b'\x08\x01\x12\x80' + bytes(40), '.pb'),
    ('records', records(), '.tfrecords'),
    ('components', npz(**BASIS), '.npz'),
    ('saved-edit-arrays', npz(lat_comp=(1, 7), act_comp=(1, 7)), '.npz'),
    ('progress', npz(facts=(), mean=5), '.npz'),
    ('training-state', npz(header=(), variables__G=5), '.npz'),
    ('real-statistics', npz(mean=5, covariance=(5, 5), count=()), '.npz'),
    ('real-features', npz(features=(5, 2), radii=5), '.npz'),
    ('projected-w', npz(w=(1, 18, 512)), '.npz'),
    ('npz', npz(a=3, b=4), ''),
    ('boundary', npy(np.zeros([1, 5])), '.npy'),
    ('codes', npy(np.zeros([7, 5], np.float32)), '.npy'),
    ('dlatents', npy(np.zeros([1, 18, 5], np.float32)), '.npy'),
    ('npy', npy(np.zeros(5, int)), '.npy'),
    ('damaged-npy', npy(np.zeros(5))[:20], '.npy'),
    ('torchscript', archive(inception__code____torch___dot_py='x', inception__data_dot_pkl=pickled(1)), '.pt'),
    ('stylegan3', ada('mapping', 'synthesis', 'input', 'L0_36_512', 'L1_36_512'), '.pkl'),
    ('stylegan-xl', ada('mapping', 'embed_proj'), '.pkl'),
    ('stylegan-t', pickled({'G_ema': Named('networks.generator.Generator', {})}, 4), '.pkl'),
    ('eg3d', ada('backbone', 'renderer'), '.pkl'),
    ('stylegan2-ada-pytorch', ada('mapping', 'synthesis', 'b4', 'b8'), '.pkl'),
    (
        'encoder',
        torch_zip(checkpoint('encoder.body.weight', 'decoder.convs.0.conv.weight')),
        '.pt',
    ),
    ('swagan', torch_zip(checkpoint('to_rgbs.0.iwt.ll', 'convs.0.conv.weight')), '.pt'),
    ('rosinality', torch_zip(checkpoint('style.1.weight', 'convs.0.conv.weight')), '.pt'),
    ('rosinality', torch_legacy(checkpoint('style.1.weight', 'convs.0.conv.weight')), '.pt'),
    ('genforce', torch_legacy({'generator_smooth': {'synthesis.early_layer.const': tensor()}}), '.pth'),
    ('interfacegan', torch_legacy(checkpoint('layer0.conv.weight')), '.pth'),
    ('lernapparat', torch_legacy(checkpoint('g_mapping.dense0.weight')), '.pt'),
    ('biggan', torch_zip(checkpoint('generator.gen_z.weight_orig')), '.bin'),
    ('lucidrains', torch_zip({'GAN': {'S.net.0.weight': tensor()}, 'version': '1.8'}), '.pt'),
    ('torch', torch_zip(checkpoint('layer1.0.conv1.weight')), '.pth'),
    ('torch', torch_legacy(checkpoint('layer1.0.conv1.weight')), '.pth'),
    ('torch', pickled(checkpoint('layer1.0.conv1.weight'), 4), '.pkl'),
    ('networks', make_pickles.dumps(make_pickles.sample_network(), 4), '.pkl'),
    ('viewer-edit', pickled({'lat_comp': 1, 'edit_start': 0, 'decomposition': {}}), '.pkl'),
    ('sklearn', pickled(Named('sklearn.svm._classes.SVC')), '.pkl'),
    ('keras', pickled(Named('jax._src.array.ArrayImpl')), '.pkl'),
    ('pickled-arrays', pickle.dumps({'mu': np.zeros(3), 'sigma': np.zeros([3, 3])}, 4), '.pkl'),
    ('pickled-objects', pickled(Named('posix.system', 'id')), '.pkl'),
    ('pickled-objects', pickled(Named('posix.system', 'id'), 0), '.pkl'),
    ('pickled-values', pickle.dumps([1, 2], 4), '.pkl'),
    ('hub-module', gzip.compress(tar('./', './tfhub_module.pb', './saved_model.pb')), '.gz'),
    ('tar', tar('networks/', 'networks/a.pkl'), '.tar'),
    ('tar', gzip.compress(tar('networks/a.pkl')), '.gz'),
    ('keras-archive', archive(config_dot_json='{}', model_dot_weights_dot_h5='x'), '.keras'),
    ('zip', archive(readme_dot_txt='x', a_dot_pkl='y'), '.zip'),
    ('damaged-zip', archive(readme_dot_txt='x')[:40], '.zip'),
    ('compressed', gzip.compress(b'\xf7\xf7\xf7'), '.gz'),
    ('other-archive', b"7z\xbc\xaf'\x1c" + bytes(20), '.7z'),
    ('csv', b'file,smile\na.png,1\nb.png,2\n', '.csv'),
    ('python', b'import torch\n', '.py'),
    ('text', 'Netzwerk für Gesichter'.encode(), ''),
    ('zeros', bytes(5000), '.pkl'),
]


# Not the contents: archives hold the time at which they were made, so two workers would name the tests differently.
NAMES = ['%d %s' % (i, sample[0]) for i, sample in enumerate(SAMPLES)]


@pytest.mark.parametrize('key, content, suffix', SAMPLES, ids=NAMES)
def test_what_it_is(key, content, suffix):
    found = file_kinds.identify(io.BytesIO(content), suffix)
    assert found is not None and found.key == key
    assert found.what and found.advice and '{}' not in found.what


def test_every_kind_has_a_sample():
    keys = [kind.key for kind in file_kinds.KINDS]
    assert {key for key, _, _ in SAMPLES} == set(keys) and len(set(keys)) == len(keys)
    assert set(file_kinds.UNCLEAR) | set(file_kinds.PICKLES) < set(keys)


def test_what_is_in_it_is_said():
    def said(content, suffix=''):
        return file_kinds.identify(io.BytesIO(content), suffix).what

    assert 'w: float32 [1, 18, 512]' in said(npz(w=(1, 18, 512)))
    assert 'float64 [1, 5]' in said(npy(np.zeros([1, 5])))
    assert 'networks/a.pkl' in said(tar('networks/a.pkl'))
    assert 'layer1.0.conv1.weight' in said(torch_zip(checkpoint('layer1.0.conv1.weight')))
    assert 'mu, sigma' in said(pickle.dumps({'mu': np.zeros(3), 'sigma': np.zeros([3, 3])}, 4))
    assert 'posix.system' in said(pickled(Named('posix.system', 'id')))


@pytest.mark.parametrize('content', [content for _, content, _ in SAMPLES], ids=NAMES)
def test_damaged_files_do_no_harm(content):
    """Cut off or changed anywhere, they are something, or nothing known."""
    content, random = content[:3000] or b'\0', np.random.RandomState(len(content))
    for size in random.randint(0, len(content), 8):
        changed = bytearray(content)
        changed[size] = random.randint(256)
        for damaged, suffix in [(content[:size], '.pkl'), (bytes(changed), '')]:
            found = file_kinds.identify(io.BytesIO(damaged), suffix)
            assert found is None or found.key and found.advice and '\n' not in found.what


def test_nothing_is_executed(tmp_path):
    for protocol in (0, 2, 4):
        marker = tmp_path / 'executed'
        hostile = pickled({'G_ema': Named('os.system', 'touch %s' % marker)}, protocol)
        for content in (hostile, archive(a__data_dot_pkl=hostile), TORCH_MAGIC + hostile, gzip.compress(hostile)):
            file_kinds.identify(io.BytesIO(content), '.pt')
        assert not marker.exists()


def test_names_in_messages_are_short_and_printable():
    long = 'a.b\x1b[2J' + 'c' * 999
    for content in (tar(long[:90]), archive(**{long: 'x'}), pickled(Named(long))):
        what = file_kinds.identify(io.BytesIO(content)).what
        assert len(what) < 600 and what.isprintable()


def test_folders_pipes_and_devices(tmp_path):
    assert file_kinds.of_path(tmp_path / 'nowhere') is None and file_kinds.of_path('a\0b') is None
    assert file_kinds.of_path(tmp_path).advice == 'it is empty'
    for key, name in [
        ('pictures', 'a.png'),
        ('networks-folder', 'a.pkl'),
        ('checkpoints', 'model.ckpt-1.index'),
        ('data-set', 'toy-r02.tfrecords'),
        ('run', 'network-snapshot-000100.pkl'),
        ('saved-model', 'saved_model.pb'),
    ]:
        (tmp_path / name).write_bytes(b'x')
        assert file_kinds.of_path(tmp_path).key == key
    assert file_kinds.of_path('/dev/null').what == 'a device'
    if hasattr(os, 'mkfifo'):
        os.mkfifo(str(tmp_path / 'pipe'))
        assert file_kinds.of_path(tmp_path / 'pipe').what == 'a pipe'  # Which nobody writes to: it was not opened.


def test_a_suffix_is_a_hint_only(tmp_path):
    (tmp_path / 'network.onnx').write_bytes(json.dumps({'a': 1}).encode())
    assert file_kinds.of_path(tmp_path / 'network.onnx').key == 'json'
    assert file_kinds.hint(tmp_path / 'network.onnx').startswith(' (it is a JSON file; ')
    assert file_kinds.hint(tmp_path / 'nowhere') == ''


@pytest.mark.skipif(not GOLDEN.is_dir(), reason='the golden PyTorch files are not there')
@pytest.mark.parametrize(
    'pattern, key',
    [
        ('ada-*.pkl', 'stylegan2-ada-pytorch'),
        ('ros-*.pt', 'rosinality'),
        ('gf-*.pth', 'genforce'),
        ('formats-*.p*', 'torch'),
        ('pggan-*.pkl', 'networks'),
    ],
)
def test_files_that_other_programs_wrote(pattern, key):
    paths = sorted(GOLDEN.glob(pattern))
    assert paths and {file_kinds.of_path(path).key for path in paths} == {key}
