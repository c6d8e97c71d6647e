"""StyleGAN2 networks of stylegan2-ada-pytorch and of the stylegan3 repository -> NetworkStates (torch-pickles 3 and 4).

What was built is read from the attributes of the modules, not from the arguments they were made with: the two code
bases lay those out differently. The states are those of StyleGAN2-ADA in TensorFlow.
"""

import collections

import numpy as np

from ..network_state import NetworkState
from ..pickled_data import NetworkPickleError
from .containers import Module
from .weights import Weights, convolution, dense, less_one, noise_image, reversed_convolution, scalar, taps, widths

VERSION = 5  # Of a state as StyleGAN2-ADA writes it.


def networks(value, path):
    """The NetworkStates (G, D, Gs) of a pickle's dict; what is missing is None, and Gs stands for a missing G.

    Args:
        value: dict with a Module 'G_ema', and perhaps 'G' and 'D'.
        path: for messages.

    Raises:
        NetworkPickleError: not the networks of StyleGAN2, or damaged.
    """
    done = {}

    def state(key, make, name):
        module = value.get(key)
        if not isinstance(module, Module):
            return None
        if (id(module), make) not in done:
            done[id(module), make] = make(module, '%s, network %s' % (path, key), name)
        return done[id(module), make]

    average = state('G_ema', generator, 'Gs')
    plain = state('G', generator, 'G')
    is_readable = isinstance(value.get('D'), Module) and 'Discriminator' == value['D'].class_name
    return plain or average, state('D', discriminator, 'D') if is_readable else None, average or plain


def _is_filter(name):
    return name.rpartition('.')[2] == 'resample_filter'


def _blocks(module, prefix, where):
    """{R: Module} of the children b4, b8, ... of a module: the resolutions follow each other."""
    parent = module.find(prefix) if prefix else module
    found = collections.OrderedDict()
    if parent is not None:
        for name, child in parent.children.items():
            if name[:1] == 'b' and name[1:].isdigit() and isinstance(child, Module):
                found[int(name[1:])] = child
    sizes = sorted(found)
    if len(sizes) < 2 or sizes != [4 << i for i in range(len(sizes))]:
        raise NetworkPickleError('%s has no blocks b4, b8, ... of StyleGAN2.' % where)
    return collections.OrderedDict((size, found[size]) for size in sizes)


def _attribute(module, name, where):
    if module is None or name not in module.attributes:
        raise NetworkPickleError('%s lacks the attribute %s, which StyleGAN2 networks have.' % (where, name))
    value = module.attributes[name]
    return value.item() if isinstance(value, np.ndarray) and value.size == 1 else value


def _same(blocks, name, where, of=lambda block: block):
    """The value of an attribute that all blocks must share."""
    values = {_attribute(of(block), name, where) for block in blocks.values()}
    if len(values) != 1:
        raise NetworkPickleError(
            '%s has blocks of several kinds (%s: %s); only networks of one kind can be read.'
            % (where, name, ', '.join(sorted(map(str, values))))
        )
    return values.pop()


def _filter_of(block, where):
    kernel = block.tensors().get('resample_filter')
    if not isinstance(kernel, np.ndarray) or kernel.ndim not in (1, 2):
        raise NetworkPickleError('%s lacks the resampling filter of a block.' % where)
    return taps(kernel)


def _given_widths(module, where_in):
    """(channel_base, channel_max) among the arguments that the file names, wherever they are; None: not all there."""
    arguments = {}
    for level in (module.attributes.get('init_kwargs'), (module.attributes.get('init_kwargs') or {}).get(where_in)):
        if isinstance(level, dict):
            arguments.update(level)
    found = (arguments.get('channel_base'), arguments.get('channel_max', 512))
    return found if isinstance(found[0], int) else None


# ------------------------------------------------------------------ generator


