"""Works out what an import will change, before anything is stored.

Labels are money: an image whose stored answer is newer than the file is a conflict, and labels are
never replaced by nothing, unless the person who imports says so.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Literal

from vidset.labeling.annotation import Annotation, Answer, ConsensusRule
from vidset.labeling.broker import Broker
from vidset.labeling.consensus import Consensus, consensus
from vidset.local_labeling.returning import is_same
from vidset.local_labeling.said import Said
from vidset.local_labeling.stored import StoredLabels, stored_labels

Outcome = Literal["new", "changed", "unchanged", "emptied", "conflicting", "unlabeled"]
OUTCOMES: tuple[Outcome, ...] = (
    "new", "changed", "unchanged", "emptied", "conflicting", "unlabeled",
)  # fmt: skip


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
    broker: Broker, said: Sequence[Said], *, allow_empty: bool = False, force: bool = False
) -> ImportPlan:
    """Compare what files say with what is stored. Nothing is changed."""
    by_image = sorted(said, key=lambda each: each.image.uri)
    groups = [tuple(group) for _, group in groupby(by_image, key=lambda each: each.image.id)]
    stored = stored_labels(broker, [group[0].image.id for group in groups])
    rule = broker.settings.consensus
    planned = (
        _planned(group, image, rule, allow_empty=allow_empty)
        for group, image in zip(groups, stored, strict=True)
    )
    return ImportPlan(tuple(planned), allow_empty, force)


def _planned(
    group: tuple[Said, ...],
    image: StoredLabels | None,
    rule: ConsensusRule,
    *,
    allow_empty: bool,
) -> Planned:
    newest = max(group, key=lambda each: each.answer.updated_at)
    is_unsure = not all(each.is_sure for each in group) and newest.is_empty and not allow_empty
    before = Counter(item.label for item in image.annotation.objects) if image else Counter[str]()
    agreed = consensus([*(image.answers if image else ()), *(e.answer for e in group)], rule)
    after = Counter(item.label for item in agreed.objects)
    reason = ""
    outcome: Outcome
    if image is None:
        outcome = "unlabeled" if is_unsure and newest.answer.state == "labeled" else "new"
    elif _is_unchanged(group, image):
        outcome = "unchanged"
    elif image.annotation.objects and newest.is_empty:
        what = "skipped" if newest.answer.state == "skipped" else "without an object"
        outcome = "emptied"
        reason = f"{len(image.annotation.objects)} objects are stored; the file is {what}"
        if allow_empty and (conflict := _conflict(group, image)):
            outcome, reason = "conflicting", conflict
    elif is_unsure:
        outcome = "unlabeled"
    else:
        reason = _conflict(group, image)
        outcome = "conflicting" if reason else "changed"
    return Planned(outcome, group, reason, before, after)


def _is_unchanged(group: Sequence[Said], image: StoredLabels) -> bool:
    if len(group) == 1:
        [said] = group
        is_another_voice = image.is_another_voice(said.answer, said.base_revision)
        return _says(said, image.annotation) and not is_another_voice
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


def _conflict(group: Sequence[Said], image: StoredLabels) -> str:
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
        is_older = stored_at == each.told_at or not each.is_dated
        if is_older and (revision := _earlier(each, image)):
            return (
                f"the file says what revision {revision} said, and not that it is newer; "
                f"{stored.annotator} changed it since"
            )
    return ""


def _earlier(said: Said, image: StoredLabels) -> int | None:
    """Return the last revision before the present one that said the same; None if none did."""
    revisions = range(image.annotation.revision - 1, 0, -1)
    return next((number for number in revisions if _says(said, image.at(number))), None)
