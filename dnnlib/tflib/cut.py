"""A synthesis graph in two parts: what the styles of the first layers decide, and the rest.

An edit that begins at layer j leaves everything below j as it was. Every tensor of a TensorFlow 1 graph can be fed, so
the tensors on the border, those that depend on styles of layers < j only and enter ops that depend on later ones, are
fetched once for a latent and fed for each of its edits; TensorFlow then computes nothing below them. The border is
found by walking the graph from its output, whatever the ops are called: this serves either generation and every
architecture.
"""

import numpy as np
import tensorflow.compat.v1 as tf

from dnnlib.tflib.primitives import layout

_NO_STYLE = -1
_SHAPES = ('Shape', 'ShapeN', 'Size', 'Rank')  # Their output depends on the number of latents, not on what is in them.
_COPIES = ('Identity', 'Cast', 'StopGradient')


class Held:
    """What the styles below a layer make of one latent.

    Attributes:
        layer: int.
        values: {tensor: array without the axis N}, of the border.
        beside: the same, of further tensors that were asked for.
        nbytes: of both.
    """

    def __init__(self, layer, values, beside):
        self.layer, self.values, self.beside = layer, values, beside
        self.nbytes = sum(value.nbytes for part in (values, beside) for value in part.values())


class Cut:
    """The function of some dlatents [N, L, D] to an output [N, ...], cut before any layer.

    Args:
        dlatents: placeholder [N, L, D]. The graph takes the style of a layer by slicing it with constant indices.
        output: tensor with an axis N first.
        run: function of (fetches, feeds), such as `Session.run` of the graph's session.

    Attributes: num_layers, L.
    """

    def __init__(self, dlatents, output, run):
        self._dlatents, self._output, self._run = dlatents, output, run
        self.num_layers = dlatents.shape.as_list()[1]
        self._latest = _latest_layers(dlatents, output)
        self._borders = {}

    def border(self, layer):
        """The tensors on the border before a layer: list.

        Before layer L it is the output itself; before layer 0 it is empty, and wherever a graph mixes all styles at
        once.
        """
        if layer not in self._borders:
            self._borders[layer] = _border(self._output, self._latest, layer)
        return self._borders[layer]

    def hold(self, dlatents, layer):
        """Computes what lies below a layer, which later styles do not touch: dlatents float [N, L, D] -> list of N
        Held.

        Raises ValueError if a tensor on the border has no axis N first.
        """
        return self.advance([Held(0, {}, {})] * len(dlatents), dlatents, layer)

    def advance(self, held, dlatents, layer, also=()):
        """Goes on from what is held to a later layer, without computing what lies below again.

        Args:
            held: list of Held, one for each of the dlatents, all of one layer.
            dlatents: float [N, L, D].
            layer: not below that of `held`.
            also: tensors between the two layers, to keep `beside`.

        Returns:
            List of N Held. Raises ValueError as `hold`.
        """
        border, feeds = self.border(layer), self._feeds(held)
        wanted = [tensor for tensor in dict.fromkeys([*border, *also]) if tensor not in feeds]
        values = self._run(wanted, {**feeds, self._dlatents: dlatents}) if wanted else []
        for tensor, value in zip(wanted, values):
            if value.shape[:1] != (len(dlatents),):
                raise ValueError(
                    '%s, which enters layer %d, has shape %s for %d latents; without an axis for them it cannot be kept'
                    % (tensor.name, layer, list(value.shape), len(dlatents))
                )
        found = {**feeds, **dict(zip(wanted, values))}
        alone = len(dlatents) == 1  # Then nothing of others is kept with it.
        return [
            Held(
                layer, *({t: found[t][row] if alone else found[t][row].copy() for t in part} for part in (border, also))
            )
            for row in range(len(dlatents))
        ]

    def finish(self, held, dlatents):
        """The output for dlatents that differ from latents which `hold` has seen in layers from the cut on only.

        Args:
            held: list of Held, one for each of the dlatents, all of one layer.
            dlatents: float [N, L, D].

        The result is that of the whole graph up to float rounding: where TensorFlow adds up in another order for
        another N, or fuses an op below the cut with one above it.
        """
        return self.tensor(self._output, held, dlatents)

    def tensor(self, tensor, held, dlatents):
        """The value of any tensor above what is held, as `finish` gives that of the output."""
        feeds = self._feeds(held)
        return feeds[tensor] if tensor in feeds else self._run(tensor, {**feeds, self._dlatents: dlatents})

    def before(self, layer, size, channels=None):
        """The images of a size from which the border before a layer is made: the nearest tensor at or below it.

        Args:
            layer: of the border.
            size: pixels of a side.
            channels: where to begin: tensors of the border with so many channels; None: with any.

        Returns:
            Tensor of images, in whatever layout, or None.
        """
        waiting = [t for t in self.border(layer) if channels is None or image_shape(t)[1] == channels]
        while waiting:
            tensor = waiting.pop(0)
            if image_shape(tensor)[0] == size:
                return tensor
            waiting += [t for t in tensor.op.inputs if self._latest.get(t, _NO_STYLE) > _NO_STYLE and t.shape.rank == 4]
        return None

    def _feeds(self, held):
        if len(held) == 1:
            return {tensor: value[np.newaxis] for tensor, value in held[0].values.items()}  # Without a copy.
        return {tensor: np.stack([one.values[tensor] for one in held]) for tensor in self.border(held[0].layer)}


