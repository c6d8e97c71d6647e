"""Networks by their address: registered ones are fetched as by name, others by their checksum."""

import functools
import hashlib
import http.server
import threading

import pytest

from regan.base.errors import UserError
from regan.networks import addresses, models
from regan.networks.network_file import NetworkFile

CAR = 'https://nvlabs-fi-cdn.nvidia.com/stylegan2/networks/stylegan2-car-config-f.pkl'


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv('REGAN_CACHE_DIR', str(tmp_path / 'cache'))
    monkeypatch.delenv('REGAN_NETWORKS', raising=False)
    monkeypatch.setenv('NO_PROXY', '127.0.0.1')
    return tmp_path / 'cache' / 'networks'


@pytest.fixture
def served(tmp_path):
    """A folder, the address of a server of its files on this machine, and what was asked for."""
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            asked.append(self.path)

        def translate_path(self, path):
            return str(tmp_path / 'served' / path.split('?')[0].lstrip('/'))

    (tmp_path / 'served').mkdir()
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler) as server:
        threading.Thread(target=functools.partial(server.serve_forever, 0.01), daemon=True).start()
        yield tmp_path / 'served', 'http://127.0.0.1:%d' % server.server_port, asked
        server.shutdown()


def digest(content):
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    'address, name',
    [
        (CAR, 'stylegan2-car-config-f'),
        (CAR.replace('https', 'http'), 'stylegan2-car-config-f'),
        (CAR.replace('nvlabs-fi-cdn', 'NVLabs-FI-CDN'), 'stylegan2-car-config-f'),
        ('https://drive.google.com/uc?id=1MEGjdvVpUsu1jB4zrXZN7Y4kBBOzizDQ', 'stylegan-ffhq'),
        ('https://drive.google.com/file/d/1MEGjdvVpUsu1jB4zrXZN7Y4kBBOzizDQ/view?usp=sharing', 'stylegan-ffhq'),
        ('https://drive.google.com/open?id=1MEGjdvVpUsu1jB4zrXZN7Y4kBBOzizDQ&export=download', 'stylegan-ffhq'),
        ('gdrive:networks/stylegan2-car-config-f.pkl', 'stylegan2-car-config-f'),
    ],
)
def test_a_registered_address_is_its_network(tmp_path, monkeypatch, address, name):
    """It is found in the user's folder, as by name; so nothing is downloaded here."""
    model = models.find(name)
    assert models.find(address) == model
    monkeypatch.setenv('REGAN_NETWORKS', str(tmp_path))
    (tmp_path / model.file).write_bytes(b'x')
    assert models.resolve(address) == models.resolve(name) == tmp_path / model.file
    assert str(models.resolve(address + '::G')) == '%s::G' % (tmp_path / model.file)


def test_an_unknown_address_is_fetched_by_its_checksum(served, cache):
    folder, host, asked = served
    (folder / 'my net.pkl').write_bytes(b'content')
    address = host + '/my%20net.pkl?download=1'
    (folder / 'my%20net.pkl').write_bytes(b'content')
    with pytest.raises(UserError, match='is an address that the registry does not have.*#sha256=') as error:
        models.resolve(address)
    assert not asked and address in str(error.value)
    path = models.resolve('%s#sha256=%s' % (address, digest(b'content').upper()))
    assert path.read_bytes() == b'content' and path.parent == cache and len(asked) == 1
    assert path.name == digest(b'content')[:16] + '-my_20net.pkl'
    assert models.resolve('%s#sha256=%s' % (address, digest(b'content'))) == path and len(asked) == 1  # From the cache.


def test_another_content_is_refused_and_not_kept(served, cache):
    folder, host, _ = served
    (folder / 'net.pkl').write_bytes(b'another content')
    with pytest.raises(UserError, match='cannot download .*net.pkl from %s' % host):
        models.resolve('%s/net.pkl#sha256=%s' % (host, digest(b'content')))
    assert not list(cache.glob('*'))


def test_what_the_server_lacks(served):
    _, host, _ = served
    with pytest.raises(UserError, match='cannot download .*net.pkl from .*404'):
        models.resolve('%s/net.pkl#sha256=%s' % (host, digest(b'content')))


@pytest.mark.parametrize(
    'address, message',
    [
        ('https://example.org/net.pkl', '#sha256= and 64 hexadecimal digits, or download it yourself'),
        ('https://example.org/net.pkl#sha256=12', 'the registry does not have'),
        ('https://example.org/net.pkl#' + 'a' * 64, 'is an address that the registry does not have'),
        ('ftp://example.org/net.pkl', 'is no address of a file; give https://HOST/FILE, or a path'),
        ('s3://bucket/net.pkl', 'is no address of a file'),
        ('https://example.org', 'is no address of a file'),
        ('https:///net.pkl', 'is no address of a file'),
        ('https://example.org/a b.pkl#sha256=' + 'a' * 64, 'is no address of a file'),
        ('https://[::1/net.pkl#sha256=' + 'a' * 64, 'is no address of a file'),
        ('file://other/net.pkl', 'names the host'),
        ('gdrive:networks/unknown.pkl', 'is neither a file nor a registered network'),
    ],
)
def test_addresses_that_are_refused(address, message):
    with pytest.raises(UserError) as error:
        models.resolve(address)
    assert message in str(error.value)


def test_a_file_address_is_a_path(tiny_pickle):
    assert models.resolve(tiny_pickle.as_uri()) == tiny_pickle
    file = NetworkFile(models.resolve(tiny_pickle.as_uri() + '::Gs'))
    assert file.generator().name == 'Gs' and file.sha256 != digest(tiny_pickle.read_bytes())


def test_names_of_cached_files():
    assert addresses.file_name('https://a.b/../x;touch%20y', 'ab' * 32) == 'abababababababab-x_touch_20y'
    assert addresses.file_name('https://a.b/', 'ab' * 32) == 'abababababababab-network.pkl'
    assert len(addresses.file_name('https://a.b/' + 'c' * 999, 'ab' * 32)) < 150
