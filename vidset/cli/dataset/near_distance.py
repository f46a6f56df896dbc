"""The option that says how near two images are to count as one."""

from vidset.datasets.images.near_duplicates import MOST_BITS


def near_distance_of(text: str) -> int | None:
    """Bits; None for `off`.

    Raises:
        ValueError: neither a number that may be, nor off.
    """
    if text == "off":
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= MOST_BITS):
        raise ValueError(f"--near-distance: wanted 0 to {MOST_BITS} bits, or off, got {text!r}")
    return int(text)
