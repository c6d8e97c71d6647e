"""Spectral normalisation as files imply it: kernels are stored undivided, with a vector of the training (biggan 6)."""

from typing import Callable, Dict, Optional

import numpy as np

EPSILON = 1e-4
MODES = ('hub', 'pytorch', 'exact')


def _in_the_root(a):
    return a / np.sqrt(np.sum(np.square(a)) + EPSILON)


def _as_a_bound(a):
    return a / max(np.linalg.norm(a), EPSILON)


_LENGTHS: Dict[str, Callable] = {'hub': _in_the_root, 'pytorch': _as_a_bound}


def sigma(kernel: np.ndarray, u: Optional[np.ndarray], mode: str, v: Optional[np.ndarray] = None) -> float:
    """The number that a kernel is divided by.

    Args:
        kernel: [..., out], as TensorFlow keeps it.
        u: [out], from the file; of the exact norm it is not used.
        mode: 'hub' (the epsilon is inside the root), 'pytorch', or 'exact' (the largest singular value).
        v: [everything but out] that a PyTorch file has for its u; then sigma is v W u.

    Returns:
        float, computed in float64.
    """
    matrix = np.asarray(kernel, np.float64).reshape(-1, kernel.shape[-1])
    if mode == 'exact':
        return float(np.linalg.norm(matrix, 2))
    u = np.asarray(u, np.float64).reshape(-1)
    if v is not None:
        return float(np.asarray(v, np.float64).reshape(-1) @ matrix @ u)
    shorten = _LENGTHS[mode]
    v = shorten(matrix @ u)
    return float(v @ matrix @ shorten(v @ matrix))
