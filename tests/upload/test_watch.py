"""A watched folder, as a service watches it: a process that is stopped by SIGTERM."""

import json
import os
import shutil
import signal
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.programs.started import Started
from tests.upload import recordings
from tests.upload.proxy import Fault
from tests.upload.recordings import MIB, recording
from tests.upload.stores import is_bytes

pytestmark = pytest.mark.slow


class Watcher:
    def __init__(self, process: Started, out: Path, errors: Path):
        self._process, self._out, self._errors = process, out, errors

    @property
    def said(self) -> str:
        """On stderr."""
        return self._errors.read_text()

    @property
    def uploaded(self) -> list[str]:
        """The names of the files, in order."""
        lines = [line for line in self._out.read_text().splitlines() if " -> " in line]
        assert all(line.startswith("uploaded /") for line in lines)
        return [Path(line.split(" -> ")[0]).name for line in lines]

    def stop(self) -> str:
        """What it prints in the end."""
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(600) == 0
        return self._out.read_text().splitlines()[-1]


@pytest.fixture
def watched(tmp_path) -> Path:
    folder = tmp_path / "card"
    folder.mkdir()
    return folder


@pytest.fixture
def watching(tmp_path, watched):
    @contextmanager
    def run(store, *arguments):
        out, errors = tmp_path / "out", tmp_path / "errors"
        with out.open("w") as stdout, errors.open("w") as stderr:
            process = recordings.started(
                *(watched, "--follow", "--to", store.bucket, "--collector", "cam1"),
                *("--state", tmp_path / "state", "--settle", "0.3", "--poll", "0.1"),
                *arguments,
                stdout=stdout,
                stderr=stderr,
                env=store.environment,
            )
        try:
            yield Watcher(process, out, errors)
        finally:
            process.kill()
            process.wait()

    return run


def wait_for(condition) -> None:
    deadline = time.monotonic() + 600
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in minutes"
        time.sleep(0.05)


def arrive(path: Path, seed: int = 0) -> bytes:
    """As a whole, at once."""
    made = recording(path.with_name(f".{path.name}"), seed=seed)
    data = made.read_bytes()
    made.rename(path)
    return data


def test_what_appears_is_uploaded_once(folder, watching, watched):
    first = arrive(watched / "first.mp4", 0)
    with watching(folder) as watcher:
        wait_for(lambda: watcher.uploaded == ["first.mp4"])
        (watched / "DCIM").mkdir()
        second = arrive(watched / "DCIM" / "second.mp4", 2)
        (watched / "notes.txt").write_text("no video")
        wait_for(lambda: watcher.uploaded == ["first.mp4", "second.mp4"])
        assert watcher.stop().startswith("2 uploaded; ")
    assert sorted(folder.objects().values()) == sorted([first, second])
    assert (watched / "first.mp4").read_bytes() == first
    third = arrive(watched / "third.mp4", 4)
    with watching(folder) as again:
        wait_for(lambda: again.uploaded == ["third.mp4"])
        assert again.stop().startswith("1 uploaded; ")
    assert sorted(folder.objects().values()) == sorted([first, second, third])


def test_its_summary_is_one_json_object(folder, watching, watched):
    arrive(watched / "first.mp4")
    with watching(folder, "--json") as watcher:
        wait_for(lambda: len(folder.objects()) == 1)
        arrive(watched / "second.mp4", 2)
        wait_for(lambda: len(folder.objects()) == 2)
        found = json.loads(watcher.stop())
    assert (found["files"][0]["file"], found["files"][0]["state"]) == (
        f"{watched}/first.mp4",
        "uploaded",
    )


def test_a_recording_is_left_until_it_is_closed(folder, watching, watched):
    whole = recording(watched / ".whole.mp4", 100_000).read_bytes()
    growing = watched / "growing.mp4"
    growing.write_bytes(whole[:50_000])
    with watching(folder) as watcher:
        # Each takes longer than a recording has to be stable for.
        arrive(watched / "a.mp4", 2)
        wait_for(lambda: watcher.uploaded == ["a.mp4"])
        arrive(watched / "b.mp4", 4)
        wait_for(lambda: watcher.uploaded == ["a.mp4", "b.mp4"])
        with growing.open("ab") as file:
            file.write(whole[50_000:])
        wait_for(lambda: watcher.uploaded == ["a.mp4", "b.mp4", "growing.mp4"])
        watcher.stop()
    assert whole in folder.objects().values()


def test_what_changed_after_its_upload_is_uploaded_again(folder, watching, watched):
    first = arrive(watched / "a.mp4")
    with watching(folder) as watcher:
        wait_for(lambda: watcher.uploaded == ["a.mp4"])
        second = arrive(watched / "a.mp4", 2)
        wait_for(lambda: watcher.uploaded == ["a.mp4", "a.mp4"])
        watcher.stop()
    assert sorted(folder.objects().values()) == sorted([first, second])


