"""Intervals of a share, from how many images it was measured on."""

import math

Z95 = 1.959963984540054  # The normal distribution's 97.5 % quantile.


def wilson(right: int, images: int, z: float = Z95) -> tuple[float, float]:
    """Wilson's score interval (1927) of a share of independent images, 95 % unless told.

    Unlike the textbook's p +- z s it stays within 0 and 1, and is honest for few images.

    Raises:
        ValueError: no images, or more right than there are.
    """
    if images < 1 or not 0 <= right <= images:
        raise ValueError(f"wanted 0 <= right <= images, images > 0, got {right} of {images}")
    share = right / images
    middle = share + z * z / (2 * images)
    half = z * math.sqrt(share * (1 - share) / images + z * z / (4 * images * images))
    scale = 1 + z * z / images
    low = 0.0 if right == 0 else (middle - half) / scale
    high = 1.0 if right == images else (middle + half) / scale
    return low, high
