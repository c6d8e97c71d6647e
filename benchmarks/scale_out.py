"""Work shared among processes against the same work in one, and what sharing costs.

    python benchmarks/scale_out.py
    python benchmarks/scale_out.py --job pca --n 1000000

The ratio of N workers is the time of the local run over theirs, in turn with it on the same machine. The local run uses
all processors already, so a ratio above 1 is idle time that workers fill, and one below 1 is the price of sharing. The
file also has the constants of the cost model in docs/scaling.md.
"""

import collections
import contextlib
import os
import pickle
import tempfile

import click
import common

from regan.base.command_errors import errors_in_one_line
from regan.networks import models

NETWORK, READER = 'stylegan2-cars-64', 'factor-reader-cars-64.pkl'
ITEMS = {'pca': 100000, 'ipca': 40000, 'generate': 512, 'metrics': 256}  # Latents, images, or pairs of images.
WORKERS = (2, 1)
EMPTY_TASKS = 200
COLUMNS = [
    common.Column('job', 'job', '%-8s'),
    common.Column('items', 'items', '%8d'),
    common.Column('local/s', 'local_per_second', '%9.1f'),
    common.Column('1 worker/s', 'per_second_1', '%10.1f'),
    common.Column('2 workers/s', 'per_second_2', '%11.1f'),
    common.Column('ratio 1', 'ratio_1', '%7.2f'),
    common.Column('ratio 2', 'ratio_2', '%7.2f'),
    common.Column('tasks', 'tasks', '%5d'),
    common.Column('empty ms', 'empty_task_ms', '%8.2f'),
    common.Column('KB sent', 'kilobytes_sent', '%7.1f'),
    common.Column('KB back', 'kilobytes_back', '%8.1f'),
    common.Column('client MB', 'client_megabytes', '%9.0f'),
    common.Column('worker MB', 'worker_megabytes', '%9.0f'),
]
FIGURES = [
    common.Figure(
        '%%(job)s with %d worker%s' % (count, 's' * (count > 1)), 'ratio_%d' % count, "the local run's time over ours"
    )
    for count in sorted(WORKERS)
]


def measure(job, n, repeats):
    """Times one job here and with workers. Returns a dict, see COLUMNS."""
    from regan.networks.generator import Generator
    from regan.scale import cluster

    found = dict(job=job, items=n)
    with tempfile.TemporaryDirectory() as folder, Generator.open(network(job, folder)) as generator:
        work = prepared(job, generator, n)
        with cluster.connect('local:%d' % max(WORKERS)) as connected:
            with counted(connected) as moved:
                work(connected)  # Processes start and open their files.
            memory = max(connected.client.run(common.peak_megabytes).values())
            empty = min(
                common.timed(lambda: list(connected.map(nothing, {}, (), range(EMPTY_TASKS))))[0] for _ in range(3)
            )
            for count in WORKERS:
                scale(connected.client, count)
                times = [
                    (common.timed(lambda: work(None))[0], common.timed(lambda: work(connected))[0])
                    for _ in range(repeats)
                ]
                here, shared = map(min, zip(*times))
                found.update(
                    {
                        'local_per_second': n / here,
                        'per_second_%d' % count: n / shared,
                        'ratio_%d' % count: here / shared,
                    }
                )
        found['constants'] = constants(generator) if job == 'pca' else {}
    return dict(
        found,
        tasks=moved['tasks'],
        empty_task_ms=1e3 * empty / EMPTY_TASKS,
        kilobytes_sent=moved['sent'] / moved['tasks'] / 1e3,
        kilobytes_back=moved['back'] / moved['tasks'] / 1e3,
        client_megabytes=common.peak_megabytes(),
        worker_megabytes=memory,
        peak_megabytes=memory,
    )


def scale(client, count):
    """Leaves so many workers."""
    client.retire_workers(sorted(client.nthreads())[count:])


def network(job, folder):
    """The embedded network; for components one with random weights whose mapping has the usual width, 512."""
    if not job.endswith('pca'):
        return models.resolve(NETWORK)
    import dnnlib.tflib as tflib
    from dnnlib import portable_pickle

    path = os.path.join(folder, 'random.pkl')
    with common.session(), open(path, 'wb') as file:
        random = tflib.Network(
            'Gs', func_name='nvlabs_stylegan2.networks.G_main', num_channels=3, resolution=8, fmap_max=8
        )
        portable_pickle.dump(random, file)
    return path


