import json

import numpy as np
import pytest

from tests.training.scoring.runs import make_version, sha
from vidset.datasets.curation.fix import apply_fixes, fix_version
from vidset.datasets.curation.fixes import Fix, Fixes, parse_fixes
from vidset.datasets.errors import DatasetError, FaultsError
from vidset.datasets.versions.evaluation_id import evaluation_id
from vidset.datasets.versions.repository import Repository
from vidset.masks import Mask


def fix(number, action="keep", label=None):
    return Fix(sha(number), f"{number}.png", action, label)


def labels(manifest):
    return {entry.image_uri: entry.label for entry in manifest}


@pytest.fixture
def version(tmp_path):
    """0 and its twin in training, 1 and a copy made of it, 2 with boxes only."""
    box = {"label": "a", "box": {"x": 1.0, "y": 1.0, "width": 5.0, "height": 5.0}}
    return make_version(
        tmp_path,
        [
            {"uri": "0.png", "label": "a", "number": 0},
            {"uri": "twin.png", "label": "b", "number": 0, "split": "train"},
            {"uri": "1.png", "label": "b", "number": 1, "split": "train"},
            {
                "uri": "copy.png",
                "label": "b",
                "number": 5,
                "split": "train",
                "origin": sha(1),
                "parent": sha(1),
            },
            {"uri": "2.png", "objects": [box], "number": 2},
        ],
        transforms=[{"step": "pad", "to": "square"}],
    )


def test_a_relabel_reaches_twins_in_every_split(version):
    assert labels(apply_fixes(version, [fix(0, "relabel", "b")])) == {
        "0.png": "b",
        "twin.png": "b",
        "1.png": "b",
        "copy.png": "b",
        "2.png": None,
    }


@pytest.mark.parametrize(
    "number", [pytest.param(1, id="the collected image"), pytest.param(5, id="its copy")]
)
def test_a_fix_reaches_the_copies_that_a_recipe_made(version, number):
    relabeled = labels(apply_fixes(version, [fix(number, "relabel", "a")]))
    assert (relabeled["1.png"], relabeled["copy.png"]) == ("a", "a")
    left = labels(apply_fixes(version, [fix(number, "remove")]))
    assert set(left) == {"0.png", "twin.png", "2.png"}


def test_a_fix_fits_a_version_that_holds_only_what_was_made_of_the_image(tmp_path):
    made = {"uri": "1.png", "label": "b", "number": 5, "origin": sha(1), "parent": sha(1)}
    manifest = make_version(tmp_path, [made, {"uri": "0.png", "label": "a", "number": 0}])
    assert labels(apply_fixes(manifest, [fix(1, "relabel", "a")])) == {"0.png": "a", "1.png": "a"}


def test_splits_and_groups_stay(version):
    fixed = apply_fixes(version, [fix(0, "relabel", "b"), fix(1, "remove")])
    sides = {entry.image_uri: (entry.split, entry.group) for entry in version}
    assert all(sides[entry.image_uri] == (entry.split, entry.group) for entry in fixed)
    assert [entry.split for entry in fixed].count("validation") == 2


def test_keep_changes_nothing_not_even_the_id(version):
    assert apply_fixes(version, [fix(0), fix(1)]).id == version.id


def test_a_new_label_must_be_named(version):
    with pytest.raises(FaultsError, match="'c': no image of the version has this label"):
        apply_fixes(version, [fix(0, "relabel", "c")])
    assert labels(apply_fixes(version, [fix(0, "relabel", "c")], ["c"]))["0.png"] == "c"


@pytest.mark.parametrize(
    ("fixes", "fault"),
    [
        pytest.param(
            [fix(9, "remove")], "9.png .*: this image is not in the version", id="unknown"
        ),
        pytest.param(
            [fix(0, "relabel", "a"), fix(0, "remove")], "contradicts 0.png", id="other actions"
        ),
        pytest.param(
            [fix(0, "relabel", "a"), fix(0, "relabel", "b")], "contradicts 0.png", id="labels"
        ),
        pytest.param([fix(0), fix(0, "remove")], "contradicts 0.png", id="keep and remove"),
        pytest.param([fix(1), fix(5, "remove")], "contradicts 1.png", id="image and its copy"),
        pytest.param([fix(2, "relabel", "a")], "its objects have; change them", id="boxes"),
    ],
)
def test_fixes_that_cannot_be_made_are_named(version, fixes, fault):
    with pytest.raises(FaultsError, match=fault):
        apply_fixes(version, fixes)


