"""The core of the command line: errors, suggestions, JSON, stopping, help, completion."""

import os
import re
import signal
import subprocess
import sys
import tomllib

import pytest

from tests.cli.called import CLI, vidset
from tests.paths import ROOT
from vidset.cli.command import description_of, summary_of
from vidset.cli.parts import part_of
from vidset.cli.results import commands_below

COMMANDS = dict(commands_below(CLI))


def test_an_unknown_command_gets_a_suggestion():
    called = vidset("extrat")
    assert (called.code, called.out) == (2, "")
    assert "There is no command 'extrat'. Did you mean 'extract'?" in called.err


def test_an_unknown_option_gets_a_suggestion_and_the_command_that_shows_all():
    called = vidset("plan", "--prise", "1")
    assert called.code == 2
    assert "No such option: --prise. Did you mean --price?" in called.err
    assert "vidset help plan" in called.err


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("plan", "--prise", "1"), id="option"),
        pytest.param(("nothing",), id="command"),
        pytest.param(("init", "gs://bucket"), id="configuration"),
    ],
)
def test_a_failure_under_json_is_one_object_on_stdout(words):
    called = vidset(*words, "--json")
    assert called.code == 2
    assert set(called.found) == {"error"}
    assert called.found["error"]["message"] in called.err


def test_a_command_stopped_by_a_signal_says_how_to_go_on(tmp_path):
    program = (
        "import os, signal, sys, typer\n"
        "from vidset.cli.running import run\n"
        "from vidset.cli.stopping import if_stopped\n"
        "app = typer.Typer()\n"
        "@app.command()\n"
        "def work(number: int):\n"
        "    if_stopped('The same command goes on.')\n"
        "    os.kill(os.getpid(), number)\n"
        "@app.command()\n"
        "def other(): pass\n"
        "run(app)\n"
    )
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        words = [sys.executable, "-c", program, "work", str(int(number))]
        ended = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert ended.returncode == code, ended.stderr
        assert "vidset: stopped. The same command goes on." in ended.stderr


@pytest.mark.parametrize(
    ("module", "command_part", "part"),
    [
        pytest.param("pyarrow", "warehouse", "warehouse", id="the command's own"),
        pytest.param("pyarrow", None, "extract", id="of no command's"),
        pytest.param("google.cloud.storage", "dataset", "gcp", id="a client of a cloud"),
        pytest.param("google.auth", "upload", "upload", id="collectors bring their own"),
        pytest.param("boto3", "extract", "s3", id="a place in s3"),
        pytest.param("torch", "scores", "train", id="PyTorch"),
        pytest.param("antigravity_", None, None, id="unknown"),
    ],
)
def test_a_missing_module_names_the_part_of_the_command(module, command_part, part):
    assert part_of(module, command_part) == part


def test_help_shows_a_commands_options_and_the_other_spelling_is_the_same():
    assert vidset("help", "init").out == vidset("init", "--help").out == vidset("init", "-h").out
    assert "Examples:\n  vidset init roads\n" in vidset("help", "init").out


def test_help_of_a_command_that_is_not_there_gets_a_suggestion():
    called = vidset("help", "dataset", "creat")
    assert called.code == 2
    assert "Did you mean 'create'?" in called.err


@pytest.mark.parametrize("words", [(), *(tuple(name.split()) for name in COMMANDS)])
def test_help_fits_80_columns(words, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = vidset(*words, "--help").out.splitlines()
    examples = lines.index("Examples:") if "Examples:" in lines else len(lines)
    assert [line for line in lines[:examples] if len(line) > 80] == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_of_the_shell(shell):
    called = vidset("completion", shell)
    assert called.code == 0
    assert "_VIDSET_COMPLETE" in called.out


def test_a_shell_completes_commands_and_versions(tmp_path):
    names = tmp_path / "datasets" / "names"
    names.mkdir(parents=True)
    for name in "v0", "v1", "other":
        (names / name).write_text("")
    (tmp_path / "vidset.toml").write_text("")

    def offered(line: str) -> list[str]:
        environment = {
            **os.environ,
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(line.split()) - 1),
            "_VIDSET_COMPLETE": "complete_bash",
        }
        ended = subprocess.run(
            [sys.executable, "-m", "vidset"],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": os.getcwd()},
        )
        return ended.stdout.split()

    assert offered("vidset extr") == ["extract"]
    assert summary_of(COMMANDS["init"]) == "Make a folder to work in, with a vidset.toml."


def test_init_makes_a_place_and_names_extract(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    called = vidset("init", "roads")
    assert (called.code, called.next) == (0, "vidset extract VIDEOS -p roads")
    monkeypatch.chdir(tmp_path / "roads")
    again = vidset("init", "--json")
    assert (again.found["is_new"], again.found["next"]) == (False, "vidset extract VIDEOS")


@pytest.mark.parametrize("words", [(), ("label",), ("dataset",)])
def test_each_command_has_one_line_in_the_list(words, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = vidset(*words, "--help").out.splitlines()
    assert [line for line in lines if re.match(r" {8,}\S", line)] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_examples_of_itself(name):
    examples = description_of(COMMANDS[name]).examples
    assert len(examples) >= 2
    assert all(f"vidset {name}" in each for each in examples)


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"init", "help", "completion"}))
def test_a_command_names_the_part_of_the_package_that_it_needs(name):
    parts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert description_of(COMMANDS[name]).part in parts
