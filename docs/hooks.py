"""What MkDocs does besides: the API reference's pages, and the files outside docs/ that pages link to.

A link to ../networks/table.md works where the repository is shown; so that it works on the site as well, the file comes
along and the link is turned towards it. The same holds for the links of such a page.
"""

import ast
import pathlib
import posixpath
import re
import sys

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

DOCS = pathlib.Path(__file__).resolve().parent
PROJECT = DOCS.parent
sys.path[:0] = [str(DOCS), str(PROJECT)]  # For rooms.py, and for the commands that mkdocs-click imports.

import rooms

OFFICIAL = {
    'dnnlib': ('dnnlib',),
    'official scripts': ('pretrained_networks', 'config', 'metrics'),
    'networks as graphs': ('nvlabs_stylegan', 'nvlabs_stylegan2'),
    'training': ('training',),
}
LINK = re.compile(r'(?P<before>\]\()(?P<target>[^)\s#:]+)(?P<after>#[^)\s]*)?(?=[)\s])')
SHARED = ('CONTRIBUTING.md', 'CHANGELOG.md')  # Pages of the site that lie in the project's folder.


def on_config(config):
    """Puts the rooms' pages below the API reference."""
    for section in config.nav:
        for pages in section.values():
            if 'api.md' in pages:
                pages[pages.index('api.md')] = {'API': ['api.md'] + [{name: page(name)} for name in api()]}
    return config


def on_pre_build(config):
    """Refuses a picture of rooms that are no longer so."""
    if not rooms.is_current():
        raise PluginError('docs/rooms.svg does not show the code as it is; run: python docs/rooms.py')


def on_files(files, config):
    """Adds the pages of the API reference and what pages link to."""
    for name, modules in api().items():
        files.append(File.generated(config, page(name), content=reference(name, modules)))
    waiting = [(file.src_uri, DOCS / file.src_uri) for file in files.documentation_pages() if file.abs_src_path]
    waiting += [(name, PROJECT / name) for name in SHARED]
    while waiting:
        uri, path = waiting.pop()
        if uri not in files.src_uris:
            files.append(File.generated(config, uri, abs_src_path=str(path)))
        if path.suffix == '.md':
            found = [inside(path, match['target']) for match in LINK.finditer(path.read_text(encoding='utf-8'))]
            waiting += [
                (site(one), PROJECT / one)
                for one in found
                if (PROJECT / one).is_file() and site(one) not in files.src_uris
            ]
    return files


def on_page_markdown(markdown, page, config, files):
    """Turns links that leave docs/, or that come from outside, to where their files are on the site."""
    uri = page.file.src_uri
    if uri == 'api.md':
        markdown = markdown.replace('<!-- rooms -->', contents())
    path = DOCS / uri if (DOCS / uri).exists() else PROJECT / uri

    def turned(match):
        target = site(inside(path, match['target']))
        return match['before'] + posixpath.relpath(target, posixpath.dirname(uri) or '.') + (match['after'] or '')

    return LINK.sub(turned, markdown) if path.exists() else markdown


def inside(path, target):
    """Where a link of the file leads: a path in the project."""
    return posixpath.normpath(posixpath.join(path.parent.relative_to(PROJECT).as_posix(), target))


def site(path):
    """Where a file of the project is on the site."""
    return path[len('docs/') :] if path.startswith('docs/') else path


# ------------------------------------------------------------------ the API reference


def api():
    """The pages: dict of name -> names of modules. First the rooms of regan from the ground up, then the others."""
    modules, imports = rooms.read()
    level = rooms.floors(imports)
    ours = sorted((room for room in level if room not in rooms.HOUSES), key=lambda room: (level[room], room))
    found = {room: package('regan', room) for room in ours}
    for name, tops in OFFICIAL.items():
        found[name] = tuple(one for top in tops for one in package(*top.split('.')))
    found['studies'] = tuple(name.replace('experiments.', '') for name in package('experiments', 'studies'))
    return found


def package(*words):
    """The dotted names of a package and of the modules in it; of a module its own."""
    path = PROJECT.joinpath(*words)
    files = sorted(path.rglob('*.py')) if path.is_dir() else [path.with_suffix('.py')]
    names = ['.'.join(file.relative_to(PROJECT).with_suffix('').parts) for file in files]
    return tuple(sorted(name[: -len('.__init__')] if name.endswith('.__init__') else name for name in names))


def page(name):
    """The source of a page."""
    return 'api/%s.md' % name.replace(' ', '-')


def reference(name, modules):
    """The page on some modules, as Markdown for mkdocstrings."""
    blocks = ['::: %s\n    options:\n      show_submodules: false' % module for module in modules]
    return '\n\n'.join(['# ' + name] + blocks) + '\n'


def contents():
    """The list of the pages, with the first sentence of each room's docstring."""
    return '\n'.join('* [%s](%s): %s' % (name, page(name), summary(modules[0])) for name, modules in api().items())


def summary(module):
    """The first sentence of a module's docstring."""
    words = module.split('.')
    places = [top.joinpath(*words) for top in (PROJECT, PROJECT / 'experiments')]
    path = next(path for place in places for path in (place / '__init__.py', place.with_suffix('.py')) if path.exists())
    text = ast.get_docstring(ast.parse(path.read_text(encoding='utf-8'))) or ''
    return ' '.join(text.split('\n\n')[0].split())
