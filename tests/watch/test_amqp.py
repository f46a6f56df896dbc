"""A watcher on a real RabbitMQ and an S3 server."""

import json
import os
import signal
import time

import pika
import pytest

from tests.end_to_end.jobs import objects, rows, wait_for
from tests.watch.watchers import (
    IMPATIENT,
    OUT,
    minio_event,
    watch,
    watching,
    workers_of,
)

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


def letters() -> dict[str, dict]:
    found = objects(f"{OUT}/dead_letters").values()
    return {letter["uri"]: letter for letter in map(json.loads, found)}


def test_uploads_become_images_and_rows_and_are_acknowledged(site):
    site.upload("cam 1/ä+b%.mp4", site.video(0, 1, 1, 2))
    site.upload("cam2/b.mp4", site.video(3, 4))
    code, summary, said = watch(site.rabbitmq.events)
    assert (code, site.waiting) == (0, (0, 0))
    assert {name: summary[name] for name in ("events", "done", "samples", "kept")} == {
        "events": 2,
        "done": 2,
        "samples": 6,
        "kept": 5,
    }
    assert "s3://uploads/cam 1/ä+b%.mp4: done, 4 samples, 3 kept\n" in said
    videos = {row["video_uri"]: row for row in rows(OUT, "videos")}
    assert set(videos) == {"s3://uploads/cam 1/ä+b%.mp4", "s3://uploads/cam2/b.mp4"}
    assert videos["s3://uploads/cam2/b.mp4"]["collector_id"] == "cam2"
    kept = {row["image_uri"] for row in rows(OUT, "frames") if row["kept"]}
    assert kept == {f"{OUT}/images/{name}" for name in objects(f"{OUT}/images")}


def test_what_cannot_be_used_is_in_the_dead_letters_as_it_came(site):
    site.upload("cam1/broken.mp4", b"nonsense")
    site.rabbitmq.publish(b"\xff garbage", minio_event("cam1/gone.mp4"))
    for _ in range(2):  # The second time, the events come once more.
        code, _, said = watch(site.rabbitmq.events)
        assert (code, site.waiting) == (1, (0, 0))
        found = letters()
        broken, gone = "s3://uploads/cam1/broken.mp4", "s3://uploads/cam1/gone.mp4"
        [queue] = found.keys() - {broken, gone}
        assert site.rabbitmq.queue in queue
        assert "guest" not in queue
        assert "not a readable video" in found[broken]["reason"]
        assert json.loads(found[broken]["event"])["data"] == minio_event("cam1/broken.mp4").decode()
        assert found[gone]["reason"] == "there is no such object"
        assert "data_base64" in json.loads(found[queue]["event"])
        assert "malformed: the message is not JSON" in said
        [row] = rows(OUT, "videos")
        assert (row["video_uri"], row["status"]) == (broken, "failed")
        site.rabbitmq.publish(
            b"\xff garbage", minio_event("cam1/gone.mp4"), minio_event("cam1/broken.mp4")
        )
    assert len(objects(f"{OUT}/dead_letters")) == 3


def test_a_video_that_is_done_is_acknowledged_without_decoding(site):
    data = site.video(0, 1)
    site.upload("a.mp4", data)
    site.rabbitmq.publish(*[minio_event("a.mp4")] * 4)
    _, summary, _ = watch(site.rabbitmq.events, "--workers", "3")
    assert (summary["events"], summary["done"], summary["skipped"]) == (5, 1, 4)
    before = objects(OUT)
    site.upload("a.mp4", site.video(5, 6))  # Another content is another generation.
    _, summary, _ = watch(site.rabbitmq.events)
    assert (summary["done"], summary["skipped"]) == (1, 0)
    assert before.items() <= objects(OUT).items()
    assert len(rows(OUT, "videos")) == 2


def test_what_a_publisher_says_of_deliveries_does_not_count(site):
    """As in a message that was moved here from another queue."""
    site.put("a.mp4", site.video(0))
    with site.rabbitmq.channel() as channel:
        for count in 99, "many":
            properties = pika.BasicProperties(headers={"x-delivery-count": count})
            channel.basic_publish("", site.rabbitmq.queue, minio_event("a.mp4"), properties)
    code, summary, _ = watch(site.rabbitmq.events)
    assert (code, site.waiting) == (0, (0, 0))
    assert (summary["events"], summary["redelivered"], summary["done"]) == (2, 0, 1)


def test_what_is_no_upload_is_passed_over(site):
    site.put("cam1/a.mp4", site.video(0))
    site.rabbitmq.publish(
        minio_event("cam1/a.mp4", name="s3:ObjectRemoved:Delete"),
        minio_event("cam1/"),
        minio_event("images/a.mp4", bucket="data"),
        minio_event("other/a.mp4"),
    )
    code, summary, _ = watch(site.rabbitmq.events, "--prefix", "cam1/")
    assert (code, summary["events"], summary["passed_over"]) == (0, 4, 4)
    assert objects(OUT).keys() == {"vidset.json"}  # The place's format, and nothing else.


