"""The source text that our pickles carry: complete, and independent of our packages."""

import ast
import importlib
import textwrap

import pytest
import tensorflow.compat.v1 as tf

import dnnlib.tflib as tflib
from dnnlib import architectures
from dnnlib.tflib.source import module_source
from tests.small_networks import SIZES, fresh_session


def imports(text):
    """Modules that a text imports, at any depth of its blocks."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
    return found


# No official pickle holds a BigGAN, and one of ours is for ours: its text needs regan.biggan.
@pytest.fixture(scope='module', params=sorted(set(architectures.MODULES) - {architectures.BIGGAN}))
def text(request):
    return request.param, module_source(importlib.import_module(architectures.MODULES[request.param]))


def test_only_what_readers_have_is_imported(text):
    assert imports(text[1]) <= {
        'numpy',
        'tensorflow.compat.v1',
        'dnnlib',
        'dnnlib.tflib',
        'collections',
        'contextlib',
        'itertools',
        'math',
        'typing',
    }
    assert {'numpy', 'tensorflow.compat.v1'} <= imports(text[1])


def test_every_build_function_is_defined_once(text):
    generation, source = text
    defined = [node.name for node in ast.parse(source).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    assert set(architectures.FUNCTIONS[generation]) <= set(defined)


def test_no_later_definition_changes_an_earlier_text(text):
    """All modules end up in one namespace. Only the build functions themselves may replace those of an earlier
    generation.
    """
    generation, source = text
    names = []
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [node]
        names += [getattr(target, 'name', getattr(target, 'id', None)) for target in targets]
    assert {name for name in names if name and names.count(name) > 1} <= set(architectures.FUNCTIONS[generation])


def test_the_text_runs_in_a_module_of_its_own(text):
    generation, source = text
    namespace = {'__name__': 'elsewhere'}
    exec(compile(source, 'elsewhere', 'exec'), namespace)
    for name in architectures.FUNCTIONS[generation]:
        assert namespace[name].__module__ == 'elsewhere'
    with fresh_session(), tf.variable_scope('N'):
        if generation == architectures.READER:
            factors, _ = namespace['F_reader'](
                tf.placeholder(tf.float32, [None, 3, 16, 16]), resolution=16, num_factors=5
            )
            assert factors.shape.as_list() == [None, 5]
            return
        if generation in architectures.JUDGES:
            images = tf.placeholder(tf.float32, [None, 3, 16, 16])
            name = architectures.FUNCTIONS[generation][0]
            sizes = dict(divisor=16, resolution=75, widths=[2] * 5)  # Each takes its own.
            assert namespace[name](images, **sizes).shape.as_list()[0] is None
            return
        name = [name for name in namespace if name.startswith('D_')][-1]  # SEGAN has StyleGAN2's.
        x = tf.placeholder(tf.float32, [None, 3, 4, 4])
        labels = [] if generation == architectures.PROGRESSIVE else [tf.placeholder(tf.float32, [None, 0])]
        scores = namespace[name](x, *labels, is_template_graph=True, **dict(SIZES, resolution=4))
        scores = scores[0] if generation == architectures.PROGRESSIVE else scores  # Besides it has logits of labels.
        assert scores.shape.as_list() == [None, 1]


def test_modules_are_inlined_in_order_of_dependence(tmp_path, monkeypatch):
    """A module that imports two others, of which one imports the other."""
    package = tmp_path / 'inlined'
    package.mkdir()
    (package / '__init__.py').write_text('')
    (package / 'base.py').write_text('import numpy as np\n\nBASE = np.float32(1)\n')
    (package / 'middle.py').write_text('from inlined.base import BASE\n\nMIDDLE = BASE + 1\n')
    (package / 'top.py').write_text(
        textwrap.dedent('''\
        """Top."""
        import math
        from inlined.base import (
            BASE)
        from inlined.middle import MIDDLE

        def total():
            return math.floor(BASE + MIDDLE)
        ''')
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr('dnnlib.tflib.source._INLINED', ('inlined',))
    source = module_source(importlib.import_module('inlined.top'))
    assert imports(source) == {'math', 'numpy'}
    assert [source.count(line) for line in ('BASE = np.float32(1)', 'MIDDLE = BASE + 1', 'import math', 'inlined')] == [
        1,
        1,
        1,
        0,
    ]
    namespace = {}
    exec(source, namespace)
    assert namespace['total']() == 3


def build_here(x, **_kwargs):
    x.set_shape([None, 3])
    return tf.identity(x, name='out')


def test_any_modules_source_is_carried():
    with fresh_session():
        state = tflib.Network('N', func_name=build_here).__getstate__()
    assert 'def build_here(x, **_kwargs):' in state['build_module_src'] and state['build_func_name'] == 'build_here'
