"""The command line prints and exits; rooms return values, raise errors and report to callbacks."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.paths import ROOT

# Programs of their own: a Beam job's exit code, the functions' structured log, the server's log,
# which goes to the file that it is given.
_PROGRAMS = {
    "vidset/beam/export_job.py",
    "vidset/beam/ingest_job.py",
    "vidset/beam/job_main.py",
    "vidset/labeling/entry_points.py",
    "vidset/local_labeling/server.py",
}
_TERMINAL = {"rich", "typer", "click"}
_FOLDER_THAT_SHOWS = "vidset/cli/"
ROOMS = sorted(
    name
    for path in (ROOT / "vidset").rglob("*.py")
    if not (name := path.relative_to(ROOT).as_posix()).startswith(_FOLDER_THAT_SHOWS)
    and name not in {*_PROGRAMS, "vidset/__main__.py"}
)


def shows(path: Path) -> Iterator[str]:
    """Yield what in a module prints, draws on a terminal or ends the process."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name.split(".")[0] in _TERMINAL)
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").split(".")[0] in _TERMINAL:
                yield f"from {node.module}"
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in {"print", "sys.exit", "exit", "SystemExit", "sys.stdout.write"}:
                yield f"line {node.lineno}: {called}"


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_prints_nothing_and_ends_no_process(name):
    assert list(shows(ROOT / name)) == []


def test_what_shows_is_found(tmp_path):
    module = tmp_path / "module.py"
    module.write_text("import sys, rich.table\nfrom typer import Exit\nprint(1)\nsys.exit(2)\n")
    assert list(shows(module)) == ["rich.table", "from typer", "line 3: print", "line 4: sys.exit"]
