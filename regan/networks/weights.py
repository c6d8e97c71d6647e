"""Whether the weights of networks are finite: a single NaN makes every image black, or of any colour."""

from typing import Any, Dict, Iterable, Iterator, List, Tuple, Union

from dnnlib.unpickle import NetworkState
from regan.base import finite
from regan.base.errors import UserError
from regan.base.typing import PathLike

_MOST_NAMES = 5

States = Union[NetworkState, Iterable[NetworkState]]


def check(states: States, path: PathLike) -> None:
    """Raises UserError, which names them, if variables of these networks, or of their components, hold NaN or infinity.

    Args:
        states: a NetworkState, or several.
        path: of their file, for the message.
    """
    wrong = non_finite(states)
    if wrong:
        named = ['%s (%d)' % item for item in wrong.items()]
        more = ' and %d more' % (len(named) - _MOST_NAMES) if len(named) > _MOST_NAMES else ''
        raise UserError(
            '%s holds weights that are NaN or infinite: %s%s; the file is damaged or its training diverged, so take '
            'an earlier one, or give --allow-non-finite to use it all the same'
            % (path, ', '.join(named[:_MOST_NAMES]), more)
        )


def non_finite(states: States) -> Dict[str, int]:
    """{'Gs/4x4/Const/const': how many of its values are not finite} of the variables that have such values."""
    counts = ((name, finite.count(value)) for name, value in _variables(states))
    return {name: count for name, count in counts if count}


def _variables(states: States) -> Iterator[Tuple[str, Any]]:
    """(name, value) of all variables; each network once, however often it occurs."""
    waiting: List[NetworkState] = [states] if isinstance(states, NetworkState) else list(states)
    seen = set()
    while waiting:
        state = waiting.pop(0)
        if id(state) not in seen:
            seen.add(id(state))
            waiting += state.components.values()
            for name, value in state.variables.items():
                yield '%s/%s' % (state.name, name), value
