"""The reading of FiftyOne's own layouts; see `vidset.formats.fiftyone`.

labels.json has the labels of each image by the name of its file without extension. samples.json, of
FiftyOneDataset, has samples with fields of labels: people's, and those of models, which have
confidences.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from vidset.formats.fiftyone_labels import LabelsOf, label_fields, objects_of
from vidset.formats.format import ImageLabels
from vidset.formats.origin import origin_of
from vidset.formats.reading import (
    Reading,
    image_size,
    leads_elsewhere,
    member,
    read_json,
    told_name,
)
from vidset.formats.splits import split_named, told_splits
from vidset.labeling.annotation import LabeledObject

NAME, LABELS, SAMPLES, ORIGINS = "FiftyOne", "labels.json", "samples.json", "origins"


def read(path: str | Path, reading: Reading | None = None) -> Iterator[ImageLabels]:
    """Yield the images of labels.json or samples.json. An image without labels is unlabeled.

    Of several fields of a sample, those without a confidence are people's annotations, and the
    others are predictions. `path` is the file or the folder with it.

    Raises:
        ValueError: as `Reader.read` says; also where nobody tells an image's size.
    """
    reading, place = reading or Reading(), Path(path)
    if place.is_dir():
        found = [file for file in (place / SAMPLES, place / LABELS) if file.is_file()]
        if not found:
            raise ValueError(f"{place}: wanted {NAME}'s {LABELS} or {SAMPLES}, got neither")
        place = found[0]
    document = read_json(place)
    if isinstance(document, dict) and "samples" in document:
        yield from _samples(document, place, reading)
    elif isinstance(document, dict) and "labels" in document:
        yield from _labels(document, place, reading)
    else:
        raise ValueError(f"{place}: wanted an object with labels or samples, got neither")


def _labels(document: dict[str, Any], place: Path, reading: Reading) -> Iterator[ImageLabels]:
    classes = document.get("classes") or []
    origins = document.get(ORIGINS)
    for key, value in member(document, "labels", dict, str(place)).items():
        where = f"{place}: labels[{key[:80]!r}]"
        origin = origins.get(key) if isinstance(origins, dict) else None

        def image(
            key: str = key, value: Any = value, where: str = where, origin: Any = origin
        ) -> ImageLabels:
            told = origin if isinstance(origin, dict) else {}
            name = told_name(told.get("image", key), where)
            labels = _sized(name, (None, None), reading, where)
            labels = replace(labels, is_elsewhere=leads_elsewhere(key), **origin_of(told, where))
            return _with(labels, value, [("", value)], classes, where, reading, is_ours=bool(told))

        yield from reading.whole(image)


def _samples(document: dict[str, Any], place: Path, reading: Reading) -> Iterator[ImageLabels]:
    samples = member(document, "samples", list, str(place))
    fields = label_fields(samples, reading)
    names: set[str] = set()
    is_split = told_splits(split for sample in samples for split in _splits(sample))
    for number, sample in enumerate(samples):
        where = f"{place}: samples[{number}]"
        for labels in reading.whole(partial(_sample, sample, fields, names, where, reading)):
            yield replace(labels, splits=_splits(sample)) if is_split else labels


def _splits(sample: Any) -> tuple[str, ...]:
    """The splits among a sample's tags, which is where FiftyOne's readers put them."""
    tags = sample.get("tags") if isinstance(sample, dict) else None
    named = (
        map(split_named, (tag for tag in tags if isinstance(tag, str)))
        if isinstance(tags, list)
        else ()
    )
    return tuple(dict.fromkeys(filter(None, named)))


def _sample(
    sample: Any, fields: LabelsOf, names: set[str], place: str, reading: Reading
) -> ImageLabels:
    told = member(sample, "filepath", str, place)
    if sample.get("_media_type") not in (None, "image"):
        raise ValueError(f"{place}: wanted an image, got {str(sample['_media_type'])[:80]!r}")
    name = told_name(told, f"{place}.filepath")
    name = name.removeprefix("data/")
    if name in names:
        raise ValueError(f"{place}: wanted each image once, got {name!r} again")
    names.add(name)
    metadata = sample.get("metadata") if isinstance(sample.get("metadata"), dict) else {}
    labels = _sized(name, (metadata.get("width"), metadata.get("height")), reading, place)
    labels = replace(labels, is_elsewhere=leads_elsewhere(told))
    for field, number in fields.passed_over(sample):
        reading.dropped[f"labels of other fields ({field})"] += number
    for field in fields.others(sample):
        reading.leave_out(f"fields of samples ({field})")
    taken = [(field, sample[field]) for field in fields.taken if sample.get(field) is not None]
    if reading.kind == "predictions" and taken:
        labels = replace(labels, annotator=", ".join(field for field, _ in taken))
    return _with(labels, taken or None, taken, [], place, reading)


def _sized(name: str, told: tuple[Any, Any], reading: Reading, place: str) -> ImageLabels:
    """Raises ValueError: nobody tells the image's size, by which parts of it become pixels."""
    width, height = image_size(told, name, reading.size_of, place)
    if width is None or height is None:
        raise ValueError(f"{place}: wanted the size of {name}, which the file does not tell")
    return ImageLabels(name, width, height, ())


def _with(
    labels: ImageLabels,
    value: Any,
    parts: list[tuple[str, Any]],
    classes: Any,
    place: str,
    reading: Reading,
    *,
    is_ours: bool = False,
) -> ImageLabels:
    if value is None:
        return replace(labels, state="unlabeled")
    size = labels.width or 1, labels.height or 1
    objects: list[LabeledObject] = []
    taken: set[str] = set()
    label_of = _label_of(classes)
    for field, part in parts:
        where = f"{place}.{field}" if field else place
        objects += objects_of(part, size, label_of, taken, where, reading)
    return replace(labels, objects=tuple(objects), empty_is_told=is_ours or bool(objects))


def _label_of(classes: Any) -> Callable[[Mapping[str, Any], str], str]:
    """Return what finds a label, which may be told by its number among the classes."""

    def label_of(each: Mapping[str, Any], place: str) -> str:
        told = each.get("label")
        if isinstance(told, int) and not isinstance(told, bool) and isinstance(classes, list):
            if 0 <= told < len(classes) and isinstance(classes[told], str):
                return classes[told]
            raise ValueError(f"{place}: wanted a label of the file's classes, got {told}")
        return member(each, "label", str, place)

    return label_of
