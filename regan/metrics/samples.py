"""What is computed image by image for the metrics: functions of a generator, the judges, a request, and a
RandomState.
"""

import dataclasses

import numpy as np

from regan.drawing import modes
from regan.metrics import path_length
from regan.pictures.averaging import shrink
from regan.sampling import latents

MINIBATCH = 16  # Images that share one set of noise images.
NEW_NOISE = 'new'  # A choice of noise: drawn from the metric's RandomState for every minibatch.
LPIPS_RESOLUTION = 256  # Larger images are averaged down for LPIPS.


@dataclasses.dataclass(frozen=True)
class Drawing:
    """Draws images and shows them to the judges.

    Each method that draws has a counterpart that only takes the same random numbers, for those who need to know where
    others begin.

    Attributes:
        generator: regan.networks.generator.Generator.
        judges, request: see `regan.metrics.evaluate`.
    """

    generator: object
    judges: object
    request: object

    def fakes(self, random, k):
        """Of k fakes that share their noise: z, w, and what the judges say (features, factors), dict of float arrays
        [k, ...].

        Draws z, then the noise images, if they are new ones.
        """
        z = random.randn(k, self.generator.latent_size)
        w = self.generator.map(z)
        self._set_noise(random)
        images = self.generator.synthesize(self._dlatents(w), conversion=self._settings.conversion)
        found = dict(z=z, w=w)
        measured = self.request.measured
        for judge in {self.judges.of(name) for name in ('frechet', 'pr') if name in measured}:
            found['features_' + judge] = self.features(images, judge)
        if 'is' in measured:
            found['softmax'] = self.features(images, 'softmax')
        if 'ls' in measured and self.judges.classifiers:
            found['attributes'] = self._attributes(images)
        elif 'ls' in measured:
            found['factors'] = self.judges.reader.read(images)
        return found

    def skip_fakes(self, random, k):
        """Takes what `fakes` takes from the RandomState."""
        random.randn(k, self.generator.latent_size)
        self._set_noise(random)

    def steps(self, random, k, name):
        """Squared changes over epsilon^2 along k pieces of paths, float64 [k]. Args: name, of path_length.SPECS."""

        def render(w):
            self._set_noise(random)
            return self.generator.render(self._dlatents(w))

        distance = self._lpips_distance if self.judges.lpips else self._reader_distance
        return path_length.values(
            self.generator.map, render, distance, self.generator.latent_size, path_length.SPECS[name], k, random
        )

    def skip_steps(self, random, k, name):
        """Takes what `steps` takes from the RandomState."""
        path_length.draws(self.generator.latent_size, path_length.SPECS[name], k, random)
        self._set_noise(random)

    def features(self, images, judge):
        """uint8 [k, H, W, C] -> [k, F], by the judge of that name."""
        if judge == 'reader':
            return self.judges.reader.look(_signed(images))[1]
        return getattr(self.judges, judge).run(images.transpose(0, 3, 1, 2))

    def _attributes(self, images):
        """uint8 [k, H, W, C] -> logits [k, 40]."""
        seen = shrink(_signed(images), self.judges.classifiers.RESOLUTION)
        return self.judges.classifiers.run(seen.repeat(3, axis=1) if seen.shape[1] == 1 else seen)

    @property
    def _settings(self):
        psi = 1.0 if self.request.psi is None else self.request.psi
        return self.request.settings or modes.Settings(noise=NEW_NOISE, psi=psi)

    def _set_noise(self, random):
        settings = self._settings
        if settings.noise == NEW_NOISE:
            settings = settings._replace(noise=random)
        settings.prepare(self.generator)

    def _dlatents(self, w):
        dlatents, settings = latents.broadcast(w, self.generator.num_layers), self._settings
        if settings.psi == 1:
            return dlatents
        return latents.truncate(dlatents, self.generator.dlatent_avg, settings.psi, settings.cutoff)

    def _reader_distance(self, a, b):
        a, b = [np.asarray(self.judges.reader.look(images)[1], np.float64) for images in (a, b)]
        return np.square(a - b).sum(axis=1)

    def _lpips_distance(self, a, b):
        crop = path_length.crop_face if self.request.crop else lambda images: images
        return self.judges.lpips.run(*[(shrink(crop(images), LPIPS_RESOLUTION) + 1) * 127.5 for images in (a, b)])


def _signed(images):
    """uint8 [k, H, W, C] -> float32 [k, C, H, W], range [-1, 1]."""
    return images.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(127.5) - 1
