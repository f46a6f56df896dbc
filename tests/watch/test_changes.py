"""Objects that change while messages tell of them, messages in disorder, tokens that expire."""

import json
import os

import pytest

from tests.end_to_end.jobs import objects, rows, wait_for
from tests.programs.started import run
from tests.upload.proxy import Answer, Fault, Proxy, running
from tests.watch.watchers import OUT, minio_event, watch, watching

pytestmark = [pytest.mark.emulator, pytest.mark.slow]
GS_OUT = "gs://data"


def reading(key, do):
    """Do it once, when the object's bytes are first asked for."""
    left = [do]

    def before(method, path):
        if method == "GET" and path.startswith(f"/uploads/{key}") and left:
            left.pop()()

    return before


def test_an_object_that_is_replaced_while_it_is_read_is_taken_in_as_it_is_in_the_end(site, proxy):
    first, second = site.video(0, 1, 2), site.video(5, 6)
    site.upload("cam1/a.mp4", first)
    proxy.before = reading("cam1/a.mp4", lambda: site.upload("cam1/a.mp4", second))
    _, summary, said = watch(site.rabbitmq.events, environment={"AWS_ENDPOINT_URL": proxy.url})
    assert (summary["done"], site.waiting) == (1, (0, 0)), said
    (row,) = rows(OUT, "videos")
    assert (row["status"], row["samples"], row["size_bytes"]) == ("done", 2, len(second))
    kept = {row["image_uri"] for row in rows(OUT, "frames") if row["kept"]}
    assert kept == {f"{OUT}/images/{name}" for name in objects(f"{OUT}/images")}


def test_an_object_that_vanishes_while_it_is_read_is_a_dead_letter_and_no_row(site, proxy):
    site.upload("cam1/a.mp4", site.video(0, 1))
    site.upload("cam1/b.mp4", site.video(2, 3))
    remove = lambda: site.s3.client().delete_object(Bucket="uploads", Key="cam1/a.mp4")  # noqa: E731
    proxy.before = reading("cam1/a.mp4", remove)
    code, summary, said = watch(site.rabbitmq.events, environment={"AWS_ENDPOINT_URL": proxy.url})
    assert (code, summary["done"], summary["missing"]) == (1, 1, 1), said
    assert [row["video_uri"] for row in rows(OUT, "videos")] == ["s3://uploads/cam1/b.mp4"]
    (letter,) = map(json.loads, objects(f"{OUT}/dead_letters").values())
    assert letter["uri"] == "s3://uploads/cam1/a.mp4"
    assert site.waiting == (0, 0)


def test_events_twice_and_in_disorder_take_each_content_in_once(site):
    site.put("cam1/a.mp4", site.video(0, 1))
    site.put("cam1/b.mp4", site.video(2))
    a, b = minio_event("cam1/a.mp4"), minio_event("cam1/b.mp4")
    gone = minio_event("cam1/a.mp4", name="s3:ObjectRemoved:Delete")
    site.rabbitmq.publish(b, gone, a, a, b, gone, a)
    _, summary, said = watch(site.rabbitmq.events, "--workers", "2")
    assert (summary["done"], summary["skipped"], summary["passed_over"]) == (2, 3, 2), said
    assert len(rows(OUT, "videos")) == 2
    assert site.waiting == (0, 0)


def test_a_token_that_expires_is_read_anew_and_nothing_is_lost(site, proxy, tmp_path):
    keys, log, expired = tmp_path / "credentials", tmp_path / "log", []

    def give(key):
        new = keys.with_name("new")
        new.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = x\n")
        new.rename(keys)

    give("FIRST")
    environment = {"AWS_ENDPOINT_URL": proxy.url, "AWS_SHARED_CREDENTIALS_FILE": str(keys)}
    for name in "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN":
        environment[name] = ""
    site.upload("cam1/a.mp4", site.video(0))
    with watching(log, site.rabbitmq.events, environment=environment) as process:
        wait_for(lambda: len(rows(OUT, "videos")) == 1, process, log)
        proxy.expired = "FIRST"
        proxy.on_expired = lambda: expired.append(1)
        site.upload("cam1/b.mp4", site.video(1))
        wait_for(lambda: bool(expired), process, log)
        give("SECOND")
        wait_for(lambda: len(rows(OUT, "videos")) == 2, process, log)
    assert "failed" not in log.read_text()  # No try was lost.


def test_a_token_that_stays_expired_is_named(s3, proxy, tmp_path):
    s3.make_bucket("uploads")
    s3.client().put_object(Bucket="uploads", Key="cam1/a.mp4", Body=b"x")
    proxy.expired = "OLD"
    environment = {"AWS_ENDPOINT_URL": proxy.url, "AWS_ACCESS_KEY_ID": "OLD"}
    environment["VIDSET_STORE_SECONDS"] = "3"
    words = ("extract", "s3://uploads", "-o", tmp_path / "out")
    ended = run(words, env=os.environ | environment)
    assert ended.returncode in (1, 2)
    assert "the credentials have expired, or are not valid here" in ended.stderr
    assert "Traceback" not in ended.stderr


def put(cloud, name, data):
    blob = cloud.client().bucket("uploads").blob(name)
    blob.upload_from_string(data, content_type="video/mp4")


@pytest.fixture
def cloud(gcs_with_events):
    for bucket in ("uploads", "data"):
        gcs_with_events.make_bucket(bucket)
    return gcs_with_events


@pytest.fixture
def door(cloud):
    with running(Proxy(cloud.url.removeprefix("http://"))) as proxy:
        yield proxy


def test_notifications_of_generations_that_are_gone_leave_the_one_that_is_there(cloud, video):
    again = cloud.pubsub.create_subscription("again", cloud.topic)
    put(cloud, "cam1/a.mp4", b"an unfinished recording")
    put(cloud, "cam1/a.mp4", video.read_bytes())
    put(cloud, "cam1/gone.mp4", video.read_bytes())
    cloud.client().bucket("uploads").blob("cam1/gone.mp4").delete()
    for event in reversed(cloud.pubsub.pull_all(again, count=3)):  # Once more, in disorder.
        cloud.pubsub.publish(cloud.topic, event.data, **event.attributes)
    _, summary, said = watch(f"pubsub:{cloud.subscription}", output=GS_OUT)
    assert summary["done"] == 1, said
    assert summary["missing"] >= 2
    (row,) = rows(GS_OUT, "videos")
    assert (row["video_uri"], row["status"]) == ("gs://uploads/cam1/a.mp4", "done")
    assert cloud.pubsub.pull_all(cloud.subscription) == []


def test_a_store_that_refuses_a_token_for_a_while_loses_no_notification(
    cloud, door, video, tmp_path
):
    log = tmp_path / "log"
    put(cloud, "cam1/a.mp4", video.read_bytes())
    expired = Answer(401, {"Content-Type": "application/json"}, b'{"error": {"code": 401}}')
    environment = {"STORAGE_EMULATOR_HOST": door.url}
    events = f"pubsub:{cloud.subscription}"
    with watching(log, events, output=GS_OUT, environment=environment) as process:
        wait_for(lambda: len(rows(GS_OUT, "videos")) == 1, process, log)
        door.faults = [Fault(lambda _: True, expired, times=1e9)]
        put(cloud, "cam1/b.mp4", video.read_bytes())
        wait_for(lambda: "again in 2 s" in log.read_text(), process, log)
        door.faults = []
        wait_for(lambda: len(rows(GS_OUT, "videos")) == 2, process, log)
