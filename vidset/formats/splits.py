"""The parts that tools cut a dataset into, under one name each: train, validation and test."""

import re
from collections.abc import Iterable
from pathlib import PurePath

TRAIN, VALIDATION, TEST = "train", "validation", "test"
_NAMES = {
    "train": TRAIN,
    "training": TRAIN,
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "test": TEST,
    "testing": TEST,
}


def split_named(word: str) -> str | None:
    """Return the split that a tool calls so, in any case; None where it is no split's name."""
    return _NAMES.get(word.lower())


def split_of_file(file: PurePath) -> str | None:
    """Return the split that a file of labels is of, by its name or else by the folders above it.

    `instances_val2017.json`, `valid/_annotations.coco.json` and `annotations/val.json` are of
    validation. None where neither says it, or the name says two.
    """
    for part in (file.stem, *reversed(file.parts[:-1])):
        words = map(split_named, re.findall(r"[A-Za-z]+", part))
        said = {split for split in words if split}
        if said:
            return said.pop() if len(said) == 1 else None
    return None


def told_splits(splits: Iterable[str | None]) -> bool:
    """Return whether a dataset that has these parts is split.

    Many tools call all of an unsplit dataset `train`: where that is the only part, it is none.
    """
    return bool({split for split in splits if split} - {TRAIN})
