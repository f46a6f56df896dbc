"""A step's result is taken from before only while nothing that it depends on has changed."""

from dataclasses import replace
from pathlib import Path

import pytest

from vidset.loop.loop_file import LoopFile
from vidset.loop.running import StepError, run_loop
from vidset.loop.steps import Outcome, Step

RUN = {"seed": 1, "output": "runs/1", "run_id": "r1", "evaluation_ids": {"validation": "e"}}


class Commands:
    """Stands for vidset: it writes what the commands write, and remembers the steps."""

    def __init__(self, place: Path):
        self._place, self.done, self.fails = place, [], ""

    def __call__(self, step: Step, folder: Path, place: Path) -> Outcome:
        if step.name == self.fails:
            raise StepError(step.name, "it was told to", 1)
        self.done.append(step.name)
        result = {"place": str(place), "version": "v" * 32, "runs": [RUN], "output": "errors"}
        made = {
            "apply": place / "datasets" / "versions" / ("v" * 32) / "manifest.parquet",
            "errors": folder / "errors" / "index.html",
        }
        if path := made.get(step.name):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{len(self.done)}")
        return Outcome(result)


@pytest.fixture
def loop(tmp_path):
    (tmp_path / "recipe.yaml").write_text("one")
    (tmp_path / "categories.yaml").write_text("one")
    return LoopFile(
        folder=tmp_path,
        data="version",
        source=("v0",),
        recipe="recipe.yaml",
        train=("--seeds", "1"),
        errors=("--categories", "categories.yaml"),
    )


def run(loop, commands) -> list[str]:
    commands.done.clear()
    run_loop(loop, "loop", loop.folder / "place", run=commands)
    return list(commands.done)


@pytest.fixture
def commands(loop):
    commands = Commands(loop.folder / "place")
    (loop.folder / "place").mkdir()
    assert run(loop, commands) == ["version", "apply", "train", "evaluate, seed 1", "errors"]
    assert run(loop, commands) == ["version", "train"]
    return commands


@pytest.mark.parametrize(
    ("changed", "done"),
    [
        pytest.param("recipe.yaml", ["version", "apply", "train"], id="a recipe"),
        pytest.param("categories.yaml", ["version", "train", "errors"], id="an option's file"),
        pytest.param("errors/index.html", ["version", "train", "errors"], id="what was made"),
    ],
)
def test_a_step_runs_again_when_a_file_has_changed(loop, commands, changed, done):
    (loop.folder / changed).write_text("something else")
    assert run(loop, commands) == done
    assert run(loop, commands) == ["version", "train"]


def test_a_step_runs_again_when_what_it_made_is_gone(loop, commands):
    (loop.folder / "errors" / "index.html").unlink()
    assert run(loop, commands) == ["version", "train", "errors"]


def test_a_loop_goes_on_at_the_step_that_failed(loop, commands):
    (loop.folder / "recipe.yaml").write_text("two")
    commands.fails = "train"
    with pytest.raises(StepError, match="train: it was told to"):
        run(loop, commands)
    assert commands.done == ["version", "apply"]
    commands.fails = ""
    assert run(loop, commands) == ["version", "train"]


def test_a_record_that_somebody_has_damaged_costs_time_alone(loop, commands):
    record = loop.folder / "place" / "loops" / "loop.json"
    record.write_text('{"steps": {"apply": {"key": "x"}, "errors": 3}}')
    assert run(loop, commands) == ["version", "apply", "train", "evaluate, seed 1", "errors"]


def test_a_word_that_no_file_can_be_called_is_no_file(loop, commands):
    long = replace(loop, source=("v0", "--where", "label = 'car' AND " * 300))
    assert "version" in run(long, commands)
