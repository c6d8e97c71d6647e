"""What every command line shares: how it says that it cannot go on, in one sentence, and with which exit status."""

import contextlib
import difflib
import os
import signal
import sys
import traceback
import warnings
from typing import Iterable, Iterator, List

import click

from regan.base import kept, names, notices
from regan.base.errors import UserError, WriteError, reason

ALIKE = 0.7  # Of `difflib`: names from here on may be a slip for each other.
ABBREVIATED = 3  # Letters of a name from which on they may stand for it.
_ENDING = [getattr(signal, name) for name in ('SIGTERM', 'SIGHUP') if hasattr(signal, name)]


class Terminated(KeyboardInterrupt):
    """A signal that ends a program. What is kept on Ctrl-C is kept then, too.

    Args:
        number: of the signal.
    """

    number: int

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextlib.contextmanager
def errors_in_one_line() -> Iterator[None]:
    """Turns UserError, NetworkPickleError and OSError into a line on standard error and exit status 2; Ctrl-C into
    130, SIGTERM into 143. After a file that could not be written, and after a signal, the line says what is kept. An
    option that does not exist gets the suggestions of `likely`. Notes on files become lines, too.
    """
    kept.begin()
    notices.begin()
    with _signals(), warnings.catch_warnings():
        warnings.showwarning = _notes(warnings.showwarning)
        try:
            yield
        except click.NoSuchOption as error:
            if error.ctx is not None:
                known = [name for option in error.ctx.command.get_params(error.ctx) for name in option.opts]
                error.possibilities = likely(error.option_name, known)
            raise
        except WriteError as error:
            _leave('Error: cannot write %s: %s; %s' % (error.path, error.reason, kept.unwritten()), 2)
        except UserError as error:
            _leave('Error: %s' % error, 2)
        except BrokenPipeError:
            raise  # Nobody reads any more, as after `| head`: click ends the program without a word.
        except OSError as error:
            from dnnlib.unpickle import NetworkPickleError  # Here, as it takes longer to import than --help to print.

            _leave('Error: %s' % (error if isinstance(error, NetworkPickleError) else _plain(error)), 2)
        except KeyboardInterrupt as error:
            _leave('Interrupted; %s.' % kept.interrupted(), 128 + getattr(error, 'number', signal.SIGINT))


def _notes(otherwise):
    """A function that shows a `dnnlib.unpickle.FileNote` as a line, and leaves other warnings to `otherwise`."""

    def show(message, category, *place, **more):
        if category.__name__ == 'FileNote':  # By name: its module takes longer to import than --help to print.
            notices.note(names.printable(str(message)))
        else:
            otherwise(message, category, *place, **more)

    return show


@contextlib.contextmanager
def _signals():
    """Context manager: inside, signals that would end the program without a word raise Terminated."""
    handled = []
    try:
        for number in _ENDING:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _terminate)
                handled.append(number)
    except ValueError:  # Not the main thread: the caller's business.
        pass
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, signal.SIG_DFL)


def _terminate(number, _):
    raise Terminated(number)


def _plain(error):
    """An OSError as a sentence. Printing is the only writing that does not know the name of its file."""
    if error.filename:
        return '%s: %s' % (error.filename, reason(error))
    if not any(frame.f_code is click.echo.__code__ for frame, _ in traceback.walk_tb(error.__traceback__)):
        return reason(error)
    with contextlib.suppress(OSError, ValueError), open(os.devnull, 'w') as nothing:
        os.dup2(nothing.fileno(), sys.stdout.fileno())  # Else Python tries once more at the end, and says so.
    return 'cannot write the standard output: %s; %s' % (reason(error), kept.unwritten())


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
