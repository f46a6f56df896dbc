"""A run's records as trackers take them: figures, and tables of texts and numbers."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidset.json_files import read_object
from vidset.regular_files import read_regular_text

FOLDER, RECORDS, SPLIT, LICENCE = "records", "records.json", "split.csv", "LICENSE"
BEST = "checkpoints/best.pt"
CURVES = "precision_recall.csv"
CURVE_COLUMNS = ("label", "threshold", "precision", "recall")
# A tracker draws no more of a label; the file has all.
_MOST_POINTS = 1_000
_MOST_CURVE_BYTES = 1 << 30
_BY_PIXELS = ("masks", "parts")
_LABEL_SCORES = ("support", "precision", "recall", "f1", "ap", "ap50", "iou", "dice")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under column names; `images` names the column with files' paths, if there is one."""

    columns: list[str]
    rows: list[list[Any]]
    images: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """The records of a run that is done.

    Attributes:
        version: its id, its images by split, its parents, and its images by licence.
        figures: the best epoch's scores, such as `best/validation/score`.
        tables: by name, such as `validation/images`, `validation/labels`, `validation/confusion`,
            `validation/precision_recall` with at most 1,000 thresholds of each label.
        curves: by split, the file with all thresholds.
    """

    folder: Path
    version: Mapping[str, Any]
    figures: Mapping[str, float]
    tables: Mapping[str, Table]
    curves: Mapping[str, Path]

    @property
    def version_files(self) -> list[Path]:
        """Return what describes the version: the split of each image, and the licences if any."""
        paths = [self.folder / SPLIT, self.folder / LICENCE]
        return [path for path in paths if path.is_file()]


def read_shown(run: Path) -> Shown | None:
    """Return a run's records; None where it has none, as runs of an earlier vidset.

    Raises:
        ValueError: they are damaged.
    """
    folder = run / FOLDER
    if not (folder / RECORDS).is_file():
        return None
    said = read_object(folder / RECORDS, "the records of a run")
    figures: dict[str, float] = {}
    tables: dict[str, Table] = {}
    for split, each in said["splits"].items():
        result = each["result"]
        figures |= {
            f"best/{split}/{name}": float(value)
            for name, value in result.items()
            if isinstance(value, int | float) and name not in ("seed", "epoch")
        }
        figures |= {
            f"best/{split}/{name}_{by}": float(value)
            for by in _BY_PIXELS
            for name, value in result.get(by, {}).items()
            if name in ("ap", "ap50") and value is not None
        }
        tables |= {f"{split}/{name}": table for name, table in _tables(result, each["images"])}
    paths = {split: folder / split / CURVES for split in said["splits"]}
    curves = {split: path for split, path in paths.items() if path.is_file()}
    tables |= {f"{split}/precision_recall": _curve_table(path) for split, path in curves.items()}
    return Shown(folder, said["version"], figures, tables, curves)


def _curve_table(path: Path) -> Table:
    """Read the thresholds of each label, and leave some out evenly where there are too many."""
    points: dict[str, list[list[Any]]] = {}
    lines = csv.reader(io.StringIO(read_regular_text(path, _MOST_CURVE_BYTES)))
    next(lines)
    for label, *numbers in lines:
        row = [label, *(float(number) if number else None for number in numbers)]
        points.setdefault(label, []).append(row)
    rows = []
    for several in points.values():
        step = max(1, -(-len(several) // _MOST_POINTS))
        rows += [*several[:-1:step], several[-1]]
    return Table(list(CURVE_COLUMNS), rows)


def _tables(
    result: Mapping[str, Any], images: list[Mapping[str, Any]]
) -> Iterator[tuple[str, Table]]:
    columns = ["image", "image_uri", "truth", "prediction", "right"]
    rows = [[each["file"], *(each[name] for name in columns[1:])] for each in images]
    yield "images", Table(columns, rows, images="image")
    labels = result.get("labels")
    if isinstance(labels, dict) and labels:
        told = [name for name in _LABEL_SCORES if any(name in each for each in labels.values())]
        lines = [[label, *(each.get(name) for name in told)] for label, each in labels.items()]
        yield "labels", Table(["label", *told], lines)
    confusion = result.get("confusion")
    if isinstance(confusion, dict) and "matrix" in confusion:
        names = confusion["labels"]
        cells = [
            [truth, predicted, number]
            for truth, line in zip(names, confusion["matrix"], strict=True)
            for predicted, number in zip(names, line, strict=True)
        ]
        yield "confusion", Table(["truth", "prediction", "images"], cells)
