"""Fixtures that several folders of tests share."""
import pytest


@pytest.fixture(scope='session')
def tiny_pickle(tmp_path_factory):
    """Path of a small random StyleGAN2 pickle: resolution 16, Z = 13, D = 11, L = 6."""
    from tests import tiny_network
    return tiny_network.write(tmp_path_factory.mktemp('networks') / 'tiny.pkl')
