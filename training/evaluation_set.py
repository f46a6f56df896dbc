"""Which images results were measured on: only results on the same ones may be compared."""

import hashlib

from training.entry import to_json
from training.manifest import ID_DIGITS, Manifest


def evaluation_id(images: Manifest) -> str:
    """Of the images of a split: which collected images they are, and what they are said to show.

    A recipe that makes other pixels of the same images keeps it; another label, an image more or
    less changes it. The first 32 hex digits of SHA-256 over sorted JSON lines.
    """
    lines = sorted(
        to_json([entry.origin, entry.image_uri, entry.label, list(entry.labels)])
        for entry in images
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:ID_DIGITS]
