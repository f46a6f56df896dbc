"""What a command imports: each package beyond its own would cost its users time at every start."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from vidset.cli.command import tree_of
from vidset.cli.main import app
from vidset.cli.results import commands_below
from vidset.demo.numerals import draw_numeral

# A process says which packages it has imported by its end: sys.modules, not how long it took.
_PROGRAM = """
import json, sys
from vidset.cli.main import run
try:
    run(sys.argv[1:])
except SystemExit as ended:
    assert not ended.code, ended.code
json.dump(sorted(sys.modules), sys.stderr)
"""
# The same of the help of several commands, after each.
_HELP = """
import json, sys
from vidset.cli.main import run
found = {}
for name in sys.argv[1:]:
    try:
        run([*name.split(), "--help"])
    except SystemExit as ended:
        assert not ended.code, ended.code
    found[name] = sorted(sys.modules)
json.dump(found, sys.stderr)
"""
# Calls commands on a terminal where no heavy package is installed, and says in which order they
# wrote to it and asked for packages.
_ORDER = """
import io, json, sys
from importlib.abc import MetaPathFinder
from vidset.cli.starting import run

heavy, calls = json.loads(sys.argv[1])
events = []

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in heavy:
            events.append("import " + name)
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

class Terminal(io.StringIO):
    def isatty(self):
        return True
    def write(self, text):
        if text:
            events.append(text)
        return super().write(text)

sys.meta_path.insert(0, Absent())
found, out, err = {}, sys.stdout, sys.stderr
for name, arguments in calls.items():
    events.clear()
    sys.stdout, sys.stderr = io.StringIO(), Terminal()
    try:
        run(name.split() + arguments)
    except (SystemExit, ImportError):
        pass
    finally:
        sys.stdout, sys.stderr = out, err
    found[name] = list(events)
