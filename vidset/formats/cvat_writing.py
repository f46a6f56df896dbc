"""The writing of CVAT's XML 1.1 for images; see `vidset.formats.cvat`."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from vidset.formats.boxes import HOLES, as_mask, has_hole
from vidset.formats.format import ImageLabels, Loss, Written
from vidset.formats.origin import origin_fields
from vidset.formats.reading import relative_or_uri
from vidset.formats.spool import Spool, known_size, of_labeled_images, write_file
from vidset.labeling.annotation import Attribute, LabeledObject
from vidset.masks import Mask

OURS = "vidset"
CHECKBOX, NUMBER, TEXT = "checkbox", "number", "text"
PART_OF = "part_of"
_NAME = "CVAT XML"
_NOT_IN_XML = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(
    labels: Iterable[ImageLabels],
    path: str | Path,
    labels_order: Sequence[str] | None = None,
    *,
    lossy: bool = False,
) -> Written:
    """A file, replaced at once. Rings of one object are polygons with one number as `part_of`."""
    kinds: dict[tuple[str, str], str] = {}
    return write_file(
        labels,
        path,
        labels_order,
        lambda file, spool, numbers_of: _write(file, spool, list(numbers_of), kinds),
        _sayable,
        format_name=_NAME,
        lossy=lossy,
        survey=lambda spool: kinds.update(_kinds_of(spool, lossy=lossy)),
    )


@of_labeled_images
def _sayable(labels: ImageLabels) -> tuple[ImageLabels, list[Loss]]:
    place = f"image {labels.image_name!r}"
    width, height = known_size(labels, _NAME)
    name = relative_or_uri(labels.image_name, place)
    objects: list[LabeledObject] = []
    losses: list[Loss] = []
    for item in labels.objects:
        where = f"{place}, object {item.id} ({item.label})"
        for text in item.label, *item.attributes, *map(str, item.attributes.values()):
            if _NOT_IN_XML.search(text):
                raise ValueError(f"{where}: wanted a text that XML can hold, got {text!r}")
        said = {name: v for name, v in item.attributes.items() if not isinstance(v, list)}
        losses += [("attributes with several values", where)] * (len(item.attributes) - len(said))
        if has_hole(item):
            losses.append((HOLES, where))
        shape = as_mask(item, width, height) if has_hole(item) else item
        objects.append(replace(shape, attributes=said))
    return replace(labels, image_name=name, objects=tuple(objects)), losses


def _kinds_of(spool: Spool, *, lossy: bool) -> dict[tuple[str, str], str]:
    """The kind of each label's attributes; texts where they are of several, which is a loss."""
    found: dict[tuple[str, str], str] = {}
    mixed: dict[tuple[str, str], str] = {}
    for each in spool:
        for item in each.objects:
            for name, value in item.attributes.items():
                kind = _kind(value)
                if found.setdefault((item.label, name), kind) != kind:
                    place = f"image {each.image_name!r}, object {item.id} ({item.label})"
                    mixed[item.label, name] = place
    for (label, name), place in mixed.items():
        found[label, name] = TEXT
        spool.lose(("attributes of several kinds", place), format_name=_NAME, lossy=lossy)
    return found


def _kind(value: Attribute) -> str:
    if isinstance(value, bool):
        return CHECKBOX
    return NUMBER if isinstance(value, int | float) else TEXT


def _write(
    file: IO[str],
    spool: Spool,
    names: Sequence[str],
    kinds: Mapping[tuple[str, str], str],
) -> None:
    file.write('<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n')
    file.write(f"  <meta>\n    <source>{OURS}</source>\n    <task>\n      <labels>\n")
    for label in names:
        file.write(f"        <label>\n          <name>{_text(label)}</name>\n")
        file.write("          <attributes>\n")
        for name in sorted(name for of, name in kinds if of == label):
            file.write(
                f"            <attribute><name>{_text(name)}</name>"
                f"<mutable>False</mutable><input_type>{kinds[label, name]}</input_type>"
                "<default_value></default_value><values></values></attribute>\n"
            )
        file.write("          </attributes>\n        </label>\n")
    file.write("      </labels>\n    </task>\n  </meta>\n")
    for number, each in enumerate(spool):
        told = {"id": number, "name": each.image_name, "width": each.width, "height": each.height}
        file.write(f"  <image{_attributes(told | origin_fields(each))}>\n")
        for order, item in enumerate(each.objects, 1):
            _write_object(file, item, order)
        file.write("  </image>\n")
    file.write("</annotations>\n")


def _write_object(file: IO[str], item: LabeledObject, number: int) -> None:
    rest = dict(item.attributes)
    said: dict[str, Any] = {"label": item.label}
    if item.type != "classification":
        said["occluded"] = int(rest.get("occluded") is True)
    if len(item.rings or ()) > 1:
        rest[PART_OF] = str(number)
    shapes: list[tuple[str, dict[str, Any]]] = [("tag", {})]
    if item.box:
        box = item.box
        corners = {"xtl": box.x, "ytl": box.y, "xbr": box.x + box.width, "ybr": box.y + box.height}
        shapes = [("box", corners | ({"rotation": box.angle} if box.angle else {}))]
    elif item.mask:
        shapes = [("mask", _run_lengths(item.mask))]
    elif item.rings:
        shapes = [
            ("polygon", {"points": ";".join(f"{x},{y}" for x, y in ring.points)})
            for ring in item.rings
        ]
    for tag, shape in shapes:
        file.write(f"    <{tag}{_attributes(said | shape)}>\n")
        for name, value in rest.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            file.write(f"      <attribute name={_quoted(name)}>{_text(text)}</attribute>\n")
        file.write(f"    </{tag}>\n")


def _run_lengths(mask: Mask) -> dict[str, Any]:
    left, top, right, bottom = mask.bounds or (0, 0, 0, 0)
    flat = mask.pixels()[top:bottom, left:right].ravel()
    edges = np.flatnonzero(np.diff(flat.astype(np.int8))) + 1
    runs = np.diff(np.concatenate([[0], edges, [len(flat)]])).tolist() if len(flat) else [0]
    runs = [0, *runs] if len(flat) and flat[0] else runs
    told = {"left": left, "top": top, "width": right - left, "height": bottom - top}
    return {"rle": ", ".join(map(str, runs)), **told}


def _attributes(values: Mapping[str, Any]) -> str:
    return "".join(f" {name}={_quoted(str(value))}" for name, value in values.items())


def _quoted(text: str) -> str:
    return quoteattr(text, {"\n": "&#10;", "\t": "&#9;"})


def _text(text: str) -> str:
    return escape(text)