def test_all_faults_are_named_at_once(version):
    with pytest.raises(FaultsError) as raised:
        apply_fixes(version, [fix(8, "remove"), fix(9, "remove"), fix(0, "remove")])
    assert len(raised.value.faults) == 2


def test_the_next_version_remembers_its_parent_and_the_fixes(version, tmp_path):
    repository = Repository(tmp_path)
    given = Fixes(version.id, (fix(0, "relabel", "b"), fix(1, "remove")))
    made = fix_version(repository, version.id, given, message="first review")
    details = repository.details(made.id)
    assert details["parents"] == [version.id]
    assert details["transforms"] == [{"step": "pad", "to": "square"}]
    assert details["message"] == "first review"
    assert details["fixes"] == given.to_json()
    assert details["changes"] == {
        "train": {"relabeled": 0, "removed": 2},
        "validation": {"relabeled": 1, "removed": 0},
    }
    assert made.changes == details["changes"]
    assert (made.is_new, made.images) == (True, 3)
    measured = repository.measures(made.id)["image_sha256"].to_pylist()
    assert sorted(measured) == sorted([sha(0), sha(2)])
    assert not fix_version(repository, version.id, given).is_new


def test_a_fix_in_training_leaves_the_evaluation_id(version, tmp_path):
    """Versions before and after it may be compared; a relabeled evaluation image changes it."""
    before = evaluation_id(version.split("validation"))
    train = apply_fixes(version, [fix(1, "remove")])
    assert evaluation_id(train.split("validation")) == before
    both = apply_fixes(version, [fix(0, "relabel", "b")])
    assert evaluation_id(both.split("validation")) != before


def test_fixes_that_leave_nothing_are_refused(tmp_path):
    manifest = make_version(tmp_path, [{"uri": "0.png", "label": "a", "number": 0}])
    with pytest.raises(DatasetError, match="remove all 1 images"):
        fix_version(Repository(tmp_path), manifest.id, Fixes(manifest.id, (fix(0, "remove"),)))


def test_fixes_come_back_from_their_json():
    given = Fixes("v", (Fix("ab", "1.png", "relabel", "x", "label wrong", "a note"), fix(2)))
    assert parse_fixes(json.dumps(given.to_json()), "f.json") == given


def boxed(tmp_path, *boxes):
    """A version with one image of 32 x 24 pixels and these boxes."""
    objects = [
        {"id": id_, "label": label, "type": "box", "box": dict(zip(EDGES, edges, strict=True))}
        for id_, label, edges in boxes
    ]
    return make_version(tmp_path, [{"uri": "0.png", "objects": objects, "number": 0}])


EDGES = ("x", "y", "width", "height")
CARS = ("1", "car", (1, 1, 5, 5)), ("2", "bus", (10, 1, 5, 5))


def on_objects(*changes):
    return Fix(sha(0), "0.png", "objects", objects=changes)


def test_objects_are_changed_added_and_deleted(tmp_path):
    version = boxed(tmp_path, *CARS)
    moved = {"x": 2.0, "y": 2.0, "width": 6.0, "height": 6.0}
    fixed = apply_fixes(
        version,
        [
            on_objects(
                {"action": "change", "id": "1", "label": "bus", "box": moved},
                {"action": "delete", "id": "2"},
                {"action": "add", "label": "car", "points": [{"x": 1, "y": 1}, {"x": 9, "y": 9}]},
            )
        ],
    )
    [entry] = fixed
    found = [(each.id, each.label, each.type, each.bounds) for each in entry.things]
    assert found == [("1", "bus", "box", (2, 2, 6, 6)), ("2", "car", "polygon", (1, 1, 8, 8))]


