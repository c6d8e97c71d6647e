"""Slow NumPy versions of both generations' layers and generators, written from their equations, in float64 and NCHW.

An independent answer for the tests; nothing here is shared with the networks under test. Variables come as a dict
local name -> array. See the StyleGAN paper (section 2), the StyleGAN2 paper (sections 2 to 4) and their appendices.
"""

import numpy as np

# ------------------------------------------------------------------ layers of both generations


def correlate(x, w, stride=1, pad=0):
    """Cross-correlation of [N, I, H, W] with [kh, kw, I, O], zero padding on all sides, fully covered positions."""
    x = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)], 'constant')
    kh, kw = w.shape[:2]
    rows, cols = x.shape[2] - kh + 1, x.shape[3] - kw + 1
    out = sum(
        np.einsum('nihw,io->nohw', x[:, :, a : a + rows, b : b + cols], w[a, b]) for a in range(kh) for b in range(kw)
    )
    return out[:, :, ::stride, ::stride]


def same(x, w):
    return correlate(x, w, pad=w.shape[0] // 2)


def upfirdn(x, k, up=1, down=1, before=0, after=0):
    """Zero stuffing, padding (negative: cropping), true convolution with k [kh, kw], every down-th sample."""
    n, c, height, width = x.shape
    stuffed = np.zeros([n, c, height * up, width * up])
    stuffed[:, :, ::up, ::up] = x
    pads = (max(before, 0), max(after, 0))
    padded = np.pad(stuffed, [(0, 0), (0, 0), pads, pads], 'constant')
    crop = slice(max(-before, 0), -after if after < 0 else None)
    padded = padded[:, :, crop, crop]
    rows, cols = padded.shape[2] - k.shape[0] + 1, padded.shape[3] - k.shape[1] + 1
    out = sum(
        padded[:, :, a : a + rows, b : b + cols] * k[-1 - a, -1 - b]
        for a in range(k.shape[0])
        for b in range(k.shape[1])
    )
    return out[:, :, ::down, ::down]


def kernel(taps, gain=1.0):
    taps = np.asarray([1, 1] if taps is None else taps, dtype=np.float64)
    taps = np.outer(taps, taps) if taps.ndim == 1 else taps
    return taps / taps.sum() * gain


def nearest_up(x, factor=2):
    return x.repeat(factor, axis=2).repeat(factor, axis=3)


def box_down(x, factor=2):
    n, c, height, width = x.shape
    return x.reshape(n, c, height // factor, factor, width // factor, factor).mean(axis=(3, 5))


def lrelu(x):
    return np.maximum(x, 0.2 * x)


def normalize(x):
    """Second moment of axis 1 to 1."""
    return x / np.sqrt(np.mean(np.square(x), axis=1, keepdims=True) + 1e-8)


def hat(w, gain=1.0, lrmul=1.0):
    """Equalised weight."""
    return w * (gain / np.sqrt(np.prod(w.shape[:-1])) * lrmul)


def per_channel(v):
    return v[..., np.newaxis, np.newaxis]


def minibatch_stddev(x, group_size, num_features):
    """Sample n = g M + m belongs to group m."""
    count, channels = x.shape[:2]
    group = min(group_size or count, count)
    groups, width = count // group, channels // num_features
    extra = np.zeros([count, num_features] + list(x.shape[2:]))
    for m in range(groups):
        members = list(range(m, count, groups))
        for f in range(num_features):
            part = x[members, f * width : (f + 1) * width]
            extra[members, f] = np.sqrt(part.var(axis=0) + 1e-8).mean()
    return np.concatenate([x, extra], axis=1)


# ------------------------------------------------------------------ first generation


def blur(x, taps):
    """3 x 3 filter on zero-padded images: a correlation."""
    k = kernel(taps)
    return upfirdn(x, k[::-1, ::-1], before=(len(k) - 1) // 2, after=len(k) // 2)


def up_conv1(x, w, fused):
    """Non-fused: nearest neighbour, then correlation. Fused: scatter of a 4 x 4 kernel, stride 2."""
    if not fused:
        return same(nearest_up(x), w)
    big = np.zeros((4, 4) + w.shape[2:])
    for p in (0, 1):
        for q in (0, 1):
            big[p : p + 3, q : q + 3] += w
    n, _, height, width = x.shape
    out = np.zeros([n, w.shape[3], 2 * height + 2, 2 * width + 2])  # One more on each side, cut off below.
    for a in range(4):
        for b in range(4):
            out[:, :, a : a + 2 * height : 2, b : b + 2 * width : 2] += np.einsum('nihw,io->nohw', x, big[a, b])
    return out[:, :, 1:-1, 1:-1]


def instance_norm(x, epsilon=1e-8):
    u = x - x.mean(axis=(2, 3), keepdims=True)
    return u / np.sqrt(np.mean(np.square(u), axis=(2, 3), keepdims=True) + epsilon)


def style_mod(x, dlatent, weight, bias):
    q = dlatent.dot(hat(weight)) + bias
    channels = x.shape[1]
    return x * (per_channel(q[:, :channels]) + 1) + per_channel(q[:, channels:])


def synthesize1(v, dlatents, resolution, fused_from=128, lod=0.0, epsilon=1e-8, changes=None):
    """StyleGAN synthesis with stored noise. v: local name -> array; dlatents [N, L, D]; changes: of layers' outputs, by
    scope. Returns [N, C, R, R].
    """
    top, changes = int(np.log2(resolution)), changes or {}

    def epilogue(x, scope, layer):
        x = x + v['noise%d' % layer] * per_channel(v[scope + '/Noise/weight'])
        x = instance_norm(lrelu(x + per_channel(v[scope + '/bias'])), epsilon)
        x = style_mod(x, dlatents[:, layer], v[scope + '/StyleMod/weight'], v[scope + '/StyleMod/bias'])
        return x + changes.get(scope, 0)

    def to_rgb(x, res):
        scope = 'ToRGB_lod%d' % (top - res)
        return correlate(x, hat(v[scope + '/weight'])) + per_channel(v[scope + '/bias'])

    gain = np.sqrt(2)
    x = epilogue(v['4x4/Const/const'].repeat(len(dlatents), axis=0), '4x4/Const', 0)
    x = epilogue(same(x, hat(v['4x4/Conv/weight'], gain)), '4x4/Conv', 1)
    image = to_rgb(x, 2)
    for res in range(3, top + 1):
        scope = '%dx%d' % (2**res, 2**res)
        x = up_conv1(x, hat(v[scope + '/Conv0_up/weight'], gain), fused=2**res >= fused_from)
        x = epilogue(blur(x, [1, 2, 1]), scope + '/Conv0_up', 2 * res - 4)
        x = epilogue(same(x, hat(v[scope + '/Conv1/weight'], gain)), scope + '/Conv1', 2 * res - 3)
        rgb = to_rgb(x, res)
        image = rgb + (nearest_up(image) - rgb) * np.clip(lod - (top - res), 0, 1)
    return image


# ------------------------------------------------------------------ second generation


def upsample(x, taps):
    k = kernel(taps, 4)
    p = len(k) - 2
    return upfirdn(x, k, up=2, before=(p + 1) // 2 + 1, after=p // 2)


def downsample(x, taps):
    k = kernel(taps)
    p = len(k) - 2
    return upfirdn(x, k, down=2, before=(p + 1) // 2, after=p // 2)


def up_convolve(x, w, taps):
    """Full correlation of the zero-stuffed image without its trailing zeros, then the filter."""
    n, c, height, width = x.shape
    stuffed = np.zeros([n, c, 2 * height - 1, 2 * width - 1])
    stuffed[:, :, ::2, ::2] = x
    k, size = kernel(taps, 4), len(w)
    p = (len(k) - 2) - (size - 1)
    return upfirdn(correlate(stuffed, w, pad=size - 1), k, before=(p + 1) // 2 + 1, after=p // 2 + 1)


def down_convolve(x, w, taps):
    k, size = kernel(taps), len(w)
    p = (len(k) - 2) + (size - 1)
    return correlate(upfirdn(x, k, before=(p + 1) // 2, after=p // 2), w, stride=2)


def modulated_conv(x, dlatent, v, scope, up=False, demodulate=True, taps=(1, 3, 3, 1)):
    """Weights are scaled for each sample apart, as the paper writes it (equations 1 and 3)."""
    w = hat(v[scope + '/weight'])
    style = dlatent.dot(hat(v[scope + '/mod_weight'])) + v[scope + '/mod_bias'] + 1
    out = []
    for image, s in zip(x, style):
        own = w * s[:, np.newaxis]
        if demodulate:
            own = own / np.sqrt(np.sum(np.square(own), axis=(0, 1, 2)) + 1e-8)
        out.append(up_convolve(image[np.newaxis], own, taps) if up else same(image[np.newaxis], own))
    return np.concatenate(out)


def synthesize2(v, dlatents, resolution, architecture='skip', changes=None):
    """StyleGAN2 synthesis with stored noise; arguments as in `synthesize1`."""
    top, changes = int(np.log2(resolution)), changes or {}

    def layer(x, scope, index, up=False):
        x = modulated_conv(x, dlatents[:, index], v, scope, up)
        x = x + v['noise%d' % index] * v[scope + '/noise_strength'] + per_channel(v[scope + '/bias'])
        return np.sqrt(2) * lrelu(x) + changes.get(scope, 0)

    def to_rgb(x, res):
        scope = '%dx%d/ToRGB' % (2**res, 2**res)
        return modulated_conv(x, dlatents[:, 2 * res - 3], v, scope, demodulate=False) + per_channel(v[scope + '/bias'])

    x = layer(v['4x4/Const/const'].repeat(len(dlatents), axis=0), '4x4/Conv', 0)
    image = to_rgb(x, 2) if architecture == 'skip' else None
    for res in range(3, top + 1):
        scope = '%dx%d' % (2**res, 2**res)
        y = layer(layer(x, scope + '/Conv0_up', 2 * res - 5, up=True), scope + '/Conv1', 2 * res - 4)
        x = (
            (y + up_convolve(x, hat(v[scope + '/Skip/weight']), [1, 3, 3, 1])) / np.sqrt(2)
            if architecture == 'resnet'
            else y
        )
        if architecture == 'skip':
            image = upsample(image, [1, 3, 3, 1]) + to_rgb(x, res) + changes.get(scope + '/ToRGB', 0)
    return to_rgb(x, top) if image is None else image
