"""VGG16 with and without fully connected layers, and LPIPS: their variables in the orders of several programs."""

import collections

import numpy as np

from ..network_state import NetworkState
from ..pickled_data import NetworkPickleError
from . import layers

BLOCKS = (2, 2, 3, 3, 3)
WIDTHS = (64, 128, 256, 512, 512)  # Channels of the blocks.
POSITIONS = 7  # Rows and columns that the fully connected layers see.
DENSE_SIZES = (4096, 4096)  # Of fc6 and fc7; fc8 has the classes.
NAMES = ['conv%d_%d' % (block + 1, i + 1) for block, count in enumerate(BLOCKS) for i in range(count)]
DENSE = ('fc6', 'fc7', 'fc8')

# Of images in [0, 255]: torchvision's weights (and the graph's default), and Caffe's, as Keras has them.
CAFFE = dict(mean=(123.68, 116.779, 103.939), deviation=(1.0, 1.0, 1.0))

_WHAT = 'VGG16'


def looks_like(found):
    """Whether layers begin with 13 kernels of 3 x 3, of which the first sees three channels."""
    kernels = [layer.kernel for layer in found[: len(NAMES)] if layer.kernel is not None and layer.kernel.ndim == 4]
    return (
        len(kernels) == len(NAMES)
        and all((3, 3) in (kernel.shape[:2], kernel.shape[2:]) for kernel in kernels)
        and 3 in (kernels[0].shape[1], kernels[0].shape[2])
    )


def of_layers(found):
    """State of `regan.judges.vgg16.VGG16`, or of `LPIPS` if heads follow, of the layers of an official pickle.

    Args:
        found: list of `layers.Layer` that `looks_like` approves of. Fully connected layers may follow, and heads.
    Raises: NetworkPickleError for other widths, and for whatever else is there.
    """
    heads, rest = [], []
    for layer in found:
        vectors = list(layer.vectors.values())
        kept = layer if layer.kernel is not None else None
        if kept is not None:  # Heads without scopes come after the last bias.
            kept = layer._replace(vectors=collections.OrderedDict(list(layer.vectors.items())[:1]))
            vectors = vectors[1:]
            rest.append(kept)
        heads += vectors
    convolutions = _convolutions(rest[: len(NAMES)])
    dense = _dense(rest[len(NAMES) :])
    return lpips(convolutions, heads) if heads else vgg16(convolutions, dense)


def _convolutions(found):
    """[(kernel [3, 3, in, out], bias [out])] of the 13 layers."""
    widths = [width for count, width in zip(BLOCKS, WIDTHS) for _ in range(count)]
    kernels = layers.kernels(found, [(3, 3, a, b) for a, b in zip([3] + widths, widths)], _WHAT)
    return [(kernel, layers.bias(layer, kernel.shape[3], _WHAT)) for kernel, layer in zip(kernels, found)]


def _dense(found):
    """[(matrix [in, out], bias [out])] of up to three layers; the rows of the first are channel-major."""
    made, inputs = [], WIDTHS[-1] * POSITIONS**2
    for layer, name in zip(found, DENSE):
        kernel = layer.kernel
        if kernel.ndim == 4 and kernel.shape[:2] in ((POSITIONS, POSITIONS), (1, 1)):  # A convolution, in, out last.
            kernel = kernel.transpose(2, 0, 1, 3)
            kernel = kernel.reshape(-1, kernel.shape[-1])
        elif kernel.ndim == 4:
            kernel = kernel.reshape(len(kernel), -1).T
        elif kernel.shape[0] != inputs and kernel.shape[1] == inputs:
            kernel = kernel.T
        outputs = dict(zip(DENSE, DENSE_SIZES)).get(name, kernel.shape[1])
        if kernel.shape != (inputs, outputs):
            raise NetworkPickleError(
                'its layer %s is not like %s of VGG16, which leads from %d numbers to %d, but has a kernel of %s'
                % (layer.name, name, inputs, outputs, list(layer.kernel.shape))
            )
        made.append((np.ascontiguousarray(kernel), layers.bias(layer, outputs, _WHAT)))
        inputs = outputs
    if len(found) > len(DENSE):
        raise NetworkPickleError('VGG16 has no layer after fc8, but it has %s' % found[len(DENSE)].name)
    return made


# ------------------------------------------------------------------ states


def vgg16(convolutions, dense=(), **scaling):
    """State of `regan.judges.vgg16.VGG16`.

    Args:
        convolutions: 13 of (kernel [3, 3, in, out], bias [out]).
        dense: up to 3 of (matrix [in, out], bias [out]).
        scaling: `mean` and `deviation`, if they are not those of torchvision's weights.
    """
    kwargs = dict(widths=WIDTHS, dense_sizes=tuple(len(vector) for _, vector in dense), **scaling)
    named = zip(NAMES + list(DENSE), list(convolutions) + list(dense))
    return _state('vgg16', 'VGG16', kwargs, _variables(named))


