"""Generators of genforce `.pth` files -> NetworkStates of StyleGAN2, StyleGAN or Progressive GAN (torch-pickles 7)."""

import collections
import re

import numpy as np

from ..network_state import NetworkState
from ..pickled_data import NetworkPickleError
from .weights import Weights, as_is, convolution, dense, noise_image, scalar, widths

LRMUL = 0.01


def network(checkpoint, path):
    """The NetworkState of the averaged generator (or of the other, if that is missing). Raises NetworkPickleError."""
    key = 'generator_smooth' if isinstance(checkpoint.get('generator_smooth'), dict) else 'generator'
    tensors = checkpoint[key]
    if not isinstance(tensors, dict):
        raise NetworkPickleError('%s: %s is no table of tensors.' % (path, key))
    where = '%s, network %s' % (path, key)
    weights = Weights(tensors, where, lambda name: name.rpartition('.')[2] in ('kernel', 'filter'))
    if 'synthesis.early_layer.const' in weights:
        state = _stylegan2(weights, where)
    elif 'synthesis.layer0.const' in weights:
        state = _stylegan(weights, where)
    elif 'layer0.weight' in weights and not any(name.startswith('synthesis.') for name in weights.names()):
        state = _progressive(weights, where)
    else:
        raise NetworkPickleError('%s is none of the StyleGAN2, StyleGAN and Progressive GAN that can be read.' % where)
    weights.check_used()
    return state


def _top(weights, prefix):
    """log2 of the resolution, from the number of layers that make colours."""
    found = [re.match(re.escape(prefix) + r'output(\d+)\.weight$', name) for name in weights.names()]
    return max([int(match.group(1)) for match in found if match], default=0) + 2


def _mapping(weights):
    """(variables, arguments) of the mapping network."""
    found, count = collections.OrderedDict(), 0
    label = weights.take('mapping.label_weight', as_is, 2) if 'mapping.label_weight' in weights else None
    if label is not None:
        found['LabelConcat/weight'] = label
    while 'mapping.dense%d.weight' % count in weights:
        found['Dense%d/weight' % count] = weights.take('mapping.dense%d.weight' % count, dense, 2)
        found['Dense%d/bias' % count] = weights.take('mapping.dense%d.bias' % count)
        count += 1
    if not count:
        raise NetworkPickleError('%s has no mapping network.' % weights.where)
    last = found['Dense%d/bias' % (count - 1)].size
    inputs = found['Dense0/weight'].shape[0] - (label.shape[1] if label is not None else 0)
    return found, collections.OrderedDict(
        label_size=len(label) if label is not None else 0,
        latent_size=inputs,
        dlatent_size=last,
        mapping_layers=count,
        mapping_fmaps=found['Dense0/bias'].size if count > 1 else last,
        mapping_lrmul=LRMUL,
    )


def _wrapped(version, wrapper, synthesis_function, variables, mapping, synthesis, kwargs):
    layers = 2 * int(kwargs['resolution']).bit_length() - 4
    components = collections.OrderedDict(
        synthesis=NetworkState(version, 'G_synthesis', dict(kwargs), {}, '', synthesis_function, synthesis),
        mapping=NetworkState(
            version, 'G_mapping', dict(kwargs, dlatent_broadcast=layers), {}, '', 'G_mapping', mapping
        ),
    )
    return NetworkState(version, 'Gs', dict(kwargs), components, '', wrapper, variables)


def _lod():
    return np.zeros((), np.float32)


def _average(weights):
    return weights.take('truncation.w_avg', lambda tensor: tensor.reshape(-1))


# ------------------------------------------------------------------ the three kinds


def _stylegan2(weights, where):
    mapping, kwargs = _mapping(weights)
    top = _top(weights, 'synthesis.')
    found, noise, maps = collections.OrderedDict(), collections.OrderedDict(), {}

    def layer(ours, number):
        theirs = 'synthesis.layer%d.' % number
        found[ours + '/weight'] = weights.take(theirs + 'weight', convolution, 4)
        found[ours + '/mod_weight'] = weights.take(theirs + 'style.weight', dense, 2)
        found[ours + '/mod_bias'] = weights.take(theirs + 'style.bias')
        found[ours + '/noise_strength'] = weights.take(theirs + 'noise_strength', scalar)
        found[ours + '/bias'] = weights.take(theirs + 'bias')
        noise['noise%d' % number] = weights.take(theirs + 'noise', noise_image)
        return found[ours + '/bias'].size

    def rgb(ours, number):
        theirs = 'synthesis.output%d.' % number
        found[ours + '/weight'] = weights.take(theirs + 'weight', convolution, 4)
        found[ours + '/mod_weight'] = weights.take(theirs + 'style.weight', dense, 2)
        found[ours + '/mod_bias'] = weights.take(theirs + 'style.bias')
        found[ours + '/bias'] = weights.take(theirs + 'bias')
        return found[ours + '/bias'].size

    found['4x4/Const/const'] = weights.take('synthesis.early_layer.const', rank=4)
    maps[4] = layer('4x4/Conv', 0)
    kwargs['num_channels'] = rgb('4x4/ToRGB', 0)
    for b in range(1, top - 1):
        scope = '%dx%d/' % (4 << b, 4 << b)
        layer(scope + 'Conv0_up', 2 * b - 1)
        maps[4 << b] = layer(scope + 'Conv1', 2 * b)
        rgb(scope + 'ToRGB', b)
    kwargs.update(resolution=2**top, **widths(maps, 2**top, where))
    synthesis = collections.OrderedDict(list(noise.items()) + list(found.items()))
    variables = collections.OrderedDict(lod=_lod(), dlatent_avg=_average(weights))
    return _wrapped(4, 'G_main', 'G_synthesis_stylegan2', variables, mapping, synthesis, kwargs)


