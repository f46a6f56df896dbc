"""Recordings that must not be deleted: what is not in the store stays on the card."""

import os
import shutil
import sqlite3
import subprocess
import sys

import pytest

from tests.upload import stores
from tests.upload.recordings import MIB, recording

WRITER = """
import sys
with open(sys.argv[1], "ab") as file:
    print("open", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def held_open():
    """Hold files open for writing, in processes of their own."""
    processes = []

    def hold(path):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout.readline() == "open\n"
        return process

    yield hold
    for process in processes:
        process.communicate("\n", timeout=600)


def write_over(path, other, state):
    """As a loop recorder whose clock was reset does: nothing but the bytes tells."""
    before = path.stat()
    data = other.read_bytes()
    assert len(data) == before.st_size
    with path.open("r+b") as file:
        file.write(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with sqlite3.connect(state / "state.sqlite") as database:
        for table in "digests", "done":
            database.execute(f"UPDATE {table} SET ctime_ns = ?", (path.stat().st_ctime_ns,))  # noqa: S608


@pytest.mark.parametrize("then", ["--delete", "--move-to"])
def test_what_a_loop_recorder_wrote_over_is_sent_before_it_is_put_away(store, send, tmp_path, then):
    path = recording(tmp_path / "a.mp4", MIB)
    other = recording(tmp_path / "b.mp4", MIB, seed=3)
    assert send(store, path).code == 0
    before = set(store.objects().values())
    write_over(path, other, tmp_path / "state")
    (tmp_path / "done").mkdir()
    ended = send(store, path, then, *([tmp_path / "done"] if then == "--move-to" else []))
    assert ended.code == 0, ended.stderr
    assert set(store.objects().values()) == before | {other.read_bytes()}
    assert not path.exists()


def test_a_watch_that_starts_again_sends_what_was_written_over(store, send, tmp_path):
    path = recording(tmp_path / "a.mp4", MIB)
    assert send(store, path).code == 0
    before = path.stat()
    path.write_bytes(recording(tmp_path / "b.mp4", MIB, seed=3).read_bytes())
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert send(store, path).file["state"] == "uploaded"
    assert len(store.objects()) == 2


@pytest.mark.parametrize("options", [[], ["--delete"]])
def test_a_recording_that_is_open_for_writing_is_neither_sent_nor_deleted(
    folder, send, tmp_path, held_open, options
):
    path = recording(tmp_path / "a.mp4")
    held_open(path)
    ended = send(folder, path, *options)
    assert ended.code == 1
    assert "another program has it open for writing" in ended.stderr
    assert path.exists()
    assert folder.objects() == {}


def test_a_pipe_is_no_recording(folder, send, tmp_path):
    os.mkfifo(tmp_path / "a.mp4")
    ended = send(folder, tmp_path / "a.mp4")
    assert (ended.code, ended.file["state"]) == (1, "failed")
    assert "is not a file" in ended.stderr


def test_the_last_line_says_what_was_deleted(folder, send, tmp_path):
    paths = [recording(tmp_path / name, seed=seed) for seed, name in enumerate(["a.mp4", "b.mp4"])]
    ended = send(folder, *paths, "--delete")
    assert ended.found["deleted"] == 2
    assert [each["then"] for each in ended.found["files"]] == ["deleted", "deleted"]
    assert len(folder.objects()) == 2


def test_verifying_compares_and_changes_nothing(store, send, tmp_path):
    there, missing, other = (
        recording(tmp_path / name, MIB, seed=seed)
        for seed, name in enumerate(["there.mp4", "missing.mp4", "other.mp4"])
    )
    assert send(store, there, other).code == 0
    if store.proxy is None:
        name = next(n for n, data in store.objects().items() if data == other.read_bytes())
        with open(os.path.join(store.bucket, name), "r+b") as file:
            file.write(b"damage")
    before = store.objects()
    ended = send(store, there, missing, other, "--verify")
    states = [each["state"] for each in ended.found["files"]]
    assert states == ["present", "absent", "different" if store.proxy is None else "present"]
    assert ended.code == 1
    assert store.objects() == before
    assert all(path.exists() for path in (there, missing, other))


@pytest.fixture
def disk(tmp_path):
    """A folder with a disk of its own, which can be taken away: mount() and unmount()."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount():
        return subprocess.run(
            ["mount", "-t", "tmpfs", "vidset-test", str(folder)], check=False, capture_output=True
        ).returncode

    def unmount():
        subprocess.run(["umount", "--lazy", str(folder)], check=True)

    if shutil.which("mount") is None or mount():
        pytest.skip("a disk cannot be mounted here: that takes root")
    yield folder, mount, unmount
    subprocess.run(["umount", "--lazy", str(folder)], check=False, capture_output=True)


def test_nothing_is_written_below_the_mount_point_of_a_disk_that_is_away(disk, send, tmp_path):
    folder, mount, unmount = disk
    (folder / "uploads").mkdir()
    store = stores.Store(f"{folder}/", {}, dict)
    first = recording(tmp_path / "a.mp4")
    assert send(store, first, "--delete").code == 0
    unmount()
    second = recording(tmp_path / "b.mp4", seed=2)
    ended = send(store, second, "--delete", "--retry-for", "1")
    assert ended.code == 1
    assert f"its disk, mounted at {folder} before, is not there" in ended.stderr
    assert second.exists()
    assert list(folder.rglob("*")) == []
    assert mount() == 0
    assert send(store, second, "--delete").code == 0
    assert not second.exists()


def test_a_recording_is_not_moved_below_a_mount_point(disk, folder, send, tmp_path):
    place, _, unmount = disk
    first, second = (recording(tmp_path / f"{n}.mp4", seed=n) for n in range(2))
    assert send(folder, first, "--move-to", place).code == 0
    assert (place / "0.mp4").exists()
    unmount()
    ended = send(folder, second, "--move-to", place)
    assert ended.file["then"] == "later"
    assert second.exists()
    assert list(place.iterdir()) == []
