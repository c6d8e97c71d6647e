"""Names that begin with an underscore belong to their module: no other module of the project uses them."""

import ast
import pathlib

import pytest

PROJECT = pathlib.Path(__file__).parents[1]
COVERED = [
    'dnnlib',
    'nvlabs_stylegan',
    'nvlabs_stylegan2',
    'regan',
    'training',
    'metrics',
    'benchmarks',
    'experiments',
    'config.py',
    'pretrained_networks.py',
    'projector.py',
]
OWNERS = {path.stem for path in PROJECT.iterdir() if path.suffix == '.py' or path.is_dir()}
OF_NAMED_TUPLES = ('_asdict', '_fields', '_make', '_replace')  # Public, whatever they look like.


def reaches(text):
    """Where a module uses private names of modules of the project, or of their classes: list of 'line: name'."""
    found = []
    _visit(ast.parse(text), frozenset(), found)
    return found


def _visit(node, imported, found):
    """Goes through a scope: `imported` are the names that stand for something of the project."""
    if isinstance(node, (ast.Module, ast.FunctionDef, ast.Lambda)):
        imported = imported - _bound(node) | _imports(node, found)
    name = _dotted(node)
    if name and name.split('.')[0] in imported and any(_is_private(part) for part in name.split('.')[1:]):
        found.append('%d: %s' % (node.lineno, name))
        return
    for child in ast.iter_child_nodes(node):
        _visit(child, imported, found)


def _imports(scope, found):
    """The names that imports of the project bind in a scope; private ones are found."""
    names = set()
    for node in _own_nodes(scope):
        if isinstance(node, ast.Import):
            names |= {(a.asname or a.name).split('.')[0] for a in node.names if a.name.split('.')[0] in OWNERS}
        elif isinstance(node, ast.ImportFrom) and (node.level or node.module.split('.')[0] in OWNERS):
            names |= {a.asname or a.name for a in node.names}
            found += ['%d: %s' % (node.lineno, a.name) for a in node.names if _is_private(a.name)]
    return names


def _bound(scope):
    """The names that a scope uses for things of its own: arguments and variables."""
    return {
        node.arg if isinstance(node, ast.arg) else node.id
        for node in _own_nodes(scope)
        if isinstance(node, ast.arg) or isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _own_nodes(scope):
    """The nodes below a scope that are not in a scope within it."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)


def _dotted(node):
    """'a.b.c' for an expression that is nothing but names, else None."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return '.'.join([node.id] + parts[::-1]) if parts and isinstance(node, ast.Name) else None


def _is_private(name):
    return name.startswith('_') and not name.endswith('__') and name not in OF_NAMED_TUPLES


@pytest.mark.parametrize('name', COVERED)
def test_no_module_uses_private_names_of_another(name):
    path = PROJECT / name
    files = sorted(path.rglob('*.py')) if path.is_dir() else [path]
    assert files
    found = {str(file.relative_to(PROJECT)): reaches(file.read_text('utf-8')) for file in files}
    assert {file: lines for file, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    'text, found',
    [
        ('from dnnlib.util import _open', ['1: _open']),
        ('from . import network\nnetwork._copy()', ['2: network._copy']),
        ('import dnnlib.tflib as tflib\ntflib.network._copy.name', ['2: tflib.network._copy.name']),
        ('import dnnlib.util\ndnnlib.util._open()', ['2: dnnlib.util._open']),
        ('def f():\n    from training import misc\n    return misc._grid(misc.grid)', ['3: misc._grid']),
        ('from training.misc import Run\ndef f():\n    return lambda x: Run._now', ['3: Run._now']),
        ('from training.misc import Run\nRun(1)._replace(a=2), Run._fields, Run.__name__', []),
        ('import numpy as np\nfrom numpy import core\nnp._core, core._multiarray', []),
        ('from training import run\ndef f(run):\n    return run._own', []),
        ('class A:\n    def f(self, other):\n        return self._x == other._x', []),
    ],
)
def test_what_is_found(text, found):
    assert reaches(text) == found
