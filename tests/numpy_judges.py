"""Networks that judge images, once more in plain NumPy.

Images are float64 [N, C, H, W]; kernels are [out, in, height, width], as PyTorch's files have them.
"""

import numpy as np

BLOCKS = (2, 2, 3, 3, 3)
LPIPS_LAYERS = (1, 3, 6, 9, 12)  # Of the 13 convolutions.


def convolve(x, kernel, bias, stride=1, pad=(0, 0)):
    x = np.pad(x, [(0, 0), (0, 0), (pad[0], pad[0]), (pad[1], pad[1])], 'constant')
    kh, kw = kernel.shape[2:]
    height, width = (x.shape[2] - kh) // stride + 1, (x.shape[3] - kw) // stride + 1
    total = 0
    for i in range(kh):
        for j in range(kw):
            part = x[:, :, i : i + stride * (height - 1) + 1 : stride, j : j + stride * (width - 1) + 1 : stride]
            total = total + np.einsum('nchw,oc->nohw', part, kernel[:, :, i, j], optimize=True)
    return total + bias[:, np.newaxis, np.newaxis]


def relu(x):
    return np.maximum(x, 0)


def vgg16_layers(images, convolutions, mean, deviation):
    """The 13 activations of images in 0..255. convolutions: list of (kernel, bias)."""
    x = (images - np.reshape(mean, [3, 1, 1])) / np.reshape(deviation, [3, 1, 1])
    found, number = [], 0
    for block, count in enumerate(BLOCKS):
        if block:
            n, c, h, w = x.shape
            x = x[:, :, : h // 2 * 2, : w // 2 * 2].reshape(n, c, h // 2, 2, w // 2, 2).max(axis=(3, 5))
        for _ in range(count):
            x = relu(convolve(x, *convolutions[number], pad=(1, 1)))
            found.append(x)
            number += 1
    return found


def lpips(a, b, convolutions, heads, mean, deviation):
    total = 0
    pairs = zip(*[vgg16_layers(images, convolutions, mean, deviation) for images in (a, b)])
    for number, (x, y) in enumerate(pairs):
        if number in LPIPS_LAYERS:
            x, y = [one / (np.sqrt(np.square(one).sum(axis=1, keepdims=True)) + 1e-10) for one in (x, y)]
            head = heads[LPIPS_LAYERS.index(number)]
            total = total + (np.square(x - y) * head[:, np.newaxis, np.newaxis]).sum(axis=1).mean(axis=(1, 2))
    return total


# ------------------------------------------------------------------ Inception-v3, by the names of PyTorch's files


def resized(images, size):
    """Bilinear, as TensorFlow 1 does it: pixel 0 stays pixel 0."""
    for axis in (2, 3):
        length = images.shape[axis]
        at = np.arange(size) * (length / size)
        low = np.floor(at).astype(int)
        high, part = np.minimum(low + 1, length - 1), at - low
        part = part.reshape([-1, 1] if axis == 2 else [-1])
        images = images.take(low, axis) * (1 - part) + images.take(high, axis) * part
    return images


def inception_features(images, tensors, size):
    """Features [N, F] of images in 0..255. tensors: as a file of PyTorch has them, batch normalisation apart."""

    def conv(x, name, stride=1, pad=(0, 0)):
        x = convolve(x, tensors[name + '.conv.weight'], np.zeros(1), stride, pad)
        beta, mean, variance, gamma = [
            tensors['%s.bn.%s' % (name, last)][:, np.newaxis, np.newaxis]
            for last in ('bias', 'running_mean', 'running_var', 'weight')
        ]
        return relu((x - mean) / np.sqrt(variance + 1e-3) * gamma + beta)

    def windows(x, stride, pad, fill):
        x = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)], 'constant', constant_values=fill)
        end = x.shape[2] - 2
        return np.stack([x[:, :, i : end + i : stride, j : end + j : stride] for i in range(3) for j in range(3)])

    def largest(x, stride=2, pad=0):
        return windows(x, stride, pad, -np.inf).max(axis=0)

    def mean_inside(x):
        return np.nanmean(windows(x, 1, 1, np.nan), axis=0)

    def first(x, block):
        a = conv(x, block + '.branch1x1')
        b = conv(conv(x, block + '.branch5x5_1'), block + '.branch5x5_2', pad=(2, 2))
        c = conv(conv(x, block + '.branch3x3dbl_1'), block + '.branch3x3dbl_2', pad=(1, 1))
        c = conv(c, block + '.branch3x3dbl_3', pad=(1, 1))
        return np.concatenate([a, b, c, conv(mean_inside(x), block + '.branch_pool')], axis=1)

    def middle(x, block):
        a = conv(x, block + '.branch1x1')
        b = conv(conv(x, block + '.branch7x7_1'), block + '.branch7x7_2', pad=(0, 3))
        b = conv(b, block + '.branch7x7_3', pad=(3, 0))
        c = conv(x, block + '.branch7x7dbl_1')
        for i, pad in [(2, (3, 0)), (3, (0, 3)), (4, (3, 0)), (5, (0, 3))]:
            c = conv(c, '%s.branch7x7dbl_%d' % (block, i), pad=pad)
        return np.concatenate([a, b, c, conv(mean_inside(x), block + '.branch_pool')], axis=1)

    def last(x, block, pool):
        a, b = conv(x, block + '.branch1x1'), conv(x, block + '.branch3x3_1')
        c = conv(conv(x, block + '.branch3x3dbl_1'), block + '.branch3x3dbl_2', pad=(1, 1))
        sides = [((0, 1), 'a'), ((1, 0), 'b')]
        parts = [a] + [conv(b, block + '.branch3x3_2' + end, pad=pad) for pad, end in sides]
        parts += [conv(c, block + '.branch3x3dbl_3' + end, pad=pad) for pad, end in sides]
        return np.concatenate(parts + [conv(pool(x), block + '.branch_pool')], axis=1)

    x = (resized(images, size) - 128) / 128
    x = conv(conv(conv(x, 'Conv2d_1a_3x3', stride=2), 'Conv2d_2a_3x3'), 'Conv2d_2b_3x3', pad=(1, 1))
    x = largest(conv(conv(largest(x), 'Conv2d_3b_1x1'), 'Conv2d_4a_3x3'))
    for block in ('Mixed_5b', 'Mixed_5c', 'Mixed_5d'):
        x = first(x, block)
    a, b = conv(x, 'Mixed_6a.branch3x3', stride=2), conv(x, 'Mixed_6a.branch3x3dbl_1')
    b = conv(conv(b, 'Mixed_6a.branch3x3dbl_2', pad=(1, 1)), 'Mixed_6a.branch3x3dbl_3', stride=2)
    x = np.concatenate([a, b, largest(x)], axis=1)
    for block in ('Mixed_6b', 'Mixed_6c', 'Mixed_6d', 'Mixed_6e'):
        x = middle(x, block)
    a = conv(conv(x, 'Mixed_7a.branch3x3_1'), 'Mixed_7a.branch3x3_2', stride=2)
    b = conv(conv(x, 'Mixed_7a.branch7x7x3_1'), 'Mixed_7a.branch7x7x3_2', pad=(0, 3))
    b = conv(conv(b, 'Mixed_7a.branch7x7x3_3', pad=(3, 0)), 'Mixed_7a.branch7x7x3_4', stride=2)
    x = np.concatenate([a, b, largest(x)], axis=1)
    x = last(x, 'Mixed_7b', mean_inside)
    return last(x, 'Mixed_7c', lambda x: largest(x, 1, 1)).mean(axis=(2, 3))
