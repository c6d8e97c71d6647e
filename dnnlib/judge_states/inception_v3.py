"""Inception-v3 of December 2015: its variables in the orders of several programs."""

import collections

import numpy as np

from ..network_state import NetworkState
from ..pickled_data import NetworkPickleError
from . import inception_layers, layers

EPSILON = 1e-3  # Of its batch normalisation.
RESOLUTION, DIVISOR = 299, 1  # Arguments of the build function.

_WHAT = 'Inception-v3'


def convolutions():
    """(name, shape (height, width, in, out)) of all convolutions, in order."""
    found = []

    def convolve(inputs, layer):
        outputs = layer.outputs // DIVISOR
        found.append((layer.name, (layer.height, layer.width, inputs, outputs)))
        return outputs

    inception_layers.apply(3, convolve, lambda x, _: x, sum)
    return found


def looks_like(found):
    """Whether layers have as many kernels, and the first ones those of Inception-v3 in either order of axes."""
    kernels = [layer.kernel for layer in found if layer.kernel is not None and layer.kernel.ndim == 4]
    height, width, inputs, outputs = convolutions()[0][1]
    first = (height, width, inputs, outputs), (outputs, inputs, height, width)
    return len(kernels) == len(convolutions()) and kernels[0].shape in first


def of_layers(found):
    """State of `regan.judges.inception_v3.Inception_v3` of the layers of an official pickle.

    Args:
        found: list of `layers.Layer` that `looks_like` approves of; classes may follow. What a vector is, its name
            tells: it has 'var', 'mean', 'gamma' (or 'scale'), or 'beta' (or 'bias', 'offset') in it.
    Raises: NetworkPickleError.
    """
    expected = convolutions()
    body, rest = found[: len(expected)], found[len(expected) :]
    kernels = layers.kernels(body, [shape for _, shape in expected], _WHAT)
    folded = [fold(kernel, **_roles(layer, kernel.shape[3])) for kernel, layer in zip(kernels, body)]
    if len(rest) > 1:
        raise NetworkPickleError('Inception-v3 has one layer after its features, but it has %s' % rest[1].name)
    return state(folded, _classes(rest[0]) if rest else None)


_ROLES = (
    ('variance', ('var',)),
    ('mean', ('mean',)),
    ('gamma', ('gamma', 'scale', 'weight')),
    ('beta', ('beta', 'bias', 'offset')),
)


def _roles(layer, size):
    """The vectors of a layer as arguments of `fold`."""
    roles = {}
    for name, vector in layer.vectors.items():
        role = next((role for role, words in _ROLES if any(word in name.lower() for word in words)), None)
        if role is None or role in roles or vector.shape != (size,):
            raise NetworkPickleError(
                'nothing tells what %s %s of its layer %s is' % (name, list(vector.shape), layer.name)
            )
        roles[role] = vector
    if 'beta' not in roles or ('mean' in roles) != ('variance' in roles):
        raise NetworkPickleError(
            'its layer %s has %s where batch normalisation has beta, mean and variance'
            % (layer.name, ', '.join(layer.vectors) or 'no vectors')
        )
    return roles


def _classes(layer):
    """(matrix [2048, classes], bias [classes] or None) of the last layer."""
    inputs, kernel = num_features(), layer.kernel
    if kernel is not None and kernel.ndim == 2 and inputs in kernel.shape and len(layer.vectors) < 2:
        matrix = kernel if kernel.shape[0] == inputs else kernel.T
        bias = next(iter(layer.vectors.values()), None)
        if bias is None or bias.shape == matrix.shape[1:]:
            return np.ascontiguousarray(matrix), bias
    raise NetworkPickleError(
        'its layer %s is not like the classes of Inception-v3, which lead from %d features on' % (layer.name, inputs)
    )


