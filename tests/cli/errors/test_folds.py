"""Labels of a version's own, judged by models that were trained without them."""

import json

import cv2
import numpy as np
import pytest

from tests.cli.called import vidset
from tests.datasets.numerals import entry, write_numerals, write_version
from vidset.datasets.versions.repository import Repository

pytestmark = pytest.mark.slow
LABELS = ("ii", "v", "x")


def mislabeled_version(repository):
    """Sixty training pictures, dark or bright, every tenth labeled wrong: id, their uris."""
    random = np.random.default_rng(4)
    entries, wrong = [], set()
    for number in range(60):
        level = 60 if number % 2 else 200
        noise = random.integers(-40, 40, (32, 32, 3))
        name, labels = f"{number:02}.png", ("bright", "dark")
        label = labels[(number + (number % 10 == 0)) % 2]
        wrong |= {name} if number % 10 == 0 else set()
        entries.append(entry(repository, (level + noise).astype(np.uint8), name, "train", label))
    return write_version(repository, entries), wrong


def test_a_versions_wrong_labels_are_found_by_folds_and_fixed(tmp_path):
    repository = Repository(tmp_path / "datasets")
    version, wrong = mislabeled_version(repository)
    out, sheet = tmp_path / "out", tmp_path / "sheet.png"
    look = ["errors", version, "--folds", 3, "--epochs", 12, "-o", out, "-p", tmp_path]
    done = vidset(*look, "--sheet", sheet, "--json")
    assert done.code == 0, done.err
    assert done.found["folds"] == {"folds": 3, "epochs": 12, "seed": 1}
    assert done.found["scores"]["images"] == 60
    shown = json.loads((out / "errors.json").read_text())["shown"]
    found = {image["image_uri"] for image in shown[:6]}
    assert len(found & wrong) >= 5, (found, wrong)
    assert cv2.imread(str(sheet)) is not None

    names = ("image_sha256", "image_uri")
    fixes = [
        {**{name: image[name] for name in names}, "action": "relabel", "label": image["suggested"]}
        for image in shown
        if image["image_uri"] in wrong
    ]
    decisions = tmp_path / "decisions.json"
    decisions.write_text(json.dumps({"version": version, "fixes": fixes}))
    assert vidset("review", decisions, "--errors", out, "-p", tmp_path).code == 0
    made = vidset("dataset", "fix", version, out / "fixes.json", "-p", tmp_path, "--json")
    assert made.code == 0, made.err
    assert made.found["changes"]["train"] == {"relabeled": len(fixes), "removed": 0}

    runs = sorted(path.stat().st_mtime_ns for path in out.glob("folds/*/fold-*.parquet"))
    again = vidset(*look)
    assert again.code == 0, again.err
    kept = sorted(path.stat().st_mtime_ns for path in out.glob("folds/*/fold-*.parquet"))
    assert kept == runs  # Nothing was trained again.


def test_a_real_run_is_evaluated_compared_and_looked_at(tmp_path):
    repository = Repository(tmp_path / "datasets")
    version = write_numerals(repository, {"train": 4, "validation": 3}, labels=LABELS)
    other = write_numerals(repository, {"train": 4, "validation": 5}, labels=LABELS, seed=9)
    where = ("-p", tmp_path)
    runs = []
    for seed in (1, 2):
        runs.append(tmp_path / f"run-{seed}")
        done = vidset(
            "train", version, "-o", runs[-1], "--epochs", 2, "--seeds", seed, *where, "--quiet"
        )
        assert done.code == 0, done.err
    own = vidset("evaluate", runs[0], *where, "--json").found["results"]["validation"]
    told = [json.loads(line) for line in (runs[0] / "history.jsonl").read_text().splitlines()]
    accuracies = [line["scores"]["validation"]["accuracy"] for line in told]
    assert own["accuracy"] == pytest.approx(max(accuracies))
    assert own["last_five"] == pytest.approx(accuracies)
    for run in runs:
        done = vidset("evaluate", run, "--on", other, *where, "--json")
        assert done.code == 0, done.err
        result = done.found["results"]["validation"]
        assert (result["images"], result["version"]) == (15, other)
        assert len(list((run / "evaluations").glob("*.parquet"))) == 1
    done = vidset("compare", runs[0], "vs", runs[1], "--allow-few", *where, "--json")
    assert done.code == 0, done.err
    assert done.found["images"] == 9
    assert done.found["is_larger_than_noise"] is None
    assert vidset("errors", runs[0], "-o", tmp_path / "out", *where, "--quiet").code == 0
