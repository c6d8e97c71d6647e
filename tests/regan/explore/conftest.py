"""An explorer that runs in this process, on a small random network."""

import pytest


@pytest.fixture(scope='module')
def folders(tmp_path_factory):
    """Folders of its own for the cache and for saved edits."""
    patch = pytest.MonkeyPatch()
    folder = tmp_path_factory.mktemp('explorer')
    patch.setenv('REGAN_CACHE_DIR', str(folder / 'cache'))
    patch.setenv('REGAN_EDITS', str(folder / 'edits'))
    yield folder
    patch.undo()


@pytest.fixture(scope='module')
def running(folders, tiny_pickle):
    """The explorer of `tiny_pickle`, as `start.InThread`, with components; it takes messages as fast as they come."""
    from regan.explore import start
    from tests.regan.explore.explorer_page import Page

    with start.InThread(explorer_of(tiny_pickle)) as one:
        with Page(one) as page:
            assert page.hello()['basis'] is None
            page.send(type='basis', job='b1')
            page.until('result', job='b1')
        yield one


def explorer_of(path, view=None, sources=()):
    """An Explorer of a network's file, which begins with a view, or with files of latents."""
    from regan.explore import start
    from regan.explore.explorer import Explorer

    def open_network():
        from regan.networks.generator import Generator

        return Generator.open(path)

    return Explorer(start.opener(open_network, str(path), sources), view, rate=1e9)
