"""A real browser that tests drive: the system's Chromium, by a program in its own environment."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.emulators.environments import python_for_test, skip_or_fail
from tests.emulators.servers import ToolMissingError

_REQUIREMENTS = Path(__file__).with_name("browser-requirements.txt")
_PROGRAM = Path(__file__).with_name("browsing.py")
_INSTALL_SECONDS = 300
_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_browser() -> tuple[str, Path]:
    """The system's browser, and a Python that can drive it; a test is skipped without them."""
    path = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if path is None:
        skip_or_fail(ToolMissingError("chromium", "apt-get install chromium"))
    return path, python_for_test("browser", _REQUIREMENTS, _INSTALL_SECONDS)


def run_browser(
    browser: tuple[str, Path],
    url: str,
    steps: tuple[list[Any], ...],
    *,
    allowed: tuple[str, ...],
    timeout: float,
    **settings: object,
) -> list[Any]:
    """Do steps in a new browser; what each gave. The page must have said nothing.

    Args:
        url: of the page, or of the server whose pages are opened.
        steps: as `browsing.py` names them.
        allowed: how the urls begin that the page may ask for.
        timeout: in seconds, for all steps.
        settings: what `Settings` in `browsing.py` holds.
    """
    path, python = browser
    command = [python, "-I", _PROGRAM, path, url, json.dumps(settings), json.dumps(steps)]
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout)
    assert said["messages"] == [], said["messages"]
    assert [each for each in said["requests"] if not each.startswith(allowed)] == []
    return said["found"]
