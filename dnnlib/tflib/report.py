"""Reports about a network's template graph: layers, ops, weight histograms. The official dnnlib API."""
import tensorflow.compat.v1 as tf

# Ops that only pass values on do not make a scope a layer.
_PASSIVE_OPS = ('Identity', 'Cast', 'Transpose')
_SKIPPED_SCOPES = ('/Shape', '/strided_slice', '/Cast', '/concat', '/Assign')


def list_ops(net):
    """Ops under the network's scope, without those whose first scope begins with '_': list of tf.Operation."""
    net.output_templates  # Builds the graph if that has not happened yet.
    prefix, hidden = net.scope + '/', net.scope + '/_'
    return [op for op in net._graph.get_operations() if op.name.startswith(prefix) and not op.name.startswith(hidden)]


def list_layers(net):
    """List of (layer name, output tensor, [trainable variables]).

    A layer is the outermost scope that directly holds an op which does more than pass its input on. Variables of components
    count where their scope is called.
    """
    layers = []
    _recurse(net, net.scope, list_ops(net), _trainables_by_scope(net), 0, layers)
    return layers


def _trainables_by_scope(net):
    """(scope-relative variable name, variable), components as '<component name>/...'."""
    return list(net.trainables.items())


def _recurse(net, scope, ops, variables, level, layers):
    """Walks one scope: a layer if it has ops of its own, else its children in order of appearance."""
    if any(part in scope for part in _SKIPPED_SCOPES):
        return
    prefix = scope + '/'
    own_ops = [op for op in ops if op.name == scope or op.name.startswith(prefix)]
    direct = [op for op in own_ops if '/' not in op.name[len(prefix):]]
    local = scope[len(net.scope) + 1:]
    own_vars = [v for n, v in variables if n == local or n.startswith(local + '/') or level == 0]
    if level > 0 and (own_ops and any(op.type not in _PASSIVE_OPS for op in direct) or own_ops[0].name == scope):
        outputs = [op for op in own_ops if op.outputs]
        if outputs:
            layers.append((local, outputs[-1].outputs[0], own_vars))
        return
    seen = []
    for op in own_ops:
        child = op.name[len(prefix):].split('/')[0]
        if child not in seen:
            seen.append(child)
            _recurse(net, prefix + child, own_ops, own_vars and variables, level + 1, layers)


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
    """One histogram summary for each trainable variable, '<title>_<last part>/<other parts>' or '<title>_toplevel/<name>'."""
    title = title or net.name
    with tf.name_scope(None), tf.device(None), tf.control_dependencies(None):
        for local_name, var in net.trainables.items():
            parts = local_name.split('/')
            name = '%s_%s/%s' % (title, parts[-1], '_'.join(parts[:-1])) if len(parts) > 1 else '%s_toplevel/%s' % (title, local_name)
            tf.summary.histogram(name, var)
