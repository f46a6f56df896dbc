"""A watcher on the official Pub/Sub emulator and fake-gcs-server."""

import json

import pytest

from tests.emulators.servers import free_port
from tests.end_to_end.jobs import objects, rows, wait_for
from tests.watch.watchers import kill, watch, watching

pytestmark = [pytest.mark.emulator, pytest.mark.slow]
OUT = "gs://data"


@pytest.fixture
def cloud(gcs_with_events, video):
    for bucket in ("uploads", "data"):
        gcs_with_events.make_bucket(bucket)
    return gcs_with_events


def events(cloud) -> str:
    return f"pubsub:{cloud.subscription}"


def put(cloud, name: str, data: bytes) -> None:
    blob = cloud.client().bucket("uploads").blob(name)
    blob.upload_from_string(data, content_type="video/mp4")


def test_uploads_become_images_and_rows_and_are_acknowledged(cloud, video):
    again = cloud.pubsub.create_subscription("again", cloud.topic)
    put(cloud, "cam1/a.mp4", video.read_bytes())
    put(cloud, "cam1/broken.mp4", b"nonsense")
    cloud.pubsub.publish(cloud.topic, b"garbage", eventType="OBJECT_FINALIZE")
    code, summary, said = watch(events(cloud), output=OUT)
    assert code == 1
    names = ("done", "failed", "malformed", "samples", "kept")
    assert [summary[name] for name in names] == [1, 1, 1, 5, 4]
    # This server tells of what the watcher writes, too.
    assert summary["events"] == 3 + summary["passed_over"]
    assert "gs://uploads/cam1/a.mp4: done, 5 samples, 4 kept" in said
    assert len(objects(f"{OUT}/images")) == 4
    letters = [json.loads(each) for each in objects(f"{OUT}/dead_letters").values()]
    assert {letter["uri"] for letter in letters} == {
        "gs://uploads/cam1/broken.mp4",
        cloud.subscription,
    }
    assert cloud.pubsub.pull_all(cloud.subscription) == []
    for event in cloud.pubsub.pull_all(again, count=3):  # The same events, once more.
        cloud.pubsub.publish(cloud.topic, event.data, **event.attributes)
    before = objects(OUT)
    code, summary, _ = watch(events(cloud), output=OUT)
    assert (summary["done"], summary["skipped"], summary["malformed"]) == (0, 2, 1)
    assert objects(OUT) == before


def test_what_a_killed_watcher_had_taken_is_given_to_the_next(cloud, video, tmp_path):
    log = tmp_path / "log"
    for number in range(4):
        put(cloud, f"cam1/{number}.mp4", video.read_bytes())
    with watching(log, events(cloud), output=OUT) as process:
        wait_for(lambda: bool(objects(f"{OUT}/images")), process, log)
        kill(process)
    assert len(rows(OUT, "videos")) < 4
    # A lease ends by itself, in the emulator after 10 to 60 s.
    with watching(log, events(cloud), output=OUT) as process:
        wait_for(lambda: len(rows(OUT, "videos")) == 4, process, log)
        wait_for(lambda: log.read_text().count("watching") == 2, process, log)
        process.terminate()
        assert process.wait(600) == 143
    assert len(objects(f"{OUT}/images")) == 16
    found = [row["video_uri"] for row in rows(OUT, "videos")]
    assert len(found) == len(set(found)) == 4


def test_a_service_that_is_not_there_is_waited_for(tmp_path):
    environment = {"PUBSUB_EMULATOR_HOST": f"127.0.0.1:{free_port()}"}
    events = "pubsub:projects/p-1/subscriptions/some"
    code, summary, said = watch(events, output=str(tmp_path), environment=environment)
    assert (code, summary["events"]) == (1, 0)
    assert "projects/p-1/subscriptions/some: 503 " in said
    assert "again in 1 s" in said


@pytest.mark.parametrize(
    ("where", "message"),
    [
        pytest.param("pubsub:uploads", "wanted pubsub:projects/P/subscriptions/S", id="name"),
        pytest.param("pubsub:projects/p-1/subscriptions/none", "does not exist", id="absent"),
    ],
)
def test_a_subscription_that_is_not_there_is_a_configuration_error(cloud, where, message):
    code, _, said = watch(where, output=OUT)
    assert code == 2
    assert message in said
    assert "Traceback" not in said


def test_dead_letters_go_to_a_topic_as_they_came_and_leave_the_exit_code(cloud, video):
    topic = cloud.pubsub.create_topic("dead-letters")
    letters = cloud.pubsub.create_subscription("letters", topic)
    put(cloud, "cam1/broken.mp4", b"nonsense")
    put(cloud, "cam1/a.mp4", video.read_bytes())
    cloud.pubsub.publish(cloud.topic, b"garbage", eventType="OBJECT_FINALIZE")
    options = ("--dead-letters", f"pubsub:{topic}", "--exit-zero", "--scratch-bytes", "0")
    code, summary, _ = watch(events(cloud), *options, output=OUT)
    assert code == 0
    assert [summary[name] for name in ("done", "failed", "malformed")] == [1, 1, 1]
    found = {each.attributes["dead_letter_uri"]: each for each in cloud.pubsub.pull_all(letters)}
    assert found.keys() == {"gs://uploads/cam1/broken.mp4", cloud.subscription}
    assert found[cloud.subscription].data == b"garbage"
    broken = found["gs://uploads/cam1/broken.mp4"].attributes
    assert broken["objectId"] == "cam1/broken.mp4"
    assert "not a readable video" in broken["dead_letter_reason"]


def test_a_topic_that_is_not_there_is_waited_for_and_ends_with_1(cloud):
    topic = f"pubsub:projects/{cloud.pubsub.project}/topics/none"
    code, _, said = watch(
        events(cloud), "--dead-letters", topic, "--exit-zero", "--until-idle", "1", output=OUT
    )
    assert code == 1
    assert "what is written cannot be reached" in said
    code, _, said = watch(events(cloud), "--dead-letters", "pubsub:none", output=OUT)
    assert code == 2
    assert "--dead-letters: wanted pubsub:projects/P/topics/T, got 'pubsub:none'" in said
