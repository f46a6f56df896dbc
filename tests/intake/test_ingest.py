"""An upload that is extracted anew, that fails after some images, or that has several streams."""

import os
from dataclasses import replace
from fractions import Fraction

import av
import pytest

from tests.drawing import encode, scene
from vidset.elements import Upload
from vidset.intake.ingest import Ingest
from vidset.intake.redoing import Redo
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.labeling.stores.store import Write
from vidset.settings import ExtractionSettings
from vidset.video.sampling import Sampling

EVERY_FRAME = ExtractionSettings(similarity_threshold=2)
EVERY_OTHER = replace(EVERY_FRAME, sampling=Sampling(Fraction(2)))


def ingest(folder, settings=EVERY_FRAME, *kinds):
    labels = f"sqlite:{folder}/labels.sqlite"
    redo = Redo(frozenset(kinds))
    return Ingest(settings, f"{folder}/images", str(folder), redo=redo, labels=labels)


def take(worker, path, **options):
    taken = worker.take(Upload(str(path), path.name), **options)
    if taken.extraction is not None:
        worker.ledger.commit([taken.extraction])
    return taken


def images(folder):
    found = (folder / "images").rglob("*.jpg")
    return {path.name: path.read_bytes() for path in sorted(found)}


def label(folder, image_id):
    store = SqliteStore(f"{folder}/labels.sqlite")
    store.commit([Write("annotations", image_id, {"image_id": image_id})])
    store.close()


def names(*seconds):
    return [f"{1000 * second:010d}.jpg" for second in seconds]


def rows(worker, taken):
    upload = taken.upload
    found = worker.ledger.frames(upload.video_uri, upload.generation)
    return [(row["pts_seconds"], row["image_id"] is not None) for row in found]


def test_outdated_rows_and_images_are_replaced(tmp_path, video):
    assert take(ingest(tmp_path), video).what == "extracted"
    assert list(images(tmp_path)) == names(0, 1, 2, 3, 4)
    assert take(ingest(tmp_path, EVERY_OTHER, "failed", "partial"), video).what == "skipped"
    worker = ingest(tmp_path, EVERY_OTHER, "outdated")
    taken = take(worker, video)
    assert (taken.what, len(taken.earlier.replaceable)) == ("extracted", 5)
    assert list(images(tmp_path)) == names(0, 2, 4)
    assert rows(worker, taken) == [(0, True), (2, True), (4, True)]
    assert take(worker, video).what == "skipped"


def test_images_with_labels_are_named_and_stay_with_their_rows(tmp_path, video):
    first = take(ingest(tmp_path), video).extraction
    for second in (1, 2):
        label(tmp_path, first.frames[second].image_id)
    before = images(tmp_path)
    other_bytes = replace(EVERY_OTHER, jpeg_quality=50)
    worker = ingest(tmp_path, other_bytes, "outdated")
    taken = take(worker, video)
    generation = taken.upload.generation
    assert taken.earlier.labeled_names == tuple(f"drive/{generation}/{n}" for n in names(1, 2))
    after = images(tmp_path)
    assert list(after) == names(0, 1, 2, 4)
    assert {name for name in after if after[name] == before[name]} == set(names(1, 2))
    assert rows(worker, taken) == [(0, True), (1, True), (2, True), (4, True)]
    row = worker.ledger.find(taken.upload.video_uri, generation)
    assert (row["samples"], row["kept"]) == (4, 4)


@pytest.mark.parametrize("kept", [0, 3], ids=["no image was written", "some images were written"])
def test_a_run_without_redo_ends_what_a_killed_one_began(tmp_path, video, monkeypatch, kept):
    first = take(ingest(tmp_path), video).extraction
    other_bytes = replace(EVERY_OTHER, jpeg_quality=50)
    worker = ingest(tmp_path, other_bytes, "outdated")

    def dies(row, duration_seconds):
        if row.pts_seconds >= kept:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take(worker, video, on_sample=dies)
    label(tmp_path, first.frames[1].image_id)
    taken = take(ingest(tmp_path, other_bytes), video)
    assert taken.what == "extracted"
    assert rows(worker, taken) == [(0, True), (1, True), (2, True), (4, True)]
    elsewhere = tmp_path / "elsewhere"
    take(ingest(elsewhere, other_bytes), video)
    expected = images(elsewhere)
    assert {name: data for name, data in images(tmp_path).items() if name in expected} == expected


