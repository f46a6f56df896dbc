"""A run's records as trackers take them: figures, and tables of texts and numbers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidset.json_files import read_object

FOLDER, RECORDS = "records", "records.json"
BEST = "checkpoints/best.pt"
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
        version: its id, its images by split, and its parents.
        figures: the best epoch's scores, such as `best/validation/score`.
        tables: by name, such as `validation/images`, `validation/labels`, `validation/confusion`.
    """

    folder: Path
    version: Mapping[str, Any]
    figures: Mapping[str, float]
    tables: Mapping[str, Table]

    @property
    def split_file(self) -> Path:
        return self.folder / "split.csv"


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
        tables |= {f"{split}/{name}": table for name, table in _tables(result, each["images"])}
    return Shown(folder, said["version"], figures, tables)


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