def image_shape(tensor):
    """(pixels of a side, channels) of a tensor of square internal images; (0, 0) of any other one."""
    shape = tensor.shape.as_list() if tensor.shape.rank == 4 else [None] * 4
    height, width = [shape[axis] for axis in layout.spatial_axes()]
    channels = shape[layout.channel_axis()]
    return (height, channels) if None not in (height, channels) and height == width else (0, 0)


def _latest_layers(dlatents, output):
    """{tensor: the last layer whose style it depends on, or -1} for everything that the output needs."""
    last = dlatents.shape.as_list()[1] - 1
    latest, copies = {dlatents: last}, {dlatents}
    for op in _in_order(output, dlatents):
        if op.type in _SHAPES:
            layers = [_NO_STYLE] * len(op.outputs)
        elif op.inputs and op.inputs[0] in copies:
            layers = [_last_taken(op, index, last) for index in range(len(op.outputs))]
            copies.update(op.outputs if op.type in _COPIES else ())
        else:
            sources = list(op.inputs) + [tensor for control in op.control_inputs for tensor in control.outputs]
            layers = [max([_NO_STYLE] + [latest.get(tensor, last) for tensor in sources])] * len(op.outputs)
        latest.update(zip(op.outputs, layers))
    return latest


def _in_order(output, start):
    """The ops between `start` and `output`, and all others that the output needs, each after its inputs."""
    order, done, waiting = [], {start.op}, [(output.op, False)]
    while waiting:
        op, ready = waiting.pop()
        if ready:
            order.append(op)
        elif op not in done:
            done.add(op)
            waiting.append((op, True))
            waiting += [(source, False) for source in [tensor.op for tensor in op.inputs] + list(op.control_inputs)]
    return order


def _last_taken(op, index, last):
    """The last layer that an op takes out of dlatents [N, L, D]; `last` if it is not known to take less."""
    if op.type == 'Unpack' and op.get_attr('axis') in (1, -2):
        return index
    if op.type != 'StridedSlice':
        return last
    bounds = [tf.get_static_value(tensor) for tensor in op.inputs[1:]]  # begin, end, strides
    odd = op.get_attr('ellipsis_mask') | op.get_attr('new_axis_mask') | op.get_attr('shrink_axis_mask') & ~2
    if odd or any(bound is None or len(bound) < 2 for bound in bounds):
        return last
    begin, end, stride = [int(bound[1]) for bound in bounds]
    if op.get_attr('shrink_axis_mask'):
        return begin % (last + 1)
    layers = range(last + 1)[
        None if op.get_attr('begin_mask') & 2 else begin : None if op.get_attr('end_mask') & 2 else end : stride
    ]
    return max(layers, default=_NO_STYLE)


def _border(output, latest, layer):
    """Where a walk from the output meets what depends on earlier styles only."""
    border, seen, waiting = [], set(), [output]
    while waiting:
        tensor = waiting.pop()
        if tensor not in seen:
            seen.add(tensor)
            if _NO_STYLE < latest[tensor] < layer:
                border.append(tensor)
            else:
                waiting += [source for source in tensor.op.inputs if source in latest]
    return border
