"""A stream of uploads whose events come often, in any order and among others: none lost or double.

Beside it a sweep over the bucket runs, and the job is killed, again and again.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.chaos.counts import times
from tests.cli.process import vidset
from tests.drawing import write_video
from tests.end_to_end.jobs import objects, results, rows, running_job, wait_for
from vidset.storage.open import open_store

pytestmark = [pytest.mark.emulator, pytest.mark.slow]
_FOREIGN = (
    {"eventType": "OBJECT_DELETE", "bucketId": "uploads", "objectId": "cam0/gone.mp4"},
    {"eventType": "OBJECT_FINALIZE", "bucketId": "elsewhere", "objectId": "cam0/a.mp4"},
    {"eventType": "OBJECT_ARCHIVE", "bucketId": "uploads", "objectId": "cam0/old.mp4"},
)
_BROKEN_EVERY = 9
_LIVES = 3


@pytest.fixture
def cloud(gcs_with_events):
    for bucket in ("uploads", "images", "ledger", "ours"):
        gcs_with_events.make_bucket(bucket)
    return gcs_with_events


class World:
    """Uploads, and what else comes over the topic of their events."""

    def __init__(self, cloud, folder: Path):
        self._cloud, self._random = cloud, random.Random(7)
        self._copies = cloud.pubsub.create_subscription("copies", cloud.topic)
        self._video = write_video(folder / "drive.mp4", scenes=[0, 1, 1]).read_bytes()
        self._events = []
        self.names: list[str] = []
        self.malformed: list[bytes] = []

    def upload(self, number: int) -> None:
        """Put one more video, and let some of the events so far come again, among others."""
        name = f"cam{number % 3}/{number:05}.mp4"
        # Readers pass over the box: size, kind, contents (ISO/IEC 14496-12, 8.1.2).
        other = (16).to_bytes(4) + b"free" + number.to_bytes(8)
        data = b"nonsense" if number % _BROKEN_EVERY == 4 else self._video + other
        blob = self._cloud.client().bucket("uploads").blob(name)
        blob.upload_from_string(data, content_type="video/mp4")
        self.names.append(name)
        pubsub, topic = self._cloud.pubsub, self._cloud.topic
        ours = (each for each in pubsub.pull_all(self._copies, count=1) if _is_upload(each))
        self._events += [each for each in ours if each not in self._events]
        again = self._random.choices(self._events, k=self._random.randint(0, 4))
        messages = [(each.data, dict(each.attributes)) for each in again]
        if number % 4 == 0:
            garbage = b"garbage %d" % number
            messages.append((garbage, {"eventType": "OBJECT_FINALIZE"}))
            self.malformed.append(garbage)
        messages.append((b"{}", self._random.choice(_FOREIGN)))
        self._random.shuffle(messages)
        for body, attributes in messages:
            pubsub.publish(topic, body, **attributes)


def _is_upload(event) -> bool:
    return event.attributes.get("bucketId") == "uploads" and b"storage" in event.data


@contextmanager
def streaming(cloud, letters: str, log: Path) -> Iterator:
    arguments = (
        f"--input_subscription={cloud.subscription}",
        "--uploads_bucket=uploads",
        f"--dead_letter_topic={letters}",
        "--images=gs://images",
        "--ledger=gs://ledger",
    )
    with running_job(log, *arguments) as job:
        yield job


def done() -> int:
    names = (each.name for each in open_store("gs://ledger").list("videos/"))
    return sum(name.endswith(".parquet") for name in names)


def wait_for_all(count: int, job, log: Path) -> None:
    """Until so many videos are done; as long as some come, that may take its time."""
    while (there := done()) < count:
        wait_for(lambda there=there: done() >= min(count, there + 50), job, log)


@times(few=12, many=600)
def test_nothing_is_lost_and_nothing_is_there_twice(cloud, tmp_path, count):
    letters = cloud.pubsub.create_topic("dead-letters")
    watching = cloud.pubsub.create_subscription("watch-dead", letters)
    world, log = World(cloud, tmp_path), tmp_path / "job.log"
    parts: Sequence[range] = [range(life, count, _LIVES) for life in range(_LIVES)]
    for part in parts[:-1]:
        with streaming(cloud, letters, log) as job:
            before = done()
            for number in part:
                world.upload(number)
            # What it has taken and not done is lost with it: it is killed at the end of the block.
            wait_for(lambda before=before: done() > before, job, log)
    told_before = len(world.malformed)
    sweep = ("--input=gs://uploads", "--images=gs://images", "--ledger=gs://ledger")
    with (
        streaming(cloud, letters, log) as job,
        running_job(tmp_path / "sweep.log", *sweep, f"--dead_letters={tmp_path}/dead") as beside,
    ):
        for number in parts[-1]:
            world.upload(number)
        assert beside.wait(3600) == 0
        wait_for(lambda: done() == count, job, log)
        wanted = set(world.malformed[told_before:])
        found = set()

        def are_told() -> bool:
            found.update(each.data for each in cloud.pubsub.pull_all(watching))
            return wanted <= found

        wait_for(are_told, job, log)
    videos = rows("gs://ledger", "videos")
    assert sorted(row["video_uri"] for row in videos) == sorted(
        f"gs://uploads/{name}" for name in world.names
    )
    assert vidset("extract", "gs://uploads", "-o", "gs://ours").returncode == 1
    images, tables = results("gs://ours")
    assert len(images) == 2 * sum(number % _BROKEN_EVERY != 4 for number in range(count))
    theirs, their_tables = objects("gs://images"), results("gs://ledger")[1]
    assert theirs == images
    for name in ("frames", "videos"):
        assert [_plain(row) for row in their_tables[name]] == [_plain(row) for row in tables[name]]


def _plain(row: dict) -> dict:
    """The row without what names the place of its image."""
    return {key: value for key, value in row.items() if key not in ("image_uri", "image_id")}


@pytest.mark.chaos
@pytest.mark.timeout(4 * 3600)
def test_memory_is_flat_over_two_thousand_uploads(cloud, tmp_path):
    letters = cloud.pubsub.create_topic("dead-letters")
    world, log, count = World(cloud, tmp_path), tmp_path / "job.log", 2000
    with streaming(cloud, letters, log) as job:
        for number in range(count // 2):
            world.upload(number)
        wait_for_all(count // 2, job, log)
        half = memory(job.pid)
        for number in range(count // 2, count):
            world.upload(number)
        wait_for_all(count, job, log)
        whole = memory(job.pid)
    print(f"{half / 1e6:.0f} MB after {count // 2} uploads, {whole / 1e6:.0f} MB after {count}")
    assert whole <= 1.1 * half


def memory(pid: int) -> int:
    process = psutil.Process(pid)
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))
