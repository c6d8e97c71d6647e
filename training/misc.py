"""Helpers that scripts expect under `training.misc`: pickles, images, earlier runs (official StyleGAN and StyleGAN2
API).
"""

import contextlib
import glob
import os
import re
import uuid

import numpy as np
import PIL.Image

import config
import dnnlib
from dnnlib import portable_pickle
from dnnlib.submission.submit import load_submit_config

CACHE_DIR = '.stylegan2-cache'  # Of downloads, and of what metrics know of real images.


# ------------------------------------------------------------------ files


def open_file_or_url(file_or_url):
    """Binary file object of a path, or of a URL through the cache in `.stylegan2-cache`."""
    return open(_local_file(file_or_url), 'rb')


def load_pkl(file_or_url):
    """The data or networks in a pickle; needs `tflib.init_tf()`. Nothing that the file embeds is executed, unless
    REGAN_TRUST_EMBEDDED_CODE=1 is set. Of published judges the address finds the file in the folder that
    REGAN_METRIC_NETWORKS names.
    """
    from dnnlib.tflib import revival  # Here, because the image helpers need no TensorFlow.
    from regan.judges import judge_files

    judge = judge_files.at_address(str(file_or_url))
    if judge is not None:
        network = judge.network()
        network.build()
        return network
    return revival.load_pickle(_local_file(file_or_url), build=True)


def save_pkl(obj, filename):
    """Pickles an object, such as the networks (G, D, Gs), so that plain `pickle.load` reads it on both stacks. The file
    appears when it is complete.
    """
    with _atomic_path(filename) as temporary, open(temporary, 'wb') as f:
        portable_pickle.dump(obj, f)


def _local_file(file_or_url):
    if dnnlib.util.is_url(file_or_url, allow_file_urls=True):
        return dnnlib.util.open_url(file_or_url, cache_dir=CACHE_DIR, return_filename=True)
    return file_or_url


@contextlib.contextmanager
def _atomic_path(path):
    """A temporary path in the same folder that becomes `path` if the body succeeds, and is removed if not."""
    folder, name = os.path.split(os.fspath(path))
    temporary = os.path.join(folder, 'tmp_%s_%s' % (uuid.uuid4().hex, name))
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


# ------------------------------------------------------------------ images


def adjust_dynamic_range(data, drange_in, drange_out):
    """Maps the range drange_in linearly to drange_out, in float32. Array or float32 tensor; unchanged if the ranges
    are equal.
    """
    if list(drange_in) == list(drange_out):
        return data
    scale = (np.float32(drange_out[1]) - np.float32(drange_out[0])) / (
        np.float32(drange_in[1]) - np.float32(drange_in[0])
    )
    bias = np.float32(drange_out[0]) - np.float32(drange_in[0]) * scale
    return (data.astype(np.float32) if isinstance(data, np.ndarray) else data) * scale + bias


def create_image_grid(images, grid_size=None):
    """Images [N, C, H, W] or [N, H, W] in one image [C, rows * H, cols * W] or [rows * H, cols * W], row by row.

    grid_size: (cols, rows); default: cols = ceil(sqrt(N)), and as many rows as needed. Free places are 0.
    """
    images = np.asarray(images)
    if images.ndim not in (3, 4):
        raise ValueError('create_image_grid needs images [N, C, H, W] or [N, H, W], not %s.' % (images.shape,))
    num, (height, width) = images.shape[0], images.shape[-2:]
    cols, rows = grid_size or _default_grid(num)
    if num > cols * rows:
        raise ValueError('%d images do not fit in a grid of %d columns and %d rows.' % (num, cols, rows))
    grid = np.zeros(images.shape[1:-2] + (rows * height, cols * width), dtype=images.dtype)
    for i, image in enumerate(images):
        y, x = i // cols * height, i % cols * width
        grid[..., y : y + height, x : x + width] = image
    return grid


