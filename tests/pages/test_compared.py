"""The page that compares: what it says to try runs on drawn numerals."""

import pytest

from tests.pages.test_versions import write_images
from tests.pages.typist import Page
from vidset.demo.numerals import draw_numeral

pytestmark = pytest.mark.slow
RECIPE = "transforms:\n- threshold: {level: 100}\n- quantise: {levels: 4}\n"


def test_compared(shell):
    write_images(shell.home / "numerals", ("i", "ii", "x"), draw_numeral)
    (shell.home / "recipe.yaml").write_text(RECIPE)
    done = Page("docs/compared.md", instead={"sha256:...": f"sha256:{'0' * 64}"}).typed(shell)
    assert "version v1" not in done["vidset dataset scores"].err
    assert "accuracy" in done["vidset dataset scores"].out
    assert (shell.home / "records" / "train" / "label_map.pbtxt").is_file()
    assert "threshold" in done["vidset trace v1-1"].out
