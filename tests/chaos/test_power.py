"""What a loss of power leaves of extractions and labels: real file systems, as their disks are."""

import os
import random
import shutil
import signal
import subprocess
import time
from contextlib import closing, suppress
from datetime import UTC, datetime

import pytest

from tests.chaos.counts import times
from tests.cli.trees import tree
from tests.disks import mounted, new_disk
from tests.drawing import write_video
from tests.programs.started import Started, run
from vidset.labeling.stores.backup import backup_store
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.labeling.stores.store import Query, Write
from vidset.storage.folder import FolderStore
from vidset.tags import Mark, read_marks, write_mark
from vidset.warehouse.folder import ParquetWarehouse

pytestmark = pytest.mark.slow


@times(2, 200)
def test_an_extraction_that_lost_its_power_ends_the_same(count, tmp_path):
    for number in range(6):
        write_video(tmp_path / "in" / f"{number}.mp4", scenes=range(number, number + 10))
    disk, chance, at_work, number = tmp_path / "disk", random.Random(count), 0, 0
    out = disk / "out"
    command = ["extract", str(tmp_path / "in"), "-o", str(out), "--every", "0.2"]
    with mounted(new_disk(tmp_path / "whole.image"), disk):
        process = started(command, out)
        began = time.monotonic()
        assert process.wait() == 0
        seconds, whole = time.monotonic() - began, tree(out)
    while at_work < count:
        number += 1
        image, lost = tmp_path / f"{number}.image", tmp_path / f"{number}.lost"
        with mounted(new_disk(image), disk):
            process = started(command, out)
            with suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0, seconds))
            if process.poll() is None:
                at_work += 1
                os.killpg(process.pid, signal.SIGSTOP)
            sync_rows(out)
            shutil.copyfile(image, lost)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        with mounted(lost, disk):
            again = run(command)
            assert again.returncode == 0, again.stderr
            assert tree(out) == whole, f"moment {number}"


def started(command, out):
    """A run that has stored its first image."""
    process = Started(command)
    while process.poll() is None and not any(out.glob("images/*/*")):
        time.sleep(0.002)
    return process


def sync_rows(out):
    """The worst case: what is said to be done is on the disk, whatever else is not."""
    for folder in out, out / "frames", out / "videos":
        for path in (folder, *folder.glob("*.*")) if folder.exists() else ():
            descriptor = os.open(path, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)


def test_what_people_did_is_on_the_disk_once_it_is_kept(tmp_path):
    disk, image, lost = tmp_path / "disk", tmp_path / "a.image", tmp_path / "lost.image"
    mark = Mark("night", ("0" * 32,), True, "anna", datetime(2026, 3, 1, tzinfo=UTC))
    with mounted(new_disk(image), disk), closing(SqliteStore(disk / "labels.sqlite")) as labels:
        for number in range(20):
            labels.commit([Write("tasks", f"{number}", {"n": number})])
        write_mark(FolderStore(str(disk / "tags")), mark)
        shutil.copyfile(image, lost)
    with mounted(lost, disk), closing(SqliteStore(disk / "labels.sqlite")) as labels:
        assert [found for _, found in read_marks(FolderStore(str(disk / "tags")))] == [mark]
        assert sorted(stored.document["n"] for stored in labels.find(Query("tasks"))) == [
            *range(20)
        ]


def test_the_warehouse_and_a_backup_are_on_the_disk_once_they_are_made(tmp_path):
    disk, image, lost = tmp_path / "disk", tmp_path / "a.image", tmp_path / "lost.image"
    with mounted(new_disk(image), disk), closing(SqliteStore(disk / "labels.sqlite")) as labels:
        labels.commit([Write("tasks", "a", {"n": 1})])
        ParquetWarehouse(str(disk / "warehouse")).prepare()
        backup_store(disk / "labels.sqlite", disk / "monday.sqlite")
        shutil.copyfile(image, lost)
    with mounted(lost, disk), closing(SqliteStore(disk / "monday.sqlite")) as labels:
        assert [stored.document for stored in labels.find(Query("tasks"))] == [{"n": 1}]
        assert ParquetWarehouse(str(disk / "warehouse")).read("frames", ["image_id"]).num_rows == 0
