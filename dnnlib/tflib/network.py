"""`Network`: a build function, its variables, and NumPy in / NumPy out execution. The official dnnlib API.

A network that comes from a pickle is rebuilt from our own implementation of its build function; the source text that the
pickle embeds is not executed. Graphs are built at first use, so of a file's (G, D, Gs) only what is used costs anything.
"""
import collections
import inspect
import re
import reprlib
import sys
import types
import uuid
import warnings

import numpy as np
import tensorflow.compat.v1 as tf

from .. import architectures
from .. import unpickle
from .. import util
from ..unpickle import NetworkPickleError, NetworkState
from . import report
from . import tfutil
from .source import module_source

_import_handlers = []  # Functions state dict -> state dict, applied in order of registration.
_DEPRECATED_CONVERSIONS = ('out_mul', 'out_add', 'out_shrink', 'out_dtype')  # Of `run`; see tfutil.convert_outputs.
EMBEDDED = 'embedded'  # In place of a generation: the function comes from the file's own source text.
_import_module_src = {}  # Module made from embedded source -> that source.


def import_handler(handler_func):
    """Decorator: registers a function that may change a pickled state (a dict) before it is used."""
    _import_handlers.append(handler_func)
    return handler_func


def load_pickle(source, trust_embedded_code=False, name=None):
    """Reads a pickle as data and rebuilds its networks, which need a default session (`tflib.init_tf`).

    Args:
        source: path or binary file object; may be compressed.
        trust_embedded_code: True executes the source text that the file embeds for networks that are not among ours.
        name: how error messages call the file.
    Returns: the pickled value with every network as a Network; the official generator files hold (G, D, Gs).
    Raises: NetworkPickleError; RuntimeError if there are networks and no session.
    """
    path = name or str(getattr(source, 'name', source))
    return revive(unpickle.read(source, path), path, trust_embedded_code)


def revive(value, path, trust_embedded_code=False, _done=None):
    """Data from `unpickle.read` with every NetworkState made a Network. Arguments and errors as in `load_pickle`."""
    done = {} if _done is None else _done  # id of a NetworkState -> Network: what the file shares stays shared.
    if isinstance(value, NetworkState):
        if id(value) not in done:
            done[id(value)] = Network._from_state(value, path, trust_embedded_code)
        return done[id(value)]
    if isinstance(value, (tuple, list)):
        return type(value)(revive(v, path, trust_embedded_code, done) for v in value)
    return {k: revive(v, path, trust_embedded_code, done) for k, v in value.items()} if isinstance(value, dict) else value


