"""What the benchmarks share: options, a child process for each case, the machine's limit, the table and the JSON file.

The limit is the rate of TensorFlow's own float32 matrix multiplication on all cores. Its runs take turns with those
of what is measured, so that other load on the machine slows both and hardly moves their ratio.
"""

import concurrent.futures
import contextlib
import multiprocessing
import os
import resource
import signal
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, List, NamedTuple

import click

from regan.base import artefacts, provenance
from regan.base.errors import UserError

# TensorFlow is imported inside functions: the parent must stay small, because a child's peak memory begins at its size.

RESULTS = Path(__file__).parent / 'results'
GEMM_SIZE = 3000  # Large; powers of two run at half the speed on TensorFlow 1.15.


class Column(NamedTuple):
    """One column of the table: its heading, the key of a case's results, and a printf format with a width."""

    heading: str
    key: str
    format: str


class Figure(NamedTuple):
    """One line that a case contributes to the table of `make bench`.

    Attributes:
        what: what was done, a printf format of the case's results, e.g. '%(network)s, one image'.
        key: of the case's results; the number, which is a ratio.
        ratio: what over what, e.g. 'time over PyTorch\'s'.
        goal: what it should be, e.g. 'at most 0.5'; '' if nothing is promised.
    """

    what: str
    key: str
    ratio: str
    goal: str = ''


class Measured(NamedTuple):
    """What `against_gemm` found.

    Attributes:
        seconds: of every run, the warm-up left out.
        values: what the runs returned.
        gemm_rate: multiply-adds per second of the fastest matrix multiplication.
        peak_megabytes: largest resident size of the process before the first matrix multiplication.
    """

    seconds: List[float]
    values: List[Any]
    gemm_rate: float
    peak_megabytes: float


# ------------------------------------------------------------------ command line


def command(function):
    """Decorator: makes the click command of a benchmark of its `main`."""
    return click.command(context_settings=dict(help_option_names=['-h', '--help'], max_content_width=110))(function)


def network_option(command):
    """Decorator: --network, any number of network pickles."""
    return click.option(
        '--network',
        'networks',
        multiple=True,
        metavar='NAME_OR_FILE',
        help='Network pickle; may be given several times.',
    )(command)


def options(command):
    """Decorator: the options of every benchmark."""
    for option in [
        click.option(
            '--out', type=click.Path(dir_okay=False), help='JSON file; default: benchmarks/results/NAME-STACK.json.'
        ),
        click.option(
            '--repeats', type=click.IntRange(min=1), default=5, show_default=True, help='Timed runs after the warm-up.'
        ),
    ]:
        command = option(command)
    return command


def run(name, columns, measure, cases, out, figures=()):
    """Measures every case in a process of its own, prints a row for each, and writes all of them to a JSON file.

    Args:
        name: of the benchmark.
        columns: list of Column.
        measure: top-level function, called with a case's arguments; returns a dict of JSON values.
        cases: list of argument tuples.
        out: file, or None for the default.
        figures: list of Figure; of each case, those enter the table of `make bench` whose key it has.

    Raises:
        UserError: bad input, found by a case; or a case's process was killed.
    """
    load, results, path = os.getloadavg()[0], [], None
    for arguments in cases:
        result, machine = in_child(measure, *arguments)
        if not results:
            click.echo('  '.join(_heading(column) for column in columns))
        results.append(result)
        click.echo('  '.join(_cell(column, result) for column in columns))
        path = (
            Path(out) if out else RESULTS / ('%s-%s.json' % (name, machine['stack']))
        )  # After each case: a later one may be interrupted.
        artefacts.write_json(
            path,
            dict(
                benchmark=name,
                machine=dict(machine, load_before=load),
                cases=_rounded(results),
                figures=_rounded(lines(results, figures)),
            ),
        )
    click.echo('wrote %s' % path)


def lines(results, figures):
    """What the cases contribute to the table of `make bench`: list of dicts with what, value, ratio, goal and
    peak_megabytes.
    """
    return [
        dict(
            what=figure.what % result,
            value=result[figure.key],
            ratio=figure.ratio,
            goal=figure.goal,
            peak_megabytes=result.get('peak_megabytes'),
        )
        for result in results
        for figure in figures
        if result.get(figure.key) is not None
    ]


def _heading(column):
    """The heading as wide as the column's numbers."""
    return (column.format.split('.')[0].rstrip('dfs') + 's') % column.heading


def _cell(column, result):
    value = result[column.key]
    return _heading(column._replace(heading='-')) if value is None else column.format % value


def _rounded(value):
    """Numbers with four digits: the fifth is noise."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float('%.4g' % value) if isinstance(value, float) else value


# ------------------------------------------------------------------ processes


def in_child(function, *arguments):
    """function(*arguments) and the machine's facts, from a fresh process. Exceptions come through.

    Raises:
        UserError: the process was killed.
        click.Abort: Ctrl-C.
    """
    context = multiprocessing.get_context('spawn')
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context, initializer=_end_quietly_on_interrupt) as pool:
        try:
            return pool.submit(_with_facts, function, arguments).result()
        except BrokenProcessPool:
            raise UserError(
                'the process that measured %s was killed, probably for want of memory; measure a smaller case'
                % (arguments,)
            ) from None
        except KeyboardInterrupt:
            raise click.Abort() from None


def _end_quietly_on_interrupt():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _with_facts(function, arguments):
    return function(*arguments), machine_facts()


def machine_facts():
    """Software, processor and number of cores: dict of JSON values."""
    from regan.networks.opening import backend
    from regan.scale import jobs

    return dict(provenance.software(backend()), cores=jobs.cores())


def peak_megabytes():
    """The largest resident size that this process has had, in 10^6 bytes."""
    unit = 1 if sys.platform == 'darwin' else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


# ------------------------------------------------------------------ networks and time


def generator(path):
    """The last generator Network of a pickle, in the default session."""
    from dnnlib.tflib.revival import revive
    from regan.networks.opening import generator_state

    return revive(generator_state(path), path)


@contextlib.contextmanager
def session():
    """A graph and a session of their own, both the default ones inside the block."""
    import dnnlib.tflib as tflib

    # isort: split
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default(), tflib.create_session().as_default():
        yield


def timed(function):
    """(seconds, value) of function()."""
    begin = time.perf_counter()
    value = function()
    return time.perf_counter() - begin, value


def against_gemm(function, repeats):
    """Times function() and, in turn with it, a matrix multiplication in the default session.

    A first run of each is left out. Returns Measured.
    """
    function()
    peak = peak_megabytes()
    multiply = _gemm()
    multiply()
    runs, products = zip(*[(timed(function), timed(multiply)) for _ in range(repeats)])
    seconds, values = map(list, zip(*runs))
    return Measured(seconds, values, GEMM_SIZE**3 / min(product[0] for product in products), peak)


def _gemm():
    """A function that multiplies two square matrices."""
    import dnnlib.tflib as tflib

    # isort: split
    import tensorflow.compat.v1 as tf

    # Variables, because TensorFlow would compute a product of constants once and keep it.
    factors = [
        tf.get_variable('gemm_' + name, [GEMM_SIZE] * 2, initializer=tf.initializers.random_normal()) for name in 'ab'
    ]
    tflib.run([factor.initializer for factor in factors])
    product = tf.matmul(*factors).op
    return lambda: tflib.run(product)
