"""What every command line shares: a user's mistake ends in one sentence and exit status 2."""

import contextlib
import sys
from typing import Iterator

import click

from regan.base import names
from regan.base.errors import UserError


@contextlib.contextmanager
def errors_in_one_line() -> Iterator[None]:
    """Turns UserError, NetworkPickleError and OSError into a line on standard error and exit status 2; Ctrl-C into
    130.
    """
    try:
        yield
    except UserError as error:
        _leave('Error: %s' % error, 2)
    except OSError as error:
        from dnnlib.unpickle import NetworkPickleError  # Here, because it takes longer to import than --help to print.

        plain = 'Error: %s: %s' % (error.filename or 'input or output', error.strerror or error)
        _leave('Error: %s' % error if isinstance(error, NetworkPickleError) else plain, 2)
    except KeyboardInterrupt:
        _leave('Interrupted; what was finished is kept, and the same command goes on from there.', 130)


def _leave(message, status):
    click.echo(names.printable(message), err=True)
    sys.exit(status)