json.dump(found, sys.stdout)
"""
# What the commands want that do not do without an argument.
_ARGUMENTS = {
    "backup": ["file"],
    "restore": ["file"],
    "demo": ["video.mp4"],
    "extract": ["."],
    "upload": [".", "--to", "./there", "--collector", "c"],
    "watch": ["."],
    "compare": ["a", "vs", "b"],
    "pipeline": ["-o", "p.yaml", "--image", "i@sha256:1"],
    "label import": ["coco:file.json"],
    "dataset diff": ["a", "b"],
    "dataset name": ["a", "b"],
    "dataset apply": ["a", "file"],
    "dataset fix": ["a", "file"],
}
# Most of what a user waits for, in seconds: torch 2.5, cleanlab 2.5, sklearn 2, apache_beam 1.4.
HEAVY = {
    *("apache_beam", "av", "boto3", "cleanlab", "cv2", "duckdb", "google.auth", "grpc", "httpx"),
    *("kfp", "numpy", "pandas", "pyarrow", "rich", "scipy", "sklearn", "tensorboard", "torch"),
}
# A repository's manifest is Parquet, and images are measured as they come in.
OF_A_REPOSITORY = {"cv2", "numpy", "pyarrow", "rich"}
# 3 s: PyTorch's own optimizers would import it.
COMPILER = "torch._dynamo"


def heavy_imports(*command) -> set[str]:
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *map(str, command)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return {*HEAVY, COMPILER} & set(json.loads(ended.stderr.splitlines()[-1]))


def order_of(heavy, calls, folder) -> dict[str, list[str]]:
    """What each of `calls` wrote to a terminal and asked for, in this order."""
    ended = subprocess.run(
        [sys.executable, "-c", _ORDER, json.dumps([sorted(heavy), calls])],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        cwd=folder,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    """With one version, v0."""
    root, random = tmp_path_factory.mktemp("starting"), np.random.default_rng(1)
    for split in "train", "validation":
        for label in "i", "x":
            folder = root / "images" / split / label
            folder.mkdir(parents=True)
            cv2.imwrite(str(folder / "1.png"), draw_numeral(label, random))
    create = ("dataset", "create", f"{root}/images", "--name", "v0")
    made = CliRunner().invoke(app, [*create, "--near-distance", "off", "-p", f"{root}"])
    assert made.exit_code == 0, made.stderr
    return root / "datasets"


def test_help_imports_no_package_that_does_work():
    names = ("", "dataset", "extract", "export", "label", "train", "upload", "watch")
    ended = subprocess.run(
        [sys.executable, "-c", _HELP, *names],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stderr.splitlines()[-1])
    assert list(found) == list(names)
    assert [name for name in names if {*HEAVY, COMPILER} & set(found[name])] == []


def test_each_command_says_something_before_it_imports_what_does_the_work(tmp_path):
    (tmp_path / "vidset.toml").write_text("")
    commands = dict(commands_below(tree_of(app)))
    calls = {
        name: _ARGUMENTS.get(name, []) for name in commands if name not in ("completion", "help")
    }
    events = order_of({*HEAVY, "shapely"} - {"rich"}, calls, tmp_path)
    assert {name: each[0] for name, each in events.items()} == dict.fromkeys(calls, "Starting ...")
    # Then the word is cleared, by what is said instead.
    assert [name for name, each in events.items() if "\r\x1b[K" not in each] == []
    assert sum(any(each.startswith("import ") for each in events[name]) for name in calls) > 20


def test_the_first_word_is_shown_before_typer_is_imported(tmp_path):
    events = order_of({"typer"}, {"train": []}, tmp_path)["train"]
    assert events == ["Starting ...", "import typer", "\r\x1b[K"]


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["--json"], id="json"),
        pytest.param(["-q"], id="quiet"),
        pytest.param(["-yq"], id="quiet-among-others"),
        pytest.param(["--help"], id="help"),
        pytest.param(["--debug"], id="debug"),
    ],
)
def test_no_first_word_is_shown_to_whom_it_would_disturb(words, tmp_path):
    assert "Starting ..." not in order_of(set(), {"status": words}, tmp_path)["status"]


def test_the_version_is_told_without_typer(tmp_path):
    assert order_of({"typer"}, {"--version": []}, tmp_path) == {"--version": []}


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("list",), id="list"),
        pytest.param(("show", "v0"), id="show"),
        pytest.param(("verify",), id="verify"),
        pytest.param(("check", "v0", "--leaks"), id="check"),
    ],
)
def test_dataset_commands_import_what_reads_a_repository(repository, command):
    found = heavy_imports("dataset", *command, "-p", repository.parent)
    assert {"pyarrow"} <= found <= OF_A_REPOSITORY


def test_versions_are_pulled_without_the_packages_that_make_or_train_on_them(repository, tmp_path):
    place = tmp_path / "place"
    repository_of = ("-p", repository.parent)
    assert heavy_imports("dataset", "push", "v0", "--to", place, *repository_of) <= OF_A_REPOSITORY
    pulled = heavy_imports("dataset", "pull", "v0", "--from", place, "-p", tmp_path / "pulled")
    assert {"pyarrow"} <= pulled <= OF_A_REPOSITORY


@pytest.mark.slow
def test_training_imports_no_compiler_and_scores_are_read_without_pytorch(repository, tmp_path):
    run = tmp_path / "run"
    options = ("--output", run, "--epochs", 2, "-p", repository.parent)
    trained = heavy_imports("train", "v0", *options)
    assert {"torch", "tensorboard"} <= trained
    # TensorBoard imports boto3 where there is one.
    assert trained <= {*OF_A_REPOSITORY, "torch", "tensorboard", "boto3"}
    assert heavy_imports("evaluate", run, "-p", repository.parent) <= OF_A_REPOSITORY


def test_an_extraction_leaves_pandas_alone_and_the_decoder_to_its_workers(video, tmp_path):
    found = heavy_imports("extract", video, "-o", tmp_path / "out", "--workers", 1, "--quiet")
    assert "pyarrow" in found
    assert not found & {"pandas", "av", "cv2"}


def test_a_collectors_upload_imports_the_probe_alone(video, tmp_path):
    (tmp_path / "uploads").mkdir()
    options = ("--collector", "cam1", "--state", tmp_path / "state")
    found = heavy_imports("upload", video, "--to", f"{tmp_path}/uploads/", *options)
    assert {"av"} <= found <= {"av", "rich"}
