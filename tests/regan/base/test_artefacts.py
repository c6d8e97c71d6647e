import errno
import hashlib
import http.server
import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from dnnlib import cache_folder
from regan.base import artefacts
from regan.base.errors import UserError

CONTENT = b'the network, byte for byte'
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PAGE = b'\n <!DOCTYPE HTML><title>Virus scan warning</title>'


def listing(folder):
    return sorted(path.name for path in folder.iterdir())


def test_atomic_path_replaces_the_file_at_the_end_only(tmp_path):
    target = tmp_path / 'new' / 'a.txt'
    with artefacts.atomic_path(target) as temporary:
        temporary.write_text('one')
        assert not target.exists()
        assert (temporary.parent, temporary.suffix) == (target.parent, '.txt')
    with artefacts.atomic_path(target) as temporary:
        temporary.write_text('two')
        assert target.read_text() == 'one'
    assert target.read_text() == 'two'
    assert listing(target.parent) == ['a.txt']


@pytest.mark.parametrize('error', [KeyboardInterrupt, ValueError])
def test_atomic_path_leaves_the_old_file_when_the_body_fails(tmp_path, error):
    target = tmp_path / 'a.txt'
    target.write_text('old')
    with pytest.raises(error):
        with artefacts.atomic_path(target) as temporary:
            temporary.write_text('half')
            raise error
    assert target.read_text() == 'old'
    assert listing(tmp_path) == ['a.txt']


def test_full_disk_is_one_clear_error_and_leaves_nothing(tmp_path, monkeypatch):
    def savez(file, **arrays):
        file.write(b'half')
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, 'savez_compressed', savez)
    with pytest.raises(UserError, match='cannot write .*a.npz: No space left on device'):
        artefacts.write_npz(tmp_path / 'a.npz', {'x': np.zeros(3)})
    assert listing(tmp_path) == []


