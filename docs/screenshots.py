"""Draws the pictures of README and docs anew: `make screenshots`.

They show the demo, which draws the same drive each time: its contact sheet, its labels, and the
page of `vidset view` in the system's Chromium.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.emulators.browser import find_browser, run_browser  # noqa: E402

DOCS = ROOT / "docs"
_DRAWN = ("contact_sheet.jpg", "labels.jpg")
_SECONDS = 600
_SETTINGS = {"ready": "main[aria-busy=false]", "width": 1280, "height": 800, "wait_ms": 120_000}
# The page has its pictures when the strip or the grid has drawn them.
_STRIP = "document.querySelector('#counts')"
_GRID = "Number(document.querySelector('.grid')?.dataset.drawn) > 20"
_MOMENT = "() => new Promise((done) => setTimeout(done, 1500))"
_SHOWN_FOLDER = "/home/ada/roads"
# Commands on the page name the folder that the demo was drawn in: a reader has one of their own.
_RENAME = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    walker.currentNode.data = walker.currentNode.data.replaceAll(%s, %s);
  }
}"""


def main() -> int:
    try:
        browser = find_browser()
    except pytest.skip.Exception as missing:
        print(missing, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        # Its name stands on the pages.
        place = Path(folder, "roads")
        vidset = [sys.executable, "-m", "vidset"]
        subprocess.run([*vidset, "demo", "-o", place, "-q"], check=True)
        for name in _DRAWN:
            shutil.copyfile(place / name, DOCS / name)
        command = [*vidset, "view", place, "--json", "--port", "0"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            if server.stdout is not None:
                draw(browser, json.loads(server.stdout.readline())["url"], place)
        finally:
            server.terminate()
            server.wait()
    for name in (*_DRAWN, "view.jpg", "images.jpg"):
        print(DOCS / name)
    return 0


def draw(browser: Any, url: str, place: Path) -> None:
    """Draw the page of a video and that of the images."""
    rename = _RENAME % (json.dumps(str(place)), json.dumps(_SHOWN_FOLDER))
    run_browser(
        browser,
        url,
        (
            ["open", "#/"],
            ["theme", "dark"],
            ["open", "#/videos"],
            ["click", "table a"],
            ["wait", _STRIP],
            ["run", _MOMENT],
            ["run", rename],
            ["picture", str(DOCS / "view.jpg")],
            ["open", "#/images"],
            ["wait", _GRID],
            ["run", _MOMENT],
            ["run", rename],
            ["picture", str(DOCS / "images.jpg")],
        ),
        allowed=(url, "blob:"),
        timeout=_SECONDS,
        **_SETTINGS,
    )


if __name__ == "__main__":
    sys.exit(main())
