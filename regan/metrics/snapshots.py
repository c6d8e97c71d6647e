"""The metrics of a training's network pickles, one after the other."""

import contextlib

from regan.base import artefacts
from regan.metrics import evaluate, reals
from regan.networks.generator import Generator
from regan.networks.judges import FactorReader


def judged_by(reader, data_dir, n, mirror=False):
    """A function that measures network pickles with a factor reader.

    Args:
        reader: pickle of a factor reader.
        data_dir: folder of the real images, a data set.
        n: images of each side.
        mirror: flip the real images at random.

    Returns:
        Function: path of a pickle -> dict of its Frechet distance, precision and recall, by name.

    Raises:
        UserError: `reader` is none; the rest is seen when the function is called.
    """
    with FactorReader(reader):
        pass  # Refused now rather than after hours, if it is none.

    def measure(path):
        with Generator.open(path) as generator, FactorReader(reader) as judge, contextlib.closing(
            reals.open_images(data_dir, generator.resolution)
        ) as images:
            request, judges = evaluate.Request(('frechet', 'pr'), n, mirror=mirror), evaluate.Judges(judge)
            judges.check(request, generator, True)
            results = evaluate.evaluate(generator, request, judges, images, artefacts.cache_dir())
            return {result.metric: result.value for result in results}

    return measure
