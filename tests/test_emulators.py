"""What the product relies on in the servers, and the fixtures in what they promise."""

import json
import os
import time

import boto3
import pytest
import requests
from botocore.exceptions import ClientError
from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud import pubsub_v1, storage

pytestmark = pytest.mark.emulator


def test_pubsub_gives_what_was_published(pubsub):
    topic = pubsub.create_topic("events")
    subscription = pubsub.create_subscription("reader", topic)
    pubsub.publish(topic, b"one", kind="first")
    pubsub.publish("events", b"two")
    messages = pubsub.pull_all(subscription, count=2)
    assert sorted((m.data, dict(m.attributes)) for m in messages) == [
        (b"one", {"kind": "first"}),
        (b"two", {}),
    ]
    assert pubsub.pull_all("reader") == []


def test_pubsub_projects_share_nothing(pubsub):
    pubsub.create_topic("events")  # The name the test above has taken in its own project.
    assert os.environ["GOOGLE_CLOUD_PROJECT"] == pubsub.project


def test_pubsub_pull_all_raises_when_too_few_messages_come(pubsub):
    pubsub.create_subscription("reader", pubsub.create_topic("events"))
    pubsub.publish("events", b"one")
    with pytest.raises(TimeoutError, match="1 of 2 messages"):
        pubsub.pull_all("reader", count=2, seconds=3)


def test_pubsub_survives_a_cancelled_streaming_pull(pubsub, pubsub_emulator):
    """Needs the shim (pubsub_shim/): a stream whose end fails may swallow messages for minutes."""
    subscription = pubsub.create_subscription("reader", pubsub.create_topic("events"))
    with pubsub_v1.SubscriberClient() as client:  # Found through PUBSUB_EMULATOR_HOST.
        for _ in range(3):
            stream = client.subscribe(subscription, callback=lambda message: message.ack())
            time.sleep(0.3)
            stream.cancel()
            stream.result(timeout=600)
    for number in range(5):
        pubsub.publish("events", str(number).encode())
    messages = pubsub.pull_all(subscription, count=5, seconds=120)
    assert sorted(m.data for m in messages) == [b"0", b"1", b"2", b"3", b"4"]
    assert "NoSuchMethodError" not in pubsub_emulator.log.read_text()


def test_gcs_upload_publishes_an_object_finalize_event(gcs_with_events):
    blob = gcs_with_events.make_bucket("uploads").blob("c7/a clip.mp4")
    blob.metadata = {"collector_id": "c7"}
    blob.upload_from_string(b"video", content_type="video/mp4")
    (event,) = gcs_with_events.pubsub.pull_all(gcs_with_events.subscription, count=1)
    attributes, payload = dict(event.attributes), json.loads(event.data)
    assert attributes.pop("eventTime").endswith("Z")
    assert attributes == {
        "bucketId": "uploads",
        "eventType": "OBJECT_FINALIZE",
        "objectGeneration": str(blob.generation),
        "objectId": "c7/a clip.mp4",
        "payloadFormat": "JSON_API_V1",
    }
    assert payload.pop("timeCreated")
    assert payload.pop("updated")
    assert payload == {
        "kind": "storage#object",
        "id": f"uploads/c7/a clip.mp4#{blob.generation}",
        "name": "c7/a clip.mp4",
        "bucket": "uploads",
        "generation": str(blob.generation),
        "contentType": "video/mp4",
        "storageClass": "STANDARD",
        "size": "5",
        "md5Hash": "QhtH/9lGygg7Zc1mjGsX5g==",
        "crc32c": "e9KH+Q==",
        "metadata": {"collector_id": "c7"},
    }


