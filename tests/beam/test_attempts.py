"""What neither the video nor a missing object explains: tried three times, then given up."""

# pyright: reportAttributeAccessIssue=false, reportGeneralTypeIssues=false
import json
import subprocess
import sys
import threading
from functools import partial

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from tests.attacks.videos import VIDEOS
from tests.beam.test_ingest import extract, pipeline, upload
from tests.drawing import write_video
from tests.end_to_end.jobs import rows
from vidset.beam.attempts import LIMIT, AttemptCounter, Turns
from vidset.beam.ingest import ExtractFrames
from vidset.beam.ingest_job import configure
from vidset.beam.limited import LimitedIngest
from vidset.beam.outages import is_outage
from vidset.beam.writing import WriteLedger
from vidset.elements import Upload
from vidset.engines.engine import Limits, TaskError
from vidset.intake.ingest import Ingest
from vidset.settings import ExtractionSettings
from vidset.storage.folder import FolderStore

NO_LIMITS, WIDE = Limits(), Limits(3600, 8 << 30)


class _Full(FolderStore):
    """A disk without room."""

    def put_once(self, name, data, content_type, metadata=None):
        raise OSError(28, "No space left on device")


class _Away(FolderStore):
    """A store whose service is away."""

    def put_once(self, name, data, content_type, metadata=None):
        raise ConnectionError("the store is away")


def step(tmp_path, limits: Limits = NO_LIMITS) -> ExtractFrames:
    return ExtractFrames(
        ExtractionSettings(),
        str(tmp_path / "images"),
        str(tmp_path),
        scratch_bytes=1 << 30,
        attempts=str(tmp_path / "attempts"),
        limits=limits,
    )


def opened(tmp_path, images: type[FolderStore] | None = None, limits: Limits = NO_LIMITS):
    """The step's function as a worker opens it, with another store of images."""
    from vidset.beam.ingest import _ExtractFrames

    work = _ExtractFrames(step(tmp_path, limits))
    work.setup()
    if images is not None:
        work._ingest.images = images(str(tmp_path / "images"))
    return work


def of_store(path) -> Upload:
    """An upload whose generation is known, as a bucket's are."""
    return Upload(str(path), path.name, "7")


def markers(tmp_path) -> list[dict]:
    return [json.loads(path.read_text()) for path in (tmp_path / "attempts").glob("*.json")]


def test_a_full_disk_makes_a_dead_letter_and_a_failed_row(tmp_path):
    video = write_video(tmp_path / "a.mp4", scenes=[0, 1])
    letter, extraction = opened(tmp_path, _Full).process(of_store(video))
    reason = "given up after 3 attempts: OSError: [Errno 28] No space left on device"
    assert letter.value.reason == reason
    assert (extraction.video.status, extraction.video.error) == ("failed", reason)
    assert extraction.frames == ()
    assert markers(tmp_path) == [{"begun": 3, "reason": reason.partition(": ")[2]}]


def test_what_was_given_up_is_not_tried_again_by_another_worker(tmp_path):
    video = write_video(tmp_path / "a.mp4", scenes=[0, 1])
    list(opened(tmp_path, _Full).process(of_store(video)))
    letter, extraction = opened(tmp_path).process(of_store(video))
    assert letter.value.reason.startswith("given up after 3 attempts")
    assert extraction.video.status == "failed"
    assert not (tmp_path / "images").exists()


def test_an_outage_is_raised_and_no_attempt(tmp_path):
    video = write_video(tmp_path / "a.mp4", scenes=[0, 1])
    for _ in range(LIMIT + 2):
        with pytest.raises(ConnectionError, match="the store is away"):
            list(opened(tmp_path, _Away).process(of_store(video)))
    assert markers(tmp_path) == [{"begun": 0, "reason": None}]
    [extraction] = opened(tmp_path).process(of_store(video))
    assert extraction.video.status == "done"


def ingest(folder: str, images: type[FolderStore]) -> Ingest:
    made = Ingest(ExtractionSettings(), f"{folder}/images", folder)
    made.images = images(f"{folder}/images")
    return made


def test_within_limits_an_upload_gives_the_same_rows(tmp_path):
    (tmp_path / "limited").mkdir()
    video = write_video(tmp_path / "a.mp4", scenes=[0, 1])
    [plain] = opened(tmp_path).process(of_store(video))
    work = opened(tmp_path / "limited", limits=WIDE)
    [limited] = work.process(of_store(video))
    work.teardown()
    assert [each.pts_seconds for each in limited.frames] == [0.0, 1.0]
    assert [each.image_id for each in limited.frames] == [each.image_id for each in plain.frames]
    assert limited.video.status == "done"


def test_an_upload_that_passes_its_limits_has_failed_with_the_reason(tmp_path):
    """A process takes more memory than that for its imports, before it has an answer."""
    video = write_video(tmp_path / "a.mp4", scenes=[0, 1])
    work = opened(tmp_path, limits=Limits(3600, 1_000_000))
    letter, extraction = work.process(of_store(video))
    reason = "given up after 2 attempts: it took more than 1 MB of memory"
    assert letter.value.reason == reason
    assert (extraction.video.status, extraction.video.error) == ("failed", reason)


