"""Random weights of small judges in the forms in which several programs keep the published ones.

Kernels are [out, in, height, width]. The official pickles' own names of variables are not known here: those below are
made up, and what reads them goes by order and shape.
"""

import collections

import numpy as np

from tests import make_pickles, plain_torch

WIDTHS = (4, 5, 6, 7, 8)
DENSE_SIZES = (9, 10)
CLASSES = 11
PLACES = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)


def small(monkeypatch):
    """Lets the readers take VGG16 for one of these widths."""
    from dnnlib.judge_states import vgg16

    monkeypatch.setattr(vgg16, 'WIDTHS', WIDTHS)
    monkeypatch.setattr(vgg16, 'DENSE_SIZES', DENSE_SIZES)


def convolutions(seed=0):
    """13 of (kernel, bias)."""
    rnd, found, inputs = np.random.RandomState(seed), [], 3
    for count, width in zip((2, 2, 3, 3, 3), WIDTHS):
        for _ in range(count):
            kernel = rnd.randn(width, inputs, 3, 3) * np.sqrt(2 / (9 * inputs))
            found.append((kernel.astype(np.float32), (rnd.randn(width) * 0.1).astype(np.float32)))
            inputs = width
    return found


def dense(seed=1):
    """3 of (matrix [out, in], bias); the columns of the first are channel-major."""
    rnd, found, inputs = np.random.RandomState(seed), [], WIDTHS[-1] * 49
    for size in DENSE_SIZES + (CLASSES,):
        found.append(((rnd.randn(size, inputs) / np.sqrt(inputs)).astype(np.float32), rnd.randn(size).astype('f')))
        inputs = size
    return found


def heads(seed=2):
    rnd = np.random.RandomState(seed)
    return [rnd.rand(width).astype(np.float32) for width in WIDTHS]


def _hwio(kernel):
    return kernel.transpose(2, 3, 1, 0)


def official(path, with_heads=False, with_dense=False, kernels=_hwio, changed=None):
    """A pickle like the official ones: a function of the file's own, variables in their order of creation."""
    variables = collections.OrderedDict()
    for i, (kernel, bias) in enumerate(convolutions()):
        variables['conv%d/weight' % (i + 1)], variables['conv%d/bias' % (i + 1)] = kernels(kernel), bias
    for i, (matrix, bias) in enumerate(dense() if with_dense else []):
        variables['fc%d/weight' % (i + 1)], variables['fc%d/bias' % (i + 1)] = matrix.T, bias
    for i, head in enumerate(heads() if with_heads else []):
        variables['lin%d/weight' % i] = head[np.newaxis, np.newaxis, :, np.newaxis]
    variables.update(changed or {})
    variables = [(name, value) for name, value in variables.items() if value is not None]
    state = make_pickles.state(
        'vgg16_zhang_perceptual' if with_heads else 'vgg16', 'judge', variables, 3, build_module_src='raise OSError()'
    )
    path.write_bytes(make_pickles.dumps(state, 4))
    return path


def torchvision(path, with_dense=False, changed=None):
    """As torchvision's vgg16-*.pth."""
    tensors = {}
    for place, (kernel, bias) in zip(PLACES, convolutions()):
        tensors['features.%d.weight' % place], tensors['features.%d.bias' % place] = kernel, bias
    for place, (matrix, bias) in zip((0, 3, 6), dense() if with_dense else []):
        tensors['classifier.%d.weight' % place], tensors['classifier.%d.bias' % place] = matrix, bias
    tensors.update(changed or {})
    tensors = {name: value for name, value in tensors.items() if value is not None}
    path.write_bytes(plain_torch.state_dict(tensors))
    return path


def lpips_heads(path, values=None):
    """As vgg.pth of the package lpips."""
    values = heads() if values is None else values
    tensors = {'lin%d.model.1.weight' % i: head[np.newaxis, :, np.newaxis, np.newaxis] for i, head in enumerate(values)}
    path.write_bytes(plain_torch.state_dict(tensors))
    return path


