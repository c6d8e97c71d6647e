"""The variables of a network by their local names: finding, reading, setting, copying. The official dnnlib API."""

import collections

import tensorflow.compat.v1 as tf

from . import tfutil


class NetworkVariables:
    """The part of `Network` that deals with variables.

    Of the whole it uses scope, graph, own_vars, vars, trainables, components, `entered` and `waiting_values`, which a
    pickled network has before its graph.
    """

    def _get_own_vars(self):  # Under these names StyleGAN2-ADA's converters ask.
        return self.own_vars

    def _get_vars(self):
        return self.vars

    def _get_trainables(self):
        return self.trainables

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
        waiting = self.waiting_values()
        if waiting and var_or_local_name in waiting:
            return waiting[var_or_local_name][()]
        with self.entered():
            return tfutil.run(self.find_var(var_or_local_name))

    def set_var(self, var_or_local_name, new_value):
        """Assigns one variable; the shape must be exactly its own."""
        with self.entered():
            tfutil.set_vars({self.find_var(var_or_local_name): new_value})

    def get_var_local_name(self, var_or_global_name):
        """Local name of a variable, or of its global name."""
        name = var_or_global_name if isinstance(var_or_global_name, str) else var_or_global_name.name
        return self.var_global_to_local[name.split(':')[0]]

    def reset_own_vars(self):
        """Runs the initialisers of the own variables."""
        self._reset(self.own_vars)

    def reset_vars(self):
        """Runs the initialisers of all variables, those of the components included."""
        self._reset(self.vars)

    def reset_trainables(self):
        """Runs the initialisers of the trainable variables."""
        self._reset(self.trainables)

    def _reset(self, variables):
        with self.entered():
            tfutil.run([v.initializer for v in variables.values()])

    def copy_own_vars_from(self, src_net):
        """Copies own variables whose names both have."""
        self._copy(src_net, src_net.own_vars, self.own_vars)

    def copy_vars_from(self, src_net):
        """Copies variables whose names both have."""
        self._copy(src_net, src_net.vars, self.vars)

    def copy_trainables_from(self, src_net):
        """Copies trainable variables whose names both have."""
        self._copy(src_net, src_net.trainables, self.trainables)

    def _copy(self, src_net, source, target):
        names = [n for n in target if n in source]
        with src_net.entered():
            values = tfutil.run([source[n] for n in names])
        with self.entered():
            tfutil.load_vars({target[n]: v for n, v in zip(names, values)})

    def setup_as_moving_average_of(self, src_net, beta=0.99, beta_nontrainable=0.0):
        """One op that moves every common variable: v <- src + (v - src) beta.

        Args:
            src_net: the other Network.
            beta: of trainable variables.
            beta_nontrainable: of the others.
        """
        ops, trainables = [], self.trainables
        with tfutil.absolute_name_scope(self.scope + '/_MovingAvg'):
            source = src_net.vars
            for name, var in self.vars.items():
                if name in source:
                    kept = beta if name in trainables else beta_nontrainable
                    ops.append(tf.assign(var, tfutil.lerp(source[name], var, kept)))
            return tf.group(*ops)


def with_components(net):
    """What `Network.vars` is at first: ordered local name -> variable; a component's names begin with its name."""
    found = collections.OrderedDict(net.own_vars)
    for component in net.components.values():
        found.update((component.name + '/' + n, v) for n, v in component.vars.items())
    return found


def moved_by_training(net):
    """What `Network.trainables` is at first: those of `vars` that training moves."""
    found = net.vars  # First: this builds the graph.
    trainable = {id(v) for v in net.graph.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES)}
    return collections.OrderedDict((n, v) for n, v in found.items() if id(v) in trainable)


def by_global_name(net):
    """What `Network.var_global_to_local` is at first: global name without ':0' -> local name."""
    return collections.OrderedDict((v.name.split(':')[0], n) for n, v in net.vars.items())
