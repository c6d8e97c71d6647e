"""Randomized PCA of wide rows: speed against the machine's limit and scikit-learn, and memory at the width of a layer's
activations.

    python benchmarks/feature_pca.py
    python benchmarks/feature_pca.py --case 65536x2000x40

The limit is the time of its matrix products alone at the rate of a large float32 matrix product. `sklearn` is the time
of scikit-learn's PCA with svd_solver='randomized', as many power iterations and as wide a sketch, all rows in memory,
over that of ours; `missing` is the share of the variance that our components leave out, `theirs` that of
scikit-learn's.
"""

import re

import click
import common

from regan.base.command_errors import errors_in_one_line

DEFAULT_CASES = ['16384x4000x40', '262144x512x80']
LARGEST_COMPARED = 2**27  # Values of a sample that scikit-learn gets too: it needs several copies in memory.
CHUNK_VALUES = 2**23
COLUMNS = [
    common.Column('D', 'width', '%7d'),
    common.Column('rows', 'rows', '%6d'),
    common.Column('components', 'components', '%10d'),
    common.Column('seconds', 'seconds', '%8.2f'),
    common.Column('limit s', 'limit_seconds', '%8.2f'),
    common.Column('time/limit', 'time_over_limit', '%10.2f'),
    common.Column('peak MB', 'peak_megabytes', '%8.0f'),
    common.Column('missing', 'missing', '%8.5f'),
    common.Column('theirs', 'missing_of_sklearn', '%8.5f'),
    common.Column('sklearn', 'sklearn_over_ours', '%8.2f'),
]
FIGURES = [
    common.Figure('randomized PCA, %(rows)d x %(width)d', 'time_over_limit', 'time over its matrix products'),
    common.Figure(
        'randomized PCA, %(rows)d x %(width)d', 'sklearn_over_ours', "scikit-learn's randomized PCA over ours"
    ),
]


def measure(width, rows, count, repeats):
    """Times one size. Returns a dict, see COLUMNS."""
    import threadpoolctl

    from regan.components import randomized

    def fit():
        with threadpoolctl.threadpool_limits(limits=1, user_api='blas'):
            return randomized.fit(lambda: sample(width, rows), count)

    with common.session():
        measured = common.against_gemm(fit, repeats)
    total, found = min(zip(measured.seconds, measured.values), key=lambda run: run[0])
    work = rows * width * randomized.OVERSAMPLING * count * (2 * randomized.passes() - 1)
    seconds, missing = compare_with_sklearn(width, rows, count) if width * rows <= LARGEST_COMPARED else (None, None)
    return dict(
        width=width,
        rows=rows,
        components=count,
        seconds=total,
        limit_seconds=work / measured.gemm_rate,
        time_over_limit=total * measured.gemm_rate / work,
        peak_megabytes=measured.peak_megabytes,
        missing=found.missing,
        missing_of_sklearn=missing,
        sklearn_over_ours=seconds and seconds / total,
    )


def sample(width, rows):
    """Yields float32 rows of mean 0 and falling variance, the same ones each time, and never many at a time."""
    import numpy as np

    stdev = (1 / np.sqrt(1 + np.arange(width))).astype(np.float32)
    step = max(1, CHUNK_VALUES // width)
    for first in range(0, rows, step):
        yield np.random.RandomState(first).randn(min(step, rows - first), width).astype(np.float32) * stdev


def compare_with_sklearn(width, rows, count):
    """(seconds with the making of the rows, share of the variance that is missing), or (None, None) where it is not
    installed.
    """
    try:
        from sklearn.utils.extmath import randomized_svd
    except ImportError:
        return None, None
    import numpy as np

    from regan.components import randomized

    def fit():
        x = np.concatenate(list(sample(width, rows)))
        x -= x.mean(axis=0)
        values = randomized_svd(
            x, count, n_oversamples=(randomized.OVERSAMPLING - 1) * count, n_iter=randomized.ITERATIONS, random_state=0
        )[1]
        return 1 - np.square(values.astype(float)).sum() / np.square(np.linalg.norm(x).astype(float))

    fit()
    return common.timed(fit)


def parse(ctx, param, values):
    """'DxROWSxCOMPONENTS' -> three numbers."""
    for value in values:
        if not re.match(r'[1-9]\d*x[1-9]\d*x[1-9]\d*$', value):
            raise click.BadParameter('%r is not DxROWSxCOMPONENTS, for example 65536x2000x40' % value)
    return [tuple(int(number) for number in value.split('x')) for value in values]


@common.command
@click.option(
    '--case',
    'cases',
    multiple=True,
    default=DEFAULT_CASES,
    show_default=True,
    callback=parse,
    metavar='DxROWSxCOMPONENTS',
    help='May be given several times.',
)
@common.options
def main(cases, repeats, out):
    """Time randomized PCA of wide rows that are made again for every pass."""
    with errors_in_one_line():
        common.run('feature_pca', COLUMNS, measure, [case + (repeats,) for case in cases], out, FIGURES)


if __name__ == '__main__':
    main()
