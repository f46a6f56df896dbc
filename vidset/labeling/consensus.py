"""One annotation from the answers of several annotators."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from statistics import fmean, median

import numpy as np
import shapely

from vidset.labeling.annotation import (
    AnnotationState,
    Answer,
    Attribute,
    Box,
    ConsensusRule,
    LabeledObject,
    ObjectType,
)
from vidset.labeling.checking import ROTATION
from vidset.labeling.shapes import area_of, box_around, geometry_of, pixels_of

_SAME = 0.5  # Objects with at least this intersection over union are one thing.
# What two of them share, at least, of the sum of their areas; rounding may take a little.
_LEAST_SHARED = _SAME / (1 + _SAME) * 0.999
# What may be drawn as the one or the other can be one thing.
_FAMILIES: Mapping[ObjectType, ObjectType] = {
    "box": "box",
    "rotated_box": "box",
    "polygon": "mask",
    "mask": "mask",
    "classification": "classification",
}


@dataclass(frozen=True, slots=True)
class Consensus:
    """The parts of the answers that make an annotation.

    Attributes:
        annotator: whose answer it is; of a majority, all who were counted, joined by ", ".
        vendor, vendor_task_id: of the newest answer that was counted.
        updated_at: of the same; when none was counted, of the newest of all.
    """

    state: AnnotationState
    objects: tuple[LabeledObject, ...]
    annotator: str
    vendor: str
    vendor_task_id: str | None
    updated_at: datetime


def consensus(answers: Sequence[Answer], rule: ConsensusRule) -> Consensus:
    """Returns what the answers to one image say together; their order does not matter.

    With no answer that counts, the state is rejected. `latest` takes the newest that does.
    `majority` is skipped when more than half skipped the image; else it holds what more than half
    of those who labeled it show (of two: both), with the median of each edge of upright boxes, of
    other shapes the one that the others are most like, and the attributes that most give; ties go
    to the newest.

    Args:
        answers: at least one; of each key one, which `check_answer` has passed.
    """
    if not answers:
        raise ValueError("wanted at least one answer, got none")
    voices = counted(answers)
    newest = max(voices or answers, key=_age)
    result = Consensus(
        state=newest.state if voices else "rejected",
        objects=newest.objects if voices else (),
        annotator=newest.annotator,
        vendor=newest.vendor,
        vendor_task_id=newest.vendor_task_id,
        updated_at=newest.updated_at,
    )
    if rule == "latest" or not voices:
        return result
    result = replace(result, annotator=", ".join(sorted({voice.annotator for voice in voices})))
    labeled = [voice for voice in voices if voice.state == "labeled"]
    if 2 * len(labeled) < len(voices):
        return replace(result, state="skipped", objects=())
    return replace(result, state="labeled", objects=_agreed(labeled))


def counted(answers: Sequence[Answer]) -> list[Answer]:
    """The answers that count, in the order of the annotators' names.

    Of each annotation it is the newest, unless that withdraws the annotation, and of each
    annotator (a vendor's: names are the vendor's own) the newest of these. What a person imports
    holds from then on: a vendor's answers before it no longer count, and where it is an edit of
    what was exported, nobody's do. When a vendor's annotators were asked once more, their earlier
    answers no longer count.
    """
    by_age = sorted(answers, key=_age)
    newest = {(answer.vendor, answer.annotation_id): answer for answer in by_age}
    standing = [
        answer
        for answer in by_age
        if newest[answer.vendor, answer.annotation_id] is answer and answer.state != "rejected"
    ]
    imports = [answer.updated_at for answer in standing if answer.imported]
    standing = [
        answer
        for answer in standing
        if answer.imported or not imports or answer.updated_at > max(imports)
    ]
    edits = [answer.updated_at for answer in standing if _is_edit(answer)]
    standing = [answer for answer in standing if not edits or answer.updated_at >= max(edits)]
    rounds = Counter[str]()
    for answer in standing:
        rounds[answer.vendor] = max(rounds[answer.vendor], answer.round)
    standing = [answer for answer in standing if answer.round == rounds[answer.vendor]]
    voices = {(answer.vendor, answer.annotator): answer for answer in standing}
    return [voices[annotator] for annotator in sorted(voices)]


def _is_edit(answer: Answer) -> bool:
    """Returns whether a person changed what had been agreed on."""
    return bool(answer.imported and answer.imported.get("base_revision") is not None)


def _age(answer: Answer) -> tuple[datetime, str]:
    return answer.updated_at, answer.key


@dataclass(frozen=True, slots=True)
class _Drawn:
    """An object of one annotator, ready to be compared.

    Attributes:
        by: the annotator's place in their order.
        age: the place of the answer, the newest last.
        bounds: left, top, right, bottom; of a classification the same for all.
        shape: the area of rings and of turned boxes.
    """

    item: LabeledObject
    by: int
    age: int
    bounds: tuple[float, float, float, float]
    area: float
    shape: shapely.Geometry | None


def _agreed(answers: Sequence[Answer]) -> tuple[LabeledObject, ...]:
    """Returns what more than half of the answers show, in the order of the answers."""
    by_age = sorted(range(len(answers)), key=lambda by: _age(answers[by]))
    drawn = [
        _drawn(item, by, by_age.index(by))
        for by, answer in enumerate(answers)
        for item in answer.objects
    ]
    overlaps = _overlaps(drawn)
    objects, taken = [], set()
    for group in _groups(len(drawn), overlaps):
        if 2 * len(group) > len(answers):
            merged = _merged(group, drawn, overlaps)
            merged = replace(merged, id=_free_id(merged.id, taken))
            taken.add(merged.id)
            objects.append(merged)
    return tuple(objects)


def _drawn(item: LabeledObject, by: int, age: int) -> _Drawn:
    box = box_around(item)
    if box is None:
        return _Drawn(item, by, age, (0, 0, 1, 1), 1, None)
    bounds = (box.x, box.y, box.x + box.width, box.y + box.height)
    shape = None if item.type in ("box", "mask") else geometry_of(item)
    return _Drawn(item, by, age, bounds, area_of(item), shape)


def _overlaps(drawn: Sequence[_Drawn]) -> dict[tuple[int, int], float]:
    """The intersection over union of what may be one thing: (smaller index, larger index)."""
    kinds: dict[tuple[str, ObjectType], list[int]] = {}
    for index, one in enumerate(drawn):
        kinds.setdefault((one.item.label, _FAMILIES[one.item.type]), []).append(index)
    overlaps = {}
    for indexes in kinds.values():
        for pair in _near(drawn, indexes):
            overlap = _overlap(drawn[pair[0]], drawn[pair[1]])
            if overlap >= _SAME:
                overlaps[pair] = overlap
    return overlaps


def _near(drawn: Sequence[_Drawn], indexes: list[int]) -> Iterator[tuple[int, int]]:
    """Pairs of several annotators whose bounds share enough: a spatial index spares the others."""
    bounds = np.array([drawn[index].bounds for index in indexes], float)
    areas = np.array([drawn[index].area for index in indexes], float)
    annotators = np.array([drawn[index].by for index in indexes])
    boxes = shapely.box(*bounds.T)
    one, other = shapely.STRtree(boxes).query(boxes)
    is_wanted = (one < other) & (annotators[one] != annotators[other])
    one, other = one[is_wanted], other[is_wanted]
    corner = np.minimum(bounds[one, 2:], bounds[other, 2:])
    sides = np.maximum(corner - np.maximum(bounds[one, :2], bounds[other, :2]), 0)
    # Shapes share no more than their bounds do.
    is_enough = sides.prod(axis=1) >= (areas[one] + areas[other]) * _LEAST_SHARED
    for first, second in zip(one[is_enough].tolist(), other[is_enough].tolist(), strict=True):
        yield indexes[first], indexes[second]


def _overlap(one: _Drawn, other: _Drawn) -> float:
    a, b = one.bounds, other.bounds
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared, total = width * height, one.area + other.area
    if one.item.mask or other.item.mask:
        return _overlap_of_pixels(one.item, other.item)
    if one.shape or other.shape:
        shapes = [each.shape or shapely.box(*each.bounds) for each in (one, other)]
        shared = float(shapely.area(shapely.intersection(shapes[0], shapes[1])))
    return shared / (total - shared)


def _overlap_of_pixels(one: LabeledObject, other: LabeledObject) -> float:
    mask = one.mask or other.mask
    if mask is None:
        return 0.0
    a, b = (pixels_of(item, mask.width, mask.height) for item in (one, other))
    if a.shape != b.shape:
        return 0.0
    total = int((a | b).sum())
    return int((a & b).sum()) / total if total else 0.0


def _groups(size: int, overlaps: dict[tuple[int, int], float]) -> list[list[int]]:
    """Groups objects that are one thing: all overlap, so no two are of one annotator.

    Greedy, the best overlap first; ties in the order of the indexes. An optimal assignment would
    differ only where objects of one label overlap each other by half, and is no better founded
    there.
    """
    groups = [[index] for index in range(size)]
    for i, j in sorted(overlaps, key=lambda pair: (-overlaps[pair], pair)):
        one, other = groups[i], groups[j]
        if one is not other and all((min(a, b), max(a, b)) in overlaps for a in one for b in other):
            both = sorted(one + other)
            for index in both:
                groups[index] = both
    return [group for index, group in enumerate(groups) if group[0] == index]


def _merged(
    group: list[int], drawn: Sequence[_Drawn], overlaps: dict[tuple[int, int], float]
) -> LabeledObject:
    members = [drawn[index] for index in group]
    first = members[0].item
    if len(members) == 1:
        return first
    attributes = _voted([one.item.attributes for one in sorted(members, key=lambda one: -one.age)])
    if all(one.item.type == "box" for one in members):
        left, top, right, bottom = (
            median(edges) for edges in zip(*(one.bounds for one in members), strict=True)
        )
        box = Box(left, top, right - left, bottom - top)
        return replace(first, box=box, attributes=attributes)
    if first.type != "classification":
        best = max(group, key=lambda index: (_mean_overlap(index, group, overlaps), -index))
        chosen = drawn[best].item
        attributes.pop(ROTATION, None)
        if ROTATION in chosen.attributes:  # It belongs to these corners.
            attributes[ROTATION] = chosen.attributes[ROTATION]
        return replace(chosen, id=first.id, attributes=attributes)
    return replace(first, attributes=attributes)


def _mean_overlap(index: int, group: list[int], overlaps: dict[tuple[int, int], float]) -> float:
    others = (other for other in group if other != index)
    return fmean(overlaps[min(index, other), max(index, other)] for other in others)


def _voted(said: Sequence[Mapping[str, Attribute]]) -> dict[str, Attribute]:
    """Take what most say of each attribute; "none" is a value too, and the first wins a tie.

    The order of a list does not matter: it holds choices.
    """
    attributes = {}
    for name in sorted({name for each in said for name in each}):
        values = [each.get(name) for each in said]
        texts = [json.dumps(sorted(v) if isinstance(v, list) else v) for v in values]
        votes = Counter(texts)
        value = max(zip(values, texts, strict=True), key=lambda pair: votes[pair[1]])[0]
        if value is not None:
            attributes[name] = value
    return attributes


def _free_id(wanted: str, taken: set[str]) -> str:
    """Two annotators may give one id to two things."""
    if wanted not in taken:
        return wanted
    return next(f"{wanted}-{n}" for n in count(2) if f"{wanted}-{n}" not in taken)
