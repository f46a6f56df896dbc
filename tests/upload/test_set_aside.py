"""One recording, one session or one token that fails never stops the others."""

import json
import os

import pytest

from tests.upload.proxy import Answer, Fault
from tests.upload.recordings import MIB, recording
from tests.upload.stores import is_begin, is_bytes, is_finish

pytestmark = pytest.mark.emulator

EXPIRED = Answer(
    400,
    {"Content-Type": "application/xml"},
    b"<?xml version='1.0'?><Error><Code>ExpiredToken</Code>"
    b"<Message>The provided token has expired.</Message></Error>",
)
UNABLE = Answer(
    501,
    {"Content-Type": "application/xml"},
    b"<?xml version='1.0'?><Error><Code>NotImplemented</Code>"
    b"<Message>A header you provided implies what is not implemented</Message></Error>",
)


def of(path):
    """Requests of the recording of these bytes."""
    size = path.stat().st_size

    def like(request):
        return is_bytes(request) and request.headers.get("Content-Range", "").endswith(f"/{size}")

    return like


def test_a_session_that_is_refused_stops_neither_itself_nor_others(cloud_storage, send, tmp_path):
    first, second = recording(tmp_path / "a.mp4", 3 * MIB), recording(tmp_path / "b.mp4", MIB, 2)
    cloud_storage.proxy.faults = [Fault(of(first), Answer(403), times=1)]
    ended = send(cloud_storage, first, second)
    assert [each["state"] for each in ended.found["files"]] == ["uploaded", "uploaded"]
    assert len(cloud_storage.proxy.sent(is_begin)) == 3


def test_one_recording_that_is_always_refused_leaves_the_others_alone(
    cloud_storage, send, tmp_path
):
    first, second = recording(tmp_path / "a.mp4", 3 * MIB), recording(tmp_path / "b.mp4", MIB, 2)
    cloud_storage.proxy.faults = [Fault(of(first), Answer(403), times=99)]
    ended = send(cloud_storage, first, second)
    assert (ended.code, [each["state"] for each in ended.found["files"]]) == (
        1,
        ["failed", "uploaded"],
    )
    assert list(cloud_storage.objects().values()) == [second.read_bytes()]


def test_one_recording_that_the_store_does_not_take_waits_while_others_go_on(
    cloud_storage, send, tmp_path
):
    first, second = recording(tmp_path / "a.mp4", 3 * MIB), recording(tmp_path / "b.mp4", MIB, 2)
    cloud_storage.proxy.faults = [Fault(of(first), Answer(503), times=999)]
    ended = send(cloud_storage, first, second, "--retry-for", "2")
    states = {os.path.basename(each["file"]): each["state"] for each in ended.found["files"]}
    assert states == {"a.mp4": "failed", "b.mp4": "uploaded"}


def test_an_expired_token_is_read_anew_and_named(s3_bucket, send, tmp_path):
    path = recording(tmp_path / "a.mp4", MIB)
    s3_bucket.proxy.faults = [Fault(is_bytes, EXPIRED, times=1)]
    ended = send(s3_bucket, path)
    assert (ended.code, ended.file["state"]) == (0, "uploaded")
    s3_bucket.proxy.faults = [Fault(is_bytes, EXPIRED, times=99)]
    other = recording(tmp_path / "b.mp4", MIB, 2)
    ended = send(s3_bucket, other, "--retry-for", "2")
    assert ended.code == 1
    assert "the credentials have expired" in ended.stderr


def test_a_store_without_conditional_writes_is_told_at_once(s3_bucket, send, tmp_path):
    path = recording(tmp_path / "a.mp4", MIB)
    s3_bucket.proxy.faults = [Fault(is_bytes, UNABLE, times=99), Fault(is_finish, UNABLE, times=99)]
    ended = send(s3_bucket, path)
    assert ended.code == 2
    assert "cannot create an object only where there is none" in ended.stderr
    assert len(s3_bucket.proxy.sent(is_bytes)) == 1


def test_files_that_are_not_named_like_videos_are_counted(folder, tmp_path):
    from vidset.upload.watching import Watch

    card, told = tmp_path / "card", []
    card.mkdir()
    for name in "a.mp4", "b.INSX", "c.insx", "README":
        (card / name).write_bytes(b"x")
    watch = Watch(card, 0, lambda path, text: told.append(text))
    watch.complete()
    watch.complete()
    assert dict(watch.passed_over) == {".insx": 2, "without extension": 1}
    assert sorted(told) == [
        "passed over, not named like videos: 1 without extension",
        "passed over, not named like videos: 2 .insx",
    ]
    assert json.dumps(watch.passed_over)
