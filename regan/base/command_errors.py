"""What every command line shares: a user's mistake ends in one sentence and exit status 2."""

import contextlib
import difflib
import sys
import warnings
from typing import Iterable, Iterator, List

import click

from regan.base import names
from regan.base.errors import UserError

ALIKE = 0.7  # Of `difflib`: names from here on may be a slip for each other.
ABBREVIATED = 3  # Letters of a name from which on they may stand for it.


@contextlib.contextmanager
def errors_in_one_line() -> Iterator[None]:
    """Turns UserError, NetworkPickleError and OSError into a line on standard error and exit status 2; Ctrl-C into
    130. An option that does not exist gets the suggestions of `likely`. Notes on files become lines, too.
    """
    with warnings.catch_warnings():
        warnings.showwarning = _notes(warnings.showwarning)
        with _in_one_line():
            yield


def _notes(otherwise):
    """A function that shows a `dnnlib.unpickle.FileNote` as a line, and leaves other warnings to `otherwise`."""

    def show(message, category, *place, **more):
        if category.__name__ == 'FileNote':  # By name: its module takes longer to import than --help to print.
            click.echo(names.printable('note: %s' % message), err=True)
        else:
            otherwise(message, category, *place, **more)

    return show


@contextlib.contextmanager
def _in_one_line():
    try:
        yield
    except click.NoSuchOption as error:
        if error.ctx is not None:
            known = [name for option in error.ctx.command.get_params(error.ctx) for name in option.opts]
            error.possibilities = likely(error.option_name, known)
        raise
    except UserError as error:
        _leave('Error: %s' % error, 2)
    except OSError as error:
        from dnnlib.unpickle import NetworkPickleError  # Here, because it takes longer to import than --help to print.

        plain = 'Error: %s: %s' % (error.filename or 'input or output', error.strerror or error)
        _leave('Error: %s' % error if isinstance(error, NetworkPickleError) else plain, 2)
    except KeyboardInterrupt:
        _leave('Interrupted; what was finished is kept, and the same command goes on from there.', 130)


def likely(wrong: str, known: Iterable[str]) -> List[str]:
    """Which options somebody may have meant by one that does not exist: those spelt alike, and what it abbreviates.

    The dashes do not count: '--n' is not like '--noise' for having two characters of three in common with it.

    >>> likely('--noise', ['--n', '--nosie', '--out'])
    ['--nosie']
    >>> likely('--batch', ['--batch-size', '--basis'])
    ['--batch-size']
    """
    names = {name.lstrip('-'): name for name in known}
    word = wrong.lstrip('-')
    begun = [name for name in names if len(word) >= ABBREVIATED and name.startswith(word)]
    alike = difflib.get_close_matches(word, [name for name in names if name not in begun], cutoff=ALIKE)
    return [names[name] for name in begun + alike]


def _leave(message, status):
    click.echo(names.printable(message), err=True)
    sys.exit(status)
