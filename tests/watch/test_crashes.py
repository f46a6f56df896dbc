"""A watcher killed, a broker killed, a store that goes away: nothing is lost, nothing is double."""

import random
import time

import pytest

from tests.emulators.rabbitmq import Rabbitmq, rabbitmq_server
from tests.end_to_end.jobs import objects, rows, wait_for
from tests.watch.conftest import Site
from tests.watch.watchers import (
    IMPATIENT,
    OUT,
    kill,
    make_queue,
    minio_event,
    watch,
    watching,
)

pytestmark = [pytest.mark.emulator, pytest.mark.slow]
# Each kill is a try of what was at work.
TRIES = ("--max-tries", "100")


def fill(site: Site, videos: int) -> list[bytes]:
    """Uploads, and their events: each twice, and one of a video that is none."""
    keys = [f"cam{number}/drive.mp4" for number in range(videos)]
    for number, key in enumerate(keys):
        site.put(key, site.video(number, number + 10))
    site.put("cam0/broken.mp4", b"nonsense")
    return [minio_event(key) for key in [*keys, "cam0/broken.mp4", *keys]]


def uninterrupted(site: Site, events: list[bytes]) -> dict[str, bytes]:
    """What a watcher writes that nothing disturbs. It is cleared away."""
    site.rabbitmq.publish(*events)
    _, summary, said = watch(site.rabbitmq.events, *TRIES)
    assert summary["redelivered"] == 0, said
    whole = objects(OUT)
    for name in whole:
        site.s3.client().delete_object(Bucket="data", Key=name)
    assert objects(OUT) == {}
    return whole


def check(site: Site, whole: dict[str, bytes], videos: int) -> None:
    """Byte for byte the same; the queue is empty, and so is the other."""
    assert objects(OUT) == whole
    found = [(row["video_uri"], row["generation"]) for row in rows(OUT, "videos")]
    assert len(found) == len(set(found)) == videos + 1
    assert site.waiting == (0, 0)


