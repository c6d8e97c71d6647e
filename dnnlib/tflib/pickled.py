"""A network as its pickle describes it, before anything is built: which build function does that description stand for?

One of ours, or, for networks that are not among ours and readers who trust the file, one that the file embeds.
"""

import inspect

from .. import architectures, trust, util
from ..unpickle import NetworkPickleError, NetworkState
from . import embedded_code

EMBEDDED = 'embedded'  # In place of a generation: the function comes from the file's own source text.

_import_handlers = []  # Functions state dict -> state dict, applied in order of registration.


def import_handler(handler_func):
    """Decorator: registers a function that may change a pickled state (a dict) before it is used."""
    _import_handlers.append(handler_func)
    return handler_func


class PickledNetwork:
    """The state of one network, and where it comes from.

    Args:
        state: dict as `Network.__getstate__` gives it, whose components are Networks; changed by the import handlers.
        path: how error messages call the file.
        trust_embedded_code: whether source text of the file may be executed, even if the environment does not say so.

    Attributes: state (NetworkState), path.
    Raises: NetworkPickleError if something is missing or of the wrong kind.
    """

    def __init__(self, state, path, trust_embedded_code):
        if isinstance(state.get('variables'), dict):
            state['variables'] = list(state['variables'].items())
        for handler in _import_handlers:
            state = handler(state)
        self.state, self.path = NetworkState.from_dict(state, path), path
        self._trust = trust_embedded_code or trust.by_environment()
        if not (self._trust and self.state.build_module_src):
            self._take_judge()

    def _take_judge(self):
        """An official judge becomes ours. (Where its own code may run, that is the judge itself, and goes first.)"""
        try:
            self.state = architectures.judge(self.state) or self.state
        except NetworkPickleError as error:
            raise NetworkPickleError('%s: %s' % (self.path, error)) from None

    def build_function(self, parent=None, parts=()):
        """(generation, build function).

        Args:
            parent: generation of the network that this one is a component of, or EMBEDDED; None: it stands alone.
            parts: NetworkStates of its components. Where code of the file may run, it does unless all is ours to the
                last variable.

        Components below embedded code are embedded code too: its author may have changed them.
        """
        state = self.state
        try:
            if parent == EMBEDDED and state.build_module_src:
                return EMBEDDED, embedded_code.execute(state, self.path)
            if parent is None and self._trust and state.build_module_src:
                architectures.check(state, parts)
            generation = parent if parent not in (None, EMBEDDED) else architectures.generation(state)
            function = util.get_obj_by_name(architectures.build_function_name(state, generation))
            architectures.check_arguments(state, generation)
            return generation, function
        except NetworkPickleError as e:
            if parent == EMBEDDED or not (self._trust and state.build_module_src):
                raise NetworkPickleError('%s: %s' % (self.path, e))
            return EMBEDDED, embedded_code.execute(state, self.path)

    def adopt_synthesis(self, function):
        """Where we chose another synthesis function than the file names, the name follows: clones rebuild by name.

        Args:
            function: the build function of this network, one of ours.
        """
        kwargs, parameter = self.state.static_kwargs, inspect.signature(function).parameters.get('synthesis_func')
        if parameter is not None and 'synthesis' in self.state.components:
            chosen = self.state.components['synthesis'].build_func_name
            if kwargs.get('synthesis_func', parameter.default) != chosen:
                kwargs['synthesis_func'] = chosen
