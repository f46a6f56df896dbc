"""Describes a version's images, split by split."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vidset.datasets.images.pictures import measures_of
from vidset.datasets.rows import rows_with
from vidset.datasets.schema.histogram import EDGES, Histogram
from vidset.datasets.versions.entry import TEST, TRAIN, VALIDATION
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.objects import read_objects

_CHUNK_ROWS = 10_000
_MEASURED = ["width", "height", "size_bytes", "brightness", "contrast", "sharpness"]
_MOST_NAMED = 20


def describe(manifest: Manifest, measures: pa.Table) -> dict[str, Any]:
    """Statistics of each split, as JSON has them; they take the same memory for any number of
    images.

    `splits.<name>` holds: images, groups, unlabeled (images without any label), labels (of each,
    the images that have it as their class or on an object), objects (of each label, the
    objects), types (of objects, their number), pixels (of each label, count, sum, min and max of
    the areas of its objects), formats, present (of each manifest column, the rows that have a
    value), blanks (`images`, and the first of them in `named`), numbers (of each feature: count,
    min, max, mean, deviation, and a histogram in `histogram.EDGES`), extremes (of each measure,
    the uris of the images with the least and the most). `object_area` is a share of the image's
    area.

    Raises:
        DatasetError: an image has no measures.
    """
    found = {name: _Split() for name in manifest.splits}
    for batch in manifest.table.to_batches(max_chunksize=_CHUNK_ROWS):
        rows = pa.Table.from_batches([batch])
        measured = measures_of(rows["image_sha256"].to_pylist(), measures, _MEASURED)
        for name in rows["split"].unique().to_pylist():
            chosen = pc.call_function("equal", [rows["split"], pa.scalar(name)])
            found[name].add(rows.filter(chosen), measured.filter(chosen))
    groups = {
        name: len(rows_with(manifest.table, "split", [name])["group"].unique()) for name in found
    }
    return {
        "images": len(manifest),
        "splits": {
            name: {**found[name].to_dict(), "groups": groups[name]}
            for name in sorted(found, key=split_order)
        },
    }


def split_order(name: str) -> tuple[int, str]:
    """Train, validation, test, then others by name."""
    known = (TRAIN, VALIDATION, TEST)
    return (known.index(name) if name in known else len(known)), name


@dataclass(slots=True)
class _Extreme:
    least: tuple[float, str] = (float("inf"), "")
    most: tuple[float, str] = (float("-inf"), "")

    def add(self, values: np.ndarray, uris: pa.ChunkedArray) -> None:
        """Add values. Among equal ones the first counts."""
        low, high = int(values.argmin()), int(values.argmax())
        if values[low] < self.least[0]:
            self.least = float(values[low]), uris[low].as_py()
        if values[high] > self.most[0]:
            self.most = float(values[high]), uris[high].as_py()


@dataclass(slots=True)
class _Areas:
    count: int = 0
    total: float = 0.0
    least: float = float("inf")
    most: float = 0.0

    def add(self, area: float) -> None:
        self.count += 1
        self.total += area
        self.least, self.most = min(self.least, area), max(self.most, area)

    def to_dict(self) -> dict[str, float]:
        return {"count": self.count, "sum": self.total, "min": self.least, "max": self.most}


@dataclass(slots=True)
class _Split:
    images: int = 0
    unlabeled: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    objects: Counter[str] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)
    pixels: dict[str, _Areas] = field(default_factory=dict)
    formats: Counter[str] = field(default_factory=Counter)
    present: Counter[str] = field(default_factory=Counter)
    blanks: int = 0
    blank_uris: list[str] = field(default_factory=list)
    numbers: dict[str, Histogram] = field(
        default_factory=lambda: {feature: Histogram(feature) for feature in EDGES}
    )
    extremes: dict[str, _Extreme] = field(
        default_factory=lambda: {feature: _Extreme() for feature in (*_MEASURED, "aspect_ratio")}
    )

    def add(self, rows: pa.Table, measured: pa.Table) -> None:
        self.images += len(rows)
        self.formats.update(rows["image_format"].to_pylist())
        for name in rows.column_names:
            self.present[name] += len(rows) - rows[name].null_count
        values = {name: measured[name].to_numpy() for name in _MEASURED}
        values["aspect_ratio"] = values["width"] / values["height"]
        for name, each in values.items():
            self.numbers[name].add(each)
            self.extremes[name].add(each, rows["image_uri"])
        blank = values["contrast"] == 0
        self.blanks += int(blank.sum())
        uris = rows["image_uri"].filter(pa.array(blank)).to_pylist()
        self.blank_uris = (self.blank_uris + uris)[:_MOST_NAMED]
        self._add_labels(rows)

    def _add_labels(self, rows: pa.Table) -> None:
        counts, areas = [], []
        has_objects = rows["objects"].is_valid()
        without = rows.filter(pc.call_function("invert", [has_objects]))["label"]
        self.labels.update(without.drop_null().to_pylist())
        self.unlabeled += without.null_count
        rows = rows.filter(has_objects)
        columns = (rows[name].to_pylist() for name in ("label", "objects", "width", "height"))
        for label, objects, width, height in zip(*columns, strict=True):
            things = read_objects(objects)
            names = {thing.label for thing in things} | ({label} - {None})
            self.labels.update(names)
            self.objects.update(thing.label for thing in things)
            counts.append(len(things))
            self.types.update(thing.type for thing in things)
            for thing in things:
                if (area := thing.area) is not None:
                    self.pixels.setdefault(thing.label, _Areas()).add(area)
                    areas.append(area / (width * height))
        self.numbers["objects"].add(np.array(counts))
        self.numbers["object_area"].add(np.array(areas))

    def to_dict(self) -> dict[str, Any]:
        return {
            "images": self.images,
            "unlabeled": self.unlabeled,
            "labels": dict(sorted(self.labels.items())),
            "objects": dict(sorted(self.objects.items())),
            "types": dict(sorted(self.types.items())),
            "pixels": {label: self.pixels[label].to_dict() for label in sorted(self.pixels)},
            "formats": dict(sorted(self.formats.items())),
            "present": dict(sorted(self.present.items())),
            "blanks": {"images": self.blanks, "named": self.blank_uris},
            "numbers": {name: self.numbers[name].to_dict() for name in EDGES},
            "extremes": {
                name: {"min": extreme.least[1], "max": extreme.most[1]}
                for name, extreme in self.extremes.items()
            },
        }
