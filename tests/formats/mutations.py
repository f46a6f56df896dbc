"""Files of labels that somebody or something has damaged, and how many objects they still name."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

_WEIRD: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, 10**400, "", "\0", "nan", "../../x", "/etc/passwd", "ü" * 300, [], {},
    [[]], [1, 2], {"a": None}, float("nan"),
)  # fmt: skip
_BYTES = (b"\0", b"\xff", b'"', b"{", b"]", b"<", b">", b",", b"-", b"9" * 40, b"\r\n", b" ", b"")
_A_NUMBER = re.compile(rb"-?\d+(\.\d+)?")
_NUMBERS = (b"-1", b"nan", b"1e400", b"", b"x", b"99999999999", b"0.5")


def mutated(data: bytes, random: np.random.Generator) -> bytes:
    """Return the bytes with one to three changes, of the structure of JSON where it is JSON."""
    for _ in range(random.integers(1, 4)):
        ways = [_other_bytes, _cut, _without_a_line, _other_number, _twice]
        if data[:1] in (b"{", b"["):
            ways += [_other_json] * 4
        data = ways[random.integers(len(ways))](data, random)
    return data


def _place(data: bytes, random: np.random.Generator) -> int:
    return int(random.integers(len(data) + 1))


def _other_bytes(data: bytes, random: np.random.Generator) -> bytes:
    at, new = _place(data, random), _BYTES[random.integers(len(_BYTES))]
    return data[:at] + new + data[at + int(random.integers(3)) :]


def _cut(data: bytes, random: np.random.Generator) -> bytes:
    return data[: _place(data, random)]


def _without_a_line(data: bytes, random: np.random.Generator) -> bytes:
    lines = data.splitlines(keepends=True)
    if lines:
        del lines[random.integers(len(lines))]
    return b"".join(lines)


def _twice(data: bytes, random: np.random.Generator) -> bytes:
    lines = data.splitlines(keepends=True)
    if lines:
        at = int(random.integers(len(lines)))
        lines.insert(at, lines[at])
    return b"".join(lines)


def _other_number(data: bytes, random: np.random.Generator) -> bytes:
    found = list(_A_NUMBER.finditer(data))
    if not found:
        return data
    match, new = found[random.integers(len(found))], _NUMBERS[random.integers(len(_NUMBERS))]
    return data[: match.start()] + new + data[match.end() :]


def _other_json(data: bytes, random: np.random.Generator) -> bytes:
    """Remove, replace or repeat one value, wherever it is."""
    try:
        document = json.loads(data)
    except ValueError:
        return data
    parents: list[Any] = []
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict | list) and value:
            parents.append(value)
            waiting += value.values() if isinstance(value, dict) else value
    if not parents:
        return data
    parent = parents[random.integers(len(parents))]
    keys = list(parent) if isinstance(parent, dict) else list(range(len(parent)))
    key, way = keys[random.integers(len(keys))], random.integers(4)
    if way == 0:
        del parent[key]
    elif way == 1 and isinstance(parent, list):
        parent.append(parent[key])
    else:
        parent[key] = _WEIRD[random.integers(len(_WEIRD))]
    return json.dumps(document).encode()


def _json_of(file: Path) -> Any:
    return json.loads(file.read_bytes().decode("utf-8-sig"))


def _of_coco(files: list[Path]) -> int:
    return sum(len(_json_of(file).get("annotations", ())) for file in files)


def _of_datumaro(files: list[Path]) -> int:
    return sum(len(item["annotations"]) for file in files for item in _json_of(file)["items"])


def _of_labelme(files: list[Path]) -> int:
    documents = [_json_of(file) for file in files if file.name != "vidset-export.json"]
    words = sum(sum((each.get("flags") or {}).values()) for each in documents)
    return words + sum(len(each["shapes"]) for each in documents)


def _of_label_studio(files: list[Path]) -> int:
    found = 0
    for file in files:
        document = _json_of(file)
        for task in document if isinstance(document, list) else [document]:
            for annotation in task["annotations"] or ():
                if not annotation.get("was_cancelled"):
                    found += _regions(annotation["result"])
    return found


def _regions(result: list[dict[str, Any]]) -> int:
    shapes = ("rectanglelabels", "polygonlabels", "brushlabels")
    drawn = [each["id"] for each in result if each["type"] in shapes]
    words = [each for each in result if each["type"] == "choices" and each["id"] not in drawn]
    return len(drawn) + sum(len(each["value"]["choices"]) for each in words)


def _of_cvat(files: list[Path]) -> int:
    images = ElementTree.parse(files[0]).getroot().findall("image")  # noqa: S314
    return sum(len(image) for image in images)


def _of_voc(files: list[Path]) -> int:
    return sum(
        len(ElementTree.parse(file).getroot().findall("object"))  # noqa: S314
        for file in files
        if file.suffix == ".xml"
    )


def _of_yolo(files: list[Path]) -> int:
    texts = [file.read_text("utf-8-sig") for file in files if file.parts.count("labels")]
    return sum(bool(line.strip()) for text in texts for line in text.splitlines())


COUNTED: dict[str, Callable[[list[Path]], int]] = {
    "coco": _of_coco,
    "cvat": _of_cvat,
    "datumaro": _of_datumaro,
    "label-studio": _of_label_studio,
    "labelme": _of_labelme,
    "voc": _of_voc,
    "yolo": _of_yolo,
}
"""How many shapes and words the files of a format name, counted without vidset."""