def _default_grid(num):
    cols = max(int(np.ceil(np.sqrt(num))), 1)
    return cols, max((num - 1) // cols + 1, 1)


def convert_to_pil_image(image, drange=(0, 1)):
    """Image [C, H, W] or [H, W] with values in drange -> PIL image; rounded (half to even) and clipped. 1, 3 and 4
    channels give modes L, RGB and RGBA; others raise ValueError.
    """
    image = np.asarray(image)
    if image.ndim not in (2, 3) or image.ndim == 3 and image.shape[0] not in (1, 3, 4):
        raise ValueError('a picture has 1, 3 or 4 channels [C, H, W], or is [H, W]; found %s' % (list(image.shape),))
    if image.ndim == 3:
        image = image[0] if image.shape[0] == 1 else image.transpose([1, 2, 0])
    image = adjust_dynamic_range(image, drange, [0, 255])
    return PIL.Image.fromarray(np.rint(image).clip(0, 255).astype(np.uint8))


def save_image_grid(images, filename, drange=(0, 1), grid_size=None):
    """Saves the images as one; see `create_image_grid` and `convert_to_pil_image`."""
    image = convert_to_pil_image(create_image_grid(images, grid_size), drange)
    with _atomic_path(filename) as temporary:
        image.save(temporary)


def save_image(image, filename, drange=(0, 1), quality=95):
    """Saves one image; see `convert_to_pil_image`.

    Args:
        image: [C, H, W] or [H, W].
        filename: its ending says the format.
        drange: range of the values.
        quality: of a JPEG, 1 to 95; other formats have none.
    """
    options = dict(quality=quality, optimize=True, progressive=True) if _is_jpeg(filename) else {}
    with _atomic_path(filename) as temporary:
        convert_to_pil_image(image, drange).save(temporary, **options)


def _is_jpeg(filename):
    return os.path.splitext(os.fspath(filename))[1].lower() in ('.jpg', '.jpeg')


def random_latents(num_latents, G, random_state=None):
    """Latents float32 [num_latents, ...] for a generator.

    random_state: np.random.RandomState; default: NumPy's global generator.
    """
    rnd = np.random if random_state is None else random_state
    return rnd.randn(num_latents, *G.input_shape[1:]).astype(np.float32)


def apply_mirror_augment(minibatch, rnd=np.random):
    """A copy of the images [N, C, H, W] with each flipped horizontally with probability 0.5.

    rnd: np.random.RandomState; default: NumPy's global generator, which `tflib.init_tf` can seed.
    """
    mask = rnd.rand(minibatch.shape[0]) < 0.5
    minibatch = np.array(minibatch)
    minibatch[mask] = minibatch[mask, :, :, ::-1]
    return minibatch


# ------------------------------------------------------------------ snapshot grids

_GRID_SIZES = {  # name -> (screen width and height, fewest columns and rows)
    '1080p': ((1920, 1080), (3, 2)),
    '4k': ((3840, 2160), (7, 4)),
    '8k': ((7680, 4320), (7, 4)),
}
_BLOCK_SIZES = {  # layout -> (cols, rows) of the blocks that show one class; None: the whole grid
    'row_per_class': (None, 1),
    'col_per_class': (1, None),
    'class4x4': (4, 4),
}


def setup_snapshot_image_grid(*args, G=None, training_set=None, size=None, layout=None, rnd=np.random):
    """Chooses what the sample images of a training show: as many as a screen has room for.

    Call it with (training_set, size, layout) as in StyleGAN2, or (G, training_set, size, layout) as in StyleGAN, by
    position or by name.

    Args:
        args: those of the next four that are not given by name, in this order.
        G: generator; without it there are no latents.
        training_set: data set with shape [C, H, W], label_size and get_minibatch_np(n) -> (images, labels).
        size: '1080p' (default), '4k' or '8k'.
        layout: 'random' (default), or images of one class per 'row_per_class', 'col_per_class' or 'class4x4' block.
        rnd: as in `apply_mirror_augment`, for the latents.
    Returns: (cols, rows), reals [N, C, H, W], labels [N, label_size], and, with G, latents [N, ...], N = cols * rows.
    Raises: ValueError; TypeError for arguments that are none of these.
    """
    objects, words = [x for x in args if not isinstance(x, str)], [x for x in args if isinstance(x, str)]
    G, training_set = _filled([('training_set', training_set), ('G', G)], objects[::-1])[::-1]
    size, layout = _filled([('size', size), ('layout', layout)], words)
    size, layout = size or '1080p', layout or 'random'
    if training_set is None:
        raise TypeError('setup_snapshot_image_grid needs a training set')
    cols, rows = _snapshot_grid_size(training_set.shape, size)
    if layout == 'random':
        reals, labels = training_set.get_minibatch_np(cols * rows)
    else:
        reals, labels = _images_by_class(training_set, cols, rows, layout)
    if G is None:
        return (cols, rows), reals, labels
    return (cols, rows), reals, labels, rnd.randn(cols * rows, *G.input_shape[1:])


def _filled(named, by_position):
    """The values of (name, value) pairs, where those that are None come from a list by their order."""
    waiting = list(by_position)
    values = [waiting.pop(0) if value is None and waiting else value for _, value in named]
    if waiting:
        raise TypeError('%s and more arguments were given than there are' % ', '.join(name for name, _ in named))
    return values


def _snapshot_grid_size(shape, size):
    if size not in _GRID_SIZES:
        raise ValueError('No grid size %r; the known ones are %s.' % (size, ', '.join(_GRID_SIZES)))
    (width, height), (min_cols, min_rows) = _GRID_SIZES[size]
    return int(np.clip(width // shape[2], min_cols, 32)), int(np.clip(height // shape[1], min_rows, 32))


def _images_by_class(training_set, cols, rows, layout):
    """Draws images one by one; each goes to the first block of its class that has room, until all blocks are full.

    The blocks, row by row, belong to the classes 0, 1, ..., label_size - 1, 0, 1, ...
    """
    if layout not in _BLOCK_SIZES:
        raise ValueError('No layout %r; the known ones are random, %s.' % (layout, ', '.join(_BLOCK_SIZES)))
    if training_set.label_size == 0:
        raise ValueError('The layout %r needs a data set with labels.' % layout)
    places = _places_of_classes(cols, rows, layout, training_set.label_size)
    reals = np.zeros([cols * rows] + list(training_set.shape), dtype=training_set.dtype)
    labels = np.zeros([cols * rows, training_set.label_size], dtype=training_set.label_dtype)
    for _ in range(1000000):
        if not any(places):
            return reals, labels
        real, label = training_set.get_minibatch_np(1)
        free = places[np.argmax(label[0])]
        if free:
            i = free.pop(0)
            reals[i], labels[i] = real[0], label[0]
    raise ValueError('The layout %r cannot be filled: a class of the data set has too few images.' % layout)


def _places_of_classes(cols, rows, layout, label_size):
    """For each class the list of its places in the grid (index row * cols + col), block by block."""
    block_cols, block_rows = _BLOCK_SIZES[layout]
    block_cols, block_rows = block_cols or cols, block_rows or rows
    blocks_per_row = -(-cols // block_cols)
    places = [[] for _ in range(label_size)]
    for block in range(blocks_per_row * -(-rows // block_rows)):
        top, left = block // blocks_per_row * block_rows, block % blocks_per_row * block_cols
        places[block % label_size] += [
            y * cols + x
            for y in range(top, min(top + block_rows, rows))
            for x in range(left, min(left + block_cols, cols))
        ]
    return places


# ------------------------------------------------------------------ earlier runs


def parse_config_for_previous_run(run_dir):
    """The arguments of an earlier run's function: EasyDict(train=all of them, dataset=its `dataset_args`)."""
    kwargs = load_submit_config(run_dir)['run_func_kwargs'] or {}
    return dnnlib.EasyDict(train=kwargs, dataset=kwargs.get('dataset_args', {}))


def locate_run_dir(run_id_or_run_dir):
    """The folder of a run, given as such or by its number (int or str) below `config.result_dir`."""
    if isinstance(run_id_or_run_dir, str) and os.path.isdir(run_id_or_run_dir):
        return run_id_or_run_dir
    pattern = '0*%s-' % re.escape(str(run_id_or_run_dir))
    found = [
        d
        for d in sorted(glob.glob(os.path.join(config.result_dir, '*')))
        if re.match(pattern, os.path.basename(d)) and os.path.isdir(d)
    ]
    if len(found) != 1:
        raise OSError(
            'Run %s was not found in %s: %s.'
            % (run_id_or_run_dir, config.result_dir, ', '.join(found) if found else 'no such folder')
        )
    return found[0]


def list_network_pkls(run_id_or_run_dir, include_final=True):
    """Paths of the network-*.pkl files of a run in the order of training; network-final.pkl is the last."""
    pkls = sorted(glob.glob(os.path.join(glob.escape(locate_run_dir(run_id_or_run_dir)), 'network-*.pkl')))
    final = [p for p in pkls if os.path.basename(p) == 'network-final.pkl']
    return [p for p in pkls if p not in final] + (final if include_final else [])


def locate_network_pkl(run_id_or_run_dir_or_network_pkl, snapshot_or_network_pkl=None):
    """Path of a network file: the one given, that of a snapshot (its number in kimg) of a run, or a run's last one.

    Raises: IOError.
    """
    for given in [snapshot_or_network_pkl, run_id_or_run_dir_or_network_pkl]:
        if isinstance(given, str) and os.path.isfile(given):
            return given
    pkls = list_network_pkls(run_id_or_run_dir_or_network_pkl)
    if snapshot_or_network_pkl is not None:
        pkls = [
            p
            for p in pkls
            if re.match('network-snapshot-0*%s[.]pkl' % re.escape(str(snapshot_or_network_pkl)), os.path.basename(p))
        ]
    if not pkls:
        raise OSError(
            'Run %s has no network file for snapshot %s.'
            % (run_id_or_run_dir_or_network_pkl, snapshot_or_network_pkl or '(any)')
        )
    return pkls[-1]


def load_network_pkl(run_id_or_run_dir_or_network_pkl, snapshot_or_network_pkl=None):
    """The networks of the file that `locate_network_pkl` finds."""
    return load_pkl(locate_network_pkl(run_id_or_run_dir_or_network_pkl, snapshot_or_network_pkl))
