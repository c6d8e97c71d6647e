"""Samples per second of the principal components of W, and where the time goes.

    python benchmarks/pca.py
    python benchmarks/pca.py --n 1000000 --network my-network.pkl
    python benchmarks/pca.py --scaling

The limit is the time that the mapping network's matrix products alone would take at the rate of a large float32 matrix
product. Sampling, mapping and estimator overlap, so the seconds of the parts do not add up. Two columns compare with
what the original does, for ipca: `sklearn` is the time of scikit-learn's IncrementalPCA over that of ours on the same
blocks; `original` is the time per sample of the whole procedure, all latents in memory, mapped in small batches, over
ours. `normals` is the time with NumPy's normals over that with the compiled ones of `regan.sampling.compiled_normals`.
"""

import os
import statistics
from unittest import mock

import click
import common

from regan.base.command_errors import errors_in_one_line
from regan.components.pca import ESTIMATORS, PCASpec
from regan.networks import models

DEFAULT_NETWORKS, DEFAULT_WIDTHS = ['stylegan2-cars-64'], [512]
COMPONENTS, BATCH_SIZE = 80, 20
COMPARED_BLOCKS = 100  # With scikit-learn: of 500 in a million samples; the first ones take longer than the later.
ORIGINAL_SAMPLES = 10000
GOAL_WIDTH = 512  # Of the mapping network for which the goals are set.
SCALING_SAMPLES, SCALING_WIDTHS = [10**4, 10**5, 10**6], [64, 128, 256, 512]
COLUMNS = [
    common.Column('mapping', 'network', '%-21.21s'),
    common.Column('Z', 'width', '%4d'),
    common.Column('estimator', 'estimator', '%9s'),
    common.Column('samples', 'samples', '%8d'),
    common.Column('seconds', 'seconds', '%7.2f'),
    common.Column('samples/s', 'samples_per_second', '%9.0f'),
    common.Column('median', 'samples_per_second_median', '%7.0f'),
    common.Column('sampling s', 'sampling_seconds', '%10.2f'),
    common.Column('mapping s', 'mapping_seconds', '%9.2f'),
    common.Column('limit s', 'limit_seconds', '%7.2f'),
    common.Column('time/limit', 'time_over_limit', '%10.2f'),
    common.Column('peak MB', 'peak_megabytes', '%7.0f'),
    common.Column('sklearn', 'sklearn_over_ours', '%7.1f'),
    common.Column('original', 'original_over_ours', '%8.1f'),
    common.Column('normals', 'numpy_normals_over_ours', '%7.2f'),
]
FIGURES = [
    common.Figure(
        '%(estimator)s of %(samples)d w, %(network)s',
        'goal_over_limit',
        "time over the mapping's matrix products",
        'pca: at most 1.3',
    ),
    common.Figure(
        'ipca of %(samples)d w, %(network)s',
        'sklearn_over_ours',
        "scikit-learn's IncrementalPCA over ours",
        'at least 5',
    ),
    common.Figure(
        'ipca of %(samples)d w, %(network)s', 'original_over_ours', 'the original procedure with scikit-learn over ours'
    ),
    common.Figure(
        '%(estimator)s of %(samples)d w, %(network)s',
        'numpy_normals_over_ours',
        "time with NumPy's normals over that with compiled ones",
        'at least 1.05',
    ),
]


class Stopwatch:
    """A function that adds up the time of its calls and the rows that it returned."""

    def __init__(self, function):
        self.function, self.seconds, self.rows = function, 0.0, 0

    def __call__(self, *arguments):
        seconds, value = common.timed(lambda: self.function(*arguments))
        self.seconds += seconds
        self.rows += len(value)
        return value


def measure(name, estimator, n, repeats, peers):
    """Times one mapping network and estimator. Returns a dict, see COLUMNS."""
    from regan.networks.generator import MAP_ROWS

    with common.session():
        mapping = network(name)
        width, work = mapping.input_shape[1], multiply_adds(mapping)

        def map_w(z):
            return mapping.run(z, None, dlatent_broadcast=None, minibatch_size=MAP_ROWS)

        spec = PCASpec(n, min(COMPONENTS, width), BATCH_SIZE, estimator)
        measured = common.against_gemm(lambda: compute(map_w, width, spec), repeats)
        total = min(measured.seconds)
        compared = dict(numpy_normals_over_ours=compare_normals(map_w, width, spec, repeats)) if peers else {}
        if peers and estimator == 'ipca' and has_sklearn():
            compared.update(
                sklearn_over_ours=compare_with_sklearn(map_w, width, spec),
                original_over_ours=original_seconds(map_w, width, spec) / (total / n),
            )
    sampling_seconds, mapping_seconds, rows = measured.values[measured.seconds.index(total)]
    limit = rows * work / measured.gemm_rate
    return dict(
        network=os.path.basename(name),
        width=width,
        estimator=estimator,
        samples=n,
        components=spec.components,
        seconds=total,
        samples_per_second=n / total,
        samples_per_second_median=n / statistics.median(measured.seconds),
        sampling_seconds=sampling_seconds,
        mapping_seconds=mapping_seconds,
        gemm_gmac_per_second=measured.gemm_rate / 1e9,
        limit_seconds=limit,
        time_over_limit=total / limit,
        goal_over_limit=total / limit if width == GOAL_WIDTH else None,
        peak_megabytes=measured.peak_megabytes,
        **{key: compared.get(key) for key in ('sklearn_over_ours', 'original_over_ours', 'numpy_normals_over_ours')},
    )


def has_sklearn():
    try:
        import sklearn.decomposition  # noqa: F401
    except ImportError:
        return False
    return True


