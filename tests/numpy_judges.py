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