@pytest.mark.parametrize("site", [100], indirect=True)
@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.chaos), 3])
def test_a_kill_at_each_write_changes_nothing_in_the_end(site, proxy, tmp_path, step):
    """2 videos of 2 images and 2 ledger files each, and a dead letter with its ledger files.

    Each watcher is killed at a later moment than the one before: each write has two, before the
    store has it and before the watcher knows.
    """
    events = fill(site, 2)
    whole = uninterrupted(site, events)
    site.rabbitmq.publish(*events)
    log, kills = tmp_path / "log", 0
    environment = {"AWS_ENDPOINT_URL": proxy.url}
    while True:
        left, moment = [kills * step // 2 + 1], ("before", "after")[kills * step % 2]

        def die(method: str, path: str, left=left) -> None:
            left[0] -= method == "PUT"
            if method == "PUT" and left[0] == 0:
                kill(process)
                raise ConnectionAbortedError

        proxy.before = proxy.after = lambda method, path: None
        setattr(proxy, moment, die)
        options = ("--until-idle", "3", *TRIES)
        with watching(log, site.rabbitmq.events, *options, environment=environment) as process:
            status = process.wait(600)
        if left[0] > 0:
            break
        assert status == -9, log.read_text()
        kills += 1
    assert kills * step >= 8
    check(site, whole, 2)


@pytest.mark.chaos  # `make test` kills one watcher at moments that are chosen, above.
@pytest.mark.parametrize("site", [100], indirect=True)
def test_kills_at_random_moments_change_nothing_in_the_end(site, tmp_path):
    """Of two watchers on one queue, each with two workers, and every event twice."""
    events = fill(site, 6)
    whole = uninterrupted(site, events)
    site.rabbitmq.publish(*events)
    log, chance = tmp_path / "log", random.Random(1)
    options = ("--workers", "2", *TRIES)
    with watching(log, site.rabbitmq.events, *options):
        for _ in range(5):
            with watching(log, site.rabbitmq.events, *options) as second:
                before = len(objects(OUT))
                wait_for(lambda: len(objects(OUT)) >= min(before + 2, len(whole)), second, log)  # noqa: B023
                time.sleep(chance.uniform(0, 0.5))
                kill(second)
    watch(site.rabbitmq.events, *TRIES)
    check(site, whole, 6)


@pytest.mark.parametrize("site", [100], indirect=True)
def test_a_store_that_is_down_for_a_while_loses_nothing(site, proxy, tmp_path):
    events = fill(site, 4)
    whole = uninterrupted(site, events)
    log, done = tmp_path / "log", []

    def go_down(method: str, path: str) -> None:
        done.append(path)
        if len(done) == 20:
            proxy.is_down = True

    proxy.before = go_down
    environment = {"AWS_ENDPOINT_URL": proxy.url, **IMPATIENT}
    options = ("--until-idle", "8", *TRIES)
    with watching(log, site.rabbitmq.events, *options, environment=environment) as process:
        site.rabbitmq.publish(*events)
        wait_for(lambda: log.read_text().count("failed: ") >= 2, process, log)
        assert objects(OUT) != whole
        proxy.is_down = False
        assert process.wait(600) == 1, log.read_text()  # One of the videos is none.
    check(site, whole, 4)


def test_a_store_that_is_down_at_the_start_is_waited_for(site, proxy, tmp_path):
    log = tmp_path / "log"
    site.upload("a.mp4", site.video(0))
    proxy.is_down = True
    environment = {"AWS_ENDPOINT_URL": proxy.url, **IMPATIENT}
    options = ("--until-idle", "20")
    with watching(log, site.rabbitmq.events, *options, environment=environment) as process:
        wait_for(lambda: "what is written cannot be reached" in log.read_text(), process, log)
        proxy.is_down = False
        wait_for(lambda: len(rows(OUT, "videos")) == 1, process, log)
    assert "try" not in log.read_text()


def test_a_bucket_that_is_gone_when_the_place_is_made_is_waited_for(site, proxy, tmp_path):
    log, left = tmp_path / "log", ["data"]

    def remove(method: str, path: str) -> None:
        if (method, path.split("?", maxsplit=1)[0]) == ("PUT", "/data/vidset.json") and left:
            for name in objects(OUT):
                site.s3.client().delete_object(Bucket="data", Key=name)
            site.s3.client().delete_bucket(Bucket=left.pop())

    proxy.before = remove
    site.upload("a.mp4", site.video(0))
    environment = {"AWS_ENDPOINT_URL": proxy.url, **IMPATIENT}
    with watching(log, site.rabbitmq.events, environment=environment) as process:
        wait_for(lambda: "what is written cannot be reached" in log.read_text(), process, log)
        site.s3.make_bucket("data")
        wait_for(lambda: len(rows(OUT, "videos")) == 1, process, log)


def test_a_broker_killed_and_started_anew_loses_nothing(s3, proxy, tmp_path):
    """What was at work goes on, and is found done when its message comes again."""
    for bucket in ("uploads", "data"):
        s3.make_bucket(bucket)
    (tmp_path / "data").mkdir()
    log = tmp_path / "log"
    with rabbitmq_server(data=tmp_path / "data") as server:
        site = Site(Rabbitmq(server.address, "uploads"), s3, tmp_path)
        make_queue(site.rabbitmq)
        events = fill(site, 3)
        site.rabbitmq.publish(*events)
        proxy.after = lambda method, path: time.sleep(0.5)
        watched = watching(log, site.rabbitmq.events, environment={"AWS_ENDPOINT_URL": proxy.url})
        process = watched.__enter__()
        wait_for(lambda: any("images/" in name for name in objects(OUT)), process, log)
    try:
        wait_for(lambda: "again in" in log.read_text(), process, log)
        with rabbitmq_server(server.port, data=tmp_path / "data"):
            wait_for(lambda: len(rows(OUT, "videos")) == 4, process, log)
            process.terminate()
            assert process.wait(600) == 143
            _, summary, _ = watch(site.rabbitmq.events)
            assert summary["done"] == 0
            assert site.waiting == (0, 0)
    finally:
        watched.__exit__(None, None, None)
    found = [(row["video_uri"], row["generation"]) for row in rows(OUT, "videos")]
    assert len(found) == len(set(found)) == 4
    assert len(rows(OUT, "frames")) == 6


def test_a_video_longer_than_the_brokers_patience_is_done_once(s3, proxy, tmp_path):
    """RabbitMQ ends a channel whose consumer does not acknowledge: after 30 minutes, here 2 s."""
    for bucket in ("uploads", "data"):
        s3.make_bucket(bucket)
    impatient = {"consumer_timeout": 2000, "channel_tick_interval": 1000}
    decoded = []

    def linger(method: str, path: str) -> None:
        if method == "PUT" and "images/" in path:
            decoded.append(path)
            time.sleep(6)

    proxy.before = linger
    with rabbitmq_server(folder=tmp_path, settings=impatient) as server:
        site = Site(Rabbitmq(server.address, "uploads"), s3, tmp_path)
        make_queue(site.rabbitmq)
        site.upload("a.mp4", site.video(0))
        environment = {"AWS_ENDPOINT_URL": proxy.url}
        options = ("--workers", "2")  # One of them is free when the message comes again.
        code, summary, said = watch(site.rabbitmq.events, *options, environment=environment)
        assert (code, site.waiting) == (0, (0, 0)), said
    assert "again in 1 s" in said
    assert (summary["done"], len(decoded)) == (1, 1)
    assert summary["skipped"] >= 1