def prepared(job, generator, n):
    """A function that does n items of a job: with a Cluster, or without one if its argument is None."""
    from regan.scale import jobs

    files = dict(generator=jobs.generator_file(generator))
    if job.endswith('pca'):
        return _components(generator, files, job, n)
    return dict(generate=_pictures, metrics=_statistics)[job](generator, files, n)


def _components(generator, files, estimator, n):
    from regan.components import pca
    from regan.scale import shared_components as scale

    spec = pca.PCASpec(n, estimator=estimator)
    return lambda cluster: pca.compute(
        generator.map, generator.latent_size, spec, spread=cluster and scale.spread(cluster, files)
    )


def _pictures(generator, files, n):
    from regan.base import background
    from regan.drawing import seed_images
    from regan.pictures import images
    from regan.scale import shared_images as scale

    plan = seed_images.Plan('stored', 0.7, None, 'round')

    def work(cluster):
        if cluster:
            return list(scale.pngs(cluster, files, plan, range(n), generator))
        return list(background.behind(images.png, seed_images.draw(generator, plan, range(n))))

    return work


def _statistics(generator, files, n):
    """Path lengths: two images for each item, and what the reader sees in them."""
    from regan.judges.reader import FactorReader
    from regan.metrics import evaluate
    from regan.scale import jobs
    from regan.scale import shared_metrics as scale

    reader = FactorReader(os.path.join(os.path.dirname(generator.path), READER))
    files['reader'] = jobs.File(FactorReader, os.path.abspath(reader.path), reader.sha256)
    request = evaluate.Request(('ppl_wfull',), n)

    def work(cluster):
        farm = cluster and scale.farm(cluster, files, request, generator.resolution)
        return evaluate.evaluate(generator, request, evaluate.Judges(reader), farm=farm)

    return work


# ------------------------------------------------------------------ what sharing costs


def nothing(networks, item):
    """A task that does nothing."""


@contextlib.contextmanager
def counted(cluster):
    """Yields a dict that adds up the tasks of a Cluster, the bytes that are sent with them and those that come back."""
    import cloudpickle

    moved, submit, result = collections.Counter(), cluster._submit, cluster._result

    def counting_submit(job, chunk):
        moved.update(tasks=1, sent=len(cloudpickle.dumps((job, chunk))))
        return submit(job, chunk)

    def counting_result(future):
        found = result(future)
        moved.update(back=len(pickle.dumps(found, protocol=4)))
        return found

    cluster._submit, cluster._result = counting_submit, counting_result
    yield moved
    cluster._submit, cluster._result = submit, result


def constants(generator):
    """Of components: microseconds a latent, milliseconds to merge a shard on the client, rows and bytes of a shard."""
    from regan.components import pca
    from regan.components.moments import Moments
    from regan.sampling import latents, normals

    spec = pca.PCASpec(60000, estimator='pca')
    rows, seeds, fill = spec.block_rows, latents.batch_seeds(spec.seed, spec.batches), normals.filler(normals.WORTH_IT)
    z = latents.sample_rows(seeds, spec.batch_size, generator.latent_size, 0, rows)
    w = generator.map(z)
    shard = Moments.of(w)
    steps = dict(
        sampling=lambda: latents.sample_rows(seeds, spec.batch_size, generator.latent_size, 0, rows, fill),
        mapping=lambda: generator.map(z),
        accumulating=lambda: Moments.of(w),
        merging=lambda: shard.merge(shard),
    )
    best = {name: min(common.timed(step)[0] for _ in range(10)) for name, step in steps.items()}
    return dict(
        {name + '_us_per_latent': 1e6 / rows * best[name] for name in ('sampling', 'mapping', 'accumulating')},
        merging_ms_per_shard=1e3 * best['merging'],
        rows_per_shard=pca.shard_rows(spec, 0),
        bytes_per_shard=len(pickle.dumps(shard, protocol=4)),
    )


@common.command
@click.option('--job', 'jobs', multiple=True, type=click.Choice(list(ITEMS)), help='Default: all.')
@click.option('--n', type=click.IntRange(min=16), help='Latents or images; default: as many as take some seconds.')
@common.options
def main(jobs, n, repeats, out):
    """Time work that is shared among processes against the same work in one."""
    with errors_in_one_line():
        common.run(
            'scale_out', COLUMNS, measure, [(job, n or ITEMS[job], repeats) for job in jobs or ITEMS], out, FIGURES
        )


if __name__ == '__main__':
    main()