def lpips(convolutions, heads, **scaling):
    """State of `regan.judges.vgg16.LPIPS`. heads: 5 of [channels of a block]. Others as of `vgg16`.

    Raises: NetworkPickleError for other heads, or weights below 0, which no distance has.
    """
    sizes = [head.shape for head in heads]
    if sizes != [(width,) for width in WIDTHS]:
        raise NetworkPickleError(
            'LPIPS on VGG16 has five heads of %s channels, but it has %s'
            % (', '.join(map(str, WIDTHS)), ', '.join(str(list(size)) for size in sizes) or 'none')
        )
    if any((head < 0).any() for head in heads):
        raise NetworkPickleError('the heads of LPIPS are not negative, but some of its weights are')
    variables = _variables(zip(NAMES, convolutions))
    variables.update(('lin%d/weight' % i, head) for i, head in enumerate(heads))
    return _state('lpips', 'LPIPS', dict(widths=WIDTHS, **scaling), variables)


def with_heads(state, heads):
    """State of LPIPS with the convolutions of a state of VGG16. Errors as of `lpips`."""
    values = state.variables
    convolutions = [(values[name + '/weight'], values[name + '/bias']) for name in NAMES]
    return lpips(convolutions, heads, **_scaling(state))


def without_heads(state):
    """State of VGG16 with the convolutions of a state of LPIPS."""
    values = state.variables
    return vgg16([(values[name + '/weight'], values[name + '/bias']) for name in NAMES], **_scaling(state))


def _scaling(state):
    return {name: state.static_kwargs[name] for name in CAFFE if name in state.static_kwargs}


def _variables(named):
    return collections.OrderedDict(
        ('%s/%s' % (name, last), value)
        for name, (kernel, vector) in named
        for last, value in (('weight', kernel), ('bias', vector))
    )


def _state(name, function, kwargs, variables):
    return NetworkState(4, name, kwargs, collections.OrderedDict(), '', function, variables)


# ------------------------------------------------------------------ files of other programs


_TORCH = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]  # Places of the convolutions in torchvision's `features`.
_TORCH_DENSE = [0, 3, 6]  # Of the fully connected layers in its `classifier`.


def of_torchvision(tensors):
    """State of VGG16 of the tensors of torchvision's vgg16-*.pth: {'features.0.weight': [64, 3, 3, 3], ...}.

    Raises: NetworkPickleError.
    """
    if 'features.1.running_mean' in tensors:
        raise NetworkPickleError('it is a VGG16 with batch normalisation; give the one without (vgg16-397923af.pth)')
    convolutions = _convolutions([_of_torch(tensors, 'features', i) for i in _TORCH])
    dense = [_of_torch(tensors, 'classifier', i) for i in _TORCH_DENSE if 'classifier.%d.weight' % i in tensors]
    return vgg16(convolutions, _dense([one._replace(kernel=one.kernel.T) for one in dense]))


def _of_torch(tensors, part, index):
    name = '%s.%d' % (part, index)
    for last in ('weight', 'bias'):
        if name + '.' + last not in tensors:
            raise NetworkPickleError('it lacks the tensor %s.%s of VGG16' % (name, last))
    return layers.Layer(name, tensors[name + '.weight'], dict(bias=tensors[name + '.bias']))


def heads_of_lpips(tensors):
    """The 5 heads [C] in the tensors of the `lpips` package's vgg.pth: {'lin0.model.1.weight': [1, 64, 1, 1], ...}.

    Raises: NetworkPickleError.
    """
    names = ['lin%d.model.1.weight' % i for i in range(len(WIDTHS))]
    for name in names:
        if name not in tensors:
            raise NetworkPickleError('it lacks the tensor %s of LPIPS' % name)
    return [tensors[name].reshape(-1) for name in names]


def of_keras(groups):
    """State of VGG16 of the layers of Keras' vgg16_weights_*.h5.

    Args:
        groups: {'block1_conv1': list of its arrays, ...}; fc1, fc2 and predictions may be there.
    Raises: NetworkPickleError.
    """
    names = ['block%d_conv%d' % (block + 1, i + 1) for block, count in enumerate(BLOCKS) for i in range(count)]
    found = [_of_keras(groups, name) for name in names]
    # Its networks see blue, green, red; ours see red first.
    found[0] = found[0]._replace(kernel=found[0].kernel[:, :, ::-1])
    dense = [_of_keras(groups, name) for name in ('fc1', 'fc2', 'predictions') if groups.get(name)]
    if dense and dense[0].kernel.shape[0] == WIDTHS[-1] * POSITIONS**2:  # Rows are position-major.
        dense[0] = dense[0]._replace(kernel=dense[0].kernel.reshape(POSITIONS, POSITIONS, WIDTHS[-1], -1))
    return vgg16(_convolutions(found), _dense(dense), **CAFFE)


def _of_keras(groups, name):
    arrays = groups.get(name, [])
    kernels = [value for value in arrays if value.ndim > 1]
    vectors = [value for value in arrays if value.ndim == 1]
    if len(kernels) != 1 or len(vectors) != 1:
        raise NetworkPickleError('it lacks the layer %s of VGG16, or its kernel or bias' % name)
    return layers.Layer(name, kernels[0], dict(bias=vectors[0]))
