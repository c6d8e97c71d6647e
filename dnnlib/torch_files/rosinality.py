"""Networks of rosinality/stylegan2-pytorch -> NetworkStates of StyleGAN2 (torch-pickles 6)."""

import collections

import numpy as np

from ..network_state import NetworkState
from ..pickled_data import NetworkPickleError
from .weights import Weights, convolution, dense, less_one, noise_image, reversed_convolution, scalar, taps, widths

VERSION = 4  # Of a state as StyleGAN2 writes it.
LRMUL = 0.01
AVERAGE_SAMPLES = 4096  # z behind the average w of a file that has none, as its users take it.
NOISE_SEED = 0


def networks(checkpoint, path):
    """The NetworkStates (G, D, Gs) of a checkpoint; what is missing is None, and Gs stands for a missing G.

    Args:
        checkpoint: dict with 'g_ema' or 'g' and perhaps 'd' and 'latent_avg', or the tensors of a generator alone.
        path: for messages.

    Returns:
        ((G, D, Gs), notes): notes is a list of sentences about what the file lacks.

    Raises:
        NetworkPickleError: not such a network, or damaged.
    """
    if not any(isinstance(checkpoint.get(key), dict) for key in ('g_ema', 'g')):
        checkpoint = {'g_ema': checkpoint}
    average, notes = checkpoint.get('latent_avg'), []

    def state(key, name):
        if not isinstance(checkpoint.get(key), dict):
            return None
        return generator(checkpoint[key], average, '%s, network %s' % (path, key), name, notes)

    smooth, plain = state('g_ema', 'Gs'), state('g', 'G')
    judge = checkpoint.get('d')
    judge = discriminator(judge, '%s, network d' % path, 'D') if isinstance(judge, dict) else None
    return (plain or smooth, judge, smooth or plain), list(dict.fromkeys(notes))


def _is_filter(name):
    return name.endswith('.kernel')


def _modulated(tensor):
    """[1, out, in, h, w] -> [h, w, in, out]."""
    return convolution(tensor[0])


def _modulated_reversed(tensor):
    return reversed_convolution(tensor[0])


# ------------------------------------------------------------------ generator


def generator(tensors, average, where, name, notes):
    """NetworkState of a generator.

    Args:
        tensors: dict of names -> arrays.
        average: the average w [D] (any shape of that size), or None.
        where: for messages.
        name: of the network.
        notes: list of sentences about what the file lacks, to be added to.

    Raises:
        NetworkPickleError: another architecture, or damaged.
    """
    weights = Weights(tensors, where, _is_filter)
    count = _length(weights, 'style.%d.weight', 1)
    top = _length(weights, 'convs.%d.conv.weight', 0) // 2 + 2
    resolution = 2**top
    if not count or top < 3:
        raise NetworkPickleError('%s has too few layers for a StyleGAN2 of this kind.' % where)
    mapping = collections.OrderedDict()
    for i in range(count):
        mapping['Dense%d/weight' % i] = weights.take('style.%d.weight' % (i + 1), dense, 2)
        mapping['Dense%d/bias' % i] = weights.take('style.%d.bias' % (i + 1))
    size = mapping['Dense0/weight'].shape[0]
    synthesis, maps = _synthesis(weights, top, notes)
    weights.check_used()
    kernel = tensors.get('convs.0.conv.blur.kernel')
    kwargs = collections.OrderedDict(
        num_channels=int(synthesis['4x4/ToRGB/bias'].size),
        resolution=resolution,
        label_size=0,
        latent_size=size,
        dlatent_size=size,
        mapping_layers=count,
        mapping_fmaps=size,
        mapping_lrmul=LRMUL,
        **widths(maps, resolution, where),
    )
    if isinstance(kernel, np.ndarray):
        kwargs['resample_kernel'] = taps(kernel, gain=4)
    if average is None:
        average = _average(mapping, size)
        notes.append(
            'the file has no average w; it was taken over the %d z of NumPy seed 0, as users of its program do'
            % AVERAGE_SAMPLES
        )
    average = np.asarray(average, np.float32).reshape(-1)
    if average.size != size:
        raise NetworkPickleError('%s has an average w of width %d where w has %d.' % (where, average.size, size))
    components = collections.OrderedDict(
        synthesis=NetworkState(VERSION, 'G_synthesis', dict(kwargs), {}, '', 'G_synthesis_stylegan2', synthesis),
        mapping=NetworkState(
            VERSION, 'G_mapping', dict(kwargs, dlatent_broadcast=2 * top - 2), {}, '', 'G_mapping', mapping
        ),
    )
    variables = collections.OrderedDict(lod=np.float32(0).reshape(()), dlatent_avg=average)
    return NetworkState(VERSION, name, dict(kwargs), components, '', 'G_main', variables)


def _length(weights, pattern, first):
    """How many names of a pattern there are, counted from `first`."""
    count = 0
    while pattern % (first + count) in weights:
        count += 1
    return count


