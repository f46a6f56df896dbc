import json

import pytest

from vidset.elements import Upload
from vidset.errors import MalformedEventError
from vidset.intake.gcs_events import event_message, event_text, parse_event
from vidset.uploads import EventFilter, has_video_extension

SUBSCRIPTION = "projects/p/subscriptions/s"


def message(name="cam1/a.mp4", *, bucket="uploads", attributes=None, **resource):
    payload = {
        "kind": "storage#object",
        "name": name,
        "bucket": bucket,
        "generation": "1700000000000001",
        "contentType": "video/mp4",
        "size": "5000",
    } | resource
    data = json.dumps({key: value for key, value in payload.items() if value is not None}).encode()
    return data, {
        "eventType": "OBJECT_FINALIZE",
        "payloadFormat": "JSON_API_V1",
        "bucketId": bucket,
        "objectId": name,
        "objectGeneration": "1700000000000001",
    } | (attributes or {})


def parse(event, **wanted):
    return parse_event(*event, EventFilter(**wanted), SUBSCRIPTION)


def test_a_finalised_video_is_an_upload_that_keeps_its_event():
    data, attributes = message()
    assert parse((data, attributes)) == Upload(
        uri="gs://uploads/cam1/a.mp4",
        name="cam1/a.mp4",
        generation="1700000000000001",
        size_bytes=5000,
        collector_id="cam1",
        event=event_text(data, attributes),
    )


@pytest.mark.parametrize(
    ("event", "wanted", "why"),
    [
        pytest.param(
            message(attributes={"eventType": "OBJECT_DELETE"}), {}, "event_type", id="deleted"
        ),
        pytest.param(
            message(attributes={"eventType": "OBJECT_METADATA_UPDATE"}), {}, "event_type", id="meta"
        ),
        pytest.param(message("cam1/"), {}, "directory", id="directory"),
        pytest.param(message(), {"prefix": "videos/"}, "prefix", id="other prefix"),
        pytest.param(message(contentType="image/jpeg"), {}, "content_type", id="image"),
        pytest.param(
            message("a.txt", contentType="application/octet-stream"), {}, "content_type", id="text"
        ),
        pytest.param(
            message("out/x.mp4"), {"outputs": ("gs://uploads/out",)}, "own_output", id="our own"
        ),
    ],
)
def test_what_is_no_new_video_is_passed_over(event, wanted, why):
    assert parse(event, **wanted) == why


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(message(contentType="application/octet-stream"), id="unknown type"),
        pytest.param(message(contentType=None), id="no type"),
        pytest.param(message("A.MOV", contentType=""), id="capital extension"),
        pytest.param(message("noext", contentType="video/quicktime"), id="type without extension"),
    ],
)
def test_a_video_is_known_by_its_type_or_its_extension(event):
    assert isinstance(parse(event), Upload)


@pytest.mark.parametrize(
    ("metadata", "name", "collector"),
    [
        pytest.param({"collector_id": "truck-7"}, "cam1/a.mp4", "cam1", id="other metadata"),
        pytest.param({"collector_id": "cam1"}, "cam1/a.mp4", "cam1", id="equal metadata"),
        pytest.param(None, "=HYPERLINK(1)/a.mp4", None, id="a formula"),
        pytest.param(None, "cam\x1b[2J/a.mp4", None, id="an escape"),
        pytest.param({"collector_id": "a\nb"}, "a\nb/a.mp4", None, id="equal, and no id"),
        pytest.param(None, "cam1/a.mp4", "cam1", id="first folder"),
        pytest.param(None, "a.mp4", None, id="none"),
        pytest.param("nonsense", "cam1/a.mp4", "cam1", id="metadata of another kind"),
    ],
)
def test_the_collector_is_told_by_the_name_alone(metadata, name, collector):
    upload = parse(message(name, metadata=metadata))
    assert isinstance(upload, Upload)
    assert upload.collector_id == collector


@pytest.mark.parametrize(
    ("metadata", "collector"),
    [
        pytest.param(None, "cam1", id="none"),
        pytest.param({"collector_id": "cam1"}, "cam1", id="equal"),
        pytest.param({"collector_id": "cam2"}, "cam1", id="other"),
        pytest.param({"collector_id": "fleet"}, "fleet", id="the first folder"),
    ],
)
def test_the_collector_stands_behind_the_prefix(metadata, collector):
    upload = parse(message("fleet/cam1/a.mp4", metadata=metadata), prefix="fleet/")
    assert isinstance(upload, Upload)
    assert upload.collector_id == collector


def test_a_notification_of_another_bucket_is_passed_over():
    assert parse(message("cam1/a.mp4"), buckets=("mine", "ours")) == "bucket"
    assert isinstance(parse(message("cam1/a.mp4"), buckets=("uploads",)), Upload)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        pytest.param((b"{}", {}), "no attribute eventType", id="no attributes"),
        pytest.param(
            (b"not json", message()[1]), "the payload is not JSON", id="payload is not JSON"
        ),
        pytest.param(
            (b"\xff\xfe", message()[1]), "the payload is not JSON", id="payload not UTF-8"
        ),
        pytest.param((b"[]", message()[1]), "got a list", id="payload is a list"),
        pytest.param(
            (b"[" * 100_000, message()[1]), "the payload is not JSON", id="payload nested deep"
        ),
        pytest.param(
            message(attributes={"payloadFormat": "NONE"}), "got 'NONE'", id="format without payload"
        ),
        pytest.param(
            message(attributes={"objectId": "other"}), "attribute objectId is 'other'", id="differ"
        ),
        pytest.param(
            message(generation="x"), "generation must be a number, got 'x'", id="generation"
        ),
        pytest.param(message(size=None), "size must be a number, got None", id="no size"),
        pytest.param(message(generation=True), "must be a number, got True", id="flag"),
        pytest.param(message(name=""), "name must be a text, got ''", id="no name"),
        pytest.param(
            message(contentType=["video/mp4"]), "contentType must be a text", id="content type"
        ),
        pytest.param(message(bucket=7), "bucket must be a text, got 7", id="bucket"),
    ],
)
def test_a_malformed_event_says_what_was_wanted_and_got(event, reason):
    with pytest.raises(MalformedEventError, match=SUBSCRIPTION) as raised:
        parse(event)
    assert reason in raised.value.reason


@pytest.mark.parametrize("data", [b"", b'{"a": 1}', b"\xff\x00", "ü".encode()])
def test_an_event_is_kept_byte_by_byte(data):
    attributes = {"eventType": "X", "ä": '"'}
    assert event_message(event_text(data, attributes)) == (data, attributes)


@pytest.mark.parametrize(
    ("name", "expected"), [("a.mp4", True), ("a/b.MKV", True), ("mp4", False), ("a.jpg", False)]
)
def test_video_extensions(name, expected):
    assert has_video_extension(name) is expected
