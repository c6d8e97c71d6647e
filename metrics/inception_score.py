"""Inception score (official API); the formula is in regan.metrics.inception."""

import numpy as np

from metrics import judges
from metrics.features import FeatureMetric
from regan.metrics import inception


class IS(FeatureMetric):
    """How sure Inception is of the class of each image, and how many classes there are.

    Args:
        num_splits: the images are divided into so many parts; the results are mean and deviation over them.
        kwargs: see FeatureMetric.
    """

    judge_files = (judges.INCEPTION_SOFTMAX,)

    def __init__(self, num_splits=10, **kwargs):
        super().__init__(**kwargs)
        self.num_splits = num_splits

    def _evaluate(self, Gs, Gs_kwargs, num_gpus):
        judge = judges.load(self.judge_files[0], self.name)
        probabilities = np.concatenate(list(self._fake_features(judge, Gs, Gs_kwargs, num_gpus)))
        mean, deviation = inception.score(probabilities, self.num_splits)
        self._report_result(mean, suffix='_mean')
        self._report_result(deviation, suffix='_std')
