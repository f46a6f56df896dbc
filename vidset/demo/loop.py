"""Once around the data-centric loop, on drawn numerals whose faults are known.

Every step is a command that a user could type; the demo prints it, runs it, and goes on. Only one
thing is different from real life: the reviewer, who here looks the right answer up.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vidset.demo.numerals import NUMERALS, draw_numeral
from vidset.demo.steps import Steps, Teller
from vidset.output import make_output
from vidset.project import Project, make_place
from vidset.storage.writing import remove_tree, write_atomically

IMAGES, TRUTH = "images", "truth.json"
_TRAIN, _VALIDATION, _LABEL_BOOK = 48, 14, 4
"""Images of each numeral."""
_WRONG_LABELS, _SCRIBBLES, _LEAKS = 60, 15, 8
_SEEDS = (1, 2, 3)
_FOLDS, _FOLD_EPOCHS, _EPOCHS_BEFORE, _EPOCHS_AFTER = 3, 15, 15, 8
_FLOOR = 0.6
_RECIPE = """\
transforms:                     # every image of every split
- crop_to_content: {difference: 60, speck: 0.05}
- pad: {to: square, margin: 0.08}
- resize: {width: 64, height: 64}
augmentations:                  # new images, for training alone
  copies: 3
  seed: 1
  steps:
  - rotate: {degrees: [-12, 12]}
  - shear: {degrees: [-12, 12]}
  - zoom: {factor: [0.85, 1.1], stretch: [0.8, 1.2]}
"""


@dataclass(frozen=True, slots=True)
class Around:
    """The commands that were run, and what the comparison at the end printed."""

    project: Project
    commands: tuple[str, ...]
    comparison: str


def go_around(output: str, teller: Teller) -> Around:
    """Go once around the loop in the folder `output`, which is begun again.

    Raises:
        ValueError: `output` cannot be a folder.
    """
    make_output(output)
    out = Path(output)
    project = Project(str(out.absolute()))
    make_place(project)
    for name in IMAGES, "datasets", "runs", "errors":
        remove_tree(out / name)
    steps = Steps(out, teller)
    truth = draw_faulty(out / IMAGES)
    write_atomically(out / TRUTH, json.dumps(truth, indent=1, sort_keys=True))
    write_atomically(out / "recipe.yaml", _RECIPE)
    teller.tell(
        f"{IMAGES}/: numerals drawn, with {_WRONG_LABELS} wrong labels, {_SCRIBBLES} scribbles and "
        f"{_LEAKS} training images that stand in validation too"
    )
    folders = ("dataset", "create", IMAGES, "--name", "v0")
    steps.run("What the audit says", *folders, may_refuse=True)
    steps.run("Without the leaks", *folders, "--on-leaks", "drop", "--skip-faults")
    _train(steps, "v0", _EPOCHS_BEFORE)
    folds = ("--folds", _FOLDS, "--epochs", _FOLD_EPOCHS)
    steps.run("Which labels are likely wrong", "errors", "v0", *folds)
    reviewed = _review(out, truth)
    teller.tell(f"errors/index.html reviewed by somebody who knows the truth: {reviewed} decisions")
    steps.run("What is to be done", "review")
    steps.run("The labels, corrected", "dataset", "fix", "v0", "errors/fixes.json", "--name", "v1")
    steps.run("The images, prepared", "dataset", "apply", "v1", "recipe.yaml", "--name", "v2")
    steps.run("What has changed", "dataset", "diff", "v0", "v1", "--show", 3)
    _train(steps, "v2", _EPOCHS_AFTER)
    steps.run("How good it is", "evaluate", f"v2-{_SEEDS[0]}", "--floor", _FLOOR)
    few = ["--allow-few"] if len(_SEEDS) < 3 else []
    compared = steps.run("Whether that is real", "compare", "v0", "vs", "v2", *few)
    teller.tell(f"the page to review   {out / 'errors' / 'index.html'}")
    return Around(project, tuple(steps.commands), compared)


def _train(steps: Steps, version: str, epochs: int) -> None:
    seeds = ",".join(map(str, _SEEDS))
    options = ("--seeds", seeds, "--epochs", epochs, "--splits", "validation,label_book")
    lines = 4 * len(_SEEDS)
    steps.run(f"The fixed model on {version}", "train", version, *options, last_lines=lines)


def draw_faulty(folder: Path) -> dict[str, str | None]:
    """Draw numerals into `<split>/<label>/`, some of them with faults that happen in real life.

    Returns:
        What each training image truly shows, by its path below the folder; None: no numeral.
    """
    random = np.random.default_rng(7)
    truth: dict[str, str | None] = {}
    splits = {"train": _TRAIN, "validation": _VALIDATION, "label_book": _LABEL_BOOK}
    for split, images in splits.items():
        for label in NUMERALS:
            for number in range(images):
                name = f"{split}/{label}/{label}-{number:03d}.png"
                _write(folder / name, draw_numeral(label, random))
                if split == "train":
                    truth[name] = label
    for name in random.choice(sorted(truth), _WRONG_LABELS, replace=False).tolist():
        others = [label for label in NUMERALS if label != truth[name]]
        wrong = f"train/{random.choice(others)}/{Path(name).name}"
        (folder / name).rename(folder / wrong)
        truth[wrong] = truth.pop(name)
    for number in range(_SCRIBBLES):
        name = f"train/{random.choice(NUMERALS)}/scribble-{number:03d}.png"
        _write(folder / name, _scribble(random))
        truth[name] = None
    right = sorted(name for name, label in truth.items() if label == Path(name).parts[1])
    for number, name in enumerate(random.choice(right, _LEAKS, replace=False).tolist()):
        shutil.copy(folder / name, folder / "validation" / str(truth[name]) / f"again-{number}.png")
    (folder / "train" / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    return truth


def _scribble(random: np.random.Generator) -> np.ndarray:
    picture = np.full((80, 80, 3), 235, np.uint8)
    points = random.integers(10, 70, (12, 1, 2)).astype(np.int32)
    cv2.polylines(picture, [points], isClosed=False, color=(40, 40, 40), thickness=2)
    return picture


def _write(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


def _review(out: Path, truth: dict[str, str | None]) -> int:
    """Decide on all that the queue suspects, as a person would on the page; how many."""
    errors = json.loads((out / "errors" / "errors.json").read_text())
    fixes = []
    for image in errors["shown"]:
        right, given = truth[image["image_uri"]], image["label"]
        fix = {"image_sha256": image["image_sha256"], "image_uri": image["image_uri"]}
        if right is None:
            fix |= {"action": "remove", "category": "none of the labels"}
        elif right != given:
            fix |= {"action": "relabel", "label": right, "category": "label wrong"}
        else:
            fix |= {"action": "keep"}
        fixes.append(fix)
    text = json.dumps({"version": errors["version"], "fixes": fixes}, indent=1)
    write_atomically(out / "errors" / "decisions.json", text)
    return len(fixes)
