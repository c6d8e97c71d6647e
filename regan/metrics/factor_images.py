"""The images of a data set whose factors are known, as a factor reader learns from them."""

import contextlib

import numpy as np

from regan.base import json_records
from regan.base.errors import UserError
from regan.data import tfrecords
from regan.metrics.factors import CIRCULAR
from regan.metrics.reals import FolderImages

LARGEST_SIDE = 64  # Pixels; larger images are read at this resolution.


def load(folder):
    """All images of a data set that was made from a world.

    Args:
        folder: of the data set, with its NAME.factors.npy and NAME.json.

    Returns:
        Images uint8 [n, H, W, C]; their factors float32 [n, F]; and the facts that `training.reader.train` takes.

    Raises:
        UserError: no data set, or one whose factors are not known, or not one row for each image.
    """
    levels = tfrecords.open_levels(folder)
    resolution, path = levels[0].shape[1], levels[0].path
    for level in levels:
        level.close()
    stem = path.name[: -len('-rXX.tfrecords')]
    factors_path, facts_path = path.with_name(stem + '.factors.npy'), path.with_name(stem + '.json')
    facts = json_records.load(facts_path) if facts_path.exists() and factors_path.exists() else {}
    if not {'world', 'factor_names'} <= set(facts):
        raise UserError(
            '%s has no %s and %s, so its factors are not known; make it from a world'
            % (folder, factors_path.name, facts_path.name)
        )
    factors = tfrecords.read_table(factors_path, levels[0].num_images)
    with contextlib.closing(FolderImages(folder, min(resolution, LARGEST_SIDE))) as source:
        images = np.concatenate(list(source.batches(source.num_images)))  # [n, H, W, C]
    names = list(json_records.sequence(json_records.text)(facts['factor_names'], '%s.factor_names' % facts_path))
    world = json_records.text(facts['world'], '%s.world' % facts_path)
    circular = [i for i, name in enumerate(names) if name in CIRCULAR.get(world, ())]
    return images, factors, dict(world=world, factor_names=names, circular=circular)