def _stylegan(weights, where):
    mapping, kwargs = _mapping(weights)
    top = _top(weights, 'synthesis.')
    found, noise, maps = collections.OrderedDict(), collections.OrderedDict(), {}

    def layer(ours, number):
        theirs = 'synthesis.layer%d.' % number
        name, form, rank = ('const', as_is, 4) if number == 0 else ('weight', convolution, 4)
        found['%s/%s' % (ours, name)] = weights.take(theirs + name, form, rank)
        found[ours + '/Noise/weight'] = weights.take(theirs + 'apply_noise.weight', lambda tensor: tensor.reshape(-1))
        found[ours + '/bias'] = weights.take(theirs + 'bias')
        found[ours + '/StyleMod/weight'] = weights.take(theirs + 'style.weight', dense, 2)
        found[ours + '/StyleMod/bias'] = weights.take(theirs + 'style.bias')
        noise['noise%d' % number] = weights.take(theirs + 'apply_noise.noise', noise_image)
        return found[ours + '/bias'].size

    def rgb(number):
        ours, theirs = 'ToRGB_lod%d' % (top - 2 - number), 'synthesis.output%d.' % number
        found[ours + '/weight'] = weights.take(theirs + 'weight', convolution, 4)
        found[ours + '/bias'] = weights.take(theirs + 'bias')
        return found[ours + '/bias'].size

    for b in range(top - 1):
        scope = '%dx%d/' % (4 << b, 4 << b)
        layer(scope + ('Conv0_up' if b else 'Const'), 2 * b)
        maps[4 << b] = layer(scope + ('Conv1' if b else 'Conv'), 2 * b + 1)
        kwargs['num_channels'] = rgb(b)
    lod = weights.take('synthesis.lod', scalar) if 'synthesis.lod' in weights else _lod()
    kwargs.update(resolution=2**top, **widths(maps, 2**top, where))
    synthesis = collections.OrderedDict([('lod', lod)] + list(noise.items()) + list(found.items()))
    variables = collections.OrderedDict(lod=_lod(), dlatent_avg=_average(weights))
    return _wrapped(3, 'G_style', 'G_synthesis', variables, mapping, synthesis, kwargs)


def _progressive(weights, where):
    top = _top(weights, '')
    shape = weights.shape('layer0.weight')
    if len(shape) != 4 or shape[2:] != (4, 4):
        raise NetworkPickleError('%s does not begin with a 4 x 4 layer, as Progressive GAN does.' % where)
    if any(name.startswith('label') for name in weights.names()):
        raise NetworkPickleError(
            '%s is a Progressive GAN with labels, which genforce treats otherwise than the original; '
            'give the original TensorFlow pickle.' % where
        )

    def first(tensor):  # [C, Z, 4, 4] -> [Z, 16 C]
        return tensor[:, :, ::-1, ::-1].transpose(1, 0, 2, 3).reshape(tensor.shape[1], -1)

    found, maps = collections.OrderedDict(lod=_lod()), {}

    def layer(ours, number, form=convolution):
        found[ours + '/weight'] = weights.take('layer%d.weight' % number, form, 4)
        found[ours + '/bias'] = weights.take('layer%d.bias' % number)
        return found[ours + '/bias'].size

    def rgb(number):
        ours = 'ToRGB_lod%d' % (top - 2 - number)
        found[ours + '/weight'] = weights.take('output%d.weight' % number, convolution, 4)
        found[ours + '/bias'] = weights.take('output%d.bias' % number)
        return found[ours + '/bias'].size

    fused = _is_fused(weights, top)
    layer('4x4/Dense', 0, first)
    maps[4] = layer('4x4/Conv', 1)
    channels = rgb(0)
    for b in range(1, top - 1):
        scope = '%dx%d/' % (4 << b, 4 << b)
        layer(scope + ('Conv0_up' if fused else 'Conv0'), 2 * b)
        maps[4 << b] = layer(scope + 'Conv1', 2 * b + 1)
        rgb(b)
    if 'lod' in weights:
        found['lod'] = weights.take('lod', scalar)
    kwargs = collections.OrderedDict(
        num_channels=channels, resolution=2**top, label_size=0, latent_size=shape[1], fused_scale=fused
    )
    kwargs.update(widths(maps, 2**top, where))
    return NetworkState(2, 'Gs', dict(kwargs), collections.OrderedDict(), '', 'G_paper', found)


def _is_fused(weights, top):
    """Whether enlarging is part of the convolutions: their weight is then [in, out, ...] (visible where in != out)."""
    for b in range(1, top - 1):
        weight, maps = weights.shape('layer%d.weight' % (2 * b)), weights.shape('layer%d.bias' % (2 * b))[0]
        if len(weight) == 4 and weight[0] != weight[1]:
            return weight[1] == maps
    return False  # As official conversions are.
