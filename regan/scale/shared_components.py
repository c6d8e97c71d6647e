"""The moments of shards of latents, computed by workers, for `regan.components.pca`."""

from regan.components import pca

BLOCKS_AT_ONCE = 4  # Of ipca, whose shards are single blocks: so many go to a worker together.


def spread(cluster, files):
    """What `regan.components.pca.load_or_compute` takes as `spread`.

    Args:
        cluster: regan.scale.cluster.Cluster.
        files: dict with the jobs.File of the 'generator'.
    """

    def moments(spec, width, seeds, first):
        items = ((_Window(spec, seeds, index), index) for index in range(first, pca.shards(spec)))
        return cluster.map(_moments, files, (spec, width), items, BLOCKS_AT_ONCE if spec.estimator == 'ipca' else 1)

    return moments


def _moments(networks, spec, width, shard):
    """Called in a worker: Moments of one shard."""
    seeds, index = shard
    return pca.shard_moments(networks['generator'].map, spec, width, seeds, index)


class _Window:
    """The part of the batches' seeds that one shard needs, under the indices of the whole: seeds of 10^9 latents
    fill 400 MB.
    """

    def __init__(self, spec, seeds, index):
        begin = index * pca.shard_rows(spec, 0)
        self.first = begin // spec.batch_size
        self.seeds = seeds[self.first : -(-(begin + pca.shard_rows(spec, index)) // spec.batch_size)]

    def __getitem__(self, index):
        return self.seeds[index - self.first]
