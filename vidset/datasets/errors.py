"""The errors of datasets, and of what is done to them."""

import reprlib
from collections.abc import Sequence
from typing import Any


class DatasetError(ValueError):
    """The data or the request cannot be used as they are; it says which, and what was wanted."""


class UnknownVersionError(DatasetError):
    """No version has this id, beginning of an id, or name."""


class NameTakenError(DatasetError):
    """A name stands for another version; `hint` says how to move it."""

    def __init__(self, name: str, version: str, wanted: str):
        super().__init__(name, version, wanted)
        self.hint = f"vidset dataset name {name} {wanted[:12]} --move lets it stand for that one."

    def __str__(self) -> str:
        name, version, wanted = self.args
        return f"the name {name} stands for version {version[:12]}, not for {wanted[:12]}"


class FaultsError(DatasetError):
    """Faults in the data that stop a version from being made: each is one line of `faults`."""

    def __init__(self, summary: str, faults: Sequence[str]):
        super().__init__(summary, tuple(faults))
        self.summary = summary
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return "\n  ".join((self.summary, *self.faults))


class UnequalError(DatasetError):
    """Two results that must not be compared: other models, or other evaluation images."""


def shortened(value: Any) -> str:
    """A value that was given, for a message: YAML's aliases make a few lines fill the memory."""
    short = reprlib.Repr()
    short.maxlevel, short.maxlist, short.maxdict = 3, 4, 4
    short.maxstring = short.maxother = 60
    return short.repr(value)