def test_objects_of_every_kind_are_changed_and_added(tmp_path):
    version = boxed(tmp_path, *CARS)
    triangle = [{"x": 1.0, "y": 1.0}, {"x": 9.0, "y": 1.0}, {"x": 9.0, "y": 9.0}]
    [entry] = version
    counts = Mask.of(np.eye(entry.height, entry.width, dtype=bool)).counts
    fixed = apply_fixes(
        version,
        [
            on_objects(
                {
                    "action": "change",
                    "id": "1",
                    "box": {"x": 2.0, "y": 3.0, "width": 4.0, "height": 2.0, "angle": 90.0},
                },
                {"action": "change", "id": "2", "rings": [{"points": triangle}]},
                {
                    "action": "add",
                    "label": "car",
                    "mask": {"size": [entry.height, entry.width], "counts": counts},
                },
            )
        ],
    )
    [entry] = fixed
    assert [(each.id, each.type) for each in entry.things] == [
        ("1", "rotated_box"),
        ("2", "polygon"),
        ("3", "mask"),
    ]
    assert entry.things[0].bounds == pytest.approx((3, 2, 2, 4))
    assert entry.things[1].bounds == (1, 1, 8, 8)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        pytest.param(
            {"action": "change", "id": "1", "mask": {"size": [5, 5], "counts": [25]}},
            "wanted a mask of .* pixels, got 5 x 5",
            id="a mask of another image",
        ),
        pytest.param(
            {"action": "change", "id": "1", "rings": [{"points": [{"x": 1, "y": 1}]}]},
            "wanted rings of 3 points or more, got 1",
            id="a ring of one point",
        ),
        pytest.param({"action": "delete", "id": "7"}, "got '7'; it has: 1, 2", id="no such object"),
        pytest.param(
            {"action": "change", "id": "1", "label": "cra"},
            "has the label 'cra'",
            id="typing error",
        ),
        pytest.param(
            {"action": "change", "id": "1", "box": {"x": 1, "y": 1, "width": 0, "height": 5}},
            "wanted a shape with an area",
            id="no area",
        ),
        pytest.param(
            {"action": "change", "id": "1", "box": {"x": 1}}, "wanted objects as", id="half a box"
        ),
    ],
)
def test_changes_of_objects_that_cannot_be_made_are_named(tmp_path, change, fault):
    with pytest.raises(FaultsError, match=fault):
        apply_fixes(boxed(tmp_path, *CARS), [on_objects(change)])


@pytest.mark.parametrize(
    ("one", "fault"),
    [
        pytest.param({}, "a list of objects stands with the action objects", id="none"),
        pytest.param(
            {"objects": [{"action": "move"}]}, "wanted an object with action", id="action"
        ),
        pytest.param({"objects": [{"action": "delete"}]}, "wanted the object's id", id="no id"),
        pytest.param(
            {"objects": [{"action": "add", "label": "car"}]},
            "wanted a label and one of",
            id="shape",
        ),
    ],
)
def test_a_file_with_changes_that_are_none_is_refused(one, fault):
    fix_ = {"image_sha256": sha(0), "image_uri": "0.png", "action": "objects", **one}
    with pytest.raises(FaultsError, match=fault):
        parse_fixes(json.dumps({"version": "v", "fixes": [fix_]}), "f.json")


def test_fixes_of_objects_come_back_from_their_file():
    given = Fixes("v", (on_objects({"action": "delete", "id": "1"}),))
    assert parse_fixes(json.dumps(given.to_json()), "f.json") == given


def test_fixes_of_another_version_are_refused(version, tmp_path):
    repository = Repository(tmp_path)
    fixed = fix_version(repository, version.id, Fixes(version.id, (fix(1, "remove"),)))
    with pytest.raises(DatasetError, match=f"of version {version.id}, wanted those of {fixed.id}"):
        fix_version(repository, fixed.id, Fixes(version.id, (fix(0, "remove"),)))
