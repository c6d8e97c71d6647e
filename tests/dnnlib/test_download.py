import hashlib
import http.server
import os
import pathlib
import threading

import pytest

from dnnlib import cache_folder, util

QUOTA = b'<!DOCTYPE html><title>Google Drive - Quota exceeded</title>'
SCAN_PAGE = b'<!DOCTYPE html><a href="/confirmed?export=download&amp;id=1">Download anyway</a>'


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by path; `self.server.paths` records the requests."""

    PAGES = {
        '/plain': (200, {}, b'content'),
        '/named': (200, {'Content-Disposition': 'attachment; filename="a net (1).pkl"'}, b'content'),
        '/empty': (200, {}, b''),
        '/page': (200, {'Content-Type': 'text/html'}, b' \n<html>' + b' ' * 9000),
        '/quota': (200, {'Content-Type': 'text/html'}, QUOTA),
        '/scan': (200, {'Set-Cookie': 'download_warning_1=x'}, SCAN_PAGE),
        '/confirmed?export=download&id=1': (200, {}, b'scanned'),
    }

    def do_GET(self):
        self.server.paths.append(self.path)
        if self.path == '/third-time' and len(self.server.paths) < 3:
            return self.send_error(503)
        if self.path.startswith('/cut'):
            return self.answer(200, {'Content-Length': '1000'}, b'only this')
        if self.path not in self.PAGES and self.path != '/third-time':
            return self.send_error(404)
        self.answer(*self.PAGES.get(self.path, (200, {}, b'at last')))

    def answer(self, status, headers, body):
        self.send_response(status)
        for item in dict({'Content-Length': str(len(body))}, **headers).items():
            self.send_header(*item)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with http.server.HTTPServer(('127.0.0.1', 0), Handler) as s:
        s.paths = []
        s.url = 'http://127.0.0.1:%d' % s.server_port
        thread = threading.Thread(target=s.serve_forever, args=(0.01,))
        thread.start()
        yield s
        s.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv('NO_PROXY', '127.0.0.1')


def md5(url):
    return hashlib.md5(url.encode()).hexdigest()


def test_download_then_cache(server, tmp_path, capsys):
    url, cache = server.url + '/named', str(tmp_path / 'new' / 'cache')
    for _ in range(2):
        with util.open_url(url, cache_dir=cache) as f:
            assert f.read() == b'content'
    assert os.listdir(cache) == [md5(url) + '_a_net__1_.pkl']
    assert server.paths == ['/named']
    assert capsys.readouterr().out == 'Downloading %s ... done\n' % url


def test_name_from_the_url(server, tmp_path):
    url = server.url + '/plain'
    path = util.open_url(url, cache_dir=str(tmp_path), verbose=False, return_filename=True)
    assert os.path.basename(path) == md5(url) + '_http___127.0.0.1_%d_plain' % server.server_port


def test_a_file_put_there_by_hand(tmp_path):
    url = 'https://example.invalid/net.pkl'
    (tmp_path / (md5(url) + '_mine.pkl')).write_bytes(b'by hand')
    with util.open_url(url, cache_dir=str(tmp_path)) as f:
        assert f.read() == b'by hand'


def test_default_cache(server, tmp_path, monkeypatch):
    monkeypatch.setenv('DNNLIB_CACHE_DIR', str(tmp_path / 'env'))
    assert util.make_cache_dir_path('a', 'b') == str(tmp_path / 'env' / 'a' / 'b')
    path = util.open_url(server.url + '/plain', verbose=False, return_filename=True)
    assert os.path.dirname(path) == str(tmp_path / 'env' / 'downloads')
    util.set_cache_dir(str(tmp_path / 'set'))
    try:
        assert util.make_cache_dir_path() == str(tmp_path / 'set')
    finally:
        util.set_cache_dir(None)
    monkeypatch.delenv('DNNLIB_CACHE_DIR')
    monkeypatch.setenv('HOME', str(tmp_path))
    assert util.make_cache_dir_path('x') == str(tmp_path / '.cache' / 'dnnlib' / 'x')


def test_without_cache(server, tmp_path, monkeypatch):
    monkeypatch.setenv('DNNLIB_CACHE_DIR', str(tmp_path))
    assert util.open_url(server.url + '/plain', verbose=False, cache=False).read() == b'content'
    assert os.listdir(str(tmp_path)) == []
    with pytest.raises(ValueError, match='return_filename'):
        util.open_url(server.url + '/plain', cache=False, return_filename=True)


def test_local_files(tmp_path):
    path = tmp_path / 'a file.bin'
    path.write_bytes(b'local')
    for given in [str(path), path, 'file://' + str(path), pathlib.Path(str(path)).as_uri()]:
        with util.open_url(given) as f:
            assert f.read() == b'local'
    assert util.open_url(str(path), return_filename=True) == str(path)
    with pytest.raises(FileNotFoundError):
        util.open_url('gdrive:networks/unknown.pkl')
    with pytest.raises(ValueError, match='elsewhere'):
        util.open_url('file://elsewhere/a')


def test_retries(server, tmp_path, capsys):
    with util.open_url(server.url + '/third-time', cache_dir=str(tmp_path)) as f:
        assert f.read() == b'at last'
    assert capsys.readouterr().out.endswith(' ..... done\n')  # The three of the text, and two failures.


@pytest.mark.parametrize(
    'page, message',
    [
        ('/missing', '404'),
        ('/empty', 'No data received'),
        ('/page', 'HTML page'),
        ('/quota', 'quota'),
        ('/cut', 'IncompleteRead|connection was lost'),
    ],
)
def test_failures_say_what_to_do(server, tmp_path, capsys, page, message):
    url = server.url + page
    with pytest.raises(IOError, match=message) as e:
        util.open_url(url, cache_dir=str(tmp_path), num_attempts=2)
    assert str(tmp_path / (md5(url) + '_')) in str(e.value)
    assert server.paths == [page] * 2
    assert os.listdir(str(tmp_path)) == []
    assert capsys.readouterr().out == 'Downloading %s ..... failed\n' % url


def test_virus_scan_page_is_followed(server, tmp_path):
    url = server.url + '/scan'
    path = util.open_url(url, cache_dir=str(tmp_path), verbose=False, return_filename=True)
    assert os.path.basename(path).startswith(md5(url) + '_')
    with open(path, 'rb') as f:
        assert f.read() == b'scanned'


def test_a_failed_write_leaves_nothing(server, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, 'replace', full)
    with pytest.raises(OSError, match='No space'):
        util.open_url(server.url + '/plain', cache_dir=str(tmp_path), verbose=False)
    assert os.listdir(str(tmp_path)) == []


def test_a_cache_that_cannot_be_written_is_said_once_and_done_without(server, tmp_path, capsys):
    (tmp_path / 'file').write_text('')
    below = str(tmp_path / 'file' / 'cache')
    for _ in range(2):
        path = util.open_url(server.url + '/plain', cache_dir=below, verbose=False, return_filename=True)
        assert open(path, 'rb').read() == b'content' and not cache_folder.is_lasting(path)
    assert server.paths == ['/plain']  # It stays as long as the process.
    said = capsys.readouterr().err
    assert said.count('note: ') == 1 and 'in %s cannot be written (Not a directory)' % below in said
    assert 'DNNLIB_CACHE_DIR' in said


def test_a_cache_that_fills_up_costs_no_download(server, tmp_path, monkeypatch, capsys):
    whole, replace = tmp_path / 'full', os.replace

    def full(source, target):
        if str(target).startswith(str(whole)):
            raise OSError(28, 'No space left on device')
        replace(source, target)

    monkeypatch.setattr(os, 'replace', full)
    with util.open_url(server.url + '/named', cache_dir=str(whole), verbose=False) as f:
        assert f.read() == b'content'
    assert len(server.paths) == 1 and 'No space left on device' in capsys.readouterr().err