def network(name):
    """The mapping Network of a pickle, or one of eight layers with random weights if the name is random:WIDTH."""
    import dnnlib.tflib as tflib

    kind, _, width = name.partition(':')
    if kind == 'random' and width:
        sizes = dict.fromkeys(['latent_size', 'dlatent_size', 'mapping_fmaps'], int(width))
        return tflib.Network('G_mapping', func_name='nvlabs_stylegan2.networks.G_mapping', **sizes)
    return common.generator(name).components.mapping


def multiply_adds(mapping):
    """Multiply-adds of the dense layers for one latent."""
    weights = [
        variable for name, variable in mapping.vars.items() if name.startswith('Dense') and name.endswith('/weight')
    ]
    return sum(variable.shape.num_elements() for variable in weights)


def compute(map_w, width, spec):
    """Computes the basis; returns (seconds of sampling, seconds of mapping, rows that were mapped)."""
    from regan.components import pca
    from regan.sampling import latents

    mapping, sampling = Stopwatch(map_w), Stopwatch(latents.sample_rows)
    with mock.patch.object(latents, 'sample_rows', sampling):
        pca.compute(mapping, width, spec)
    return sampling.seconds, mapping.seconds, mapping.rows


def compare_normals(map_w, width, spec, repeats):
    """Time with NumPy's normals over that with compiled ones, in turn; None for so few that NumPy draws them anyway."""
    from regan.sampling import normals

    if spec.fitted_rows * width < normals.WORTH_IT:
        return None

    def by_numpy():
        with mock.patch.object(normals, 'WORTH_IT', float('inf')):
            compute(map_w, width, spec)

    runs = [(common.timed(by_numpy)[0], common.timed(lambda: compute(map_w, width, spec))[0]) for _ in range(repeats)]
    theirs, ours = map(min, zip(*runs))
    return theirs / ours


def compare_with_sklearn(map_w, width, spec):
    """Time of scikit-learn's IncrementalPCA over that of ours.

    Both on one thread: OpenBLAS on more of them is slower for either. Theirs gets float32 blocks too, as from the
    original.
    """
    import numpy as np
    import threadpoolctl
    from sklearn.decomposition import IncrementalPCA as Theirs

    from regan.components.ipca import IncrementalPCA as Ours

    random, ours, theirs, seconds = np.random.RandomState(0), None, Theirs(spec.components), np.zeros(2)
    for _ in range(min(COMPARED_BLOCKS, spec.fitted_rows // spec.block_rows)):
        w = map_w(random.randn(spec.block_rows, width).astype(np.float32))
        ours = ours or Ours.start(w.shape[1], spec.components)
        with threadpoolctl.threadpool_limits(limits=1, user_api='blas'):
            our_time, ours = common.timed(lambda: ours.update(w))
            their_time, theirs = common.timed(lambda: theirs.partial_fit(w.copy()))
        seconds += our_time, their_time
    return seconds[1] / seconds[0]


def original_seconds(map_w, width, spec):
    """Seconds per sample of the original procedure: all latents first, then blocks, mapped batch by batch, to
    scikit-learn.
    """
    import numpy as np
    from sklearn.decomposition import IncrementalPCA

    from regan.sampling import latents

    rows = min(ORIGINAL_SAMPLES, spec.fitted_rows) // spec.block_rows * spec.block_rows

    def run():
        seeds = latents.batch_seeds(spec.seed, rows // spec.batch_size)
        z = np.concatenate([latents.sample_batch(seed, spec.batch_size, width) for seed in seeds])
        estimator, block = (
            IncrementalPCA(spec.components),
            np.empty((spec.block_rows, map_w(z[:1]).shape[1]), np.float32),
        )
        for first in range(0, rows, spec.block_rows):
            for begin in range(0, spec.block_rows, spec.batch_size):
                block[begin : begin + spec.batch_size] = map_w(z[first + begin : first + begin + spec.batch_size])
            estimator.partial_fit(block)

    run()
    return min(common.timed(run)[0] for _ in range(2)) / rows


@common.command
@common.network_option
@click.option(
    '--random',
    'widths',
    multiple=True,
    type=click.IntRange(min=2),
    metavar='WIDTH',
    help='A mapping network of eight layers with random weights; may be given several times.',
)
@click.option(
    '--estimator', 'estimators', multiple=True, type=click.Choice(list(ESTIMATORS)), help='Default: ipca and pca.'
)
@click.option(
    '--n',
    type=click.IntRange(min=1000),
    default=200000,
    show_default=True,
    help='Number of samples; figures take 1000000.',
)
@click.option(
    '--scaling',
    is_flag=True,
    help='Time and memory against the number of samples at width 512, and against the width at '
    '100000 samples, into pca_scaling-STACK.json.',
)
@common.options
def main(networks, widths, estimators, n, scaling, repeats, out):
    """Time the principal components of W against the machine's matrix multiplication.

    Without --network and --random: the embedded network and a random one of width 512.
    """
    if scaling and networks + widths:
        raise click.UsageError('--scaling has networks of its own; leave --network and --random out')
    if not networks + widths:
        networks, widths = DEFAULT_NETWORKS, DEFAULT_WIDTHS
    estimators = estimators or ('ipca', 'pca')
    with errors_in_one_line():
        if scaling:
            sizes = [(512, count) for count in SCALING_SAMPLES] + [(width, 10**5) for width in SCALING_WIDTHS[:-1]]
            cases = [
                ('random:%d' % width, estimator, count, 1, False) for estimator in estimators for width, count in sizes
            ]
            return common.run('pca_scaling', COLUMNS, measure, cases, out)
        names = [str(models.resolve(network)) for network in networks] + ['random:%d' % width for width in widths]
        cases = [(name, estimator, n, repeats, True) for name in names for estimator in estimators]
        common.run('pca', COLUMNS, measure, cases, out, FIGURES)


if __name__ == '__main__':
    main()
