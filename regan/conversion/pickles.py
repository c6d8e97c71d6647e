"""Networks as an official TensorFlow pickle."""

from __future__ import annotations

import pathlib
from typing import Dict, Optional, Sequence

import numpy as np

from dnnlib import portable_pickle
from dnnlib.tflib.revival import revive
from dnnlib.unpickle import NetworkState
from regan.base.typing import PathLike
from regan.conversion import probes
from regan.conversion.graphs import Graph
from regan.conversion.source import Source, own_graph, read


def write(source: Source, graph: Graph, target: pathlib.Path) -> None:
    """Writes (G, D, Gs); what the source lacks of them is None, and a G that it lacks is Gs."""
    dump((source.Gs if source.G is None else source.G, source.D, source.Gs), source.path, target)


def dump(states: Sequence[Optional[NetworkState]], path: PathLike, target: pathlib.Path) -> None:
    """Pickles the networks of a tuple of NetworkStates, or of None. Args: path: of their file, for messages."""
    with own_graph():
        networks = revive(tuple(states), str(path))
        with open(str(target), 'wb') as file:
            portable_pickle.dump(networks, file)


def drawn(target: pathlib.Path, probe: probes.Probe) -> Dict[str, np.ndarray]:
    """What the file's generator makes of a Probe's latents, and its mapping, if it has one."""
    written = read(target, allow_non_finite=True)
    with Graph(written.Gs, written.generation, target) as graph:
        found = probes.measure(graph, probe)
    return {'images': found.images, **({} if found.w is None else {'w': found.w})}
