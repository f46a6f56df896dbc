"""Labeled images from the warehouse of `vidset sync`."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PIL import Image

from tests.cli.called import vidset
from tests.cli.dataset.called import dataset
from tests.cli.dataset.outputs import BUS, CAR, DAY, add_video, export
from vidset.datasets.versions.repository import Repository
from vidset.place import Place
from vidset.storage.open import open_store
from vidset.tags import Mark, write_mark

A = [f"ann/a/0/000000{n}000.jpg" for n in range(4)]
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
B = [f"bob/b/0/000000{n}000.jpg" for n in range(3)]


@pytest.fixture
def out(tmp_path):
    """Two videos: of the first, three of four images are labeled; of the second all."""
    folder = tmp_path / "out"
    add_video(folder, "ann/a.mp4", [1, 2, 3, 4])
    add_video(folder, "bob/b.mp4", [5, 6, 7])
    drawn = {A[0]: (CAR,), A[1]: (CAR, DAY), A[2]: (), B[0]: (BUS,), B[1]: (BUS,), B[2]: (DAY,)}
    return export(folder, drawn)


def create(tmp_path, out, *arguments):
    shares = () if "--shares" in arguments else ("--shares", "train=1")
    return dataset(
        *("create", f"warehouse:{out}", "-p", tmp_path, "--name", "v", "--move", "--json"),
        *shares,
        *arguments,
    )


def entries(tmp_path):
    return {entry.image_uri: entry for entry in Repository(tmp_path / "datasets").manifest("v")}


def test_labeled_images_come_with_what_is_known_of_them(tmp_path, out):
    made = create(tmp_path, out)
    assert made.code == 0, made.err
    found = entries(tmp_path)
    assert sorted(found) == sorted([*A[:3], *B])
    car = found[A[1]]
    assert (car.label, car.video_uri, car.group) == ("day", "ann/a.mp4", "ann/a.mp4")
    assert (car.collector_id, car.pts_seconds, car.source) == ("ann", 1.0, "warehouse")
    assert json.loads(car.objects) == [CAR.to_older_document()]
    assert (found[A[2]].label, found[A[2]].objects) == (None, "[]")
    assert (found[B[2]].label, found[B[2]].objects) == ("day", None)


def test_images_that_are_not_labeled_yet_are_counted_and_named(tmp_path, out):
    made = create(tmp_path, out)
    assert made.found["left_out"] == [
        {"kind": "not labeled yet", "name": A[3], "what": "not requested"}
    ]
    assert f"left out: {A[3]}: not labeled yet: not requested" in made.err


def test_a_filter_takes_some(tmp_path, out):
    made = create(tmp_path, out, "--where", "collector_id = 'bob' -- only his")
    assert made.code == 0, made.err
    assert sorted(entries(tmp_path)) == B


def test_a_video_is_on_one_side(tmp_path, out):
    for seed in range(6):
        create(tmp_path, out, "--seed", seed, "--shares", "train=0.5,test=0.5")
        found = entries(tmp_path)
        for names in A[:3], B:
            assert len({found[name].split for name in names}) == 1


def test_images_can_be_grouped_otherwise(tmp_path, out):
    create(tmp_path, out, "--group-by", "sql:collector_id || CAST(pts_seconds AS INTEGER)")
    assert entries(tmp_path)[B[2]].group == "bob2"


def test_labels_follow_the_bytes_of_an_image_that_was_extracted_again(tmp_path, out):
    add_video(out, "bob/b.mp4", [5, 6, 7], generation="1")
    export(out, {})
    again = [name.replace("/0/", "/1/") for name in B]
    made = create(tmp_path, out, "--where", "generation = '1'")
    assert made.code == 0, made.err
    found = entries(tmp_path)
    assert sorted(found) == again
    assert json.loads(found[again[0]].objects) == [BUS.to_older_document()]
    both = create(tmp_path, out)
    assert sorted(entries(tmp_path)) == sorted([*A[:3], *B])
    assert [
        left["name"] for left in both.found["left_out"] if left["kind"] != "not labeled yet"
    ] == again


def test_annotations_that_say_the_same_under_other_ids_do_not_contradict(tmp_path, out):
    add_video(out, "bob/b.mp4", [5, 6, 7], generation="1")
    export(out, {"bob/b/1/0000000000.jpg": (replace(BUS, id="other"),)})
    made = create(tmp_path, out)
    assert made.code == 0, made.err
    assert json.loads(entries(tmp_path)[B[0]].objects) == [BUS.to_older_document()]


def test_contradictory_annotations_are_named(tmp_path, out):
    add_video(out, "bob/b.mp4", [5, 6, 7], generation="1")
    export(out, {"bob/b/1/0000000000.jpg": (CAR,)})
    made = create(tmp_path, out)
    assert made.code == 1
    each = f"{B[0]}: bus; bob/b/1/0000000000.jpg: car"
    assert f"{B[0]}: same image, unequal labels: " in made.err
    assert {part for part in each.split("; ") if part not in made.err} == set()


def test_an_image_that_was_changed_since_is_a_fault(tmp_path, out):
    shutil.copyfile(out / "images" / A[0], out / "images" / A[1])
    made = create(tmp_path, out)
    assert made.code == 1
    assert f"{A[1]}: not the image that was labeled" in made.err


def test_an_image_that_is_gone_is_a_fault(tmp_path, out):
    (out / "images" / A[1]).unlink()
    made = create(tmp_path, out)
    assert made.code == 1
    assert f"{A[1]}: label without image: there is no such file" in made.err


def test_out_may_have_been_moved(tmp_path, out):
    before = create(tmp_path, out).found["version"]
    moved = out.rename(tmp_path / "elsewhere")
    assert create(tmp_path, moved).found["version"] == before
    assert create(tmp_path, moved / "warehouse").found["version"] == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--where", "nonsense = 1"], "nonsense", id="column"),
        pytest.param(["--where", "TRUE) UNION SELECT (1"], "--where", id="not a filter"),
        pytest.param(["--where", "TRUE); DROP VIEW frames; --"], "--where", id="two statements"),
        pytest.param(["--group-by", "sql:nothing"], "nothing", id="group"),
    ],
)
def test_sql_that_cannot_be_is_refused_before_any_work(tmp_path, out, arguments, message):
    made = create(tmp_path, out, *arguments)
    assert made.code == 2
    assert message in made.refusal
    assert not (tmp_path / "datasets").exists()


def test_without_a_warehouse_it_is_refused(tmp_path):
    made = create(tmp_path, tmp_path)
    assert made.code == 2
    assert "there is no warehouse; vidset sync" in made.refusal


def test_sql_that_fails_on_the_rows_is_told_and_makes_nothing(tmp_path, out):
    made = create(tmp_path, out, "--where", "CAST(video_uri AS INTEGER) = 1")
    assert made.code == 2
    assert made.refusal.startswith(f"{out}: Conversion Error: ")
    assert not (tmp_path / "datasets" / "versions").exists()


def test_images_are_chosen_by_their_tags(tmp_path, out):
    images = {image.uri.partition("/images/")[2]: image.id for image in Place.of(str(out)).images()}
    marked = Mark("leave out", (images[A[0]], images[B[0]]), True, "ann", NOON)
    write_mark(open_store(f"{out}/tags"), marked)
    vidset("sync", "-p", out)
    assert create(tmp_path, out, "--tag", "leave out").code == 0
    assert sorted(entries(tmp_path)) == [A[0], B[0]]
    assert create(tmp_path, out, "--without-tag", "leave out").code == 0
    assert sorted(entries(tmp_path)) == sorted([*A[1:3], *B[1:]])
    refused = create(tmp_path, out, "--tag", "leave")
    assert (refused.code, refused.found["error"]["message"]) == (
        2,
        "--tag 'leave': no image has this tag; the tags of this place are: 'leave out'",
    )


def test_tags_choose_among_the_images_of_a_place_alone(tmp_path):
    (tmp_path / "cats").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "cats" / "1.png")
    refused = dataset("create", f"folders:{tmp_path}", "--tag", "a", "-p", tmp_path)
    assert refused.code == 2
    assert (
        "--tag or --without-tag chooses among the images of a place or a warehouse" in refused.err
    )
