"""What README.md tells people to type works, as it is written there; what is not run says why."""

import pathlib
import re
import shlex

import pytest
from click.testing import CliRunner

from regan import cli

PROJECT = pathlib.Path(__file__).resolve().parents[1]
BLOCK = re.compile(r'(?:<!-- not run: (?P<reason>[^\n]+) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)\n```', re.DOTALL)
BLOCKS = [block.groupdict() for block in BLOCK.finditer((PROJECT / 'README.md').read_text(encoding='utf-8'))]
RUN = [block for block in BLOCKS if block['language'] in ('sh', 'python') and not block['reason']]


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """One working folder for all blocks, since later ones use what earlier ones left."""
    return tmp_path_factory.mktemp('readme')


@pytest.mark.parametrize('block', RUN, ids=lambda block: block['text'].split('\n')[0][:40])
def test_what_is_written_can_be_typed(block, folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setenv('REGAN_CACHE_DIR', str(folder / 'cache'))
    if block['language'] == 'python':
        exec(compile(block['text'], 'README.md', 'exec'), {})
    else:
        for line in block['text'].split('\n'):
            program, *words = shlex.split(line, comments=True)
            assert program == 'regan', 'the test runs the command regan; mark the block as not run and say why'
            result = CliRunner().invoke(cli.main, words)
            assert result.exit_code == 0, result.output
    assert list(folder.glob('*.png')), 'it leaves a picture'


def test_no_link_leads_nowhere():
    text = re.sub(r'```.*?```', '', (PROJECT / 'README.md').read_text(encoding='utf-8'), flags=re.DOTALL)
    links = [link.split('#')[0] for link in re.findall(r'\]\(([^)\s]+)\)', text) if not link.startswith('http')]
    assert links and not [link for link in links if not (PROJECT / link).exists()]


def test_a_stranger_reads_it_in_two_minutes():
    assert len((PROJECT / 'README.md').read_text(encoding='utf-8').split('\n')) <= 120
