"""Images made smaller by averaging, as the networks that judge images want them."""

import numpy as np


def shrink(images: np.ndarray, resolution: int) -> np.ndarray:
    """Images [N, C, H, W] averaged over blocks of floor(H / resolution); unchanged if that is not above 1."""
    factor = images.shape[2] // resolution
    if factor <= 1:
        return images
    n, channels, height, width = images.shape
    return images.reshape(n, channels, height // factor, factor, width // factor, factor).mean(axis=(3, 5))
