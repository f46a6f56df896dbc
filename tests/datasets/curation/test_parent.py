"""A group never changes its side, whatever the versions in between have of it."""

import shutil

import pytest

from tests.datasets.curation.test_add import offer, sides
from tests.datasets.rows import encoded, scene
from vidset.datasets.curation.create import Wanted, create
from vidset.datasets.curation.fix import fix_version
from vidset.datasets.curation.fixes import Fix, Fixes
from vidset.datasets.curation.sources.source import Found
from vidset.datasets.errors import DatasetError, FaultsError

HALVES = {"train": 0.5, "test": 0.5}
VIDEOS = range(20)


def videos(numbers, start=0):
    """Three frames each."""
    names = [
        (f"{v}/{start + n}", 1000 * v + start + n, f"video {v}") for v in numbers for n in range(3)
    ]
    return offer(*names)


def pictures(numbers, quality):
    """Scenes as JPEG of that quality: near duplicates of those of another."""
    return [
        Found(
            f"{quality}/{n}.jpg",
            lambda n=n: encoded(scene(n), ".jpg", quality),
            "t",
            label="a",
        )
        for n in numbers
    ]


def side_of_videos(created):
    return {uri.split("/")[0]: side for uri, side in sides(created).items()}


@pytest.mark.parametrize("seed", range(3))
def test_a_video_that_was_gone_for_a_version_comes_back_to_its_side(repository, seed):
    first = create(repository, videos(VIDEOS), Wanted(shares=HALVES))
    less = create(
        repository, videos(range(10, 20)), Wanted(shares=HALVES, parent=first.id, instead=True)
    )
    anew = videos(VIDEOS, start=100)
    now = create(repository, anew, Wanted(shares=HALVES, parent=less.id, seed=seed))
    assert side_of_videos(now) == side_of_videos(first)


def test_an_image_that_was_removed_comes_back_to_its_side(repository):
    names = offer(*((f"{n}.png", n, None) for n in range(20)))
    first = create(repository, names, Wanted(shares=HALVES))
    (entry, *_) = first.images.split("test")
    removed = Fix(entry.image_sha256, entry.image_uri, "remove")
    fixed = fix_version(repository, first.id, Fixes(first.id, (removed,)))
    shares = {"train": 0.9, "test": 0.1}
    again = create(repository, names, Wanted(shares=shares, parent=fixed.id, fixes_hold=False))
    assert sides(again) == sides(first)


def test_near_duplicates_stay_on_the_side_of_what_they_stand_instead_of(repository):
    first = create(repository, pictures(range(20), 95), Wanted(shares=HALVES))
    wanted = Wanted(shares=HALVES, parent=first.id, instead=True, seed=5)
    now = create(repository, pictures(range(20), 60), wanted)
    before = sides(first)
    assert sides(now) == {f"60/{n}.jpg": before[f"95/{n}.jpg"] for n in range(20)}


def test_a_source_may_not_move_a_group_either(repository):
    first = create(repository, videos(VIDEOS), Wanted(shares=HALVES))
    side = side_of_videos(first)["0"]
    other = "train" if side == "test" else "test"
    moved = [Found("new", lambda: encoded(scene(1)), "t", label="a", group="video 0", split=other)]
    with pytest.raises(FaultsError) as refused:
        create(repository, moved, Wanted(parent=first.id, instead=True))
    assert refused.value.faults == (
        f"new: in another split than in an earlier version: {side} before, {other} now",
    )


def test_a_version_whose_parent_is_not_there_is_nothing_to_add_to(repository):
    first = create(repository, videos(range(5)), Wanted())
    second = create(repository, videos(range(5, 9)), Wanted(parent=first.id))
    shutil.rmtree(repository.root / "versions" / first.id)
    with pytest.raises(DatasetError) as refused:
        create(repository, videos(range(9, 12)), Wanted(parent=second.id))
    assert f"version {second.id} was made from {first.id}, which" in str(refused.value)