def _synthesis(weights, top, notes):
    found, noise, maps = collections.OrderedDict(), collections.OrderedDict(), {}
    has_noise = 'noises.noise_0' in weights
    random = np.random.RandomState(NOISE_SEED)
    if not has_noise:
        notes.append('the file has no noise images; they were drawn from NumPy seed %d' % NOISE_SEED)

    def style(ours, theirs):
        found[ours + '/mod_weight'] = weights.take(theirs + '.conv.modulation.weight', dense, 2)
        found[ours + '/mod_bias'] = weights.take(theirs + '.conv.modulation.bias', less_one)

    def layer(ours, theirs, form, size):
        found[ours + '/weight'] = weights.take(theirs + '.conv.weight', form, 5)
        style(ours, theirs)
        found[ours + '/noise_strength'] = weights.take(theirs + '.noise.weight', scalar)
        found[ours + '/bias'] = weights.take(theirs + '.activate.bias')
        maps[size] = found[ours + '/bias'].size
        number = len(noise)
        noise['noise%d' % number] = (
            weights.take('noises.noise_%d' % number, noise_image)
            if has_noise
            else random.randn(1, 1, size, size).astype(np.float32)
        )

    def rgb(ours, theirs):
        found[ours + '/weight'] = weights.take(theirs + '.conv.weight', _modulated, 5)
        style(ours, theirs)
        found[ours + '/bias'] = weights.take(theirs + '.bias', lambda tensor: tensor.reshape(-1))

    found['4x4/Const/const'] = weights.take('input.input', rank=4)
    layer('4x4/Conv', 'conv1', _modulated, 4)
    rgb('4x4/ToRGB', 'to_rgb1')
    for res in range(3, top + 1):
        size = 2**res
        scope = '%dx%d/' % (size, size)
        layer(scope + 'Conv0_up', 'convs.%d' % (2 * res - 6), _modulated_reversed, size)
        layer(scope + 'Conv1', 'convs.%d' % (2 * res - 5), _modulated, size)
        rgb(scope + 'ToRGB', 'to_rgbs.%d' % (res - 3))
    return collections.OrderedDict(list(noise.items()) + list(found.items())), maps


def _average(mapping, size):
    """The mean w of AVERAGE_SAMPLES latents: the mapping network in NumPy (float64)."""
    x = np.random.RandomState(0).randn(AVERAGE_SAMPLES, size)
    x /= np.sqrt(np.mean(np.square(x), axis=1, keepdims=True) + 1e-8)
    for i in range(len(mapping) // 2):
        weight, bias = mapping['Dense%d/weight' % i], mapping['Dense%d/bias' % i]
        x = np.dot(x, weight.astype(np.float64) * (LRMUL / np.sqrt(len(weight)))) + bias * LRMUL
        x = np.where(x < 0, 0.2 * x, x) * np.sqrt(2)
    return x.mean(axis=0)


# ------------------------------------------------------------------ discriminator


def discriminator(tensors, where, name):
    """NetworkState of a discriminator. Raises NetworkPickleError."""
    weights = Weights(tensors, where, _is_filter)
    top = _length(weights, 'convs.%d.skip.1.weight', 1) + 2
    resolution = 2**top
    variables, maps = collections.OrderedDict(), {}

    def layer(ours, weight, bias, form=convolution):
        variables[ours + '/weight'] = weights.take(weight, form, 4 if form is convolution else 2)
        variables[ours + '/bias'] = weights.take(bias)
        return variables[ours + '/bias'].size

    layer('%dx%d/FromRGB' % (resolution, resolution), 'convs.0.0.weight', 'convs.0.1.bias')
    for j in range(1, top - 1):
        size = resolution >> (j - 1)
        scope, theirs = '%dx%d/' % (size, size), 'convs.%d.' % j
        maps[size] = layer(scope + 'Conv0', theirs + 'conv1.0.weight', theirs + 'conv1.1.bias')
        layer(scope + 'Conv1_down', theirs + 'conv2.1.weight', theirs + 'conv2.2.bias')
        variables[scope + 'Skip/weight'] = weights.take(theirs + 'skip.1.weight', convolution, 4)
    maps[4] = layer('4x4/Conv', 'final_conv.0.weight', 'final_conv.1.bias')
    layer('4x4/Dense0', 'final_linear.0.weight', 'final_linear.0.bias', dense)
    layer('Output', 'final_linear.1.weight', 'final_linear.1.bias', dense)
    weights.check_used()
    kwargs = collections.OrderedDict(
        num_channels=variables['%dx%d/FromRGB/weight' % (resolution, resolution)].shape[2],
        resolution=resolution,
        label_size=0,
        architecture='resnet',
        mbstd_group_size=4,
        mbstd_num_features=1,
        **widths(maps, resolution, where),
    )
    return NetworkState(VERSION, name, dict(kwargs), collections.OrderedDict(), '', 'D_stylegan2', variables)
