"""Finds what a version has that its repository's schema does not expect."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from vidset.datasets.schema.divergence import jensen_shannon, l_infinity
from vidset.datasets.schema.schema import RANGES, Schema, SplitSchema
from vidset.datasets.versions.entry import TRAIN

_SIZES = ("width", "height", "aspect_ratio")


class Kind(StrEnum):
    """The kinds of anomalies."""

    EMPTY_SPLIT = "empty split"
    NEW_SPLIT = "new split"
    NEW_LABEL = "new label"
    MISSING_LABEL = "missing label"
    NOT_TRAINED = "label without training images"
    NOT_EVALUATED = "label without evaluation images"
    UNLABELED = "unlabeled images"
    LABEL_DRIFT = "label drift"
    SIZE_DRIFT = "size drift"
    BRIGHTNESS_DRIFT = "brightness drift"
    OUT_OF_RANGE = "out of range"
    BLANKS = "blank images"
    NEW_FORMAT = "new file format"
    MISSING_VALUE = "missing value"
    NEW_TYPE = "new kind of object"
    PIXEL_DRIFT = "pixel drift"


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One of them.

    Attributes:
        split: None: of all splits together.
        what: the feature, column or label that it is about; "" for none.
        said: what was wanted, what was got, and the first images that are meant.
        value, limit: of a drift.
    """

    kind: Kind
    split: str | None
    what: str
    said: str
    value: float | None = None
    limit: float | None = None

    def __str__(self) -> str:
        where = f"{self.split}: " if self.split else ""
        what = f" {self.what}" if self.what else ""
        return f"{where}{self.kind}{what}: {self.said}"


def find_anomalies(schema: Schema, statistics: Mapping[str, Any]) -> list[Anomaly]:
    """All that there are, by split.

    Args:
        statistics: `vidset.datasets.schema.statistics.describe`'s.
    """
    splits: Mapping[str, Any] = statistics["splits"]
    found = [*_of_splits(schema, splits), *_of_labels(schema, splits)]
    for name, said in splits.items():
        found += _of_contents(schema, name, said)
        found += _of_ranges(schema, name, said)
        if name in schema.splits:
            found += _of_drift(schema, schema.splits[name], name, said)
    return found


def _of_splits(schema: Schema, splits: Mapping[str, Any]) -> Iterator[Anomaly]:
    for name, wanted in schema.splits.items():
        if name not in splits:
            said = f"wanted images as in the schema ({wanted.images}), got none"
            yield Anomaly(Kind.EMPTY_SPLIT, name, "", said)
    if TRAIN not in splits and TRAIN not in schema.splits:
        yield Anomaly(Kind.EMPTY_SPLIT, TRAIN, "", "wanted training images, got none")
    if not set(splits) - {TRAIN}:
        yield Anomaly(Kind.EMPTY_SPLIT, None, "", "wanted a split to evaluate on, got none")
    for name, got in splits.items():
        if name not in schema.splits:
            said = f"wanted {', '.join(schema.splits)}; it has {got['images']} images"
            yield Anomaly(Kind.NEW_SPLIT, name, "", said)


def _of_labels(schema: Schema, splits: Mapping[str, Any]) -> Iterator[Anomaly]:
    images: dict[str, dict[str, int]] = {}
    for split, said in splits.items():
        for label, count in said["labels"].items():
            images.setdefault(label, {})[split] = count
    for label in sorted({*images, *schema.labels}):
        there = images.get(label, {})
        told = ", ".join(f"{count} in {split}" for split, count in there.items())
        if label not in schema.labels:
            said = f"wanted {_few(schema.labels)}, got images: {told}"
            yield Anomaly(Kind.NEW_LABEL, None, label, said)
        if not there:
            said = "wanted images as in the schema, got none"
            yield Anomaly(Kind.MISSING_LABEL, None, label, said)
        elif TRAIN in splits and TRAIN not in there:
            yield Anomaly(Kind.NOT_TRAINED, TRAIN, label, f"got {told}")
        elif set(splits) - {TRAIN} and set(there) == {TRAIN}:
            yield Anomaly(Kind.NOT_EVALUATED, None, label, f"got {told}")


