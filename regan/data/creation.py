"""Data sets of TFRecords: made from a world or from images of users, described, checked, and turned back into
images.

Beside the records lie NAME.json with what made them and, for a world, NAME.factors.npy: float32 [n, factors], in the
order of the records.
"""

import contextlib
import json
import pathlib
import platform
import shutil
import sys

import numpy as np

import regan
from regan import worlds
from regan.base import artefacts
from regan.base.errors import UserError
from regan.data import label_tables, sources, tfrecords
from regan.data.gathering import Gathering
from regan.pictures import images as pictures

_SIZES = 'the sides of the images must be a power of two from 4'
_FRAMING = 80  # Bytes around the pixels of a record, at most.
_BATCH = 64  # Images at most between two reports of progress.


# ------------------------------------------------------------------ making


def create_from_world(folder, world, n, resolution, seed, supersampling=2, progress=None):
    """Samples n factor vectors and writes their images, in this order.

    Args:
        folder: the data set; must not exist.
        world: with name, factor_names, sample(n, seed) and render(factors, resolution, supersampling), see
            `regan.worlds`.
        progress: called with the number of images after each batch.

    Raises:
        UserError: bad resolution, existing folder, or no room.
    """
    with _new_of_worlds(folder, n, resolution) as writer:
        factors = _render(writer, world, n, resolution, seed, supersampling, progress)
        artefacts.write_npy(writer.path('.factors.npy'), factors)
        _write_facts(
            writer,
            source='world',
            world=world.name,
            factor_names=list(world.factor_names),
            seed=seed,
            supersampling=supersampling,
            renderer=worlds.RENDERER_VERSION,
        )


def create_from_worlds(folder, classes, n, resolution, seed, supersampling=2, progress=None):
    """As `create_from_world`, n images of each of several worlds, one after the other, with one-hot labels: the worlds
    are the classes, in this order. Their factors have different names, so there is no table of factors.

    Args:
        classes: list of worlds, no two of one name.

    Raises:
        UserError: as there, or a world that comes twice.
    """
    names = [world.name for world in classes]
    if len(set(names)) < len(names):
        raise UserError('each world can be one class only, but they are %s' % ', '.join(names))
    with _new_of_worlds(folder, n * len(classes), resolution) as writer:
        for world in classes:
            _render(writer, world, n, resolution, seed, supersampling, progress)
        writer.add_labels(np.eye(len(classes), dtype=np.float32).repeat(n, axis=0))
        _write_facts(
            writer,
            source='worlds',
            classes=names,
            seed=seed,
            supersampling=supersampling,
            renderer=worlds.RENDERER_VERSION,
        )


@contextlib.contextmanager
def _new_of_worlds(folder, n, resolution):
    if not tfrecords.is_resolution(resolution):
        raise UserError('there can be no data set at resolution %d; %s' % (resolution, _SIZES))
    with tfrecords.new_data_set(folder) as writer:
        _check_room(writer, n, (3, resolution, resolution))
        yield writer


def _render(writer, world, n, resolution, seed, supersampling, progress):
    """Writes n images of a world; returns their factors, float32 [n, F]."""
    factors = world.sample(n, seed).astype(np.float32)
    for start in _batches(n, 3 * resolution**2):
        rendered = world.render(factors[start], resolution=resolution, supersampling=supersampling)  # [N, H, W, 3]
        _add(writer, rendered.transpose(0, 3, 1, 2), progress)
    return factors


def create_from_images(
    folder, source, resolution=None, resize=False, shuffle=True, labels=None, strict=False, progress=None
):
    """Writes the images found in a folder and all folders in it, or in a zip file, sorted by path.

    They become RGB of 8 bits, or grey if all of them are, and upright, see `regan.pictures.reading`; how many had to be
    changed is in NAME.json.

    Args:
        folder: the data set; must not exist.
        source: folder or zip file of images, square, of one size that is a power of two.
        resolution: that size, if it shall be checked; needed with `resize`.
        resize: cut the central square out of each image and resize it to `resolution` (Lanczos).
        shuffle: store the images in the official tool's shuffled order.
        labels: file of labels, 'folders', or 'none'; default: the source's dataset.json, if it has one. See
            `regan.data.label_tables.choose`.
        strict: refuse images whose pixels would have to be converted.
        progress: called with the number of images after each batch.

    Raises:
        UserError: it names all images or labels that do not fit.
    """
    if resize and resolution is None or resolution is not None and not tfrecords.is_resolution(resolution):
        raise UserError('say which resolution the data set shall have; %s' % _SIZES)
    images = sources.Images(source)
    with contextlib.closing(images), tfrecords.new_data_set(folder) as writer:
        table, about_labels = label_tables.choose(labels, images)
        gathering = Gathering(images, resolution, resize, strict)
        n = len(images.names)
        order = tfrecords.shuffled_order(n) if shuffle else np.arange(n)
        _check_room(writer, n, gathering.shape)
        for batch in _batches(n, int(np.prod(gathering.shape))):
            _add(writer, gathering.read([images.names[i] for i in order[batch]]), progress)
        if table is not None:
            writer.add_labels(table[order])
        _write_facts(
            writer,
            source='images',
            images=pathlib.Path(source).resolve().name,
            shuffled=shuffle,
            resized=resize,
            **_said(changed=gathering.changed, changes=gathering.changes, left_out=images.left_out),
            **about_labels,
        )


