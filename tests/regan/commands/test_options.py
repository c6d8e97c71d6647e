"""Groups of options, and that commands take few arguments."""

import ast
import collections
import pathlib

import click
import pytest
from click.testing import CliRunner

from regan import cli
from regan.base import command_errors
from regan.commands import options
from tests import one_command

COMMANDS = pathlib.Path(options.__file__).parents[1]
MOST = 8  # Parameters of a function.


@pytest.mark.parametrize('path', sorted(COMMANDS.rglob('*.py')), ids=lambda path: str(path.relative_to(COMMANDS)))
def test_functions_have_few_parameters(path):
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            given = node.args.args + node.args.kwonlyargs + [node.args.vararg, node.args.kwarg]
            names = [argument.arg for argument in given if argument]
            assert len(names) <= MOST, '%s in line %d takes %s' % (getattr(node, 'name', 'lambda'), node.lineno, names)


def options_of_all_commands(command, words=()):
    """Yields (words of the command, option) of a command and all below it."""
    for option in command.params:
        yield words, option
    for name in getattr(command, 'commands', {}):
        yield from options_of_all_commands(command.commands[name], words + (name,))


@pytest.mark.parametrize('name', cli.COMMANDS)
def test_numbers_are_finite(name):
    command = cli.main.get_command(click.Context(cli.main), name)
    for words, option in options_of_all_commands(command, (name,)):
        if isinstance(option.type, click.types.FloatParamType) and name != 'train':  # It has sentences of its own.
            for value in ('nan', 'inf', '-inf', '1e999'):
                with pytest.raises(click.BadParameter, match='is not a finite number|is not in the range'):
                    option.type.convert(value, option, None)
                    pytest.fail('%s takes %s' % (' '.join(words + tuple(option.opts)), value))


def test_numbers_have_limits():
    kind = options.number(above=0)
    assert options.number().convert('-1e30', None, None) == -1e30 and kind.convert('0.5', None, None) == 0.5
    for value in ('0', '-1', 'two'):
        with pytest.raises(click.BadParameter):
            kind.convert(value, None, None)


# ------------------------------------------------------------------ group

Point = collections.namedtuple('Point', 'x y label')
Point.__new__.__defaults__ = (None,)


@pytest.fixture
def show():
    """A command that prints what it gets; --label stands apart from the rest of its group, before --other."""

    @click.command()
    @click.option('--label')
    @options.group(
        'point', Point, click.option('--x', default=1, help='First.'), click.option('--y', default=2), also=['label']
    )
    @click.option('--other', default=3)
    def show(point, other):
        """Shows a point."""
        click.echo('%s %d' % (tuple(point), other))

    return show


@pytest.mark.parametrize(
    'words, said',
    [([], '(1, 2, None) 3'), (['--y', '5', '--label', 'a'], "(1, 5, 'a') 3"), (['--other', '4'], '(1, 2, None) 4')],
)
def test_a_group_is_one_argument(show, words, said):
    assert one_command.run_well(show, *words) == said + '\n'


def test_a_group_keeps_the_order_of_the_help(show):
    text = CliRunner().invoke(show, ['--help']).output
    places = [text.index(word) for word in ('Shows a point.', '--label', '--x', 'First.', '--y', '--other')]
    assert places == sorted(places)


def test_a_group_does_without_options_that_the_command_lacks():
    @click.command()
    @options.group('point', Point, click.option('--x', default=1), click.option('--y', default=2), also=['label'])
    def show(point):
        click.echo(point.label)

    assert one_command.run_well(show) == '\n'
    assert 'No such option' in one_command.run(show, '--label', 'a').output


def test_an_error_of_the_object_is_the_users():
    def refuse(**_):
        raise click.UsageError('no such point')

    @click.command()
    @options.group('point', refuse, click.option('--x', default=1))
    def show(point):
        raise AssertionError

    result = one_command.run(show)
    assert result.exit_code == 2 and 'no such point' in result.output


# ------------------------------------------------------------------ single values


@pytest.mark.parametrize('name, fits', [('a.csv', True), ('a.JSON', True), ('a.txt', False), ('csv', False)])
def test_endings(name, fits):
    check = options.ending('.csv', '.json')
    assert check(None, None, None) is None
    if fits:
        assert check(None, None, name) == name
    else:
        with pytest.raises(click.BadParameter, match='%s must end in .csv or .json' % name):
            check(None, None, name)


def test_given_and_refused():
    @click.command()
    @click.option('--batch-size', default=1)
    def show(batch_size):
        click.echo(options.given('batch_size'))
        options.refuse(['batch_size'], 'does nothing here')

    assert one_command.run_well(show) == 'False\n'
    result = one_command.run(show, '--batch-size', '1')  # Its default, but given.
    assert (
        result.exit_code == 2
        and result.output.startswith('True\n')
        and '--batch-size does nothing here' in result.output
    )


# ------------------------------------------------------------------ how to draw and decompose


@pytest.mark.parametrize(
    'words, further',
    [
        ('generate', []),
        ('edit', ['--signs', '--zero-rows']),
        ('sweep', ['--signs', '--zero-rows']),
        ('pca', ['--signs', '--zero-rows']),
        ('edits export', ['--signs', '--zero-rows']),
        ('boundary train', []),
        ('boundary edit', []),
        ('segan control', []),
        ('segan traversal', []),
        ('metrics', []),
        ('figure 1', []),
    ],
)
def test_every_command_that_draws_or_decomposes_takes_mode_and_noise(words, further):
    """All but `edits export`, which draws nothing, take the noise; those that decompose also signs and rows."""
    command = cli.main
    for word in words.split():
        command = command.get_command(click.Context(command), word)
    offered = {name for option in command.params for name in option.opts}
    wanted = {'--mode', '--noise'} | set(further)
    assert wanted - offered == ({'--noise'} if words == 'edits export' else set())


# ------------------------------------------------------------------ suggestions


def every_command(command=cli.main, path=()):
    """(path, command) of all commands without subcommands."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from every_command(command.get_command(context, name), path + (name,))
    else:
        yield path, command


def names_of(command):
    return {name for option in command.params for name in option.opts if name.startswith('--')}


def test_no_command_suggests_an_option_for_its_dashes():
    """Each command gets each option that others have and it lacks; a suggestion shares most of the letters."""
    commands = dict(every_command())
    everywhere = set().union(*map(names_of, commands.values()))
    assert {'--n', '--noise'} < everywhere
    for path, command in commands.items():
        for wrong in sorted(everywhere - names_of(command)):
            for found in command_errors.likely(wrong, names_of(command)):
                letters = [collections.Counter(name.strip('-')) for name in (wrong, found)]
                shared = sum((letters[0] & letters[1]).values())
                assert 5 * shared >= 2 * max(sum(counter.values()) for counter in letters), (path, wrong, found)


@pytest.mark.parametrize(
    'words, said, unsaid',
    [
        (['edits', 'export', 'E(v0, all)', '--noise', 'none'], 'No such option', 'Did you mean'),
        (['pca', 'any', '--componets', '3'], '--components', '--sparsity'),
        (['edit', 'any', '--batch', '3'], '--batch-size', '--basis'),
        (['boundary', 'edit', 'any', 'any', '--distance', '3'], 'No such option', '--n'),
    ],
)
def test_what_is_suggested(words, said, unsaid):
    result = CliRunner().invoke(cli.main, words)
    assert result.exit_code == 2 and said in result.output and unsaid not in result.output.replace(words[-2], '')
