"""Fixtures that several folders of tests share."""

import contextlib
import gc

import pytest


def pytest_collection_finish():
    """Spares the garbage collector what stays to the end: TensorFlow's modules, our own and the tests are half a
    million objects.
    """
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """Starts a worker's tests only when its main thread is free for them: signals arrive nowhere else.

    Older releases of execnet run them in another thread if the question before them has just been answered, and a
    test that interrupts itself ends the worker.
    """
    free = 0
    while free < 5:  # A thread that is done is free a moment later.
        free = 0 if node.gateway.remote_status().numexecuting else free + 1


@pytest.fixture(autouse=True)
def nothing_said():
    """What one test's code has said on standard error may be said in the next."""
    from regan.base import kept, notices

    notices.begin()
    kept.begin()


@pytest.fixture(scope='session')
def tiny_pickle(tmp_path_factory):
    """Path of a small random StyleGAN2 pickle: resolution 16, Z = 13, D = 11, L = 6."""
    from tests import tiny_network

    return tiny_network.write(tmp_path_factory.mktemp('networks') / 'tiny.pkl')


@pytest.fixture(scope='session')
def tiny_generator(tiny_pickle):
    """The generator of `tiny_pickle`, opened once. Who changes its noise sets 'stored' again."""
    from regan.networks.generator import Generator

    with Generator.open(tiny_pickle) as generator:
        yield generator


@pytest.fixture(scope='session')
def tiny_objective(tiny_generator):
    """The distance of the pictures of `tiny_generator` by the discriminator of its file, with gradients."""
    from regan.projection.distances import DiscriminatorDistance
    from regan.projection.objective import Objective

    distance = DiscriminatorDistance(tiny_generator.path)
    with tiny_generator.with_synthesis(lambda synthesis: Objective(synthesis, distance)) as objective:
        yield objective


@pytest.fixture
def stays_open(tiny_generator, monkeypatch):
    """Gives `tiny_generator` to whoever opens its file: a new graph takes longer to build than most commands take."""
    from regan.networks.generator import Generator

    open_another = Generator.open

    @contextlib.contextmanager
    def opened(noise):
        tiny_generator.set_noise(noise)
        try:
            yield tiny_generator
        finally:
            tiny_generator.set_noise('stored')

    def open_it(path, noise='stored', trust_embedded_code=False, precision='float32', label=None):
        known = str(getattr(path, 'path', path)) == tiny_generator.path and label is None
        if known and precision == tiny_generator.precision:
            return opened(noise)
        return open_another(path, noise, trust_embedded_code, precision, label)

    monkeypatch.setattr(Generator, 'open', open_it)
