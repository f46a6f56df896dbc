"""Identifies the images that results were measured on: only the same ones compare."""

import hashlib

from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.manifest import ID_DIGITS, Manifest


def evaluation_id(images: Manifest) -> str:
    """Identify a split: which collected images it has, and what they are said to show.

    A recipe that makes other pixels of the same images keeps it; another label, an image or an
    object more or less changes it. Where an object is does not count, as recipes move them. The
    first 32 hex digits of SHA-256 over sorted JSON lines.
    """
    lines = sorted(
        to_json([entry.origin, entry.image_uri, entry.label, _labels(entry)]) for entry in images
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:ID_DIGITS]


def _labels(entry: Entry) -> list[str]:
    """The image's class and those of all its objects, sorted."""
    if entry.objects is None:
        return list(entry.labels)
    found = [thing.label for thing in entry.things]
    return sorted([*found, entry.label] if entry.label is not None else found)
