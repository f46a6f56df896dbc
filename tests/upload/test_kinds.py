"""Each kind of trouble outside, for every destination, by name and with --follow, with --delete."""

import os
import shutil
import sqlite3
import subprocess

import pytest

from tests.upload import stores
from tests.upload.proxy import Answer, Fault
from tests.upload.recordings import MIB, recording
from tests.upload.stores import is_bytes, is_finish, is_look

pytestmark = [pytest.mark.emulator, pytest.mark.slow]
XML = {"Content-Type": "application/xml"}
EXPIRED = Answer(400, XML, b"<Error><Code>ExpiredToken</Code><Message>Expired.</Message></Error>")
UNABLE = Answer(501, XML, b"<Error><Code>NotImplemented</Code><Message>A header</Message></Error>")
OTHER = b'{"size": "1048576", "crc32c": "AAAAAA==", "generation": "1"}'


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
    card.upload(cloud, until=lambda: card.says("given up for now"))
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
    card.upload(cloud, until=lambda: card.says("other content"))
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
    card.upload(s3_bucket, until=lambda: card.says(said))
    assert len(s3_bucket.proxy.sent(is_bytes)) == 1
    assert card.left() == ["a.mp4"]


def test_a_store_that_may_not_be_looked_into_keeps_what_it_cannot_compare(s3_bucket, card):
    card.record("a.mp4", 20 * MIB)
    s3_bucket.proxy.faults = [Fault(is_look, Answer(403), times=1e9)]
    said = "its checksum at the store could not be compared"
    card.upload(s3_bucket, until=lambda: card.says(said))
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
    """A folder with a disk of its own, and what takes the disk away and brings it back."""
    kept, folder = tmp_path / "kept", tmp_path / "disk"
    for each in kept, folder:
        each.mkdir()
    mount = ["mount", "-t", "tmpfs", "vidset-test", str(kept)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("a disk cannot be mounted here: that takes root")

    def bring():
        subprocess.run(["mount", "--bind", str(kept), str(folder)], check=True)

    def take():
        subprocess.run(["umount", "--lazy", str(folder)], check=True)

    bring()
    yield folder, take, bring
    for each in folder, kept:
        subprocess.run(["umount", "--lazy", str(each)], check=False, capture_output=True)


def test_nothing_is_moved_to_a_disk_that_is_away(disk, store, card):
    folder, take, bring = disk
    card.record("a.mp4")
    card.upload(store, "--move-to", folder, delete=False, until=lambda: card.left() == [])
    assert [each.name for each in folder.iterdir()] == ["a.mp4"]
    take()
    card.record("b.mp4", seed=2)
    options = ("--move-to", folder, "--retry-for", "2")
    card.upload(store, *options, delete=False, until=lambda: card.says("its disk, mounted at"))
    assert card.left() == ["b.mp4"]
    assert list(folder.iterdir()) == []
    bring()
    card.upload(store, *options, delete=False, until=lambda: card.left() == [])
    assert sorted(each.name for each in folder.iterdir()) == ["a.mp4", "b.mp4"]


def test_nothing_is_copied_to_a_disk_that_goes_away_meanwhile(disk, card):
    folder, take, bring = disk
    (folder / "uploads").mkdir()
    store = stores.Store(f"{folder}/", {}, lambda: stores.contents(folder))
    first = card.record("a.mp4", 4 * MIB)
    was_taken = []

    def take_once():
        """While the first is copied: the next one comes after that."""
        if not was_taken and list(folder.rglob(".partial/*")):
            take()
            was_taken.append(card.record("b.mp4", seed=2))

    options = ("--retry-for", "2", "--rate", "1MB/s")
    said = lambda: card.says("its disk, mounted at")  # noqa: E731
    card.upload(store, *options, meanwhile=take_once, until=said)
    assert was_taken
    assert card.left() == ["a.mp4", "b.mp4"]
    assert list(folder.iterdir()) == []
    bring()
    card.upload(store, until=lambda: card.left() == [])
    assert sorted(store.objects().values()) == sorted([first, *was_taken])


def test_zeros_at_the_end_keep_a_recording_for_longer(store, card):
    """Followed it is not sent. By name it is, and is kept until nobody can be writing it."""
    card.record("a.mp4")
    with (card.folder / "a.mp4").open("ab") as file:
        file.write(bytes(100_000))
    data, other = (card.folder / "a.mp4").read_bytes(), card.record("b.mp4", seed=2)
    card.upload(store, until=lambda: card.left() == ["a.mp4"])
    wanted = [other] if card.is_followed else [data, other]
    assert sorted(store.objects().values()) == sorted(wanted)
    if not card.is_followed:
        assert "zeros at its end that were only reserved" in card.said
        card.upload(store, "--delete-after", "0.2", until=lambda: card.left() == [])


@pytest.mark.parametrize("harm", ["locked", "damaged"])
def test_a_state_that_is_harmed_while_it_is_used_stops_nothing(folder, card, tmp_path, harm):
    made = [card.record("a.mp4", 2 * MIB)]
    path, others = tmp_path / "state" / "state.sqlite", []

    def harm_it():
        if others or not list((tmp_path / "uploads").rglob(".partial/*")):
            return
        if harm == "damaged":
            path.write_bytes(b"no database" * 3000)
        others.append(sqlite3.connect(path, isolation_level=None))
        if harm == "locked":
            others[0].execute("BEGIN EXCLUSIVE")

    card.upload(folder, "--rate", "1MB/s", meanwhile=harm_it, until=lambda: card.left() == [])
    others[0].close()
    assert list(folder.objects().values()) == made
    said = "what it is to remember is kept in memory" if harm == "locked" else "begun anew"
    assert said in card.said


@pytest.mark.parametrize("moment", [4102444800, 15032385535, 0], ids=["2100", "2446", "1970"])
def test_a_recording_whose_clock_was_wrong_goes_like_any_other(store, card, moment):
    data = sorted([card.record("a.mp4"), card.record("b.mp4", seed=2)])
    for name in "a.mp4", "b.mp4":
        os.utime(card.folder / name, (moment, moment))
    card.upload(store, until=lambda: card.left() == [])
    assert sorted(store.objects().values()) == data


def test_what_was_deleted_is_told_however_soon_it_is_stopped(folder, card):
    card.record("a.mp4")
    card.upload(folder, until=lambda: card.left() == [])
    assert card.files["a.mp4"]["then"] == "deleted"
    assert card.found["deleted"] == 1
