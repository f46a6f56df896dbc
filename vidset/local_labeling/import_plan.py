"""Works out what an import will change, before anything is stored.

Labels are money: an image whose stored answer is newer than the file is a conflict, and labels are
never replaced by nothing, unless the person who imports says so.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Literal

from vidset.formats.registry import Format
from vidset.labeling.annotation import Annotation, Answer, ConsensusRule
from vidset.labeling.broker import Broker
from vidset.labeling.consensus import Consensus, consensus
from vidset.labeling.stores.store import Key
from vidset.local_labeling.importing import Said
from vidset.local_labeling.returning import is_same, restore

Outcome = Literal["new", "changed", "unchanged", "emptied", "conflicting", "unlabeled"]
OUTCOMES: tuple[Outcome, ...] = (
    "new", "changed", "unchanged", "emptied", "conflicting", "unlabeled",
)  # fmt: skip
_LOOKUPS = 300


@dataclass(frozen=True, slots=True)
class Planned:
    """The change that an import makes to one image.

    Attributes:
        said: what the files say; several annotators may have labeled it.
        reason: why it is a conflict, or what is emptied.
        before, after: its objects by label.
    """

    outcome: Outcome
    said: tuple[Said, ...]
    reason: str
    before: Counter[str]
    after: Counter[str]


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """The changes that an import makes to all images, in the order of the files.

    Attributes:
        allow_empty: whether labels may be replaced by nothing.
        force: whether answers that are newer than the files may be replaced.
    """

    images: tuple[Planned, ...]
    allow_empty: bool = False
    force: bool = False

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(each.outcome for each in self.images)
        return {outcome: found[outcome] for outcome in OUTCOMES}

    @property
    def stored(self) -> tuple[Planned, ...]:
        """The images whose annotations will change."""
        wanted = {"new", "changed"}
        wanted |= {"emptied"} if self.allow_empty else set()
        wanted |= {"conflicting"} if self.force else set()
        return tuple(each for each in self.images if each.outcome in wanted)

    @property
    def left(self) -> tuple[Planned, ...]:
        """The images that stay as they are although the files say something else."""
        stored = set(map(id, self.stored))
        differ = ("emptied", "conflicting")
        return tuple(
            each for each in self.images if each.outcome in differ and id(each) not in stored
        )

    @property
    def loses(self) -> int:
        """Returns how many images have fewer objects afterwards."""
        return sum(each.after.total() < each.before.total() for each in self.stored)

    def labels(self) -> dict[str, tuple[int, int]]:
        """Return the objects before and after by label, over the images that will change."""
        before: Counter[str] = Counter()
        after: Counter[str] = Counter()
        for each in self.stored:
            before += each.before
            after += each.after
        return {label: (before[label], after[label]) for label in sorted(before | after)}


def plan_import(
    broker: Broker,
    named: Format,
    said: Sequence[Said],
    *,
    allow_empty: bool = False,
    force: bool = False,
) -> ImportPlan:
    """Compare what files of a format say with what is stored. Nothing is changed."""
    by_image = sorted(said, key=lambda each: each.image.uri)
    groups = [tuple(group) for _, group in groupby(by_image, key=lambda each: each.image.id)]
    planned: list[Planned] = []
    for start in range(0, len(groups), _LOOKUPS):
        stored = _stored(broker, groups[start : start + _LOOKUPS])
        planned += [
            _planned(group, image, allow_empty=allow_empty)
            for group, image in _restored(named, stored)
        ]
    return ImportPlan(tuple(planned), allow_empty, force)


@dataclass(frozen=True, slots=True)
class _Stored:
    """What is stored of an image: None where nobody has answered, or all was taken back.

    Attributes:
        answers: all of them, in the order in which they came.
        rule: how they become the annotation.
    """

    annotation: Annotation
    answers: Sequence[Answer]
    rule: ConsensusRule

    def at(self, revision: int) -> Consensus:
        """Return what was agreed on at an earlier revision."""
        return consensus(self.answers[:revision], self.rule)


def _stored(
    broker: Broker, groups: Sequence[tuple[Said, ...]]
) -> Iterator[tuple[tuple[Said, ...], _Stored | None]]:
    store = broker.store
    keys: list[Key] = [("annotations", group[0].image.id) for group in groups]
    for group, found in zip(groups, store.get(*keys), strict=True):
        annotation = Annotation.from_document(found.document) if found else None
        if annotation is None or annotation.state == "rejected":
            yield group, None
            continue
        names: list[Key] = [("answers", name) for name in annotation.answers]
        answers = [Answer.from_document(each.document) for each in store.get(*names) if each]
        yield group, _Stored(annotation, answers, broker.settings.consensus)


def _restored(
    named: Format, found: Iterable[tuple[tuple[Said, ...], _Stored | None]]
) -> list[tuple[tuple[Said, ...], _Stored | None]]:
    """Give back to edits of what is stored what the format could not say."""
    found = list(found)
    edited = [
        (place, group[0], image.annotation)
        for place, (group, image) in enumerate(found)
        if image and len(group) == 1 and _is_edit(group[0], image)
    ]
    restored = restore(named, [(annotation, said.answer.objects) for _, said, annotation in edited])
    for (place, said, _), objects in zip(edited, restored, strict=True):
        answer = replace(said.answer, objects=objects)
        found[place] = (replace(said, answer=answer),), found[place][1]
    return found


def _is_edit(said: Said, image: _Stored) -> bool:
    """Whether it is about the stored labels, and no other annotator's word beside them."""
    answer, stored = said.answer, image.annotation
    return (
        not said.is_reshaped
        and answer.state == stored.state == "labeled"
        and not _is_another_voice(said, image)
        and not is_same(answer.objects, stored.objects)
    )


