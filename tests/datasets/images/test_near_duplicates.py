import cv2
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.datasets.rows import drawing, encoded, scene
from vidset.datasets.images import hash_bands
from vidset.datasets.images.hash_bands import MOST_BITS
from vidset.datasets.images.measures import SCHEMA, THUMBNAIL_SIDE, measure
from vidset.datasets.images.near_duplicates import MOST_ALIKE, NearIndex, Pictures

SIZE = THUMBNAIL_SIDE**2
RAMP = np.arange(SIZE) * 255 // SIZE
THUMBNAIL = bytes(RAMP.astype(np.uint8))


def pictures(hashes, thumbnails=None) -> Pictures:
    columns = {
        "phash": pa.array(hashes, SCHEMA.field("phash").type),
        "thumbnail": pa.array(
            thumbnails or [THUMBNAIL] * len(hashes), SCHEMA.field("thumbnail").type
        ),
    }
    return Pictures(pa.table(columns))


def of_files(files) -> Pictures:
    measured = [measure(data, "a") for data in files]
    return pictures([each.phash for each in measured], [each.thumbnail for each in measured])


def near(found: Pictures, distance: int = 6) -> list[int]:
    """What a search for picture 0 finds among all the others."""
    index = NearIndex(found, distance)
    for place in range(1, len(found)):
        index.add(place)
    return sorted(each.place for each in index.find(0))


@settings(max_examples=200)
@given(
    st.integers(0, 2**64 - 1),
    st.lists(st.sets(st.integers(0, 63), max_size=MOST_BITS + 1), min_size=1, max_size=20),
    st.integers(0, MOST_BITS),
)
def test_all_hashes_within_the_distance_are_found_and_no_others(hash_, flips, distance):
    others = [hash_ ^ sum(1 << bit for bit in bits) for bits in flips]
    # All are like the first one, but not so much like each other that one stands for another.
    noise = np.random.default_rng(0).normal(0, 6, (len(others), SIZE))
    thumbnails = [np.clip(RAMP + each, 0, 255).astype(np.uint8) for each in noise]
    found = pictures([hash_, *others], [THUMBNAIL, *map(bytes, thumbnails)])
    index = NearIndex(found, distance)
    for place in range(1, len(found)):
        index.add(place)
    told = {found.hashes[each.place]: each.distance for each in index.find(0)}
    wanted = {
        found.hashes[place]: len(bits)
        for place, bits in enumerate(flips, 1)
        if len(bits) <= distance
    }
    assert told == wanted