class Network:
    """A parametrised function of tensors with its own variables, which can be run on arrays and pickled.

    Args:
        name: scope and display name; letters, digits and _ . - ; default: the function's name.
        func_name: build function: a dotted name or a top-level function. Its positional parameters without default are the
            inputs. It must set their static shapes, accept `is_template_graph` and `components`, swallow unknown keyword
            arguments, and return one tensor or a tuple.
        static_kwargs: passed to the build function in every graph; must be picklable.

    Needs a default session when its graph is built. Attributes: name, scope, static_kwargs, components (EasyDict), num_inputs,
    num_outputs, input_shapes, output_shapes (lists of lists, batch None), input_shape, output_shape (of the first), input_names,
    output_names, input_templates, output_templates, own_vars, vars, trainables (ordered local name -> variable),
    var_global_to_local.
    """

    def __init__(self, name=None, func_name=None, **static_kwargs):
        tfutil.assert_tf_initialized()
        if func_name is None:
            raise ValueError('Network needs func_name: a dotted name or a top-level function')
        function = util.get_obj_by_name(func_name) if isinstance(func_name, str) else func_name
        if not util.is_top_level_function(function):
            raise ValueError('func_name must be a top-level function, found %r' % (func_name,))
        self._setup(name or function.__name__, function, static_kwargs, {})

    def _setup(self, name, function, static_kwargs, components, values=None, version=None, origin=None):
        if not re.match(r'^[A-Za-z0-9_.\-]+$', name):
            raise ValueError('network name %r may hold letters, digits and _ . - only' % name)
        self.name = name
        self.static_kwargs = util.EasyDict(static_kwargs)
        self._components = util.EasyDict(components)
        self._build_func = function
        self._values = values  # Own values that wait for the graph: local name -> array.
        self._version = version
        self._origin = origin
        self._template = None
        self._frozen = {}
        self._run_graphs = {}
        self._graph = tf.get_default_graph()
        with tf.name_scope(None):  # Components are made inside their parent's scope, and have one of their own.
            self.scope = self._graph.unique_name(name, mark_as_used=True)

    # -------------------------------------------------------------- pickled state

    @classmethod
    def _from_state(cls, state, path, trust, is_component=False):
        """A Network from data that `unpickle.read` returned."""
        tfutil.assert_tf_initialized()
        net = cls.__new__(cls)
        components = [(k, cls._from_state(v, path, trust, is_component=True)) for k, v in state.components.items()]
        net._restore(dict(vars(state), components=dict(components)), path, trust, is_component)
        return net

    def __setstate__(self, state):
        """What Python's own pickle.load calls. Embedded source is not executed here either."""
        tfutil.assert_tf_initialized()
        self._restore(state, 'the pickle', trust=False, is_component=state.get('build_func_name') in ('G_mapping', 'G_synthesis'))

    def _restore(self, state, path, trust, is_component):
        if 'variables' in state and isinstance(state['variables'], dict):
            state['variables'] = list(state['variables'].items())
        for handler in _import_handlers:
            state = handler(state)
        self._pickled = NetworkState.from_dict(state, path)
        self._origin, self._trust, self._template = path, trust, None
        self.name = self._pickled.name
        if not is_component:  # Functions of one name differ by generation, which the parent tells.
            self._identify()

    def _identify(self, parent=None):
        """Finds the build function for a pickled state, its components' too, whose `parent` is a generation or EMBEDDED."""
        state, self._pickled = self._pickled, None
        generation, function = self._find_function(state, parent)
        for component in state.components.values():
            if getattr(component, '_pickled', None) is not None:
                component._identify(generation)
        if generation != EMBEDDED:
            _adopt_synthesis(function, state)
        self._setup(state.name, function, state.static_kwargs, state.components, state.variables, state.version, self._origin)

    def _find_function(self, state, parent):
        """(generation, build function). Components below embedded code are embedded code too: its author may have changed them."""
        try:
            if parent == EMBEDDED and state.build_module_src:
                return EMBEDDED, _execute_embedded(state, self._origin)
            generation = parent if parent not in (None, EMBEDDED) else architectures.generation(state)
            function = util.get_obj_by_name(architectures.build_function_name(state, generation))
            _check_arguments(function, state)
            return generation, function
        except NetworkPickleError as e:
            if parent == EMBEDDED or not (self._trust and state.build_module_src):
                raise NetworkPickleError('%s: %s' % (self._origin, e))
            return EMBEDDED, _execute_embedded(state, self._origin)

    def __getattr__(self, name):
        # Reached only for attributes that are not set: a pickled component whose parent never came.
        if name.startswith('__') or self.__dict__.get('_pickled') is None:
            raise AttributeError(name)
        self._identify()
        return getattr(self, name)

    def __getstate__(self):
        """The state dictionary of the official format, with our own self-contained source text."""
        values = self.own_values()
        module = sys.modules[self._build_func.__module__]
        state = dict(
            version=self._version or _state_version(module.__name__),
            name=self.name,
            static_kwargs=dict(self.static_kwargs),
            components=dict(self.components),
            build_module_src=_import_module_src.get(module) or module_source(module),
            build_func_name=self._build_func.__name__,
            variables=[(k, v if v.ndim else v[()]) for k, v in values.items()])
        if state['version'] >= 5:
            state.update(input_shapes=self.input_shapes, output_shapes=self.output_shapes,
                         input_names=self.input_names, output_names=self.output_names)
        return state

    def own_values(self):
        """Values of the own variables, ordered local name -> array; of a pickled network known without building its graph."""
        if self._template is None and self._values is not None:
            return self._values
        return collections.OrderedDict(zip(self.own_vars, tfutil.run(list(self.own_vars.values()))))

    # -------------------------------------------------------------- template graph

    def _built(self):
        if self._template is None:
            tfutil.assert_tf_initialized()
            try:
                self._template = _Template(self)
            except (ValueError, TypeError) as e:
                if self._values is None:
                    raise
                raise self._unbuildable(e)
            self._initialise()
        return self._template

    def _initialise(self):
        own = self._template.own_vars
        if self._values is None:
            tfutil.run([v.initializer for v in own.values()])
            return
        values, self._values = self._values, None
        self._check_values(values, {n: v.shape.as_list() for n, v in own.items()})
        tfutil.load_vars({v: values[n] for n, v in own.items()})

    def _check_values(self, values, shapes):
        """Raises NetworkPickleError unless the values, by name, have the names and shapes wanted."""
        missing, surplus = [n for n in shapes if n not in values], [n for n in values if n not in shapes]
        wrong = ['%s is %s instead of %s' % (n, list(values[n].shape), shape)
                 for n, shape in shapes.items() if n in values and list(values[n].shape) != shape]
        for what, names in (('lacks the variables', missing), ('holds unknown variables', surplus), ('holds wrong shapes:', wrong)):
            if names:
                raise NetworkPickleError('%s, network %r (%s): the file %s %s%s.' % (
                    self._origin, self.name, self._build_func.__name__, what, ', '.join(names[:3]), ' ...' if len(names) > 3 else ''))

    input_names = property(lambda self: self._built().input_names)
    output_names = property(lambda self: self._built().output_names)
    input_templates = property(lambda self: self._built().inputs)
    output_templates = property(lambda self: self._built().outputs)
    own_vars = property(lambda self: self._built().own_vars)
    input_shapes = property(lambda self: [t.shape.as_list() for t in self.input_templates])
    output_shapes = property(lambda self: [t.shape.as_list() for t in self.output_templates])
    input_shape = property(lambda self: self.input_shapes[0])
    output_shape = property(lambda self: self.output_shapes[0])
    num_inputs = property(lambda self: len(self.input_templates))
    num_outputs = property(lambda self: len(self.output_templates))

    @property
    def components(self):
        """Sub-networks by key. Those of a new network come into being with its graph."""
        if self._template is None and self._values is None:
            self._built()
        return self._components

    @property
    def vars(self):
        """Ordered local name -> variable; a component's names begin with its name."""
        found = collections.OrderedDict(self.own_vars)
        for component in self.components.values():
            found.update((component.name + '/' + n, v) for n, v in component.vars.items())
        return found

    @property
    def trainables(self):
        found = self.vars  # First: this builds the graph.
        trainable = set(id(v) for v in self._graph.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES))
        return collections.OrderedDict((n, v) for n, v in found.items() if id(v) in trainable)

    @property
    def var_global_to_local(self):
        """Global name without ':0' -> local name."""
        return collections.OrderedDict((v.name.split(':')[0], n) for n, v in self.vars.items())

    # -------------------------------------------------------------- variables

    def find_var(self, var_or_local_name):
        """Variable by local name; a component may be called by its name or by its key. KeyError if there is none."""
        if not isinstance(var_or_local_name, str):
            return var_or_local_name
        found = self.vars
        if var_or_local_name in found:
            return found[var_or_local_name]
        key, _, rest = var_or_local_name.partition('/')
        if key in self.components and rest:
            return self.components[key].find_var(rest)
        raise KeyError(var_or_local_name)

    def get_var(self, var_or_local_name):
        """Value as ndarray; 0-d as numpy.float32."""
        if self._template is None and self._values is not None and var_or_local_name in self._values:
            return self._values[var_or_local_name][()]  # Known without building the graph.
        return tfutil.run(self.find_var(var_or_local_name))

    def set_var(self, var_or_local_name, new_value):
        """Assigns one variable; the shape must be exactly its own."""
        tfutil.set_vars({self.find_var(var_or_local_name): new_value})

    def get_var_local_name(self, var_or_global_name):
        """Local name of a variable, or of its global name."""
        name = var_or_global_name if isinstance(var_or_global_name, str) else var_or_global_name.name
        return self.var_global_to_local[name.split(':')[0]]

    def reset_own_vars(self):
        """Runs the initialisers of the own variables."""
        tfutil.run([v.initializer for v in self.own_vars.values()])

    def reset_vars(self):
        """Runs the initialisers of all variables, those of the components included."""
        tfutil.run([v.initializer for v in self.vars.values()])

    def reset_trainables(self):
        """Runs the initialisers of the trainable variables."""
        tfutil.run([v.initializer for v in self.trainables.values()])

    def copy_own_vars_from(self, src_net):
        """Copies own variables whose names both have."""
        _copy(src_net.own_vars, self.own_vars)

    def copy_vars_from(self, src_net):
        """Copies variables whose names both have."""
        _copy(src_net.vars, self.vars)

    def copy_trainables_from(self, src_net):
        """Copies trainable variables whose names both have."""
        _copy(src_net.trainables, self.trainables)

    # -------------------------------------------------------------- other networks from this one

    def clone(self, name=None, **new_static_kwargs):
        """A new network with the same function, arguments (updated) and values; components are rebuilt."""
        return self._derive(self._build_func, name or self.name, new_static_kwargs)

    def convert(self, new_func_name, new_name=None, **new_static_kwargs):
        """A new network from another build function, with the arguments merged and the values copied by name."""
        return self._derive(new_func_name, new_name or self.name, new_static_kwargs)

    def _derive(self, func_name, name, new_static_kwargs):
        net = Network(name, func_name=func_name, **dict(self.static_kwargs, **new_static_kwargs))
        net.copy_vars_from(self)
        return net

    def setup_as_moving_average_of(self, src_net, beta=0.99, beta_nontrainable=0.0):
        """One op that moves every common variable: v <- src + (v - src) beta (beta_nontrainable for non-trainable ones)."""
        ops, trainables = [], self.trainables
        with tfutil.absolute_name_scope(self.scope + '/_MovingAvg'):
            source = src_net.vars
            for name, var in self.vars.items():
                if name in source:
                    ops.append(tf.assign(var, tfutil.lerp(source[name], var, beta if name in trainables else beta_nontrainable)))
            return tf.group(*ops)

    # -------------------------------------------------------------- execution

    def get_output_for(self, *in_expr, return_as_list=False, **dynamic_kwargs):
        """The network applied to tensors, as new ops with shared variables.

        Args:
            in_expr: one tensor (or array) for each input; None = zeros, but not for all.
            dynamic_kwargs: override the static arguments.
        Returns: tensor, tuple of tensors, or list with return_as_list.
        """
        template = self._built()
        if len(in_expr) != len(template.inputs) or all(x is None for x in in_expr):
            raise ValueError('network %r takes %d inputs (%s), not all None; found %d' % (
                self.name, len(template.inputs), ', '.join(template.input_names), len(in_expr)))
        kwargs = dict(self.static_kwargs, **dynamic_kwargs)
        kwargs.update(is_template_graph=False, components=self._components)
        with tfutil.absolute_variable_scope(self.scope, reuse=True), tf.name_scope(self.name):
            inputs = [tf.identity(x, name=n) for x, n in zip(_fill_zeros(in_expr, template), template.input_names)]
            outputs = self._build_func(*inputs, **kwargs)
        for given, found in zip(in_expr, inputs):
            if isinstance(given, tf.Tensor):
                given.set_shape(found.shape)
        outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
        for output, expected in zip(outputs, template.outputs):
            output.set_shape([None] + expected.shape.as_list()[1:] if output.shape.rank == expected.shape.rank else None)
        return outputs if return_as_list else _unlist(outputs)

    def get_output_with_values(self, *in_expr, unused=(), **dynamic_kwargs):
        """`get_output_for` without variables: placeholders stand in their place, and the template graph is not needed.

        To make a graph once and freeze it (`dnnlib.tflib.frozen`): TensorFlow takes longer for 100 variables than for the network.

        Args:
            in_expr: one tensor for each input, whose static shape the build function sets.
            unused: prefixes of variables that a pickled network may hold although this graph does without them.
        Returns: (tensor or tuple of tensors, ordered local name -> placeholder). `own_values` has what to feed.
        Raises: NetworkPickleError if a pickled network's values do not fit.
        """
        values, placeholders = self.own_values(), collections.OrderedDict()

        def placeholder(name, shape=None, initializer=None, dtype=tf.float32, **_kwargs):
            local = name[len(self.scope) + 1:]
            if local not in placeholders:
                with tf.control_dependencies(None):  # Outside of any branch.
                    placeholders[local] = tf.placeholder(dtype, np.shape(initializer) if shape is None else shape)
            return placeholders[local]

        kwargs = dict(self.static_kwargs, **dynamic_kwargs)
        kwargs.update(is_template_graph=False, components=self._components)
        with tfutil.absolute_variable_scope(self.scope, custom_getter=placeholder), tf.name_scope(self.name):
            try:
                outputs = self._build_func(*in_expr, **kwargs)
            except (ValueError, TypeError) as e:
                raise self._unbuildable(e) if self._origin else e
        used = {n: value for n, value in values.items() if n in placeholders or not n.startswith(tuple(unused))}
        self._check_values(used, {n: t.shape.as_list() for n, t in placeholders.items()})
        return outputs, placeholders

    def _unbuildable(self, error):
        return NetworkPickleError('%s, network %r: cannot be built from its arguments: %s' % (self._origin, self.name, error))

    def run(self, *in_arrays, input_transform=None, output_transform=None, return_as_list=False, print_progress=False,
            minibatch_size=None, num_gpus=1, assume_frozen=False, custom_inputs=None, **dynamic_kwargs):
        """Runs the network on arrays.

        Args:
            in_arrays: one array for each input, first axis = items; None = zeros (not for the first).
            input_transform, output_transform: dict(func=top-level function, further keyword arguments), applied to the tensors
                before and after the network; e.g. dict(func=tflib.convert_images_to_uint8, nchw_to_nhwc=True).
            minibatch_size: items at a time; None = all.
            num_gpus: every minibatch is split over so many GPUs.
            assume_frozen: later changes of the variables are not seen.
            custom_inputs: list of callables name -> tensor, used in place of placeholders.
            dynamic_kwargs: override the static arguments. A new value builds a new graph. The deprecated out_mul, out_add,
                out_shrink and out_dtype convert the output (`tfutil.convert_outputs`); ValueError together with output_transform.
        Returns: array [items, ...], tuple of arrays, or list with return_as_list.
        """
        if len(in_arrays) != self.num_inputs or in_arrays[0] is None:
            raise ValueError('network %r takes %d inputs (%s), the first not None; found %d'
                             % (self.name, self.num_inputs, ', '.join(self.input_names), len(in_arrays)))
        output_transform = _with_deprecated(output_transform, dynamic_kwargs)
        num_items = len(in_arrays[0])
        key = _freeze((input_transform, output_transform, num_gpus, assume_frozen, custom_inputs, dynamic_kwargs))
        if key not in self._run_graphs:
            self._run_graphs[key] = self._make_run_graph(input_transform, output_transform, num_gpus, assume_frozen, custom_inputs, dynamic_kwargs)
        in_expr, out_expr = self._run_graphs[key]
        in_arrays = [np.zeros([num_items] + shape[1:], np.float32) if x is None else np.asarray(x)
                     for x, shape in zip(in_arrays, self.input_shapes)]
        pieces = []
        step = minibatch_size or max(num_items, 1)
        for begin in range(0, max(num_items, 1), step):
            if print_progress:
                print('\r%d / %d' % (begin, num_items), end='')
            pieces.append(tfutil.run(out_expr, {t: x[begin:begin + step] for t, x in zip(in_expr, in_arrays)}))
        if print_progress:
            print('\r%d / %d' % (num_items, num_items))
        outputs = [piece[0] if len(piece) == 1 else np.concatenate(piece) for piece in zip(*pieces)]
        return outputs if return_as_list else _unlist(outputs)

    def _make_run_graph(self, input_transform, output_transform, num_gpus, assume_frozen, custom_inputs, dynamic_kwargs):
        """Placeholders and outputs for `run`: lists of tensors."""
        with self._graph.as_default(), tf.control_dependencies(None), tfutil.absolute_name_scope(self.scope + '/_Run') as scope:
            makers = custom_inputs or [lambda name: tf.placeholder(tf.float32, name=name)] * self.num_inputs
            in_expr = [make(name) for make, name in zip(makers, self.input_names)]
            splits = list(zip(*[tf.split(tf.convert_to_tensor(x), num_gpus) if num_gpus > 1 else [x] for x in in_expr]))
            per_device = [self._apply_on_device(i, split, input_transform, output_transform, assume_frozen, dynamic_kwargs)
                          for i, split in enumerate(splits)]
            if len(per_device[0]) != self.num_outputs:
                raise ValueError('network %r made %d outputs where its template has %d; use get_output_for for optional ones'
                                 % (self.name, len(per_device[0]), self.num_outputs))
            return in_expr, [_concat(pieces, scope) for pieces in zip(*per_device)]

    def _apply_on_device(self, index, inputs, input_transform, output_transform, assume_frozen, dynamic_kwargs):
        has_gpu = bool(tf.config.experimental.list_physical_devices('GPU'))
        with tf.device('/gpu:%d' % index if has_gpu else None):
            net = self
            if assume_frozen:
                if index not in self._frozen:
                    self._frozen[index] = self.clone()
                net = self._frozen[index]
            inputs = _transform(inputs, input_transform)
            outputs = net.get_output_for(*inputs, return_as_list=True, **dynamic_kwargs)
            return _transform(outputs, output_transform)

    # -------------------------------------------------------------- reports

    def list_ops(self):
        """Ops of the template graph, without those made by `run`."""
        return report.list_ops(self)

    def list_layers(self):
        """List of (layer name, output tensor, [trainable variables]). Image tensors are NCHW."""
        return report.list_layers(self)

    def print_layers(self, title=None, hide_layers_with_no_params=False):
        """Prints a table of the layers: name, parameters, output shape, weight shape."""
        report.print_layers(self, title, hide_layers_with_no_params)

    def setup_weight_histograms(self, title=None):
        """One histogram summary for each trainable variable."""
        report.setup_weight_histograms(self, title)


