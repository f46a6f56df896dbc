"""`vidset dataset` called in this process."""

from pathlib import Path

from tests.cli.called import Called, vidset


def dataset(*arguments: object) -> Called:
    """`vidset dataset ...`, as the console script does it."""
    return vidset("dataset", *arguments)


def create(folders: Path, root: Path, *arguments: object) -> Called:
    """Make a version of the folder in the place that `root` stands in."""
    return dataset("create", folders, "-p", root.parent, *arguments)


def faults(called: Called) -> list[str]:
    """What --json named as wrong with the data, one by one."""
    error = called.found["error"]
    assert error["code"] == "faults"
    return [line.strip() for line in error["message"].splitlines()[1:]]
