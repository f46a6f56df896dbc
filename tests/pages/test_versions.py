"""The pages about versions, training and scores: what they type runs on drawn images, in order."""

import json
import sys

import cv2
import numpy as np
import pytest

from tests.contracts.pages import pages
from tests.drawing import write_video
from tests.pages.typist import Page, type_examples
from vidset.demo.numerals import draw_numeral

pytestmark = pytest.mark.slow
COUNTS = {"train": 6, "validation": 3, "label_book": 1}


def write_images(folder, labels, draw):
    """Write `<split>/<label>/<number>.png`, each image another one."""
    random = np.random.default_rng(3)
    for split, count in COUNTS.items():
        for label in labels:
            for number in range(count):
                path = folder / split / label / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(path), draw(label, random))


def draw_blocks(label, random):
    """Blocks that are all dark or all light: a model tells them apart after a few epochs."""
    first = 0 if label == "dark" else 170
    blocks = random.integers(first, first + 85, (8, 8, 3), dtype=np.uint8)
    return cv2.resize(blocks, (64, 64), interpolation=cv2.INTER_NEAREST)


def draw_other_blocks(label, random):
    """Other images of the same kind: those of training would be refused."""
    return draw_blocks(label, np.random.default_rng([7, int(random.integers(1 << 30))]))


def mislabel(folder, split):
    """Give a dark image of a split the other label."""
    image = min((folder / split / "dark").iterdir())
    image.rename(folder / split / "light" / f"dark-{image.name}")


def test_datasets(shell):
    for name in "numerals", "corrected":
        write_images(shell.home / name, ("i", "ii", "x"), draw_numeral)
    wrong = shell.home / "corrected" / "train" / "i" / "0.png"
    wrong.rename(shell.home / "corrected" / "train" / "x" / "was-i.png")
    done = Page("docs/datasets.md").typed(shell)
    assert "relabeled" in done["vidset dataset diff v0 v1"].out
    exported = (shell.home / "numerals-v1").glob("*/*/*.png")
    assert len(list(exported)) == 3 * sum(COUNTS.values())


def test_data_centric(shell):
    Page(
        "docs/data-centric.md",
        elsewhere={
            "make demo-numerals": "It takes minutes: tests/demo/test_demo_loop.py is a small one.",
            "vidset loop": "tests/cli/test_loop.py runs a file with the same sections.",
            "vidset pipeline -o loop.yaml --image NAME": "It submits to Vertex AI: "
            "tests/training/pipelines/test_submitting.py asks servers of its own.",
            "docker buildx build": "It needs Docker and a registry: tests/docker checks the file.",
        },
        instead={"sha256:...": f"sha256:{'0' * 64}"},
    ).typed(shell)
    assert "europe-docker.pkg.dev/P/vidset/training@" in (shell.home / "loop.yaml").read_text()


def test_training(shell):
    write_images(shell.home / "blocks", ("dark", "light"), draw_blocks)
    for line in "vidset init", "vidset dataset create folders:blocks -n v0":
        assert shell.types(line).code == 0
    write_images(shell.home / "others", ("dark", "light"), draw_other_blocks)
    assert shell.types("vidset dataset create folders:others -n v1").code == 0
    write_forest(shell.home / "forest")
    # The page's fifty epochs would cost a minute, and show nothing else.
    instead = {"--epochs 50": "--epochs 4"}
    # The page's reader has scikit-learn in the Python of PATH; here the tests' own has it.
    (shell.home / "forest/model.toml").write_text(
        (shell.home / "forest/model.toml").read_text().replace('"python"', f'"{sys.executable}"')
    )
    # What the model is asked about.
    write_video(shell.home / "drive.mp4", scenes=[1, 2], seconds_each=1)
    assert shell.types("vidset extract drive.mp4").code == 0
    done = Page("docs/training.md", instead=instead).typed(shell)
    assert len(done) == 6
    runs = {path.name for path in (shell.home / "runs").iterdir()}
    assert runs == {"v0-1", "v0-2", "v0-3", "v0-forest-1"}
    history = json.loads((shell.home / "runs/v0-forest-1/history.jsonl").read_text())
    assert history["scores"]["validation"]["accuracy"] > 0.8


def write_forest(folder):
    """Write the two files that the page on training shows."""
    [page] = [page for page in pages() if page.name == "docs/training.md"]
    folder.mkdir()
    for name, kind in ("model.toml", "toml"), ("forest.py", "python"):
        (folder / name).write_text(page.blocks(kind)[0])


def test_evaluation(shell):
    write_images(shell.home / "blocks", ("dark", "light"), draw_blocks)
    for split in "train", "validation":
        mislabel(shell.home / "blocks", split)
    for line in (
        "vidset init",
        "vidset dataset create folders:blocks -n v0",
        "mv blocks/train/light/dark-* blocks/train/dark",
        "vidset dataset create folders:blocks -n v1 --parent v0",
        "vidset train v0 --seeds 1-3 --epochs 8",
        "vidset train v1 --seeds 1-3 --epochs 8",
    ):
        typed = shell.types(line)
        assert typed.code == 0, typed

    def decide():
        found = json.loads((shell.home / "errors" / "errors.json").read_text())
        images = [
            {key: each[key] for key in ("image_sha256", "image_uri")} for each in found["shown"]
        ]
        removed = {**images[0], "action": "remove"}
        fixes = {"version": found["version"], "fixes": [removed]}
        (shell.home / "decisions.json").write_text(json.dumps(fixes))

    done = Page(
        "docs/evaluation.md",
        before={"vidset review decisions.json": decide},
        # Five folds of fifteen epochs cost as much as all the rest.
        instead={"--folds 5": "--folds 2 --epochs 2"},
    ).typed(shell)
    assert "v1.1" in done["vidset dataset fix v1 errors/fixes.json -n v1.1"].out
    assert (shell.home / "top50.png").is_file()
    type_examples(
        shell,
        *("vidset dataset list", "vidset dataset show", "vidset dataset diff"),
        *("vidset dataset statistics", "vidset dataset verify", "vidset compare v0 vs v1"),
        *("vidset evaluate v0-1", "vidset errors v0-1", "vidset help"),
    )