def _planned(group: tuple[Said, ...], image: _Stored | None, *, allow_empty: bool) -> Planned:
    newest = max(group, key=lambda each: each.told_at)
    last = newest.answer
    stored = image.annotation if image else None
    before = Counter(item.label for item in stored.objects) if stored else Counter[str]()
    after = Counter(item.label for item in last.objects)
    is_unsure = not all(each.is_sure for each in group) and newest.is_empty

    def outcome(name: Outcome, reason: str = "") -> Planned:
        return Planned(name, group, reason, before, after)

    if image is None or stored is None:
        if is_unsure and last.state == "labeled" and not allow_empty:
            return outcome("unlabeled")
        return outcome("new")
    if _is_unchanged(group, image):
        return outcome("unchanged")
    reason = _conflict(group, image)
    if stored.objects and newest.is_empty:
        if reason and allow_empty:
            return outcome("conflicting", reason)
        what = "skipped" if last.state == "skipped" else "without an object"
        return outcome("emptied", f"{len(stored.objects)} objects are stored; the file is {what}")
    if is_unsure and not allow_empty:
        return outcome("unlabeled")
    return outcome("conflicting", reason) if reason else outcome("changed")


def _is_another_voice(said: Said, image: _Stored) -> bool:
    """Whether a file tells of an annotator who has not answered this image yet."""
    answer = said.answer
    return (
        said.base_revision is None
        and answer.annotator not in {each.annotator for each in image.answers}
        and answer.annotator != (answer.imported or {}).get("by")
    )


def _is_unchanged(group: Sequence[Said], image: _Stored) -> bool:
    if len(group) == 1:
        [said] = group
        return _says(said, image.annotation) and not _is_another_voice(said, image)
    newest: dict[str, Answer] = {}
    for answer in sorted(image.answers, key=lambda each: each.updated_at):
        newest[answer.annotation_id] = answer
    return all(
        (known := newest.get(each.answer.annotation_id)) is not None and _says(each, known)
        for each in group
    )


def _says(said: Said, other: Annotation | Answer | Consensus) -> bool:
    answer = said.answer
    return answer.state == other.state and is_same(answer.objects, other.objects)


def _conflict(group: Sequence[Said], image: _Stored) -> str:
    """Return why the stored answer may be better than the files'; empty if it is not."""
    stored = image.annotation
    newest = max(image.answers, key=lambda each: each.updated_at, default=None)
    imported = (newest.imported or {}) if newest else {}
    for each in group:
        base = each.base_revision
        if base is not None:
            mine = each.answer.imported or {}
            # An earlier import of the same file is an earlier state of the same work.
            is_own = all(
                imported.get(key) == mine.get(key) for key in ("base_revision", "by", "file")
            )
            if stored.revision > base and not is_own:
                return (
                    f"{stored.annotator} changed it since: it is at revision {stored.revision}, "
                    f"and the file was exported at {base}"
                )
            continue
        # An import holds from when it is stored, but it said what its file told.
        told = imported.get("told")
        stored_at = datetime.fromisoformat(told) if told else stored.updated_at
        if stored_at > each.told_at:
            return (
                f"{stored.annotator} labeled it at {stored_at:%Y-%m-%d %H:%M:%S} UTC, after the "
                f"file's {each.told_at:%Y-%m-%d %H:%M:%S}"
            )
        if not each.is_dated and (revision := _earlier(each, image)):
            return (
                f"the file says what revision {revision} said, and does not tell when; "
                f"{stored.annotator} changed it since"
            )
    return ""


def _earlier(said: Said, image: _Stored) -> int | None:
    """Return the last revision before the present one that said the same; None if none did."""
    revisions = range(image.annotation.revision - 1, 0, -1)
    return next((number for number in revisions if _says(said, image.at(number))), None)
