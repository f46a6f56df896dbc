"""Files as other tools write them, each with what should come out."""

import shutil
from pathlib import Path

import pytest

from tests.cli.called import vidset
from tests.formats.cases import CASES, unpacked
from vidset.datasets.versions.repository import Repository
from vidset.formats.format import ImageLabels
from vidset.formats.reading import Reading
from vidset.formats.registry import format_named
from vidset.labeling.annotation import Box
from vidset.labeling.shapes import box_around

pytestmark = pytest.mark.skipif(not CASES.exists(), reason=f"there is no {CASES}")
_SIZE = (1280, 720)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked(tmp_path_factory.mktemp("cases"))


def read(cases: Path, case: str, reading: Reading) -> list[ImageLabels]:
    name = case.partition("_")[0]
    place = cases / case
    if name in ("coco", "cvat", "ls"):
        [place] = sorted(place.glob("*.json"))
        name = "label-studio" if name == "ls" else "coco"
    return list(format_named(name).read(place, reading))


@pytest.mark.parametrize("case", ["labelme_circle", "labelme_line", "labelme_point"])
def test_what_cannot_be_held_is_dropped_with_a_count_if_asked(cases, case):
    reading = Reading(lambda _: _SIZE, lossy=True)
    assert read(cases, case, reading)
    assert reading.dropped.total() >= 1


def test_an_empty_label_file_is_background_and_a_missing_one_is_nothing(cases):
    reading = Reading(lambda _: _SIZE)
    states = {
        case: [(each.state, each.objects) for each in read(cases, case, reading)]
        for case in ("yolo_empty_label_bg", "yolo_missing_label_bg")
    }
    assert ("labeled", ()) in states["yolo_empty_label_bg"]
    assert states["yolo_missing_label_bg"] == [("unlabeled", ())]


def test_a_rotated_box_of_cvat_keeps_its_true_extent(cases):
    [labels] = read(cases, "cvat_rotated", Reading())
    [item] = labels.objects
    assert (item.type, item.box) == ("rotated_box", Box(400, 300, 400, 100, 90))
    around = box_around(item)
    assert around
    extent = (around.x, around.y, around.width, around.height)
    assert extent == pytest.approx((550, 150, 100, 400))
    assert "rotation" not in item.attributes


def test_all_faults_of_a_file_are_found_in_one_run(cases, shared_videos, tmp_path):
    video = tmp_path / "in" / "a" / "cars.mp4"
    video.parent.mkdir(parents=True)
    shutil.copy(shared_videos / "static_cars_720p30_bframes.mp4", video)
    place = tmp_path / "out"
    done = vidset("extract", tmp_path / "in", "-o", place, "--similarity", "2", "--quiet")
    assert done.code == 0
    bad = cases / "misc" / "20bad.json"
    ended = vidset("label", "import", bad, "-f", "coco", "-p", place, "--dry-run")
    assert ended.code == 2
    assert "20 faults; --skip-faults passes over these images" in ended.err
    assert ended.err.count("which is 3 px outside") == 20


@pytest.mark.parametrize(
    ("case", "what"),
    [
        ("ls_unannotated", "tasks without annotations"),
        ("ls_completions_old", "tasks with completions of Label Studio before 1.0"),
        ("ls_meta_text", "notes on regions (meta.text)"),
    ],
)
def test_what_label_studio_says_beside_answers_is_counted_and_named(cases, case, what):
    [file] = (cases / case).glob("*.json")
    reading = Reading()
    list(format_named("label-studio").read(file, reading))
    assert reading.dropped[what] >= 1


@pytest.mark.parametrize(
    ("case", "kinds"),
    [
        ("coco_multi_polygon", [("polygon", 2)]),
        ("coco_mixed", [("box", 0), ("polygon", 1)]),
        ("coco_cvat_rotation", [("rotated_box", 0)]),
        ("coco_cvat_attributes", [("box", 0)]),
        ("labelme_group_id", [("polygon", 2)]),
        ("labelme_anylabeling_rotation", [("box", 0)]),
        ("labelme_xanylabeling", [("polygon", 1)]),
        ("ls_rotated", [("rotated_box", 0)]),
        ("ls_rotated90", [("rotated_box", 0)]),
        ("ls_rotated360", [("box", 0)]),
        ("ls_type_rectangle", [("box", 0)]),
        # The four corners of this one are no rectangle's: it keeps its true extent.
        ("yolo_obb", [("polygon", 1)]),
    ],
)
def test_objects_are_of_the_kinds_that_the_tools_drew(cases, case, kinds):
    [labels] = read(cases, case, Reading(lambda _: _SIZE))
    assert [(item.type, len(item.rings or ())) for item in labels.objects] == kinds


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("ls_brush", r"result\[0\]\.value\.rle: wanted a whole brush's rle"),
        ("ls_ellipse", r"result\[0\]: an annotation cannot hold ellipses"),
        ("ls_kp", r"result\[\d\]: an annotation cannot hold keypoints"),
        ("ls_relation", r"result\[\d\]: an annotation cannot hold relations"),
        ("labelme_mask", r"shapes\[1\]: wanted mask as a text, got nothing"),
        ("yolo_mixed box+polygon", r"\.txt:1: wanted x and y of 3 points or more"),
    ],
)
def test_shapes_that_cannot_be_read_are_named_with_file_and_place(cases, case, message):
    with pytest.raises(ValueError, match=message):
        read(cases, case, Reading(lambda _: _SIZE))


@pytest.mark.parametrize(
    ("case", "what"),
    [("ls_ellipse", "ellipses"), ("ls_kp", "keypoints"), ("coco_crowd_rle", "crowds")],
)
def test_shapes_that_cannot_be_held_are_dropped_with_a_count_if_asked(cases, case, what):
    reading = Reading(lambda _: _SIZE, lossy=True)
    read(cases, case, reading)
    assert reading.dropped == {what: 1}


def test_labels_of_an_image_as_it_lies_in_its_file_are_turned_with_it(cases, tmp_path):
    place = tmp_path / "place"
    assert vidset("init", place).code == 0
    case = cases / "ds_exif_coco_raw"
    ended = vidset("dataset", "create", case, "-p", place, "--shares", "train=1")
    assert ended.code == 0, ended.err
    [version] = (place / "datasets" / "versions").iterdir()
    [entry] = Repository(place / "datasets").manifest(version.name)
    [thing] = entry.things
    assert (entry.width, entry.height) == (120, 160)
    assert thing.bounds == (80, 20, 30, 100)
