"""The layers in a list of variables, whatever they are called: kernels with the vectors that belong to them."""

import collections
import re

import numpy as np

from ..pickled_data import NetworkPickleError

Layer = collections.namedtuple('Layer', 'name kernel vectors')  # kernel: array or None; vectors: {last name: [C]}.


def of(variables):
    """The layers in {name: array}, in the order of their first variables: list of Layer.

    Variables of one scope ('fc6/weight', 'fc6/bias') make a layer, and so do vectors of a scope inside it or beside it
    ('conv/weight', 'conv/batchnorm/beta'); without scopes a kernel begins one and the vectors after it belong to it.
    Axes of 1 are taken from what is otherwise a vector, as heads of LPIPS have them.

    Returns: None if a scope has several kernels.
    """
    found, current = collections.OrderedDict(), ''
    for name, value in variables.items():
        scope, _, last = name.rpartition('/')
        value = np.squeeze(value) if value.ndim > 1 and max(value.shape) == value.size else value
        current = scope or (name if value.ndim > 1 or not current else current)
        kernels, vectors = found.setdefault(current, ([], collections.OrderedDict()))
        if value.ndim > 1:
            kernels.append(value)
        else:
            vectors[last] = value
    made = []
    for name, (kernels, vectors) in found.items():
        if len(kernels) > 1:
            return None
        if not kernels and made and _belongs(name, made[-1].name):
            inside = {'%s/%s' % (name, last): vector for last, vector in vectors.items()}
            made[-1].vectors.update(inside)
        else:
            made.append(Layer(name, kernels[0] if kernels else None, vectors))
    return made


def _belongs(scope, to):
    """Whether a scope lies in that of a layer, or beside it in one scope."""
    parent = to.rpartition('/')[0]
    return scope.startswith(to + '/') or parent != '' and scope.rpartition('/')[0] == parent


def check_order(found):
    """Raises NetworkPickleError if names of layers that differ in their numbers only do not come in the order of these:
    it tells which layer is which.
    """
    last = {}
    for name in (layer.name for layer in found):
        pattern, numbers = re.sub(r'\d+', '#', name), tuple(map(int, re.findall(r'\d+', name)))
        if numbers < last.get(pattern, ()):
            raise NetworkPickleError('its layer %s does not come in the order of its number' % name)
        last[pattern] = numbers


def kernels(found, shapes, what):
    """The kernels of layers as [height, width, in, out].

    Args:
        found: list of Layer; as many as shapes.
        shapes: list of (height, width, in, out) that they must have, all in this order or all as PyTorch has it.
        what: the network, for the message.
    Raises: NetworkPickleError, which names the first that does not fit.
    """
    of_torch = [(shape[3], shape[2], shape[0], shape[1]) for shape in shapes]
    is_torch = found[0].kernel is not None and found[0].kernel.shape == of_torch[0]
    stored, back = (of_torch, (2, 3, 1, 0)) if is_torch else (shapes, (0, 1, 2, 3))
    for layer, shape in zip(found, stored):
        if layer.kernel is None or layer.kernel.shape != shape:
            shown = 'none' if layer.kernel is None else 'one of %s' % list(layer.kernel.shape)
            raise NetworkPickleError('%s has a kernel of %s there, not %s' % (_at(layer, what), list(shape), shown))
    return [np.ascontiguousarray(layer.kernel.transpose(back)) for layer in found]


def bias(layer, size, what):
    """The one vector [size] of a layer. Raises NetworkPickleError if it has another, none, or several."""
    shapes = [list(vector.shape) for vector in layer.vectors.values()]
    if shapes != [[size]]:
        raise NetworkPickleError(
            '%s has one bias of %d there, not %s' % (_at(layer, what), size, ' and '.join(map(str, shapes)) or 'none')
        )
    return next(iter(layer.vectors.values()))


def _at(layer, what):
    return 'its layer %s is not like that of %s, which' % (layer.name, what)
