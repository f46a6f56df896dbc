"""Cases after reports on other tools: what `dataset create` and `diff` make of them."""

import json
import tarfile

import cv2
import numpy as np
import pytest

from tests.cli.called import vidset
from tests.cli.dataset.called import dataset
from tests.datasets.pictures import image, write_files
from tests.paths import SHARED
from vidset.datasets.images.upright import read_upright
from vidset.datasets.versions.repository import Repository
from vidset.formats.reading import Reading
from vidset.formats.registry import Images, format_named, formats
from vidset.labeling.shapes import box_around

CASES = SHARED / "cases" / "labels.tar.xz"
pytestmark = pytest.mark.skipif(not CASES.exists(), reason=f"there is no {CASES}")


@pytest.fixture
def case(tmp_path, request):
    """The folder of the case that the test names, on its own."""
    name = request.param
    with tarfile.open(CASES) as archive:
        members = [each for each in archive if each.name.startswith(f"labels/{name}/")]
        archive.extractall(tmp_path, members, filter="data")
    return tmp_path / "labels" / name


def _drawn(number, width, height):
    """A picture of this size, of which no two are alike."""
    small = cv2.imdecode(np.frombuffer(image(number), np.uint8), cv2.IMREAD_COLOR)
    return cv2.imencode(".jpg", cv2.resize(small, (width, height)))[1].tobytes()


def cut(place, source, *arguments):
    made = dataset("create", source, "-p", place, *arguments, "--json")
    assert made.code == 0, made.err
    return made.found


@pytest.mark.parametrize("case", ["own_export_split"], indirect=True)
def test_frames_of_one_video_of_our_own_export_stay_on_one_side(case, tmp_path):
    file = case / "all.json"
    described = json.loads(file.read_text())["images"]
    drawn = {
        each["file_name"]: _drawn(number, each["width"], each["height"])
        for number, each in enumerate(described)
    }
    write_files(case, drawn)
    made = cut(tmp_path / "place", f"coco:{file}", "--shares", "train=0.5,test=0.5")
    assert not any("without a group" in line for line in made["warnings"])
    images = Repository(tmp_path / "place" / "datasets").manifest(made["version"])
    sides = {}
    for entry in images:
        sides.setdefault(entry.image_uri.rsplit("/", 2)[0], set()).add(entry.split)
    assert len(images) == len(described)
    assert {video: len(found) for video, found in sides.items()} == dict.fromkeys(sides, 1)
    assert {split for found in sides.values() for split in found} == {"train", "test"}


@pytest.mark.parametrize("case", ["ds_diffgeo"], indirect=True)
def test_only_true_differences_count_and_the_object_is_named(case, tmp_path):
    place = tmp_path / "place"
    made = {
        name: cut(place, f"coco:{case / name}.json", "--shares", "train=1")["version"]
        for name in "abce"
    }
    found = dataset("diff", made["a"], made["b"], "-p", place, "--json").found
    changes = sorted(change for pair in found["images"]["relabeled"] for change in pair["changes"])
    assert changes == [
        "added car at 100, 50 (20 x 20)",
        "car moved from 10, 20 (30 x 10) to 90, 20 (30 x 10)",
    ]
    assert made["a"] == made["c"]  # Other numbers, and nothing else.
    assert made["b"] == made["e"]  # Another order, and nothing else.


@pytest.mark.parametrize("case", ["ds_ls_two_boxes"], indirect=True)
def test_two_annotators_who_disagree_are_told_where(case, tmp_path):
    source = f"label-studio:{case / 'a.json'}"
    refused = dataset("create", source, "-p", tmp_path / "place", "--json")
    assert refused.code == 1
    message = refused.found["error"]["message"]
    assert "car moved from 1.6, 1.2 (80 x 60) to 3.2, 1.2 (80 x 60)" in message


@pytest.mark.parametrize("case", ["ds_twovid"], indirect=True)
def test_frames_are_grouped_by_their_names_when_told_how(case, tmp_path):
    place, source = tmp_path / "place", f"coco:{case / 'a.json'}"
    shares = ("--shares", "train=0.5,test=0.5")
    unknown = cut(place, source, *shares)
    assert any("10 images came without a group" in line for line in unknown["warnings"])
    grouped = cut(place, source, *shares, "--group-by", r"(vid\d)_", "--near-distance", "off")
    images = Repository(place / "datasets").manifest(grouped["version"])
    assert {(entry.image_uri[:4], entry.split) for entry in images} in (
        {("vid0", "train"), ("vid1", "test")},
        {("vid0", "test"), ("vid1", "train")},
    )


@pytest.mark.parametrize(
    "name", [each.name for each in formats().values() if each.images and "box" in each.writes]
)
@pytest.mark.parametrize("case", ["ds_exif_checkout"], indirect=True)
def test_a_picture_on_its_side_is_written_upright_with_its_labels(case, tmp_path, name):
    place, to = tmp_path / "place", tmp_path / "to"
    made = cut(place, f"coco:{case / 'a.json'}", "--shares", "train=1")
    words = ("export", made["version"], "-f", name, "-o", to, "-p", place)
    written = vidset(*words)
    assert written.code == 0, written.err
    [file] = to.rglob("*.jpg")
    assert read_upright(np.fromfile(file, np.uint8))[1] == 1
    picture = cv2.imread(str(file), cv2.IMREAD_IGNORE_ORIENTATION | cv2.IMREAD_COLOR)
    seen = cv2.imread(str(case / "images" / "p.jpg"))
    assert picture is not None
    assert seen is not None
    assert picture.shape == seen.shape == (160, 120, 3)
    assert np.abs(picture.astype(int) - seen).mean() < 3
    if format_named(name).reads:
        source = to / "train" / (format_named(name).images or Images()).labels
        reading = Reading(lambda _: (120, 160))
        [labels] = format_named(name).read(source, reading)
        around = box_around(labels.objects[0])
        assert around
        assert (around.x, around.y, around.width, around.height) == pytest.approx((10, 20, 30, 100))