def _said(**facts):
    """Those of the facts that say something."""
    return {name: value for name, value in facts.items() if value}


def _batches(n, image_bytes):
    """Slices of 0..n-1 of a size that suits the writer."""
    step = min(max(tfrecords.BATCH_BYTES // image_bytes, 1), _BATCH)
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]


def _add(writer, images, progress):
    writer.add(images)
    if progress:
        progress(len(images))


def _check_room(writer, n, shape):
    """Rather now than after hours of rendering: all resolutions together take 4/3 of the largest."""
    needed = n * (int(np.prod(shape)) * 4 // 3 + _FRAMING * shape[1].bit_length())
    folder = writer.path('').parent
    free = shutil.disk_usage(str(folder)).free
    if free < needed:
        raise UserError(
            'the data set needs %s, but %s has only %s free; make room or choose another place'
            % (_size(needed), folder.parent, _size(free))
        )


def _write_facts(writer, **facts):
    software = dict(regan=regan.__version__, python=platform.python_version(), numpy=np.__version__)
    if 'numba' in sys.modules:
        software['numba'] = sys.modules['numba'].__version__
    facts = dict(
        facts, n=writer.num_images, resolution=int(writer.shape[1]), channels=int(writer.shape[0]), software=software
    )
    artefacts.write_json(writer.path('.json'), facts)


# ------------------------------------------------------------------ reading


def describe(folder):
    """What a data set is: dict of folder, images, resolution, channels, resolutions, bytes, label_size, factors, facts.

    Raises:
        UserError: the files are not one whole data set.
    """
    levels = _open(folder)
    tfrecords.close_levels(levels)
    first = levels[0]
    labels = [tfrecords.read_table(path, first.num_images) for path in sorted(first.path.parent.glob('*.labels'))[:1]]
    return dict(
        folder=str(folder),
        images=first.num_images,
        resolution=first.shape[1],
        channels=first.shape[0],
        resolutions=[level.shape[1] for level in levels],
        bytes=sum(level.num_images * level.record_bytes for level in levels),
        label_size=labels[0].shape[1] if labels else 0,
        factors=_num_factors(first),
        facts=_read_facts(first),
    )


def report(description):
    """The text of a description, for people."""
    facts = description['facts'] or {}
    lines = [
        '%s: %d images, %dx%d, %s'
        % (
            description['folder'],
            description['images'],
            description['resolution'],
            description['resolution'],
            {1: 'grey', 3: 'RGB'}[description['channels']],
        ),
        'resolutions  %s' % ', '.join(map(str, description['resolutions'])),
        'size         %s' % _size(description['bytes']),
        'labels       %s' % (description['label_size'] or 'none'),
        'factors      %s' % (description['factors'] or 'none'),
    ]
    lines += [
        '%-12s %s' % (key, _as_text(value))
        for key, value in sorted(facts.items())
        if key not in ('n', 'resolution', 'channels', 'software')
    ]
    lines += (
        ['made with    %s' % ', '.join('%s %s' % item for item in facts['software'].items())]
        if 'software' in facts
        else []
    )
    return '\n'.join(lines)


def _as_text(value):
    if isinstance(value, dict):
        return ', '.join('%s: %s' % item for item in value.items())
    return ', '.join('%s' % v for v in value) if isinstance(value, list) else value


def check(folder, progress=None):
    """Reads every record of every resolution; progress(n) is called after n more bytes.

    Raises:
        UserError: it names the file and the record that is damaged.
    """
    levels = _open(folder)
    try:
        for level in levels:
            level.check(progress and (lambda n: progress(n * level.record_bytes)))
    finally:
        tfrecords.close_levels(levels)


def extract(folder, out, progress=None):
    """Writes the images at full resolution as img00000000.png, ... into the new folder `out`, in the order of the
    records.

    Raises:
        UserError: a damaged record, an existing folder, a full disk.
    """
    levels = _open(folder)
    try:
        with tfrecords.new_folder(out) as temporary:
            for batch in _batches(levels[0].num_images, levels[0].record_bytes):
                images = levels[0].read(np.arange(batch.start, batch.stop)).transpose(0, 2, 3, 1)  # [N, H, W, C]
                for number, image in enumerate(images, batch.start):
                    pictures.save_png(temporary / ('img%08d.png' % number), image)
                if progress:
                    progress(len(images))
    finally:
        tfrecords.close_levels(levels)


def _open(folder):
    if not pathlib.Path(folder).is_dir():
        raise UserError('there is no folder %s' % folder)
    return tfrecords.open_levels(folder)


def _num_factors(level):
    path = level.path.with_name(level.name + '.factors.npy')
    return tfrecords.read_table(path, level.num_images).shape[1] if path.is_file() else 0


def _read_facts(level):
    path = level.path.with_name(level.name + '.json')
    try:
        return json.loads(path.read_text(encoding='utf-8')) if path.is_file() else None
    except ValueError as error:
        raise UserError('%s is no JSON (%s); repair or remove it' % (path, error)) from error


def _size(count):
    for unit in ['bytes', 'KB', 'MB', 'GB']:  # noqa: B007  # It is used below.
        if count < 1000:
            break
        count /= 1000
    else:
        unit = 'TB'
    return '%.3g %s' % (count, unit)
