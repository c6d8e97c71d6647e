"""Frechet inception distance (official API); the formula is in regan.metrics.frechet."""

import numpy as np

from metrics import judges
from metrics.features import FeatureMetric
from regan.metrics import frechet


class FID(FeatureMetric):
    """Distance of Gaussians fitted to Inception's features of real and drawn images.

    Args:
        use_cached_real_stats: keep mean and covariance of the reals in the cache, and take them from there.
        kwargs: see FeatureMetric.
    """

    judge_files = (judges.INCEPTION_FEATURES,)

    def __init__(self, use_cached_real_stats=True, **kwargs):
        super().__init__(**kwargs)
        self.use_cached_real_stats = use_cached_real_stats

    def _evaluate(self, Gs, Gs_kwargs, num_gpus):
        inception = judges.load(self.judge_files[0], self.name)
        n = self._num_reals()

        def of_reals():
            found = frechet.fit(self._real_features(inception, num_gpus))
            return found.mean, found.covariance

        if self.use_cached_real_stats:
            mean, covariance = self._cached(self._get_cache_file_for_reals(num_images=n), of_reals)
        else:
            mean, covariance = of_reals()
        reals = frechet.Gaussian(np.asarray(mean), np.asarray(covariance), n)
        fakes = frechet.fit(self._fake_features(inception, Gs, Gs_kwargs, num_gpus))
        self._report_result(frechet.distance(reals, fakes))