class _Template:
    """The graph with placeholders as inputs that defines a network's variables and shapes."""

    def __init__(self, net):
        parameters = inspect.signature(net._build_func).parameters.values()
        self.input_names = [p.name for p in parameters if p.kind == p.POSITIONAL_OR_KEYWORD and p.default is p.empty]
        with net._graph.as_default(), tf.control_dependencies(None), tf.device(None), \
                tfutil.absolute_variable_scope(net.scope, reuse=False), tfutil.absolute_name_scope(net.scope):
            self.inputs = [tf.placeholder(tf.float32, name=n) for n in self.input_names]
            kwargs = dict(net.static_kwargs, is_template_graph=True, components=net._components)
            outputs = net._build_func(*self.inputs, **kwargs)
        self.outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
        self.output_names = [t.name.split('/')[-1].split(':')[0] for t in self.outputs]
        for tensor, name in zip(self.inputs + self.outputs, self.input_names + self.output_names):
            if tensor.shape.rank is None or None in tensor.shape.as_list()[1:]:
                raise ValueError('the build function leaves the shape of %r undefined' % name)
        prefix = net.scope + '/'
        self.own_vars = collections.OrderedDict(
            (v.name[len(prefix):].split(':')[0], v) for v in net._graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)
            if v.name.startswith(prefix))
        self.num_ops = len(net._graph.get_operations())  # Later ones, such as setters, are not of the template.


