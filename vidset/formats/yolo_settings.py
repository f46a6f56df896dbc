"""The settings of a YOLO dataset: its classes, and where its parts are.

They stand in data.yaml, in CVAT's obj.data and obj.names, or the classes alone in classes.txt, as
labelImg and Label Studio write them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from vidset.formats.reading import read_text
from vidset.formats.yolo_writing import NAME, TASK
from vidset.yaml_files import read_yaml

_FILE = "data.yaml"
_NAMES_FILES = ("classes.txt", "obj.names", "data/obj.names", "labels/classes.txt")
_YAML = (".yaml", ".yml")
# What Ultralytics calls our splits. It wants images to validate on.
_CALLED = {"validation": "val"}
_VALIDATION = "val"


def write_over(folder: Path, splits: Sequence[str]) -> None:
    """Write data.yaml over folders that `write` has written for splits, as Ultralytics wants it.

    Where there is no split to validate on, the images to train on stand for it.

    Raises:
        ValueError: the splits are of different kinds, which would be misread.
    """
    each = {split: read_settings(folder / split / _FILE) for split in splits}
    kinds = {split: settings.get(TASK) for split, settings in each.items()}
    if len(set(kinds.values())) > 1:
        told = ", ".join(f"{kind or 'detect'} in {split}" for split, kind in kinds.items())
        raise ValueError(
            f"{NAME}: wanted objects of one kind in all splits, got {told}; coco says all"
        )
    parts = {_CALLED.get(split, split): f"{split}/images" for split in splits}
    if "train" in parts:
        parts.setdefault(_VALIDATION, parts["train"])
    settings = next(iter(each.values()))
    said = {key: settings[key] for key in (TASK,) if key in settings} | parts
    names = dict(enumerate(settings["names"].values()))
    text = yaml.safe_dump({**said, "names": names}, allow_unicode=True, sort_keys=False)
    (folder / _FILE).write_text(text, encoding="utf-8")


def settings_file(path: Path) -> Path:
    """Return data.yaml or the only other .yaml of the folder; else obj.data, or the names alone.

    Raises:
        ValueError: there is none of them, or several .yaml files may be meant.
    """
    if path.is_file():
        return path
    if not path.is_dir():
        raise ValueError(f"{path}: wanted a folder of {NAME} or its data.yaml, got nothing")
    named = path / _FILE
    found = sorted(
        file
        for file in path.iterdir()
        if file.suffix.lower() in _YAML and not file.name.startswith(".")
    )
    if named in found:
        return named
    if len(found) > 1:
        each = ", ".join(file.name for file in found[:5])
        raise ValueError(f"{path}: wanted data.yaml or one other .yaml, got {each}; name one")
    others = [path / name for name in ("obj.data", "data/obj.data", *_NAMES_FILES)]
    found += [file for file in others if file.is_file()]
    if not found:
        raise ValueError(
            f"{path}: wanted the classes in data.yaml, obj.data or classes.txt, got none of them"
        )
    return found[0]


def read_settings(file: Path) -> dict[str, Any]:
    """Return what the settings say, in the words of data.yaml. Raises ValueError: they are none."""
    if file.suffix.lower() in _YAML:
        settings = read_yaml(file, f"{NAME}'s data.yaml", texts=True)
        if not isinstance(settings, dict):
            raise ValueError(f"{file}: wanted names, train and val, got {str(settings)[:80]!r}")
    elif file.suffix == ".data":
        lines = read_text(file, "settings of Darknet").splitlines()
        pairs = (line.partition("=") for line in lines if "=" in line)
        settings: dict[str, Any] = {key.strip(): value.strip() for key, _, value in pairs}
        named = PurePosixPath(settings.get("names", "obj.names")).name
        settings |= {"names": _lines(file.parent / named), "nc": settings.get("classes")}
    else:
        settings = {"names": _lines(file)}
    if "valid" in settings and "val" not in settings:
        settings["val"] = settings["valid"]
    return settings


def _lines(file: Path) -> list[str]:
    lines = [line.strip() for line in read_text(file, "names of classes").splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def labels_in(settings: Mapping[str, Any], file: Path) -> dict[int, str]:
    """Return the classes by number. Raises ValueError: they are none, or not as many as `nc`."""
    labels = _labels(settings.get("names"), f"{file}: names")
    if (count := settings.get("nc")) is not None and str(count) != str(len(labels)):
        raise ValueError(f"{file}: wanted as many names as nc says, {count}, got {len(labels)}")
    return labels


def _labels(names: Any, place: str) -> dict[int, str]:
    numbered = dict(enumerate(names)) if isinstance(names, list) else names
    if not isinstance(numbered, dict):
        raise ValueError(f"{place}: wanted the classes' names, got {str(names)[:80]!r}")
    found: dict[int, str] = {}
    for told, name in numbered.items():
        number = int(told) if str(told).isascii() and str(told).isdigit() else None
        if number is None or number in found or not isinstance(name, str):
            got = f"{told!r}: {name!r}"
            raise ValueError(f"{place}: wanted a number of its own and a text, got {got[:80]}")
        found[number] = name
    return found


def keypoints(settings: Mapping[str, Any], file: Path) -> int:
    """Return how many numbers of each line are keypoints. Raises ValueError: nobody can tell."""
    shape = settings.get("kpt_shape")
    if shape is None:
        return 0
    if isinstance(shape, list) and len(shape) == 2:
        sides = [int(n) for n in shape if isinstance(n, str) and n.isascii() and n.isdigit()]
        if len(sides) == 2:
            return sides[0] * sides[1]
    raise ValueError(
        f"{file}: kpt_shape: wanted the keypoints and the numbers of each, got {str(shape)[:80]!r}"
    )
