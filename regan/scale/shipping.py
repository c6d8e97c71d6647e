"""Network files for workers that cannot read them in the client's place."""

import pathlib

import distributed

from dnnlib import contents
from regan.base import artefacts
from regan.scale import jobs


class Shipped(distributed.WorkerPlugin):
    """Puts a file into the folder of each worker, also of those that come later.

    Args: sha256 and content (bytes) of the file.
    """

    def __init__(self, sha256, content):
        self.name = 'regan-' + sha256
        self._sha256, self._content = sha256, content

    def setup(self, worker):
        """Called by Dask in the worker."""
        path = pathlib.Path(worker.local_directory) / (self._sha256 + '.pkl')
        with artefacts.atomic_path(path) as temporary:
            temporary.write_bytes(self._content)
        jobs.receive(self._sha256, path)


def ship(client, file):
    """Sends a jobs.File to all workers of a distributed.Client, present and future ones, through the scheduler."""
    path, _ = contents.split(file.path)
    plugin = Shipped(file.sha256, pathlib.Path(path).read_bytes())
    register = getattr(client, 'register_plugin', None) or client.register_worker_plugin  # The latter before 2023.
    register(plugin, name=plugin.name)