def _of_contents(schema: Schema, name: str, said: Mapping[str, Any]) -> Iterator[Anomaly]:
    if said["unlabeled"]:
        got = f"wanted a label on every image, got {said['unlabeled']} images without one"
        yield Anomaly(Kind.UNLABELED, name, "", got)
    blanks = said["blanks"]
    if blanks["images"] > schema.thresholds.blanks:
        got = (
            f"wanted at most {schema.thresholds.blanks}, got {blanks['images']}: "
            f"{_few(blanks['named'], blanks['images'])}"
        )
        yield Anomaly(Kind.BLANKS, name, "", got)
    for each, count in said["formats"].items():
        if each not in schema.formats:
            got = f"wanted {', '.join(schema.formats)}, got {count} images"
            yield Anomaly(Kind.NEW_FORMAT, name, each, got)
    for each, count in said["types"].items():
        if schema.types is not None and each not in schema.types:
            got = f"wanted {', '.join(schema.types) or 'no objects'}, got {count} objects"
            yield Anomaly(Kind.NEW_TYPE, name, each, got)
    for column in schema.columns:
        missing = said["images"] - said["present"].get(column, 0)
        if missing:
            got = f"wanted a value for every image, got {missing} without one"
            yield Anomaly(Kind.MISSING_VALUE, name, column, got)


def _of_ranges(schema: Schema, name: str, said: Mapping[str, Any]) -> Iterator[Anomaly]:
    for feature in RANGES:
        low, high = schema.ranges[feature]
        numbers, extremes = said["numbers"][feature], said["extremes"][feature]
        for value, image in (numbers["min"], extremes["min"]), (numbers["max"], extremes["max"]):
            if not low <= value <= high:
                got = f"wanted {low:g} to {high:g}, got {value:g}: {image}"
                yield Anomaly(Kind.OUT_OF_RANGE, name, feature, got)


def _of_drift(
    schema: Schema, before: SplitSchema, name: str, said: Mapping[str, Any]
) -> Iterator[Anomaly]:
    """None is told of splits that are too small for it."""
    limits = schema.thresholds
    if min(before.images, said["images"]) < limits.fewest_images:
        return
    if sum(before.labels.values()) and sum(said["labels"].values()):
        distance, label = l_infinity(before.labels, said["labels"])
        if distance > limits.label_drift:
            old, new = (
                labels.get(label, 0) / sum(labels.values())
                for labels in (before.labels, said["labels"])
            )
            got = (
                f"L-infinity distance {distance:.3f} > {limits.label_drift:g}: "
                f"{label} was {old:.1%} and is {new:.1%}"
            )
            yield Anomaly(Kind.LABEL_DRIFT, name, label, got, distance, limits.label_drift)
    yield from _of_pixels(schema, before, name, said)
    for feature, limit, kind in (
        *((feature, limits.size_drift, Kind.SIZE_DRIFT) for feature in _SIZES),
        ("brightness", limits.brightness_drift, Kind.BRIGHTNESS_DRIFT),
    ):
        numbers = said["numbers"][feature]
        divergence = jensen_shannon(before.histograms[feature], numbers["counts"])
        if divergence > limit:
            got = (
                f"Jensen-Shannon divergence {divergence:.3f} > {limit:g}; "
                f"its mean is {numbers['mean']:g} now"
            )
            yield Anomaly(kind, name, feature, got, divergence, limit)


def _of_pixels(
    schema: Schema, before: SplitSchema, name: str, said: Mapping[str, Any]
) -> Iterator[Anomaly]:
    """Tell of labels that cover another share of the pixels than they did."""
    limit = schema.thresholds.pixel_drift
    areas = {label: each["sum"] for label, each in said["pixels"].items()}
    if not (before.pixels and areas and {"mask", "polygon"} & set(schema.types or ())):
        return
    distance, label = l_infinity(before.pixels, areas)
    if distance > limit:
        old, new = (each.get(label, 0) / sum(each.values()) for each in (before.pixels, areas))
        got = (
            f"L-infinity distance {distance:.3f} > {limit:g}: "
            f"{label} had {old:.1%} of what is drawn and has {new:.1%}"
        )
        yield Anomaly(Kind.PIXEL_DRIFT, name, label, got, distance, limit)


def _few(names: list[str], in_all: int | None = None) -> str:
    shown = names[:10]
    more = (len(names) if in_all is None else in_all) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
