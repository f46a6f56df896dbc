"""Finds faults that show only when images stand side by side."""

from collections import Counter, defaultdict
from collections.abc import Hashable

import pyarrow as pa

from vidset.datasets.curation.sources.source import Fault, Kind
from vidset.datasets.errors import FaultsError
from vidset.datasets.rows import repeated
from vidset.datasets.versions.changes import Labels, changes
from vidset.datasets.versions.entry import TRAIN, VALIDATION, label_names
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.objects import content_of


def find_contradictions(found: pa.Table) -> list[Fault]:
    """Images whose bytes stand elsewhere with other labels: one of them must be wrong."""
    columns = ("image_sha256", "image_uri", "label", "objects")
    found = repeated(found, "image_sha256")
    said: defaultdict[str, dict[Hashable, tuple[Labels, list[str]]]] = defaultdict(dict)
    for sha256, uri, label, objects in zip(
        *(found[name].to_pylist() for name in columns), strict=True
    ):
        key = (label, content_of(objects))
        said[sha256].setdefault(key, ((label, objects), []))[1].append(uri)
    faults = []
    for by_content in said.values():
        if len(by_content) == 1:
            continue
        for key, (labels, uris) in by_content.items():
            others = sorted(
                f"{uri} ({_told_difference(labels, theirs)})"
                for other, (theirs, elsewhere) in by_content.items()
                if other != key
                for uri in elsewhere
            )
            what = f"{told(*labels)} here, and {', '.join(others)}"
            faults += [Fault(Kind.CONTRADICTION, uri, what) for uri in uris]
    return sorted(faults)


def _told_difference(here: Labels, there: Labels) -> str:
    """The labels there, or what is different where these are the same."""
    if told(*here) != told(*there):
        return told(*there)
    return "; ".join(changes(here, there))


def find_ambiguous(found: pa.Table) -> list[Fault]:
    """Different images that are called alike."""
    found = repeated(found, "image_uri")
    hashes: defaultdict[str, set[str]] = defaultdict(set)
    pairs = zip(found["image_uri"].to_pylist(), found["image_sha256"].to_pylist(), strict=True)
    for uri, sha256 in pairs:
        hashes[uri].add(sha256)
    return [
        Fault(Kind.AMBIGUOUS, uri, f"{len(several)} different ones")
        for uri, several in sorted(hashes.items())
        if len(several) > 1
    ]


def without_repeats(found: pa.Table) -> tuple[pa.Table, list[Fault]]:
    """Each image of each name once. The faults are the others, which are harmless."""
    if not len(repeated(found.select(["image_sha256"]), "image_sha256")):
        return found, []
    seen: set[tuple[str, str]] = set()
    places, faults = [], []
    pairs = zip(found["image_sha256"].to_pylist(), found["image_uri"].to_pylist(), strict=True)
    for place, pair in enumerate(pairs):
        if pair in seen:
            faults.append(Fault(Kind.REPEATED, pair[1]))
        else:
            seen.add(pair)
            places.append(place)
    return (found.take(places), faults) if faults else (found, [])


def refuse(faults: list[Fault], images: int) -> None:
    """Raises FaultsError: some of the faults are not harmless."""
    fatal = sorted(fault for fault in faults if not fault.kind.is_harmless)
    if fatal:
        numbers = Counter(fault.kind for fault in fatal)
        each = ", ".join(f"{numbers[kind]} x {kind}" for kind in sorted(numbers))
        raise FaultsError(
            f"no version was made, for {each}; {images} images are as they should be; "
            "--skip-faults leaves the others out",
            list(map(str, fatal)),
        )


def check_cap(images: Manifest, cap: int | None) -> None:
    """Raises FaultsError: there are more images for training and validation than may be."""
    numbers = Counter(images.table["split"].to_pylist())
    counted = numbers[TRAIN] + numbers[VALIDATION]
    if cap is not None and counted > cap:
        lines = [f"{split}: {numbers[split]} images" for split in sorted(numbers)]
        raise FaultsError(
            f"wanted at most {cap} images for training and validation, got {counted}", lines
        )


def told(label: str | None, objects: str | None) -> str:
    """An entry's labels, as text."""
    return ", ".join(label_names(label, objects)) or "nothing in it"
