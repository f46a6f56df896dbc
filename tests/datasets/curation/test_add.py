import hashlib

import pytest

from tests.datasets.curation.test_create import make, rows
from tests.datasets.pictures import image, write_files, write_labels
from vidset.datasets.curation.create import Wanted, create
from vidset.datasets.curation.sources.source import Found
from vidset.datasets.errors import DatasetError, FaultsError
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.manifest import Manifest


@pytest.fixture
def parent(repository, tmp_path):
    made = make(repository, write_labels(tmp_path / "in", {"cat": 30, "dog": 30}))
    repository.name_version("v0", made.id)
    return made


def sides(created):
    return dict(rows(created, "image_uri", "split"))


def test_new_images_come_to_those_of_the_parent(repository, tmp_path, parent):
    made = make(repository, write_labels(tmp_path / "more", {"cat": 10}, 100), parent="v0")
    assert made.counts == {"kept": 60, "relabeled": 0, "replaced": 0, "added": 10}
    assert len(made.images) == 70
    assert repository.details(made.id)["parents"] == [parent.id]
    assert repository.measures(made.id).num_rows == 70


def test_what_was_split_stays_so(repository, tmp_path, parent):
    folder = write_labels(tmp_path / "more", {"cat": 30, "dog": 5, "bird": 40}, 100)
    other = {"shares": {"train": 0.2, "test": 0.8}, "seed": 7}
    grown = make(repository, folder, parent="v0", **other)
    write_labels(folder, {"cat": 30, "dog": 30})
    whole = make(repository, folder, parent="v0", instead=True, **other)
    for made in grown, whole:
        assert sides(parent).items() <= sides(made).items()
        assert len(made.images) == 135


def test_labels_follow_the_bytes(repository, tmp_path, parent):
    write_files(tmp_path / "in", {"bird/other name.png": (tmp_path / "in/cat/0.png").read_bytes()})
    (tmp_path / "in/cat/0.png").unlink()
    made = make(repository, tmp_path / "in", parent="v0")
    assert made.counts == {"kept": 59, "relabeled": 1, "replaced": 0, "added": 0}
    assert ("cat/0.png", "bird") in rows(made, "image_uri", "label")
    assert sides(made) == sides(parent)


def test_other_bytes_under_a_name_replace_the_image_on_its_side(repository, tmp_path, parent):
    changed = {f"cat/{n}.png": n + 500 for n in range(30)}
    made = make(repository, write_files(tmp_path / "new", changed), parent="v0")
    assert made.counts == {"kept": 30, "relabeled": 0, "replaced": 30, "added": 0}
    assert sides(made) == sides(parent)
    gone = set(parent.images.table["image_sha256"].to_pylist())
    assert len(gone & set(made.images.table["image_sha256"].to_pylist())) == 30


def test_instead_of_the_parents_images_come_the_new_ones(repository, tmp_path, parent):
    folder = write_files(tmp_path / "new", {"cat/0.png": 0, "cat/new.png": 400})
    made = make(repository, folder, parent="v0", instead=True, shares={"train": 1})
    assert [uri for (uri,) in rows(made, "image_uri")] == ["cat/0.png", "cat/new.png"]
    assert sides(made)["cat/0.png"] == sides(parent)["cat/0.png"]
    assert repository.details(made.id)["parents"] == [parent.id]


def test_a_source_may_not_move_an_image_to_another_split(repository, tmp_path, parent):
    side = sides(parent)["cat/0.png"]
    other = "train" if side == "validation" else "validation"
    folder = write_files(tmp_path / "new", {f"{other}/cat/moved.png": 0, "train/cat/x.png": 900})
    with pytest.raises(FaultsError) as refused:
        make(repository, folder, parent="v0")
    (told,) = refused.value.faults
    assert told.startswith(f"{other}/cat/moved.png: in another split than in an earlier version")
    assert told.endswith(f": {side} before, {other} now")


def offer(*images):
    """(uri, seed, group) as a source."""
    return [
        Found(image_uri=uri, read=lambda seed=seed: image(seed), source="t", label="a", group=group)
        for uri, seed, group in images
    ]


def test_a_group_stays_on_its_side_also_when_it_was_joined_with_another(repository):
    # Videos a and b have an image in common, so that they are one group, which is called "a".
    first = [("a1", 1, "a"), ("a2", 2, "a"), ("b1", 2, "b"), ("b2", 3, "b")]
    others = [(f"{n}", n, f"video {n}") for n in range(10, 40)]
    old = create(repository, offer(*first, *others), Wanted())
    assert repository.details(old.id)["joined_groups"] == {"b": "a"}
    side = sides(old)["a1"]
    middle = create(repository, offer(("c", 50, "c")), Wanted(parent=old.id))
    other = "test" if side == "train" else "train"
    new = [(f"b{n}", n, "b") for n in range(100, 110)]
    wanted = Wanted(parent=middle.id, shares={side: 0.1, other: 0.9})
    grown = create(repository, offer(*new), wanted)
    assert {sides(grown)[f"b{n}"] for n in range(100, 110)} == {side}


