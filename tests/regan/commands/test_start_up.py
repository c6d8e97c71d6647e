"""What the command loads before it is needed: nothing. (How long that takes is for benchmarks/start_up.py.)"""
import os
import pathlib
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from regan import cli

PROJECT = pathlib.Path(__file__).parents[3]
HEAVY = ['tensorflow', 'numpy', 'scipy', 'matplotlib', 'PIL', 'tqdm', 'imageio', 'sklearn', 'dask', 'dnnlib', 'urllib.request']


def loaded(*words):
    """The modules that a `regan` command has loaded when it ends."""
    program = 'import sys\nfrom regan.cli import main\nmain(sys.argv[1:], standalone_mode=False)\nprint(" ".join(sys.modules), file=sys.stderr)'
    done = subprocess.run([sys.executable, '-c', program] + [str(word) for word in words], env=dict(os.environ, PYTHONPATH=str(PROJECT)),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    assert done.returncode == 0 and done.stdout, done.stderr
    return set(done.stderr.split())


@pytest.mark.parametrize('words', [[]] + [[name] for name in cli.COMMANDS] + [['edits', 'list'], ['worlds', 'sweep'], ['segan', 'control']],
                         ids=' '.join)
def test_help_loads_nothing_heavy(words):
    assert loaded(*words + ['--help']).isdisjoint(HEAVY)


@pytest.mark.parametrize('words', [['info', 'NET'], ['edits', 'list'], ['edits', 'show', 'ffhq/Big smile'], ['worlds', 'list']], ids=' '.join)
def test_without_tensorflow(words, tiny_pickle):
    modules = loaded(*[tiny_pickle if word == 'NET' else word for word in words])
    assert modules.isdisjoint(['tensorflow', 'matplotlib', 'sklearn', 'PIL.Image'] if words[0] != 'worlds' else ['tensorflow'])


def test_the_list_of_commands_is_theirs():
    context = click.Context(cli.main)
    modules = sorted(path.stem for path in (PROJECT / 'regan' / 'commands').glob('*.py'))
    assert set(cli.COMMANDS) <= set(modules)
    for name, summary in cli.COMMANDS.items():
        command = cli.main.get_command(context, name)
        assert isinstance(command, click.Command) and command.name == name and summary.endswith('.')
    functions = [module for module in modules if 'def %s(' % module in (PROJECT / 'regan' / 'commands' / (module + '.py')).read_text()]
    assert sorted(cli.COMMANDS) == functions
    text = CliRunner().invoke(cli.main, ['--help']).output
    assert all('  %s ' % name in text and summary in text for name, summary in cli.COMMANDS.items())


def test_an_unknown_command():
    result = CliRunner().invoke(cli.main, ['swep'])
    assert result.exit_code == 2 and "No such command 'swep'" in result.output
