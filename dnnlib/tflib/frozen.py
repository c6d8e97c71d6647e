"""A function of tensors without its constants: what depends on no input is computed once, and becomes part of a graph
of its own.

A network's graph scales weights, adds up their squares, folds filters and multiplies noise images at every run,
although none of that changes from run to run; and TensorFlow can reorder and fuse only what it knows to be constant.
"""

import os

# TensorFlow 1.15 returns the memory of every large tensor to the system and has it zeroed again, which takes longer
# than an addition.
# Its other allocator keeps it. Read when the first session is made; TensorFlow 2 does so anyway.
os.environ.setdefault('TF_CPU_ALLOCATOR_USE_BFC', '1')

import tensorflow.compat.v1 as tf

from dnnlib.tflib import tfutil

LARGEST_GRAPH = (
    1 << 26
)  # Bytes of constants, of which TensorFlow makes several copies. Larger values, and the rest, are variables.
_VARIABLES = (
    'Variable',
    'VariableV2',
    'VarHandleOp',
    'ReadVariableOp',
)  # Stateful, and constant as far as a frozen graph goes.
_CONTROL_FLOW = (
    'Switch',
    'Merge',
)  # Their outputs need not have a value, and what is inside a branch cannot be asked for one.


class Frozen:
    """A graph and a session of its own that compute the same function as some tensors of the default graph.

    Args:
        inputs: dict of names -> tensors (placeholders or any others, at which the function begins).
        outputs: dict of names -> tensors that depend on them.
        volatile: variables, or keys of `given`, that may change later; see `refresh`. Changes of all others are not
            seen.
        given: dict of tensors -> arrays, the values of placeholders that stand in the place of variables.
        config: settings of the session, see `tflib.create_session`.
        largest_graph: bytes of constants that the graph may hold, None: LARGEST_GRAPH; the largest values beyond are
            variables.

    Attributes: graph, session; inputs, outputs: dicts of the same names -> tensors of that graph.

    Results are those of the given tensors up to float rounding: TensorFlow fuses other operations. Random operations
    stay random. Needs a default session, in which the variables have their values; `refresh` needs the same one.
    """

    def __init__(self, inputs, outputs, volatile=(), given=None, config=None, largest_graph=None):
        self._given = dict(given or {})
        frontier = _Frontier(list(inputs.values()), list(outputs.values()))
        self._loaded = {}  # Tensor of the original graph -> variable.
        changing = _dependents(frontier.ops, [getattr(v, 'op', v) for v in volatile])
        values = (
            dict(zip(frontier.constants, tfutil.run(frontier.constants, self._given))) if frontier.constants else {}
        )
        self.graph = tf.Graph()
        with self.graph.as_default():
            mapped = {t.name: tf.placeholder(t.dtype.base_dtype, t.shape, name=n) for n, t in inputs.items()}
            self.inputs = {n: mapped[t.name] for n, t in inputs.items()}
            room = LARGEST_GRAPH if largest_graph is None else largest_graph
            for tensor in sorted(values, key=lambda t: values[t].nbytes):
                room -= values[tensor].nbytes
                mapped[tensor.name] = self._held(tensor, values[tensor], tensor.op in changing or room < 0)
            imported = tf.import_graph_def(
                _without_missing(frontier.kept),
                mapped,
                name='',
                return_elements=[t.name for t in outputs.values() if t.name not in mapped],
            )
            self.outputs = dict(zip([n for n, t in outputs.items() if t.name not in mapped], imported))
            self.outputs.update({n: mapped[t.name] for n, t in outputs.items() if t.name in mapped})
            self.session = tfutil.create_session(config)
        self._volatile = [t for t in self._loaded if t.op in changing]
        self._load({t: values[t] for t in self._loaded})

    def _held(self, tensor, value, as_variable):
        if not as_variable:
            return tf.constant(value)
        variable = tf.Variable(tf.zeros(value.shape, value.dtype), trainable=False)
        self._loaded[tensor] = variable
        return variable.read_value()

    def _load(self, values):
        with self.graph.as_default(), self.session.as_default():
            if values:
                tfutil.load_vars({self._loaded[t]: value for t, value in values.items()})

    def refresh(self, given=None):
        """Takes over the present values of the volatile variables, and the new ones that are given."""
        self._given.update(given or {})
        if self._volatile:
            self._load(dict(zip(self._volatile, tfutil.run(self._volatile, self._given))))

    def run(self, name, **arrays):
        """The output of that name, or a list of those of several names, for arrays as inputs, by name."""
        outputs = [self.outputs[n] for n in name] if isinstance(name, list) else self.outputs[name]
        return self.session.run(outputs, {self.inputs[n]: value for n, value in arrays.items()})

    def close(self):
        """Frees the session; the object is of no use afterwards."""
        self.session.close()


class _Frontier:
    """Where a graph stops to depend on its inputs.

    Attributes:
        ops: everything that the outputs need, in order.
        kept: of these, what depends on an input, or may be random.
        constants: tensors that kept ops (or the outputs) take from the others.
    """

    def __init__(self, inputs, outputs):
        self.ops = _needed(inputs, outputs)
        fixed = {t.op for t in inputs}
        roots = [op for op in self.ops if not _is_fixed(op)]
        kept = _dependents(self.ops, roots, fixed)
        self.kept = [op for op in self.ops if op in kept]
        taken = [t for op in self.kept for t in op.inputs] + outputs
        names = {t.name: t for t in taken if t.op not in kept and t.op not in fixed}
        self.constants = [names[name] for name in sorted(names)]


def _is_fixed(op):
    """Whether the op has the same value in every run if its inputs have."""
    if op.type in _CONTROL_FLOW or not op.graph.is_fetchable(op):
        return False
    return op.type in _VARIABLES or not op.op_def.is_stateful


def _needed(inputs, outputs):
    """The ops between inputs and outputs, those of the inputs left out, in the order of their graph."""
    found, waiting, ends = set(), [t.op for t in outputs], {t.op for t in inputs}
    while waiting:
        op = waiting.pop()
        if op not in found and op not in ends:
            found.add(op)
            waiting += [t.op for t in op.inputs] + list(op.control_inputs)
    return [op for op in outputs[0].graph.get_operations() if op in found]


def _dependents(ops, roots, also=()):
    """The roots, and those of the ops (in order) that depend on a root or on an op of `also`."""
    found, roots = set(also), set(roots)
    for op in ops:
        if op in roots or any(t.op in found for t in op.inputs) or any(c in found for c in op.control_inputs):
            found.add(op)
    return found - set(also)


def _without_missing(ops):
    """A GraphDef of some ops of a graph: without control inputs from others and without placements beside them."""
    graph_def, names = tf.GraphDef(), {op.name for op in ops}
    for op in ops:
        node = graph_def.node.add()
        node.CopyFrom(op.node_def)
        node.attr.pop('_class', None)
        inputs = [i for i in node.input if not i.startswith('^') or i[1:] in names]
        del node.input[:]
        node.input.extend(inputs)
    graph_def.versions.CopyFrom(ops[0].graph.graph_def_versions if ops else tf.get_default_graph().graph_def_versions)
    return graph_def
