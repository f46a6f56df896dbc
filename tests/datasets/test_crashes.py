"""A run that is killed, and runs at the same time."""

import os
import random
import signal
import time

import pytest

from tests.datasets.pictures import write_labels
from tests.programs.started import Started
from vidset.datasets.versions.repository import Repository
from vidset.datasets.versions.verify import verify

IMAGES = {"cat": 120, "dog": 80}


def started(folder, root):
    words = ("dataset", "create", folder, "--quiet", "--near-distance=off", "--name", "v0")
    with (folder.parent / "log").open("ab") as said:
        return Started((*words, "-p", root.parent), said, said)


def ended(process, folder):
    assert process.wait(600) == 0, (folder.parent / "log").read_text()


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
    ended(started(folder, undisturbed), folder)
    chance, kills = random.Random(5), 0
    for _ in range(4):
        process = started(folder, root)
        limit = images_in(root) + chance.randint(8, 48)
        while process.poll() is None and images_in(root) < min(limit, 200):
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        if process.wait(600) == -signal.SIGKILL:
            kills += 1
            assert all(Repository(root).details(id_) for id_ in Repository(root).versions())
    assert kills
    ended(started(folder, root), folder)
    assert the_id(root) == the_id(undisturbed)
    assert verify(Repository(root)).damage == []


@pytest.mark.slow
def test_runs_at_the_same_time_make_one_version(tmp_path):
    folder, root = write_labels(tmp_path / "in", IMAGES), tmp_path / "datasets"
    processes = [started(folder, root) for _ in range(3)]
    for process in processes:
        ended(process, folder)
    the_id(root)
    found = verify(Repository(root))
    assert (found.images, found.damage, found.strays) == (200, [], [])
