"""The objects that the commands of `vidset label` print with --json."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vidset.labeling.vendors.vendor import Connection
from vidset.local_labeling.pre_labels import PreLabels


@dataclass(frozen=True, slots=True)
class Dispatched:
    """The object that `vidset label dispatch --json` prints.

    Attributes:
        images: how many were taken up, or would be.
        cost: what a dry run expects them to cost; null where they were sent.
        dispatched, repeated, held, refused, waiting: images by what became of them; none of them
            in a dry run.
        warnings: what was refused or waits, and why.
    """

    place: str
    vendor: str
    images: int
    cost: float | None = None
    dispatched: int = 0
    repeated: int = 0
    held: int = 0
    refused: int = 0
    waiting: int = 0
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class LabelStatus:
    """The object that `vidset label status --json` prints.

    Attributes:
        tasks, annotations: documents by state.
        held: requested tasks that the budget holds back.
        oldest: by state the task that has waited longest; null if none waits.
        booked: tasks and cost, of today and in all.
        limits: of the budget.
        labels: objects by label; null in Firestore, where to count them has a price.
        pre_labels: by run and label what people made of the objects that tasks took along; null in
            Firestore, where to read them has a price.
        quarantine: answers that could not be used.
    """

    place: str
    tasks: Mapping[str, int]
    held: int
    oldest: Mapping[str, Mapping[str, Any] | None]
    booked: Mapping[str, Mapping[str, Any]]
    limits: Sequence[str]
    annotations: Mapping[str, int]
    labels: Mapping[str, int] | None
    pre_labels: Sequence[PreLabels] | None
    quarantine: int


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The object that `vidset label reconcile --json` prints.

    Attributes:
        changes, unanswered, requested, images: what each step did, by outcome.
        tasks: tasks by state afterwards.
        budget: what is booked today; null without a budget.
        incomplete: the steps that the vendor or the budget stopped, with the reason.
    """

    place: str
    changes: Mapping[str, int]
    unanswered: Mapping[str, int]
    requested: Mapping[str, int]
    images: Mapping[str, int]
    tasks: Mapping[str, int]
    budget: Mapping[str, Any] | None
    incomplete: Sequence[str]


@dataclass(frozen=True, slots=True)
class Connected:
    """The object of `vidset label connect --json`; `connection` is null if none is needed."""

    place: str
    vendor: str
    connection: Connection | None


@dataclass(frozen=True, slots=True)
class Serving:
    """The object that `vidset label serve --json` prints once it can be called.

    Attributes:
        metrics: where /metrics and /healthz are; null unless they were asked for.
    """

    place: str
    url: str
    metrics: str | None = None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """The object that `vidset label quarantine --json` prints.

    Attributes:
        entries: what vendors sent and could not be used, the oldest first.
        payload: what was sent, as text, if one was named.
        resolved, left: after --replay, how many could be used and how many still cannot.
    """

    place: str
    entries: Sequence[Mapping[str, Any]]
    payload: str | None = None
    resolved: int | None = None
    left: int | None = None
