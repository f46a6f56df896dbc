"""Works out what an import will change, before anything is stored.

Labels are money: an image whose stored answer is newer than the file is a conflict, and labels are
never replaced by nothing, unless the person who imports says so.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

from vidset.labeling.annotation import Annotation, Answer, LabeledObject
from vidset.labeling.stores.store import Key, Store
from vidset.local_labeling.importing import Said

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
    store: Store, said: Sequence[Said], *, allow_empty: bool = False, force: bool = False
) -> ImportPlan:
    """Compare what files say with what is stored. Nothing is changed."""
    by_image = sorted(said, key=lambda each: each.image.uri)
    groups = [tuple(group) for _, group in groupby(by_image, key=lambda each: each.image.id)]
    planned: list[Planned] = []
    for start in range(0, len(groups), _LOOKUPS):
        chunk = groups[start : start + _LOOKUPS]
        keys: list[Key] = [("annotations", group[0].image.id) for group in chunk]
        for group, found in zip(chunk, store.get(*keys), strict=True):
            annotation = Annotation.from_document(found.document) if found else None
            planned.append(_planned(store, group, annotation, allow_empty=allow_empty))
    return ImportPlan(tuple(planned), allow_empty, force)


def content(state: str, objects: Iterable[LabeledObject]) -> str:
    """Return what is said, whatever the ids and the order of the objects are."""
    documents = []
    for item in objects:
        document = item.to_document()
        del document["id"]
        documents.append(json.dumps(_rounded(document), sort_keys=True))
    return json.dumps([state, sorted(documents)])


def _rounded(value: Any) -> Any:
    """Formats in parts of the image's size come back within a millionth of a pixel."""
    if isinstance(value, float):
        return round(value, 3) + 0.0
    if isinstance(value, Mapping):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value


def _planned(
    store: Store, group: tuple[Said, ...], stored: Annotation | None, *, allow_empty: bool
) -> Planned:
    last = max(group, key=lambda each: each.told_at).answer
    before = Counter(item.label for item in stored.objects) if stored else Counter[str]()
    after = Counter(item.label for item in last.objects)
    is_unsure = not all(each.is_sure for each in group) and not last.objects

    def outcome(name: Outcome, reason: str = "") -> Planned:
        return Planned(name, group, reason, before, after)

    if stored is None or stored.state == "rejected":
        if is_unsure and last.state == "labeled" and not allow_empty:
            return outcome("unlabeled")
        return outcome("new")
    answers = _answers(store, stored)
    if _is_unchanged(group, stored, answers):
        return outcome("unchanged")
    if stored.objects and not last.objects:
        what = "skipped" if last.state == "skipped" else "without an object"
        return outcome("emptied", f"{len(stored.objects)} objects are stored; the file is {what}")
    if is_unsure and not allow_empty:
        return outcome("unlabeled")
    reason = _conflict(group, stored, answers)
    return outcome("conflicting", reason) if reason else outcome("changed")


def _answers(store: Store, stored: Annotation) -> list[Answer]:
    keys: list[Key] = [("answers", name) for name in stored.answers]
    return [Answer.from_document(each.document) for each in store.get(*keys) if each]


def _is_unchanged(group: Sequence[Said], stored: Annotation, answers: Sequence[Answer]) -> bool:
    if len(group) == 1:
        said = group[0].answer
        known = {each.annotator for each in answers}
        is_another_voice = (
            group[0].base_revision is None
            and said.annotator not in known
            and said.annotator != (said.imported or {}).get("by")
        )
        is_same = content(said.state, said.objects) == content(stored.state, stored.objects)
        return is_same and not is_another_voice
    newest: dict[str, Answer] = {}
    for answer in sorted(answers, key=lambda each: each.updated_at):
        newest[answer.annotation_id] = answer
    return all(
        (known := newest.get(each.answer.annotation_id)) is not None
        and content(known.state, known.objects) == content(each.answer.state, each.answer.objects)
        for each in group
    )


def _conflict(group: Sequence[Said], stored: Annotation, answers: Sequence[Answer]) -> str:
    """Return why the stored answer may be better than the files'; empty if it is not."""
    newest = max(answers, key=lambda each: each.updated_at, default=None)
    imported = (newest.imported or {}) if newest else {}
    for each in group:
        if each.base_revision is not None:
            # An earlier import of the same export is an earlier state of the same work.
            is_own = imported.get("base_revision") == each.base_revision
            if stored.revision > each.base_revision and not is_own:
                return (
                    f"{stored.annotator} changed it since: it is at revision {stored.revision}, "
                    f"and the file was exported at {each.base_revision}"
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
    return ""
