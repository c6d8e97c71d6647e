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


def torchvision(path, with_dense=False, **changed):
    """As torchvision's vgg16-*.pth."""
    tensors = {}
    for place, (kernel, bias) in zip(PLACES, convolutions()):
        tensors['features.%d.weight' % place], tensors['features.%d.bias' % place] = kernel, bias
    for place, (matrix, bias) in zip((0, 3, 6), dense() if with_dense else []):
        tensors['classifier.%d.weight' % place], tensors['classifier.%d.bias' % place] = matrix, bias
    tensors.update(changed)
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
