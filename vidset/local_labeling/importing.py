"""Read other tools' files and match what they say with the images of a place.

Everything is read and checked before anything is stored.
"""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from vidset.formats.format import ImageLabels
from vidset.formats.matching import Match
from vidset.formats.reading import Kind, Reading, SizeOf
from vidset.formats.registry import Format, format_named
from vidset.formats.reshaping import as_boxes, check_map, renamed
from vidset.labeling.annotation import AnnotationState, Answer
from vidset.labeling.broker import Broker
from vidset.labeling.checking import check_answer
from vidset.labeling.errors import InvalidAnswerError, OtherShapeError, UnknownLabelError
from vidset.labeling.task import Image
from vidset.local_labeling.image_names import ImageNames
from vidset.local_labeling.returning import is_same, restore
from vidset.local_labeling.said import Said, in_order
from vidset.local_labeling.stored import StoredLabels, stored_labels
from vidset.local_labeling.storing import VENDOR
from vidset.place import Place


@dataclass(frozen=True, slots=True)
class Import:
    """The request for an import.

    Attributes:
        by: who imports, for the records.
        annotator: whose labels they are, where the files do not tell; None for who imports.
        since: the time that files of others count as; None for what they tell, else their date.
        skip_unknown: pass over images that the ledger does not have.
        skip_faults: pass over images whose labels have a fault.
        lossy: leave out what an annotation cannot hold, and count it.
        as_boxes: take the box around each outline.
        map_labels: new names of labels.
        match: how much of a name has to agree with an image's.
        crowds, columns, results_of: see `vidset.formats.reading.Reading`.
    """

    format_name: str
    path: str
    kind: Kind = "annotations"
    by: str = VENDOR
    annotator: str | None = None
    since: datetime | None = None
    skip_unknown: bool = False
    skip_faults: bool = False
    lossy: bool = False
    as_boxes: bool = False
    map_labels: Mapping[str, str] = field(default_factory=dict)
    match: Match = "path"
    crowds: bool = False
    columns: Mapping[str, str] | Sequence[str] = ()
    results_of: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """The outcome of reading files.

    Attributes:
        unknown: images that the ledger does not have.
        unlabeled: images that the files name and nobody has annotated.
        dropped: what an annotation cannot hold, by kind.
        faults: what is wrong, of images that were passed over.
    """

    said: tuple[Said, ...]
    unknown: int = 0
    unlabeled: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


_LISTED_FAULTS = 50


class ImportFaultsError(ValueError):
    """Files have faults, and nothing was imported; `faults` has all of them."""

    def __init__(self, path: str, faults: tuple[str, ...]):
        super().__init__(path, faults)
        self.faults = faults

    def __str__(self) -> str:
        path, faults = self.args
        if len(faults) == 1:
            return faults[0]
        listed = "\n".join(f"  {fault}" for fault in faults[:_LISTED_FAULTS])
        if len(faults) > _LISTED_FAULTS:
            listed += f"\n  and {len(faults) - _LISTED_FAULTS} more"
        return f"{path}: {len(faults)} faults; --skip-faults passes over these images\n{listed}"


def read_labels(broker: Broker, place: Place, wanted: Import) -> Read:
    """Read files and match them with the images of the place.

    Raises:
        ImportFaultsError: something is wrong in the files; all faults are named.
        ValueError: there is no such format or file, or a label to rename is nowhere.
    """
    names = ImageNames(
        ((image, place.name_of(image.id, image.uri)) for image in place.images()), wanted.match
    )
    named, now = format_named(wanted.format_name, to="read"), broker.clock()
    # The sizes that the others tell are compared when the answers are checked.
    size_of = _sizes(names, wanted) if named.needs_sizes else None
    reading = Reading(
        size_of,
        wanted.kind,
        lossy=wanted.lossy,
        crowds=wanted.crowds,
        columns=wanted.columns,
        results_of=Path(wanted.results_of) if wanted.results_of else None,
        collects=True,
    )
    # What comes from another machine can be of tomorrow, by its clock.
    changed_at = min(_changed_at(Path(wanted.path)), now)
    counts: Counter[str] = Counter()
    said: list[Said] = []
    seen: set[str] = set()
    for labels in named.read(wanted.path, reading):
        seen.update(item.label for item in labels.objects)
        with reading.part():
            image = names.find(labels.image_name, labels.image_id, is_elsewhere=labels.is_elsewhere)
            if image is None:
                if not wanted.skip_unknown:
                    raise _unknown(names, labels.image_name, wanted)
                counts["unknown"] += 1
            elif labels.state == "unlabeled":
                counts["unlabeled"] += 1
            else:
                said.append(_said(broker, image, labels, labels.state, wanted, changed_at))
    if not reading.faults or wanted.skip_faults:
        check_map(wanted.map_labels, seen)
    if wanted.kind == "annotations":
        said = _restored(broker, named, in_order(said))
    checked: list[Said] = []
    for each in said:
        with reading.part():
            checked.append(replace(each, answer=_checked(broker, each, wanted)))
    if reading.faults and not wanted.skip_faults:
        raise ImportFaultsError(wanted.path, tuple(reading.faults))
    return Read(
        tuple(checked),
        counts["unknown"],
        counts["unlabeled"],
        dict(reading.dropped),
        tuple(reading.faults),
    )


