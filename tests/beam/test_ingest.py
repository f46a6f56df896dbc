import json
import random
import shutil
from dataclasses import replace

import apache_beam as beam
import pytest
from apache_beam.io import PubsubMessage
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.test_stream import TestStream
from apache_beam.testing.util import assert_that, equal_to

from tests.drawing import write_video
from tests.intake.test_gcs_events import SUBSCRIPTION, message
from vidset.beam.ingest import DropRepeats, ExtractFrames, ListVideos, ParseEvents
from vidset.beam.writing import MAX_ROWS, WriteDeadLetters, WriteLedger, is_long
from vidset.elements import DeadLetter, Upload
from vidset.intake.gcs_events import event_text
from vidset.intake.ingest import Ingest
from vidset.ledger.open import open_ledger
from vidset.settings import ExtractionSettings
from vidset.uploads import EventFilter

RUNNER = "apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner"


def pipeline() -> TestPipeline:
    return TestPipeline(runner=RUNNER)


def extract(settings=None, *, out) -> ExtractFrames:
    return ExtractFrames(
        settings or ExtractionSettings(), str(out / "images"), str(out), scratch_bytes=1 << 30
    )


def upload(path) -> Upload:
    return Upload(str(path), path.name)


def test_parse_events_gives_uploads():
    with pipeline() as p:
        events = p | beam.Create([PubsubMessage(*message()), PubsubMessage(*message("x.jpg"))])
        uploads, letters = events | ParseEvents(EventFilter(), SUBSCRIPTION)
        uris = uploads | beam.Map(lambda each: each.uri)
        assert_that(uris, equal_to(["gs://uploads/cam1/a.mp4", "gs://uploads/x.jpg"]), "uploads")
        assert_that(letters, equal_to([]), "dead letters")


def test_parse_events_counts_what_it_passes_over():
    p = pipeline()
    event = message("x.jpg", contentType="image/jpeg")
    _ = p | beam.Create([PubsubMessage(*event)]) | ParseEvents(EventFilter(), SUBSCRIPTION)
    counters = p.run().metrics().query()["counters"]
    names = {each.key.metric.name: each.committed for each in counters}
    assert names["events_passed_over_content_type"] == 1


def test_parse_events_sends_a_malformed_event_to_the_dead_letters_as_it_came():
    with pipeline() as p:
        events = p | beam.Create([PubsubMessage(b"\xff", {"a": "b"})])
        uploads, letters = events | ParseEvents(EventFilter(), SUBSCRIPTION)
        expected = DeadLetter(
            SUBSCRIPTION,
            "no attribute eventType: not a Cloud Storage notification",
            event_text(b"\xff", {"a": "b"}),
        )
        assert_that(letters, equal_to([expected]), "dead letters")
        assert_that(uploads, equal_to([]), "uploads")


def test_list_videos_gives_the_videos_of_every_input(video):
    with pipeline() as p:
        uploads = p | beam.Create([str(video.parent), str(video)]) | ListVideos("cam1")
        expected = Upload(str(video), "drive.mp4", collector_id="cam1")
        assert_that(uploads, equal_to([expected, expected]))


def test_drop_repeats_leaves_one_of_each_upload():
    first, second = Upload("gs://b/a", "a", "1"), Upload("gs://b/a", "a", "2")
    with pipeline() as p:
        uploads = p | beam.Create([first, second, first, first]) | DropRepeats(is_streaming=False)
        assert_that(uploads, equal_to([first, second]))


def test_drop_repeats_leaves_one_of_each_upload_in_a_stream():
    """Five at once, one a minute later, and an overwrite, which is another upload."""
    first, second = Upload("gs://b/a", "a", "1"), Upload("gs://b/a", "a", "2")
    stream = (
        TestStream()
        .add_elements([first] * 5)
        .advance_processing_time(60)
        .add_elements([first, second])
        .advance_watermark_to_infinity()
    )
    options = PipelineOptions()
    options.view_as(StandardOptions).streaming = True
    with TestPipeline(options=options) as p:
        assert_that(p | stream | DropRepeats(is_streaming=True), equal_to([first, second]))


def test_extract_frames_stores_images_and_gives_rows(video, tmp_path):
    with pipeline() as p:
        extractions, letters = p | beam.Create([upload(video)]) | extract(out=tmp_path)
        statuses = extractions | beam.Map(lambda each: (each.video.status, each.video.kept))
        assert_that(statuses, equal_to([("done", 4)]), "rows")
        assert_that(letters, equal_to([]), "dead letters")
    assert len(list((tmp_path / "images" / "drive").rglob("*.jpg"))) == 4