def _state_version(module_name):
    generations = [g for g, m in architectures.MODULES.items() if m == module_name]
    return architectures.STATE_VERSION[generations[0]] if generations else 4


def _adopt_synthesis(function, state):
    """Clones rebuild the components by name: where we chose another synthesis function than the file names, the name follows."""
    parameter = inspect.signature(function).parameters.get('synthesis_func')
    if parameter is not None and 'synthesis' in state.components:
        chosen = state.components['synthesis']._build_func.__name__
        if state.static_kwargs.get('synthesis_func', parameter.default) != chosen:
            state.static_kwargs['synthesis_func'] = chosen


def _check_arguments(function, state):
    """Refuses static arguments that our functions do not know: they may change the network."""
    module = sys.modules[function.__module__]
    known = set(architectures.HARMLESS_ARGUMENTS)
    for name in architectures.FUNCTIONS[next(g for g, m in architectures.MODULES.items() if m == function.__module__)]:
        known.update(inspect.signature(getattr(module, name)).parameters)
    unknown = sorted(set(state.static_kwargs) - known)
    if unknown:
        raise NetworkPickleError('network %r (%s) was built with the argument %s = %s, which our implementation does not know.'
                                 % (state.name, state.build_func_name, unknown[0], reprlib.repr(state.static_kwargs[unknown[0]])))


