"""The page that compares: each row holds, and what it says to try runs on drawn numerals."""

import json
import re

import pytest

from tests.cli.labels import box, write_labelme
from tests.contracts.pages import pages
from tests.drawing import write_video
from tests.end_to_end.jobs import rows
from tests.pages.test_versions import write_images
from tests.pages.typist import Page
from vidset.demo.numerals import draw_numeral

NAME = "docs/compared.md"
RECIPE = "transforms:\n- threshold: {level: 100}\n- quantise: {levels: 4}\n"
VIDEOS = 4
# Commands of the tables that the page does not tell to type, and what runs them.
ELSEWHERE = {
    "vidset watch": "It stays: tests/watch.",
    "vidset predict": "It needs a model: tests/cli/predict.",
    "vidset select": "It needs predictions: tests/cli/select.",
    "vidset label dispatch": "It needs a vendor: tests/cli/label, docs/labeling.md.",
    "vidset label serve": "It stays: tests/cli/label/test_serve.py, docs/labeling.md.",
    "vidset label connect": "It needs Label Studio: tests/cli/label.",
    "vidset loop": "It needs a file: tests/cli/test_loop.py.",
    "vidset review": "It needs a person's decisions: tests/cli/errors/test_review.py.",
    "vidset view": "It stays: tests/view.",
    "vidset demo": "tests/demo.",
}


def table_rows() -> list[list[str]]:
    """The cells of the page's rows, without the heads of the tables."""
    [page] = [page for page in pages() if page.name == NAME]
    lines = [line for line in page.text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0] != "what they do"]


def command_of(text: str) -> str | None:
    """`vidset dataset create` of a line that begins so; None for another program."""
    found = re.match(r"vidset ((?:dataset|label) [a-z]+|[a-z]+)", text)
    return found and f"vidset {found[1]}"


def test_every_row_works_with_a_command_beside_it_or_is_left_out_with_its_reason():
    found = table_rows()
    assert len(found) > 80
    for row in found:
        assert len(row) == 3, row
        _, here, how = row
        if how.startswith("left out: "):
            assert here == "", row
        else:
            assert how.startswith("works"), row
            assert "`" in here or "](" in here, row


def test_every_command_of_a_row_is_typed_here_or_says_where():
    said = {
        command
        for row in table_rows()
        for span in re.findall(r"`([^`]+)`", row[1])
        if (command := command_of(span))
    }
    lines = [part for line in Page(NAME).lines for part in line.text.split(" && ")]
    typed = {command for line in lines if (command := command_of(line))}
    assert said - typed - set(ELSEWHERE) == set()
    assert set(ELSEWHERE) & typed == set()


@pytest.mark.slow
def test_compared(shell):
    write_images(shell.home / "numerals", ("i", "ii", "x"), draw_numeral)
    (shell.home / "recipe.yaml").write_text(RECIPE)
    drives = shell.home / "drives"
    drives.mkdir()
    for number in range(VIDEOS):
        first = number * 2
        write_video(drives / f"{number}.mp4", scenes=[first, first + 1, first + 1])

    def draw_labels():
        place = shell.home / "roads"
        for row in rows(str(place), "frames"):
            if row["kept"]:
                name = row["image_uri"].partition("/images/")[2]
                size = {"imageWidth": row["width"], "imageHeight": row["height"]}
                write_labelme(shell.home / "labels", name, box(), **size)

    done = Page(
        "docs/compared.md",
        instead={"sha256:...": f"sha256:{'0' * 64}"},
        before={"vidset label import": draw_labels},
    ).typed(shell)
    board = done["vidset dataset scores --best"].out
    assert "accuracy" in board
    assert "best by" in board
    assert (shell.home / "records" / "train" / "label_map.pbtxt").is_file()
    assert "threshold" in done["vidset trace v1-1"].out
    run = json.loads((shell.home / "runs" / "v1-1" / "run.json").read_text())
    assert run["select_by"] == "loss"
    assert f"{VIDEOS} videos: CC-BY-4.0 ({VIDEOS})" in done["vidset rights"].out
    coco = json.loads((shell.home / "coco" / "train" / "annotations.json").read_text())
    assert [each["name"] for each in coco["licenses"]] == ["CC-BY-4.0"]
    assert "recipe" not in done["vidset trace v0"].out
    assert (
        f"{VIDEOS} videos would be deleted" in done["vidset forget --collector car-7 --dry-run"].out
    )
