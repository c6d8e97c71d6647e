"""The networks in what a pickle holds, wherever they are, by name; and which of them makes the images.

Files hold a network alone, the official tuple (G, D, Gs), or what the writer found handy: a dict {'G', 'D', 'G_ema'},
a list, one inside the other. Images for people are made with the averaged generator, called Gs, G_ema and the like.
"""

import collections
import os
import re

from . import file_kinds
from .unpickle import NetworkPickleError, places

CHOICE = '::'  # FILE::NAME is the network NAME of a file.

_AVERAGED = re.compile(
    r'(^|[^a-z])(gs|(g|net_?g|generator)?_?(ema|avg|averaged?|smooth(ed)?|running|shadow))([^a-z]|$)', re.IGNORECASE
)
_WRAPPERS = ('G_style', 'G_main', 'G_segan', 'G_paper', 'G_biggan_deep')
_MOST_NAMED = 12


def in_file(value, path):
    """The `unpickle.places` of the networks in a value that the file `path` holds.

    Raises: NetworkPickleError, which says what the file is, if there are none.
    """
    found = places(value)
    if not found:
        kind = file_kinds.of_path(path)
        raise NetworkPickleError(
            '%s holds no network%s' % (path, '' if kind is None else ': it is %s; %s' % (kind.what, kind.advice))
        )
    return found


def split(path):
    """FILE::NAME as (FILE, NAME), both str; any other path, and one that is a file as it stands, as (path, None)."""
    path = os.fspath(path)
    file, separator, name = path.rpartition(CHOICE)
    return (file, name) if separator and file and not os.path.exists(path) else (path, None)


def is_generator(state):
    """Whether a NetworkState is a whole generator, which makes images from z."""
    return bool(state.components) or state.build_func_name in _WRAPPERS


def is_discriminator(state):
    """Whether a NetworkState is a discriminator."""
    return state.build_func_name.startswith('D_')


def generator(found, path, name=None):
    """The generator that makes the images: the averaged one, or the one called `name`.

    Args:
        found: list of `unpickle.Place` of the file `path`.
        name: a key in the file, or the network's own name, as messages list them; None: the averaged one.
    Returns: NetworkState.
    Raises: NetworkPickleError if there is none, or several and nothing says which.
    """
    generators = [one for one in found if is_generator(one.state)]
    if name is not None:
        chosen = called(name, found, path)
        if not is_generator(chosen.state):
            raise NetworkPickleError(
                '%s: %s is no generator (%s); the generators are: %s'
                % (path, name, chosen.state.build_func_name, listed(_distinct(generators)))
            )
        return chosen.state
    if not generators:
        raise NetworkPickleError('%s holds no generator but %s; give a file with G, D and Gs' % (path, listed(found)))
    chosen = _averaged(generators) or _last_of_official(found) or generators
    if len(_distinct(chosen)) > 1:
        raise NetworkPickleError(
            '%s holds several generators, and nothing says which one makes the images: %s; choose one, for example %s'
            % (path, listed(_distinct(generators)), os.fspath(path) + CHOICE + _label(chosen[0], found))
        )
    return chosen[0].state


def called(name, found, path):
    """The place of the network that is called so: by its keys, the last of them, or its own name.

    Raises: NetworkPickleError if there is none, or several.
    """
    aliases = [(_label(one, found), '/'.join(map(str, one.keys)), str((one.keys or [''])[-1])) for one in found]
    named = [one for one, names in zip(found, aliases) if name in names] or [
        one for one in found if one.state.name == name
    ]
    if len(_distinct(named)) != 1:
        raise NetworkPickleError(
            '%s holds %s called %r: it has %s'
            % (path, 'several networks' if named else 'no network', name, listed(_distinct(found)))
        )
    return named[0]


def official(found, path, name=None):
    """(G, D, Gs) as official scripts take them from a file: NetworkStates, or None for what the file does not hold.

    A sequence of three is taken as it is. Otherwise Gs is the averaged generator; where there is one generator that
    does not say so, it is G and Gs.

    Args and errors: as of `generator`.
    """
    if name is None and {one.keys for one in found} <= {(0,), (1,), (2,)} and found[-1].keys == (2,):
        by_place = {one.keys[0]: one.state for one in found}
        return by_place.get(0), by_place.get(1), by_place.get(2)
    Gs = generator(found, path, name)
    others = [one for one in _distinct(found) if is_generator(one.state) and one.state is not Gs]
    if not others:
        averaged = _averaged([one for one in found if one.state is Gs])
        same = len([one for one in found if one.state is Gs]) > 1  # As in (G, D, G).
        others = [one for one in found if one.state is Gs] if same or not averaged else []
    judges = [one for one in _distinct(found) if is_discriminator(one.state)]
    return _only(others), _only(judges), Gs


def labels(found):
    """What each of some places is called in its file, list of str: by its keys, or in a sequence by its own name."""
    return [_label(one, found) for one in found]


def listed(found):
    """What a file holds, for messages: names, and the functions that build them."""
    names = ['%s (%s)' % (_label(one, found), one.state.build_func_name) for one in found]
    return (', '.join(names[:_MOST_NAMED]) or 'no network at all') + (', ...' if len(names) > _MOST_NAMED else '')


def _label(one, found):
    namesakes = [other for other in found if other.state.name == one.state.name]
    if one.keys and (isinstance(one.keys[-1], str) or len(_distinct(namesakes)) > 1):
        return '/'.join(map(str, one.keys))
    return one.state.name


def _distinct(found):
    """Each network once, at the first of its places."""
    first = collections.OrderedDict()
    for one in found:
        first.setdefault(id(one.state), one)
    return list(first.values())


def _only(found):
    """The state if there is one network, else None."""
    return found[0].state if len(_distinct(found)) == 1 else None


def _averaged(generators):
    """Those whose key, or else whose own name, says that they are an average."""
    by_key = [one for one in generators if one.keys and _AVERAGED.search(str(one.keys[-1]))]
    return by_key or [one for one in generators if _AVERAGED.search(one.state.name)]


def _last_of_official(found):
    """The last network of the one sequence (G, D, Gs) in a file, or (G, Gs) of one name: a list of one, or of none."""
    found = [one for one in found if is_generator(one.state) or is_discriminator(one.state)]
    roles = [is_generator(one.state) for one in found]
    in_one_sequence = (
        len(found) > 1 and isinstance(found[-1].keys[-1], int) and len({one.keys[:-1] for one in found}) == 1
    )
    namesakes = roles == [True, True] and found[0].state.name == found[1].state.name
    return found[-1:] if in_one_sequence and (roles == [True, False, True] or namesakes) else []
