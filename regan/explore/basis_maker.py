"""Components that are computed while pictures are drawn: the mapping goes through the render thread, block by block."""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

import numpy as np

from regan.components import cached, pca
from regan.components.basis import Basis
from regan.sampling import priors

Run = Callable[[Callable[[], Any], Callable[[Any], None]], None]  # (work, done): does work in the render thread.


class Cancelled(Exception):
    """Nobody wants the components any more."""


class _Mapper:
    """A `LayeredGenerator` whose mapping and layers are computed in the render thread."""

    def __init__(self, network, run, cancelled):
        self.sha256: str = network.sha256
        self.backend: Dict[str, str] = network.backend
        self.latent_size: int = network.latent_size
        self.dlatent_size: int = network.dlatent_size
        self.num_layers: int = network.num_layers
        self.first_layer: Optional[str] = network.first_layer
        self.label = network.label
        self._network, self._run, self._cancelled = network, run, cancelled

    def map(self, z: np.ndarray) -> np.ndarray:
        """z float32 [n, Z] -> w float32 [n, D]."""
        return self._waited_for(lambda: self._network.map(z))

    def prior(self) -> priors.Prior:
        """What z is drawn from, without truncation."""
        return self._network.prior(1.0)

    @property
    def layer_shapes(self) -> Mapping[str, Tuple[int, ...]]:
        """Names of layers -> their shapes."""
        return self._waited_for(lambda: self._network.layer_shapes)

    def activations(self, dlatents: np.ndarray, layer: str) -> np.ndarray:
        """The output of a layer."""
        return self._waited_for(lambda: self._network.activations(dlatents, layer))

    def _waited_for(self, work: Callable[[], Any]) -> Any:
        found: List[Any] = []
        ready = threading.Event()

        def done(value):
            found.append(value)
            ready.set()

        self._run(work, done)
        while not ready.wait(0.1):
            if self._cancelled.is_set():
                raise Cancelled
        if isinstance(found[0], BaseException):
            raise found[0]
        return found[0]


class BasisMaker(threading.Thread):
    """Computes the components of a network, and puts them into the cache.

    Args:
        network: open Generator; only `run` touches what is its own.
        spec: PCASpec.
        run: see `Run`; `done` gets the result, or the exception.
        progress: function of the number of rows that are done.
        finished: function of the Basis, or of the exception that ended it, `Cancelled` among them.
    """

    def __init__(
        self,
        network: Any,
        spec: pca.PCASpec,
        run: Run,
        progress: Callable[[int], None],
        finished: Callable[[Any], None],
    ) -> None:
        super().__init__(name='basis', daemon=True)
        self._cancelled = threading.Event()
        self._mapper = _Mapper(network, run, self._cancelled)
        self._spec, self._progress, self._finished, self._rows = spec, progress, finished, 0

    def cancel(self) -> None:
        """Ends the thread soon; what is in the cache stays whole."""
        self._cancelled.set()

    def run(self) -> None:
        """The thread."""
        try:
            found: Any = self._made()
        except BaseException as error:  # It is told, whatever it is.
            found = error
        self._finished(found)

    def _made(self) -> Basis:
        return cached.load_or_compute(self._mapper, self._spec, self._advance)

    def _advance(self, rows):
        if self._cancelled.is_set():
            raise Cancelled
        self._rows += rows
        self._progress(self._rows)
