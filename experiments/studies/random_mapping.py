"""A mapping network of the published shape with random weights: what StyleGAN starts its training from, without a
pickle.
"""

import hashlib

import numpy as np

SLOPE = 0.2  # Of the leaky ReLU.


class RandomMapping:
    """z [n, width] -> w [n, width] by pixel norm and dense layers with leaky ReLU, He-initialised, no biases, float32.

    Attributes: sha256 (of the weights), latent_size, dlatent_size, backend, as `pca.load_or_compute` needs them.
    """

    def __init__(self, width=512, layers=8, seed=0):
        random = np.random.RandomState(seed)
        self._weights = [(random.randn(width, width) / np.sqrt(width)).astype(np.float32) for _ in range(layers)]
        self.sha256 = hashlib.sha256(b''.join(weight.tobytes() for weight in self._weights)).hexdigest()
        self.latent_size = self.dlatent_size = width
        self.backend = {'numpy': np.__version__}

    def map(self, z):
        """z float32 [n, width] -> w float32 [n, width]."""
        x = z / np.sqrt(np.mean(np.square(z), axis=1, keepdims=True) + np.float32(1e-8))
        for weight in self._weights:
            x = np.dot(x, weight)
            x = np.maximum(x, np.float32(SLOPE) * x) * np.float32(np.sqrt(2))
        return x
