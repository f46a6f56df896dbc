import pytest

from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.diff import diff
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.manifest import Manifest


def entry(name, *, uri=None, label="cat", split="train", origin=None, objects=None):
    return Entry(
        image_sha256=name * 64,
        image_uri=uri or f"{name}.png",
        image_format="png",
        width=8,
        height=8,
        label=label,
        objects=None if objects is None else to_json(objects),
        group=name,
        split=split,
        origin=(origin or name) * 64,
        source="folder",
    )


def between(a, b):
    return diff(Manifest.of(a).table, Manifest.of(b).table)


def nonzero(found):
    return {what: number for what, number in found.counts.items() if number}


CAR = {"id": "1", "label": "car", "box": {"x": 1, "y": 1, "width": 2, "height": 2}}
BUS = {"id": "1", "label": "bus", "box": {"x": 1, "y": 1, "width": 2, "height": 2}}
CAR_ELSEWHERE = {"id": "1", "label": "car", "box": {"x": 3, "y": 1, "width": 2, "height": 2}}


@pytest.mark.parametrize(
    ("a", "b", "counts"),
    [
        pytest.param([entry("1")], [entry("1")], {"unchanged": 1}, id="nothing"),
        pytest.param([], [entry("1")], {"added": 1}, id="added"),
        pytest.param([entry("1")], [], {"removed": 1}, id="removed"),
        pytest.param([entry("1")], [entry("1", label="dog")], {"relabeled": 1}, id="relabeled"),
        pytest.param([entry("1")], [entry("1", split="test")], {"moved": 1}, id="moved"),
        pytest.param(
            [entry("1")],
            [entry("1", label="dog", split="test")],
            {"relabeled": 1, "moved": 1},
            id="relabeled and moved",
        ),
        pytest.param(
            [entry("1", objects=[CAR])],
            [entry("1", objects=[CAR_ELSEWHERE])],
            {"relabeled": 1},
            id="a box elsewhere in the same image",
        ),
        pytest.param([entry("1")], [entry("1", uri="x.png")], {"unchanged": 1}, id="renamed"),
        pytest.param(
            [entry("1")],
            [entry("1"), entry("1", uri="x.png")],
            {"added": 1, "unchanged": 1},
            id="copy",
        ),
        pytest.param(
            [entry("1"), entry("1", uri="x.png")],
            [entry("1")],
            {"removed": 1, "unchanged": 1},
            id="copy removed",
        ),
        pytest.param(
            [entry("1")], [entry("2", uri="1.png")], {"replaced": 1}, id="other bytes, same name"
        ),
        pytest.param(
            [entry("1")],
            [entry("2", uri="1.png", origin="1"), entry("3", uri="1.png", origin="1")],
            {"made": 2},
            id="transformed, with a copy",
        ),
        pytest.param(
            [entry("1")],
            [entry("1"), entry("3", uri="1.png", origin="1")],
            {"made": 1, "unchanged": 1},
            id="augmented",
        ),
        pytest.param(
            [entry("2", uri="1.png", origin="1"), entry("3", uri="1.png", origin="1")],
            [entry("4", uri="1.png", origin="1")],
            {"made": 1, "unmade": 1},
            id="by another recipe, without copies",
        ),
        pytest.param(
            [entry("1", objects=[CAR])],
            [entry("2", uri="1.png", origin="1", objects=[CAR_ELSEWHERE])],
            {"made": 1},
            id="transformed, with its box elsewhere",
        ),
        pytest.param(
            [entry("1", objects=[CAR])],
            [entry("2", uri="1.png", origin="1", objects=[BUS], split="test")],
            {"made": 1, "relabeled": 1, "moved": 1},
            id="transformed, relabeled and moved",
        ),
    ],
)
def test_each_change_is_found(a, b, counts):
    assert nonzero(between(a, b)) == counts


def test_the_images_of_each_change_are_named():
    a = [entry("1"), entry("2"), entry("3")]
    b = [entry("2", label="dog"), entry("3"), entry("4", label="bird")]
    found = between(a, b)
    assert [row.image_uri for row in found.added] == ["4.png"]
    assert [row.image_uri for row in found.removed] == ["1.png"]
    assert [(old.label, new.label) for old, new in found.relabeled] == [("cat", "dog")]


def test_changes_are_counted_for_each_label():
    a = [entry("1"), entry("2"), entry("3"), entry("5", label=None, objects=[CAR, CAR])]
    b = [
        entry("2", label="dog"),
        entry("3", split="test"),
        entry("4", label="bird"),
        entry("5", label=None, objects=[CAR, BUS]),
    ]
    assert between(a, b).per_label() == {
        "bird": {"added": 1},
        "bus": {"relabeled_to": 1},
        "cat": {"removed": 1, "relabeled_from": 1, "moved": 1},
        "dog": {"relabeled_to": 1},
    }


def test_a_label_that_is_empty_is_another_than_none():
    assert nonzero(between([entry("1", label=None)], [entry("1", label="")])) == {"relabeled": 1}