def test_what_is_written_on_while_others_are_sent_waits_until_it_is_complete(
    folder, watching, watched, tmp_path
):
    first = recording(watched / "a.mp4", 2 * MIB).read_bytes()
    arrive(watched / "b.mp4", 2)
    os.utime(watched / "a.mp4", (1, 1))
    second = recording(watched / ".c.mp4", seed=4).read_bytes()
    with watching(folder, "--rate", "500kB/s") as watcher:
        wait_for(lambda: list((tmp_path / "uploads").rglob(".partial/*.mp4")))
        (watched / "b.mp4").write_bytes(second[:-100])
        wait_for(lambda: watcher.uploaded == ["a.mp4"])
        with (watched / "b.mp4").open("ab") as file:
            file.write(second[-100:])
        wait_for(lambda: watcher.uploaded == ["a.mp4", "b.mp4"])
        watcher.stop()
        assert [x for x in watcher.said.splitlines() if not x.startswith("Next: ")] == []
    assert sorted(folder.objects().values()) == sorted([first, second])


def test_a_folder_may_go_and_come_back(folder, watching, watched):
    watched.rmdir()
    with watching(folder) as watcher:
        wait_for(lambda: "cannot be looked at, for now: No such file" in watcher.said)
        watched.mkdir()
        arrive(watched / "a.mp4")
        wait_for(lambda: watcher.uploaded == ["a.mp4"])
        shutil.rmtree(watched)
        wait_for(lambda: watcher.said.count("cannot be looked at") == 2)
        watched.mkdir()
        arrive(watched / "b.mp4", 2)
        wait_for(lambda: watcher.uploaded == ["a.mp4", "b.mp4"])
        watcher.stop()


def test_a_folder_that_may_not_be_read_hides_no_other(folder, watching, watched):
    (watched / "lost+found").mkdir(mode=0)
    arrive(watched / "a.mp4")
    with watching(folder) as watcher:
        wait_for(lambda: watcher.uploaded == ["a.mp4"])
        watcher.stop()
    if os.geteuid():  # Root may read all.
        assert f"{watched}/lost+found: cannot be looked at" in watcher.said


def test_what_is_uploaded_is_moved_with_its_folders(folder, watching, watched, tmp_path):
    (sent := tmp_path / "sent").mkdir()
    (watched / "day1").mkdir()
    first = arrive(watched / "day1" / "a.mp4")
    with watching(folder, "--move-to", sent) as watcher:
        wait_for(lambda: watcher.uploaded == ["a.mp4"])
        second = arrive(watched / "day1" / "a.mp4", 2)
        wait_for(lambda: watcher.uploaded == ["a.mp4", "a.mp4"])
        watcher.stop()
    assert not list(watched.rglob("*.mp4"))
    assert (sent / "day1" / "a.mp4").read_bytes() == first
    (other,) = [path for path in sent.rglob("*.mp4") if path.name != "a.mp4"]
    assert other.read_bytes() == second


def test_what_could_not_be_moved_is_moved_by_the_next(folder, watching, watched, tmp_path):
    (sent := tmp_path / "sent").mkdir()
    (watched / "day1").mkdir()
    data = arrive(watched / "day1" / "a.mp4")
    (sent / "day1").write_text("in the way")
    with watching(folder, "--move-to", sent) as watcher:
        wait_for(lambda: "is uploaded, but cannot be put away" in watcher.said)
        watcher.stop()
    assert (watched / "day1" / "a.mp4").read_bytes() == data
    (sent / "day1").unlink()
    with watching(folder, "--move-to", sent) as watcher:
        wait_for(lambda: not (watched / "day1" / "a.mp4").exists())
        watcher.stop()
    assert (sent / "day1" / "a.mp4").read_bytes() == data
    assert list(folder.objects().values()) == [data]


def test_what_is_uploaded_is_deleted_if_wanted(folder, watching, watched):
    data, path = arrive(watched / "a.mp4"), watched / "a.mp4"
    broken = watched / "broken.avi"
    broken.write_bytes(b"nonsense" * 100)
    with watching(folder, "--delete") as watcher:
        wait_for(lambda: not path.exists() and "broken.avi: not a readable video" in watcher.said)
        watcher.stop()
    assert list(folder.objects().values()) == [data]
    assert broken.exists()


@pytest.mark.emulator
def test_a_network_that_goes_and_comes_loses_nothing(cloud, watching, watched):
    data = recording(watched / "a.mp4", 20 * MIB).read_bytes()
    cloud.proxy.faults = [
        Fault(is_bytes, "in the body", after=1),
        Fault(lambda _: True, "before", times=3, after=4),
    ]
    with watching(cloud) as watcher:
        wait_for(lambda: watcher.uploaded == ["a.mp4"])
        watcher.stop()
    assert list(cloud.objects().values()) == [data]


@pytest.mark.emulator
def test_a_watcher_that_was_killed_goes_on(cloud, watching, watched):
    data = recording(watched / "a.mp4", 20 * MIB).read_bytes()
    with watching(cloud, "--rate", "4MB/s"):
        wait_for(lambda: len(cloud.proxy.sent(is_bytes)) == 1)
        reached = len(cloud.proxy.log)
    with watching(cloud) as watcher:
        wait_for(lambda: watcher.uploaded == ["a.mp4"])
        watcher.stop()
    sent = [each for each in cloud.proxy.log[reached:] if is_bytes(each) and each.is_whole]
    assert sum(len(each.body) for each in sent) <= 12 * MIB
    assert list(cloud.objects().values()) == [data]
