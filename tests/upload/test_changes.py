"""Recordings that change while they are uploaded: what appears is one state of them, or nothing."""

import json
import os
import signal
import subprocess
import threading

import pytest

from tests.upload import recordings
from tests.upload.recordings import MIB, recording
from tests.upload.stores import is_begin, is_bytes

pytestmark = pytest.mark.emulator

SIZE = 20 * MIB


def grow(path):
    with path.open("ab") as file:
        file.write(b"more")


def cut(path):
    os.truncate(path, 10 * MIB)


def write_over(path):
    with path.open("r+b") as file:
        file.seek(18 * MIB)  # It is sent last.
        file.write(b"others")


def write_over_unseen(path):
    """Neither size nor time tell."""
    before = path.stat()
    write_over(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(path):
    other = path.with_name("other")
    other.write_bytes(bytes(SIZE))
    other.replace(path)


def remove(path):
    path.unlink()


def once_sent(proxy, size, do):
    """Do it once so many bytes of a body have come."""
    left = [size]

    def count(slice_bytes):
        before, left[0] = left[0], left[0] - slice_bytes
        if before > 0 >= left[0]:
            do()

    proxy.on_bytes = count


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(grow, f"changed while it was read: {SIZE} bytes, then {SIZE + 4}", id="grows"),
        pytest.param(cut, "was cut short at", id="is cut"),
        pytest.param(write_over, "changed while", id="is written over"),
        pytest.param(write_over_unseen, "its bytes are others", id="is written over unseen"),
        pytest.param(replace, "it was written or replaced", id="is replaced"),
        pytest.param(remove, "went away", id="is removed"),
    ],
)
def test_a_recording_that_changes_meanwhile_does_not_become_an_object(
    cloud, send, tmp_path, change, said
):
    path = recording(tmp_path / "a.mp4", SIZE)
    once_sent(cloud.proxy, 9 * MIB, lambda: change(path))
    ended = send(cloud, path, "--rate", "20MB/s")
    assert (ended.code, ended.file["state"]) == (1, "failed")
    assert said in ended.stderr
    assert cloud.objects() == {}


def test_what_changed_between_two_runs_is_uploaded_as_it_is_now(cloud, send, tmp_path):
    path = recording(tmp_path / "a.mp4", SIZE)
    once_sent(cloud.proxy, 9 * MIB, lambda: grow(path))
    assert send(cloud, path, "--rate", "20MB/s").code == 1
    ended = send(cloud, path)
    assert (ended.code, ended.file["state"], ended.file["resumed_bytes"]) == (0, "uploaded", 0)
    assert list(cloud.objects().values()) == [path.read_bytes()]


def test_what_changed_unseen_is_read_anew_by_the_next_run(cloud, send, tmp_path):
    path = recording(tmp_path / "a.mp4", SIZE)
    once_sent(cloud.proxy, 9 * MIB, lambda: write_over_unseen(path))
    assert send(cloud, path, "--rate", "20MB/s").code == 1
    ended = send(cloud, path)
    assert (ended.code, ended.file["state"]) == (0, "uploaded")
    assert list(cloud.objects().values()) == [path.read_bytes()]


def state_of(out: str) -> str:
    (only,) = json.loads(out)["files"]
    return only["state"]


def start(store, path, state, *arguments):
    return recordings.started(
        *(path, "--to", store.bucket, "--collector", "cam1", "--state", state, *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=store.environment,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_in_the_middle_of_a_block(cloud, send, tmp_path, number):
    path = recording(tmp_path / "a.mp4", SIZE)
    # At this rate a block takes minutes: it does not end by itself.
    process = start(cloud, path, tmp_path / "state", "--rate", "50kB/s")
    once_sent(cloud.proxy, 100_000, lambda: process.send_signal(number))
    out, errors = process.communicate(timeout=600)
    assert process.returncode == 1
    assert out == "nothing; 0 bytes in " + out.rpartition(" in ")[2]
    assert errors == f"{path}: not uploaded yet: stopped; the same command goes on from there\n"
    assert cloud.objects() == {}
    cloud.proxy.on_bytes = lambda _: None
    assert send(cloud, path).file["state"] == "uploaded"
    assert len(cloud.proxy.sent(is_begin)) == 1
    assert list(cloud.objects().values()) == [path.read_bytes()]


def test_two_at_once_on_one_machine_send_it_once(cloud, tmp_path):
    path = recording(tmp_path / "a.mp4", SIZE)
    both = [start(cloud, path, tmp_path / "state", "--json", "--rate", "20MB/s") for _ in "ab"]
    said = [process.communicate(timeout=600)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(map(state_of, said)) == ["present", "uploaded"]
    assert sum(len(each.body) for each in cloud.proxy.sent(is_bytes)) == SIZE
    assert list(cloud.objects().values()) == [path.read_bytes()]


def test_two_at_once_on_two_machines_make_one_object(cloud, tmp_path):
    path = recording(tmp_path / "a.mp4", SIZE)
    stopped = threading.Event()

    def stop():
        first.send_signal(signal.SIGSTOP)
        stopped.set()

    once_sent(cloud.proxy, 1 * MIB, stop)
    first = start(cloud, path, tmp_path / "state", "--json", "--rate", "10MB/s")
    assert stopped.wait(600)
    second = start(cloud, path, tmp_path / "other", "--json")
    said = [second.communicate(timeout=600)]
    first.send_signal(signal.SIGCONT)
    said.append(first.communicate(timeout=600))
    assert [second.returncode, first.returncode] == [0, 0], said
    assert len(cloud.proxy.sent(is_begin)) == 2
    assert [state_of(out) for out, _ in said] == ["uploaded", "present"]
    assert list(cloud.objects().values()) == [path.read_bytes()]


def test_two_at_once_make_one_file_in_a_folder(folder, tmp_path):
    path = recording(tmp_path / "a.mp4", SIZE)
    both = [start(folder, path, tmp_path / each, "--rate", "20MB/s") for each in "ab"]
    said = [process.communicate(timeout=600) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert list(folder.objects().values()) == [path.read_bytes()]
    assert list((tmp_path / "uploads" / "cam1" / ".partial").iterdir()) == []
