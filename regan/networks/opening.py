"""Opens a network: from a pickle to the state of the network in it, and a graph and a session for it alone."""

import contextlib
from typing import Any, Dict, TypeVar, Union

import numpy as np

import dnnlib.tflib as tflib
from dnnlib import unpickle
from dnnlib.unpickle import NetworkPickleError
from regan.base.errors import UserError
from regan.base.typing import PathLike
from regan.networks.network_file import NetworkFile

# isort: split
import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

Self = TypeVar('Self', bound='Opened')


def backend() -> Dict[str, str]:
    """The versions that decide about last bits: dict of str, e.g. {'tensorflow': '1.15.0', 'numpy': '1.19.5'}."""
    return {'tensorflow': tf.__version__, 'numpy': np.__version__}


def generator_state(path: Union[PathLike, NetworkFile]) -> unpickle.NetworkState:
    """The NetworkState of the generator in a pickle that makes the images (Gs of the official files).

    Args:
        path: of the pickle, or FILE::NAME, or its NetworkFile.

    Raises:
        NetworkPickleError: the file is unreadable, or holds no generator, or several and nothing says which.
    """
    return NetworkFile.of(path).generator()


class Opened:
    """A network from a pickle, with a graph and a session of its own; use it in `with`. To be inherited from."""

    def __init__(self) -> None:
        self._graph = tf.Graph()
        with self._graph.as_default():
            self._session = tflib.create_session()

    @contextlib.contextmanager
    def _entered(self):
        """Context manager: inside, graph and session are the default ones."""
        with self._graph.as_default(), self._session.as_default():
            yield

    @contextlib.contextmanager
    def _opening(self):
        """As `_entered`, to make the network: errors close the object, and a NetworkPickleError becomes a UserError."""
        try:
            with self._entered():
                yield
        except NetworkPickleError as error:
            self.close()
            raise UserError(str(error)) from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Frees the session; the object is of no use afterwards."""
        self._session.close()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
