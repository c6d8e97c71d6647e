"""What the command loads before it is needed: nothing. (How long that takes is for benchmarks/start_up.py.)"""

import json
import os
import pathlib
import subprocess
import sys

import click
from click.testing import CliRunner

from regan import cli

PROJECT = pathlib.Path(__file__).parents[3]
HEAVY = [
    'tensorflow',
    'numpy',
    'scipy',
    'matplotlib',
    'PIL',
    'tqdm',
    'imageio',
    'sklearn',
    'dask',
    'dnnlib',
    'urllib.request',
]


HELP = [[]] + [[name] for name in cli.COMMANDS] + [['edits', 'list'], ['worlds', 'sweep'], ['segan', 'control']]
PROGRAM = '''
import json, sys
from regan.cli import main
for words in json.loads(sys.argv[1]):
    main(words, standalone_mode=False)
    print(' '.join(sys.modules), file=sys.stderr)
'''


def loaded(commands):
    """The modules that are loaded after each of some `regan` commands, which one process runs in turn: list of sets.

    What one command loads is in the sets of all later ones, so the first set with a module tells whose it is.
    """
    words = json.dumps([[str(word) for word in command] for command in commands])
    done = subprocess.run(
        [sys.executable, '-c', PROGRAM, words],
        env=dict(os.environ, PYTHONPATH=str(PROJECT)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert done.returncode == 0 and done.stdout, done.stderr
    found = [set(line.split()) for line in done.stderr.splitlines()]
    assert len(found) == len(commands), done.stderr
    return found


def test_help_loads_nothing_heavy():
    found = loaded([words + ['--help'] for words in HELP])
    assert [words for words, modules in zip(HELP, found) if not modules.isdisjoint(HEAVY)] == []


def test_without_tensorflow(tiny_pickle):
    *others, worlds = loaded(
        [['info', tiny_pickle], ['edits', 'list'], ['edits', 'show', 'ffhq/Big smile'], ['worlds', 'list']]
    )
    assert all(modules.isdisjoint(['tensorflow', 'matplotlib', 'sklearn', 'PIL.Image']) for modules in others)
    assert 'tensorflow' not in worlds


def test_the_list_of_commands_is_theirs():
    context = click.Context(cli.main)
    modules = sorted(path.stem for path in (PROJECT / 'regan' / 'commands').glob('*.py'))
    assert set(cli.COMMANDS) <= set(modules)
    for name, summary in cli.COMMANDS.items():
        command = cli.main.get_command(context, name)
        assert isinstance(command, click.Command) and command.name == name and summary.endswith('.')
    functions = [
        module
        for module in modules
        if 'def %s(' % module in (PROJECT / 'regan' / 'commands' / (module + '.py')).read_text()
    ]
    assert sorted(cli.COMMANDS) == functions
    text = CliRunner().invoke(cli.main, ['--help']).output
    assert all('  %s ' % name in text and summary in text for name, summary in cli.COMMANDS.items())


def test_an_unknown_command():
    result = CliRunner().invoke(cli.main, ['swep'])
    assert result.exit_code == 2 and "No such command 'swep'" in result.output
