"""A network's file, and one network of several in it. No TensorFlow."""

import hashlib

import pytest

from dnnlib.unpickle import NetworkPickleError
from regan.networks.network_file import NetworkFile
from regan.scale import jobs
from tests import make_pickles


@pytest.fixture(scope='module')
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp('networks') / 'two.pkl'
    networks = {key: make_pickles.state(key, 'G_main', []) for key in ('G', 'G_ema')}
    path.write_bytes(make_pickles.dumps(networks, 4))
    return path


def test_the_averaged_one_has_the_checksum_of_its_file(path):
    file = NetworkFile(path)
    assert file.generator().name == 'G_ema' and file.generator() is file.generator()
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_another_one_has_one_of_its_own(path):
    """What is computed from it is kept under other names."""
    file = NetworkFile('%s::G' % path)
    assert file.generator().name == 'G' and file.path == '%s::G' % path
    assert len(file.sha256) == 64 and file.sha256 not in (NetworkFile(path).sha256, NetworkFile('%s::x' % path).sha256)
    with pytest.raises(NetworkPickleError, match="two.pkl holds no network called 'x': it has G "):
        NetworkFile('%s::x' % path).generator()


def test_workers_find_it_in_the_file(path):
    for name in (str(path), '%s::G' % path):
        assert jobs.lacking([jobs.File(None, name, NetworkFile(name).sha256)]) == []
        assert jobs.lacking([jobs.File(None, name, '0' * 64)]) == ['0' * 64]


def test_whether_it_is_ours(tmp_path):
    part = make_pickles.state('G_mapping', 'G_mapping', [])
    for function, message in [('G_wide', 'which is not one of ours'), ('G_style', None)]:
        path = tmp_path / (function + '.pkl')
        path.write_bytes(make_pickles.dumps(make_pickles.state('Gs', function, [], 3, {'mapping': part}), 4))
        if message is None:
            NetworkFile(path).check_that_it_is_ours()
        else:
            with pytest.raises(NetworkPickleError, match='G_wide.pkl: .*' + message):
                NetworkFile(path).check_that_it_is_ours()
