"""Latents of pictures from the cache or looked for now, for whoever needs no other files of a projection."""

import dataclasses
import hashlib
import json
from typing import Any

import numpy as np
import tqdm

from regan.base import artefacts, cache, provenance
from regan.projection import distances, methods, project
from regan.projection.objective import Objective
from regan.projection.search import Search, statistics

ALGORITHM = 1  # Raise it whenever the same facts give other latents.


@dataclasses.dataclass(frozen=True)
class Asked:
    """How to look for latents.

    Attributes:
        method: name of `methods.METHODS`.
        steps: how many in all.
        seed: of the noise that the search begins with and adds.
    """

    method: str
    steps: int
    seed: int = 0


def codes(generator: Any, pictures: np.ndarray, asked: Asked, quiet: bool = False) -> np.ndarray:
    """The latents of pictures, by the distance of the discriminator in the network's file: float32 [N, L, D].

    Args:
        generator: open Generator.
        pictures: uint8 [N, R, R, C], of the network's size.
        asked: Asked.
        quiet: no progress bar.

    Raises:
        UserError: the file holds no discriminator for such pictures, or the cached latents are damaged.
    """
    facts = dict(
        provenance.software(generator.backend),  # Last bits grow from step to step.
        algorithm=ALGORITHM,
        network=generator.sha256,
        pictures=hashlib.sha256(np.ascontiguousarray(pictures).tobytes()).hexdigest(),
        shape=list(pictures.shape),
        **dataclasses.asdict(asked),
        **methods.METHODS[asked.method]._asdict(),
    )
    key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode('utf-8')).hexdigest()[:32]
    path = artefacts.cache_dir() / ('projection-%s.npz' % key)
    return cache.arrays(path, lambda: dict(w=_found(generator, pictures, asked, quiet)))['w']


def _found(generator, pictures, asked, quiet):
    distance = distances.DiscriminatorDistance(generator.path)
    distance.check(generator.num_channels, generator.resolution)
    targets = pictures.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(127.5) - 1  # [N, C, R, R]
    each, found = project.at_once(generator.resolution), []
    with generator.with_synthesis(lambda synthesis: Objective(synthesis, distance)) as objective:
        spread = statistics(generator.map, generator.latent_size)
        search = Search(objective, methods.METHODS[asked.method], asked.steps, spread, asked.seed)
        total = asked.steps * -(-len(targets) // each)
        with tqdm.tqdm(total=total, desc='projection', unit=' steps', leave=False, disable=quiet or None) as bar:
            for begin in range(0, len(targets), each):
                group = targets[begin : begin + each]
                began = search.begin(len(group))
                dlatents = search.dlatents(began)
                for state, done in search.states(began, objective.features(group)):
                    dlatents = search.dlatents(state)
                    bar.update(done)
                found.append(dlatents)
    return np.concatenate(found)