def generator(module, where, name):
    """NetworkState of a generator Module. Raises NetworkPickleError."""
    tensors = Weights(module.tensors(), where, _is_filter)
    blocks = _blocks(module, 'synthesis', where)
    resolution = max(blocks)
    first = module.find('synthesis.b4.conv1')
    kwargs = collections.OrderedDict(
        num_channels=_attribute(module, 'img_channels', where),
        resolution=resolution,
        label_size=_attribute(module, 'c_dim', where),
        latent_size=_attribute(module, 'z_dim', where),
        dlatent_size=_attribute(module, 'w_dim', where),
    )
    if _attribute(module, 'img_resolution', where) != resolution:
        raise NetworkPickleError('%s has blocks up to %d pixels, but says otherwise.' % (where, resolution))
    mapping, mapping_kwargs = _mapping(tensors, module, kwargs, where)
    kwargs.update(mapping_kwargs)
    maps = {size: tensors.shape('synthesis.b%d.conv1.weight' % size)[0] for size in blocks}
    kwargs.update(widths(maps, resolution, where, _given_widths(module, 'synthesis_kwargs')))
    kwargs.update(
        architecture=_same(blocks, 'architecture', where),
        nonlinearity=_attribute(first, 'activation', where),
        use_noise=bool(_attribute(first, 'use_noise', where)),
        conv_clamp=_same(blocks, 'conv_clamp', where, lambda block: block.find('conv1')),
        num_fp16_res=sum(bool(block.attributes.get('use_fp16')) for block in blocks.values()),
        resample_kernel=_filter_of(blocks[resolution], where),
    )
    synthesis = _synthesis(tensors, blocks, kwargs)
    average = 'mapping.w_avg'
    own = tensors.take(average) if average in tensors else np.zeros(kwargs['dlatent_size'], np.float32)
    tensors.check_used()
    layers = 2 * resolution.bit_length() - 4
    components = collections.OrderedDict(
        synthesis=NetworkState(VERSION, 'G_synthesis', dict(kwargs), {}, '', 'G_synthesis', synthesis),
        mapping=NetworkState(
            VERSION, 'G_mapping', dict(kwargs, dlatent_broadcast=layers), {}, '', 'G_mapping', mapping
        ),
    )
    variables = collections.OrderedDict(dlatent_avg=own)
    return NetworkState(VERSION, name, dict(kwargs), components, '', 'G_main', variables)


def _mapping(tensors, module, kwargs, where):
    count = _attribute(module.find('mapping'), 'num_layers', where)
    first = module.find('mapping.fc0')
    lrmul = float(_attribute(first, 'bias_gain', where))
    gain, inputs = float(_attribute(first, 'weight_gain', where)), tensors.shape('mapping.fc0.weight')[1]
    if not np.isclose(gain, lrmul / np.sqrt(inputs), rtol=1e-4):
        raise NetworkPickleError('%s scales the weights of its mapping in an unknown way.' % where)
    variables, arguments = collections.OrderedDict(), collections.OrderedDict()
    if kwargs['label_size']:
        variables['LabelEmbed/weight'] = tensors.take('mapping.embed.weight', dense, 2)
        variables['LabelEmbed/bias'] = tensors.take('mapping.embed.bias')
        arguments['label_fmaps'] = variables['LabelEmbed/weight'].shape[1]
    for i in range(count):
        variables['Dense%d/weight' % i] = tensors.take('mapping.fc%d.weight' % i, dense, 2)
        variables['Dense%d/bias' % i] = tensors.take('mapping.fc%d.bias' % i)
    arguments.update(
        mapping_layers=count,
        mapping_lrmul=lrmul,
        mapping_nonlinearity=_attribute(first, 'activation', where),
        mapping_fmaps=variables['Dense0/weight'].shape[1] if count > 1 else kwargs['dlatent_size'],
    )
    return variables, arguments


def _synthesis(tensors, blocks, kwargs):
    found, noise = collections.OrderedDict(), collections.OrderedDict()

    def layer(ours, theirs, form, has_noise):
        found[ours + '/weight'] = tensors.take(theirs + '.weight', form, 4)
        found[ours + '/mod_weight'] = tensors.take(theirs + '.affine.weight', dense, 2)
        found[ours + '/mod_bias'] = tensors.take(theirs + '.affine.bias', less_one)
        if has_noise and kwargs['use_noise']:
            found[ours + '/noise_strength'] = tensors.take(theirs + '.noise_strength', scalar)
            noise['noise%d' % len(noise)] = tensors.take(theirs + '.noise_const', noise_image, 2)
        found[ours + '/bias'] = tensors.take(theirs + '.bias')

    for size in blocks:
        ours, theirs = '%dx%d/' % (size, size), 'synthesis.b%d.' % size
        if size == 4:
            found[ours + 'Const/const'] = tensors.take(theirs + 'const', lambda tensor: tensor[None], 3)
            layer(ours + 'Conv', theirs + 'conv1', convolution, True)
        else:
            layer(ours + 'Conv0_up', theirs + 'conv0', reversed_convolution, True)
            layer(ours + 'Conv1', theirs + 'conv1', convolution, True)
            if kwargs['architecture'] == 'resnet':
                found[ours + 'Skip/weight'] = tensors.take(theirs + 'skip.weight', reversed_convolution, 4)
        if kwargs['architecture'] == 'skip' or size == max(blocks):
            layer(ours + 'ToRGB', theirs + 'torgb', convolution, False)
    return collections.OrderedDict(list(noise.items()) + list(found.items()))