def _execute_embedded(state, path):
    """Runs the source text that a pickle embeds; returns the build function it defines."""
    warnings.warn('Executing the Python code embedded in %s for network %r, because trust_embedded_code was given: it can do anything '
                  'on this machine that you can.' % (path, state.name))
    module = types.ModuleType('_tflib_network_import_' + uuid.uuid4().hex)
    sys.modules[module.__name__] = module
    # The 1.x API under its old name, which TensorFlow 2 gives to another one.
    source = re.sub(r'^import tensorflow as tf\b', 'import tensorflow.compat.v1 as tf', state.build_module_src, flags=re.MULTILINE)
    try:
        exec(compile(source, module.__name__, 'exec'), module.__dict__)
        function = module.__dict__[state.build_func_name]
    except Exception as e:
        raise NetworkPickleError('%s, network %r: the embedded code failed (%s: %s).' % (path, state.name, type(e).__name__, e))
    _import_module_src[module] = state.build_module_src
    return function


def _copy(source, target):
    names = [n for n in target if n in source]
    values = tfutil.run([source[n] for n in names])
    tfutil.load_vars({target[n]: v for n, v in zip(names, values)})


def _fill_zeros(in_expr, template):
    if all(x is not None for x in in_expr):
        return [tf.cast(x, tf.float32) for x in in_expr]
    batch = tf.shape(next(x for x in in_expr if x is not None))[0]
    return [tf.zeros(tf.stack([batch] + t.shape.as_list()[1:])) if x is None else tf.cast(x, tf.float32)
            for x, t in zip(in_expr, template.inputs)]


