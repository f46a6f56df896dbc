"""Connections and servers that break while a recording of three blocks is uploaded."""

import pytest

from tests.upload.proxy import Answer, Fault
from tests.upload.recordings import MIB, recording
from tests.upload.stores import is_begin, is_bytes, is_finish, is_look

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

SIZE, BLOCK = 20 * MIB, 8 * MIB


def any_request(request):
    return True


LOGIN_PAGE = Answer(200, {"Content-Type": "text/html"}, b"<html>Welcome to our hotel</html>")
STAGES = [
    pytest.param([Fault(is_look, "before")], 0, id="before the first look"),
    pytest.param([Fault(is_begin, "before")], 0, id="before the session"),
    pytest.param([Fault(is_begin, "before the answer")], 0, id="the session's address is lost"),
    pytest.param([Fault(is_bytes, "before")], 0, id="before the first byte"),
    pytest.param([Fault(is_bytes, "in the body")], BLOCK, id="in the first block"),
    pytest.param([Fault(is_bytes, "in the body", after=1)], BLOCK, id="in the middle"),
    pytest.param([Fault(is_bytes, "in the body", after=2)], BLOCK, id="in the last block"),
    pytest.param([Fault(is_bytes, "before the answer", after=1)], BLOCK, id="a block's answer"),
    pytest.param([Fault(is_finish, "before the answer")], 0, id="after the last byte"),
    pytest.param(
        [Fault(is_finish, "before the answer"), Fault(is_look, "before", after=1)],
        0,
        id="then before the verification",
    ),
    pytest.param(
        [Fault(is_finish, "before the answer"), Fault(is_look, "before the answer", after=1)],
        0,
        id="then in the verification",
    ),
    pytest.param([Fault(is_bytes, Answer(503), times=2)], 2 * BLOCK, id="503"),
    pytest.param([Fault(is_bytes, Answer(500), after=2)], BLOCK, id="500 for the last block"),
    pytest.param([Fault(is_finish, Answer(429))], BLOCK, id="429 for the end"),
    pytest.param([Fault(is_begin, Answer(408))], 0, id="408 for the session"),
    pytest.param([Fault(is_look, Answer(502))], 0, id="502 for the look"),
    pytest.param([Fault(is_look, LOGIN_PAGE)], 0, id="a login page for the look"),
    pytest.param([Fault(is_begin, LOGIN_PAGE)], 0, id="a login page for the session"),
    pytest.param([Fault(is_bytes, LOGIN_PAGE, after=1)], BLOCK, id="a login page in the middle"),
    pytest.param([Fault(is_finish, LOGIN_PAGE)], BLOCK, id="a login page for the end"),
    pytest.param([Fault(is_bytes, Answer(302))], BLOCK, id="302"),
    pytest.param(
        [Fault(is_bytes, "in the body"), Fault(any_request, "before", times=2)],
        BLOCK,
        id="gone for a while",
    ),
]


@pytest.mark.parametrize(("faults", "sent_again"), STAGES)
def test_a_cut_connection_ends_in_one_right_object(cloud, send, tmp_path, faults, sent_again):
    path = recording(tmp_path / "a.mp4", SIZE)
    cloud.proxy.faults = [Fault(each.like, each.what, each.times, each.after) for each in faults]
    ended = send(cloud, path)
    assert all(fault.times == 0 for fault in cloud.proxy.faults)
    assert (ended.code, ended.file["state"], ended.file["verified"]) == (0, "uploaded", True)
    assert list(cloud.objects().values()) == [path.read_bytes()]
    sent = sum(len(each.body) for each in cloud.proxy.sent(is_bytes))
    assert SIZE <= sent <= SIZE + sent_again


def test_bytes_changed_on_the_way_do_not_become_an_object(cloud, send, tmp_path):
    path = recording(tmp_path / "a.mp4", SIZE)

    def flip(body: bytes) -> bytes:
        return body[:1000] + bytes([body[1000] ^ 1]) + body[1001:]

    cloud.proxy.faults = [Fault(is_bytes, after=1, change=flip)]
    ended = send(cloud, path)
    assert (ended.code, ended.file["state"], ended.file["verified"]) == (0, "uploaded", True)
    assert list(cloud.objects().values()) == [path.read_bytes()]
    assert sum(len(each.body) for each in cloud.proxy.sent(is_bytes)) > SIZE


