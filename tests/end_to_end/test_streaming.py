"""Uploads to a bucket, whose notifications a streaming job reads: real servers, real videos."""

import hashlib
import time

import pytest

from tests.drawing import write_video
from tests.end_to_end.jobs import objects, rows, running_job, wait_for
from vidset.naming import image_prefix, video_stem

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

HARD_NAMES = [
    "cam1/2026-11-20/plain.mp4",
    "cam1/with space.mp4",
    "cam1/Straße 日本語.mp4",
    "cam1/'quotes\".mp4",
    "cam1/100%.mp4",
    "cam1/a#b?c.mp4",
    "cam1/new\nline.mp4",
    "cam1/../../up.mp4",
    "/absolute.mp4",
    "x" * 996 + ".mp4",
]


@pytest.fixture
def cloud(gcs_with_events):
    for bucket in ("uploads", "images", "ledger"):
        gcs_with_events.make_bucket(bucket)
    return gcs_with_events


def job_arguments(cloud, dead_letter_topic):
    return (
        f"--input_subscription={cloud.subscription}",
        "--uploads_bucket=uploads",
        f"--dead_letter_topic={dead_letter_topic}",
        "--images=gs://images",
        "--ledger=gs://ledger",
    )


def put(cloud, name, path, content_type="video/mp4"):
    cloud.client().bucket("uploads").blob(name).upload_from_filename(path, content_type)


def test_uploads_become_images_and_rows(cloud, tmp_path):
    dead_letters = cloud.pubsub.create_topic("dead-letters")
    watching = cloud.pubsub.create_subscription("watch-dead", dead_letters)
    events = cloud.pubsub.create_subscription("watch-events", cloud.topic)
    good = write_video(tmp_path / "good.mp4", scenes=[0, 1, 1, 2])
    other = write_video(tmp_path / "other.mp4", scenes=[3, 4])
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nonsense" * 100)
    log = tmp_path / "job.log"
    with running_job(log, *job_arguments(cloud, dead_letters)) as job:
        for name in HARD_NAMES:
            put(cloud, name, good)
        put(cloud, "cam2/broken.mp4", broken)
        put(cloud, "cam2/notes.txt", broken, "text/plain")
        cloud.client().bucket("uploads").blob("cam2/folder/").upload_from_string(b"")
        cloud.pubsub.publish(cloud.topic, b"garbage", eventType="OBJECT_FINALIZE")
        wait_for(lambda: len(rows("gs://ledger", "videos")) == len(HARD_NAMES) + 1, job, log)

        # Delivered again, five at once, and an overwrite: another generation, another set.
        before = objects("gs://images")
        event = next(
            each
            for each in cloud.pubsub.pull_all(events)
            if each.attributes["objectId"] == "cam1/2026-11-20/plain.mp4"
        )
        for _ in range(5):
            cloud.pubsub.publish(cloud.topic, event.data, **event.attributes)
        put(cloud, "cam1/with space.mp4", other)
        wait_for(lambda: len(rows("gs://ledger", "videos")) == len(HARD_NAMES) + 2, job, log)
        time.sleep(2)

    videos = rows("gs://ledger", "videos")
    images = objects("gs://images")
    assert len(videos) == len(HARD_NAMES) + 2
    assert {row["status"] for row in videos} == {"done", "failed"}
    assert len({(row["video_uri"], row["generation"]) for row in videos}) == len(videos)
    assert {row["video_uri"] for row in videos} == {
        *(f"gs://uploads/{name}" for name in HARD_NAMES), "gs://uploads/cam2/broken.mp4"
    }  # fmt: skip
    frames = rows("gs://ledger", "frames")
    assert len(frames) == 4 * len(HARD_NAMES) + 2
    kept = {row["image_uri"]: row for row in frames if row["kept"]}
    assert set(kept) == {f"gs://images/{name}" for name in images}
    assert len(images) == 3 * len(HARD_NAMES) + 2
    assert before.items() <= images.items()
    for uri, row in kept.items():
        data = images[uri.removeprefix("gs://images/")]
        assert row["image_sha256"] == hashlib.sha256(data).hexdigest()
    for name in HARD_NAMES:
        [generation] = [
            row["generation"]
            for row in videos
            if row["video_uri"] == f"gs://uploads/{name}" and row["samples"] == 4
        ]
        prefix = image_prefix(name, generation)
        mine = [image for image in images if image.startswith(prefix + "/")]
        assert [image[-14:] for image in mine] == [
            "0000000000.jpg", "0000001000.jpg", "0000003000.jpg"
        ]  # fmt: skip
        assert video_stem(mine[0]) in (name.removesuffix(".mp4"), None)

    letters = cloud.pubsub.pull_all(watching)
    reasons = {letter.attributes["dead_letter_uri"]: letter for letter in letters}
    assert set(reasons) == {"gs://uploads/cam2/broken.mp4", cloud.subscription}
    assert reasons[cloud.subscription].data == b"garbage"
    assert reasons[cloud.subscription].attributes["eventType"] == "OBJECT_FINALIZE"
    broken_letter = reasons["gs://uploads/cam2/broken.mp4"]
    assert "not a readable video" in broken_letter.attributes["dead_letter_reason"]
    assert broken_letter.attributes["objectId"] == "cam2/broken.mp4"


@pytest.mark.chaos  # `test_streaming_loss.py` has its twin.
def test_what_a_killed_stream_lost_a_batch_over_the_bucket_finds(cloud, tmp_path):
    """The local runner acknowledges events before it works on them: a crash loses them."""
    dead_letters = cloud.pubsub.create_topic("dead-letters")
    good = write_video(tmp_path / "good.mp4", scenes=range(40), size=(640, 480))
    log = tmp_path / "job.log"
    with running_job(log, *job_arguments(cloud, dead_letters)) as job:
        for number in range(6):
            put(cloud, f"cam1/{number}.mp4", good)
        wait_for(lambda: len(rows("gs://ledger", "videos")) >= 1, job, log)
        # A bundle may have held them all: these are under way, or not begun, when the job dies.
        for number in range(6, 12):
            put(cloud, f"cam1/{number}.mp4", good)
    assert len(rows("gs://ledger", "videos")) < 12

    batch = ("--input=gs://uploads", "--images=gs://images", "--ledger=gs://ledger")
    with running_job(log, *batch, f"--dead_letters={tmp_path}/dead") as job:
        assert job.wait(600) == 0
    videos = rows("gs://ledger", "videos")
    assert sorted(row["video_uri"] for row in videos) == sorted(
        f"gs://uploads/cam1/{number}.mp4" for number in range(12)
    )
    assert len(objects("gs://images")) == 12 * 40