def keras(path, with_dense=False, nested=False):
    """As Keras' vgg16_weights_tf_dim_ordering_tf_kernels*.h5; `nested` as tf.keras saves weights."""
    import h5py

    blocks = [(b + 1, i + 1) for b, count in enumerate((2, 2, 3, 3, 3)) for i in range(count)]
    with h5py.File(str(path), 'w') as file:
        for (block, i), (kernel, bias) in zip(blocks, convolutions()):
            name = 'block%d_conv%d' % (block, i)
            kernel = kernel[:, ::-1] if (block, i) == (1, 1) else kernel  # Blue first.
            group = file.create_group('%s/%s' % (name, name) if nested else name)
            words = ('kernel:0', 'bias:0') if nested else (name + '_W_1:0', name + '_b_1:0')
            for word, value in zip(words, (_hwio(kernel), bias)):
                group.create_dataset(word, data=value)
        file.create_group('block1_pool')
        for name, (matrix, bias) in zip(('fc1', 'fc2', 'predictions'), dense() if with_dense else []):
            if name == 'fc1':  # Rows by position first.
                matrix = matrix.reshape(-1, WIDTHS[-1], 7, 7).transpose(0, 2, 3, 1).reshape(len(matrix), -1)
            for word, value in zip(('_W_1:0', '_b_1:0'), (matrix.T, bias)):
                file.create_dataset('%s/%s%s' % (name, name, word), data=value)
    return path


# ------------------------------------------------------------------ Inception-v3

DIVISOR, RESOLUTION = 16, 75


def small_inception(monkeypatch):
    """Lets the readers take Inception-v3 with so many times fewer channels, for smaller images."""
    from dnnlib.judge_states import inception_v3

    monkeypatch.setattr(inception_v3, 'DIVISOR', DIVISOR)
    monkeypatch.setattr(inception_v3, 'RESOLUTION', RESOLUTION)


def inception(seed=7):
    """The tensors of pt_inception-2015-12-05-*.pth: {'Conv2d_1a_3x3.conv.weight': [out, in, 3, 3], ...}."""
    from dnnlib.judge_states import inception_v3

    rnd, tensors = np.random.RandomState(seed), collections.OrderedDict()
    for name, (_, (height, width, inputs, outputs)) in zip(inception_v3.TORCH_NAMES, inception_v3.convolutions()):
        kernel = rnd.randn(outputs, inputs, height, width) * np.sqrt(2 / (height * width * inputs))
        values = dict(weight=1 + rnd.rand(outputs), bias=rnd.randn(outputs))
        values.update(running_mean=rnd.randn(outputs), running_var=1 + rnd.rand(outputs))
        tensors[name + '.conv.weight'] = kernel.astype(np.float32)
        tensors.update(('%s.bn.%s' % (name, last), value.astype(np.float32)) for last, value in values.items())
        tensors[name + '.bn.num_batches_tracked'] = np.float32(0)
    features = 2048 // DIVISOR
    tensors['fc.weight'] = (rnd.randn(1008, features) / np.sqrt(features)).astype(np.float32)
    tensors['fc.bias'] = rnd.randn(1008).astype(np.float32)
    return tensors


def official_inception(path, with_classes=False, changed=None):
    """A pickle like the official ones, with names as of the graph of 2015, whose normalisation has no gamma."""
    from dnnlib.judge_states import inception_v3

    tensors, variables = inception(), collections.OrderedDict()
    for name, (ours, _) in zip(inception_v3.TORCH_NAMES, inception_v3.convolutions()):
        gamma = tensors[name + '.bn.weight']
        variables[ours + '/conv2d_params'] = _hwio(tensors[name + '.conv.weight'])
        variables[ours + '/batchnorm/beta'] = tensors[name + '.bn.bias']
        variables[ours + '/batchnorm/moving_mean'] = tensors[name + '.bn.running_mean']
        variables[ours + '/batchnorm/moving_variance'] = (tensors[name + '.bn.running_var'] + 1e-3) / gamma**2 - 1e-3
    if with_classes:
        variables['softmax/weights'], variables['softmax/biases'] = tensors['fc.weight'].T, tensors['fc.bias']
    variables.update(changed or {})
    state = make_pickles.state('inception_v3', 'judge', list(variables.items()), 3, build_module_src='raise OSError()')
    path.write_bytes(make_pickles.dumps(state, 4))
    return path


def torch_inception(path, changed=None):
    path.write_bytes(plain_torch.state_dict(dict(inception(), **(changed or {}))))
    return path


# ------------------------------------------------------------------ classifiers


def classifier(path, has_statistics=False):
    """A pickle like the official ones: a discriminator of StyleGAN under another name."""
    from tests import small_networks

    with small_networks.fresh_session():
        net = small_networks.build(
            'nvlabs_stylegan.networks.D_basic',
            num_channels=3,
            resolution=16,
            fmap_base=64,
            fmap_max=16,
            mbstd_group_size=4 if has_statistics else 0,
        )
        values = list(net.own_values().items())
    state = make_pickles.state('classifier', 'judge', values, 3, build_module_src='raise OSError()')
    path.write_bytes(make_pickles.dumps(state, 4))
    return path
