"""FiftyOne's labels, as its JSON has them: https://docs.voxel51.com/user_guide/using_datasets.html.

Shapes are in parts of the image's size. The mask of a detection is the picture of its bounding box,
as a compressed NumPy array.
"""

import base64
import binascii
import io
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from vidset.formats.reading import Reading, free_id, member, numbers
from vidset.labeling.annotation import Attribute, Box, LabeledObject, Ring
from vidset.masks import Mask

LabelOf = Callable[[Mapping[str, Any], str], str]
OWN = frozenset({
    "attributes", "bounding_box", "closed", "confidence", "filled", "id", "index", "instance",
    "label", "logits", "mask", "mask_path", "object_id", "points", "tags",
})  # fmt: skip
"""The fields that labels of FiftyOne have already, and ours."""
_MOST_BYTES = 1 << 28  # Of a mask's picture: a kilobyte can unpack to any size.
_LISTS = {
    "Classifications": "classifications",
    "Detections": "detections",
    "Keypoints": "keypoints",
    "Polylines": "polylines",
}
_SINGLE = frozenset({"Classification", "Detection", "Keypoint", "Polyline"})
# What an annotation cannot hold, in the plural.
_OTHERS = {
    "GeoLocation": "places on the earth",
    "GeoLocations": "places on the earth",
    "Heatmap": "heatmaps",
    "Keypoint": "keypoints",
    "Regression": "numbers on whole images",
    "Segmentation": "segmentations of whole images",
    "TemporalDetection": "times in videos",
    "TemporalDetections": "times in videos",
}
_KNOWN = frozenset(_LISTS) | _SINGLE | frozenset(_OTHERS)
_NO_LABELS = frozenset({
    "created_at", "filepath", "frames", "id", "last_modified_at", "metadata", "tags",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class LabelsOf:
    """The fields of samples that are taken, and those that are not."""

    taken: tuple[str, ...]
    left: tuple[str, ...]

    def passed_over(self, sample: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
        """Yield the fields with labels that are not taken, with how many they have."""
        for field in self.left:
            if number := len(list(_each(sample.get(field)))):
                yield field, number

    def others(self, sample: Mapping[str, Any]) -> Iterator[str]:
        """Yield the fields that are no labels, and those that FiftyOne's samples always have."""
        known = {*self.taken, *self.left, *_NO_LABELS}
        for name, value in sample.items():
            if name not in known and not name.startswith("_") and value not in (None, [], {}):
                yield name
        if sample.get("tags"):
            yield "tags"


def label_fields(samples: Sequence[Any], reading: Reading) -> LabelsOf:
    """Return which fields have labels of the kind that is read: a model's have confidences."""
    found: dict[str, bool] = {}
    for sample in samples:
        for name, value in sample.items() if isinstance(sample, dict) else ():
            if isinstance(value, dict) and str(value.get("_cls")) in _KNOWN:
                sure = any(each.get("confidence") is not None for each in _each(value))
                found[name] = found.get(name, False) or sure
    if len(found) == 1:
        return LabelsOf(tuple(found), ())
    wanted = reading.kind == "predictions"
    taken = tuple(name for name, is_predicted in found.items() if is_predicted is wanted)
    return LabelsOf(taken, tuple(name for name in found if name not in taken))


def _each(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        several = value.get(_LISTS.get(str(value.get("_cls")), ""))
        yield from (
            (e for e in several if isinstance(e, dict)) if isinstance(several, list) else [value]
        )


def objects_of(
    value: Any,
    size: tuple[int, int],
    label_of: LabelOf,
    taken: set[str],
    place: str,
    reading: Reading,
) -> Iterator[LabeledObject]:
    """Yield the objects of a field, or of the labels of an image.

    Args:
        value: a label, a list of them, or FiftyOne's object with such a list.
        size: width and height of the image in pixels.
        taken: the ids of its objects so far.

    Raises:
        ValueError: it is none of these, or cannot be held.
    """
    kind = str(value.get("_cls")) if isinstance(value, dict) else ""
    parts: Any = value
    if kind in _LISTS:
        parts = member(value, _LISTS[kind], list, place)
        kind = kind[:-1]
        place = f"{place}.{_LISTS[f'{kind}s']}"
    elif not isinstance(value, list):
        parts = [value]
    for number, each in enumerate(parts):
        with reading.part():
            where = f"{place}[{number}]" if parts is not None and len(parts) > 1 else place
            told = {"label": each} if isinstance(each, str | int) else each
            if not isinstance(told, dict):
                raise ValueError(f"{where}: wanted a label, got {str(each)[:80]!r}")
            own = str(told.get("_cls", kind))
            if own in _OTHERS:
                reading.drop(_OTHERS[own], where)
            elif (found := _object(told, own, size, label_of, taken, where, reading)) is not None:
                yield found


def _object(
    each: Mapping[str, Any],
    kind: str,
    size: tuple[int, int],
    label_of: LabelOf,
    taken: set[str],
    place: str,
    reading: Reading,
) -> LabeledObject | None:
    label = label_of(each, place)
    attributes = _attributes(each, place, reading)
    said = attributes.pop("object_id", None) or each.get("_id") or each.get("id")
    said = said.get("$oid") if isinstance(said, dict) else said
    object_id = free_id(said if isinstance(said, str) else str(len(taken) + 1), taken)
    if kind == "Polyline" or "points" in each:
        if not (each.get("closed") or each.get("filled")):
            reading.drop("lines", place)
            return None
        rings = _rings(each, size, place)
        return LabeledObject(object_id, label, "polygon", rings=rings, attributes=attributes)
    is_box = kind == "Detection" or "bounding_box" in each
    if kind == "Classification" or not is_box:
        return LabeledObject(object_id, label, "classification", attributes=attributes)
    edges = numbers(member(each, "bounding_box", list, place), f"{place}.bounding_box")
    if len(edges) != 4:
        raise ValueError(f"{place}.bounding_box: wanted x, y, width, height, got {len(edges)}")
    x, y, width, height = (value * size[n % 2] for n, value in enumerate(edges))
    if each.get("mask") is not None:
        mask = _mask(each["mask"], (x, y, width, height), size, f"{place}.mask")
        return LabeledObject(object_id, label, "mask", mask=mask, attributes=attributes)
    if each.get("mask_path"):
        reading.leave_out("masks in files of their own, of which the boxes are taken (mask_path)")
    box = Box(x, y, width, height)
    return LabeledObject(object_id, label, "box", box=box, attributes=attributes)


def _attributes(each: Mapping[str, Any], place: str, reading: Reading) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {}
    told = each.get("attributes")
    if told is not None and not isinstance(told, dict):
        raise ValueError(f"{place}.attributes: wanted an object, got {str(told)[:80]!r}")
    fields = {name: value for name, value in each.items() if name not in OWN and name[:1] != "_"}
    for name, value in {**fields, **(told or {})}.items():
        # FiftyOne's own attributes are objects with a value.
        held = _held(value["value"] if isinstance(value, dict) and "value" in value else value)
        if held is not None:
            found[name] = held
        elif value is not None:
            reading.leave_out(f"fields of objects that an attribute cannot hold ({name[:40]})")
    confidence = each.get("confidence")
    if confidence is not None:
        [score] = numbers([confidence], f"{place}.confidence")
        found.setdefault("score", score)
    for name, what in ("tags", "tags of objects"), ("index", "numbers of tracks (index)"):
        if each.get(name) not in (None, []):
            reading.leave_out(what)
    return found


def _held(value: Any) -> Attribute | None:
    if isinstance(value, list):
        return value if all(isinstance(each, str) for each in value) else None
    is_endless = isinstance(value, float) and not isfinite(value)
    return value if isinstance(value, str | int | float) and not is_endless else None


def _rings(each: Mapping[str, Any], size: tuple[int, int], place: str) -> tuple[Ring, ...]:
    rings = []
    for number, ring in enumerate(member(each, "points", list, place)):
        where = f"{place}.points[{number}]"
        points = [numbers(point, where) for point in ring] if isinstance(ring, list) else []
        if len(points) < 3 or any(len(point) != 2 for point in points):
            raise ValueError(f"{where}: wanted x and y of 3 points or more, got {str(ring)[:80]!r}")
        rings.append(Ring(tuple((x * size[0], y * size[1]) for x, y in points)))
    if not rings:
        raise ValueError(f"{place}.points: wanted a ring of points, got none")
    return tuple(rings)


def _mask(
    told: Any, box: tuple[float, float, float, float], size: tuple[int, int], place: str
) -> Mask:
    """The mask in the image, of a picture that is stretched over its bounding box."""
    picture = _picture(told, place)
    edges = np.rint([box[0], box[1], box[0] + box[2], box[1] + box[3]]).astype(np.int64)
    left, top, right, bottom = (int(edge) for edge in edges)
    if not (0 <= left < right <= size[0] and 0 <= top < bottom <= size[1]):
        raise ValueError(f"{place}: wanted its bounding_box inside the image, got {box}")
    rows = np.arange(bottom - top) * picture.shape[0] // (bottom - top)
    columns = np.arange(right - left) * picture.shape[1] // (right - left)
    pixels = np.zeros((size[1], size[0]), bool)
    pixels[top:bottom, left:right] = picture[np.ix_(rows, columns)]
    return Mask.of(pixels)


def _picture(told: Any, place: str) -> np.ndarray:
    """Unpack a picture, (height, width) bool: NumPy's file in zlib in base64.

    Raises:
        ValueError: it is something else, or larger than any image.
    """
    binary = told.get("$binary") if isinstance(told, dict) else told
    text = binary.get("base64") if isinstance(binary, dict) else binary
    if not isinstance(text, str):
        raise ValueError(f"{place}: wanted a mask in base64, got {str(told)[:80]!r}")
    try:
        unpacking = zlib.decompressobj()
        data = unpacking.decompress(base64.b64decode(text, validate=True), _MOST_BYTES)
        if not unpacking.eof:
            raise ValueError("it is cut off, or larger than any image")
        picture = np.load(io.BytesIO(data), allow_pickle=False)
        is_picture = isinstance(picture, np.ndarray) and picture.dtype.kind in "biuf"
    except (binascii.Error, zlib.error, ValueError, EOFError, OSError, MemoryError) as error:
        raise ValueError(f"{place}: wanted a compressed array of NumPy's: {error}") from None
    if not is_picture or picture.ndim != 2 or not picture.size:
        raise ValueError(f"{place}: wanted a picture of rows and columns, got another array")
    return picture.astype(bool)
