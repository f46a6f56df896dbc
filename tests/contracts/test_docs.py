"""What README and docs tell to type exists, and what they name and link to is there."""

import importlib
import importlib.util
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from importlib.util import find_spec

import pytest
import typer
from apache_beam.options.pipeline_options import PipelineOptions
from typer.core import TyperCommand, TyperGroup

from benchmarks.__main__ import SECTIONS
from tests.contracts.pages import ROOT, Command, pages
from vidset.beam import export_job, ingest_job
from vidset.beam.export_options import ExportOptions
from vidset.beam.ingest_options import DeadLetterOptions, IngestOptions
from vidset.cli.command import tree_of
from vidset.cli.main import app

PAGES = pages()
TEXT = "\n".join(page.text for page in PAGES)
MAKEFILE = (ROOT / "Makefile").read_text()
JOBS = {
    "vidset.beam.ingest_job": ingest_job.configure,
    "vidset.beam.export_job": export_job.configure,
}
# What click raises, whichever typer brings along.
USAGE_ERROR = typer.BadParameter.__mro__[1]
# Options of pip, MinIO, infra/check and Slurm that pages speak of.
FOREIGN = {"--no-deps", "--certs-dir", "--dir", "--array", "--requeue"}
# What the pages' own commands write into the checkout.
WRITTEN = {
    "build/labeling_task.zip",
    "build/torchvision",
    "docker/beam/bases.env",
    "forest/forest.py",  # The reader's own.
    "infra/backend_override.tf",
    "infra/cloud_run_image.auto.tfvars",
    "infra/terraform.tfvars",
    "infra/worker_image.auto.tfvars",
}
SOURCES = [path for path in sorted(ROOT.iterdir()) if path.name not in (".git", ".venv", "out")]
FILES = [
    str(path.relative_to(ROOT))
    for top in SOURCES
    for path in ([top] if top.is_file() else [top, *top.rglob("*")])
]
CLI = tree_of(app)
each_page = pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])


def below(command: object, name: str) -> Iterator[tuple[str, TyperCommand]]:
    """The commands that do something, by all their words."""
    if isinstance(command, TyperGroup):
        for word, each in command.commands.items():
            yield from below(each, f"{name} {word}")
    elif isinstance(command, TyperCommand):
        yield name, command


VIDSET = dict(below(CLI, "vidset"))


def options_of(command: TyperCommand | TyperGroup) -> set[str]:
    options = ([*parameter.opts, *parameter.secondary_opts] for parameter in command.params)
    return {option for each in options for option in each} | {"--help"}


def options_in(words: tuple[str, ...]) -> set[str]:
    return {word.partition("=")[0] for word in words if re.match("--?[a-z]", word)}


def fault_of_vidset(call: Command) -> str | None:
    """What its command line has against these words."""
    command, words = CLI, call.arguments
    if "--" in words:  # What follows is Beam's.
        words = words[: words.index("--")]
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return f"no command {words[0]}"
        command, words = command.commands[words[0]], words[1:]
    assert isinstance(command, TyperCommand | TyperGroup)
    if not call.whole:
        return ", ".join(sorted(options_in(words) - options_of(command))) or None
    try:
        command.make_context("vidset", list(words))
    except USAGE_ERROR as error:
        return str(error)
    return None


def fault_of_python(call: Command) -> str | None:
    """Jobs check their options themselves; others have them in their source."""
    if call.program in JOBS and call.whole:
        try:
            JOBS[call.program](call.arguments)
        except ValueError as error:
            return str(error)
        return None
    path = ROOT / call.program
    if not path.is_file():
        path = ROOT.joinpath(*call.program.split("."))
        path = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
    if not path.is_file():
        # A library's program: whether it is there can be told, its options cannot.
        return None if find_spec(call.program) else "no such program"
    source = path.read_text()
    return ", ".join(o for o in options_in(call.arguments) if f'"{o}"' not in source) or None


