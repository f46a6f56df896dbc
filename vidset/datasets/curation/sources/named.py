"""A source of labeled images as it is typed: `coco:FILE`, `train=DIR`, `validation=yolo:DIR`."""

import re
from dataclasses import dataclass
from pathlib import Path

from vidset.datasets.errors import DatasetError
from vidset.formats.registry import names_of_readable
from vidset.formats.sample_formats import format_of_samples
from vidset.formats.unzipped import is_zip, unzipped
from vidset.json_files import read_object
from vidset.suggestions import unknown

FOLDERS, WAREHOUSE = "folders", "warehouse"
_SPLIT = re.compile(r"([A-Za-z][\w-]*)=(.+)", re.DOTALL)
_KIND = re.compile(r"([A-Za-z][\w-]*):(?!//)(.+)", re.DOTALL)
_PEEKED = 65_536
_OF_FIFTYONE = ("samples.json", "labels.json")
# What `vidset export VERSION` leaves in a folder.
_MARKER = "dataset.json"
_OF_YOLO = ("obj.data", "obj.names", "classes.txt")


@dataclass(frozen=True, slots=True)
class Named:
    """One source.

    Attributes:
        kind: folders, warehouse, or a format of labels that can be read.
        path: a file or folder, or bq://PROJECT.DATASET.
        split: the side that all of its images are on; None where nobody told.
    """

    kind: str
    path: str
    split: str | None = None


def parse_source(text: str, format_name: str | None = None) -> Named:
    """Understand a source as it was typed.

    Args:
        format_name: what a source is that does not say it; None looks at what is there.

    Raises:
        DatasetError: there is no such format, or nobody can tell which one it is.
    """
    split = None
    if not Path(text).exists() and (match := _SPLIT.fullmatch(text)):
        split, text = match[1], match[2]
    if text.startswith("bq://"):
        return Named(WAREHOUSE, text, split)
    if "://" in text and not _KIND.fullmatch(text):
        raise DatasetError(f"{text}: wanted a file or folder of this machine, or bq://...")
    if not Path(text).exists() and (match := _KIND.fullmatch(text)):
        return Named(_checked(match[1]), match[2], split)
    if format_name is not None:
        return Named(_checked(format_name), text, split)
    kind, path = _guessed(Path(text))
    return Named(kind, str(path), split)


def _checked(kind: str) -> str:
    known = (FOLDERS, WAREHOUSE, *names_of_readable())
    if kind not in known:
        raise DatasetError(unknown("format", kind, known))
    return kind


def _guessed(path: Path) -> tuple[str, Path]:
    """The format of what is there, and its path: of a folder with one file of labels, the file."""
    if not path.exists():
        raise DatasetError(f"{path}: wanted labeled images, there is nothing")
    if is_zip(path):
        return _guessed(unzipped(path))[0], path
    if not path.is_dir():
        return format_of_samples(path) or _guessed_file(path), path
    if (kind := _guessed_layout(path)) is not None:
        return kind, path
    files = sorted(path.glob("*.json"))
    if not files:
        return format_of_samples(path) or FOLDERS, path
    kinds = {_guessed_file(file) for file in files}
    if kinds == {"labelme"}:
        return "labelme", path
    if len(files) > 1:
        raise DatasetError(
            f"{path}: several files of labels are in it, wanted one of them, such as {files[0]}"
        )
    return kinds.pop(), files[0]


def _guessed_layout(path: Path) -> str | None:
    """The format of a folder as a tool lays it out."""
    if (exported := _exported_as(path)) is not None:
        return exported
    if any(path.glob("*.yaml")) or any((path / name).is_file() for name in _OF_YOLO):
        return "yolo"
    if any(path.glob("Annotations/**/*.xml")):
        return "voc"
    if any((path / name).is_file() for name in _OF_FIFTYONE) and (path / "data").is_dir():
        return "fiftyone"
    if inside := {_guessed_file(file) for each in ("*.xml", "*/*.xml") for file in path.glob(each)}:
        return inside.pop() if len(inside) == 1 else None
    inside = {_guessed_file(file) for file in path.glob("annotations/*.json")}
    if any(path.glob("*/_annotations.coco.json")):
        inside.add("coco")
    return inside.pop() if len(inside) == 1 else None


def _exported_as(path: Path) -> str | None:
    """The format of a version that was exported into a folder; None: it is no such folder."""
    if not (path / _MARKER).is_file():
        return None
    told = read_object(path / _MARKER, "what an export is of").get("format")
    return told if told == FOLDERS or told in names_of_readable() else None


def _guessed_file(path: Path) -> str:
    """Raises DatasetError: nobody can tell."""
    if path.suffix in (".yaml", ".yml"):
        return "yolo"
    if path.suffix in (".csv", ".xml"):
        return "csv" if path.suffix == ".csv" else "voc" if _is_voc(path) else "cvat"
    if path.suffix == ".json":
        with path.open("rb") as file:
            begins = file.read(_PEEKED).lstrip(b"\xef\xbb\xbf \t\r\n")
        if begins.startswith(b"["):
            return "label-studio"
        if b'"shapes"' in begins:
            return "labelme"
        if b'"categories"' in begins and b'"items"' in begins:
            return "datumaro"
        if b'"images"' in begins or b'"annotations"' in begins or b'"categories"' in begins:
            return "coco"
    raise DatasetError(
        f"{path}: its format cannot be told; name it, such as coco:{path} (one of {FOLDERS}, "
        f"{', '.join(names_of_readable())})"
    )


def _is_voc(path: Path) -> bool:
    """Returns whether XML is Pascal VOC's, which has a file for each image."""
    with path.open("rb") as file:
        return re.search(rb"<annotation[\s>]", file.read(_PEEKED)) is not None
