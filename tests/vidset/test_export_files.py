"""What an export takes, where it goes, and what is left when it fails."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from labeling.annotation import LabeledObject
from labeling.task import Image
from tests.vidset.exports import (
    CAR,
    EMPTY,
    FIRST,
    PERSON,
    RAIN,
    ROAD,
    SECOND,
    THIRD,
    annotate,
    images_of,
    make_labeled,
    tree,
    write_annotations,
)
from vidset.export_files import ExportedFiles, export_files
from vidset.files.formats import FILE_FORMATS
from vidset.label_settings import Place

WITH_IMAGE_FILES = ("coco", "fiftyone", "labelme", "voc", "yolo")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in os.environ:
        if name.startswith(("LABELING_", "LABEL_STUDIO_", "SCALE_")):
            monkeypatch.delenv(name)


@pytest.fixture
def out(tmp_path) -> Path:
    return make_labeled(tmp_path / "out")


@pytest.fixture
def to(tmp_path) -> Path:
    return tmp_path / "sets" / "export"


def export(name: str, out: Path, to: Path, **options) -> ExportedFiles:
    return export_files(name, Place.of(str(out)), str(to), **options)


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
                "JPEGImages/b__c_d_1__0__0000000000-1ea6a8c6b2ad.jpg",
            ],
            [
                "Annotations/a__0__0000000000.xml",
                "Annotations/a__0__0000001000.xml",
                "Annotations/a__0__0000002000.xml",
                "Annotations/b__c_d_1__0__0000000000-1ea6a8c6b2ad.xml",
                "ImageSets/Main/car_trainval.txt",
                "ImageSets/Main/person_trainval.txt",
                "ImageSets/Main/rain_trainval.txt",
                "ImageSets/Main/road_trainval.txt",
                "ImageSets/Main/trainval.txt",
            ],
            id="voc",
        ),
        pytest.param(
            "yolo",
            [
                "images/a__0__0000000000.jpg",
                "images/a__0__0000001000.jpg",
                "images/a__0__0000002000.jpg",
                "images/b__c_d_1__0__0000000000-1ea6a8c6b2ad.jpg",
            ],
            [
                "data.yaml",
                "images.txt",
                "labels/a__0__0000000000.txt",
                "labels/a__0__0000001000.txt",
                "labels/a__0__0000002000.txt",
                "labels/b__c_d_1__0__0000000000-1ea6a8c6b2ad.txt",
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
        known[name].id: image
        for name, image in zip((FIRST, SECOND, THIRD, EMPTY), images, strict=True)
    }
    for name, image in zip((FIRST, SECOND, THIRD, EMPTY), images, strict=True):
        assert (to / image).read_bytes() == (out / "images" / name).read_bytes()


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


@pytest.mark.parametrize("name", FILE_FORMATS)
def test_the_same_labels_give_the_same_bytes(out, tmp_path, name):
    export(name, out, tmp_path / "one", lossy=True)
    export(name, out, tmp_path / "two", lossy=True)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


@pytest.mark.parametrize("name", FILE_FORMATS)
def test_progress_is_told_after_each_image(out, to, name):
    told = []
    export(name, out, to, lossy=True, progress=told.append)
    assert told == [1, 2, 3, 4]


NAMED = replace(CAR, attributes={"label": "x"})
BEYOND = replace(CAR, box=replace(CAR.box, x=50.0))
TWICE = (RAIN, replace(RAIN, id="w2"))
RAINING_HARD = replace(RAIN, attributes={"much": True})


@pytest.mark.parametrize(
    ("name", "objects", "what", "place", "left"),
    [
        pytest.param("coco", (RAIN,), "classifications", "w1 (rain)", 0, id="coco word"),
        pytest.param("fiftyone", (RAIN,), "classifications", "w1 (rain)", 0, id="fiftyone word"),
        pytest.param("fiftyone", (ROAD,), "outlines", "r1 (road)", 1, id="fiftyone outline"),
        pytest.param(
            "fiftyone",
            (NAMED,),
            "attributes of the names of its own fields",
            "c1 (car)",
            1,
            id="fiftyone attribute",
        ),
        pytest.param("tfrecord", (ROAD,), "outlines", "r1 (road)", 1, id="tfrecord outline"),
        pytest.param(
            "tfrecord", (BEYOND,), "objects outside of the image", "c1 (car)", 0, id="tfrecord far"
        ),
        pytest.param("voc", (ROAD,), "outlines", "r1 (road)", 1, id="voc outline"),
        pytest.param("voc", (BEYOND,), "objects outside of the image", "c1 (car)", 0, id="voc far"),
        pytest.param(
            "voc", TWICE, "repeated classifications", "w2 (rain)", 1, id="voc repeated word"
        ),
        pytest.param(
            "voc",
            (RAINING_HARD,),
            "attributes of classifications",
            "w1 (rain)",
            1,
            id="voc attributes of a word",
        ),
        pytest.param("yolo", (CAR,), "attributes", "c1 (car)", 1, id="yolo attributes"),
    ],
)
def test_what_a_format_cannot_say_is_refused_or_counted(
    tmp_path, to, name, objects, what, place, left
):
    out = make_labeled(tmp_path / "other", {FIRST: (PERSON, *objects)})
    with pytest.raises(ValueError, match="cannot say") as refused:
        export(name, out, to)
    stem = "a__0__0000000000.jpg" if name in ("voc", "yolo") else FIRST
    assert f"image {stem!r}, object {place}: " in str(refused.value)
    assert f" cannot say {what};" in str(refused.value)
    assert not any(to.parent.iterdir())
    done = export(name, out, to, lossy=True)
    assert set(done.dropped) == {what}
    assert done.objects == 1 + left


@pytest.mark.parametrize(
    ("name", "objects"),
    [
        pytest.param("coco", (CAR, ROAD), id="coco"),
        pytest.param("fiftyone", (CAR, PERSON), id="fiftyone"),
        pytest.param("labelme", (CAR, ROAD, RAIN), id="labelme"),
        pytest.param("parquet", (CAR, ROAD, RAINING_HARD, BEYOND), id="parquet"),
        pytest.param("tfrecord", (CAR, PERSON, RAIN), id="tfrecord"),
        pytest.param("voc", (CAR, PERSON, RAIN), id="voc"),
        pytest.param("webdataset", (CAR, ROAD, RAINING_HARD, BEYOND), id="webdataset"),
        pytest.param("yolo", (PERSON,), id="yolo"),
    ],
)
def test_what_a_format_can_say_is_written_without_lossy(tmp_path, to, name, objects):
    out = make_labeled(tmp_path / "other", {FIRST: objects, SECOND: ()})
    done = export(name, out, to)
    assert done == ExportedFiles(2, len(objects), {}, {"skipped": 0, "rejected": 0})


@pytest.mark.parametrize("name", ["fiftyone", "tfrecord", "voc"])
def test_boxes_in_parts_of_an_image_want_its_size(out, to, name):
    image = Image("0" * 32, f"{out}/images/{FIRST}")
    (out / "labels.sqlite").unlink()
    write_annotations(out / "labels.sqlite", [(image, (PERSON,), "labeled")])
    with pytest.raises(ValueError, match="wants its width and height, got none"):
        export(name, out, to)


@pytest.mark.parametrize("name", FILE_FORMATS)
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


@pytest.mark.parametrize("name", FILE_FORMATS)
def test_an_image_that_is_gone_is_named_and_nothing_is_left(out, to, name):
    (out / "images" / SECOND).unlink()
    with pytest.raises(ValueError, match=f"wanted it at {out}/images/{SECOND}, got nothing"):
        export(name, out, to, lossy=True)
    assert not any(to.parent.iterdir())


def test_without_any_label_there_is_no_export(tmp_path, to):
    out = make_labeled(tmp_path / "other", {})
    with pytest.raises(ValueError, match="wanted images with labels, got none"):
        export("coco", out, to)
    assert not any(to.parent.iterdir())


def test_an_unknown_format_is_refused(out, to):
    with pytest.raises(ValueError, match=r"wanted a format of coco, .*, yolo, got 'coc'"):
        export("coc", out, to)


@pytest.mark.parametrize("name", WITH_IMAGE_FILES)
def test_link_makes_hard_links(out, to, name):
    export(name, out, to, lossy=True, link=True)
    linked = {(to / each["image"]).stat().st_ino for each in index(to)}
    assert linked == {
        (out / "images" / name).stat().st_ino for name in (FIRST, SECOND, THIRD, EMPTY)
    }


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


@pytest.mark.parametrize("name", FILE_FORMATS)
def test_a_name_that_leads_elsewhere_is_refused(out, to, name):
    (out / "secret.jpg").write_bytes((out / "images" / FIRST).read_bytes())
    outside = Image("0" * 32, f"{out}/images/../secret.jpg", 64, 48)
    write_annotations(out / "labels.sqlite", [(outside, (), "labeled")])
    with pytest.raises(ValueError, match=r"wanted a relative file name .*, got '../secret.jpg'"):
        export(name, out, to, lossy=True)
    assert not any(to.parent.iterdir())


def test_images_that_would_be_one_file_are_refused(out, to):
    shutil.copy(out / "images" / FIRST, out / "images" / "a/0/0000000000.png")
    other = Image("0" * 32, f"{out}/images/a/0/0000000000.png", 64, 48)
    write_annotations(out / "labels.sqlite", [(other, (), "labeled")])
    with pytest.raises(ValueError, match="wanted a place for each in Pascal VOC"):
        export("voc", out, to, lossy=True)


@pytest.mark.emulator
@pytest.mark.parametrize("name", FILE_FORMATS)
def test_images_come_from_a_bucket(out, to, gcs, tmp_path, name):
    bucket = gcs.make_bucket("frames")
    images = []
    for number in range(40):  # More than are read at once.
        key = f"run/images/a/0/{number:010}.jpg"
        bucket.blob(key).upload_from_filename(str(out / "images" / FIRST))
        images.append(Image(f"{number:032}", f"gs://frames/{key}", 64, 48))
    store = tmp_path / "labels.sqlite"
    write_annotations(store, [(image, (PERSON,), "labeled") for image in images])
    done = export_files(name, Place.of("gs://frames/run", f"sqlite:{store}"), str(to))
    assert (done.images, done.objects) == (40, 40)
    if name in WITH_IMAGE_FILES:
        found = {(to / each["image"]).read_bytes() for each in index(to)}
        assert found == {(out / "images" / FIRST).read_bytes()}
    with pytest.raises(ValueError, match="--link: wanted images of a folder"):
        place = Place.of("gs://frames/run", f"sqlite:{store}")
        export_files(name, place, f"{to}-2", link=True)


def test_a_killed_export_leaves_nothing_that_could_be_taken_for_one(out, to):
    for name in FILE_FORMATS:
        target = to / name
        code = (
            "import os, signal, sys\n"
            "from vidset.export_files import export_files\n"
            "from vidset.label_settings import Place\n"
            "kill = lambda done: done == 2 and os.kill(os.getpid(), signal.SIGKILL)\n"
            "export_files(sys.argv[1], Place.of(sys.argv[2]), sys.argv[3], lossy=True, progress=kill)"
        )
        ended = subprocess.run(
            [sys.executable, "-c", code, name, str(out), str(target)],
            check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert ended.returncode == -signal.SIGKILL
        assert [path.name for path in to.iterdir()] == [f".{name}.unfinished"]
        assert export(name, out, target, lossy=True).images == 4
        assert [path.name for path in to.iterdir()] == [name]
        shutil.rmtree(target)


def big_images(out: Path, number: int, size: int) -> Place:
    """Images that are one picture, with some bytes behind it."""
    make_labeled(out, {})
    data = (out / "images" / FIRST).read_bytes()
    labeled = []
    for n in range(number):
        path = out / "images" / "big" / f"{n}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data + n.to_bytes(4, "big") * ((size - len(data)) // 4))
        labeled.append((Image(f"{n:032}", str(path), 64, 48), (PERSON,), "labeled"))
    write_annotations(out / "labels.sqlite", labeled)
    return Place.of(str(out))


@pytest.mark.parametrize("name", FILE_FORMATS)
def test_memory_does_not_grow_with_the_images(tmp_path, name):
    place = big_images(tmp_path / "out", 200, 1_000_000)
    tracemalloc.start()
    try:
        export_files(name, place, str(tmp_path / "export"), shard_mb=64)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 80e6  # Of 200 MB: what is read ahead, and a row group.


@pytest.mark.parametrize("name", ["parquet", "tfrecord", "webdataset"])
def test_files_hold_images_of_so_many_megabytes(tmp_path, name):
    place = big_images(tmp_path / "out", 5, 400_000)
    export_files(name, place, str(tmp_path / "export"), shard_mb=1)
    files = sorted(
        path.relative_to(tmp_path / "export").as_posix()
        for path in (tmp_path / "export").rglob(f"*{'tar' if name == 'webdataset' else name}")
    )
    assert (
        files
        == {
            "parquet": [f"data/train-0000{n}-of-00003.parquet" for n in range(3)],
            "tfrecord": [f"images-0000{n}-of-00003.tfrecord" for n in range(3)],
            "webdataset": [f"images-00000{n}.tar" for n in range(3)],
        }[name]
    )


def test_a_word_of_another_kind_and_a_box_can_have_one_label(tmp_path, to):
    both = LabeledObject("w", "car", "classification")
    out = make_labeled(tmp_path / "other", {FIRST: (PERSON, both)})
    annotate(out, {SECOND: ()})
    export("voc", out, to)
    lines = (to / "ImageSets/Main/car_trainval.txt").read_text().splitlines()
    assert sorted(lines) == ["a__0__0000000000  1", "a__0__0000001000 -1"]
