"""`vidset loop`, from labeled images to a judged, published version."""

import signal
import sys
import time
from fcntl import LOCK_EX, flock

import pytest

from tests.cli.called import Called, vidset
from tests.datasets.pictures import write_labels
from tests.programs.started import Started, preloaded

pytestmark = pytest.mark.slow
LOOP = """
data: {{create: {{sources: [in], shares: "train=0.6,validation=0.4"}}}}
recipe: recipe.yaml
statistics: true
check: {{leaks: true}}
train: {{seeds: "1-2", epochs: 1}}
evaluate: {{floor: {floor}}}
baseline: {baseline}
errors: true
publish: {{name: current, to: {remote}}}
"""


@pytest.fixture(autouse=True)
def _commands_need_no_start(monkeypatch):
    monkeypatch.setattr(sys, "executable", str(preloaded().python))


def states(called: Called) -> dict[str, str]:
    return {each["step"]: each["state"] for each in called.found["steps"]}


def write_loop(place, name="loop", *, floor=0.0, baseline="v0"):
    text = LOOP.format(floor=floor, baseline=baseline, remote=place.parent / "remote")
    (place / f"{name}.yaml").write_text(text)
    return place / f"{name}.yaml"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A place with labeled images, a version `v0` of some of them, and a recipe."""
    place = tmp_path_factory.mktemp("loop") / "place"
    place.mkdir()
    (place / "vidset.toml").write_text("")
    write_labels(place / "in", {"cat": 6, "dog": 6})
    shares = ("--shares", "train=0.6,validation=0.4")
    assert vidset("dataset", "create", place / "in", "-p", place, "-n", "v0", *shares).code == 0
    (place / "recipe.yaml").write_text("transforms: [resize: {width: 32, height: 32}]")
    return place


def test_what_has_changed_runs_and_the_rest_is_taken(place):
    file = write_loop(place)
    first = vidset("loop", file, "-p", place, "--json")
    assert first.code == 0, first.err
    assert "taken" not in states(first).values()
    made = first.found["version"]
    named = vidset("dataset", "show", "current", "-p", place, "--json").found
    assert named["version"] == made
    assert (place.parent / "remote" / "versions" / made).is_dir()
    assert first.found["results"]["compare"]["images"] > 0
    assert (place / "errors" / "index.html").is_file()

    weights = list(place.glob("runs/*/checkpoints/best.pt"))
    assert len(weights) == 4
    trained = {path: path.stat().st_mtime_ns for path in weights}
    again = vidset("loop", file, "-p", place, "--json")
    assert again.code == 0, again.err
    assert again.found["version"] == made
    taken = {step for step, state in states(again).items() if state == "taken"}
    assert taken == {
        *("apply", "statistics", "evaluate, seed 1", "evaluate, seed 2", "compare", "errors")
    }
    assert {path: path.stat().st_mtime_ns for path in weights} == trained

    (place / "recipe.yaml").write_text("transforms: [resize: {width: 28, height: 28}]")
    refused = vidset("loop", write_loop(place, floor=1.0), "-p", place, "--json")
    assert refused.code == 1
    assert "was refused, and nothing was published" in refused.err
    found = states(refused)
    assert (found["apply"], found["train"], found["compare"]) == ("run", "run", "run")
    assert {path: path.stat().st_mtime_ns for path in weights} == trained
    assert found["gate"] == "refused"
    assert "errors" in found
    assert not {"name", "push"} & found.keys()
    assert refused.found["version"] != made
    named = vidset("dataset", "show", "current", "-p", place, "--json").found
    assert named["version"] == made


def test_an_interrupted_loop_goes_on(place):
    file = place / "interrupted.yaml"
    file.write_text("data: {version: v0}\nstatistics: true\ntrain: {seeds: '7', epochs: 200}\n")
    log = place / "interrupted.log"
    with log.open("wb") as said:
        process = Started(("loop", file, "-p", place), said, said)
        while not (found := list(place.glob("runs/*-7/history.jsonl"))):
            assert process.poll() is None
            time.sleep(0.05)
        [history] = found
        while history.read_text().count("\n") < 2:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(600) == 143
    assert "The same command goes on." in log.read_text()
    epochs = history.read_text().count("\n")
    assert epochs < 200
    time.sleep(0.5)
    assert history.read_text().count("\n") == epochs  # Nothing goes on behind.
    file.write_text(file.read_text().replace("200", "3"))
    other = vidset("loop", file, "-p", place, "--json")
    assert other.code == 2  # The run is another: the command that refuses it is named.
    assert "train: " in other.err
    assert history.parent.name in other.err


def test_nothing_runs_twice_at_once(place):
    file = place / "once.yaml"
    file.write_text("data: {version: v0}\n")
    (place / "loops").mkdir(exist_ok=True)
    with (place / "loops" / "once.lock").open("wb") as lock:
        flock(lock, LOCK_EX)
        called = vidset("loop", file, "-p", place)
    assert called.code == 2
    assert "another process runs this loop" in called.refusal


def test_a_step_that_fails_is_named_with_what_its_command_said(place):
    file = place / "unknown.yaml"
    file.write_text("data: {version: v9}\n")
    called = vidset("loop", file, "-p", place, "--json")
    assert called.code == 2
    assert called.found["error"]["message"].startswith("version: ")
    assert "v9" in called.found["error"]["message"]


def test_a_dry_run_shows_the_steps_and_writes_nothing(place):
    file = write_loop(place, "dry", floor=0.9)
    called = vidset("loop", file, "-p", place, "--dry-run")
    assert called.code == 0, called.err
    assert "gate: --floor 0.9" in called.out
    assert "compare with: v0" in called.out
    assert not (place / "loops" / "dry.json").exists()
    planned = vidset("loop", file, "-p", place, "--dry-run", "--json").found["steps"]
    assert [each["step"] for each in planned] == [
        *("data", "recipe", "statistics", "check", "train", "gate"),
        *("compare with", "errors", "name", "push to"),
    ]


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        pytest.param(None, "no.yaml: wanted a recipe in YAML: No such file", id="missing"),
        pytest.param("transforms: [blur: {}]", "no.yaml: ", id="unknown step"),
    ],
)
def test_a_faulty_recipe_is_refused_before_any_work(place, recipe, said):
    file = place / "faulty.yaml"
    file.write_text("data: {version: v0}\nrecipe: no.yaml\n")
    (place / "no.yaml").unlink(missing_ok=True)
    if recipe is not None:
        (place / "no.yaml").write_text(recipe)
    called = vidset("loop", file, "-p", place)
    assert (called.code, said in called.err) == (2, True), called.err
    assert not (place / "loops" / "faulty.json").exists()