@pytest.mark.parametrize("spread", [3, 40], ids=["crowded", "in clusters"])
def test_looking_for_all_pairs_at_once_finds_the_same(monkeypatch, spread):
    random = np.random.default_rng(spread)
    hashes = np.repeat(random.integers(0, 1 << 63, 8 * spread), 2000 // (8 * spread))
    for _ in range(4):
        hashes ^= np.where(random.random(len(hashes)) < 0.5, 1 << random.integers(0, 62), 0)
    shades = [np.clip(RAMP + random.normal(0, 8, SIZE), 0, 255) for _ in hashes]
    thumbnails = [each.astype(np.uint8).tobytes() for each in shades]

    def found(many: int):
        monkeypatch.setattr(hash_bands, "_MANY", many)
        shown = pictures(hashes, thumbnails)
        index = NearIndex(shown, 6)
        taken = [index.take(place) for place in range(len(shown))]
        told = [sorted((each.place, each.distance) for each in near) for near in taken]
        return shown.alike(6), told, index.crowded

    (one_by_one, *alone), (at_once, *together) = found(1 << 62), found(0)
    assert (one_by_one, bool(at_once)) == (None, True)
    assert together == alone
    assert sum(map(len, together[0])) > 1000


@pytest.mark.parametrize("spread", [3, 40, 4000], ids=["crowded", "in clusters", "apart"])
def test_pictures_without_candidates_change_nothing(spread):
    random = np.random.default_rng(spread)
    hashes = random.integers(0, 1 << 63, spread)[random.integers(0, spread, 2000)]
    hashes ^= np.where(random.random(len(hashes)) < 0.5, 1 << random.integers(0, 62), 0)
    shades = [np.clip(RAMP + random.normal(0, 8, SIZE), 0, 255) for _ in hashes]
    shown = pictures(hashes, [each.astype(np.uint8).tobytes() for each in shades])

    def found(places):
        index = NearIndex(shown, 6)
        taken = [(place, index.take(place)) for place in places]
        return [each for each in taken if each[1]], index.crowded

    candidates = np.flatnonzero(NearIndex(shown, 6).has_candidates).tolist()
    assert found(candidates) == found(range(len(shown)))
    assert (spread < 4000) == (len(candidates) == len(shown))
    assert len(candidates) > 100


@pytest.mark.parametrize("make", [scene, drawing])
@pytest.mark.parametrize(
    "twin",
    [
        pytest.param(lambda p: encoded(p, ".jpg", 50), id="JPEG at quality 50"),
        pytest.param(lambda p: encoded(cv2.resize(p, None, fx=0.5, fy=0.5)), id="half the size"),
        pytest.param(lambda p: encoded(cv2.resize(p, None, fx=2, fy=2)), id="twice the size"),
        pytest.param(lambda p: encoded(cv2.add(p, np.full_like(p, 10))), id="brighter"),
        pytest.param(lambda p: encoded(cv2.subtract(p, np.full_like(p, 10))), id="darker"),
    ],
)
def test_a_picture_saved_otherwise_is_found_among_others(make, twin):
    files = [twin(make(0)), *(encoded(make(seed)) for seed in range(60))]
    assert near(of_files(files)) == [1]


def test_drawings_with_equal_hashes_are_not_near_when_they_show_other_things():
    thumbnails = [
        cv2.resize(drawing(seed), (THUMBNAIL_SIDE,) * 2, interpolation=cv2.INTER_AREA).tobytes()
        for seed in range(20)
    ]
    assert near(pictures([7] * 20, thumbnails)) == []


def test_thumbnails_without_anything_on_them_are_like_none():
    flat = bytes([255] * (SIZE - 1) + [252])
    assert near(pictures([7, 7], [flat, flat])) == []


def test_one_of_many_nearly_equal_pictures_stands_for_all():
    index = NearIndex(pictures([7] * 500), 6)
    for place in range(500):
        index.add(place)
    assert [each.place for each in index.find(3)] == [0]
    assert index.crowded == set()


def test_likeness_is_the_correlation_of_the_thumbnails():
    random = np.random.default_rng(0)
    thumbnails = [np.clip(random.normal(250, 2, SIZE), 0, 255).astype(np.uint8) for _ in range(9)]
    found = pictures([7] * 9, list(map(bytes, thumbnails)))
    wanted = np.corrcoef(thumbnails)[0, 1:]
    np.testing.assert_allclose(found.likeness(0, list(range(1, 9))), wanted, atol=1e-9)


@pytest.mark.parametrize(
    ("bits", "count"),
    [
        pytest.param([], 3 * MOST_ALIKE, id="one hash"),
        pytest.param(range(64), 3 * MOST_ALIKE, id="many hashes near each other"),
        pytest.param([0, 20, 40], 6 * MOST_ALIKE, id="a few hashes near each other"),
    ],
)
def test_many_different_pictures_of_like_hashes_are_counted_and_not_all_compared(bits, count):
    random = np.random.default_rng(0)
    hashes = [
        sum(1 << bit for bit in random.permutation(list(bits))[: random.integers(0, 4)].tolist())
        for _ in range(count)
    ]
    found = pictures(hashes, [random.bytes(SIZE) for _ in range(count)])
    compared = []
    index = NearIndex(found, 6)
    likeness = found.likeness
    found.likeness = lambda place, others: compared.append(len(others)) or likeness(place, others)
    for place in range(count):
        index.add(place)
        index.find(place)
    assert len(index.crowded) > MOST_ALIKE
    assert max(compared) <= 4 * MOST_ALIKE


@pytest.mark.parametrize("distance", [-1, MOST_BITS + 1])
def test_a_distance_beyond_what_is_indexed_is_refused(distance):
    with pytest.raises(ValueError, match=f"wanted 0 to {MOST_BITS} bits, got {distance}"):
        NearIndex(pictures([1]), distance)
