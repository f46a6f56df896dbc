"""A real browser that tests drive: the system's Chromium, by a program in its own environment."""

import atexit
import json
import shutil
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
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
    """Do steps in a new session of a browser; what each gave. The page must have said nothing.

    Args:
        url: of the page, or of the server whose pages are opened.
        steps: as `browsing.py` names them.
        allowed: how the urls begin that the page may ask for.
        timeout: in seconds, for all steps.
        settings: what `Settings` in `browsing.py` holds.
    """
    process = _started(*browser)
    told = json.dumps({"url": url, "settings": settings, "steps": steps}) + "\n"
    said = process.ask(told, timeout)
    assert said["messages"] == [], said["messages"]
    assert [each for each in said["requests"] if not each.startswith(allowed)] == []
    return said["found"]


class _Browser:
    """A browser that is started once, which is most of what a few steps cost."""

    def __init__(self, path: str, python: Path):
        self._said = TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [str(python), "-I", str(_PROGRAM), path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
        )
        atexit.register(self._end)

    def ask(self, line: str, seconds: float) -> dict[str, list[Any]]:
        """What a line is answered with. A browser that fails has ended, and another one begins."""
        process = self._process
        assert process.stdin
        assert process.stdout
        guard = Timer(seconds, process.kill)
        guard.start()
        try:
            process.stdin.write(line.encode())
            process.stdin.flush()
            answer = process.stdout.readline()
        except BrokenPipeError:
            answer = b""
        finally:
            guard.cancel()
        if not answer:
            _started.cache_clear()
            self._end()
            self._said.seek(0)
            raise AssertionError(self._said.read()[-3000:].decode(errors="replace"))
        return json.loads(answer)

    def _end(self) -> None:
        atexit.unregister(self._end)
        with suppress(BrokenPipeError):
            self._process.communicate()


@cache
def _started(path: str, python: Path) -> _Browser:
    return _Browser(path, python)