def test_extract_frames_sends_a_broken_video_to_the_dead_letters(tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nonsense")
    event = replace(upload(broken), event='{"as": "it came"}')
    with pipeline() as p:
        extractions, letters = p | beam.Create([event]) | extract(out=tmp_path)
        rows = extractions | beam.Map(lambda each: (each.video.status, len(each.frames)))
        assert_that(rows, equal_to([("failed", 0)]), "rows")
        what = letters | beam.Map(lambda each: (each.uri, each.event))
        assert_that(what, equal_to([(str(broken), '{"as": "it came"}')]), "dead letters")


def test_extract_frames_gives_no_row_for_a_video_that_is_missing(tmp_path):
    """It may come back: the ledger must not say that it is done."""
    with pipeline() as p:
        extractions, letters = (
            p | beam.Create([upload(tmp_path / "missing.mp4")]) | extract(out=tmp_path)
        )
        assert_that(extractions, equal_to([]), "rows")
        reasons = letters | beam.Map(lambda each: each.reason)
        expected = ["the file cannot be read: No such file or directory"]
        assert_that(reasons, equal_to(expected), "dead letters")


def test_a_file_that_changed_while_it_was_read_gives_no_row(video, tmp_path):
    """Its images may mix two files; the next run takes the new one."""

    class _Touch(ExtractionSettings):
        """Writes to the video between its reading and the row: by then it is decoded."""

        @property
        def settings_id(self):
            video.write_bytes(video.read_bytes() + b"more")
            return super().settings_id

    with pipeline() as p:
        extractions, letters = p | beam.Create([upload(video)]) | extract(_Touch(), out=tmp_path)
        assert_that(extractions, equal_to([]), "rows")
        reasons = letters | beam.Map(lambda each: each.reason)
        assert_that(reasons, equal_to(["the file changed while it was read"]), "dead letters")


def test_extract_frames_passes_over_what_the_ledger_has(video, tmp_path):
    for number in range(2):
        p = pipeline()
        extractions, _ = p | beam.Create([upload(video)]) | extract(out=tmp_path)
        _ = extractions | WriteLedger(str(tmp_path), is_streaming=False)
        counters = p.run().metrics().query()["counters"]
        names = {each.key.metric.name: each.committed for each in counters}
        assert names.get("videos_done", 0) == 1 - number
        assert names.get("videos_skipped", 0) == number


def test_the_order_of_uploads_changes_nothing(tmp_path):
    """Shuffled, and some of them twice: the same files byte by byte."""
    for number in range(4):
        write_video(tmp_path / "in" / f"{number}.mp4", scenes=[number, number, number + 10])
    uploads = [upload(path) for path in sorted((tmp_path / "in").iterdir())]
    trees = []
    for seed in range(3):
        some = [*uploads, *uploads[:2]]
        random.Random(seed).shuffle(some)
        out = tmp_path / "out"
        with pipeline() as p:
            once = p | beam.Create(some) | DropRepeats(is_streaming=False)
            extractions, _ = once | extract(out=out)
            _ = extractions | WriteLedger(str(out), is_streaming=False)
        files = sorted(path for path in out.rglob("*") if path.is_file())
        trees.append([(path, path.read_bytes()) for path in files])
        shutil.rmtree(out)
    assert len(trees[0]) == 4 * (2 + 2)
    assert trees[1] == trees[0] == trees[2]


def test_a_failed_video_met_again_is_in_the_dead_letters_again(tmp_path):
    """The job may have died after the ledger's row and before the letter got through."""
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nonsense")
    for _ in range(2):
        with pipeline() as p:
            extractions, letters = p | beam.Create([upload(broken)]) | extract(out=tmp_path)
            _ = extractions | WriteLedger(str(tmp_path), is_streaming=False)
            uris = letters | beam.Map(lambda each: each.uri)
            assert_that(uris, equal_to([str(broken)]))


def test_write_ledger_commits_every_extraction(video, tmp_path):
    with pipeline() as p:
        extractions, _ = p | beam.Create([upload(video)]) | extract(out=tmp_path)
        _ = extractions | WriteLedger(str(tmp_path), is_streaming=False)
    [ledger] = (tmp_path / "videos").glob("*.parquet")
    row = open_ledger(str(tmp_path)).find(str(video), ledger_generation(video, tmp_path))
    assert row is not None
    assert (row["samples"], row["kept"]) == (5, 4)
    assert ledger.stem == next((tmp_path / "frames").glob("*.parquet")).stem


def ledger_generation(video, out) -> str:
    [folder] = (out / "images" / video.stem).iterdir()
    return folder.name


@pytest.mark.parametrize(("rows", "long"), [(MAX_ROWS, False), (MAX_ROWS + 1, True)])
def test_an_extraction_of_more_rows_than_a_batch_takes_is_long(video, tmp_path, rows, long):
    work = Ingest(ExtractionSettings(), str(tmp_path / "images"), str(tmp_path))
    extraction = work.take(upload(video)).extraction
    assert extraction
    assert is_long(replace(extraction, frames=extraction.frames[:1] * rows), 2) == long


@pytest.mark.parametrize("streaming", [True, False], ids=["stream", "batch"])
def test_the_rows_of_a_long_video_cross_no_shuffle(streaming):
    """Streaming Engine takes no element above some 80 MB, which are 200,000 rows."""
    p = pipeline()
    extractions = p | beam.Create([1])
    _ = extractions | "Write" >> WriteLedger("bq://project-1.vidset", streaming)
    transforms = p.to_runner_api().components.transforms.values()
    steps = {each.unique_name: each for each in transforms}
    [long] = steps["Write/Each long one"].inputs.values()
    assert long in steps["Write/By length"].outputs.values()
    assert set(steps["Write/Each long one"].outputs.values()) == set(
        steps["Write/Commit long ones"].inputs.values()
    )
    [batched] = steps["Write/Key" if streaming else "Write/Batch"].inputs.values()
    assert {batched, long} == set(steps["Write/By length"].outputs.values())


def test_write_dead_letters_keeps_each_once(tmp_path):
    letter = DeadLetter("gs://b/a.mp4", "no video stream", '{"attributes": {}, "data": "x"}')
    for _ in range(2):
        with pipeline() as p:
            _ = p | beam.Create([letter, letter]) | WriteDeadLetters(folder=str(tmp_path))
    [file] = tmp_path.glob("*.jsonl")
    assert json.loads(file.read_text()) == letter.to_row()


@pytest.mark.parametrize("streaming", [False, True])
def test_the_wiring_can_be_pickled(streaming):
    """Workers get it so. What it opens is opened there."""
    beam.coders.FastPrimitivesCoder().encode(
        (DropRepeats(streaming), WriteLedger("bq://p.d", streaming), ListVideos())
    )
