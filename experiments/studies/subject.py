"""A network under study: it draws, truncates and reads, and keeps what it has read."""

import numpy as np

from regan.base import artefacts, cache
from regan.sampling import latents
from studies.readings import Units

ALGORITHM = 1  # Raise it whenever the same facts give other readings.
CHUNK = 256  # Images in memory at a time.


class Subject:
    """A generator with its components and the reader of its world.

    Args:
        name: for people.
        generator: open Generator; its noise is what it was opened with.
        reader: open FactorReader.
        basis: Basis.
        psi: truncation of everything that is drawn.
        seed: of the samples; other draws take the next ones.
        samples: number of samples behind the units; they serve as latents to start from, too.
        least_r2: of a factor that is looked at.
        cache: folder of what was read, pathlib.Path.
        progress: callable (description, total) -> object with update(k) and close(), or None.
    Attributes:
        units: readings.Units.
        w: float32 [samples, D].
        positions: float64 [samples, F, 2], theirs.
    """

    def __init__(self, name, generator, reader, basis, psi, seed, samples, least_r2, cache, progress=None):
        self.name, self.generator, self.reader, self.basis = name, generator, reader, basis
        self.psi, self.seed, self._cache, self._progress = psi, seed, cache, progress
        reader.check(generator.num_channels, generator.resolution)
        self.w = self.draw(samples, 0)
        readings = self.cached('samples', {}, samples, lambda read: {'readings': read(self.broadcast(self.w))})[
            'readings'
        ]
        self.units = Units.of(readings, reader.factor_names, reader.circular, reader.r2, least_r2)
        self.positions = self.units.positions(readings)

    def draw(self, n, stream):
        """n latents w, float32 [n, D]; streams differ, and fewer are the first of more."""
        return self.generator.map(latents.sample_batch(self.seed + stream, n, self.generator.latent_size))

    def broadcast(self, w):
        """w [n, D] -> [n, L, D]."""
        return latents.broadcast(w, self.generator.num_layers)

    def cached(self, what, facts, images, measure):
        """Arrays of a measurement, from the cache if it was made before.

        Args:
            what: name of the measurement.
            facts: dict of JSON values that it depends on besides the network.
            images: number of images that it needs, for the progress bar.
            measure: callable that gets `read`, see below, and returns a dict of arrays.
        """
        key = artefacts.cache_key(
            dict(
                facts,
                what=what,
                images=images,
                algorithm=ALGORITHM,
                psi=self.psi,
                seed=self.seed,
                samples=len(self.w),
                network=self.generator.sha256,
                reader=self.reader.sha256,
                backend=self.generator.backend,
                basis=self.basis.record,
            )
        )
        path = self._cache / ('%s-%s.npz' % (what, key))

        def make():
            bar = self._progress('%s, %s' % (self.name, what), images) if self._progress else None
            try:
                return measure(lambda dlatents: self._read(dlatents, bar))
            finally:
                if bar:
                    bar.close()

        return cache.arrays(path, make)

    def _read(self, dlatents, bar):
        """dlatents float [n, L, D], before truncation -> readings float32 [n, A]."""
        found = []
        for begin in range(0, len(dlatents), CHUNK):
            block = latents.truncate(dlatents[begin : begin + CHUNK], self.generator.dlatent_avg, self.psi)
            found.append(self.reader.read(self.generator.synthesize(block)))
            if bar:
                bar.update(len(block))
        return np.concatenate(found).astype(np.float32)
