"""Kernel inception distance (official API of StyleGAN2-ADA); the formula is in regan.metrics.kernel."""

import numpy as np

from metrics import judges
from metrics.features import FeatureMetric
from regan.metrics import kernel


class KID(FeatureMetric):
    """Squared maximum mean discrepancy of Inception's features of real and drawn images.

    Args:
        num_subsets: how often subsets of the images are compared; the result is their mean.
        max_subset_size: images of each kind in a subset.
        kwargs: see FeatureMetric.
    """

    judge_files = (judges.INCEPTION_FEATURES,)

    def __init__(self, num_subsets=100, max_subset_size=1000, **kwargs):
        super().__init__(**kwargs)
        self.num_subsets, self.max_subset_size = num_subsets, max_subset_size

    def _evaluate(self, Gs, Gs_kwargs, num_gpus):
        inception = judges.load(self.judge_files[0], self.name)
        reals = np.concatenate(list(self._real_features(inception, num_gpus)))
        fakes = np.concatenate(list(self._fake_features(inception, Gs, Gs_kwargs, num_gpus)))
        self._report_result(
            kernel.distance(reals, fakes, self.num_subsets, self.max_subset_size, np.random), fmt='%-12.8f'
        )
