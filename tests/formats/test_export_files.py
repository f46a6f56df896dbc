"""What an export takes, and where it goes."""

import json
import os
import shutil
import tarfile
from pathlib import Path

import pytest

from tests.cli.called import vidset
from tests.cli.exports import (
    EMPTY,
    FIRST,
    PERSON,
    SECOND,
    THIRD,
    export,
    images_of,
    make_labeled,
    write_annotations,
)
from tests.cli.trees import tree
from vidset.formats.export import export_files
from vidset.formats.registry import formats, names_of_writable
from vidset.labeling.task import Image
from vidset.place import Place

WITH_IMAGE_FILES = ("coco", "fiftyone", "labelme", "voc", "yolo")


def index(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "images.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("name", "images", "rest"),
    [
        pytest.param(
            "coco",
            [f"images/{name}" for name in (FIRST, SECOND, THIRD, EMPTY)],
            ["annotations.json"],
            id="coco",
        ),
        pytest.param(
            "fiftyone",
            [f"data/{name}" for name in (FIRST, SECOND, THIRD, EMPTY)],
            ["labels.json"],
            id="fiftyone",
        ),
        pytest.param(
            "labelme",
            [FIRST, SECOND, THIRD, EMPTY],
            [f"{name[:-4]}.json" for name in (FIRST, SECOND, THIRD, EMPTY)],
            id="labelme",
        ),
        pytest.param(
            "voc",
            [
                "JPEGImages/a__0__0000000000.jpg",
                "JPEGImages/a__0__0000001000.jpg",
                "JPEGImages/a__0__0000002000.jpg",
                "JPEGImages/b__c_d_1__0__0000000000-3880c7755762.jpg",
            ],
            [
                "Annotations/a__0__0000000000.xml",
                "Annotations/a__0__0000001000.xml",
                "Annotations/a__0__0000002000.xml",
                "Annotations/b__c_d_1__0__0000000000-3880c7755762.xml",
                "ImageSets/Main/car_trainval.txt",
                "ImageSets/Main/person_trainval.txt",
                "ImageSets/Main/rain_trainval.txt",
                "ImageSets/Main/road_trainval.txt",
                "ImageSets/Main/trainval.txt",
                "ImageSets/words.txt",
            ],
            id="voc",
        ),
        pytest.param(
            "yolo",
            [
                "images/a__0__0000000000.jpg",
                "images/a__0__0000001000.jpg",
                "images/a__0__0000002000.jpg",
                "images/b__c_d_1__0__0000000000-3880c7755762.jpg",
            ],
            [
                "data.yaml",
                "images.txt",
                "labels/a__0__0000000000.txt",
                "labels/a__0__0000001000.txt",
                "labels/a__0__0000002000.txt",
                "labels/b__c_d_1__0__0000000000-3880c7755762.txt",
                "origins.jsonl",
            ],
            id="yolo",
        ),
    ],
)
def test_labeled_images_are_copied_beside_their_labels(out, to, name, images, rest):
    done = export(name, out, to, lossy=True)
    assert done.images == 4
    assert done.passed_over == {"skipped": 1, "rejected": 1}
    assert sorted(tree(to)) == sorted([*images, *rest, "images.jsonl"])
    known = images_of(out)
    assert {each["image_id"]: each["image"] for each in index(to)} == {
        known[source].id: image
        for image, source in zip(images, (FIRST, SECOND, THIRD, EMPTY), strict=True)
    }
    for image, source in zip(images, (FIRST, SECOND, THIRD, EMPTY), strict=True):
        assert (to / image).read_bytes() == (out / "images" / source).read_bytes()


@pytest.mark.parametrize(
    ("name", "files"),
    [
        pytest.param("parquet", ["data/train-00000-of-00001.parquet"], id="parquet"),
        pytest.param(
            "tfrecord", ["images-00000-of-00001.tfrecord", "label_map.pbtxt"], id="tfrecord"
        ),
        pytest.param("webdataset", ["images-000000.tar"], id="webdataset"),
    ],
)
def test_labeled_images_stand_in_a_file_with_their_labels(out, to, name, files):
    assert export(name, out, to, lossy=True).images == 4
    assert sorted(tree(to)) == sorted([*files, "images.jsonl"])
    assert {each["image_id"] for each in index(to)} == {
        images_of(out)[name].id for name in (FIRST, SECOND, THIRD, EMPTY)
    }


@pytest.mark.parametrize("name", names_of_writable())
def test_the_same_labels_give_the_same_bytes(out, tmp_path, name):
    export(name, out, tmp_path / "one", lossy=True)
    export(name, out, tmp_path / "two", lossy=True)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