def test_write_that_the_system_cuts_short_leaves_nothing(tmp_path):
    resource = pytest.importorskip('resource')
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with pytest.raises(UserError, match='cannot write .*a.npz: File too large'):
            artefacts.write_npz(tmp_path / 'a.npz', {'x': np.random.RandomState(0).randn(5000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert listing(tmp_path) == []


def test_a_file_in_place_of_a_folder_is_named(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(UserError, match='cannot write .*a.json'):
        artefacts.write_json(tmp_path / 'file' / 'a.json', {})


def test_write_json(tmp_path):
    artefacts.write_json(tmp_path / 'a.json', {'psi': 0.7, 'seeds': [1, 2]})
    assert json.loads((tmp_path / 'a.json').read_text()) == {'psi': 0.7, 'seeds': [1, 2]}
    with pytest.raises(ValueError):
        artefacts.write_json(tmp_path / 'b.json', {'psi': float('nan')})
    assert listing(tmp_path) == ['a.json']


def test_npz_round_trip_is_exact_and_deterministic(tmp_path):
    arrays = {'x': np.random.RandomState(0).randn(7, 3), 'text': np.array('{"n": 1}')}
    for name in ['a.npz', 'b.npz']:
        artefacts.write_npz(tmp_path / name, arrays)
    read = artefacts.read_npz(tmp_path / 'a.npz')
    np.testing.assert_array_equal(read['x'], arrays['x'])
    assert str(read['text']) == '{"n": 1}'
    assert (tmp_path / 'a.npz').read_bytes() == (tmp_path / 'b.npz').read_bytes()


def damage(path, how):
    data = bytearray(path.read_bytes())
    if how == 'cut short':
        data = data[: len(data) // 2]
    elif how == 'one bit flipped':
        data[len(data) // 3] ^= 1
    else:
        data = b''
    path.write_bytes(bytes(data))


@pytest.mark.parametrize('how', ['cut short', 'one bit flipped', 'empty'])
def test_damaged_npz_is_reported(tmp_path, how):
    path = tmp_path / 'a.npz'
    artefacts.write_npz(path, {'x': np.random.RandomState(0).randn(500)})
    damage(path, how)
    with pytest.raises(UserError, match='a.npz is damaged .* delete it'):
        artefacts.read_npz(path)


def test_npz_with_objects_is_refused(tmp_path):
    np.savez(str(tmp_path / 'a.npz'), x=np.array([{}], dtype=object))
    with pytest.raises(UserError, match='a.npz is damaged or not'):
        artefacts.read_npz(tmp_path / 'a.npz')


def test_npy(tmp_path):
    path, array = tmp_path / 'a.npy', np.random.RandomState(0).randn(3, 5)
    np.save(str(path), array)
    np.testing.assert_array_equal(artefacts.read_npy(path), array)
    damage(path, 'cut short')
    with pytest.raises(UserError, match='a.npy is not a .npy file with a plain array; make it again'):
        artefacts.read_npy(path, 'make it again')
    np.save(str(path), np.array([None]))
    with pytest.raises(UserError, match='a.npy is not a .npy file with a plain array; write it with np.save'):
        artefacts.read_npy(path)
    artefacts.write_npz(path, {'x': array}, compressed=False)
    with pytest.raises(UserError, match='a.npy holds several arrays'):
        artefacts.read_npy(path)


def test_missing_files_are_named(tmp_path):
    with pytest.raises(UserError, match='there is no file .*a.npy; check the name'):
        artefacts.read_npy(tmp_path / 'a.npy')
    with pytest.raises(UserError, match='there is no file .*a.npz'):
        artefacts.read_npz(tmp_path / 'a.npz')
    with pytest.raises(UserError, match='cannot read .*a.pkl'):
        artefacts.sha256_file(tmp_path / 'a.pkl')


def test_sha256_of_a_known_file(tmp_path):
    (tmp_path / 'a').write_bytes(b'abc')  # the example of FIPS 180-2
    expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    assert artefacts.sha256_file(tmp_path / 'a') == expected


def test_cache_dir(tmp_path, monkeypatch):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path))
    assert artefacts.cache_dir() == tmp_path
    monkeypatch.delenv('REGAN_CACHE_DIR')
    monkeypatch.setenv('HOME', str(tmp_path))
    assert artefacts.cache_dir() == tmp_path / '.cache' / 'regan'


def test_import_is_light():
    code = "import regan.base.artefacts, sys; assert not {'pooch', 'requests'} & set(sys.modules)"
    subprocess.run([sys.executable, '-c', code], check=True)


class Handler(http.server.BaseHTTPRequestHandler):
    files = {'/good.pkl': CONTENT, '/page.pkl': PAGE}

    def do_GET(self):
        self.server.requests.append(self.path)
        content = self.files.get(self.path)
        self.send_response(200 if content else 404)
        self.send_header('Content-Length', str(len(content or b'')))
        self.end_headers()
        self.wfile.write(content or b'')

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv('NO_PROXY', '127.0.0.1')
    monkeypatch.delenv('REGAN_NETWORKS', raising=False)
    with http.server.HTTPServer(('127.0.0.1', 0), Handler) as server:
        server.requests = []
        server.url = 'http://127.0.0.1:%d/' % server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize('sha256', [SHA256, None])
def test_fetch_downloads_once(server, tmp_path, sha256):
    for _ in range(2):
        path = artefacts.fetch(server.url + 'good.pkl', sha256, 'net.pkl', tmp_path / 'cache')
        assert path == tmp_path / 'cache' / 'net.pkl'
        assert path.read_bytes() == CONTENT
    assert server.requests == ['/good.pkl']
    assert listing(tmp_path / 'cache') == ['net.pkl']


def test_fetch_does_without_a_cache_that_cannot_be_written(server, tmp_path, capsys):
    (tmp_path / 'file').write_text('')
    path = artefacts.fetch(server.url + 'good.pkl', SHA256, 'net.pkl', tmp_path / 'file' / 'cache')
    assert path.read_bytes() == CONTENT and not cache_folder.is_lasting(path)
    said = capsys.readouterr().err
    assert said.count('note: ') == 1 and 'Not a directory' in said and 'REGAN_CACHE_DIR' in said


@pytest.mark.parametrize('how', ['argument', 'environment'])
def test_fetch_prefers_the_users_folder(server, tmp_path, monkeypatch, how):
    (tmp_path / 'net.pkl').write_bytes(CONTENT)
    if how == 'environment':
        monkeypatch.setenv('REGAN_NETWORKS', str(tmp_path))
    given = tmp_path if how == 'argument' else None
    path = artefacts.fetch(server.url + 'good.pkl', SHA256, 'net.pkl', tmp_path / 'cache', given)
    assert path == tmp_path / 'net.pkl'
    assert server.requests == []


@pytest.mark.parametrize(
    'name, sha256, reason',
    [
        ('good.pkl', '0' * 64, 'SHA256'),
        ('page.pkl', SHA256, 'the server sent an HTML page'),
        ('page.pkl', None, 'the server sent an HTML page'),
        ('none.pkl', SHA256, '404'),
    ],
)
def test_failed_download_says_what_to_put_where(server, tmp_path, name, sha256, reason):
    with pytest.raises(UserError, match='cannot download net.pkl from .*%s' % reason) as caught:
        artefacts.fetch(server.url + name, sha256, 'net.pkl', tmp_path)
    advice = 'get net.pkl (SHA-256 %s) by hand and put it in %s' % (sha256 or 'not known', tmp_path)
    assert advice in str(caught.value)
    assert listing(tmp_path) == []


def test_without_address_the_users_folder_is_named(tmp_path):
    with pytest.raises(UserError, match='net.pkl has no address.* put it in %s' % (tmp_path / 'mine')):
        artefacts.fetch(None, SHA256, 'net.pkl', tmp_path, tmp_path / 'mine')


@pytest.mark.parametrize(
    'content, sha256, reason', [(b'damaged', SHA256, 'should have %s' % SHA256), (PAGE, None, 'is an HTML page')]
)
def test_wrong_file_is_reported_and_left_alone(server, tmp_path, content, sha256, reason):
    (tmp_path / 'net.pkl').write_bytes(content)
    with pytest.raises(UserError, match='net.pkl .*' + reason):
        artefacts.fetch(server.url + 'good.pkl', sha256, 'net.pkl', tmp_path)
    assert (tmp_path / 'net.pkl').read_bytes() == content
    assert server.requests == []
