"""Programs from the npm registry, locked, in the tests' cache."""

import shutil
import subprocess
from pathlib import Path

from tests.emulators.environments import digest, locked, skip_or_fail
from tests.emulators.servers import ToolMissingError, cache_folder

_SECONDS = 600.0


def node_modules(package: Path) -> Path:
    """Install what a folder's package-lock.json names, once; returns `node_modules`.

    Raises:
        ToolMissingError: npm is not installed, or cannot reach its registry.
    """
    text = (package / "package-lock.json").read_text()
    folder = cache_folder() / f"node-{digest(text)}"
    with locked(folder):
        if not folder.exists():
            _install(package, folder)
    return folder / "node_modules"


def modules_for_test(package: Path) -> Path:
    """As `node_modules`, for a test, which is skipped where it cannot be had."""
    try:
        return node_modules(package)
    except ToolMissingError as missing:
        skip_or_fail(missing)


def _install(package: Path, folder: Path) -> None:
    unfinished = folder.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for name in "package.json", "package-lock.json":
        shutil.copy(package / name, unfinished)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        subprocess.run(command, cwd=unfinished, check=True, capture_output=True, timeout=_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolMissingError("what npm locks for the page's tests", " ".join(command)) from error
    unfinished.rename(folder)
