"""`Network`: a build function, its variables, and NumPy in / NumPy out execution. The official dnnlib API.

A network that comes from a pickle is rebuilt from our own implementation of its build function (see `pickled`). Graphs
are built at first use, so of a file's (G, D, Gs) only what is used costs anything.
"""

import collections
import contextlib
import re
import sys

import tensorflow.compat.v1 as tf

from .. import architectures, interfaces, util
from ..unpickle import NetworkPickleError
from . import embedded_code, report, run_arguments, template, tfutil
from .network_variables import NetworkVariables, by_global_name, moved_by_training, with_components
from .pickled import EMBEDDED, PickledNetwork, import_handler  # The last one for scripts, which expect it here.
from .run_graph import RunGraphs, building, run_in_minibatches
from .source import module_source


def _device_here(net):
    """The device of the present scope, '' for none: only an op tells."""
    with net.graph.as_default(), tf.name_scope(None), tf.control_dependencies(None):
        return tf.no_op(name=net.scope + '/_Device').device


# Attributes that need the graph: name -> function of the Network. Each is set when something first asks for it, and is
# a plain attribute from then on, which converters assign, as in the official API.
_OF_THE_GRAPH = {
    'input_names': lambda net: net.template().input_names,
    'output_names': lambda net: net.template().output_names,
    'input_templates': lambda net: net.template().inputs,
    'output_templates': lambda net: net.template().outputs,
    'own_vars': lambda net: collections.OrderedDict(net.template().own_vars),
    'vars': with_components,
    'trainables': moved_by_training,
    'var_global_to_local': by_global_name,
    'input_shapes': lambda net: [t.shape.as_list() for t in net.input_templates],
    'output_shapes': lambda net: [t.shape.as_list() for t in net.output_templates],
    'input_shape': lambda net: net.input_shapes[0],
    'output_shape': lambda net: net.output_shapes[0],
    'num_inputs': lambda net: len(net.input_templates),
    'num_outputs': lambda net: len(net.output_templates),
    'device': _device_here,
}


