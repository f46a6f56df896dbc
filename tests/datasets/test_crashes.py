"""A run that is killed, and runs at the same time."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.datasets.pictures import write_labels
from vidset.datasets.versions.repository import Repository
from vidset.datasets.versions.verify import verify

IMAGES = {"cat": 300, "dog": 200}


def started(folder, root):
    command = (
        sys.executable,
        "-m",
        "vidset",
        "dataset",
        "create",
        "--quiet",
        "--near-distance=off",
    )
    more = (str(folder), "--name", "v0", "-p", str(root.parent))
    return subprocess.Popen([*command, *more], stderr=subprocess.PIPE, text=True)


def ended(process):
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors


def images_in(root):
    return sum(len(files) for _, _, files in os.walk(root / "images"))


def the_id(root):
    (id_,) = Repository(root).versions()
    assert Repository(root).resolve("v0") == id_
    return id_


@pytest.mark.slow
def test_a_killed_run_leaves_no_version_and_the_next_one_makes_the_same(tmp_path):
    folder, root = write_labels(tmp_path / "in", IMAGES), tmp_path / "killed" / "datasets"
    undisturbed = tmp_path / "undisturbed" / "datasets"
    ended(started(folder, undisturbed))
    chance, kills = random.Random(5), 0
    for _ in range(4):
        process = started(folder, root)
        limit = images_in(root) + chance.randint(20, 120)
        while process.poll() is None and images_in(root) < min(limit, 500):
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if process.returncode == -signal.SIGKILL:
            kills += 1
            assert all(Repository(root).details(id_) for id_ in Repository(root).versions())
    assert kills
    ended(started(folder, root))
    assert the_id(root) == the_id(undisturbed)
    assert verify(Repository(root)).damage == []


@pytest.mark.slow
def test_runs_at_the_same_time_make_one_version(tmp_path):
    folder, root = write_labels(tmp_path / "in", IMAGES), tmp_path / "datasets"
    processes = [started(folder, root) for _ in range(3)]
    for process in processes:
        ended(process)
    the_id(root)
    found = verify(Repository(root))
    assert (found.images, found.damage, found.strays) == (500, [], [])
