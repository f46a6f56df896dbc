import hashlib
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.evaluation_id import evaluation_id
from vidset.datasets.versions.manifest import SCHEMA, Manifest
from vidset.rights import Rights


def entry(name, **other):
    digest = hashlib.sha256(name.encode()).hexdigest()
    facts = {
        "image_uri": f"{name}.png",
        "image_format": "png",
        "width": 4,
        "height": 3,
        "label": "cat",
        "objects": None,
        "group": "g",
        "split": "train",
        "origin": digest,
        "source": "folder",
    }
    return Entry(image_sha256=digest, **(facts | other))


def test_the_id_is_that_of_the_content_in_any_order():
    entries = [entry(name) for name in "abcdef"]
    assert Manifest.of(entries).id == Manifest.of(reversed(entries)).id


def test_the_id_does_not_change_between_releases():
    made = [entry("a"), entry("b", label=None, objects="[]", pts_seconds=1.5, video_uri="é")]
    assert Manifest.of(made).id == "b8c0f89b34721200fdf48632e7f96d93"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("image_uri", "b.png", id="uri"),
        pytest.param("label", "dog", id="label"),
        pytest.param("label", None, id="no label"),
        pytest.param("objects", "[]", id="objects"),
        pytest.param("group", "h", id="group"),
        pytest.param("split", "test", id="split"),
        pytest.param("parent", "p", id="parent"),
        pytest.param("made_by", "[]", id="steps"),
        pytest.param("source", "coco", id="source"),
        pytest.param("collector_id", "c", id="collector"),
        pytest.param("pts_seconds", 0.0, id="time"),
        pytest.param("rights", '{"license":"x"}', id="rights"),
    ],
)
def test_whatever_changes_changes_the_id(name, value):
    one = entry("a")
    assert Manifest.of([replace(one, **{name: value})]).id != Manifest.of([one]).id


def test_a_manifest_comes_back_from_its_file_as_it_was():
    entries = [entry("a", pts_seconds=0.1), entry("b", label=None, objects="[]")]
    again = Manifest.from_parquet(Manifest.of(entries).to_parquet())
    assert sorted(again) == sorted(entries)
    assert again.id == Manifest.of(entries).id
    assert again.table.schema.equals(SCHEMA)


def test_rights_are_part_of_the_id_and_absent_where_none_are_stated():
    """A version without them is what it was before there were any: its id, and its file."""
    plain, stated = entry("b"), entry("a", rights='{"license":"CC-BY-4.0"}')
    assert Manifest.of([plain, stated]).id == "f6a92470344b02608e7b5b2689cf6165"
    file = Manifest.of([plain]).to_parquet()
    assert "rights" not in pq.read_schema(pa.BufferReader(file)).names
    again = Manifest.from_parquet(Manifest.of([plain, stated]).to_parquet())
    assert {each.image_uri: each.stated for each in again} == {
        "a.png": Rights(license="CC-BY-4.0"),
        "b.png": Rights(),
    }


def test_an_image_may_stand_under_two_names_but_not_twice_under_one():
    one = entry("a")
    assert len(Manifest.of([one, replace(one, image_uri="other.png")])) == 2
    with pytest.raises(DatasetError, match=r"a\.png: twice in the manifest"):
        Manifest.of([one, replace(one, label="dog")])


def test_splits_and_classes_are_sorted_names():
    entries = [
        entry("a", split="validation", label="dog"),
        entry("b", split="train"),
        entry("c", split="label_book", label=None),
    ]
    manifest = Manifest.of(entries)
    assert manifest.splits == ["label_book", "train", "validation"]
    assert manifest.classes == ["cat", "dog"]
    assert [each.image_uri for each in manifest.split("validation")] == ["a.png"]


def test_labels_are_those_of_image_and_objects_each_once():
    things = to_json([{"label": "dog"}, {"label": "ant"}, {"label": "dog"}])
    assert entry("a", objects=things).labels == ("ant", "cat", "dog")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        pytest.param("image_sha256", "abc", "wanted a SHA-256, got 'abc'", id="hash"),
        pytest.param("image_format", "gif", "got 'gif'", id="format"),
        pytest.param("split", "", "has no split", id="split"),
        pytest.param("group", "", "has no split or no group", id="group"),
    ],
)
def test_an_entry_names_what_is_wrong_with_it(name, value, message):
    with pytest.raises(DatasetError, match=message) as refused:
        replace(entry("a"), **{name: value})
    assert "a.png" in str(refused.value)


def test_other_pixels_of_the_same_images_are_the_same_evaluation_set():
    one = entry("a", split="validation")
    made = replace(one, image_sha256="0" * 64, parent=one.image_sha256, made_by="[]", width=32)
    assert evaluation_id(Manifest.of([made])) == evaluation_id(Manifest.of([one]))


@pytest.mark.parametrize(
    "images",
    [
        pytest.param([entry("a", label="dog")], id="another label"),
        pytest.param([entry("a"), entry("b")], id="one more"),
        pytest.param([], id="none"),
        pytest.param([entry("a", image_uri="again.png")], id="another name"),
    ],
)
def test_other_images_or_labels_are_another_evaluation_set(images):
    assert evaluation_id(Manifest.of(images)) != evaluation_id(Manifest.of([entry("a")]))
