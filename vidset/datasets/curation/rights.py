"""Looks at the rights of images side by side: of equal bytes, and of the images of a parent."""

from collections import Counter

import pyarrow as pa

from vidset.datasets.curation.candidates import with_column
from vidset.datasets.curation.sources.source import Fault, Kind
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.licences import rights_of
from vidset.rights import NONE, LicenseChoice, Rights, told_licences


def with_equal_rights(found: pa.Table) -> tuple[pa.Table, list[Fault]]:
    """Let equal bytes have equal rights: what is stated of one copy is stated of all.

    The faults: copies of which another licence is stated than of the first one.
    """
    if found["rights"].null_count == len(found):
        return found, []
    hashes, texts = found["image_sha256"].to_pylist(), found["rights"].to_pylist()
    joined: dict[str, Rights] = {}
    faults = []
    for sha256, uri, text in zip(hashes, found["image_uri"].to_pylist(), texts, strict=True):
        rights, before = Rights.from_json(text), joined.get(sha256, NONE)
        if before.license and rights.license and before.license != rights.license:
            what = f"the licence {rights.license} here, and {before.license} elsewhere"
            faults.append(Fault(Kind.CONTRADICTION, uri, what))
        joined[sha256] = before.or_else(rights)
    return with_column(found, "rights", [joined[each].to_json() for each in hashes]), faults


def refuse_other_licences(images: pa.Table, wanted: LicenseChoice) -> None:
    """Refuse a version that takes images over from its parent which are of other licences.

    Raises:
        DatasetError: there are some; they are counted by their licences.
    """
    counts = rights_of(images)
    others: Counter[str] = Counter()
    for rights, number in counts.items():
        others[rights.license_to_count] += 0 if wanted.allows(rights) else number
    others = +others
    if others:
        raise DatasetError(
            f"--license {', '.join(wanted.names)}: the parent has images of {told_licences(others)}"
            ", which would be in the version: --instead leaves the parent's images out"
        )
