"""How many threads `--threads auto` takes."""

import json
import os

import pytest

from tests.cli.called import vidset
from vidset.training.running import threads
from vidset.training.running.threads import AUTO, chosen_threads, free_cores


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Sets what a machine of 16 cores is said to be: this process's cores, its quota, its load."""

    def set_(cores: int, quota: str, load: float) -> None:
        monkeypatch.setattr(os, "cpu_count", lambda: 16)
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
        monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
        path = tmp_path / "cpu.max"
        path.unlink(missing_ok=True)
        if quota:
            path.write_text(f"{quota}\n")
        monkeypatch.setattr(threads, "_QUOTA", path)

    return set_


@pytest.mark.parametrize(
    ("cores", "quota", "load", "free"),
    [
        pytest.param(16, "max 100000", 0.0, 16.0, id="idle"),
        pytest.param(16, "", 4.0, 12.0, id="no cgroup, a quarter is used"),
        pytest.param(16, "400000 100000", 0.0, 4.0, id="a container's share"),
        pytest.param(4, "max 100000", 8.0, 2.0, id="some of the cores, half of the machine used"),
        pytest.param(16, "150000 100000", 0.0, 1.5, id="one core and a half"),
        pytest.param(16, "max 100000", 40.0, 0.0, id="overloaded"),
    ],
)
def test_free_cores(machine, cores, quota, load, free):
    machine(cores, quota, load)
    assert free_cores() == free


def test_processes_share_what_is_free_and_each_has_one_thread(machine):
    machine(16, "", 4.0)
    assert [chosen_threads(AUTO, processes) for processes in (1, 3, 5, 100)] == [12, 4, 2, 1]
    assert chosen_threads(7, 3) == 7


def test_a_run_that_has_begun_goes_on_with_its_threads(machine, tmp_path):
    machine(16, "", 0.0)
    outputs = [tmp_path / name for name in ("new", "begun")]
    assert chosen_threads(AUTO, 2, outputs) == 8
    outputs[1].mkdir()
    (outputs[1] / "run.json").write_text(json.dumps({"threads": 3}))
    assert chosen_threads(AUTO, 2, outputs) == 3


@pytest.mark.parametrize("given", ["0", "-1", "1.5", "many", "²"])
def test_another_number_is_refused(given):
    done = vidset("train", f"--threads={given}")
    said = f"Invalid value for '--threads': wanted 1 or more, or auto, got {given!r}"
    assert (done.code, done.refusal.splitlines()[0]) == (2, said)
