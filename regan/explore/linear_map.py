"""A linear map from the features of a layer to a small picture, by least squares over pairs of both."""

from typing import Any

import numpy as np

from regan.pictures.averaging import shrink

RIDGE = 1e-4  # Of the mean square of a feature: keeps the map tame where features hardly vary.


class LinearMap:
    """The same map for every pixel. Args: weights, float [F + 1, C], of the features and of 1; also an attribute."""

    def __init__(self, weights: np.ndarray) -> None:
        self.weights = weights

    def apply(self, features: np.ndarray) -> np.ndarray:
        """Features, float [h, w, F] -> levels, float [h, w, C], for the range [0, 255]."""
        return np.dot(features, self.weights[:-1]) + self.weights[-1]


class Fit:
    """Collects pairs, and solves for the map. Its memory does not grow with their number."""

    def __init__(self) -> None:
        self._products: Any = 0.0  # [F + 1, F + 1]
        self._targets: Any = 0.0  # [F + 1, C]

    def add(self, features: np.ndarray, image: np.ndarray) -> None:
        """Takes the features, float [h, h, F], of an image, uint8 [H, H, C]; H is a multiple of h."""
        rows = features.reshape(-1, features.shape[2]).astype(np.float64)  # [h * h, F]
        rows = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
        small = shrink(image.transpose(2, 0, 1)[np.newaxis].astype(np.float64), len(features))[0]  # [C, h, h]
        self._products = self._products + np.dot(rows.T, rows)
        self._targets = self._targets + np.dot(rows.T, small.reshape(len(small), -1).T)

    def solve(self) -> LinearMap:
        """The map with the least squared error over all pixels that were added."""
        ridge = RIDGE * np.trace(self._products) / len(self._products)
        return LinearMap(np.linalg.solve(self._products + ridge * np.eye(len(self._products)), self._targets))
