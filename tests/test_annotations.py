"""The public API says its types: all public functions, methods and attributes of the rooms for users of Python."""

import ast
import pathlib

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[1]
ROOMS = ('base', 'sampling', 'pictures', 'networks', 'judges', 'components', 'editing', 'drawing', 'views', 'figures')
SPECIAL = ('__init__', '__enter__', '__exit__', '__str__', '__call__', '__iter__', '__len__', '__post_init__')


def bare(source):
    """What has no annotation in the public part of a module: list of str, such as 'Basis.save: path'."""
    return [found for node in ast.parse(source).body for found in _bare_in(node, '')]


def _bare_in(node, owner):
    if isinstance(node, ast.FunctionDef) and _is_public(node.name):
        yield from _bare_function(node, owner)
    elif isinstance(node, ast.ClassDef) and _is_public(node.name):
        declared = {line.target.id for line in node.body if isinstance(line, ast.AnnAssign)}
        for name in sorted(_attributes(node) - declared):
            yield '%s.%s' % (node.name, name)
        for line in node.body:
            yield from _bare_in(line, node.name + '.')


def _bare_function(node, owner):
    parameters = node.args.args + node.args.kwonlyargs + [one for one in (node.args.vararg, node.args.kwarg) if one]
    is_bound = owner and not any(getattr(one, 'id', '') == 'staticmethod' for one in node.decorator_list)
    for parameter in parameters[1 if is_bound else 0 :]:
        if parameter.annotation is None:
            yield '%s%s: %s' % (owner, node.name, parameter.arg)
    if node.returns is None:
        yield '%s%s: what it returns' % (owner, node.name)


def _attributes(node):
    """Public names that a class or its methods assign, on themselves or on self."""
    targets = [target for line in node.body if isinstance(line, ast.Assign) for target in line.targets]
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store):
            names.update([part.attr] if getattr(part.value, 'id', '') == 'self' else [])
    return {name for name in names if _is_public(name)}


def _is_public(name):
    return not name.startswith('_') or name in SPECIAL


@pytest.mark.parametrize('room', ROOMS)
def test_all_is_annotated(room):
    paths = sorted((PROJECT / 'regan' / room).rglob('*.py'))
    assert paths
    found = ['%s: %s' % (path.name, one) for path in paths for one in bare(path.read_text(encoding='utf-8'))]
    assert not found, 'without a type:\n' + '\n'.join(found)


def test_mypy_checks_the_same_rooms():
    table = (PROJECT / 'pyproject.toml').read_text(encoding='utf-8').split('[tool.mypy]')[1]
    packages = table.split('packages = ')[1].split(']')[0] + ']'
    assert sorted(ast.literal_eval(packages)) == sorted('regan.' + room for room in ROOMS)


@pytest.mark.parametrize(
    'source, expected',
    [
        ('def f(a: int) -> int: ...\ndef _g(a): ...', []),
        ('def f(a, *b, c: int = 1, **d): ...', ['f: a', 'f: b', 'f: d', 'f: what it returns']),
        ('class A:\n    def f(self, a) -> int: ...', ['A.f: a']),
        ('class A:\n    @staticmethod\n    def f(a) -> int: ...', ['A.f: a']),
        ('class A:\n    b = 1\n    _c = 2\n    d: int = 3', ['A.b']),
        ('class A:\n    def __init__(self) -> None:\n        self.b, self._c = 1, 2', ['A.b']),
        ('class A:\n    def __init__(self): ...', ['A.__init__: what it returns']),
    ],
)
def test_what_is_bare_is_found(source, expected):
    assert bare(source) == expected
