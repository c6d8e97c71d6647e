"""The images of metrics, drawn and judged by workers."""

from regan.metrics.evaluate import Judges
from regan.metrics.samples import MINIBATCH, Drawing

PIXELS = 2**18  # Of a task, if that is not less than a minibatch: work for about a second.


def farm(cluster, files, request, resolution):
    """What `evaluate` takes as `farm`.

    Args:
        cluster: regan.scale.cluster.Cluster.
        files: dict of jobs.File: 'generator', and the judges by their names in Judges.
        request: regan.metrics.evaluate.Request.
        resolution: of the generator's images.
    """
    bundle = max(1, PIXELS // (MINIBATCH * resolution**2))
    return lambda method, items: cluster.map(_drawn, files, (request, method), items, bundle)


def _drawn(networks, request, method, arguments):
    """Called in a worker: one result of a method of Drawing."""
    judges = Judges(**{name: network for name, network in networks.items() if name != 'generator'})
    return getattr(Drawing(networks['generator'], judges, request), method)(*arguments)
