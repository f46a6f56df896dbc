"""The built-in detector from its seed on drawn blood cells: its AP50, and how long it takes."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.datasets.cells import write_cells
from vidset.datasets.versions.repository import Repository

_SMEARS = {"train": 150, "validation": 50}
_EPOCHS, _THREADS = 20, 2
_AIM_AP50, _AIM_MINUTES = 0.75, 20
_RECIPE = """augmentations:
  copies: 2
  seed: 1
  steps:
  - flip: {horizontal: [0, 1], vertical: [0, 1]}
  - colour: {hue: [-12, 12], saturation: [0.8, 1.25], contrast: [0.85, 1.15]}
  - brightness: {factor: [0.9, 1.1]}
"""


def run(_: list[Path]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        version = write_cells(Repository(place / "datasets"), _SMEARS)
        (place / "more.yaml").write_text(_RECIPE)
        _vidset(place, "dataset", "apply", version, str(place / "more.yaml"), "-n", "more")
        print(
            f"\nDrawn blood cells, {_SMEARS['train']} and {_SMEARS['validation']} images, "
            f"{_EPOCHS} epochs, {_THREADS} threads, one seed; the aim is AP50 {_AIM_AP50} within "
            f"{_AIM_MINUTES} minutes\n"
        )
        print("| training images | minutes | best epoch | AP50 | AP | AP50 of each label |")
        print("|---|---|---|---|---|---|")
        for name, told in ((version, "as they are"), ("more", "and two copies of each")):
            began = time.monotonic()
            words = ("train", name, "--epochs", str(_EPOCHS), "--threads", str(_THREADS))
            (trained,) = _vidset(place, *words)["runs"]
            minutes = (time.monotonic() - began) / 60
            found = _vidset(place, "evaluate", Path(trained["output"]).name)["results"][
                "validation"
            ]
            labels = ", ".join(
                f"{label} {one['ap50']:.3f}" for label, one in found["labels"].items()
            )
            print(
                f"| {told} | {minutes:.1f} | {trained['best_epoch']} | {found['ap50']:.3f} "
                f"| {found['ap']:.3f} | {labels} |",
                flush=True,
            )


def _vidset(place: Path, *words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "vidset", *words, "-p", str(place), "--json", "-q"]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(ended.stdout)
