"""Samples per second of the principal components of W, and where the time goes.

    python benchmarks/pca.py
    python benchmarks/pca.py --n 1000000 --network my-network.pkl

The ratio is the time that the mapping network's matrix products would take at the rate of a large float32 matrix
product, over the whole time. scikit-learn's column is the time of its IncrementalPCA over that of ours on the same blocks.
"""
import os
import statistics
from unittest import mock

import click

import common
from regan import models
from regan.console import errors_in_one_line
from regan.pca import ESTIMATORS, PCASpec

DEFAULT_NETWORKS, DEFAULT_WIDTHS = ['stylegan2-cars-64'], [512]
COMPONENTS = 80
COMPARED_BLOCKS = 20
COLUMNS = [
    common.Column('mapping', 'network', '%-21.21s'),
    common.Column('Z', 'width', '%4d'),
    common.Column('estimator', 'estimator', '%9s'),
    common.Column('samples', 'samples', '%8d'),
    common.Column('samples/s', 'samples_per_second', '%9.0f'),
    common.Column('median', 'samples_per_second_median', '%7.0f'),
    common.Column('sampling s', 'sampling_seconds', '%10.2f'),
    common.Column('mapping s', 'mapping_seconds', '%9.2f'),
    common.Column('estimator s', 'estimator_seconds', '%11.2f'),
    common.Column('limit s', 'limit_seconds', '%7.2f'),
    common.Column('ratio', 'ratio', '%5.2f'),
    common.Column('peak MB', 'peak_megabytes', '%7.0f'),
    common.Column('sklearn', 'sklearn_over_ours', '%7.1f'),
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


def measure(name, estimator, n, repeats):
    """Times one mapping network and estimator. Returns a dict, see COLUMNS."""
    from regan.generator import MAP_ROWS
    with common.session():
        mapping = network(name)
        width, work = mapping.input_shape[1], multiply_adds(mapping)

        def map_w(z):
            return mapping.run(z, None, dlatent_broadcast=None, minibatch_size=MAP_ROWS)

        spec = PCASpec(n, min(COMPONENTS, width), estimator=estimator)
        measured = common.against_gemm(lambda: compute(map_w, width, spec), repeats)
        sklearn_over_ours = compare_with_sklearn(map_w, width, spec) if estimator == 'ipca' else None
    total = min(measured.seconds)
    sampling_seconds, mapping_seconds, rows = measured.values[measured.seconds.index(total)]
    limit = rows * work / measured.gemm_rate
    return dict(
        network=os.path.basename(name), width=width, estimator=estimator, samples=n, components=spec.components,
        samples_per_second=n / total, samples_per_second_median=n / statistics.median(measured.seconds),
        sampling_seconds=sampling_seconds, mapping_seconds=mapping_seconds, estimator_seconds=total - sampling_seconds - mapping_seconds,
        gemm_gmac_per_second=measured.gemm_rate / 1e9, limit_seconds=limit, ratio=limit / total,
        peak_megabytes=measured.peak_megabytes, sklearn_over_ours=sklearn_over_ours)


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
    weights = [variable for name, variable in mapping.vars.items() if name.startswith('Dense') and name.endswith('/weight')]
    return sum(variable.shape.num_elements() for variable in weights)


def compute(map_w, width, spec):
    """Computes the basis; returns (seconds of sampling, seconds of mapping, rows that were mapped)."""
    from regan import latents, pca
    mapping, sampling = Stopwatch(map_w), Stopwatch(latents.sample_rows)
    with mock.patch.object(latents, 'sample_rows', sampling):
        pca.compute(mapping, width, spec)
    return sampling.seconds, mapping.seconds, mapping.rows


def compare_with_sklearn(map_w, width, spec):
    """Time of scikit-learn's IncrementalPCA over that of ours, or None where it is not installed.

    Both in float64 and on one thread: OpenBLAS on more of them is slower for either.
    """
    try:
        from sklearn.decomposition import IncrementalPCA as Theirs
    except ImportError:
        return None
    import numpy as np
    import threadpoolctl
    from regan.ipca import IncrementalPCA as Ours
    random = np.random.RandomState(0)
    ours, theirs = None, Theirs(spec.components)
    seconds = np.zeros(2)
    for _ in range(min(COMPARED_BLOCKS, spec.fitted_rows // spec.block_rows)):
        w = map_w(random.randn(spec.block_rows, width).astype(np.float32)).astype(np.float64)
        ours = ours or Ours.start(w.shape[1], spec.components)
        with threadpoolctl.threadpool_limits(limits=1, user_api='blas'):
            our_time, ours = common.timed(lambda: ours.update(w))
            their_time, theirs = common.timed(lambda: theirs.partial_fit(w))
        seconds += our_time, their_time
    return seconds[1] / seconds[0]


@click.command(context_settings=dict(help_option_names=['-h', '--help'], max_content_width=110))
@click.option('--network', 'networks', multiple=True, metavar='NAME_OR_FILE', help='Network pickle; may be given several times.')
@click.option('--random', 'widths', multiple=True, type=click.IntRange(min=2), metavar='WIDTH',
              help='A mapping network of eight layers with random weights; may be given several times.')
@click.option('--estimator', 'estimators', multiple=True, type=click.Choice(list(ESTIMATORS)), help='Default: ipca and pca.')
@click.option('--n', type=click.IntRange(min=1000), default=200000, show_default=True, help='Number of samples; figures take 1000000.')
@common.options
def main(networks, widths, estimators, n, repeats, out):
    """Time the principal components of W against the machine's matrix multiplication.

    Without --network and --random: the embedded network and a random one of width 512.
    """
    if not networks + widths:
        networks, widths = DEFAULT_NETWORKS, DEFAULT_WIDTHS
    with errors_in_one_line():
        names = [str(models.resolve(network)) for network in networks] + ['random:%d' % width for width in widths]
        cases = [(name, estimator, n, repeats) for name in names for estimator in estimators or ('ipca', 'pca')]
        common.run('pca', COLUMNS, measure, cases, out)


if __name__ == '__main__':
    main()
