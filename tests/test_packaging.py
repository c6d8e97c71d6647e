"""What pyproject.toml declares agrees with what the stacks pin and what the code imports."""

import ast
import pathlib
import re
import sys

import pytest
from pip._vendor.packaging.requirements import Requirement

from regan.networks import models

PROJECT = pathlib.Path(__file__).resolve().parents[1]
PINS = dict.fromkeys(['3.9', '3.10', '3.11', '3.12', '3.13'], 'requirements-tf2.txt')  # Python -> its stack.
PINS['3.7'] = 'requirements.txt'
NAMES = {'PIL': 'pillow', 'sklearn': 'scikit-learn', 'imageio_ffmpeg': 'imageio-ffmpeg'}  # Module -> its distribution.
BESIDES = {'tensorboard', 'google'}  # TensorFlow brings them: its boards, and google.protobuf.
ASKED_FOR = {'dlib'}  # Whose users are told to install it.
INSTALLED = ['dnnlib', 'metrics', 'nvlabs_stylegan', 'nvlabs_stylegan2', 'regan', 'training']
OURS = set(INSTALLED + ['config', 'pretrained_networks', 'projector', 'checkout'])


def declared(version):
    """The requirements of pyproject.toml and its extras that hold for a version of Python: dict name -> Requirement."""
    lines = re.findall(r"'([a-z0-9-]+ [><=][^']*)'", (PROJECT / 'pyproject.toml').read_text(encoding='utf-8'))
    found = _holding(lines, version)
    assert len({requirement.name for requirement in found}) == len(found)
    return {requirement.name: requirement for requirement in found}


def pinned(version):
    """Dict name -> version of a requirements file."""
    lines = [line.split('#')[0].strip() for line in (PROJECT / PINS[version]).read_text(encoding='utf-8').splitlines()]
    return {one.name: str(one.specifier)[len('==') :] for one in _holding(filter(None, lines), version)}


def _holding(lines, version):
    requirements = map(Requirement, lines)
    return [one for one in requirements if one.marker is None or one.marker.evaluate({'python_version': version})]


@pytest.mark.parametrize('version', sorted(PINS))
def test_pins_are_in_the_declared_ranges(version):
    ranges, pins = declared(version), pinned(version)
    assert set(ranges) == set(pins)
    assert [name for name, pin in pins.items() if not ranges[name].specifier.contains(pin)] == []


def test_every_import_is_declared():
    """Nothing is used that is only there because something else needs it."""
    paths = [path for folder in INSTALLED for path in sorted((PROJECT / folder).rglob('*.py'))]
    paths += [PROJECT / 'config.py', PROJECT / 'pretrained_networks.py', PROJECT / 'projector.py']
    paths += sorted((PROJECT / 'experiments').glob('figure*.py'))
    imported = {}
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            imported.update((name.split('.')[0], path) for name in names)
    neighbours = {path.stem for path in (PROJECT / 'experiments').glob('figure*.py')}
    known = set(declared('3.7')) | set(declared('3.13')) | BESIDES | ASKED_FOR | OURS | neighbours
    others = {name: path for name, path in imported.items() if NAMES.get(name, name) not in known}
    assert {name: path for name, path in others.items() if not _is_standard(name)} == {}


def _is_standard(name):
    if name in sys.builtin_module_names:
        return True
    folder = pathlib.Path(ast.__file__).parent
    return any(any(folder.glob(form % name)) for form in ('%s.py', '%s/__init__.py', 'lib-dynload/%s.*'))


def test_a_wheel_has_a_network_and_stays_small():
    packaged = [model for model in models.registry().values() if model.packaged]
    assert packaged and all(model.source == 'embedded' for model in packaged)
    assert sum((models.EMBEDDED / model.file).stat().st_size for model in packaged) <= 16 * 2**20
