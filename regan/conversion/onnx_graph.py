"""A frozen TensorFlow graph of ours -> an ONNX model, operation by operation.

ONNX knows images as NCHW only; where a graph has NHWC, transpositions stand around its convolutions, which runtimes
take out again. All whole numbers, which are shapes and indices, become int64.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, List, Sequence

import numpy as np

import dnnlib.tflib  # noqa: F401
from regan.base.errors import UserError

# isort: split
import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

OPSET = 18
IR_VERSION = 9  # Of the format; runtimes from 2023 on read it.

_SAME_MEANING = {
    'Add': 'Add',
    'AddV2': 'Add',
    'BiasAdd': 'Add',
    'ConcatV2': 'Concat',
    'Elu': 'Elu',
    'Exp': 'Exp',
    'Identity': 'Identity',
    'Maximum': 'Max',
    'Minimum': 'Min',
    'Mul': 'Mul',
    'Neg': 'Neg',
    'RealDiv': 'Div',
    'Relu': 'Relu',
    'Reshape': 'Reshape',
    'Selu': 'Selu',
    'Shape': 'Shape',
    'Sigmoid': 'Sigmoid',
    'Softplus': 'Softplus',
    'Sqrt': 'Sqrt',
    'Sub': 'Sub',
    'Tanh': 'Tanh',
    'Tile': 'Tile',
}


def model(inputs: Dict[str, Any], outputs: Dict[str, Any], producer: str) -> Any:
    """The onnx.ModelProto of a function of tensors.

    Args:
        inputs: names -> placeholders of a graph without variables.
        outputs: names -> tensors that depend on nothing else.
        producer: version of this project, for the model's header.

    Raises:
        UserError: it has an operation that is not translated.
    """
    import onnx  # An extra.

    translation = _Translation(inputs)
    for name, tensor in outputs.items():
        translation.node('Identity', [translation.value(tensor)], name=name)
    graph = onnx.helper.make_graph(
        translation.used_nodes(outputs),
        'generator',
        [_described(onnx, name, tensor) for name, tensor in inputs.items()],
        [_described(onnx, name, tensor) for name, tensor in outputs.items()],
        translation.used_constants(outputs),
    )
    return onnx.helper.make_model(
        graph,
        opset_imports=[onnx.helper.make_opsetid('', OPSET)],
        ir_version=IR_VERSION,
        producer_name='regan',
        producer_version=producer,
    )


def _described(onnx, name, tensor):
    shape = ['N'] + tensor.shape.as_list()[1:]
    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)


class _Translation:
    """Nodes and constants of the model so far.

    Args:
        inputs: names of the model's inputs -> placeholders.
    """

    def __init__(self, inputs: Dict[str, Any]) -> None:
        import onnx

        self._onnx = onnx
        self.nodes: List[Any] = []
        self._names = {tensor.name: name for name, tensor in inputs.items()}  # Of tensors -> of values.
        self._constants: Dict[str, np.ndarray] = {}

    def value(self, tensor: Any) -> str:
        """The name of the value that a tensor has become, after everything that it needs."""
        waiting = [tensor]
        while waiting:  # Not by recursion: networks are deeper than Python's stack.
            top = waiting[-1]
            missing = [one for one in top.op.inputs if one.name not in self._names]
            if top.name in self._names:
                waiting.pop()
            elif missing:
                waiting += missing
            else:
                self._names[top.name] = self._translated(top.op)
        return self._names[tensor.name]

    def _translated(self, op):
        translate = _TRANSLATIONS.get(op.type)
        if translate is None or len(op.outputs) != 1:
            raise UserError(
                'the network has the operation %s (%s), which is not translated to ONNX; write a SavedModel instead'
                % (op.type, op.name)
            )
        return translate(self, op, [self._names[one.name] for one in op.inputs])

    def node(self, kind: str, inputs: Sequence[str], name: str = '', **attributes: Any) -> str:
        """Adds a node with one output; returns that one's name."""
        name = name or 'v%d' % len(self.nodes)
        self.nodes.append(self._onnx.helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, value: Any) -> str:
        """The name of a constant, float32 or int64."""
        array = np.asarray(value)
        array = array.astype(np.float32 if array.dtype.kind == 'f' else np.int64)
        name = 'c%d' % len(self._constants)
        self._constants[name] = array
        return name

    def known(self, name: str) -> np.ndarray:
        """The array of a constant. Raises KeyError if the value is none."""
        return self._constants[name]

    def turned(self, name: str, *axes: int) -> str:
        """A value with its axes in another order."""
        if name in self._constants:
            return self.constant(np.ascontiguousarray(self._constants[name].transpose(axes)))
        return self.node('Transpose', [name], perm=axes)

    def used_nodes(self, outputs: Iterable[str]) -> List[Any]:
        """The nodes that some outputs need, in order."""
        needed, found = set(outputs), []
        for node in reversed(self.nodes):
            if node.output[0] in needed:
                needed.update(node.input)
                found.append(node)
        return found[::-1]

    def used_constants(self, outputs: Iterable[str]) -> List[Any]:
        """The constants that these nodes take, as onnx.TensorProto."""
        used = {name for node in self.used_nodes(outputs) for name in node.input}
        return [
            self._onnx.numpy_helper.from_array(array, name) for name, array in self._constants.items() if name in used
        ]