def test_rows_of_an_older_vidset_are_outdated(tmp_path, video):
    worker = ingest(tmp_path, EVERY_FRAME, "outdated")
    extraction = take(worker, video).extraction
    assert take(worker, video).what == "skipped"
    old = replace(extraction.video, vidset_version="0.0.1")
    worker.ledger.commit([replace(extraction, video=old)])
    assert worker.look(Upload(str(video), video.name)).what == "redo"
    assert take(worker, video).what == "extracted"
    assert take(worker, video).what == "skipped"


def test_looking_changes_nothing(tmp_path, video):
    worker = ingest(tmp_path, EVERY_OTHER, "outdated")
    upload = Upload(str(video), video.name)
    assert worker.look(upload).what == "new"
    take(ingest(tmp_path), video)
    before = images(tmp_path)
    assert len(worker.look(upload).earlier.replaceable) == 5
    assert images(tmp_path) == before
    assert ingest(tmp_path).look(upload).what == "skipped"


def test_a_file_that_changes_while_it_is_read_leaves_no_image(tmp_path, video):
    path = tmp_path / "growing.mp4"
    path.write_bytes(video.read_bytes())

    def grows(row, duration_seconds):
        with path.open("ab") as file:
            file.write(b"more")

    assert take(ingest(tmp_path), path, on_sample=grows).what == "missing"
    assert images(tmp_path) == {}


def test_a_video_that_is_given_up_leaves_no_image_but_labeled_ones(tmp_path, video):
    worker = ingest(tmp_path)

    def dies(row, duration_seconds):
        if row.pts_seconds == 3:
            raise KeyboardInterrupt  # As a kill, which leaves the images of the attempt.

    with pytest.raises(KeyboardInterrupt):
        take(worker, video, on_sample=dies)
    assert list(images(tmp_path)) == names(0, 1, 2, 3)
    done = tmp_path / "done"
    label(tmp_path, take(ingest(done), video).extraction.frames[1].image_id)
    taken = take(worker, video, give_up="its process was ended by SIGSEGV")
    assert (taken.what, taken.reason) == ("failed", "its process was ended by SIGSEGV")
    assert list(images(tmp_path)) == names(1)


@pytest.fixture
def two_streams(tmp_path):
    """Writers of MP4 mark the first stream as the default one, here the smaller."""
    path = tmp_path / "front" / "dual.mp4"
    os.makedirs(path.parent)
    with av.open(str(path), "w") as container:
        small, large = (container.add_stream("mpeg4", rate=10) for _ in range(2))
        small.width, small.height, large.width, large.height = 160, 120, 320, 240
        for number in range(30):
            for stream in small, large:
                picture = scene(number // 10, stream.width, stream.height)
                frame = av.VideoFrame.from_ndarray(picture)
                frame.pts, frame.time_base = number, Fraction(1, 10)
                container.mux(stream.encode(frame))
        for stream in small, large:
            container.mux(stream.encode(None))
    return path


def test_a_stream_is_a_video_of_its_own(tmp_path, two_streams):
    worker = ingest(tmp_path)
    taken = take(worker, two_streams)
    row = taken.extraction.video
    assert (row.width, row.other_streams) == (160, "1: mpeg4 320x240")
    [other] = taken.others
    assert other.stream == 1
    taken = worker.take(other)
    worker.ledger.commit([taken.extraction])
    row = taken.extraction.video
    assert (row.width, row.other_streams) == (320, "0: mpeg4 160x120")
    assert row.video_uri == f"{two_streams}.stream1"
    folder = tmp_path / "images"
    assert sorted(path.parent.parent.name for path in folder.rglob("*1000.jpg")) == [
        "dual",
        "dual.stream1",
    ]
    assert take(worker, two_streams).what == "skipped"
    assert worker.take(other).what == "skipped"
    taken = worker.take(replace(other, stream=2))
    assert (taken.what, taken.reason) == (
        "failed",
        "it has no video stream 2: it has 2, counted from 0",
    )


def test_a_file_of_one_stream_names_no_others(tmp_path):
    path = encode(tmp_path / "one.mp4", [scene(0)] * 3)
    taken = take(ingest(tmp_path / "out"), path)
    assert (taken.extraction.video.other_streams, taken.others) == (None, [])
