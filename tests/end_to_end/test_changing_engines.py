"""The streaming job and `vidset watch` on one subscription, one after the other and at once.

It is what a change of Terraform's `ingest_engine` does, both ways.
"""

import json
from subprocess import PIPE

import pytest

from tests.drawing import write_video
from tests.end_to_end.jobs import objects, rows, running_job, wait_for
from tests.programs.started import Started

pytestmark = [pytest.mark.emulator, pytest.mark.slow]
PLACES = ("--images=gs://images", "--ledger=gs://ledger")


@pytest.fixture
def cloud(gcs_with_events):
    for bucket in ("uploads", "images", "ledger"):
        gcs_with_events.make_bucket(bucket)
    return gcs_with_events


@pytest.fixture
def dead_letters(cloud):
    return cloud.pubsub.create_topic("dead-letters")


@pytest.fixture
def video(tmp_path):
    """Two seconds, two scenes."""
    return write_video(tmp_path / "good.mp4", scenes=[0, 1]).read_bytes()


def put(cloud, *names: str, data: bytes) -> None:
    for name in names:
        blob = cloud.client().bucket("uploads").blob(name)
        blob.upload_from_string(data, content_type="video/mp4")


def streaming(log, cloud, dead_letters):
    """The job of `ingest_engine = "dataflow"`, on the local runner."""
    return running_job(
        log,
        f"--input_subscription={cloud.subscription}",
        "--uploads_bucket=uploads",
        f"--dead_letter_topic={dead_letters}",
        *PLACES,
    )


def start_task(cloud, dead_letters) -> Started:
    """A task of `ingest_engine = "cloud_run"`, with the options that Terraform gives it."""
    command = ["watch", f"pubsub:{cloud.subscription}"]
    command += ["--bucket=uploads", *PLACES, f"--dead-letters=pubsub:{dead_letters}"]
    command += ["--until-idle=3", "--exit-zero", "--scratch-bytes=0", "--workers=1", "--json"]
    return Started(command, PIPE, PIPE)


def ended(task: Started) -> dict:
    """Wait for the task. Returns its counts."""
    printed, said = task.communicate(timeout=600)
    assert task.returncode == 0, said
    return json.loads(printed)


def done() -> list[str]:
    """The names of the videos that the ledger has, one for each row."""
    found = rows("gs://ledger", "videos")
    return sorted(row["video_uri"].removeprefix("gs://uploads/") for row in found)


def names(*numbers: int) -> list[str]:
    return [f"cam1/{number:02}.mp4" for number in numbers]


def test_a_change_of_the_engine_loses_no_upload_and_doubles_none(
    cloud, dead_letters, video, tmp_path
):
    log, letters = tmp_path / "job.log", cloud.pubsub.create_subscription("letters", dead_letters)
    events = cloud.pubsub.create_subscription("events", cloud.topic)
    with streaming(log, cloud, dead_letters) as job:
        put(cloud, *names(0, 1, 2), data=video)
        wait_for(lambda: len(done()) == 3, job, log)  # Drained: nothing is under way.
    first = objects("gs://images")

    put(cloud, *names(3, 4, 5), data=video)
    put(cloud, "cam1/broken.mp4", data=b"nonsense")
    for event in cloud.pubsub.pull_all(events, count=7):  # All of them once more.
        cloud.pubsub.publish(cloud.topic, event.data, **event.attributes)
    tasks = [start_task(cloud, dead_letters) for _ in range(2)]
    counts = [ended(task) for task in tasks]
    totals = [sum(each[name] for each in counts) for name in ("done", "malformed", "missing")]
    assert totals == [3, 0, 0]
    assert done() == [*names(*range(6)), "cam1/broken.mp4"]
    reasons = {each.attributes["dead_letter_uri"] for each in cloud.pubsub.pull_all(letters)}
    assert reasons == {"gs://uploads/cam1/broken.mp4"}
    assert cloud.pubsub.pull_all(cloud.subscription) == []

    put(cloud, *names(6, 7), data=video)
    with streaming(log, cloud, dead_letters) as job:
        wait_for(lambda: len(done()) == 9, job, log)
    images = objects("gs://images")
    assert done() == [*names(*range(8)), "cam1/broken.mp4"]
    assert len(rows("gs://ledger", "frames")) == len(images) == 16
    assert first.items() <= images.items()


def test_both_engines_at_once_do_each_upload_once(cloud, dead_letters, video, tmp_path):
    log = tmp_path / "job.log"
    with streaming(log, cloud, dead_letters) as job:
        put(cloud, *names(*range(6)), data=video)
        task = start_task(cloud, dead_letters)
        put(cloud, *names(*range(6, 12)), data=video)
        wait_for(lambda: len(done()) == 12, job, log)
        counts = ended(task)
    assert done() == names(*range(12))
    assert len(rows("gs://ledger", "frames")) == len(objects("gs://images")) == 24
    assert counts["failed"] == counts["malformed"] == 0


def test_what_a_killed_job_lost_is_found_by_reconciliation(cloud, dead_letters, tmp_path):
    """The local runner acknowledges events before it works on them. Dataflow does not."""
    log = tmp_path / "job.log"
    video = write_video(tmp_path / "long.mp4", scenes=range(20), size=(640, 480)).read_bytes()
    with streaming(log, cloud, dead_letters) as job:
        put(cloud, *names(*range(8)), data=video)
        wait_for(lambda: bool(done()), job, log)
    put(cloud, *names(8, 9), data=video)
    killed = start_task(cloud, dead_letters)
    before = len(objects("gs://images"))
    while len(objects("gs://images")) == before:
        assert killed.poll() is None, killed.stderr.read()
    killed.kill()
    killed.communicate()

    batch = ("--input=gs://uploads", *PLACES, f"--dead_letters={tmp_path}/dead")
    with running_job(log, *batch) as job:
        assert job.wait(600) == 0
    ended(start_task(cloud, dead_letters))  # What comes again by itself finds it done.
    assert done() == names(*range(10))
    assert len(objects("gs://images")) == 200
