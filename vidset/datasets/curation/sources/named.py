"""A source of labeled images as it is typed: `coco:FILE`, `train=DIR`, `validation=yolo:DIR`."""

import re
from dataclasses import dataclass
from pathlib import Path

from vidset.datasets.errors import DatasetError
from vidset.formats.registry import names_of_readable
from vidset.suggestions import unknown

FOLDERS, WAREHOUSE = "folders", "warehouse"
_SPLIT = re.compile(r"([A-Za-z][\w-]*)=(.+)", re.DOTALL)
_KIND = re.compile(r"([A-Za-z][\w-]*):(?!//)(.+)", re.DOTALL)
_PEEKED = 65_536


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
    kind = _checked(format_name) if format_name is not None else _guessed(Path(text))
    return Named(kind, text, split)


def _checked(kind: str) -> str:
    known = (FOLDERS, WAREHOUSE, *names_of_readable())
    if kind not in known:
        raise DatasetError(unknown("format", kind, known))
    return kind


def _guessed(path: Path) -> str:
    if not path.exists():
        raise DatasetError(f"{path}: wanted labeled images, there is nothing")
    if path.is_dir():
        return "yolo" if any(path.glob("*.yaml")) else FOLDERS
    if path.suffix in (".yaml", ".yml"):
        return "yolo"
    if path.suffix == ".json":
        with path.open("rb") as file:
            begins = file.read(_PEEKED).lstrip(b"\xef\xbb\xbf \t\r\n")
        if begins.startswith(b"["):
            return "label-studio"
        if b'"shapes"' in begins:
            return "labelme"
        if b'"images"' in begins or b'"annotations"' in begins or b'"categories"' in begins:
            return "coco"
    raise DatasetError(
        f"{path}: its format cannot be told; name it, such as coco:{path} (one of {FOLDERS}, "
        f"{', '.join(names_of_readable())})"
    )
