"""What a command line says of a mistake."""

import click
import pytest

from dnnlib.unpickle import NetworkPickleError
from regan.base.errors import UserError
from tests import one_command


@pytest.mark.parametrize(
    'error, said',
    [
        (UserError('there is no file \x1b[2J\u202etxt.exe\x00'), r'Error: there is no file \x1b[2J\u202etxt.exe\x00'),
        (NetworkPickleError('it is called \r\ud800'), r'Error: it is called \r\ud800'),
        (UserError('größer'), 'Error: größer'),
    ],
)
def test_what_files_say_does_not_reach_the_terminal(error, said):
    @click.command()
    def fails():
        raise error

    result = one_command.run(fails)
    assert result.exit_code == 2 and result.output == said + '\n'
