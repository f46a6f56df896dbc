"""Checks that a model can be trained on a dataset version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vidset.datasets.errors import DatasetError, FaultsError
from vidset.datasets.versions.entry import TRAIN, VALIDATION, Entry
from vidset.datasets.versions.manifest import Manifest
from vidset.training.models.registry import Model, choose_model, task_of
from vidset.training.models.truths import Truths

CAP = 10_000


@dataclass(frozen=True, slots=True)
class Material:
    """The images that a run learns from and is scored on.

    Attributes:
        evaluation: images by split.
        notes: what a person should know, a line each.
    """

    classes: tuple[str, ...]
    train: tuple[Entry, ...]
    evaluation: Mapping[str, tuple[Entry, ...]]
    notes: tuple[str, ...]


def check_leaks(details: Mapping[str, Any], *, allow_leaks: bool) -> None:
    """Refuse a version that was made with leaks, `details` being its version.json.

    Raises:
        FaultsError: it has some; they are named.
    """
    leaks = details.get("leaks") or []
    if leaks and not allow_leaks:
        raise FaultsError(
            f"version {details.get('id')}: {len(leaks)} images leak between splits "
            "(--allow-leaks trains all the same)",
            [str(leak) for leak in leaks],
        )


def check_images(
    manifest: Manifest, model: Model, splits: Sequence[str], *, cap: int = CAP
) -> Material:
    """Check and return the images of a version, by split.

    Args:
        cap: the most that training and validation may have together; 0 for any number.

    Raises:
        DatasetError: a split is missing, there are too many images, or only one class.
        FaultsError: images without what the model learns; each is named.
    """
    truths = model.truths()
    train = tuple(manifest.split(TRAIN))
    evaluation = {name: tuple(manifest.split(name)) for name in splits}
    for name, entries in {TRAIN: train, **evaluation}.items():
        if not entries:
            has = ", ".join(manifest.splits)
            raise DatasetError(f"version {manifest.id} has no split {name!r}; it has: {has}")
    if TRAIN in splits:
        raise DatasetError(
            f"--splits: {TRAIN!r} is what the model learns, not what it is scored on"
        )
    counted = len(train) + len(manifest.split(VALIDATION))
    if cap and counted > cap:
        raise DatasetError(
            f"version {manifest.id} has {counted} images for training and validation, "
            f"wanted at most {cap} (--cap)"
        )
    faults = [
        f"{entry.image_uri} ({entry.split}): {fault}"
        for entry in (*train, *(each for entries in evaluation.values() for each in entries))
        if (fault := truths.unusable(entry))
    ]
    everything = len(train) + sum(map(len, evaluation.values()))
    if len(faults) == everything and task_of(manifest) != model.task:
        raise DatasetError(
            f"version {manifest.id}: none of its images has what {model.name} learns "
            f"({model.task}). Its labels are for {task_of(manifest)}: "
            f"--model {choose_model(manifest)}"
        )
    if faults:
        raise FaultsError(f"{len(faults)} images cannot be used by {model.name}", faults)
    for name, entries in {TRAIN: train, **evaluation}.items():
        if not truths.classes(entries):
            raise DatasetError(
                f"version {manifest.id}: the split {name!r} has no labels for this model"
            )
    classes = truths.classes(train)
    return Material(tuple(classes), train, evaluation, _unknown(truths, evaluation, classes))


def _unknown(
    truths: Truths, evaluation: Mapping[str, Sequence[Entry]], classes: Sequence[str]
) -> tuple[str, ...]:
    notes = []
    for name, entries in evaluation.items():
        found = [(entry, truths.unknown_labels(entry, classes)) for entry in entries]
        labels = sorted({label for _, unknown in found for label in unknown})
        if labels:
            number = sum(bool(unknown) for _, unknown in found)
            notes.append(
                f"{name}: {number} images have labels that training does not have, and count as "
                f"wrong: {', '.join(labels)}"
            )
    return tuple(notes)
