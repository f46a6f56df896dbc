"""Pre-labels and what people made of them: taken as they were, moved, renamed or rejected.

A predicted object and a labeled one belong together where each overlaps the other most, and by half
at least (intersection over union). Of a label of the whole image only the word counts.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import shapely

from vidset.labeling.annotation import LabeledObject
from vidset.labeling.shapes import box_around, geometry_of, pixels_of
from vidset.labeling.stores.store import Key, Query, Store, Stored

TAKEN_IOU, SAME_IOU = 0.95, 0.5
OUTCOMES = ("taken", "moved", "renamed", "rejected")
_LOOKUPS = 150


@dataclass(frozen=True, slots=True)
class PreLabels:
    """The outcome of one label that one run has predicted, over all labeled images.

    Attributes:
        taken: objects that people left as they were: the same label, and an overlap of 0.95.
        moved: the same label, and another shape.
        renamed: another label.
        rejected: people have nothing there.
        added: objects of this label that people drew where the run had offered none.
        worth: the part of the images' cost that stands for the objects that were taken, each
            object of an image costing the same.
    """

    run: str
    label: str
    taken: int = 0
    moved: int = 0
    renamed: int = 0
    rejected: int = 0
    added: int = 0
    worth: float = 0.0


@dataclass(slots=True)
class _Count:
    outcomes: Counter[str] = field(default_factory=Counter)
    worth: float = 0.0


def compare_pre_labels(store: Store) -> list[PreLabels]:
    """Compare what was sent along with tasks with the labels that came back, by run and label.

    Memory is constant. In Firestore, each document that is read has its price.
    """
    counts: defaultdict[tuple[str, str], _Count] = defaultdict(_Count)
    sent = (each for each in store.find(Query("predictions")) if _was_sent(each))
    while chunk := list(islice(sent, _LOOKUPS)):
        for predicted, annotation, cost in _labeled(store, chunk):
            _compare(predicted, annotation, cost, counts)
    return [
        PreLabels(
            run,
            label,
            **{name: count.outcomes[name] for name in (*OUTCOMES, "added")},
            worth=round(count.worth, 6),
        )
        for (run, label), count in sorted(counts.items())
    ]


def _was_sent(stored: Stored) -> bool:
    return bool(stored.document.get("sent_at") and stored.document.get("run_id"))


def _labeled(store: Store, sent: Sequence[Stored]) -> Iterator[tuple[dict, dict, float]]:
    """Yield predictions with the annotation that followed them, and what the image has cost."""
    names = [each.document["image_id"] for each in sent]
    annotations: list[Key] = [("annotations", name) for name in names]
    tasks: list[Key] = [("tasks", name) for name in names]
    found = store.get(*annotations, *tasks)
    for each, annotation, task in zip(sent, found[: len(sent)], found[len(sent) :], strict=True):
        if annotation is not None and annotation.document["state"] == "labeled":
            cost = float(task.document["cost"]) if task else 0.0
            yield each.document, annotation.document, cost


def _compare(
    predicted: dict, annotation: dict, cost: float, counts: dict[tuple[str, str], _Count]
) -> None:
    ours = list(map(LabeledObject.from_document, predicted["objects"]))
    theirs = list(map(LabeledObject.from_document, annotation["objects"]))
    run, size = predicted["run"], (annotation["image_width"], annotation["image_height"])
    pairs = match_objects(ours, theirs, size)
    share = cost / len(theirs) if theirs else 0.0
    for at, item in enumerate(ours):
        count, outcome = counts[run, item.label], "rejected"
        if at in pairs:
            other, overlap = pairs[at]
            if theirs[other].label != item.label:
                outcome = "renamed"
            else:
                outcome = "taken" if overlap >= TAKEN_IOU else "moved"
        count.outcomes[outcome] += 1
        count.worth += share * (outcome == "taken")
    known = {other for other, _ in pairs.values()}
    for at, item in enumerate(theirs):
        if at not in known:
            counts[run, item.label].outcomes["added"] += 1


def match_objects(
    ours: Sequence[LabeledObject],
    theirs: Sequence[LabeledObject],
    size: tuple[int | None, int | None],
) -> dict[int, tuple[int, float]]:
    """Return by the place in `ours` the place in `theirs` that belongs to it, and their overlap.

    Args:
        size: width and height of the image, as far as known; masks need it.
    """
    overlaps = np.array(
        [[_overlap(one, other, size) for other in theirs] for one in ours], np.float64
    ).reshape(len(ours), len(theirs))
    if not overlaps.size:
        return {}
    best = overlaps.argmax(axis=1)
    return {
        at: (int(other), float(overlaps[at, other]))
        for at, other in enumerate(best)
        if overlaps[at, other] >= SAME_IOU and overlaps[:, other].argmax() == at
    }


def _overlap(
    one: LabeledObject, other: LabeledObject, size: tuple[int | None, int | None]
) -> float:
    """The intersection over union; of two words on the image 1 if they are the same, else 0.5."""
    if "classification" in (one.type, other.type):
        if one.type != other.type:
            return 0.0
        return 1.0 if one.label == other.label else SAME_IOU
    if _are_apart(one, other):
        return 0.0
    if one.mask or other.mask:
        return _overlap_of_pixels(one, other, size)
    ours, theirs = geometry_of(one), geometry_of(other)
    if ours is None or theirs is None:
        return 0.0
    ours, theirs = shapely.make_valid(ours), shapely.make_valid(theirs)
    return _ratio(
        shapely.area(shapely.intersection(ours, theirs)), shapely.area(shapely.union(ours, theirs))
    )


def _overlap_of_pixels(
    one: LabeledObject, other: LabeledObject, size: tuple[int | None, int | None]
) -> float:
    width, height = size
    if not (width and height):
        return 0.0
    ours, theirs = (pixels_of(each, width, height) for each in (one, other))
    return _ratio(float((ours & theirs).sum()), float((ours | theirs).sum()))


def _ratio(both: float, either: float) -> float:
    return float(both) / float(either) if either else 0.0


def _are_apart(one: LabeledObject, other: LabeledObject) -> bool:
    a, b = box_around(one), box_around(other)
    if a is None or b is None:
        return True
    return min(a.x + a.width, b.x + b.width) <= max(a.x, b.x) or min(
        a.y + a.height, b.y + b.height
    ) <= max(a.y, b.y)
