"""The networks of a pickle that a new run starts from, compared with its data and its recipe before anything is
built."""

import dataclasses
import inspect

import numpy as np

import dnnlib
from dnnlib import architectures, contents, unpickle
from dnnlib.tflib.revival import revive
from dnnlib.unpickle import NetworkPickleError, NetworkState
from regan.base.errors import UserError
from regan.data import tfrecords
from regan.networks import weights
from training import misc

_OF_DATA = ('num_channels', 'resolution', 'label_size')
_FREE = ('style_mixing_prob',)  # A run may have another one than the network was made with.
_NOT_COMPARED = ('func_name', 'structure', 'mapping_func', 'synthesis_func', 'dtype') + _OF_DATA + _FREE
_PLAIN = (bool, int, float, str, list, tuple)


def facts_of_data(folder, resolution=None, max_label_size=0):
    """What networks have to fit: dict of num_channels, resolution and label_size.

    Args:
        folder, resolution, max_label_size: as for `training.dataset.TFRecordDataset`, which has the same facts.
    Raises: UserError if the files are not one whole data set.
    """
    levels = tfrecords.open_levels(folder, resolution)
    tfrecords.close_levels(levels)
    found = sorted(levels[0].path.parent.glob('*.labels')) if max_label_size else []
    columns = tfrecords.read_table(found[0], levels[0].num_images).shape[1] if found else 0
    label_size = columns if max_label_size == 'full' else min(columns, max_label_size)
    return dict(num_channels=levels[0].shape[0], resolution=levels[0].shape[1], label_size=label_size)


class Resumed:
    """(G, D, Gs) of a pickle, as data, which fit a recipe and a data set.

    Args:
        path: of the pickle, or its URL.
        recipe: `training.recipe.Recipe`.
        data: dict of num_channels, resolution and label_size, see `facts_of_data`.
    Attributes:
        recipe: the given one; sizes that it leaves open are those of the networks.
    Raises: NetworkPickleError; UserError that names all differences: contents, channels, resolution, labels,
        generation, configuration, or weights that are not finite.
    """

    def __init__(self, path, recipe, data):
        with misc.open_file_or_url(path) as file:
            self._states = unpickle.read(file, str(path))
        self._path = str(path)
        found = _differences(self._states, recipe, data)
        if found:
            raise UserError(
                '%s cannot be resumed with this data and recipe, which differ in %s; give the pickle (G, D, Gs) of a '
                'run on such data with such networks, or leave --resume out' % (path, ', '.join(found))
            )
        weights.check(self._states, self._path)
        G, D, _ = self._states
        self.recipe = dataclasses.replace(recipe, G=_completed(recipe.G, G), D=_completed(recipe.D, D))

    def networks(self):
        """(G, D, Gs) as Networks of the default graph and session; an average that is G itself becomes one of its
        own."""
        G, D, Gs = revive(self._states, self._path)
        for network, wanted in ((G, self.recipe.G), (D, self.recipe.D), (Gs, self.recipe.G)):
            network.static_kwargs.update({key: wanted[key] for key in _FREE if key in wanted})
            network.build()
        return G, D, G.clone('Gs') if Gs is G else Gs


def _differences(value, recipe, data):
    """Texts such as 'channels (3 in the file, 1 in the data)'."""
    states = unpickle.networks(value)
    generators = [state for state in states if contents.is_generator(state)]
    discriminators = [state for state in states if contents.is_discriminator(state)]
    compared = generators + discriminators
    found = []
    if not _is_triple(value):
        found.append('contents (%s, not (G, D, Gs))' % _contents(value))
    elif _variables(value[0]) != _variables(value[2]):
        found.append('contents (the variables of Gs are not those of G)')
    for key, name in zip(_OF_DATA, ('channels', 'resolution', 'labels')):
        in_file = sorted({_argument(state, key) for state in compared} - {None}, key=str)
        if in_file not in ([], [data[key]]):
            found.append('%s (%s in the file, %s in the data)' % (name, _words(in_file), data[key]))
    return found + _of_recipe(generators, discriminators, recipe)