def num_features():
    """Number of features."""
    return inception_layers.apply(3, lambda _, layer: layer.outputs // DIVISOR, lambda x, _: x, sum)


def fold(kernel, beta, mean=None, variance=None, gamma=1.0):
    """(kernel, bias) with the normalisation in them. kernel: [height, width, in, out]; the others [out]."""
    if mean is None:
        return kernel, beta
    factor = gamma / np.sqrt(np.asarray(variance, np.float64) + EPSILON)
    return (kernel * factor).astype(np.float32), (beta - mean * factor).astype(np.float32)


def state(folded, classes=None):
    """State of the build function.

    Args:
        folded: (kernel, bias) of all convolutions.
        classes: (matrix [features, classes], bias [classes] or None), or None for the features.
    """
    variables = collections.OrderedDict()
    for (name, _), (kernel, bias) in zip(convolutions(), folded):
        variables[name + '/weight'], variables[name + '/bias'] = kernel, bias
    kwargs = dict(resolution=RESOLUTION, divisor=DIVISOR)
    if classes is not None:
        matrix, bias = classes
        kwargs.update(num_classes=matrix.shape[1], has_bias=bias is not None)
        variables['softmax/weight'] = matrix
        variables.update({} if bias is None else {'softmax/bias': bias})
    return NetworkState(4, 'inception_v3', kwargs, collections.OrderedDict(), '', 'Inception_v3', variables)


# ------------------------------------------------------------------ files of PyTorch

_STEM = ['Conv2d_1a_3x3', 'Conv2d_2a_3x3', 'Conv2d_2b_3x3', 'Conv2d_3b_1x1', 'Conv2d_4a_3x3']
_FIRST = 'branch1x1 branch5x5_1 branch5x5_2 branch3x3dbl_1 branch3x3dbl_2 branch3x3dbl_3 branch_pool'
_MIDDLE = (
    'branch1x1 branch7x7_1 branch7x7_2 branch7x7_3 branch7x7dbl_1 branch7x7dbl_2 branch7x7dbl_3 branch7x7dbl_4 '
    'branch7x7dbl_5 branch_pool'
)
_LAST = (
    'branch1x1 branch3x3_1 branch3x3_2a branch3x3_2b branch3x3dbl_1 branch3x3dbl_2 branch3x3dbl_3a branch3x3dbl_3b '
    'branch_pool'
)
_BLOCKS = [
    ('Mixed_5b Mixed_5c Mixed_5d', _FIRST),
    ('Mixed_6a', 'branch3x3 branch3x3dbl_1 branch3x3dbl_2 branch3x3dbl_3'),
    ('Mixed_6b Mixed_6c Mixed_6d Mixed_6e', _MIDDLE),
    ('Mixed_7a', 'branch3x3_1 branch3x3_2 branch7x7x3_1 branch7x7x3_2 branch7x7x3_3 branch7x7x3_4'),
    ('Mixed_7b Mixed_7c', _LAST),
]
TORCH_NAMES = _STEM + [
    '%s.%s' % (block, branch) for blocks, branches in _BLOCKS for block in blocks.split() for branch in branches.split()
]
_TORCH_VECTORS = dict(beta='bn.bias', mean='bn.running_mean', variance='bn.running_var', gamma='bn.weight')
_OF_2015 = 1008  # Classes.


def of_torch(tensors, with_classes):
    """State of the network in the tensors of pt_inception-2015-12-05-*.pth, the conversion that pytorch-fid has.

    Args:
        tensors: {'Conv2d_1a_3x3.conv.weight': [32, 3, 3, 3], ...}.
        with_classes: whether softmax or features are wanted; no bias is added to the classes, as in the code that the
            Inception score was published with.
    Raises: NetworkPickleError, also for torchvision's own Inception-v3, which is another network.
    """
    classes = tensors.get('fc.weight')
    if classes is None or len(classes) != _OF_2015:
        raise NetworkPickleError(
            'it has %s classes where the Inception-v3 of 2015 has %d; torchvision has another network of that name, '
            'and FID needs pt_inception-2015-12-05-6726825d.pth' % (0 if classes is None else len(classes), _OF_2015)
        )
    found = []
    for name in TORCH_NAMES:
        wanted = [name + '.conv.weight'] + ['%s.%s' % (name, last) for last in _TORCH_VECTORS.values()]
        missing = [one for one in wanted if one not in tensors]
        if missing:
            raise NetworkPickleError('it lacks the tensor %s of Inception-v3' % missing[0])
        vectors = {role: tensors['%s.%s' % (name, last)] for role, last in _TORCH_VECTORS.items()}
        found.append(layers.Layer(name, tensors[wanted[0]], vectors))
    last = [layers.Layer('fc', classes, {})] if with_classes else []
    return of_layers(found + last)