def _said(
    broker: Broker,
    image: Image,
    labels: ImageLabels,
    state: AnnotationState,
    wanted: Import,
    changed_at: datetime,
) -> Said:
    """Raises ValueError: it is of tomorrow."""
    now = broker.clock()
    told_at = labels.updated_at or changed_at
    if told_at > now:
        raise ValueError(
            f"{wanted.path}, {labels.image_name}: wanted a time up to now, got {told_at}"
        )
    # An edit of what was exported is the editor's: who labeled it before has not said that.
    who = wanted.annotator or (labels.revision is None and labels.annotator) or wanted.by
    objects = renamed(labels.objects, wanted.map_labels)
    answer = Answer(
        image_id=image.id,
        vendor=VENDOR,
        vendor_task_id=None,
        annotation_id=f"{VENDOR}-{image.id}" + (f"-{who}" if who != VENDOR else ""),
        annotator=who,
        state=state,
        objects=as_boxes(objects) if wanted.as_boxes else objects,
        updated_at=now,
        image_width=labels.width,
        image_height=labels.height,
        imported={
            "by": wanted.by,
            "base_revision": labels.revision,
            "told": told_at.isoformat(),
            "file": os.path.abspath(wanted.path),
        },
    )
    return Said(
        image,
        labels.image_name,
        answer,
        wanted.since if wanted.since and labels.revision is None else told_at,
        labels.revision,
        is_sure=labels.empty_is_told,
        is_empty=not labels.objects,
        is_dated=bool(labels.updated_at or wanted.since),
        is_reshaped=wanted.as_boxes,
    )


def _restored(broker: Broker, named: Format, said: Sequence[Said]) -> list[Said]:
    """Give back to edits of what is stored what the format could not say."""
    found = list(said)
    of_image = Counter(each.image.id for each in said)
    stored = stored_labels(broker, [each.image.id for each in said])
    edited = [
        (place, each, image.annotation)
        for place, (each, image) in enumerate(zip(said, stored, strict=True))
        if image and of_image[each.image.id] == 1 and _is_edit(each, image)
    ]
    pairs = [(annotation, each.answer.objects) for _, each, annotation in edited]
    for (place, each, _), objects in zip(edited, restore(named, pairs), strict=True):
        found[place] = replace(each, answer=replace(each.answer, objects=objects))
    return found


def _is_edit(said: Said, image: StoredLabels) -> bool:
    """Returns whether it is about the stored labels, not another annotator's word beside them."""
    answer, annotation = said.answer, image.annotation
    return (
        not said.is_reshaped
        and answer.state == annotation.state == "labeled"
        and not image.is_another_voice(answer, said.base_revision)
        and not is_same(answer.objects, annotation.objects)
    )


def _checked(broker: Broker, said: Said, wanted: Import) -> Answer:
    """Raises ValueError: the template or the image does not allow it."""
    image, where = said.image, f"{wanted.path}, {said.name}"
    try:
        checked = check_answer(said.answer, broker.template, image.width, image.height, where)
    except UnknownLabelError as error:
        raise ValueError(f"{error}; --map-labels OLD=NEW renames labels") from None
    except OtherShapeError as error:
        takes_boxes = error.wanted in ("box", "rotated_box") and not wanted.as_boxes
        hint = "; --as-boxes takes the box around each outline" if takes_boxes else ""
        raise ValueError(f"{error}{hint}") from None
    except InvalidAnswerError as error:
        raise ValueError(str(error)) from None
    return replace(checked, updated_at=said.answer.updated_at)


def _sizes(names: ImageNames, wanted: Import) -> SizeOf:
    def size_of(name: str) -> tuple[int, int]:
        image = names.find(name) or names.find(name, is_elsewhere=True)
        if image and image.width and image.height:
            return image.width, image.height
        if image is None and wanted.skip_unknown:
            return 1, 1  # Its objects are not looked at.
        raise _unknown(names, name, wanted)

    return size_of


def _unknown(names: ImageNames, name: str, wanted: Import) -> ValueError:
    return ValueError(f"{wanted.path}: {names.unknown(name)}")


def _changed_at(path: Path) -> datetime:
    """Returns when the file, or the newest below the folder, was changed."""
    try:
        files = [path, *(path.rglob("*") if path.is_dir() else ())]
        newest = max(os.stat(file).st_mtime for file in files if file == path or file.is_file())
    except OSError as error:
        raise ValueError(f"{path}: wanted a file or folder to import: {error.strerror}") from None
    return datetime.fromtimestamp(newest, UTC)