def test_an_index_of_more_frames_than_the_file_has_room_for_has_failed(tmp_path):
    video = tmp_path / "a.mp4"
    VIDEOS["chunks at one place"](video)
    letter, extraction = opened(tmp_path).process(of_store(video))
    most = f"more than a file of {video.stat().st_size} bytes can hold"
    reason = f"its index claims 16000000 frames, {most}"
    assert letter.value.reason == reason
    assert extraction.video.status == "failed"


def test_what_is_raised_in_an_upload_s_process_is_told_as_it_was(tmp_path):
    video = write_video(tmp_path / "a.mp4", scenes=[0, 1])
    full = LimitedIngest(partial(ingest, str(tmp_path), _Full), WIDE)
    with pytest.raises(TaskError, match=r"OSError: .Errno 28. No space left on device") as raised:
        full.take(of_store(video), lambda *_: None)
    assert is_outage(raised.value) is False
    away = LimitedIngest(partial(ingest, str(tmp_path), _Away), WIDE)
    with pytest.raises(ConnectionError, match="the store is away") as raised:
        away.take(of_store(video), lambda *_: None)
    assert is_outage(raised.value) is True
    for each in full, away:
        each.end()


# Each attempt is a process of its own, which needs no time to import Beam.
DYING = """
import os, sys
from pathlib import Path
from tests.beam.test_attempts import of_store, opened
from vidset.storage.folder import FolderStore

class Deadly(FolderStore):
    def put_once(self, *_, **__):
        os._exit(9)  # As the kernel does to a process that takes too much memory.

folder = Path(sys.argv[1])
for _ in range(int(sys.argv[2])):
    if not os.fork():
        for output in opened(folder, Deadly).process(of_store(folder / "a.mp4")):
            print(getattr(output, "value", output), flush=True)
        os._exit(0)
    print("ended", os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
"""


def test_an_upload_that_ends_its_worker_three_times_is_given_up(tmp_path):
    write_video(tmp_path / "a.mp4", scenes=[0, 1])
    ended = subprocess.run(
        [sys.executable, "-c", DYING, str(tmp_path), str(LIMIT + 1)],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )
    lines = ended.stdout.splitlines()
    assert lines[:3] == ["ended 9"] * 3, ended.stderr
    assert lines[-1] == "ended 0", ended.stderr
    reason = "given up after 3 attempts: its worker ended each time (out of memory, or taken away)"
    assert f"reason='{reason}'" in ended.stdout
    assert "status='failed'" in ended.stdout


def test_the_job_goes_on_beside_an_upload_that_is_given_up(tmp_path):
    """In batch, four failures of one element would end the job; in a stream it would never end."""
    bad, good = (write_video(tmp_path / name, scenes=[0, 1]) for name in ("bad.mp4", "good.mp4"))
    for _ in range(LIMIT):
        attempts = AttemptCounter(str(tmp_path / "attempts")).of(of_store(bad))
        attempts.begin()
        attempts.fail(MemoryError())
    with pipeline() as p:
        uploads = p | beam.Create([of_store(bad), of_store(good)])
        extractions, letters = uploads | step(tmp_path)
        reasons = letters | beam.Map(lambda letter: letter.reason)
        assert_that(reasons, equal_to(["given up after 3 attempts: MemoryError"]), "letters")
        _ = extractions | WriteLedger(str(tmp_path), is_streaming=False)
    status = {row["video_uri"]: row["status"] for row in rows(str(tmp_path), "videos")}
    assert status == {str(bad): "failed", str(good): "done"}


def test_a_file_that_was_given_up_and_replaced_is_tried_again(tmp_path):
    video = write_video(tmp_path / "a.mp4", scenes=[0, 1])
    list(opened(tmp_path, _Full).process(upload(video)))
    write_video(video, scenes=[2, 3])
    [extraction] = opened(tmp_path).process(upload(video))
    assert extraction.video.status == "done"


def test_without_a_place_attempts_are_counted_within_the_process(tmp_path):
    video = write_video(tmp_path / "a.mp4", scenes=[0, 1])
    with pipeline() as p:
        extractions, letters = p | beam.Create([upload(video)]) | extract(out=tmp_path)
        assert_that(extractions | beam.Map(lambda each: each.video.status), equal_to(["done"]))
        assert_that(letters, equal_to([]), "letters")
    assert not (tmp_path / "attempts").exists()


def test_attempts_are_counted_below_the_temporary_location():
    _, settings = configure(
        [
            "--input_subscription=projects/p/subscriptions/s",
            "--uploads_bucket=uploads",
            "--dead_letter_topic=projects/p/topics/t",
            "--images=gs://images",
            "--ledger=bq://project-1.vidset",
            "--temp_location=gs://staging/temp/",
        ]
    )
    assert settings.attempts == "gs://staging/temp/attempts"


def test_who_is_alone_waits_for_the_others_and_they_for_it():
    turns, order = Turns(), []
    inside, leave = threading.Event(), threading.Event()

    def together():
        with turns.turn(alone=False):
            inside.set()
            leave.wait()
            order.append("together")

    def alone():
        with turns.turn(alone=True):
            order.append("alone")

    threads = [threading.Thread(target=each) for each in (together, alone)]
    threads[0].start()
    inside.wait()
    threads[1].start()
    leave.set()
    for thread in threads:
        thread.join()
    with turns.turn(alone=False):
        order.append("after")
    assert order == ["together", "alone", "after"]
