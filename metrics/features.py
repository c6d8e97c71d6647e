"""Images of a generator and of a data set as a published network sees them: what several metrics share."""

import numpy as np

import dnnlib.tflib as tflib
from metrics import judges
from metrics.metric_base import MetricBase


class FeatureMetric(MetricBase):
    """A metric that compares features of images.

    Args:
        num_images: real and drawn images (StyleGAN, StyleGAN2).
        minibatch_per_gpu: images at a time.
        max_reals, num_fakes: the same apart (StyleGAN2-ADA); max_reals None: all that the data set has.
        kwargs: for MetricBase.
    """

    def __init__(self, num_images=None, minibatch_per_gpu=8, max_reals=None, num_fakes=None, **kwargs):
        super().__init__(**kwargs)
        self.max_reals = num_images if max_reals is None else max_reals
        self.num_fakes = num_images if num_fakes is None else num_fakes
        self.minibatch_per_gpu = minibatch_per_gpu

    def _num_reals(self):
        """How many real images are looked at; more than there are come again, as in the official code."""
        if self.max_reals is not None:
            return self.max_reals
        return self._get_dataset_obj().num_images

    def _real_features(self, judge, num_gpus):
        """Yields float [k, F] of the reals, in the order of the data set."""
        size = self.minibatch_per_gpu * num_gpus
        return _cut(self._num_reals(), (self._look(judge, x, num_gpus) for x in self._iterate_reals(size)))

    def _fake_features(self, judge, Gs, Gs_kwargs, num_gpus):
        """Yields float [k, F] of fakes of normal latents and random labels."""
        images = self._drawn(Gs, Gs_kwargs, self.minibatch_per_gpu * num_gpus, num_gpus)
        return _cut(self.num_fakes, (self._look(judge, x, num_gpus) for x in images), self._report_progress)

    def _drawn(self, Gs, Gs_kwargs, size, num_gpus):
        transform = dict(func=tflib.convert_images_to_uint8)
        while True:
            latents, labels = np.random.randn(size, *Gs.input_shape[1:]), self._get_random_labels_np(Gs, size)
            yield Gs.run(latents, labels, output_transform=transform, num_gpus=num_gpus, **Gs_kwargs)

    @staticmethod
    def _look(judge, images, num_gpus):
        return judge.run(judges.in_colour(images), num_gpus=num_gpus)


def _cut(count, batches, progress=None):
    """Yields the first `count` rows of batches."""
    done = 0
    for batch in batches:
        batch = batch[: count - done]
        done += len(batch)
        yield batch
        if progress is not None:
            progress(done, count)
        if done == count:
            return
