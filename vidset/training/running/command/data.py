"""Writes what a model's program reads: labeled images to train on, bare images to predict for."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2

from vidset.datasets.curation.recipe import transform
from vidset.datasets.exchange.checkout import FOLDERS, write_split
from vidset.datasets.images.measures import decode
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.checkout import file_name, segment, write_images
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.objects import documents_in
from vidset.datasets.versions.repository import Repository
from vidset.formats.painting import BACKGROUND, IGNORED
from vidset.formats.registry import format_named
from vidset.storage.writing import write_atomically
from vidset.training.models.commands import LABEL_MAPS, CommandModel

TRAINING, CHOOSING = "train", "validation"


def write_training_data(
    repository: Repository,
    model: CommandModel,
    splits: Mapping[str, Sequence[Entry]],
    classes: Sequence[str],
    folder: Path,
) -> Mapping[str, int]:
    """Write each split with its labels into a folder of its name, in the model's format.

    Images are copies: a program that changes its data changes nothing of the repository.

    Args:
        classes: the classes of training, in the order of the format's numbers.

    Returns:
        What the format cannot say and was left out, by kind.
    """
    dropped: Counter[str] = Counter()
    truths = model.truths()
    others = {label for each in splits.values() for label in truths.classes(each)} - set(classes)
    order = [*classes, *sorted(others)]
    is_map = model.data == LABEL_MAPS  # Which can say which areas are to be ignored.
    if is_map:
        order = [*(label for label in order if label != BACKGROUND), IGNORED]
    for name, entries in splits.items():
        place = folder / name
        place.mkdir(parents=True)
        known = Manifest.of(entries if is_map else _without_ignored(entries, dropped))
        dropped.update(write_split(repository, known, place, model.data, order))
    if model.data != FOLDERS:
        format_named(model.data).write_over(folder, list(splits))
    return dropped


def _without_ignored(entries: Iterable[Entry], dropped: Counter[str]) -> Iterator[Entry]:
    """Yield the images without areas to be ignored: to a program they would be one more class."""
    for entry in entries:
        said = [] if entry.objects is None else documents_in(entry.objects)
        kept = [each for each in said if each["label"] != IGNORED]
        if len(kept) == len(said):
            yield entry
        else:
            dropped["areas to be ignored"] += len(said) - len(kept)
            yield replace(entry, objects=to_json(kept))


def class_numbers(model: CommandModel, classes: Sequence[str]) -> dict[str, Any]:
    """Return the number of each class in label maps, where the data are such: 0 is background."""
    return {"numbers": numbers_of(classes)} if model.data == LABEL_MAPS else {}


def numbers_of(classes: Sequence[str]) -> dict[str, int]:
    """Return the number that a label map has for each class, and for `background`."""
    things = [label for label in classes if label != BACKGROUND]
    return {BACKGROUND: 0} | {label: number for number, label in enumerate(things, 1)}


def class_folders(model: CommandModel, classes: Sequence[str]) -> dict[str, Any]:
    """Return the class of each folder, where the data are folders: some classes have letters that
    a folder's name cannot have.
    """
    return {"folders": {segment(each): each for each in classes}} if model.data == FOLDERS else {}


def write_images_to_predict(
    repository: Repository,
    entries: Sequence[Entry],
    steps: Sequence[Mapping[str, Any]],
    folder: Path,
) -> dict[str, Entry]:
    """Write images without labels into a folder. Returns each with the name of its file.

    Args:
        steps: transforms that the images have not had and the run's have: each then is a PNG file.
    """
    folder.mkdir(parents=True)
    if not steps:
        named = {file_name(entry): entry for entry in entries}
        write_images(repository, ((each, name) for name, each in named.items()), folder, link=False)
        return named
    named = {}
    for entry in entries:
        picture = transform(decode(repository.read_image(entry), entry.image_uri), steps)
        _, data = cv2.imencode(".png", picture[:, :, ::-1])
        name = f"{Path(file_name(entry)).stem}.png"
        write_atomically(folder / name, data.tobytes())
        named[name] = entry
    return named
