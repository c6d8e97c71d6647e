"""Names that SciPy has dropped since 1.0: above all images of `scipy.misc`, which Pillow reads, writes and resizes."""

import numpy as np

from regan.restored.put_back import put_back


def restore(module):
    """Puts names back in one module of SciPy."""
    put_back(module, NAMES[module.__name__]())


# ------------------------------------------------------------------ images as arrays uint8 [H, W] or [H, W, C]


def imread(name, flatten=False, mode=None):
    """The image of a file: uint8 [H, W], [H, W, 3] or [H, W, 4]; with `flatten` its grey levels, float32."""
    from PIL import Image

    with Image.open(name) as image:
        return fromimage(image, flatten, mode)


def imsave(name, arr, format=None):
    """Writes an array as an image, scaled to 0-255 if it is not uint8."""
    toimage(arr, channel_axis=2).save(name, *([] if format is None else [format]))


def fromimage(im, flatten=False, mode=None):
    """The array of a PIL image; see `imread`."""
    if mode is None and im.mode == 'P':
        mode = 'RGBA' if 'transparency' in im.info else 'RGB'
    if mode is not None and mode != im.mode:
        im = im.convert(mode)
    if flatten:
        im = im.convert('F')
    elif im.mode == '1':
        im = im.convert('L')
    return np.array(im)


def toimage(arr, high=255, low=0, cmin=None, cmax=None, pal=None, mode=None, channel_axis=None):
    """The PIL image of an array [H, W], or of one that has 3 or 4 channels along `channel_axis`.

    Args:
        arr: array; one that is not uint8 is scaled with `bytescale`.
        high, low, cmin, cmax: see `bytescale`.
        pal: palette, uint8 [256, 3], for [H, W].
        mode: of the image; 'F' and 'I' keep the numbers of [H, W].
        channel_axis: default: the first axis of length 3, or else of length 4.
    Raises: ValueError if the array has no such shape.
    """
    from PIL import Image

    arr = np.asarray(arr)
    if arr.ndim == 2:
        if mode in ('F', 'I'):
            return Image.fromarray(arr.astype(np.float32 if mode == 'F' else np.int32))
        image = Image.fromarray(bytescale(arr, cmin, cmax, high, low))
        if pal is not None:
            image.putpalette(np.asarray(pal, np.uint8).tobytes())
        return image if mode in (None, image.mode) else image.convert(mode)
    axes = [axis for length in (3, 4) for axis in range(arr.ndim) if arr.shape[axis] == length]
    if arr.ndim != 3 or not axes:
        raise ValueError("'arr' does not have a suitable array shape for any mode.")
    arr = np.moveaxis(arr, axes[0] if channel_axis is None else channel_axis, 2)
    image = Image.fromarray(np.ascontiguousarray(bytescale(arr, cmin, cmax, high, low)))
    return image if mode in (None, image.mode) else image.convert(mode)


def bytescale(data, cmin=None, cmax=None, high=255, low=0):
    """An array as uint8: cmin (default: the minimum) becomes `low`, cmax (the maximum) `high`; uint8 stays as it is."""
    data = np.asarray(data)
    if data.dtype == np.uint8:
        return data
    cmin, cmax = data.min() if cmin is None else cmin, data.max() if cmax is None else cmax
    if cmax < cmin:
        raise ValueError('`cmax` should be larger than `cmin`.')
    scaled = (data - cmin * 1.0) * (high - low) / ((cmax - cmin) or 1.0) + low
    return (scaled.clip(low, high) + 0.5).astype(np.uint8)


def imresize(arr, size, interp='bilinear', mode=None):
    """An array resized as an image.

    Args:
        arr: as for `toimage`.
        size: (height, width); or a fraction, float; or percent, int.
        interp: 'nearest', 'lanczos', 'bilinear', 'bicubic' or 'cubic'.
        mode: of the image, see `toimage`.
    Returns: array, uint8 but in mode F or I.
    """
    image = toimage(arr, mode=mode)
    if np.ndim(size) == 0:
        factor = size / 100.0 if isinstance(size, (int, np.integer)) else size
        width, height = (length * factor for length in image.size)
    else:
        height, width = size
    return fromimage(image.resize((int(width), int(height)), _resampling(interp)))


def imrotate(arr, angle, interp='bilinear'):
    """An array turned anticlockwise around its centre by an angle in degrees, of the same size."""
    return fromimage(toimage(arr).rotate(angle, resample=_resampling(interp)))


def _resampling(interp):
    from PIL import Image

    return {
        'nearest': Image.NEAREST,
        'lanczos': Image.LANCZOS,
        'bilinear': Image.BILINEAR,
        'bicubic': Image.BICUBIC,
        'cubic': Image.BICUBIC,
    }[interp]


def simps(y, x=None, dx=1.0, axis=-1, even=None):
    """`scipy.integrate.simpson`, with `x` by its place; `even` has no effect any more."""
    from scipy.integrate import simpson

    return simpson(y, x=x, dx=dx, axis=axis)


# ------------------------------------------------------------------ tables, made when their module is imported


def _of_misc():
    from scipy import special

    images = (bytescale, fromimage, imread, imresize, imrotate, imsave, toimage)
    names = {function.__name__: function for function in images}
    moved = ('comb', 'factorial', 'factorial2', 'factorialk', 'logsumexp')
    return dict(names, **{name: getattr(special, name) for name in moved})


def _of_signal():
    from scipy.signal import windows

    return {name: getattr(windows, name) for name in windows.__all__ if name != 'get_window'}


NAMES = {
    'scipy.integrate': lambda: {'cumtrapz': 'cumulative_trapezoid', 'simps': simps, 'trapz': 'trapezoid'},
    'scipy.misc': _of_misc,
    'scipy.signal': _of_signal,
}
