"""The audit on real data, against counts of its own: shared/roman beside the checkout."""

import hashlib
import tarfile
from collections import defaultdict
from functools import cache
from itertools import combinations

import cv2
import numpy as np
import pytest

from tests.datasets.rows import Row, manifest_of
from tests.paths import SHARED
from vidset.datasets.splits.audit import audit

ROMAN = SHARED / "roman"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not ROMAN.is_dir(), reason="no shared/roman beside the checkout"),
]
# They are told apart by what is wrong in them, and searched in the same way.
VERSIONS = ["v0", *(pytest.param(each, marks=pytest.mark.chaos) for each in ("v1", "v2.1"))]


@cache
def files(version: str) -> dict[str, bytes]:
    with tarfile.open(ROMAN / f"{version}.tar") as archive:
        members = [member for member in archive if member.isfile()]
        return {member.name: archive.extractfile(member).read() for member in members}  # pyright: ignore[reportOptionalMemberAccess]


@cache
def audited(version: str):
    rows = [Row(name, data, *name.split("/")[:2]) for name, data in files(version).items()]
    return audit(*manifest_of(rows))


def pairs_across(keys: dict[str, str]) -> set[frozenset[str]]:
    """All pairs of files with equal keys that are in two splits."""
    same = defaultdict(list)
    for name, key in keys.items():
        same[key].append(name)
    return {
        frozenset(pair)
        for names in same.values()
        for pair in combinations(names, 2)
        if pair[0].split("/")[0] != pair[1].split("/")[0]
    }


def named(version: str, kind: str) -> set[frozenset[str]]:
    return {
        frozenset((leak.a.image_uri, leak.b.image_uri))
        for leak in audited(version).leaks
        if leak.kind == kind
    }


@pytest.mark.parametrize(
    ("version", "count"),
    [
        ("v0", 42),
        pytest.param("v1", 52, marks=pytest.mark.chaos),
        pytest.param("v2.1", 52, marks=pytest.mark.chaos),
    ],
)
def test_every_exact_leak_is_found_and_no_other(version, count):
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files(version).items()}
    wanted = pairs_across(hashes)
    assert len(wanted) == count
    assert named(version, "exact") == wanted


@pytest.mark.parametrize("version", VERSIONS)
def test_pixels_that_are_equal_in_other_files_are_all_found(version):
    def pixels(data: bytes) -> str:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
        return f"{picture.shape}{hashlib.sha256(picture.tobytes()).hexdigest()}"

    wanted = pairs_across({name: pixels(data) for name, data in files(version).items()})
    assert named(version, "exact") | named(version, "pixels") == wanted


@pytest.mark.parametrize(
    ("version", "blanks"),
    [
        ("v0", {"train/vi/aac26b40-ce5d-11eb-b317-38f9d35ea60f.png"}),
        ("v1", {"train/vi/799.png", "val/iv/b237f6ec-ce5d-11eb-b317-38f9d35ea60f.png"}),
        (
            "v2.1",
            {
                "train/vi/aac26b40-ce5d-11eb-b317-38f9d35ea60f.png",
                "train/vi/799.png",
                "val/iv/b237f6ec-ce5d-11eb-b317-38f9d35ea60f.png",
            },
        ),
    ],
)
def test_the_blank_images_are_found(version, blanks):
    assert {each.image_uri for each in audited(version).blanks} == blanks


def test_most_twins_of_the_rewritten_validation_images_are_found_as_near():
    """In v0 39 images are in training and validation. v2.1 has v0's training images, and the
    validation images written anew: no file is equal any more, but the pictures are."""
    twins = {frozenset(pair) for pair in named("v0", "exact") if "label_book" not in str(pair)}
    assert len(twins) == 39
    assert not twins & named("v2.1", "exact")
    assert len(twins & named("v2.1", "near")) >= 36


def test_no_near_leak_is_told_where_no_picture_is_another_ones_twin():
    """The 42 pairs of v0 are the same files; what is left are different drawings."""
    assert {leak.kind for leak in audited("v0").leaks} == {"exact"}
