"""Networks from pickles: plain data as `dnnlib.unpickle` reads it -> `Network`."""

from .. import unpickle
from ..unpickle import NetworkState
from .network import Network


def load_pickle(source, trust_embedded_code=False, name=None, build=False):
    """Reads a pickle as data and rebuilds its networks, which need a default session (`tflib.init_tf`).

    Args:
        source: path or binary file object; may be compressed.
        trust_embedded_code: True executes the source text that the file embeds for networks that are not among ours;
            so does REGAN_TRUST_EMBEDDED_CODE=1 in the environment.
        name: how error messages call the file.
        build: True makes the networks' graphs at once, as official loaders do; False when something first asks.
    Returns: the pickled value with every network as a Network; the official generator files hold (G, D, Gs).
    Raises: NetworkPickleError, also for an unknown value of that variable; RuntimeError if there are networks and no
        session.
    """
    path = name or str(getattr(source, 'name', source))
    return revive(unpickle.read(source, path), path, trust_embedded_code, build)


def revive(value, path, trust_embedded_code=False, build=False):
    """Makes every NetworkState in a value a Network. What the value shares stays shared.

    Args:
        value: data from `unpickle.read`.
        path: how error messages call the file.
        trust_embedded_code: as in `load_pickle`.
        build: the same.
    Returns: the value with Networks. Errors as in `load_pickle`.
    """
    made = {}  # id of a NetworkState -> Network.

    def revived(value):
        if isinstance(value, NetworkState):
            if id(value) not in made:
                made[id(value)] = Network.from_state(value, path, trust_embedded_code)
            return made[id(value)]
        if isinstance(value, (tuple, list)):
            return type(value)(revived(v) for v in value)
        return {k: revived(v) for k, v in value.items()} if isinstance(value, dict) else value

    result = revived(value)
    if build:
        for network in made.values():
            network.build()
    return result