@pytest.mark.parametrize("name", names_of_writable())
def test_progress_is_told_after_each_image(out, to, name):
    told = []
    export(name, out, to, lossy=True, progress=told.append)
    assert told == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "name", [name for name in names_of_writable() if "box" in formats()[name].writes]
)
def test_a_template_gives_the_order_of_the_labels(tmp_path, to, name):
    out = make_labeled(tmp_path / "other", {FIRST: (PERSON,)})
    template = tmp_path / "template.yaml"
    template.write_text(
        "name: t\ninstruction: x\nlabels:\n- {name: tree, type: box}\n- {name: person, type: box}\n"
    )
    export_files(name, Place.of(str(out), template=str(template)), str(to))
    said = {
        "coco": ("annotations.json", '{"id": 2, "name": "person"'),
        "fiftyone": ("labels.json", '"classes": ["tree", "person"]'),
        "tfrecord": ("label_map.pbtxt", 'id: 2\n  name: "person"'),
        "voc": ("ImageSets/Main/tree_trainval.txt", "a__0__0000000000 -1"),
        "yolo": ("data.yaml", '1: "person"'),
    }
    if name in said:  # The others name each object's label, and number none.
        file, text = said[name]
        assert text in (to / file).read_text()
    missing = tmp_path / "missing.yaml"
    missing.write_text("name: t\ninstruction: x\nlabels:\n- {name: tree, type: box}\n")
    with pytest.raises(ValueError, match=r"missing: \['person'\]"):
        export_files(name, Place.of(str(out), template=str(missing)), f"{to}-2")


@pytest.mark.parametrize("name", WITH_IMAGE_FILES)
def test_link_makes_hard_links(out, to, name):
    export(name, out, to, lossy=True, link=True)
    linked = {(to / each["image"]).stat().st_ino for each in index(to)}
    assert linked == {
        (out / "images" / name).stat().st_ino for name in (FIRST, SECOND, THIRD, EMPTY)
    }


def test_link_is_refused_of_a_bucket(out, to):
    place = Place.of("gs://frames/run", f"sqlite:{out}/labels.sqlite")
    with pytest.raises(ValueError, match="--link: wanted images of a folder"):
        export_files("coco", place, str(to), link=True)


@pytest.mark.parametrize("name", ["parquet", "tfrecord", "webdataset"])
def test_link_is_refused_where_images_stand_in_files_together(out, to, name):
    with pytest.raises(ValueError, match="--link: wanted images of a folder"):
        export(name, out, to, link=True)


def test_link_over_file_systems_says_that_copies_can_be_had(out, to, monkeypatch):
    def link(source, target):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", link)
    with pytest.raises(ValueError, match="Invalid cross-device link; without --link it is copied"):
        export("coco", out, to, lossy=True, link=True)
    assert not any(to.parent.iterdir())


def test_an_output_that_was_moved_is_exported_from_where_it_is(out, to, tmp_path):
    moved = shutil.move(out, tmp_path / "moved")
    assert export("coco", moved, to, lossy=True).images == 4
    assert (to / "images" / FIRST).read_bytes() == (moved / "images" / FIRST).read_bytes()


@pytest.mark.parametrize("name", ["coco", "webdataset"])
def test_a_store_alone_leads_to_the_images(out, to, name):
    place = Place.of(None, f"sqlite:{out}/labels.sqlite")
    assert export_files(name, place, str(to), lossy=True).images == 4
    if name == "coco":
        assert (to / "images" / FIRST).read_bytes() == (out / "images" / FIRST).read_bytes()


@pytest.mark.emulator
@pytest.mark.parametrize("name", ["coco", "webdataset"])
def test_images_of_a_bucket_come_each_with_its_own_labels(out, to, gcs, tmp_path, name):
    bucket = gcs.make_bucket("frames")
    picture, pictures, labeled = (out / "images" / FIRST).read_bytes(), {}, []
    for number in range(40):  # More than are read at once.
        key, image_id = f"run/images/a/0/{number:010}.jpg", f"{number:032}"
        pictures[image_id] = picture + number.to_bytes(2, "big")
        bucket.blob(key).upload_from_string(pictures[image_id])
        labeled.append((Image(image_id, f"gs://frames/{key}", 64, 48), (PERSON,), "labeled"))
    write_annotations(tmp_path / "labels.sqlite", labeled)
    place = Place.of("gs://frames/run", f"sqlite:{tmp_path}/labels.sqlite")
    done = export_files(name, place, str(to))
    assert (done.images, done.objects) == (40, 40)
    if name == "coco":
        found = {each["image_id"]: (to / each["image"]).read_bytes() for each in index(to)}
    else:
        with tarfile.open(to / "images-000000.tar") as tar:
            data = {entry.name: tar.extractfile(entry).read() for entry in tar}
        said = {name: json.loads(data[name]) for name in data if name.endswith(".json")}
        found = {said[name]["image_id"]: data[name.replace(".json", ".jpg")] for name in said}
    assert found == pictures


def test_the_command_tells_what_it_wrote_and_left_out(out, to):
    def run(destination: Path, *more: str):
        return vidset("export", "-f", "yolo", "-o", destination, "-p", out, "--lossy", *more)

    dropped = {"classifications": 1, "attributes": 4, "outlines beside boxes": 1}
    found = run(to, "--json").found
    assert (found["images"], found["objects"], found["dropped"]) == (4, 4, dropped)
    assert found["passed_over"] == {"skipped": 1, "rejected": 1}
    assert run(to.with_name("b")).out.splitlines() == [
        f"{to.with_name('b')}: 4 images, 4 objects",
        "left out: 4 attributes, 1 classifications, 1 outlines beside boxes",
        "1 images whose annotations are skipped are not in it",
        "1 images whose annotations are rejected are not in it",
    ]
    assert run(to.with_name("c"), "--quiet").out == ""
