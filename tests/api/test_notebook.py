"""The notebook of the documentation runs from its first cell to its last."""

import json
import shlex

import cv2
import numpy as np
import pytest

from tests.cli.called import vidset as typed
from tests.drawing import write_video
from tests.paths import ROOT


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with what the notebook asks for: videos, and images of two labels."""
    root = tmp_path_factory.mktemp("notebook")
    write_video(root / "drives" / "drive.mp4", scenes=[0, 1, 1, 2])
    random = np.random.default_rng(0)
    for split, count in ("train", 4), ("validation", 2):
        for label, first in ("dark", 0), ("light", 150):
            for number in range(count):
                path = root / "blocks" / split / label / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                blocks = random.integers(first, first + 90, (32, 32, 3), dtype=np.uint8)
                cv2.imwrite(str(path), blocks)
    return root


def run_notebook(names: dict) -> None:
    """Run its cells in order; lines that begin with `!vidset` are typed."""
    notebook = json.loads((ROOT / "docs" / "python.ipynb").read_text())
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        assert cell["outputs"] == [], "outputs would be others' figures"
        lines = "".join(cell["source"]).splitlines()
        commands = [shlex.split(line[1:]) for line in lines if line.startswith("!")]
        for program, *arguments in commands:
            assert program == "vidset"
            done = typed(*arguments)
            assert done.code == 0, done.err
        text = "\n".join(line for line in lines if not line.startswith("!"))
        exec(compile(text, "docs/python.ipynb", "exec"), names)  # noqa: S102 (our own page)


def test_the_notebook_runs(folder, monkeypatch):
    import torch

    monkeypatch.chdir(folder)
    before = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    names: dict = {}
    run_notebook(names)
    assert (torch.get_num_threads(), torch.get_deterministic_debug_mode()) == before
    summary, roads = names["summary"], names["roads"]
    assert (summary.videos, summary.samples, summary.kept) == (1, 4, 3)
    assert len(names["ids"]) == 3
    assert roads.frames.arrow().num_rows == 4
    assert sum(batch.num_rows for batch in roads.frames.batches(2)) == 4
    assert roads.videos.pandas()["status"].tolist() == ["done"]
    assert roads.annotations.arrow().num_rows == 0
    with pytest.raises(KeyError, match="there is no image 'nothing'"):
        roads.image("nothing")
    with pytest.raises(ValueError, match="wanted one SELECT, got COPY"):
        roads.sql("COPY frames TO 'x'")
    assert names["pictures"].shape == (4, 3, 32, 32)
    assert names["read"][2:] == names["rest"]
    assert len(names["members"]) == 8
    assert names["run"]["state"] == "done"
    assert (folder / "work" / "runs").is_dir()
    import vidset

    with pytest.raises(ValueError, match="wanted place or source, got both"):
        vidset.dataset("v0", "work", source="elsewhere")
    assert vidset.dataset(place="work").id == names["dataset"].id