@pytest.mark.parametrize("site", [3], indirect=True)
def test_what_fails_each_time_is_in_the_dead_letter_queue_as_it_came(site, proxy):
    """Nothing is known to be wrong with it. The others are done meanwhile."""

    def fail(method: str, path: str) -> None:
        if method == "GET" and "poison" in path:
            raise ConnectionAbortedError

    proxy.before = fail
    site.upload("poison.mp4", site.video(0))
    site.upload("good.mp4", site.video(1))
    environment = {"AWS_ENDPOINT_URL": proxy.url, **IMPATIENT}
    options = ("--max-tries", "3", "--workers", "2")
    code, summary, said = watch(site.rabbitmq.events, *options, environment=environment)
    assert (code, site.waiting) == (1, (0, 1))
    assert (summary["done"], summary["dead_lettered"], summary["redelivered"]) == (1, 1, 2)
    assert "s3://uploads/poison.mp4: try 3 of 3 failed: " in said
    assert site.rabbitmq.take_all(f"{site.rabbitmq.queue}.dead") == [minio_event("poison.mp4")]
    assert [row["video_uri"] for row in rows(OUT, "videos")] == ["s3://uploads/good.mp4"]


@pytest.mark.parametrize("site", [2], indirect=True)
def test_a_worker_that_dies_takes_only_its_own_video_along(site, proxy, tmp_path):
    """As when a video takes all memory. It is tried once more; the watcher goes on."""
    log, victims = tmp_path / "log", []

    def die(method: str, path: str) -> None:
        if method == "GET" and "poison" in path and len(victims) < 2:
            for pid in workers_of(process):
                victims.append(pid)
                os.kill(pid, signal.SIGKILL)

    proxy.before = die
    site.upload("poison.mp4", site.video(0))
    environment = {"AWS_ENDPOINT_URL": proxy.url}
    options = ("--max-tries", "2", "--until-idle", "20")
    with watching(log, site.rabbitmq.events, *options, environment=environment) as process:
        wait_for(lambda: len(rows(OUT, "videos")) == 1, process, log)
        site.upload("good.mp4", site.video(1))
        assert process.wait(600) == 1
    assert len(victims) == 2
    videos = {row["video_uri"]: row for row in rows(OUT, "videos")}
    assert videos["s3://uploads/good.mp4"]["status"] == "done"
    poison = videos["s3://uploads/poison.mp4"]
    assert poison["status"] == "failed"
    assert poison["error"] == "decoding it failed twice: its process was ended by SIGKILL"
    assert site.waiting == (0, 0)


def test_heartbeats_go_on_while_a_video_takes_long(site, proxy):
    """The broker ends a connection that is silent for two heartbeats."""

    def linger(method: str, path: str) -> None:
        if method == "GET" and path.startswith("/uploads"):
            time.sleep(8)

    proxy.before = linger
    site.upload("a.mp4", site.video(0))
    events = f"{site.rabbitmq.events}&heartbeat=2"
    code, summary, _ = watch(events, environment={"AWS_ENDPOINT_URL": proxy.url})
    assert (code, site.waiting) == (0, (0, 0))
    assert (summary["events"], summary["done"], summary["redelivered"]) == (1, 1, 0)
    assert summary["seconds"] > 8


@pytest.mark.parametrize(
    ("events", "options", "message"),
    [
        pytest.param("{url}?queue={queue}", ("--max-tries", "7"), "x-delivery-limit", id="queue"),
        pytest.param("amqp://guest:no@{address}/%2F?queue=q", (), "ACCESS_REFUSED", id="password"),
        pytest.param("amqp://guest:guest@{address}/no?queue=q", (), "vhost no not", id="vhost"),
        pytest.param("{url}?queue=q&colour=red", (), "Unknown URL parameter", id="parameter"),
        pytest.param(
            "{url}?queue=q", ("-o", "s3://"), "wanted a place that is a folder", id="output"
        ),
    ],
)
def test_what_the_broker_refuses_is_a_configuration_error(site, events, options, message):
    broker = site.rabbitmq
    events = events.format(url=broker.url, queue=broker.queue, address=broker.address)
    code, summary, said = watch(events, *options)
    assert (code, summary["error"]["code"]) == (2, "configuration")
    assert message in summary["error"]["message"]
    assert "Traceback" not in said


def test_an_exchange_is_made_and_bound(site, tmp_path):
    """What MinIO publishes to: it declares the same, and what nothing is bound to is lost."""
    exchange, log = f"{site.rabbitmq.queue}-events", tmp_path / "log"
    site.put("a.mp4", site.video(0))
    events = f"{site.rabbitmq.events}&exchange={exchange}"
    with watching(log, events) as process:
        wait_for(lambda: "watching" in log.read_text(), process, log)
        with site.rabbitmq.channel() as channel:
            channel.exchange_declare(exchange, "fanout", durable=True)
            channel.basic_publish(exchange, "", minio_event("a.mp4"))
        wait_for(lambda: len(rows(OUT, "videos")) == 1, process, log)
