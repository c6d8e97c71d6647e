"""The networks of a file that is to be converted or blended, as data."""

from __future__ import annotations

import contextlib
import inspect
from typing import Any, Dict, Iterator, NamedTuple, Optional, Tuple

import dnnlib.tflib as tflib
from dnnlib import architectures, contents, unpickle, util
from dnnlib.unpickle import NetworkPickleError, NetworkState
from regan.base import artefacts
from regan.base.errors import UserError
from regan.base.typing import PathLike
from regan.networks import network_file, weights

# isort: split
import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.


class Source(NamedTuple):
    """A file's networks.

    Attributes:
        path: str, of the file, or FILE::NAME.
        sha256: what tells it from others, see `network_file.identity`.
        G, D: NetworkStates, or None for what the file does not hold.
        Gs: NetworkState of the generator that makes the images.
        generation: of it, a key of `architectures.MODULES`.
    """

    path: str
    sha256: str
    G: Optional[NetworkState]
    D: Optional[NetworkState]
    Gs: NetworkState
    generation: str


def read(path: PathLike, allow_non_finite: bool = False) -> Source:
    """The Source of a network file of any kind that is read here.

    Raises:
        UserError: the file is missing, unreadable, holds no generator of ours, or weights that are not finite and are
            not let through.
    """
    try:
        file, choice = contents.split(path)
        value = unpickle.read(file)
        G, D, Gs = contents.official(contents.in_file(value, file), file, choice)
        if Gs is None:
            raise UserError('%s holds no generator that makes the images; give a file with G, D and Gs' % path)
        states = [state for state in (Gs, G, D) if state is not None]
        try:
            generations = [architectures.check(state) for state in states]
        except NetworkPickleError as error:
            raise UserError('%s: %s' % (path, error)) from None
    except OSError as error:  # NetworkPickleError is one.
        raise UserError(str(error)) from None
    if not allow_non_finite:
        weights.check(states, file)
    sha256 = network_file.identity(artefacts.sha256_file(file), choice)
    return Source(str(path), sha256, G, D, Gs, generations[0])


def has_w(state: NetworkState) -> bool:
    """Whether a generator is made of a mapping and a synthesis network."""
    return {'mapping', 'synthesis'} <= set(state.components)


@contextlib.contextmanager
def own_graph() -> Iterator[None]:
    """Context manager: a graph and a session of its own, the default ones inside; networks that cannot be built there
    are UserErrors.
    """
    with tf.Graph().as_default(), tflib.create_session() as session, session.as_default():
        try:
            yield
        except NetworkPickleError as error:
            raise UserError(str(error)) from None


def arguments(state: NetworkState, generation: str) -> Dict[str, Any]:
    """The arguments with which a network was built, those left to their defaults included; without those of others.

    Args:
        state: of a network, or of a component.
        generation: of the whole network.
    """
    function = util.get_obj_by_name(architectures.build_function_name(state, generation))
    known = {
        name: parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind == parameter.POSITIONAL_OR_KEYWORD and parameter.default is not parameter.empty
    }
    known.update((name, value) for name, value in state.static_kwargs.items() if name in known)
    return known


def sizes(state: NetworkState, generation: str) -> Tuple[int, int]:
    """(Z, label_size) of a generator. Args as of `arguments`."""
    known = arguments(state.components['mapping'] if has_w(state) else state, generation)
    width = known['latent_size']
    if width is None:  # Progressive GAN's default.
        width = min(int(known['fmap_base']), known['fmap_max'])
    return width, known['label_size']