def fault_of_make(call: Command) -> str | None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
    unknown = [word for word in call.arguments if "=" not in word and word not in targets]
    given = [word.partition("=")[0] for word in call.arguments if "=" in word]
    return ", ".join(unknown + [name for name in given if f"$({name})" not in MAKEFILE]) or None


@each_page
def test_a_command_that_a_page_tells_to_type_is_taken(page):
    check = {"vidset": fault_of_vidset, "make": fault_of_make}
    calls = [call for call in page.commands if call.kind in (*check, "python")]
    faults = {call.line: check.get(call.kind, fault_of_python)(call) for call in calls}
    assert {line: fault for line, fault in faults.items() if fault} == {}


def test_the_pages_tell_to_type_commands_of_each_kind():
    kinds = {call.kind for page in PAGES for call in page.commands if call.whole}
    assert kinds >= {"vidset", "make", "python"}


@each_page
def test_an_option_that_a_page_speaks_of_exists(page):
    job = PipelineOptions()
    parts = [job.view_as(part) for part in (IngestOptions, ExportOptions, DeadLetterOptions)]
    known = {f"--{name}" for part in parts for name in part.get_all_options()}
    known = known.union(FOREIGN, *map(options_of, VIDSET.values()), options_of(CLI))
    spoken = [options_in((span.split()[0],)) for span in page.spans if span.startswith("--")]
    assert set().union(*spoken) - known == set()


@pytest.mark.parametrize("name", VIDSET)
def test_a_command_is_described_with_its_options(name):
    group, _, last = name.rpartition(" ")
    named = [re.escape(f"`{name}") + r"\b", re.escape(f"`{group} ") + rf".*`{last}\b"]
    assert re.search("|".join(named), TEXT)
    wanted = {option for option in options_of(VIDSET[name]) if option.startswith("--")}
    missing = {option for option in wanted if not re.search(rf"{option}(?![\w-])", TEXT)}
    assert missing - {"--help"} == set()


def test_the_page_of_benchmarks_names_all():
    [page] = [page for page in PAGES if page.name == "docs/benchmarks.md"]
    [listed] = re.findall(r"\[--only ([\w|]+)\]", page.text)
    assert listed.split("|") == list(SECTIONS)


@each_page
def test_a_link_leads_somewhere(page):
    anchors = {(ROOT / each.name).resolve(): each.anchors for each in PAGES}
    broken = []
    for target in page.links:
        path, _, anchor = target.partition("#")
        file = ((ROOT / page.name).parent / path).resolve() if path else (ROOT / page.name)
        if not file.exists() or (anchor and anchor not in anchors[file.resolve()]):
            broken.append(target)
    assert broken == []


@each_page
def test_a_file_of_the_checkout_that_a_page_names_is_there(page):
    tops = {path.name for path in SOURCES if path.is_dir()}
    missing = []
    for span in page.spans:
        name = span.rstrip("/")
        ours = re.fullmatch(r"[\w.*-]+(/[\w.*-]+)+", name) and name.partition("/")[0] in tops
        if not ours and not re.fullmatch(r"[\w*/-]+\.(py|tf|sh|hcl|service)", name):
            continue
        if name not in WRITTEN and not any(fnmatch(f"/{file}", f"*/{name}") for file in FILES):
            missing.append(span)
    assert missing == []


@each_page
def test_a_name_in_a_package_that_a_page_names_is_there(page):
    pattern = r"((?:benchmarks|dataflow|labeling|training)(?:\.\w+)+)(?:\(.*\))?"
    missing = []
    for span in page.spans:
        match = re.fullmatch(pattern, span)
        if not match or span.endswith(".tf"):
            continue
        module, _, name = match[1].rpartition(".")
        if "(" in span:
            found = hasattr(importlib.import_module(module), name)
        else:
            found = importlib.util.find_spec(match[1]) is not None
        if not found:
            missing.append(span)
    assert missing == []


def test_a_part_of_the_package_that_is_installed_exists():
    parts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = ",".join(re.findall(r"(?:vidset|\.)\[([\w,]+)\]", TEXT)).split(",")
    assert set(named) - {"part"} <= set(parts)
    assert {"extract", "train"} <= set(named)
