"""Commands outside of the pages: in deploy/, infra/, docker/, benchmarks/, the Makefile."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.contracts.pages import Command
from tests.contracts.test_docs import VIDSET, fault_of_vidset
from tests.contracts.test_options_in_messages import known, named
from tests.paths import ROOT

_TOPS = ("Makefile", "SECURITY.md", "deploy", "infra", "docker", "benchmarks", ".github")
# Typed: with a folder before it, as a module, or at the beginning of a shell's command.
_TYPED = re.compile(
    r"(?:[\w)}]/|-m |^\s*|&& |RUN |= \")vidset ((?:[a-z][a-z-]*|-h\b|--\w)[^\n`|;&>]*)",
    re.MULTILINE,
)
# Said: between backticks.
_SAID = re.compile(r"`vidset ([a-z][^`\n]*)`")


def files() -> Iterator[Path]:
    for top in _TOPS:
        path = ROOT / top
        for each in [path] if path.is_file() else sorted(path.rglob("*")):
            if each.is_file() and "__pycache__" not in each.parts and each.suffix != ".pyc":
                yield each


def commands(text: str) -> Iterator[tuple[str, ...]]:
    for found in [*_TYPED.findall(text), *_SAID.findall(text)]:
        words = tuple(re.sub(r"[\"'\[\]]|\.\.\.", "", found).split())
        if words and (words[0] in {name.split()[1] for name in VIDSET} or words[0] == "-h"):
            yield words


FOUND = [
    (each.relative_to(ROOT).as_posix(), words)
    for each in files()
    for words in commands(each.read_text(errors="replace"))
]


@pytest.mark.parametrize(("file", "words"), FOUND, ids=[f"{f}-{' '.join(w)}" for f, w in FOUND])
def test_a_command_that_a_file_names_is_one_of_the_command_line(file, words):
    assert fault_of_vidset(Command(" ".join(words), False, "vidset", "vidset", words)) is None


def test_commands_were_found_in_each_of_the_folders():
    tops = {file.split("/")[0] for file, _ in FOUND}
    assert tops >= {"Makefile", "deploy", "infra", "docker", "benchmarks"}


def test_the_containers_of_deploy_onprem_start_commands_that_there_are():
    services = yaml.safe_load((ROOT / "deploy/onprem/compose.yaml").read_text())["services"]
    ours = [
        tuple(service["command"])
        for service in services.values()
        if str(service.get("image", "")).startswith(("vidset", "${VIDSET")) or "build" in service
        if "command" in service and service["command"][0] in {n.split()[1] for n in VIDSET}
    ]
    assert ("watch" in {words[0] for words in ours}) is True
    for words in ours:
        call = Command(" ".join(words), True, "vidset", "vidset", words)
        assert fault_of_vidset(call) is None


def test_benchmarks_give_options_that_there_are():
    own = {"--only"}  # Of `python -m benchmarks`.
    paths = sorted((ROOT / "benchmarks").glob("*.py"))
    unknown = {path.name: named(path) - known() - own for path in paths}
    assert {name: found for name, found in unknown.items() if found} == {}
