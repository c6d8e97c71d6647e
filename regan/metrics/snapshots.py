"""The metrics of a training's network pickles, one after the other."""

import contextlib

from regan.base import artefacts
from regan.base.errors import UserError
from regan.data import tfrecords
from regan.judges.reader import FactorReader
from regan.metrics import evaluate, reals
from regan.networks.generator import Generator


def judged_by(reader, data_dir, n, mirror=False, resolution=None):
    """A function that measures network pickles with a factor reader.

    Args:
        reader: pickle of a factor reader.
        data_dir: folder of the real images, a data set.
        n: images of each side.
        mirror: flip the real images at random.
        resolution: at which the networks are trained; default: the largest of the data set.

    Returns:
        Function: path of a pickle -> dict of its Frechet distance, precision and recall, by name.

    Raises:
        UserError: `reader` is none, or not for such images, or there are fewer than n of them.
    """
    levels = tfrecords.open_levels(data_dir, resolution)
    tfrecords.close_levels(levels)
    with FactorReader(reader) as judge:  # Refused now rather than after hours.
        judge.check(*levels[0].shape[:2])
    if n > levels[0].num_images:
        raise UserError(
            '%s holds %d images, fewer than the %d of each side that are asked for; lower --metric-images'
            % (data_dir, levels[0].num_images, n)
        )

    def measure(path):
        with Generator.open(path) as generator, FactorReader(reader) as judge, contextlib.closing(
            reals.open_images(data_dir, generator.resolution, generator.num_channels)
        ) as images:
            request, judges = evaluate.Request(('frechet', 'pr'), n, mirror=mirror), evaluate.Judges(judge)
            judges.check(request, generator, True)
            results = evaluate.evaluate(generator, request, judges, images, artefacts.cache_dir())
            return {result.metric: result.value for result in results}

    return measure
