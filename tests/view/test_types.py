"""The page's modules keep the types that they state."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.emulators.node import modules_for_test
from tests.paths import ROOT

NODE = Path(__file__).with_name("node")
PAGE = ROOT / "vidset" / "view" / "page"

pytestmark = pytest.mark.slow


def test_the_modules_are_checked_by_typescript(tmp_path):
    modules = modules_for_test(NODE)
    config = json.loads((NODE / "tsconfig.json").read_text())
    files = [str(file) for file in sorted(PAGE.glob("*.js"))]
    assert len(files) > 10
    (tmp_path / "tsconfig.json").write_text(json.dumps({**config, "files": files}))
    done = subprocess.run(
        ["node", modules / "typescript" / "bin" / "tsc", "-p", tmp_path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:]


def test_the_page_asks_nobody_else():
    for file in [*PAGE.glob("*.js"), *PAGE.glob("*.css"), *PAGE.glob("*.html")]:
        text = file.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, file
        assert "https://" not in text, file
        assert "innerHTML" not in text, file
