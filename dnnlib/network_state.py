"""What a file says about one network: plain data, checked; nothing is built."""

import collections
import re
import reprlib

import numpy as np

from .pickled_data import NetworkPickleError

STATE_VERSIONS = (2, 3, 4, 5)  # TensorFlow Progressive GAN, StyleGAN, StyleGAN2, StyleGAN2-ADA.

# Names become scopes of graphs and words of messages.
_NETWORK_NAME = re.compile(r'[A-Za-z0-9.][A-Za-z0-9_.\-]{0,99}\Z')
_VARIABLE_NAME = re.compile(r'[A-Za-z0-9.][A-Za-z0-9_.\-/>:]{0,499}\Z')
_IDENTIFIER = re.compile(r'[A-Za-z_][A-Za-z0-9_]{0,199}\Z')


class NetworkState:
    """What a pickle says about one network. Plain data; nothing is built.

    Attributes:
        version: int in `STATE_VERSIONS`, the dnnlib generation that wrote the state.
        name: str, e.g. 'Gs' or 'G_synthesis'.
        static_kwargs: dict of the keyword arguments given at construction.
        components: OrderedDict of str -> NetworkState.
        build_module_src: str, embedded source text. Never executed here.
        build_func_name: str, e.g. 'G_main'.
        variables: OrderedDict of own local name -> float32 array, in creation order.
        made_from: dict of plain values, what the network was made from, or None: a key of ours, which official loaders
            ignore.
    """

    def __init__(
        self, version, name, static_kwargs, components, build_module_src, build_func_name, variables, made_from=None
    ):
        self.version = version
        self.name = name
        self.static_kwargs = static_kwargs
        self.components = components
        self.build_module_src = build_module_src
        self.build_func_name = build_func_name
        self.variables = variables
        self.made_from = made_from

    @classmethod
    def from_dict(cls, state, path='the pickle'):
        """Checks a state dictionary (as `Network.__getstate__` gives it) and makes a NetworkState.

        The values of `components` may be any objects; they are kept as they are.
        Raises NetworkPickleError that names the file, the network and the field.
        """
        if not isinstance(state, dict) or 'version' not in state:
            raise NetworkPickleError(
                '%s holds a network without a state version, as the Theano code of Progressive GAN wrote; '
                'only TensorFlow networks (StyleGAN, StyleGAN2, StyleGAN2-ADA) can be read.' % path
            )
        where = '%s, network %s' % (path, reprlib.repr(state.get('name', '?')))
        if state['version'] not in STATE_VERSIONS:
            raise NetworkPickleError(
                '%s: state version %s is unknown; versions %d to %d can be read.'
                % (where, reprlib.repr(state['version']), STATE_VERSIONS[0], STATE_VERSIONS[-1])
            )
        types = dict(name=str, static_kwargs=dict, build_func_name=str, variables=(list, tuple))
        for key, kind in types.items():
            if not isinstance(state.get(key), kind):
                raise NetworkPickleError(
                    '%s: field %r is missing or damaged (found %s).' % (where, key, type(state.get(key)).__name__)
                )
        components = state.get('components') or {}
        if not isinstance(components, dict):
            raise NetworkPickleError(
                "%s: field 'components' is damaged (found %s)." % (where, type(components).__name__)
            )
        if not _NETWORK_NAME.match(state['name']):
            raise NetworkPickleError(
                '%s: a name of a network holds letters, digits and _ . - only, does not begin with _ or -, and '
                'has at most 100 characters; the file is damaged, or crafted.' % where
            )
        for what, words in [
            ('build function', [state['build_func_name']]),
            ('argument', state['static_kwargs']),
            ('component', components),
        ]:
            for word in words:
                if not isinstance(word, str) or not _IDENTIFIER.match(word):
                    raise NetworkPickleError(
                        '%s: %s is no name of %s %s; the file is damaged, or crafted.'
                        % (where, reprlib.repr(word), 'an' if what[0] in 'aeiou' else 'a', what)
                    )
        return cls(
            state['version'],
            state['name'],
            dict(state['static_kwargs']),
            collections.OrderedDict(components),
            state.get('build_module_src') or '',
            state['build_func_name'],
            collections.OrderedDict(_variable(item, where) for item in state['variables']),
            state['made_from'] if isinstance(state.get('made_from'), dict) else None,
        )

    def parameters(self):
        """Number of scalars in all variables, those of the components included."""
        return sum(v.size for v in self.variables.values()) + sum(c.parameters() for c in self.components.values())


def _variable(item, where):
    if not isinstance(item, (tuple, list)) or len(item) != 2 or not isinstance(item[0], str):
        raise NetworkPickleError('%s: the list of variables is damaged (found %r).' % (where, type(item).__name__))
    name, value = item
    if not _VARIABLE_NAME.match(name):
        raise NetworkPickleError(
            '%s: %s is no name of a variable; the file is damaged, or crafted.' % (where, reprlib.repr(name))
        )
    try:
        return name, np.asarray(value, dtype=np.float32)
    except (TypeError, ValueError):
        raise NetworkPickleError('%s: variable %r is not numeric (found %s).' % (where, name, type(value).__name__))
