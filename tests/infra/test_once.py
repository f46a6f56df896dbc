"""What the processes of a run share: done once, and again as soon as anything is different."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import run

import pytest

from tests.infra.once import once
from tests.paths import ROOT

# It takes until every process has asked for it, so that each has to wait for the first.
ASK = """
import sys, time
from pathlib import Path
from tests.infra.once import once

shared, inputs, number = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

def work():
    deadline = time.monotonic() + 600
    while len(list(shared.glob("asked-*"))) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (shared / f"done-{number}").touch()
    return "a result"

(shared / f"asked-{number}").touch()
print(once(shared, "work", inputs, work))
"""


@pytest.fixture
def inputs(tmp_path) -> Path:
    folder = tmp_path / "inputs"
    folder.mkdir()
    (folder / "main.tf").write_text("a")
    return folder


def test_the_same_content_is_done_once(tmp_path, inputs):
    assert once(tmp_path, "work", inputs, lambda: "first") == "first"
    assert once(tmp_path, "work", inputs, lambda: "second") == "first"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("main.tf", "b", id="a changed file"),
        pytest.param("schemas/frames.json", "a", id="another file, below"),
    ],
)
def test_other_content_is_done_again(tmp_path, inputs, name, content):
    once(tmp_path, "work", inputs, lambda: "first")
    (inputs / name).parent.mkdir(exist_ok=True)
    (inputs / name).write_text(content)
    assert once(tmp_path, "work", inputs, lambda: "second") == "second"


def test_a_file_of_another_name_is_done_again(tmp_path, inputs):
    once(tmp_path, "work", inputs, lambda: "first")
    (inputs / "main.tf").rename(inputs / "other.tf")
    assert once(tmp_path, "work", inputs, lambda: "second") == "second"


def test_work_of_another_kind_is_done(tmp_path, inputs):
    once(tmp_path, "work", inputs, lambda: "first")
    assert once(tmp_path, "check", inputs, lambda: "second") == "second"


def test_what_failed_is_done_again(tmp_path, inputs):
    def fail() -> str:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        once(tmp_path, "work", inputs, fail)
    assert once(tmp_path, "work", inputs, lambda: "second") == "second"


def test_processes_at_the_same_time_do_it_once(tmp_path, inputs):
    def ask(number: int) -> str:
        command = [sys.executable, "-c", ASK, tmp_path, inputs, str(number)]
        return run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(ask, range(2)))
    assert said == ["a result\n"] * 2
    assert len(list(tmp_path.glob("done-*"))) == 1
