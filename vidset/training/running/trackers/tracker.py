"""Tells an experiment tracker of a run. Trackers know run.json and history.jsonl alone."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from vidset.json_files import read_object
from vidset.regular_files import read_regular_text

# What is worth comparing runs by, of run.json.
PARAMETERS = (
    *("model", "recipe_hash", "version", "reference", "transforms", "train_images"),
    *("seed", "epochs", "threads", "device"),
)


class Tracker(Protocol):
    """A run's epochs, told to another program. A run that goes on later is the same one there."""

    def start(self, run: Mapping[str, Any], folder: Path) -> None:
        """Before the first epoch, or before a run goes on: `run` is run.json."""
        ...

    def log(self, line: Mapping[str, Any]) -> None:
        """An epoch: a line of history.jsonl. One that was told before changes nothing."""
        ...

    def finish(self, run: Mapping[str, Any]) -> None:
        """After the last epoch."""
        ...


def publish(folder: Path, tracker: Tracker) -> None:
    """Tell a tracker of a run that is done, from its folder: PyTorch need not be there."""
    run = read_object(folder / "run.json", "a run")
    tracker.start(run, folder)
    for line in read_regular_text(folder / "history.jsonl").splitlines():
        tracker.log(json.loads(line))
    tracker.finish(run)


def figures(line: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Names and values of an epoch: train/loss, train/seconds, <split>/<score>."""
    if line["train_loss"] is not None:  # A program of its own tells none.
        yield "train/loss", line["train_loss"]
    yield "train/seconds", line["seconds"]
    for split, scores in line["scores"].items():
        for name, value in scores.items():
            if value is not None:
                yield f"{split}/{name}", value


def parameters(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters in run.json, with each list as one text."""
    return {
        name: json.dumps(value) if isinstance(value, list) else value
        for name in PARAMETERS
        if (value := run.get(name)) is not None
    }
