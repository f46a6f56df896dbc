import json

import pytest

from tests.watch.watchers import minio_event
from vidset.elements import Upload
from vidset.errors import MalformedEventError
from vidset.intake.gcs_events import event_text
from vidset.intake.s3_events import parse_s3_events
from vidset.uploads import EventFilter

QUEUE = "amqp://broker/, queue uploads"


def parse(data: bytes, **wanted):
    return parse_s3_events(data, {}, EventFilter(**wanted), QUEUE)


def record(key="cam1/a.mp4", *, name="ObjectCreated:Put", bucket="uploads", **found):
    return {"eventName": name, "s3": {"bucket": {"name": bucket}, "object": {"key": key} | found}}


def message(*records) -> bytes:
    return json.dumps({"Records": list(records)}).encode()


def test_a_message_of_minio_is_an_upload_that_keeps_its_event():
    data = minio_event("cam 1/ä+b%.mp4")
    assert parse(data) == [
        Upload(
            uri="s3://uploads/cam 1/ä+b%.mp4",
            name="cam 1/ä+b%.mp4",
            generation=None,
            size_bytes=5,
            collector_id=None,
            event=event_text(data, {}),
        )
    ]


def test_a_message_of_aws_may_have_several_records():
    data = message(record("a%2Bb.mp4", size=7), record("c+d/e.mkv"), record("x.txt"))
    first, second, third = parse(data)
    assert isinstance(first, Upload)
    assert isinstance(second, Upload)
    assert (first.uri, first.size_bytes) == ("s3://uploads/a+b.mp4", 7)
    assert (second.uri, second.collector_id) == ("s3://uploads/c d/e.mkv", None)
    assert third == "content_type"


@pytest.mark.parametrize(
    ("metadata", "collector"),
    [
        pytest.param({"X-Amz-Meta-Collector-Id": "cam1"}, "cam1", id="equal"),
        pytest.param({"collector_id": "truck"}, "cam1", id="other"),
        pytest.param({"content-type": "video/mp4"}, "cam1", id="another"),
        pytest.param("nonsense", "cam1", id="of another kind"),
    ],
)
def test_minios_metadata_cannot_name_another_collector(metadata, collector):
    [upload] = parse(message(record(userMetadata=metadata)))
    assert isinstance(upload, Upload)
    assert upload.collector_id == collector


def test_a_message_that_names_another_bucket_is_passed_over():
    found = parse(message(record(), record(bucket="private")), buckets=("uploads",))
    assert isinstance(found[0], Upload)
    assert found[1:] == ["bucket"]


@pytest.mark.parametrize(
    ("each", "wanted", "why"),
    [
        pytest.param(record(name="ObjectRemoved:Delete"), {}, "event_type", id="removed"),
        pytest.param(record(name="s3:ObjectAccessed:Get"), {}, "event_type", id="read"),
        pytest.param(record(name="s3:ObjectCreated:PutTagging"), {}, "event_type", id="tagged"),
        pytest.param(record("cam1/"), {}, "directory", id="directory"),
        pytest.param(record(), {"prefix": "videos/"}, "prefix", id="prefix"),
        pytest.param(record(), {"outputs": ("s3://uploads/cam1",)}, "own_output", id="our own"),
        pytest.param(record(contentType="image/jpeg"), {}, "content_type", id="image"),
    ],
)
def test_what_is_no_new_video_is_passed_over(each, wanted, why):
    assert parse(message(each), **wanted) == [why]


def test_the_message_that_aws_sends_first_is_passed_over():
    data = b'{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "uploads"}'
    assert parse(data) == ["event_type"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "the message is not JSON", id="empty"),
        pytest.param(b"\xff", "the message is not JSON", id="not UTF-8"),
        pytest.param(b"[" * 100_000, "the message is not JSON", id="nested deep"),
        pytest.param(b"[]", "got a list", id="list"),
        pytest.param(b"{}", "no Records", id="no records"),
        pytest.param(b'{"Records": []}', "no Records", id="empty records"),
        pytest.param(b'{"Records": [7]}', "eventName must be a text, got None", id="number"),
        pytest.param(message(record(name=7)), "eventName must be a text, got 7", id="name"),
        pytest.param(message(record(bucket="")), "s3.bucket.name must be a text", id="bucket"),
        pytest.param(
            message({"eventName": "ObjectCreated:Put", "s3": 1}),
            "s3.bucket.name must be a text, got None",
            id="no object",
        ),
        pytest.param(message(record(key="%ff.mp4")), "must be url-encoded UTF-8", id="key"),
        pytest.param(message(record(key="\ud800.mp4")), "must be Unicode", id="half a key"),
        pytest.param(message(record(bucket="\ud800")), "must be Unicode", id="half a bucket"),
        pytest.param(
            message(record(userMetadata={"collector_id": "\ud800"})),
            "must be Unicode",
            id="half a collector",
        ),
        pytest.param(
            message(record(contentType=["video/mp4"])),
            "contentType must be a text, got ['video/mp4']",
            id="content type",
        ),
    ],
)
def test_a_malformed_message_says_what_was_wanted_and_got(data, reason):
    with pytest.raises(MalformedEventError, match="queue uploads") as raised:
        parse(data)
    assert reason in raised.value.reason
