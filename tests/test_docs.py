"""What needs no environment of its own to be found wrong in the documentation; `make docs` finds the rest."""

import pathlib
import re
import runpy

PROJECT = pathlib.Path(__file__).resolve().parents[1]
BLOCK = re.compile(r'(?P<comment>[^\n]*)\n```(?P<language>\w*)\n(?P<text>.*?)\n```', re.DOTALL)
PAGES = sorted((PROJECT / 'docs').glob('*.md')) + [PROJECT / 'CONTRIBUTING.md']


def test_the_picture_of_the_rooms_shows_the_code():
    rooms = runpy.run_path(str(PROJECT / 'docs' / 'rooms.py'))
    assert rooms['is_current'](), 'run: python docs/rooms.py'


def test_every_page_of_the_menu_is_there_and_every_page_is_in_the_menu():
    menu = re.findall(r'- ([\w-]+\.md)$', (PROJECT / 'mkdocs.yml').read_text(encoding='utf-8'), re.MULTILINE)
    ours = {path.name for path in PAGES} | {'CHANGELOG.md'}
    assert set(menu) == ours and len(menu) == len(ours)


def test_python_blocks_are_python_and_reasons_are_given():
    for path in PAGES:
        for block in BLOCK.finditer(path.read_text(encoding='utf-8')):
            assert block['language'], '%s has a block without a language: %s' % (path.name, block['text'][:40])
            if block['language'] == 'python':
                compile(block['text'], path.name, 'exec')
            if block['comment'].startswith('<!--'):
                assert re.match(r'<!-- not run: \S.* -->$', block['comment']), block['comment']
