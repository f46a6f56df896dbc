"""Counts a version's images by what is stated of them, and takes those of some licences."""

from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.manifest import Manifest
from vidset.rights import LicenseChoice, Rights, told_licences


def rights_of(images: pa.Table) -> Counter[Rights]:
    """Count the images of a manifest's table by their rights; what is equal is read once.

    Raises:
        ValueError: a text in it is no rights.
    """
    counts: Counter[Rights] = Counter()
    for each in images["rights"].value_counts().to_pylist():
        counts[Rights.from_json(each["values"])] += each["counts"]
    return counts


def licences_of(images: pa.Table) -> Counter[str]:
    """Count the images of a manifest's table by their licences."""
    counts: Counter[str] = Counter()
    for rights, number in rights_of(images).items():
        counts[rights.license_to_count] += number
    return counts


def of_licences(images: Manifest, wanted: LicenseChoice) -> tuple[Manifest, Counter[str]]:
    """Return the images that are of wanted licences, and how many there are of which others.

    Raises:
        DatasetError: none is of a wanted one.
    """
    texts = images.table["rights"]
    allowed = {text: wanted.allows(Rights.from_json(text)) for text in texts.unique().to_pylist()}
    if all(allowed.values()):
        return images, Counter()
    taken = pa.array([allowed[text] for text in texts.to_pylist()], pa.bool_())
    others = licences_of(images.table.filter(pc.call_function("invert", [taken])))
    if not any(allowed.values()):
        raise DatasetError(
            f"--license {', '.join(wanted.names)}: no image is of it; the images are of "
            f"{told_licences(others)}"
        )
    return Manifest(images.table.filter(taken)), others