def _with_deprecated(output_transform, dynamic_kwargs):
    """The output transform that deprecated arguments stand for; takes them out of dynamic_kwargs."""
    given = {name: dynamic_kwargs.pop(name) for name in _DEPRECATED_CONVERSIONS if name in dynamic_kwargs}
    if not given:
        return output_transform
    if output_transform is not None:
        raise ValueError('%s cannot be used together with output_transform' % ', '.join(sorted(given)))
    warnings.warn('%s of Network.run are deprecated; use output_transform' % ', '.join(sorted(given)))
    return dict(func=tfutil.convert_outputs, **given)


def _transform(tensors, transform):
    """Applies dict(func=..., **kwargs) to a list of tensors; None: unchanged."""
    if transform is None:
        return list(tensors)
    kwargs = dict(transform)
    out = kwargs.pop('func')(*tensors, **kwargs)
    return list(out) if isinstance(out, (tuple, list)) else [out]


def _concat(pieces, scope):
    """Joins the devices' outputs. Encoders look the result up as '<scope>/_Run/concat' or '.../concat/concat'."""
    joined = pieces[0] if len(pieces) == 1 else tf.concat(pieces, axis=0, name='join')
    outer = tf.identity(joined, name='concat')
    with tf.name_scope(outer.op.name + '/'):
        tf.identity(joined, name='concat')
    return outer


def _freeze(value):
    """A hashable key that tells values apart; functions and tensors by identity, arrays by content."""
    if isinstance(value, dict):
        return tuple(sorted((k, _freeze(v)) for k, v in value.items()))
    if isinstance(value, (list, tuple)):
        return (type(value).__name__,) + tuple(_freeze(v) for v in value)
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    if isinstance(value, (bool, int, float, str, type(None))):
        return type(value).__name__, value
    return value


def _unlist(outputs):
    return outputs[0] if len(outputs) == 1 else tuple(outputs)
