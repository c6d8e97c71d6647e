"""The factor reader: a network that reads the known factors of a world from its images."""

from typing import List, Optional, Tuple

import numpy as np

import dnnlib.tflib as tflib
from dnnlib import contents, unpickle
from regan.base import json_records
from regan.base.errors import UserError
from regan.base.typing import PathLike
from regan.judges.opened import OpenedJudge
from regan.networks import weights
from regan.pictures.averaging import shrink

READER = 'F_reader'


class FactorReader(OpenedJudge):
    """A network that reads the known factors of a world from its images; `regan reader` trains it.

    Attributes:
        path, sha256: the pickle.
        world: name.
        factor_names: list of F str.
        circular: indices of the circular factors.
        r2: list of F float, the share of each factor's variance that is read from held-out renders.
        resolution R, num_channels C: of the images that it sees.
    Raises: UserError if the file is missing, unreadable, or holds no factor reader.
    """

    world: Optional[str]
    factor_names: List[str]
    circular: List[int]
    r2: List[float]
    num_channels: int
    resolution: int

    def __init__(self, path: PathLike) -> None:
        super().__init__(path)
        facts = self._facts
        self.world, self.factor_names = facts['world'], facts['factor_names']
        self.circular, self.r2 = facts['circular'], facts['r2']
        self.num_channels, self.resolution = self._network.input_shape[1:3]

    def _made(self):
        found = contents.in_file(unpickle.read(self.path), self.path)
        weights.check([place.state for place in found], self.path)
        if [place.state.build_func_name for place in found] != [READER]:
            raise UserError(
                '%s holds no factor reader but %s; make one with `regan reader`' % (self.path, contents.listed(found))
            )
        state = found[0].state
        self._facts = _facts(state.static_kwargs, self.path)
        try:
            network = tflib.Network(
                state.name, func_name='nvlabs_stylegan2.factor_reader.F_reader', **state.static_kwargs
            )
            shapes = {name: var.shape.as_list() for name, var in network.own_vars.items()}
        except (ValueError, TypeError) as error:
            raise UserError('%s: the factor reader cannot be built from its arguments: %s' % (self.path, error))
        if shapes != {name: list(value.shape) for name, value in state.variables.items()}:
            raise UserError(
                "%s: the weights do not fit the factor reader's arguments; the file is damaged or of another version"
                % self.path
            )
        tflib.load_vars({var: state.variables[name] for name, var in network.own_vars.items()})
        return network

    def check(self, num_channels: int, resolution: int) -> None:
        """Raises UserError if images of this kind cannot be read. Larger ones are averaged down to R."""
        if num_channels != self.num_channels or resolution < self.resolution or resolution % self.resolution:
            raise UserError(
                '%s reads images of %d channels and %d pixels a side (or 2, 4, ... times that), not %d channels and %d '
                'pixels' % (self.path, self.num_channels, self.resolution, num_channels, resolution)
            )

    def read(self, images: np.ndarray) -> np.ndarray:
        """Images uint8 [n, H, W, C] -> factors float32 [n, F], range [0, 1]. Raises UserError as `check`."""
        return self.look(images.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(127.5) - 1)[0]

    def look(self, images: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Images float [n, C, H, W], range [-1, 1] -> factors float32 [n, F] and features float32 [n, K]."""
        self.check(*images.shape[1:3])
        factors, features = self._outputs(shrink(np.asarray(images, np.float32), self.resolution))
        return factors, features


def _facts(static_kwargs, path):
    """world, factor_names, circular and r2 of a reader's arguments, which anybody may have written; UserError names
    the wrong one.
    """
    rules = dict(factor_names=json_records.text, circular=json_records.integer(0), r2=json_records.number(-1e9))
    facts = {}
    for name, rule in rules.items():
        given = static_kwargs.get(name, ())
        given = list(given) if isinstance(given, tuple) else given
        facts[name] = list(json_records.sequence(rule, empty=True)(given, '%s, %s' % (path, name)))
    return dict(facts, world=json_records.optional(json_records.text)(static_kwargs.get('world'), '%s, world' % path))