class Network(NetworkVariables):
    """A parametrised function of tensors with its own variables, which can be run on arrays and pickled.

    Args:
        name: scope and display name; letters, digits and _ . - ; default: the function's name.
        func_name: build function: a dotted name or a top-level function. Its positional parameters without default are
            the inputs. It must set their static shapes, accept `is_template_graph` and `components`, swallow unknown
            keyword arguments, and return one tensor or a tuple.
        static_kwargs: passed to the build function in every graph; must be picklable.

    Needs a default session when its graph is built. Attributes: name, scope, static_kwargs, components (EasyDict),
    num_inputs, num_outputs, input_shapes, output_shapes (lists of lists, batch None), input_shape, output_shape (of the
    first), input_names, output_names, input_templates, output_templates, own_vars, vars, trainables (ordered local
    name -> variable), var_global_to_local, device (in whose scope it was made or loaded, a str, '' for none); beyond
    the official ones build_func_name, graph.
    """

    def __init__(self, name=None, func_name=None, **static_kwargs):
        tfutil.assert_tf_initialized()
        if func_name is None:
            raise ValueError('Network needs func_name: a dotted name or a top-level function')
        function = util.get_obj_by_name(func_name) if isinstance(func_name, str) else func_name
        if not util.is_top_level_function(function):
            raise ValueError('func_name must be a top-level function, found %r' % (func_name,))
        self._setup(name or function.__name__, function, static_kwargs, {})
        self.device = _device_here(self)

    def _setup(self, name, function, static_kwargs, components, values=None, version=None, origin=None):
        if not re.match(r'^[A-Za-z0-9_.\-]+$', name):
            raise ValueError('network name %r may hold letters, digits and _ . - only' % name)
        self.name = name
        self.static_kwargs = util.EasyDict(static_kwargs)
        self._components = util.EasyDict(components)
        self._build_func = function
        self._values = values  # Own values that wait for the graph: local name -> array.
        self._made_from = None
        self._version = version
        self._origin = origin  # The file, for messages; None for a new network.
        self._template = None
        self._has_values = False  # Whether the variables have been given their first values.
        self._run_graphs = RunGraphs(self)
        self._session = tf.get_default_session()
        self.graph = tf.get_default_graph()
        self._take_scope()

    def _take_scope(self):
        with self.graph.as_default(), tf.name_scope(
            None
        ):  # Components are made inside their parent's scope, and have one of their own.
            self.scope = self.graph.unique_name(self.name, mark_as_used=True)

    # -------------------------------------------------------------- session

    def session(self):
        """The session in which the network runs: the default one, or else the one in which it was made.

        Default sessions are a matter of the thread: in a new thread, as a server has them, there is none.
        Raises: RuntimeError if there is neither.
        """
        current = tf.get_default_session()
        if current is not None and current.graph is self.graph:
            return current
        if self._session is None or self._session.graph is not self.graph:
            tfutil.assert_tf_initialized()
            raise RuntimeError(
                'Network %r belongs to another graph than the default session; enter a session of that graph.'
                % self.name
            )
        if tfutil.is_closed(self._session):
            raise RuntimeError(
                'The session in which network %r was made is closed, and its variables are gone; make or load it '
                'in a session that stays open.' % self.name
            )
        return self._session

    def is_usable(self):
        """Whether the session in which the network was made is open, and the default one where there is one."""
        made_in = self._session
        return tf.get_default_session() in (None, made_in) and made_in is not None and not tfutil.is_closed(made_in)

    @contextlib.contextmanager
    def entered(self):
        """Makes the network's graph and session the default ones inside the block."""
        session = self.session()
        with self.graph.as_default(), session.as_default():
            yield

    # -------------------------------------------------------------- pickled state

    @classmethod
    def from_state(cls, state, path, trust_embedded_code=False):
        """A Network from data that `unpickle.read` returned.

        Args:
            state: `NetworkState`.
            path: how error messages call the file.
            trust_embedded_code: as in `revival.load_pickle`.
        Raises: NetworkPickleError; RuntimeError without a default session.
        """
        tfutil.assert_tf_initialized()
        return cls._waiting(state, path, trust_embedded_code, is_component=False)

    @classmethod
    def _waiting(cls, state, path, trust, is_component):
        net = cls.__new__(cls)
        components = [(k, cls._waiting(v, path, trust, is_component=True)) for k, v in state.components.items()]
        net._restore(dict(vars(state), components=dict(components)), path, trust, is_component)
        return net

    def __setstate__(self, state):
        """What Python's own pickle.load calls. Embedded source is not executed here either, see `dnnlib.trust`."""
        tfutil.assert_tf_initialized()
        is_component = state.get('build_func_name') in ('G_mapping', 'G_synthesis')
        self._restore(state, 'the pickle', trust=False, is_component=is_component)
        if not is_component:
            self.build()

    def _restore(self, state, path, trust, is_component):
        self._pickled = PickledNetwork(state, path, trust)
        self._template, self.name = None, self._pickled.state.name
        if not is_component:  # Functions of one name differ by generation, which the parent tells.
            self._identify()

    def _identify(self, parent=None):
        """Finds the build function of a pickled state, and those of its components. Parent: see `build_function`."""
        pickled, self._pickled = self._pickled, None
        state = pickled.state
        waiting = [getattr(component, '_pickled', None) for component in state.components.values()]
        generation, function = pickled.build_function(parent, [part.state for part in waiting if part is not None])
        for component in state.components.values():
            if getattr(component, '_pickled', None) is not None:
                component._identify(generation)
        if generation != EMBEDDED:
            pickled.adopt_synthesis(function)
        self._setup(
            state.name, function, state.static_kwargs, state.components, state.variables, state.version, pickled.path
        )
        self._made_from = state.made_from

    def __getattr__(self, name):
        # Reached only for attributes that are not set.
        if name.startswith('__'):
            raise AttributeError(name)
        if self.__dict__.get('_pickled') is not None:  # A pickled component whose parent never came.
            self._identify()
            return getattr(self, name)
        if name not in _OF_THE_GRAPH or 'graph' not in self.__dict__:
            raise AttributeError('%r object has no attribute %r' % (type(self).__name__, name))
        value = _OF_THE_GRAPH[name](self)
        return self.__dict__.setdefault(name, value)

    def __getstate__(self):
        """The state dictionary of the official format, with our own self-contained source text."""
        values = self.own_values()
        module = sys.modules[self.build_module_name]
        state = dict(
            version=self._version or _state_version(module.__name__),
            name=self.name,
            static_kwargs=dict(self.static_kwargs),
            components=dict(self.components),
            build_module_src=self._build_module_src,
            build_func_name=self.build_func_name,
            variables=[(k, v if v.ndim else v[()]) for k, v in values.items()],
        )
        if self._made_from is not None:
            state['made_from'] = self._made_from
        if state['version'] >= 5:
            state.update(self._interface())
        return state

    def _interface(self):
        """Inputs and outputs, as states have them; of our own networks without their graph."""
        known = None
        if self.waiting_values() is not None and self.build_module_name == architectures.MODULES[architectures.ADA]:
            known = interfaces.of(self.build_func_name, self.static_kwargs)
        return known or dict(
            input_shapes=self.input_shapes,
            output_shapes=self.output_shapes,
            input_names=self.input_names,
            output_names=self.output_names,
        )

    @property
    def build_func_name(self):
        """Name of the build function, as pickles have it."""
        return self._build_func.__name__

    @property
    def build_module_name(self):
        """Name of the module that has the build function."""
        return self._build_func.__module__

    @property
    def _build_func_name(self):  # Converters read this and the next one from official networks.
        return self.build_func_name

    @property
    def _build_module_src(self):
        module = sys.modules[self.build_module_name]
        return embedded_code.source_of(module) or module_source(module)

    def own_values(self):
        """Values of the own variables, ordered local name -> array; a pickled network has them without its graph."""
        waiting = self.waiting_values()
        if waiting is not None:
            return waiting
        with self.entered():
            return collections.OrderedDict(zip(self.own_vars, tfutil.run(list(self.own_vars.values()))))

    def waiting_values(self):
        """Own values of a pickled network whose graph is not built yet, by local name; else None."""
        return None if 'own_vars' in self.__dict__ else self._values

    # -------------------------------------------------------------- template graph

    def template(self):
        """The graph that defines inputs, outputs and variables: a `Template`, built when it is first asked for."""
        if not self._has_values:
            with building, self.entered():
                if self._template is None:
                    self._template = self._built()
                if not self._has_values:
                    self._initialise(self._template.own_vars)
        return self._template

    def build(self):
        """Makes the graph now, those of the components first, instead of when something first asks for it."""
        self.device = _device_here(self)
        with self.entered():
            for component in self._components.values():
                component.build()
            self.template()

    def _built(self):
        try:
            kwargs = dict(self.static_kwargs, components=self._components)
            return template.Template(self._build_func, self.graph, self.scope, kwargs)
        except BaseException as e:
            # What is there of the graph must not get in the way of another attempt, nor of a Saver.
            for key in (tf.GraphKeys.GLOBAL_VARIABLES, tf.GraphKeys.TRAINABLE_VARIABLES):
                kept = self.graph.get_collection_ref(key)
                kept[:] = [v for v in kept if not v.name.startswith(self.scope + '/')]
            self._take_scope()
            if isinstance(e, (ValueError, TypeError)) and self._values is not None:
                raise self._unbuildable(e)
            raise

    def _initialise(self, own):
        values = self._values
        if values is None:
            tfutil.run([v.initializer for v in own.values()])
        else:
            self._check_values(values, {n: v.shape.as_list() for n, v in own.items()})
            tfutil.load_vars({v: values[n] for n, v in own.items()})
            self._load_where_it_was_made({v: values[n] for n, v in own.items()})
        self._values, self._has_values = None, True

    def _load_where_it_was_made(self, values):
        """Gives a pickled network's variables their values in the session of the loader, too, if this is another
        one.
        """
        made_in = self._session
        if (
            made_in not in (None, tf.get_default_session())
            and made_in.graph is self.graph
            and not tfutil.is_closed(made_in)
        ):
            with made_in.as_default():
                tfutil.load_vars(values)

    def _check_values(self, values, shapes):
        template.check_values(values, shapes, '%s, network %r (%s)' % (self._origin, self.name, self.build_func_name))

    def _unbuildable(self, error):
        return NetworkPickleError(
            '%s, network %r: cannot be built from its arguments: %s' % (self._origin, self.name, error)
        )

    @property
    def components(self):
        """Sub-networks by key. Those of a new network come into being with its graph."""
        if self._template is None and self._values is None:
            self.template()
        return self._components

    @components.setter
    def components(self, components):
        self._components = util.EasyDict(components)

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

    # -------------------------------------------------------------- execution

    def get_output_for(self, *in_expr, return_as_list=False, **dynamic_kwargs):
        """The network applied to tensors, as new ops with shared variables.

        Args:
            in_expr: one tensor (or array) for each input; None = zeros, but not for all.
            return_as_list: whether a single output comes in a list, too.
            dynamic_kwargs: override the static arguments.
        Returns: tensor, tuple of tensors, or list with return_as_list.
        """
        made = self.template()
        if len(in_expr) != len(made.inputs) or all(x is None for x in in_expr):
            raise ValueError(
                'network %r takes %d inputs (%s), not all None; found %d'
                % (self.name, len(made.inputs), ', '.join(made.input_names), len(in_expr))
            )
        with self.graph.as_default(), tfutil.absolute_variable_scope(self.scope, reuse=True), tf.name_scope(self.name):
            inputs = [tf.identity(x, name=n) for x, n in zip(_fill_zeros(in_expr, made.inputs), made.input_names)]
            outputs = self._build_func(*inputs, **self._arguments(dynamic_kwargs))
        for given, found in zip(in_expr, inputs):
            if isinstance(given, tf.Tensor):
                given.set_shape(found.shape)
        outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
        for output, expected in zip(outputs, made.outputs):
            usual = tf.TensorShape([None] + expected.shape.as_list()[1:])  # Arguments may ask for other outputs.
            output.set_shape(usual if usual.is_compatible_with(output.shape) else None)
        return outputs if return_as_list else _unlist(outputs)

    def _arguments(self, dynamic_kwargs):
        """Of the build function, for a graph that is not the template."""
        return dict(self.static_kwargs, **dict(dynamic_kwargs, is_template_graph=False, components=self._components))

    def get_output_with_values(self, *in_expr, unused=(), given=None, **dynamic_kwargs):
        """`get_output_for` without variables: placeholders stand in their place, and the template graph is not needed.

        To make a graph once and freeze it (`dnnlib.tflib.frozen`): TensorFlow takes longer for 100 variables than for
        the network.

        Args:
            in_expr: one tensor for each input, whose static shape the build function sets.
            unused: prefixes of variables that a pickled network may hold although this graph does without them.
            given: dict of local name -> tensor that stands in the place of that variable.
            dynamic_kwargs: override the static arguments.
        Returns: (tensor or tuple of tensors, ordered local name -> placeholder). `own_values` has what to feed.
        Raises: NetworkPickleError if a pickled network's values do not fit.
        """
        values, given = self.own_values(), given or {}
        with tf.name_scope(self.name):
            try:
                outputs, placeholders = template.without_variables(
                    self._build_func, in_expr, self.scope, self._arguments(dynamic_kwargs), given
                )
            except (ValueError, TypeError) as e:
                raise self._unbuildable(e) if self._origin else e
        held = {n: value for n, value in values.items() if n not in given}
        used = {n: value for n, value in held.items() if n in placeholders or not n.startswith(tuple(unused))}
        self._check_values(used, {n: t.shape.as_list() for n, t in placeholders.items()})
        return outputs, placeholders

    def run(
        self,
        *in_arrays,
        input_transform=None,
        output_transform=None,
        return_as_list=False,
        print_progress=False,
        minibatch_size=None,
        num_gpus=1,
        assume_frozen=False,
        custom_inputs=None,
        **dynamic_kwargs,
    ):
        """Runs the network on arrays.

        Args:
            in_arrays: one array for each input, first axis = items; None = zeros (not for the first).
            input_transform: dict(func=top-level function, further keyword arguments), applied to the tensors before the
                network.
            output_transform: the same, after the network; e.g. dict(func=tflib.convert_images_to_uint8,
                nchw_to_nhwc=True).
            return_as_list: whether a single output comes in a list, too.
            print_progress: whether a line tells how many items are done.
            minibatch_size: items at a time; None = all.
            num_gpus: every minibatch is split over so many GPUs.
            assume_frozen: later changes of the variables are not seen.
            custom_inputs: list of callables name -> tensor, used in place of placeholders.
            dynamic_kwargs: override the static arguments. A new value builds a new graph, but truncation_psi and
                truncation_cutoff of our generators are fed. The deprecated out_mul, out_add, out_shrink and out_dtype
                convert the output (`tfutil.convert_outputs`); ValueError together with output_transform.
        Returns: array [items, ...], tuple of arrays, or list with return_as_list.
        Raises: ValueError that names the argument, what was found and what is expected; RuntimeError without a session.

        Works in any thread: without a default session there, in the session in which the network was made.
        """
        with self.entered():
            num_gpus = run_arguments.whole_number('num_gpus', num_gpus)
            if minibatch_size is not None:
                minibatch_size = run_arguments.whole_number('minibatch_size', minibatch_size)
            in_arrays = run_arguments.input_arrays(
                self.name, self.input_names, self.input_shapes, in_arrays, free=bool(input_transform or custom_inputs)
            )
            run_arguments.check_split(len(in_arrays[0]), minibatch_size, num_gpus)
            in_expr, out_expr, values = self._run_graphs.get(
                run_arguments.transform('input_transform', input_transform),
                run_arguments.transform('output_transform', output_transform),
                num_gpus,
                assume_frozen,
                custom_inputs,
                dynamic_kwargs,
            )
            outputs = run_in_minibatches(
                out_expr, dict(zip(in_expr, in_arrays)), values, len(in_arrays[0]), minibatch_size, print_progress
            )
        return outputs if return_as_list else _unlist(outputs)

    # -------------------------------------------------------------- reports

    def list_ops(self):
        """Ops of the template graph, without those made by `run`."""
        return self.template().ops()

    def list_layers(self):
        """List of (layer name, output tensor, [trainable variables]). Image tensors are NCHW."""
        return report.list_layers(self)

    def print_layers(self, title=None, hide_layers_with_no_params=False):
        """Prints a table of the layers: name, parameters, output shape, weight shape."""
        report.print_layers(self, title, hide_layers_with_no_params)

    def setup_weight_histograms(self, title=None):
        """One histogram summary for each trainable variable."""
        report.setup_weight_histograms(self, title)


def _state_version(module_name):
    generations = [g for g, m in architectures.MODULES.items() if m == module_name]
    return architectures.STATE_VERSION[generations[0]] if generations else 4


def _fill_zeros(in_expr, like):
    """float32 tensors; zeros of the shape of those in `like` stand for None."""
    if all(x is not None for x in in_expr):
        return [tf.cast(x, tf.float32) for x in in_expr]
    batch = tf.shape(next(x for x in in_expr if x is not None))[0]
    return [
        tf.zeros(tf.stack([batch] + t.shape.as_list()[1:])) if x is None else tf.cast(x, tf.float32)
        for x, t in zip(in_expr, like)
    ]


def _unlist(outputs):
    return outputs[0] if len(outputs) == 1 else tuple(outputs)