# ------------------------------------------------------------------ operations: (translation, op, names) -> name


def _constant(translation, op, _):
    return translation.constant(tf.make_ndarray(op.get_attr('value')))


def _same(kind: str) -> Callable[..., str]:
    return lambda translation, op, names: translation.node(kind, names)


def _concat(translation, op, names):
    axis = int(translation.known(names[-1]))
    filled = [name for name, tensor in zip(names, op.inputs) if tensor.shape.as_list()[axis : axis + 1] != [0]]
    return translation.node('Concat', filled[:-1], axis=axis)


def _fill(translation, op, names):
    return translation.node('Expand', [names[1], names[0]])


def _leaky(translation, op, names):
    return translation.node('LeakyRelu', names, alpha=op.get_attr('alpha'))


def _square(translation, op, names):
    return translation.node('Mul', names * 2)


def _rsqrt(translation, op, names):
    return translation.node('Reciprocal', [translation.node('Sqrt', names)])


def _squared_difference(translation, op, names):
    difference = translation.node('Sub', names)
    return translation.node('Mul', [difference, difference])


def _matmul(translation, op, names):
    turns = [op.get_attr('transpose_a'), op.get_attr('transpose_b')]
    return translation.node('MatMul', [translation.turned(n, 1, 0) if turn else n for n, turn in zip(names, turns)])


def _transpose(translation, op, names):
    return translation.turned(names[0], *[int(axis) for axis in translation.known(names[1])])


def _pack(translation, op, names):
    axis = translation.constant([op.get_attr('axis')])
    apart = [translation.node('Unsqueeze', [name, axis]) for name in names]
    return translation.node('Concat', apart, axis=op.get_attr('axis'))


def _pad(translation, op, names):
    return translation.node('Pad', [names[0], translation.constant(translation.known(names[1]).T.ravel())])


def _reduce(kind: str) -> Callable[..., str]:
    def reduce(translation, op, names):
        axes = translation.constant(np.atleast_1d(translation.known(names[1])))
        return translation.node(kind, [names[0], axes], keepdims=int(op.get_attr('keep_dims')))

    return reduce


def _expand_dims(translation, op, names):
    return translation.node('Unsqueeze', [names[0], translation.constant(np.atleast_1d(translation.known(names[1])))])


def _cast(translation, op, names):
    if op.inputs[0].dtype.is_integer != op.outputs[0].dtype.is_integer or op.outputs[0].dtype == tf.float16:
        raise UserError(
            'the network converts numbers from %s to %s, which is not translated to ONNX; write a '
            'SavedModel instead' % (op.inputs[0].dtype.name, op.outputs[0].dtype.name)
        )
    return translation.node('Identity', names)


def _strided_slice(translation, op, names):
    """x[begin:end:stride] with the masks that indexing makes."""
    begin, end, stride = [translation.known(name).tolist() for name in names[1:]]
    masks = {key: op.get_attr(key + '_mask') for key in ('begin', 'end', 'ellipsis', 'new_axis', 'shrink_axis')}
    most = np.iinfo(np.int64).max
    taken: List[List[int]] = [[], [], [], []]  # starts, ends, axes, steps
    shrunk, added, axis, out = [], [], 0, 0
    for i in range(len(begin)):
        bit = 1 << i
        if masks['ellipsis'] & bit:
            rest = sum(1 for j in range(i + 1, len(begin)) if not masks['new_axis'] >> j & 1)
            skipped = op.inputs[0].shape.rank - axis - rest
            axis, out = axis + skipped, out + skipped
            continue
        if masks['new_axis'] & bit:
            added.append(out)
            out += 1
            continue
        if masks['shrink_axis'] & bit:
            bounds = [begin[i], begin[i] + 1 if begin[i] != -1 else most, axis, 1]
            shrunk.append(axis)
        else:
            forward = stride[i] > 0
            bounds = [
                (0 if forward else most) if masks['begin'] & bit else begin[i],
                (most if forward else -most) if masks['end'] & bit else end[i],
                axis,
                stride[i],
            ]
            out += 1
        for values, bound in zip(taken, bounds):
            values.append(bound)
        axis += 1
    name = names[0]
    if taken[0]:
        name = translation.node('Slice', [name] + [translation.constant(np.array(v, np.int64)) for v in taken])
    for kind, axes in (('Squeeze', shrunk), ('Unsqueeze', added)):
        if axes:
            name = translation.node(kind, [name, translation.constant(np.array(axes, np.int64))])
    return name


