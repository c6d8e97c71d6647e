"""Precision and recall by nearest neighbours (official API); the formulas are in regan.metrics.neighbours."""

import numpy as np

from metrics import judges
from metrics.features import FeatureMetric
from regan.metrics import neighbours


class PR(FeatureMetric):
    """Share of the fakes among the reals, and of the reals among the fakes, by VGG16's features.

    Args:
        nhood_size: which neighbour's distance is the radius of an image.
        row_batch_size, col_batch_size: accepted for compatibility; blocks have a size of their own.
        kwargs: see FeatureMetric.
    """

    judge_files = (judges.VGG16,)

    def __init__(self, nhood_size=3, row_batch_size=None, col_batch_size=None, **kwargs):
        super().__init__(**kwargs)
        self.nhood_size = nhood_size

    def _evaluate(self, Gs, Gs_kwargs, num_gpus):
        vgg16 = judges.load(self.judge_files[0], self.name)
        path = self._get_cache_file_for_reals(num_images=self._num_reals())
        reals = self._cached(path, lambda: np.concatenate(list(self._real_features(vgg16, num_gpus))))
        fakes = np.concatenate(list(self._fake_features(vgg16, Gs, Gs_kwargs, num_gpus)))
        precision, recall = neighbours.precision_recall(reals, fakes, neighbour=self.nhood_size)
        self._report_result(precision, suffix='_precision')
        self._report_result(recall, suffix='_recall')
