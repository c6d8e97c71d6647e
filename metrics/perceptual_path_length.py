"""Perceptual path length (official API); the formulas are in regan.metrics.path_length."""

import numpy as np

import dnnlib.tflib as tflib

# isort: split
import tensorflow.compat.v1 as tf  # After dnnlib.tflib, which keeps its start-up notices off the terminal.

from metrics import judges
from metrics.metric_base import MetricBase
from regan.metrics import path_length
from regan.pictures.averaging import shrink
from regan.sampling import latents

RESOLUTION = 256  # Larger images are averaged down.


def normalize(v):
    """Tensor v [..., Z] divided by its length."""
    return v / tf.sqrt(tf.reduce_sum(tf.square(v), axis=-1, keepdims=True))


def slerp(a, b, t):
    """The point at part t [..., 1] of the shortest arc between the directions of a and b [..., Z], as a tensor of unit
    length; `regan.metrics.path_length` has the same for arrays.
    """
    a, b = normalize(a), normalize(b)
    cosine = tf.reduce_sum(a * b, axis=-1, keepdims=True)
    angle = t * tf.math.acos(cosine)
    return normalize(a * tf.cos(angle) + normalize(b - cosine * a) * tf.sin(angle))


class PPL(MetricBase):
    """How much the image changes along a path in latent space, as LPIPS sees it.

    Args:
        num_samples: pieces of paths.
        epsilon: their length, of the whole path.
        space: 'z' or 'w'.
        sampling: 'full', anywhere on the path, or 'end', at its beginning.
        minibatch_per_gpu: pieces at a time; they share their noise images.
        crop: look at the place where faces are only.
        Gs_overrides: arguments of mapping and synthesis.
        kwargs: for MetricBase.
    Raises: ValueError for another space or sampling.
    """

    judge_files = (judges.LPIPS,)

    def __init__(
        self,
        num_samples,
        epsilon,
        space,
        sampling,
        minibatch_per_gpu,
        crop=True,
        Gs_overrides=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if space not in ('z', 'w') or sampling not in ('full', 'end'):
            raise ValueError("space is 'z' or 'w', sampling 'full' or 'end'; found %r, %r" % (space, sampling))
        self.num_samples, self.minibatch_per_gpu, self.crop = num_samples, minibatch_per_gpu, crop
        self.spec = path_length.PathSpec(space, sampling, epsilon)
        self.Gs_overrides = dict(Gs_overrides or {})

    def _evaluate(self, Gs, Gs_kwargs, num_gpus):
        lpips = judges.load(self.judge_files[0], self.name)
        size = self.minibatch_per_gpu * num_gpus
        found = []
        for done in range(0, self.num_samples, size):
            found.append(self._steps(Gs, Gs_kwargs, lpips, size, num_gpus))
            self._report_progress(min(done + size, self.num_samples), self.num_samples)
        values = np.concatenate(found)[: self.num_samples]
        self._report_result(path_length.summarize(values, self.spec.reject).mean)

    def _steps(self, Gs, Gs_kwargs, lpips, size, num_gpus):
        """Squared changes over epsilon^2 of one minibatch, float64 [size]."""
        kwargs = dict(Gs_kwargs, **self.Gs_overrides)
        labels, components = self._get_random_labels_np(Gs, size), Gs.components
        noises = {name: var for name, var in components.synthesis.vars.items() if name.startswith('noise')}

        def map_w(z):
            of_all = None if labels is None else np.tile(labels, [len(z) // size, 1])
            return components.mapping.run(z, of_all, num_gpus=num_gpus, **kwargs)[:, 0]

        def render(w):
            tflib.set_vars({var: np.random.randn(*var.shape.as_list()) for var in noises.values()})
            dlatents = latents.broadcast(w, components.synthesis.input_shape[1])
            images = components.synthesis.run(
                dlatents,
                minibatch_size=size,
                num_gpus=num_gpus,
                **dict(kwargs, randomize_noise=False),
            )
            images = judges.in_colour(images)
            images = path_length.crop_face(images) if self.crop else images
            return (shrink(images, RESOLUTION) + 1) * np.float32(127.5)

        def distance(a, b):
            return lpips.run(a, b, num_gpus=num_gpus)

        return path_length.values(map_w, render, distance, Gs.input_shape[1], self.spec, size, np.random)
