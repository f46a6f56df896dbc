"""Each kind of trouble outside, for every destination, by name and with --follow, with --delete."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest

from tests.upload import recordings
from tests.upload.proxy import Answer, Fault
from tests.upload.recordings import MIB, recording
from tests.upload.stores import is_bytes, is_finish, is_look

pytestmark = [pytest.mark.emulator, pytest.mark.slow]
XML = {"Content-Type": "application/xml"}
EXPIRED = Answer(400, XML, b"<Error><Code>ExpiredToken</Code><Message>Expired.</Message></Error>")
UNABLE = Answer(501, XML, b"<Error><Code>NotImplemented</Code><Message>A header</Message></Error>")
OTHER = b'{"size": "1048576", "crc32c": "AAAAAA==", "generation": "1"}'


class Card:
    """A folder of recordings that is uploaded with --delete.

    Attributes:
        files: the records of the last run by file name; `said` is its stderr.
    """

    def __init__(self, folder, state, *, is_followed):
        self.folder, self._state, self._is_followed = folder, state, is_followed
        self.files, self.said, self.found = {}, "", {}
        folder.mkdir()

    def record(self, name, size=MIB, seed=0):
        made = recording(self.folder.with_name("made.mp4"), size, seed)
        made.rename(self.folder / name)
        return (self.folder / name).read_bytes()

    def left(self):
        return sorted(each.name for each in self.folder.iterdir())

    def upload(self, store, *options, until=lambda: True, delete=True):
        """By name; or followed until it is so, which by name has to be so in the end."""
        command = recordings.command(
            *(self.folder, "--to", store.bucket, "--collector", "cam1", "--state", self._state),
            *("--settle", "0.3", "--poll", "0.1", "--json", *options),
            *(["--delete"] if delete else []),
            *(["--follow"] if self._is_followed else []),
        )
        errors = self.folder.with_name("errors")
        with errors.open("w") as stderr:
            process = subprocess.Popen(
                command,
                env=recordings.environment(store.environment),
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        try:
            deadline = time.monotonic() + 120
            while self._is_followed and process.poll() is None and not until():
                assert time.monotonic() < deadline, errors.read_text()
                time.sleep(0.05)
            if self._is_followed:
                process.send_signal(signal.SIGTERM)
            out, _ = process.communicate(timeout=120)
        finally:
            process.kill()
        self.said = errors.read_text()
        assert until(), self.said
        self.found = json.loads(out)
        files = self.found.get("files", ())
        self.files = {os.path.basename(each["file"]): each for each in files}

    def says(self, text):
        return text in self.folder.with_name("errors").read_text()


@pytest.fixture(params=["by name", "followed"])
def card(request, tmp_path):
    return Card(tmp_path / "card", tmp_path / "state", is_followed=request.param == "followed")


def of_size(size):
    """Requests with bytes of the recording of this size: it has several blocks."""

    def like(request):
        if "partNumber=" in request.path:
            return is_bytes(request)
        return is_bytes(request) and request.headers.get("Content-Range", "").endswith(f"/{size}")

    return like


def test_a_recording_that_was_written_over_is_sent_before_it_goes(store, card, tmp_path):
    first = card.record("a.mp4")
    card.upload(store, delete=False, until=lambda: list(store.objects().values()) == [first])
    path = card.folder / "a.mp4"
    before = path.stat()
    second = recording(tmp_path / "other.mp4", MIB, 3).read_bytes()
    with path.open("r+b") as file:
        file.write(second)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with sqlite3.connect(tmp_path / "state" / "state.sqlite") as database:
        ctime = (path.stat().st_ctime_ns,)  # As if the disk's clock had stood still.
        database.execute("UPDATE digests SET ctime_ns = ?", ctime)
        database.execute("DELETE FROM done")
    card.upload(store, until=lambda: card.left() == [])
    assert sorted(store.objects().values()) == sorted([first, second])


def test_a_recorder_that_pauses_with_its_file_open_loses_nothing(store, card, tmp_path):
    data = card.record("a.mp4")
    other = card.record("b.mp4", seed=2)
    with (card.folder / "a.mp4").open("r+b"):
        card.upload(store, until=lambda: card.left() == ["a.mp4"])
        assert list(store.objects().values()) == [other]
    card.upload(store, until=lambda: card.left() == [])
    assert sorted(store.objects().values()) == sorted([data, other])


def test_what_is_sent_in_vain_has_a_bound(cloud, card):
    """Cloud Storage keeps the first 256 KiB and nothing else; S3 fails after each part."""
    card.record("a.mp4", 20 * MIB)
    stuck = Answer(308, {"Range": "bytes=0-262143"}) if cloud.bucket == "uploads" else Answer(500)
    cloud.proxy.faults = [Fault(is_bytes, stuck, times=1e9)]
    card.upload(cloud, until=lambda: "given up for now" in card.said or card.says("given up"))
    assert cloud.objects() == {}
    assert card.left() == ["a.mp4"]
    sent = sum(len(each.body) for each in cloud.proxy.sent(is_bytes))
    assert sent <= 40 * MIB
    assert card.files["a.mp4"]["sent_bytes"] <= 40 * MIB


def test_a_session_that_is_refused_is_replaced_and_stops_no_other(cloud, card):
    data = sorted([card.record("a.mp4", 20 * MIB), card.record("b.mp4", seed=2)])
    cloud.proxy.faults = [Fault(of_size(20 * MIB), Answer(403), after=1)]
    card.upload(cloud, until=lambda: card.left() == [])
    assert sorted(cloud.objects().values()) == data


def test_one_recording_that_always_fails_stops_no_other(store, card, tmp_path):
    card.record("a.mp4", 20 * MIB)
    os.utime(card.folder / "a.mp4", (1741131000, 1741131000))
    other = card.record("b.mp4", seed=2)
    if store.proxy is None:  # A file stands where its folder is to be made.
        (tmp_path / "uploads" / "cam1").mkdir()
        (tmp_path / "uploads" / "cam1" / "2025-03-04").touch()
    else:
        store.proxy.faults = [Fault(of_size(20 * MIB), Answer(503), times=1e9)]
    card.upload(store, "--retry-for", "2", until=lambda: card.left() == ["a.mp4"])
    assert other in store.objects().values()
    assert card.files["b.mp4"]["then"] == "deleted"


def test_an_object_that_the_store_says_is_another_keeps_the_recording(cloud, card, s3):
    card.record("a.mp4")
    wrong = Answer(200, {"Content-Type": "application/json"}, OTHER)
    if cloud.bucket != "uploads":
        wrong = Answer(200, {"ETag": '"e"', "x-amz-checksum-sha256": "AAAA"})
    cloud.proxy.faults = [Fault(is_finish if cloud.bucket == "uploads" else is_bytes, wrong)]
    card.upload(cloud, until=lambda: "other content" in card.said or card.says("other content"))
    assert card.left() == ["a.mp4"]


def test_an_expired_token_is_read_anew(s3_bucket, card):
    data = card.record("a.mp4")
    s3_bucket.proxy.faults = [Fault(is_bytes, EXPIRED, times=2)]
    card.upload(s3_bucket, until=lambda: card.left() == [])
    assert list(s3_bucket.objects().values()) == [data]


def test_a_store_without_conditional_writes_is_told_at_once(s3_bucket, card):
    card.record("a.mp4")
    s3_bucket.proxy.faults = [Fault(is_bytes, UNABLE, times=1e9)]
    said = "cannot create an object only where there is none"
    card.upload(s3_bucket, until=lambda: said in card.said or card.says(said))
    assert len(s3_bucket.proxy.sent(is_bytes)) == 1
    assert card.left() == ["a.mp4"]


def test_a_store_that_may_not_be_looked_into_keeps_what_it_cannot_compare(s3_bucket, card):
    card.record("a.mp4", 20 * MIB)
    s3_bucket.proxy.faults = [Fault(is_look, Answer(403), times=1e9)]
    said = "its checksum at the store could not be compared"
    card.upload(s3_bucket, until=lambda: said in card.said or card.says(said))
    assert card.left() == ["a.mp4"]


def test_a_state_that_is_damaged_is_put_aside(store, card, tmp_path):
    data = card.record("a.mp4")
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "state" / "state.sqlite").write_bytes(b"no database" * 1000)
    card.upload(store, until=lambda: card.left() == [])
    assert list(store.objects().values()) == [data]
    assert "begun anew" in card.said


def test_what_is_not_named_like_a_video_is_counted_and_stays(store, card):
    data = card.record("a.mp4")
    for name in "b.insx", "c.INSX", "d":
        (card.folder / name).write_bytes(b"x")
    os.mkfifo(card.folder / "pipe.mp4")
    card.upload(store, until=lambda: "a.mp4" not in card.left())
    assert list(store.objects().values()) == [data]
    assert card.found["passed_over"] == {".insx": 2, "without extension": 1}
    assert card.left() == ["b.insx", "c.INSX", "d", "pipe.mp4"]


@pytest.fixture
def disk(tmp_path):
    """A folder with a disk of its own, which can be taken away."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "vidset-test", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("a disk cannot be mounted here: that takes root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=False, capture_output=True)


def test_nothing_is_moved_to_a_disk_that_is_away(disk, store, card):
    card.record("a.mp4")
    card.upload(store, "--move-to", disk, delete=False, until=lambda: card.left() == [])
    assert [each.name for each in disk.iterdir()] == ["a.mp4"]
    subprocess.run(["umount", "--lazy", str(disk)], check=True)
    card.record("b.mp4", seed=2)
    said = "its disk, mounted at"
    options = ("--move-to", disk, "--retry-for", "2")
    card.upload(store, *options, delete=False, until=lambda: said in card.said or card.says(said))
    assert card.left() == ["b.mp4"]
    assert list(disk.iterdir()) == []


@pytest.mark.parametrize("moment", [4102444800, 15032385535, 0], ids=["2100", "2446", "1970"])
def test_a_recording_whose_clock_was_wrong_goes_like_any_other(store, card, moment):
    data = sorted([card.record("a.mp4"), card.record("b.mp4", seed=2)])
    for name in "a.mp4", "b.mp4":
        os.utime(card.folder / name, (moment, moment))
    card.upload(store, until=lambda: card.left() == [])
    assert sorted(store.objects().values()) == data