# ------------------------------------------------------------------ discriminator


def discriminator(module, where, name):
    """NetworkState of a discriminator Module. Raises NetworkPickleError."""
    tensors = Weights(module.tensors(), where, _is_filter)
    blocks = _blocks(module, '', where)
    resolution, upper = max(blocks), [size for size in sorted(blocks, reverse=True) if size > 4]
    first = blocks[resolution].find('conv0')
    layered = collections.OrderedDict((size, blocks[size]) for size in upper)
    maps = {size: tensors.shape('b%d.conv0.weight' % size)[0] for size in upper}
    maps[4] = tensors.shape('b4.fc.weight')[0]
    nonlinearity = _attribute(first, 'activation', where)
    kwargs = collections.OrderedDict(
        num_channels=_attribute(module, 'img_channels', where),
        resolution=resolution,
        label_size=_attribute(module, 'c_dim', where),
        architecture=_same(layered, 'architecture', where),
        nonlinearity=nonlinearity,
        conv_clamp=_same(layered, 'conv_clamp', where, lambda block: block.find('conv0')),
        num_fp16_res=sum(bool(block.attributes.get('use_fp16')) for block in blocks.values()),
        resample_kernel=_filter_of(blocks[resolution], where),
    )
    kwargs.update(widths(maps, resolution, where, _given_widths(module, None)))
    deviation = blocks[4].find('mbstd')
    kwargs['mbstd_num_features'] = _attribute(deviation, 'num_channels', where) if deviation else 0
    kwargs['mbstd_group_size'] = _attribute(deviation, 'group_size', where) if deviation else 1
    variables = collections.OrderedDict()
    if kwargs['label_size']:
        kwargs.update(_label_mapping(tensors, module, nonlinearity, variables, where))

    def layer(ours, theirs, form=convolution):
        variables[ours + '/weight'] = tensors.take(theirs + '.weight', form, 4 if form is convolution else 2)
        variables[ours + '/bias'] = tensors.take(theirs + '.bias')

    for size in upper:
        ours, theirs = '%dx%d/' % (size, size), 'b%d.' % size
        if size == resolution or kwargs['architecture'] == 'skip':
            layer(ours + 'FromRGB', theirs + 'fromrgb')
        layer(ours + 'Conv0', theirs + 'conv0')
        layer(ours + 'Conv1_down', theirs + 'conv1')
        if kwargs['architecture'] == 'resnet':
            variables[ours + 'Skip/weight'] = tensors.take(theirs + 'skip.weight', convolution, 4)
    if kwargs['architecture'] == 'skip':
        layer('4x4/FromRGB', 'b4.fromrgb')
    layer('4x4/Conv', 'b4.conv')
    layer('4x4/Dense0', 'b4.fc', dense)
    layer('Output', 'b4.out', dense)
    tensors.check_used()
    return NetworkState(VERSION, name, dict(kwargs), collections.OrderedDict(), '', 'D_main', variables)


def _label_mapping(tensors, module, nonlinearity, variables, where):
    """Arguments of the mapping of labels, whose variables are added."""
    mapping = module.find('mapping')
    count, width = _attribute(mapping, 'num_layers', where), _attribute(mapping, 'w_dim', where)
    variables['LabelEmbed/weight'] = tensors.take('mapping.embed.weight', dense, 2)
    variables['LabelEmbed/bias'] = tensors.take('mapping.embed.bias')
    for i in range(count):
        variables['Mapping%d/weight' % i] = tensors.take('mapping.fc%d.weight' % i, dense, 2)
        variables['Mapping%d/bias' % i] = tensors.take('mapping.fc%d.bias' % i)
    if any(variables[name].shape[1] != width for name in variables if name.endswith('weight')):
        raise NetworkPickleError('%s maps labels through layers of several widths, which TensorFlow has not.' % where)
    arguments = collections.OrderedDict(mapping_layers=count, mapping_fmaps=width)
    if count:
        first = module.find('mapping.fc0')
        arguments['mapping_lrmul'] = float(_attribute(first, 'bias_gain', where))
        if _attribute(first, 'activation', where) != nonlinearity:
            raise NetworkPickleError('%s has another nonlinearity for labels than for images.' % where)
    return arguments
