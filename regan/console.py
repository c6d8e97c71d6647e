"""What every command line shares: a user's mistake becomes one sentence and exit status 2; progress bars."""
import contextlib
import sys

import click

from regan.errors import UserError


@contextlib.contextmanager
def errors_in_one_line():
    """Turns UserError, NetworkPickleError and OSError into a line on standard error and exit status 2; Ctrl-C into 130."""
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


def components(generator, spec, quiet=False, spread=None):
    """The Basis of a generator's W from the cache or computed now, with a progress bar on a terminal. See `pca.load_or_compute`."""
    from regan import artefacts, pca
    import tqdm
    with tqdm.tqdm(total=spec.fitted_rows, desc='components', unit=' w', leave=False, disable=quiet or None) as bar:
        return pca.load_or_compute(generator, spec, artefacts.cache_dir(), bar.update, spread)


def _leave(message, status):
    click.echo(message, err=True)
    sys.exit(status)