def _of_recipe(generators, discriminators, recipe):
    pairs = [(recipe.G, state) for state in generators] + [(recipe.D, state) for state in discriminators]
    texts = [_of_functions([(_asked_functions(wanted), _functions(state)) for wanted, state in pairs])]
    for wanted, state in pairs:
        for key in sorted(set(wanted) - set(_NOT_COMPARED)):
            its = _argument(state, key)
            if its not in (None, wanted[key]):
                texts.append('%s (%s in the file, %s in the recipe)' % (key, its, wanted[key]))
    growing = recipe.schedule.lod_initial_resolution is not None
    if growing and any(_argument(state, 'structure') == 'fixed' for state in generators):
        texts.append('structure (fixed in the file, growing in the recipe)')
    return [text for text in dict.fromkeys(texts) if text]


def _of_functions(pairs):
    """How pairs of functions, as `_functions` gives them, differ: those that are asked for, and those of the file."""
    if all(mine == its for mine, its in pairs):
        return None
    of_file, of_recipe = [list(dict.fromkeys(_names(pair[i]) for pair in pairs)) for i in (1, 0)]
    same = all(mine[0] == its[0] for mine, its in pairs)
    return '%s (%s in the file, %s in the recipe)' % (
        'configuration' if same else 'generation',
        _words(of_file),
        _words(of_recipe),
    )


def _is_triple(value):
    if not isinstance(value, (tuple, list)) or len(value) != 3:
        return False
    roles = (contents.is_generator, contents.is_discriminator, contents.is_generator)
    return all(isinstance(one, NetworkState) and is_one(one) for one, is_one in zip(value, roles))


def _contents(value):
    if isinstance(value, NetworkState):
        return '%s (%s) alone' % (value.name, value.build_func_name)
    if isinstance(value, dict):
        return 'a dict of %s' % (_words([str(key) for key in value]) or 'nothing')
    if isinstance(value, (tuple, list)):
        return '(%s)' % ', '.join(_contents_of_place(one) for one in value)
    return 'a value of type %s' % type(value).__name__


def _contents_of_place(value):
    return value.name if isinstance(value, NetworkState) else 'None' if value is None else type(value).__name__


def _variables(state):
    """Shapes of all variables by name, those of components below their keys."""
    shapes = {name: value.shape for name, value in state.variables.items()}
    for key, component in state.components.items():
        shapes.update({(key, name): shape for name, shape in _variables(component).items()})
    return shapes


def _functions(state):
    """(module, name) of our function that builds a network, and the name of its synthesis' where it has a choice."""
    try:
        generation = architectures.generation(state)
        function = dnnlib.util.get_obj_by_name(architectures.build_function_name(state, generation))
        chosen = 'synthesis_func' in inspect.signature(function).parameters and 'synthesis' in state.components
        parts = [state.components['synthesis']] if chosen else []
        names = [architectures.build_function_name(part, generation).rpartition('.')[2] for part in parts]
        return (function.__module__, function.__name__) + tuple(names)
    except NetworkPickleError:
        return ('unknown', state.build_func_name)


def _asked_functions(wanted):
    """The same of the arguments of a network in a recipe."""
    function = dnnlib.util.get_obj_by_name(wanted['func_name'])
    parameter = inspect.signature(function).parameters.get('synthesis_func')
    synthesis = () if parameter is None else (wanted.get('synthesis_func', parameter.default),)
    return (function.__module__, function.__name__) + synthesis


def _names(functions):
    generations = {module: name for name, module in architectures.MODULES.items()}
    return '%s: %s' % (generations.get(functions[0], functions[0]), ' with '.join(functions[1:]))


def _argument(state, key):
    """The value of an argument of a network: as the file has it, else our functions' default; None: it takes none."""
    return state.static_kwargs[key] if key in state.static_kwargs else _defaults(state).get(key)


def _defaults(state):
    """Defaults of the functions that build a network, and of those of its components."""
    defaults = {}
    try:
        generation = architectures.generation(state)
        for one in list(state.components.values()) + [state]:
            function = dnnlib.util.get_obj_by_name(architectures.build_function_name(one, generation))
            defaults.update(
                (name, parameter.default)
                for name, parameter in inspect.signature(function).parameters.items()
                if parameter.default is not inspect.Parameter.empty
            )
    except NetworkPickleError:
        pass  # `_functions` says it.
    return defaults


def _completed(wanted, state):
    """The arguments of a network in a recipe, with those of the file that it leaves open."""
    defaults = _defaults(state)
    taken = {
        key: value
        for key, value in state.static_kwargs.items()
        if key in defaults
        and key not in wanted
        and key not in _NOT_COMPARED
        and isinstance(value, _PLAIN)
        and not np.array_equal(value, defaults[key])
    }
    return dict(wanted, **taken)


def _words(values):
    return ' and '.join(str(value) for value in values)
