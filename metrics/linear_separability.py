"""Linear separability (official API); the formulas are in regan.metrics.separability."""

import numpy as np

from metrics import judges
from metrics.metric_base import MetricBase
from regan.metrics import separability
from regan.pictures.averaging import shrink

classifier_urls = [judges.URL + file for file in judges.CLASSIFIERS]
RESOLUTION = 256  # Of the classifiers.


class LS(MetricBase):
    """How well hyperplanes in Z and in W tell attributes of faces apart.

    Args:
        num_samples: images.
        num_keep: of these, for each attribute those of which its classifier is surest.
        attrib_indices: which of the 40 attributes.
        minibatch_per_gpu: images at a time.
        kwargs: for MetricBase.
    Raises: ValueError if num_keep is more than num_samples.
    """

    def __init__(self, num_samples, num_keep, attrib_indices, minibatch_per_gpu, **kwargs):
        super().__init__(**kwargs)
        if num_keep > num_samples:
            raise ValueError('num_keep is %d, more than num_samples, %d' % (num_keep, num_samples))
        self.num_samples, self.num_keep, self.minibatch_per_gpu = num_samples, num_keep, minibatch_per_gpu
        self.attrib_indices = list(attrib_indices)
        self.judge_files = tuple(judges.CLASSIFIERS[i] for i in self.attrib_indices)

    def _evaluate(self, Gs, Gs_kwargs, num_gpus):
        classifiers = [judges.load(file, self.name) for file in self.judge_files]
        size = self.minibatch_per_gpu * num_gpus
        found = []
        for done in range(0, self.num_samples, size):
            found.append(self._samples(Gs, Gs_kwargs, classifiers, size, num_gpus))
            self._report_progress(min(done + size, self.num_samples), self.num_samples)
        z, w, logits = [np.concatenate(parts)[: self.num_samples] for parts in zip(*found)]
        for inputs, suffix in [(z, '_z'), (w, '_w')]:
            bits = separability.entropies(inputs, logits, keep=self.num_keep)
            self._report_result(separability.score(bits), suffix=suffix)

    def _samples(self, Gs, Gs_kwargs, classifiers, size, num_gpus):
        """z [N, Z], w of the last layer [N, D], and logits [N, attributes] of one minibatch."""
        z, labels = np.random.randn(size, *Gs.input_shape[1:]), self._get_random_labels_np(Gs, size)
        w = Gs.components.mapping.run(z, labels, num_gpus=num_gpus)[:, -1]
        images = judges.in_colour(shrink(Gs.run(z, labels, num_gpus=num_gpus, **Gs_kwargs), RESOLUTION))
        logits = [classifier.run(images, None, num_gpus=num_gpus) for classifier in classifiers]
        return z, w, np.concatenate(logits, axis=1)
