"""Linters of Dockerfiles, shell scripts and workflows, in an environment of their own."""

import subprocess
from pathlib import Path

from tests.emulators.environments import python_for_test

REQUIREMENTS = Path(__file__).with_name("linters-requirements.txt")
INSTALL_SECONDS = 300
RUN_SECONDS = 600


def lint(tool: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a linter; a missing one skips the test, or fails it when VIDSET_REQUIRE_TOOLS=1."""
    python = python_for_test("linters", REQUIREMENTS, INSTALL_SECONDS, is_complete=True)
    # What is written in Python is run as a module: scripts know the place that they were made in.
    program = [python, "-m", "check_jsonschema"] if tool == "check-jsonschema" else []
    return subprocess.run(
        [*map(str, program or [python.with_name(tool)]), *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
    )
