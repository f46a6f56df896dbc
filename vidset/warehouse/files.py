"""The Parquet files of a warehouse's table: one base, and what was added to it since.

    <table>/00000007-base.parquet     all rows up to export 7
    <table>/00000008-delta.parquet    what export 8 changed: replaces rows of the same key before it

Files are never changed, and appear whole. A newer base stands for all before it, whether these are
still there or not.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"(\d{8})-(base|delta)\.parquet")
PARTIAL = ".partial-"


@dataclass(frozen=True, slots=True)
class TableFiles:
    """The files that count, the newest base and the deltas after it; and those that do not."""

    folder: Path
    base: Path | None
    deltas: tuple[Path, ...]
    replaced: tuple[Path, ...]
    number: int

    @property
    def live(self) -> tuple[Path, ...]:
        return (*([self.base] if self.base else ()), *self.deltas)

    def next(self, kind: str) -> Path:
        return self.folder / f"{self.number + 1:08d}-{kind}.parquet"


def find_files(folder: Path) -> TableFiles:
    """Return the files of one table; none if there is no such folder."""
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        names = []
    matches = [match for match in map(_NAME.fullmatch, names) if match]
    base = max((match[0] for match in matches if match[2] == "base"), default="")
    return TableFiles(
        folder=folder,
        base=folder / base if base else None,
        deltas=tuple(folder / m[0] for m in matches if m[2] == "delta" and m[1] > base[:8]),
        replaced=tuple(
            folder / m[0]
            for m in matches
            if m[0] != base and not (m[2] == "delta" and m[1] > base[:8])
        ),
        number=max((int(match[1]) for match in matches), default=-1),
    )