def test_a_session_that_the_store_lost_begins_anew(cloud_storage, send, tmp_path):
    path = recording(tmp_path / "a.mp4", SIZE)
    cloud_storage.proxy.faults = [Fault(is_bytes, Answer(410), after=2)]
    ended = send(cloud_storage, path)
    assert (ended.code, ended.file["state"]) == (0, "uploaded")
    assert len(cloud_storage.proxy.sent(is_begin)) == 2
    assert list(cloud_storage.objects().values()) == [path.read_bytes()]


def test_a_multipart_upload_that_was_aborted_begins_anew(s3_bucket, s3, send, tmp_path):
    path = recording(tmp_path / "a.mp4", SIZE)

    def abort(request) -> bool:
        if not is_bytes(request) or "partNumber=3" not in request.path:
            return False
        for each in s3.client().list_multipart_uploads(Bucket="uploads").get("Uploads", ()):
            s3.client().abort_multipart_upload(
                Bucket="uploads", Key=each["Key"], UploadId=each["UploadId"]
            )
        return True

    s3_bucket.proxy.faults = [Fault(abort, Answer(500))]
    ended = send(s3_bucket, path)
    assert (ended.code, ended.file["state"]) == (0, "uploaded")
    assert len(s3_bucket.proxy.sent(is_begin)) == 2
    assert list(s3_bucket.objects().values()) == [path.read_bytes()]


def test_a_store_that_loses_every_upload_fails_in_the_end(cloud_storage, send, tmp_path):
    path = recording(tmp_path / "a.mp4", MIB)
    cloud_storage.proxy.faults = [Fault(is_bytes, Answer(410), times=9)]
    ended = send(cloud_storage, path)
    assert (ended.code, ended.file["state"]) == (1, "failed")
    assert "it had to be begun 4 times: sending: 410" in ended.stderr


def test_a_network_that_stays_away_fails_and_the_next_run_goes_on(cloud, send, tmp_path):
    path = recording(tmp_path / "a.mp4", SIZE)
    cloud.proxy.faults = [Fault(any_request, "before", times=1e9, after=4)]
    ended = send(cloud, path, "--retry-for", 2)
    assert (ended.code, ended.file["state"]) == (1, "failed")
    assert "no connection to" in ended.stderr
    assert "the same command goes on from there" in ended.stderr
    assert cloud.objects() == {}
    cloud.proxy.faults = []
    again = send(cloud, path)
    assert (again.code, again.file["state"]) == (0, "uploaded")
    assert again.file["resumed_bytes"] == 2 * BLOCK
    assert list(cloud.objects().values()) == [path.read_bytes()]


def test_a_network_that_breaks_ever_again_is_used_as_long_as_bytes_arrive(
    cloud_storage, send, tmp_path
):
    path = recording(tmp_path / "a.mp4", SIZE)
    # Half of what is left of a block comes each time: without that, patience ends before them.
    cloud_storage.proxy.faults = [Fault(is_bytes, "in the body", times=5)]
    ended = send(cloud_storage, path, "--retry-for", 3)
    assert cloud_storage.proxy.faults[0].times == 0
    assert (ended.code, ended.file["state"]) == (0, "uploaded")
    assert list(cloud_storage.objects().values()) == [path.read_bytes()]


def test_a_store_that_keeps_no_bytes_is_not_sent_them_at_once_again(cloud_storage, send, tmp_path):
    path = recording(tmp_path / "a.mp4", SIZE)
    cloud_storage.proxy.faults = [Fault(is_bytes, Answer(308), times=100)]
    ended = send(cloud_storage, path, "--retry-for", 2)
    assert (ended.code, ended.file["state"]) == (1, "failed")
    assert "Cloud Storage has taken none of what was sent" in ended.stderr
    assert 1 < len(cloud_storage.proxy.sent(is_bytes)) < 5


def test_nothing_that_is_said_has_the_session_s_address(cloud_storage, send, tmp_path):
    path = recording(tmp_path / "a.mp4", SIZE)
    for status in 0, 503, 403, 418:
        what = Answer(status) if status else "before"
        cloud_storage.proxy.faults = [Fault(is_bytes, what, times=1e9, after=1)]
        ended = send(cloud_storage, path, "--retry-for", 1, state=tmp_path / str(status))
        assert ended.code != 0
        said = ended.stdout + ended.stderr
        assert str(path) in said or "--to" in said
        assert not any(token in said for token in cloud_storage.proxy.sessions)
        assert "upload_id" not in said
