"""The tasks in Label Studio's files: its JSON, its JSON_MIN, and what it writes to a storage.

JSON_MIN has an object for each annotation, with the regions of each control under its name. A
storage gets a file for each annotation, with its task in it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vidset.formats.reading import Reading, read_json

_FULL = ("data", "annotations", "completions", "predictions")
_MIN = ("annotation_id", "annotator", "lead_time")
_NO_ANSWERS = frozenset({"id", "created_at", "updated_at", "agreement", *_MIN, *_FULL})
_OURS = frozenset({"image_id", "image_uri", "image"})
_ANSWERS = {"choices": "choices", "number": "number", "rating": "rating", "text": "textarea"}


def tasks_in(path: Path, reading: Reading | None = None) -> Iterator[tuple[Any, str]]:
    """Yield each task of a file, or of all files of a folder, with its place.

    Raises:
        ValueError: it is no JSON, or neither a task nor a list of them.
    """
    reading = reading or Reading()
    files = [path]
    if path.is_dir():
        files = sorted(f for f in path.iterdir() if f.suffix == ".json" or f.name.isdigit())
        if not files:
            raise ValueError(f"{path}: wanted Label Studio's files, got none")
    for file in files:
        document = read_json(file)
        if isinstance(document, dict) and any(key in document for key in (*_FULL, *_MIN, "task")):
            yield _whole(document, str(file), reading), str(file)
        elif isinstance(document, list):
            for number, task in enumerate(document):
                place = f"{file}: [{number}]"
                yield _whole(task, place, reading), place
        else:
            raise ValueError(f"{file}: wanted a list of tasks, got {str(document)[:80]!r}")


def _whole(task: Any, place: str, reading: Reading) -> Any:
    """A task as Label Studio's JSON has it, whichever way it was written."""
    if not isinstance(task, dict):
        return task
    if isinstance(task.get("task"), dict) and "result" in task:
        annotation = {name: value for name, value in task.items() if name != "task"}
        return {**task["task"], "annotations": [annotation]}
    if not any(key in task for key in _FULL) and any(key in task for key in _MIN):
        return _of_min(task, place, reading)
    return task


def _of_min(task: dict[str, Any], place: str, reading: Reading) -> dict[str, Any]:
    data: dict[str, Any] = {}
    regions: list[tuple[str, dict[str, Any], str]] = []
    result: list[dict[str, Any]] = []
    for name, value in task.items():
        if name in _NO_ANSWERS or value is None:
            continue
        if isinstance(value, list) and all(isinstance(each, dict) for each in value):
            regions += [(name, each, f"{place}.{name}[{n}]") for n, each in enumerate(value)]
        elif isinstance(value, dict) and isinstance(value.get("choices"), list):
            result.append(_item(name, name, "choices", value, {}))
        else:
            data[name] = value
            if not (name in _OURS or (isinstance(value, str) and "/" in value)):
                # The file does not tell answers from what tasks were sent with.
                reading.leave_out(f"fields that may be answers on whole images ({name})")
    annotation = {
        "id": task.get("annotation_id"),
        "completed_by": task.get("annotator"),
        "updated_at": task.get("updated_at"),
        "result": [*_items_of(regions, reading), *result],
    }
    return {"id": task.get("id"), "data": data, "annotations": [annotation]}


def _items_of(
    regions: list[tuple[str, dict[str, Any], str]], reading: Reading
) -> Iterator[dict[str, Any]]:
    """Shapes first, then the answers on each: they have its geometry, for lack of an id.

    Raises:
        ValueError: a region has neither a label nor an answer.
    """
    shapes: dict[str, str] = {}
    answers = []
    for number, (name, region, place) in enumerate(regions, 1):
        if kind := next((key for key in region if key.endswith("labels")), None):
            shapes.setdefault(_shape_of(region), str(number))
            yield _item(str(number), name, kind, region, region)
        elif kinds := [kind for key, kind in _ANSWERS.items() if key in region]:
            answers.append((name, region, kinds[0]))
        else:
            raise ValueError(f"{place}: wanted a region with its labels, got {str(region)[:80]!r}")
    for name, region, kind in answers:
        if (id_ := shapes.get(_shape_of(region))) is None:
            reading.leave_out(f"answers on no region ({name})")
        else:
            yield _item(id_, name, kind, region, region)


def _item(id_: str, name: str, kind: str, value: Any, of: dict[str, Any]) -> dict[str, Any]:
    sizes = {key: of[key] for key in ("original_width", "original_height") if key in of}
    said = {"id": id_, "from_name": name, "to_name": "image", "type": kind, "value": value}
    return {**said, **sizes, "image_rotation": 0}


def _shape_of(region: dict[str, Any]) -> str:
    """Returns what two items of one region have in common in a file without ids."""
    keys = ("x", "y", "width", "height", "rotation", "points", "rle")
    return str([region.get(key) for key in keys])
