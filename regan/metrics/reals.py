"""Real images for the metrics, from a data set's folder or rendered from a world, and their statistics, which are
cached.
"""

import collections
import pathlib

import numpy as np

from dnnlib import file_kinds
from regan.base import artefacts, cache
from regan.base.errors import UserError
from regan.metrics import frechet, neighbours

ALGORITHM = 2  # Raise it whenever the same facts give other statistics.
WORLD = 'world:'
WORLD_SEED = 20191231  # Of the factors; no data set of ours is drawn with it, so these images are new to every network.
SUPERSAMPLING = 2
BATCH = 64

Neighbours = collections.namedtuple('Neighbours', 'features radii')


class FolderImages:
    """The images of a multi-resolution data set at one resolution, in the order of the records.

    Attributes: facts (JSON-able; they name the content), num_images, num_channels.
    Raises: UserError.
    """

    def __init__(self, folder, resolution):
        from regan.data import tfrecords

        levels = tfrecords.open_levels(folder, resolution)
        self._file = levels[0]
        for level in levels[1:]:
            level.close()
        self.num_images, self.num_channels = self._file.num_images, self._file.shape[0]
        self.facts = dict(data=artefacts.sha256_file(self._file.path), resolution=resolution)

    def batches(self, n):
        """Yields uint8 [k, H, W, C], n images in all. Raises UserError if there are fewer."""
        if n > self.num_images:
            raise UserError(
                '%s holds %d images, fewer than the %d asked for; lower n' % (self._file.path, self.num_images, n)
            )
        for begin in range(0, n, BATCH):
            yield self._file.read(np.arange(begin, min(begin + BATCH, n))).transpose(0, 2, 3, 1)

    def close(self):
        self._file.close()


class WorldImages:
    """Images rendered from a world. Attributes as `FolderImages`; there is no end of images."""

    num_channels = 3

    def __init__(self, name, resolution):
        from regan import worlds

        self._world, self._resolution = worlds.load(name), resolution
        self.facts = dict(
            world=name,
            world_seed=WORLD_SEED,
            supersampling=SUPERSAMPLING,
            resolution=resolution,
            renderer=worlds.RENDERER_VERSION,
        )

    def batches(self, n):
        """Yields uint8 [k, H, W, 3], n images in all."""
        factors = self._world.sample(n, WORLD_SEED)
        for begin in range(0, n, BATCH):
            yield self._world.render(
                factors[begin : begin + BATCH], resolution=self._resolution, supersampling=SUPERSAMPLING
            )

    def close(self):
        pass


def open_images(data, resolution, num_channels=None):
    """The images behind an argument, to compare with those of a generator.

    Args:
        data: 'world:NAME', or the folder of a data set.
        resolution, num_channels: of the generator; None: any channels.

    Raises:
        UserError: there are none, or not of this resolution and number of channels.
    """
    if data.startswith(WORLD):
        images = WorldImages(data[len(WORLD) :], resolution)
    elif not pathlib.Path(data).is_dir():
        raise UserError(
            '%s is no folder; give that of a data set, or %sNAME for fresh renders%s'
            % (data, WORLD, file_kinds.hint(data))
        )
    else:
        images = FolderImages(data, resolution)
    if num_channels not in (None, images.num_channels):
        images.close()
        raise UserError(
            'the images of %s have %d channels, but those of the network %d; give images like those that it was '
            'trained on' % (data, images.num_channels, num_channels)
        )
    return images


def mirrored(batches, random):
    """Flips each image of the batches [k, H, W, C] left to right with probability 0.5."""
    for images in batches:
        flip = random.rand(len(images)) < 0.5
        yield np.where(flip[:, np.newaxis, np.newaxis, np.newaxis], images[:, :, ::-1], images)


class RealStatistics:
    """What metrics need to know of the reals, from the cache where it has been computed before.

    Args:
        images: FolderImages or WorldImages.
        features: callable, uint8 [k, H, W, C] -> float [k, F].
        facts: dict of JSON values, everything about `features` that the numbers depend on.
        n: number of images.
        mirror_seed: flip at random with this seed, or None.
        cache_dir: folder.
        apply: callable (features, batches) -> their features in order; default: one batch after the other, here.
    """

    def __init__(self, images, features, facts, n, mirror_seed, cache_dir, apply=map):
        self._images, self._extract, self._n, self._mirror_seed = images, features, n, mirror_seed
        self._apply = apply
        key = artefacts.cache_key(dict(images.facts, features=facts, n=n, mirror_seed=mirror_seed, algorithm=ALGORITHM))
        self._path = pathlib.Path(cache_dir) / ('reals-n%d-%s' % (n, key))
        self._features = None

    def gaussian(self, progress):
        """frechet.Gaussian of the features; progress(k) is called after k more images."""

        def compute():
            return vars(frechet.fit([self._all_features(progress)]))

        arrays = self._cached('gaussian', compute)
        return frechet.Gaussian(arrays['mean'], arrays['covariance'], int(arrays['count']))

    def neighbours(self, progress):
        """Neighbours(features [n, F], radii [n])."""

        def compute():
            features = self._all_features(progress)
            return dict(features=features, radii=neighbours.radii_of(features))

        return Neighbours(**self._cached('neighbours', compute))

    def _cached(self, kind, compute):
        return cache.arrays(self._path.with_name('%s-%s.npz' % (self._path.name, kind)), compute)

    def _all_features(self, progress):
        """float32 [n, F]; computed once, for both kinds."""
        if self._features is None:
            batches = self._images.batches(self._n)
            if self._mirror_seed is not None:
                batches = mirrored(batches, np.random.RandomState(self._mirror_seed))
            found = []
            for features in self._apply(self._extract, batches):
                found.append(np.asarray(features, np.float32))
                progress(len(features))
            self._features = np.concatenate(found)
        return self._features
