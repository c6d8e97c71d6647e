"""Runs one command as `regan` does: a user's mistake is one line and exit status 2."""

import click
from click.testing import CliRunner

from regan.base.command_errors import errors_in_one_line


class _Group(click.Group):
    def invoke(self, ctx):
        with errors_in_one_line():
            return super().invoke(ctx)


def run(command, *words):
    """The click.testing.Result of a command with some words."""
    return CliRunner().invoke(_Group('regan', commands={'it': command}), ['it'] + [str(word) for word in words])


def run_well(command, *words):
    """What a command printed, after a check that it ended well."""
    result = run(command, *words)
    assert result.exit_code == 0, result.output
    return result.output
