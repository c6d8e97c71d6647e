"""Images of starts, drawn and compressed by workers."""

from regan.drawing import seed_images
from regan.pictures import images

PIXELS = 2**18  # Of a task, if that is not less than a minibatch: work for about a second.


def pngs(cluster, files, plan, some, generator):
    """Yields the PNG file of each start's image, as bytes, in the order of the starts.

    Args:
        cluster: regan.scale.cluster.Cluster.
        files: dict with the jobs.File of the 'generator'.
        plan: regan.drawing.seed_images.Plan.
        generator: an open one; workers draw the same minibatches.
    """
    size = generator.images_at_once * max(1, PIXELS // (generator.images_at_once * generator.resolution**2))
    shards = (some[begin : begin + size] for begin in range(0, len(some), size))
    for shard in cluster.map(_pngs, files, (plan,), shards):
        yield from shard


def _pngs(networks, plan, some):
    """Called in a worker."""
    return [images.png(image) for image in seed_images.draw(networks['generator'], plan, some)]