def test_gcs_overwrite_publishes_the_new_generation(gcs_with_events):
    bucket = gcs_with_events.make_bucket("uploads")
    first, second = bucket.blob("clip.mp4"), bucket.blob("clip.mp4")
    first.upload_from_string(b"first")
    second.upload_from_string(b"second")
    events = gcs_with_events.pubsub.pull_all(gcs_with_events.subscription, count=2)
    (event,) = (e for e in events if "overwroteGeneration" in e.attributes)
    assert event.attributes["objectGeneration"] == str(second.generation)
    assert event.attributes["overwroteGeneration"] == str(first.generation)
    assert bucket.blob("clip.mp4", generation=second.generation).download_as_bytes() == b"second"
    with pytest.raises(NotFound):
        bucket.blob("clip.mp4", generation=first.generation).download_as_bytes()


def test_gcs_versioned_bucket_keeps_the_older_generation(gcs):
    bucket = gcs.make_bucket("uploads", versioning=True)
    first, second = bucket.blob("clip.mp4"), bucket.blob("clip.mp4")
    first.upload_from_string(b"first")
    second.upload_from_string(b"second")
    assert bucket.blob("clip.mp4", generation=first.generation).download_as_bytes() == b"first"
    assert bucket.blob("clip.mp4").download_as_bytes() == b"second"


def test_gcs_refuses_to_overwrite_under_if_generation_match_0(gcs):
    gcs.make_bucket("images")
    bucket = storage.Client().bucket("images")  # Found through STORAGE_EMULATOR_HOST.
    bucket.blob("1.jpg").upload_from_string(b"first", if_generation_match=0)
    with pytest.raises(PreconditionFailed):
        bucket.blob("1.jpg").upload_from_string(b"second", if_generation_match=0)
    assert bucket.blob("1.jpg").download_as_bytes() == b"first"


NAMES = [
    pytest.param("a b/ c .mp4", id="spaces"),
    pytest.param("ünï-日本-😀.mp4", id="unicode"),
    pytest.param("quo'te\"s`.mp4", id="quotes"),
    pytest.param("../../a/../b.mp4", id="dots"),
    pytest.param("/a//b/", id="slashes"),
    pytest.param("100%/%2F%41.mp4", id="percent"),
    pytest.param("#1?x=1&y+z.mp4", id="url"),
    pytest.param("new\nline\r\t\x01\x7f.mp4", id="control"),
    pytest.param("é" * 500, id="1000-bytes"),
]


@pytest.mark.parametrize("name", NAMES)
def test_gcs_keeps_names_as_they_are(gcs_with_events, name):
    bucket = gcs_with_events.make_bucket("uploads")
    bucket.blob(name).upload_from_string(b"video")
    assert [blob.name for blob in bucket.list_blobs()] == [name]
    assert bucket.blob(name).download_as_bytes() == b"video"
    (event,) = gcs_with_events.pubsub.pull_all(gcs_with_events.subscription, count=1)
    assert event.attributes["objectId"] == json.loads(event.data)["name"] == name


def test_s3_refuses_to_overwrite_under_if_none_match(s3):
    s3.make_bucket("images")
    client = boto3.client("s3")  # Found through AWS_ENDPOINT_URL.
    client.put_object(Bucket="images", Key="1.jpg", Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError) as caught:
        client.put_object(Bucket="images", Key="1.jpg", Body=b"second", IfNoneMatch="*")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert s3.client().get_object(Bucket="images", Key="1.jpg")["Body"].read() == b"first"


def test_s3_starts_empty(s3):
    s3.make_bucket("images")  # The name the test above has used.
    assert "Contents" not in s3.client().list_objects_v2(Bucket="images")


def test_firestore_gives_back_a_document(firestore):
    project = f"http://{firestore.host}/v1/projects/{firestore.project}"
    documents = f"{project}/databases/(default)/documents/tasks"
    fields = {"state": {"stringValue": "requested"}}
    created = requests.post(
        documents, params={"documentId": "abc"}, json={"fields": fields}, timeout=600
    )
    assert created.status_code == 200
    assert requests.get(f"{documents}/abc", timeout=600).json()["fields"] == fields
