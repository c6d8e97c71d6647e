"""Modules get their names back when they are imported, and those that are gone are found."""

import importlib
import inspect
import sys

import pytest

from regan.restored import importing, of_standard_library


@pytest.fixture
def finder(tmp_path, monkeypatch):
    """Puts `older` back in a module `sample`, until the end of a test."""
    (tmp_path / 'sample.py').write_text('newer = 5\nmine = 1\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(importing.RESTORED, 'sample', 'standard_library')
    monkeypatch.setitem(of_standard_library.NAMES, 'sample', dict(older='newer', mine=2))
    monkeypatch.setattr(sys, 'meta_path', [importing.Finder()] + sys.meta_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_module_is_given_its_names(finder):
    module = importlib.import_module('sample')
    assert (module.older, module.newer, module.mine) == (5, 5, 1)
    assert module.__spec__.loader is module.__loader__ and 'Finder' not in repr(module.__loader__)
    assert inspect.getsource(module).startswith('newer = 5')
    assert importlib.reload(module).older == 5


def test_a_module_that_fails_fails_as_ever(finder):
    (finder / 'sample.py').write_text('1 / 0')
    with pytest.raises(ZeroDivisionError):
        importlib.import_module('sample')
    assert 'sample' not in sys.modules


def test_a_module_that_is_gone_is_made(finder, monkeypatch):
    (finder / 'sample.py').unlink()
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module('sample')
    monkeypatch.setattr(importing, 'WHOLE', ('sample',))
    assert importlib.import_module('sample').mine == 2


def test_a_module_that_moved_is_found_under_both_names(finder, monkeypatch):
    monkeypatch.setitem(importing.MOVED, 'sample_of_old', 'sample')
    module = importlib.import_module('sample')
    assert importlib.import_module('sample_of_old') is module and module.__spec__.name == 'sample'


def test_what_moved_is_there_today():
    for name in importing.MOVED.values():
        assert importlib.import_module(name)


def test_every_table_is_there():
    for name, room in importing.RESTORED.items():
        module = importlib.import_module('regan.restored.of_' + room)
        assert callable(module.restore)
        assert room in ('numpy', 'pickle', 'tensorflow') or name in module.NAMES
