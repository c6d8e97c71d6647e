"""The house has floors: a module may import only what is on its own floor or below, and no modules import each other in
a circle.

Every module of the repository counts, and so do imports inside functions and modules that are named in a string.
"""

import ast
import collections
import functools
import pathlib
import re

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[1]

# From the ground up. A module stands on the floor of the longest name here that it begins with.
FLOORS = (
    'config',
    'dnnlib',  # pickles as data, downloads, what official scripts import
    'dnnlib.tflib',  # networks as graphs
    'nvlabs_stylegan',
    'nvlabs_stylegan2',
    'pretrained_networks',
    'regan',  # the version
    'regan.restored',  # older names of other libraries, for scripts
    'regan.base',
    'regan.sampling',  # seeds -> z, noise
    'regan.pictures',  # arrays -> PNG, MP4; comparison
    'regan.biggan',  # another architecture, from its own containers
    'regan.networks',  # pickle -> w = M(z), images
    'regan.judges',  # images -> features, distances
    'regan.conversion',  # networks in other forms
    'regan.components',  # w -> principal components
    'regan.editing',  # components -> edited latents
    'regan.drawing',  # latents, edits -> images
    'regan.views',  # a document -> images
    'regan.figures',  # images -> figures -> differences
    'regan.worlds',
    'regan.data',
    'regan.metrics',
    'regan.projection',  # pictures -> latents
    'regan.segan',
    'regan.scale',  # any of these on other machines
    'regan.explore',  # views, edits and networks on a page
    'training',
    'metrics',  # what official scripts import: the formulas are in regan.metrics
    'metrics.features',
    'metrics.frechet_inception_distance',
    'metrics.inception_score',
    'metrics.kernel_inception_distance',
    'metrics.linear_separability',
    'metrics.perceptual_path_length',
    'metrics.precision_recall',
    'metrics.metric_defaults',
    'projector',  # likewise, of regan.projection
    'regan.commands',
    'regan.cli',
    'regan.__main__',
    'experiments.checkout',  # its folders
    'experiments.studies',
    'experiments',
    'examples',
    'benchmarks',
    'docs',
    'setup',
)

# (importer, imported): arrows that point up, each with the reason why it must.
EXEMPT = {
    (
        'dnnlib.architectures',
        'nvlabs_stylegan.networks',
    ): 'a pickle names a build function, which is found by that name',
    ('dnnlib.architectures', 'nvlabs_stylegan.progressive'): 'as before',
    ('dnnlib.architectures', 'nvlabs_stylegan.networks_progan'): 'as before',
    ('dnnlib.architectures', 'nvlabs_stylegan2.networks'): 'as before',
    ('dnnlib.architectures', 'nvlabs_stylegan2.ada'): 'as before',
    ('dnnlib.architectures', 'nvlabs_stylegan2.segan'): 'as before',
    ('dnnlib.architectures', 'nvlabs_stylegan2.factor_reader'): 'as before',
    ('dnnlib.architectures', 'regan.biggan.network'): 'as before',
    ('dnnlib.file_kinds', 'regan.biggan.files'): 'a kind of files names its reader, which is found by that name',
    ('dnnlib.architectures', 'regan.judges.vgg16'): 'as before',
    ('dnnlib.architectures', 'regan.judges.inception_v3'): 'as before',
    (
        'metrics.metric_base',
        'metrics.frechet_inception_distance',
    ): "the first generation's settings name a metric, which is found by that name",
    ('metrics.metric_base', 'metrics.perceptual_path_length'): 'as before',
    ('metrics.metric_base', 'metrics.linear_separability'): 'as before',
    ('dnnlib.unpickle', 'dnnlib.tflib.network'): 'the name of the class in a pickle, which is read and not imported',
}

NAMED = re.compile(r'[A-Za-z_]\w*(\.\w+)+\.?')


def modules():
    """All modules outside tests: dict of dotted name -> path. The scripts of a folder are imported by their bare
    names.
    """
    found = {}
    for top in sorted({floor.split('.')[0] for floor in FLOORS}):
        for path in [PROJECT / (top + '.py')] + sorted((PROJECT / top).rglob('*.py')):
            if path.exists():
                words = path.relative_to(PROJECT).with_suffix('').parts
                found['.'.join(words[:-1] if words[-1] == '__init__' else words)] = path
    return found


def imported(path, name, known):
    """Names of the known modules that the module in `path` imports, in whatever way."""
    tree = ast.parse(path.read_text(encoding='utf-8'))
    package = name if path.name == '__init__.py' else name.rpartition('.')[0]
    folder = name.split('.')[0] + '.'  # Scripts import from their own folder.
    words = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            words.update(prefix + alias.name for alias in node.names for prefix in ('', folder))
        elif isinstance(node, ast.ImportFrom):
            base = '.'.join(filter(None, [package if node.level else '', node.module]))
            words.update('%s%s.%s' % (prefix, base, alias.name) for alias in node.names for prefix in ('', folder))
        else:
            text = (
                getattr(node, 's', None) if isinstance(node, getattr(ast, 'Str', ())) else getattr(node, 'value', None)
            )
            if isinstance(text, str) and NAMED.fullmatch(text):
                words.add(text.rstrip('.'))
    return {found for found in (_known(word, known) for word in words) if found not in (None, name)}


def _known(word, known):
    """The known module that a dotted name means: itself, or what it is an attribute of. A folder of scripts alone is
    none.
    """
    parts = word.split('.')
    return next(
        (found for found in ('.'.join(parts[:end]) for end in range(len(parts), 0, -1)) if found in known), None
    )


def floor(name):
    """Number of the floor on which a module stands."""
    return max((len(prefix), number) for number, prefix in enumerate(FLOORS) if (name + '.').startswith(prefix + '.'))[
        1
    ]


@functools.lru_cache(maxsize=None)
def arrows():
    """Set of (importer, imported) over all modules."""
    known = modules()
    return {(name, other) for name, path in known.items() for other in imported(path, name, known)}


def test_imports_point_down():
    up = {(a, b) for a, b in arrows() if floor(b) > floor(a)}
    assert up == set(EXEMPT), 'these arrows point up, or are exempt without need: %s' % sorted(up ^ set(EXEMPT))


def test_no_circles():
    graph = collections.defaultdict(set)
    for a, b in arrows() - set(EXEMPT):
        if not (a + '.').startswith(b + '.'):  # A package's face is run before its parts in any case.
            graph[a].add(b)
    done, path = set(), []

    def visit(name):
        assert name not in path, 'a circle: ' + ' -> '.join(path[path.index(name) :] + [name])
        if name not in done:
            path.append(name)
            for other in sorted(graph[name]):
                visit(other)
            done.add(path.pop())

    for name in sorted(graph):
        visit(name)


def test_every_floor_is_lived_on():
    lived_on = {FLOORS[floor(name)] for name in modules()}
    assert lived_on == set(FLOORS), sorted(set(FLOORS) - lived_on)


@pytest.mark.parametrize(
    'text',
    [
        'import regan.commands.pca',
        'from regan.commands import pca',
        'def f():\n    from regan.commands import pca',
        "import importlib\nimportlib.import_module('regan.commands.pca')",
        "NAME = 'regan.commands.' + 'pca'",
    ],
)
def test_an_arrow_is_found(tmp_path, text):
    path = tmp_path / 'planted.py'
    path.write_text(text + '\n')
    known = dict(modules(), planted=path)
    found = imported(path, 'planted', known)
    assert found & {'regan.commands', 'regan.commands.pca'} and floor('regan.commands') > floor('regan.base')