# ------------------------------------------------------------------ convolutions


def _in_nchw(convolve: Callable[..., str]) -> Callable[..., str]:
    """A translation of images in NCHW as one of images in the layout of the op."""

    def translate(translation, op, names):
        if op.get_attr('data_format') in (b'NCHW', 'NCHW'):
            return convolve(translation, op, names)
        *others, images = names if op.type.endswith('Input') else names[::-1]
        turned = translation.turned(images, 0, 3, 1, 2)
        names = others + [turned] if op.type.endswith('Input') else [turned] + others
        return translation.turned(convolve(translation, op, names), 0, 2, 3, 1)

    return translate


def _spatial(op, values):
    """The two numbers of an attribute that belong to rows and columns."""
    nchw = op.get_attr('data_format') in (b'NCHW', 'NCHW')
    return list(values[2:4] if nchw else values[1:3])


def _strides(op):
    return dict(strides=_spatial(op, op.get_attr('strides')), dilations=_spatial(op, op.get_attr('dilations')))


def _padding(op):
    padding = op.get_attr('padding')
    padding = padding.decode() if isinstance(padding, bytes) else padding
    if padding == 'EXPLICIT':
        pairs = np.reshape(op.get_attr('explicit_paddings'), [4, 2])
        pairs = np.array(_spatial(op, list(pairs)))
        return dict(pads=[int(n) for n in pairs.T.ravel()])
    return dict(auto_pad={'SAME': 'SAME_UPPER', 'VALID': 'VALID'}[padding])


def _convolution(translation, op, names):
    return translation.node(
        'Conv', [names[0], translation.turned(names[1], 3, 2, 0, 1)], **_strides(op), **_padding(op)
    )


def _depthwise(translation, op, names):
    """Kernels [h, w, C, m] -> [C m, 1, h, w]."""
    height, width, channels, multiplier = op.inputs[1].shape.as_list()
    kernel = translation.turned(names[1], 2, 3, 0, 1)
    kernel = translation.constant(translation.known(kernel).reshape(channels * multiplier, 1, height, width))
    return translation.node('Conv', [names[0], kernel], group=channels, **_strides(op), **_padding(op))


def _transposed(groups: Callable[[Any], int], axes: Sequence[int]) -> Callable[..., str]:
    """A convolution's gradient, which is how TensorFlow calls a transposed convolution.

    Args:
        groups: function of the op -> number of groups.
        axes: the order of the kernel's axes that ONNX has: in, out of one group, height, width.
    """

    def convolve(translation, op, names):
        _, kernel, images = names
        sizes, enlarged = [_spatial(op, tensor.shape.as_list()) for tensor in (op.inputs[2], op.outputs[0])]
        strides, window = _spatial(op, op.get_attr('strides')), op.inputs[1].shape.as_list()[:2]
        begins, ends, more = [], [], []
        for size, large, stride, taps in zip(sizes, enlarged, strides, window):
            surplus = (size - 1) * stride + taps - large  # Of what all taps reach beyond the images.
            begins.append(max(surplus, 0) // 2)
            ends.append(max(surplus, 0) - max(surplus, 0) // 2)
            more.append(max(-surplus, 0))
        return translation.node(
            'ConvTranspose',
            [images, translation.turned(kernel, *axes)],
            strides=strides,
            pads=begins + ends,
            output_padding=more,
            group=groups(op),
        )

    return convolve


_TRANSLATIONS: Dict[str, Callable[..., str]] = {kind: _same(theirs) for kind, theirs in _SAME_MEANING.items()}
_TRANSLATIONS.update(
    Cast=_cast,
    ConcatV2=_concat,
    Const=_constant,
    Conv2D=_in_nchw(_convolution),
    Conv2DBackpropInput=_in_nchw(_transposed(lambda op: 1, (3, 2, 0, 1))),
    DepthwiseConv2dNative=_in_nchw(_depthwise),
    DepthwiseConv2dNativeBackpropInput=_in_nchw(_transposed(lambda op: op.inputs[1].shape.as_list()[2], (2, 3, 0, 1))),
    ExpandDims=_expand_dims,
    Fill=_fill,
    LeakyRelu=_leaky,
    MatMul=_matmul,
    Mean=_reduce('ReduceMean'),
    Pack=_pack,
    Pad=_pad,
    PadV2=_pad,
    Rsqrt=_rsqrt,
    Square=_square,
    SquaredDifference=_squared_difference,
    StridedSlice=_strided_slice,
    Sum=_reduce('ReduceSum'),
    Transpose=_transpose,
)