@pytest.mark.parametrize(
    "instead", [pytest.param(True, id="instead"), pytest.param(False, id="added")]
)
def test_a_video_that_comes_back_with_other_frames_stays_on_its_side(repository, instead):
    videos = range(20)
    first = [(f"{v}/{n}", 10 * v + n, f"video {v}") for v in videos for n in range(3)]
    old = create(repository, offer(*first), Wanted(shares={"train": 0.5, "test": 0.5}))
    anew = [(f"{v}/again {n}", 1000 + 10 * v + n, f"video {v}") for v in videos for n in range(3)]
    wanted = Wanted(parent=old.id, instead=instead, shares={"train": 0.5, "test": 0.5}, seed=9)
    now = sides(create(repository, offer(*anew), wanted))
    before = sides(old)
    assert {v: now[f"{v}/again 0"] for v in videos} == {v: before[f"{v}/0"] for v in videos}


def test_what_a_recipe_made_is_nothing_to_add_to(repository, parent):
    table = parent.images.table
    steps = [to_json([{"step": "median"}])] * len(table)
    place = table.schema.get_field_index("made_by")
    made = Manifest(table.set_column(place, table.schema.field("made_by"), [steps]))
    id_ = repository.write_version(made, parent.measures, {})
    with pytest.raises(DatasetError, match="got one that a recipe made"):
        create(repository, offer(("a", 1, None)), Wanted(parent=id_))


def test_different_images_of_one_name_are_named(repository):
    twice = offer(("a.png", 1, None), ("a.png", 2, None), ("b.png", 3, None))
    with pytest.raises(FaultsError) as refused:
        create(repository, twice, Wanted())
    assert refused.value.faults == ("a.png: different images of one name: 2 different ones",)


def test_an_image_that_is_offered_twice_is_taken_once(repository):
    made = create(
        repository, offer(("a.png", 1, None), ("a.png", 1, None)), Wanted(shares={"train": 1})
    )
    assert len(made.images) == 1
    assert [str(fault) for fault in made.faults] == ["a.png: the same image again"]


def test_bytes_that_are_not_those_that_were_labeled_are_a_fault(repository):
    offered = [Found("a.png", lambda: image(1), "t", label="a", image_sha256="0" * 64)]
    with pytest.raises(FaultsError) as refused:
        create(repository, offered, Wanted())
    assert "a.png: not the image that was labeled: wanted the bytes of 0000" in str(refused.value)


@pytest.mark.parametrize(
    ("names", "expected", "counts"),
    [
        pytest.param(
            {"a": 9, "b": 0},
            {"a": 9, "b": 0, "x": 1, "y": 2},
            {"kept": 3, "relabeled": 0, "replaced": 0, "added": 1},
            id="one more",
        ),
        pytest.param(
            {"a": 9, "x": 0, "y": 1, "z": 2},
            {"a": 9, "x": 0, "y": 1, "z": 2},
            {"kept": 3, "relabeled": 0, "replaced": 0, "added": 1},
            id="all move up",
        ),
        pytest.param(
            {"a": 9, "x": 0},
            {"a": 9, "x": 0, "y": 2},
            {"kept": 2, "relabeled": 0, "replaced": 1, "added": 0},
            id="over another",
        ),
        pytest.param(
            {"a": 1, "x": 0},
            {"a": 0, "x": 1, "y": 2},
            {"kept": 3, "relabeled": 0, "replaced": 0, "added": 0},
            id="exchanged",
        ),
    ],
)
def test_an_image_whose_name_another_has_now_keeps_its_new_one(repository, names, expected, counts):
    """a, x and y show 0, 1 and 2."""
    first = create(repository, offer(("a", 0, None), ("x", 1, None), ("y", 2, None)), Wanted())
    found = offer(*((uri, seed, None) for uri, seed in names.items()))
    made = create(repository, found, Wanted(parent=first.id))
    shown = {hashlib.sha256(image(seed)).hexdigest(): seed for seed in range(10)}
    got = {uri: shown[sha256] for uri, sha256 in rows(made, "image_uri", "image_sha256")}
    assert (got, made.counts) == (expected, counts)
