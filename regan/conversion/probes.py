"""What a network makes of a few latents: every converted file has to make the same of them before it is kept."""

from __future__ import annotations

from typing import Any, Dict, NamedTuple, Optional

import numpy as np

from regan.base.errors import UserError
from regan.base.typing import PathLike
from regan.conversion.graphs import MAPPING, SYNTHESIS, Graph

IMAGES = 2  # Seeds 0 and 1.
TOLERANCE = 1e-3  # Of the largest value: what float32 makes of another order of the same sums is a hundredth of it.


class Probe(NamedTuple):
    """Latents, and what a generator makes of them.

    Attributes:
        z, labels: float32 [IMAGES, Z] and [IMAGES, label_size], one class after the other.
        w: float32 [IMAGES, L, D], what its mapping makes of them; None without a mapping.
        dlatents: float32 [IMAGES, L, D], the input of the images: the last one has every other layer from the first;
            None without a mapping.
        images: float32 [IMAGES, C, R, R], with the stored noise.
    """

    z: np.ndarray
    labels: np.ndarray
    w: Any
    dlatents: Any
    images: np.ndarray


class Delta(NamedTuple):
    """How far apart two arrays are."""

    largest: float
    mean: float


def measure(graph: Graph, like: Optional[Probe] = None) -> Probe:
    """The Probe of a generator.

    Args:
        graph: of the generator.
        like: a Probe whose latents are taken; None: new ones.
    """
    if like is None:
        z = [np.random.RandomState(seed).randn(graph.latent_size) for seed in range(IMAGES)]
        labels = np.zeros((IMAGES, graph.label_size), np.float32)
        if graph.label_size:
            labels[range(IMAGES), np.arange(IMAGES) % graph.label_size] = 1
        like = Probe(np.asarray(z, np.float32), labels, None, None, np.zeros(0))
    from_z = dict(latents_in=like.z, labels_in=like.labels)
    if MAPPING not in graph.functions:
        return like._replace(images=graph.run(SYNTHESIS, **from_z))
    w = graph.run(MAPPING, **from_z)
    dlatents = mixed(w) if like.dlatents is None else like.dlatents
    return like._replace(w=w, dlatents=dlatents, images=graph.run(SYNTHESIS, dlatents_in=dlatents))


def mixed(w: np.ndarray) -> np.ndarray:
    """[N, L, D] whose last item has every other layer of the first, so that a mix-up of layers shows."""
    dlatents = w.copy()
    dlatents[-1, ::2] = w[0, ::2]
    return dlatents


def compare(found: Dict[str, np.ndarray], probe: Probe, path: PathLike) -> Dict[str, Delta]:
    """How far what a converted file makes of a Probe's latents is from what the network makes.

    Args:
        found: 'images', and 'w' if the file has a mapping.
        probe: of the network.
        path: of the converted file, for messages.

    Returns:
        Dict of the same keys -> Delta.

    Raises:
        UserError: they differ by more than rounding.
    """
    deltas = {}
    for key, array in found.items():
        expected = getattr(probe, key)
        if array.shape != expected.shape:
            raise UserError(
                '%s was not kept: its %s have shape %s where the network has %s'
                % (path, key, list(array.shape), list(expected.shape))
            )
        deltas[key] = delta(array, expected)
        scale = max(1.0, float(np.abs(expected[np.isfinite(expected)]).max(initial=0)))
        if not deltas[key].largest <= TOLERANCE * scale:
            raise UserError(
                '%s was not kept: its %s differ from those of the network by up to %.3g (%.3g on average), which is '
                'more than rounding' % (path, key, deltas[key].largest, deltas[key].mean)
            )
    return deltas


def delta(found: np.ndarray, expected: np.ndarray) -> Delta:
    """The Delta of two arrays; where both are NaN, or the same infinity, they are alike."""
    with np.errstate(invalid='ignore'):
        distance = np.abs(found.astype(np.float64) - expected)
    distance[(found == expected) | np.isnan(found) & np.isnan(expected)] = 0
    return Delta(float(distance.max(initial=0)), float(distance.mean()) if distance.size else 0.0)
