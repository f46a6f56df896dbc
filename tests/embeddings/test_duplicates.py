"""Images of several videos that show the same."""

import shutil

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.cli.called import vidset
from tests.drawing import encode, scene
from vidset.embeddings.duplicates import nearest_of_each_video, nearest_to_each_other


def shot(number: int) -> np.ndarray:
    return cv2.GaussianBlur(scene(number, 320, 240), (0, 0), 12)


def video(path, numbers, change=lambda picture: picture, crf=20):
    return encode(path, [change(shot(each)) for each in numbers for _ in range(10)], crf=crf)


def cropped(picture: np.ndarray) -> np.ndarray:
    """A copy of which 3 % was cut off, at two thirds of the size."""
    return cv2.resize(picture[4:-4, 5:-5], (208, 154), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """A drive, a bad copy and a mirrored one of parts of it, and a drive elsewhere."""
    root = tmp_path_factory.mktemp("duplicates")
    video(root / "in" / "ann" / "drive.mp4", [1, 2, 3, 4, 5])
    video(root / "in" / "bob" / "copy.mp4", [2, 3, 4], cropped, crf=32)
    video(root / "in" / "eve" / "mirrored.mp4", [4, 5], lambda picture: picture[:, ::-1])
    video(root / "in" / "eve" / "elsewhere.mp4", [11, 12, 13])
    done = vidset("extract", root / "in", "-o", root / "place", "--similarity", "1.01", "-q")
    assert done.code == 0, done.err
    return root / "place"


@pytest.fixture
def place(several, tmp_path):
    shutil.copytree(several, tmp_path / "place")
    return tmp_path / "place"


def names(cluster):
    return {
        (each["video_uri"].rpartition("/")[2], each["pts_seconds"]) for each in cluster["members"]
    }


def test_copies_are_found_with_their_cost_and_mirrored_ones_stand_apart(place, tmp_path):
    output = tmp_path / "found.parquet"
    called = vidset(
        *("duplicates", "-p", place, "--workers", "1", "--json", "-o", output, "--price", "0.5")
    )
    assert called.code == 0, called.err
    found = called.found
    assert (found["images"], found["new"], found["duplicates"], found["spare"]) == (13, 13, 6, 3)
    assert (found["cost"], found["currency"], found["mirrored"]) == (1.5, "USD", 5)
    copies = [names(each) for each in found["clusters"] if each["kind"] == "copy"]
    assert sorted(copies, key=sorted) == sorted(
        [
            {("drive.mp4", 1.0), ("copy.mp4", 0.0)},
            {("drive.mp4", 2.0), ("copy.mp4", 1.0)},
            {("drive.mp4", 3.0), ("copy.mp4", 2.0)},
        ],
        key=sorted,
    )
    mirrored = [names(each) for each in found["clusters"] if each["kind"] == "mirrored"]
    assert {("drive.mp4", 4.0), ("mirrored.mp4", 1.0)} in mirrored
    assert not any("elsewhere" in name for each in copies + mirrored for name, _ in each)
    repeats = {
        (each["video_uri"].rpartition("/")[2], each["repeats_uri"].rpartition("/")[2]): each
        for each in found["repeats"]
    }
    whole = repeats["copy.mp4", "drive.mp4"]
    assert (whole["kind"], whole["images"], whole["of_images"]) == ("copy", 3, 3)
    assert found["clusters"][0]["collectors"] == 2
    rows = pq.read_table(output).to_pylist()
    assert len(rows) == 6 + 5
    assert {row["kind"] for row in rows} == {"copy", "mirrored"}


def test_a_person_reads_what_repeats_what(place):
    called = vidset("duplicates", "-p", place, "--workers", "1")
    assert "spare       3 (23.1 %): one of each cluster will do" in called.out
    assert called.next is not None
    again = vidset("duplicates", "-p", place)
    assert "images      13, 0 of them new" in again.out


def test_an_image_that_cannot_be_read_is_named_and_counts_as_a_failure(place):
    path = next((place / "images").rglob("*.jpg"))
    path.write_bytes(b"nothing")
    called = vidset("duplicates", "-p", place, "--workers", "1", "--json")
    assert called.code == 1
    assert [each["image_uri"].endswith(path.name) for each in called.found["failed"]] == [True]
    assert path.name in called.err


def test_an_unknown_embedder_is_refused_before_any_work(place):
    called = vidset("duplicates", "-p", place, "--embedder", "clasic")
    assert called.code == 2
    assert "Did you mean 'classic'" in called.refusal.replace('"', "'") or "classic" in called.err
    assert not (place / "embeddings").exists()


def test_one_place_that_two_videos_show_is_on_one_side_of_a_split(place, tmp_path, monkeypatch):
    import json

    template = tmp_path / "template.yaml"
    template.write_text("name: v\ninstruction: Draw.\nlabels: [{name: car}]\n")
    images = sorted((place / "images").rglob("*.jpg"))
    (tmp_path / "labels.json").write_text(
        json.dumps(
            {
                "categories": [{"id": 1, "name": "car"}],
                "images": [
                    {
                        "id": at,
                        "file_name": str(each.relative_to(place / "images")),
                        **dict(zip(("height", "width"), cv2.imread(str(each)).shape, strict=False)),
                    }
                    for at, each in enumerate(images)
                ],
                "annotations": [
                    {"id": at, "image_id": at, "category_id": 1, "bbox": [1, 2, 30, 40]}
                    | {"area": 1200, "iscrowd": 0}
                    for at in range(len(images))
                ],
            }
        )
    )
    source = f"coco:{tmp_path / 'labels.json'}"
    done = vidset("label", "import", source, "-p", place, "--template", template, "--yes", "-q")
    assert done.code == 0, done.err
    shares = "train=0.5,test=0.5"
    done = vidset("dataset", "create", "-p", place, "-n", "v0", "--shares", shares, "-q")
    assert done.code == 0, done.err
    rows = pq.read_table(next((place / "datasets" / "versions").glob("*/manifest.parquet")))
    group_of = {row["video_uri"].rpartition("/")[2]: row["group"] for row in rows.to_pylist()}
    assert group_of["drive.mp4"] == group_of["copy.mp4"]
    assert len(set(group_of.values())) == 3


def test_an_image_repeats_one_image_of_another_video_at_most():
    # Rows 0 to 2 are of one video, 3 and 4 of another, 5 of a third; 2 is like neither 3 nor 4.
    videos = np.array([0, 0, 0, 1, 1, 2])
    pairs = [(0, 3, 0.99), (1, 3, 0.97), (1, 4, 0.98), (2, 4, 0.96), (2, 5, 0.94), (4, 5, 0.95)]
    ones, others, cosines = map(np.array, zip(*pairs, strict=True))
    to_each_other = nearest_to_each_other(ones, others, cosines, videos)
    assert [pairs[place] for place in to_each_other] == [
        (0, 3, 0.99), (1, 4, 0.98), (2, 5, 0.94), (4, 5, 0.95),
    ]  # fmt: skip
    of_each = nearest_of_each_video(ones, others, cosines, videos)
    assert [pairs[place] for place in of_each] == [pair for pair in pairs if pair != (1, 3, 0.97)]
    none = np.zeros(0, np.int64)
    assert len(nearest_to_each_other(none, none, none, videos)) == 0
