"""Reports about a network's template graph: layers, ops, weight histograms. The official dnnlib API."""

import collections

import tensorflow.compat.v1 as tf

# Ops that only pass values on do not make a scope a layer.
_PASSIVE_OPS = ('Identity', 'Cast', 'Transpose')
_SKIPPED_SCOPES = ('/Shape', '/strided_slice', '/Cast', '/concat', '/Assign', '/transpose')


def list_layers(net):
    """List of (layer name, output tensor, [trainable variables]).

    A layer is the outermost scope that directly holds an op which does more than pass its input on. A component's
    variables count to the scope where it is called; those that no layer holds (noise, lod) are layers of their own.
    """
    ops = [(op.name[len(net.scope) + 1 :], op) for op in net.template().ops()]
    trainables = net.trainables
    return [
        (name, _output(ops, variables), [var for local_name, var in variables if local_name in trainables])
        for name, ops, variables in _layers('', ops, list(net.vars.items()))
    ]


def _layers(prefix, ops, variables):
    """The layers below a scope in order of appearance: (name, ops, variables), the latter two lists of (name, item)."""
    children = collections.OrderedDict()
    for kind, members in enumerate((ops, variables)):
        for name, item in members:
            child = prefix + name[len(prefix) :].split('/')[0]
            children.setdefault(child, ([], []))[kind].append((name, item))
    for child, (child_ops, child_variables) in children.items():
        if any(scope in '/' + child for scope in _SKIPPED_SCOPES):
            continue
        if _is_layer(child, child_ops, child_variables):
            yield child, child_ops, child_variables
        else:
            yield from _layers(child + '/', child_ops, child_variables)


def _is_layer(scope, ops, variables):
    is_leaf = any(name == scope for name, _ in ops + variables)
    return is_leaf or any('/' not in name[len(scope) + 1 :] and op.type not in _PASSIVE_OPS for name, op in ops)


def _output(ops, variables):
    outputs = [op.outputs[0] for _, op in ops if op.outputs]
    return outputs[-1] if outputs else variables[-1][1].value()


def print_layers(net, title=None, hide_layers_with_no_params=False):
    """Prints one row for each layer: name, trainable scalars, output shape, shape of its weight; and the total."""
    rows = [[title or net.name, 'Params', 'OutputShape', 'WeightShape'], ['---'] * 4]
    total = 0
    for name, output, variables in list_layers(net):
        count = sum(v.shape.num_elements() for v in variables)
        total += count
        if count or not hide_layers_with_no_params:
            rows.append([name, str(count) if count else '-', _shape_text(output.shape), _weight_shape(variables)])
    rows += [['---'] * 4, ['Total', str(total), '', '']]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    print()
    for row in rows:
        print('  '.join(cell.ljust(width) for cell, width in zip(row, widths)))
    print()


def _shape_text(shape):
    dims = ['?' if d is None else str(d) for d in shape.as_list()]
    return '(%s)' % (dims[0] + ',' if len(dims) == 1 else ', '.join(dims))


def _weight_shape(variables):
    weights = sorted((v for v in variables if v.name.endswith('/weight:0')), key=lambda v: len(v.name))
    if not weights and len(variables) == 1:
        weights = variables
    return _shape_text(weights[0].shape) if weights else '-'


def setup_weight_histograms(net, title=None):
    """One histogram summary for each trainable variable.

    They are called '<title>_<last part>/<other parts>', or '<title>_toplevel/<name>'.
    """
    title = title or net.name
    with tf.name_scope(None), tf.device(None), tf.control_dependencies(None):
        for local_name, var in net.trainables.items():
            parts = local_name.split('/')
            group, rest = (parts[-1], '_'.join(parts[:-1])) if len(parts) > 1 else ('toplevel', local_name)
            name = '%s_%s/%s' % (title, group, rest)
            tf.summary.histogram(name, var)
