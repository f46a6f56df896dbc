"""The calls that the broker makes to a vendor, and what a vendor reports."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

from vidset.labeling.annotation import Answer, LabeledObject
from vidset.labeling.task import Image


@dataclass(frozen=True, slots=True)
class Request:
    """Label this image.

    Attributes:
        image_url: by which the vendor reads it; it may carry a signature: never store or log it.
        predictions: objects to begin with.
        round: how often the image has been sent to annotators; the first time is 1.
        remark: what a person said of the earlier labels, from the second round on.
    """

    image: Image
    image_url: str
    predictions: tuple[LabeledObject, ...] = ()
    round: int = 1
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A vendor's report on one image.

    Attributes:
        state: `open`: no answer yet; `answered`; `failed` or `cancelled`: there will be none.
        withdrawn: the ids of annotations that the vendor says are gone.
        is_complete: `answers` are all that there are now; any other answer of the vendor's
            to this image has been withdrawn. A poll's are, a callback's are not.
        error: the vendor's message, when it failed.
        raw: what the vendor sent, for the quarantine.
    """

    image_id: str
    vendor_task_id: str | None
    state: Literal["open", "answered", "failed", "cancelled"]
    answers: tuple[Answer, ...] = ()
    withdrawn: tuple[str, ...] = ()
    is_complete: bool = False
    error: str | None = None
    raw: Any = None


@runtime_checkable
class ErasingVendor(Protocol):
    """A vendor whose tasks can be taken back."""

    def erase(self, image_id: str, vendor_task_id: str) -> bool:
        """Cancel or delete a task. Returns whether nothing of it is left at the vendor.

        A task that the vendor does not have any more is no fault.

        Raises:
            RefusedError: the vendor does not do it.
            TryAgainError: it is down or busy.
        """
        ...


class MissingTaskError(Exception):
    """The vendor has no such task (any more)."""


class Vendor(Protocol):
    """Safe for use by several threads. Every call has a time-out."""

    name: str

    def submit(self, request: Request) -> str:
        """Have the image labeled; the vendor's id of the task.

        The image id is the idempotency key: however often this is called, and at once, and by
        several processes, the vendor ends with one task.

        Raises:
            RefusedError: a 4xx, with the vendor's message.
            TryAgainError: a 5xx, 429 or time-out; the task may or may not have been made.
        """
        ...

    def report(self, image_id: str, vendor_task_id: str) -> Report:
        """Returns what the vendor says of a task now.

        Raises:
            MissingTaskError, InvalidAnswerError, RefusedError, TryAgainError
        """
        ...

    def reports_since(self, moment: datetime) -> Iterator[Report]:
        """Reports of all tasks that changed at or after `moment`, by the vendor's clock.

        Memory does not grow with their number. Raises as `report` does; but what cannot be read
        of one task does not hold back the others: InvalidAnswerError comes after the last report.
        """
        ...


@dataclass(frozen=True, slots=True)
class Connection:
    """The things that a vendor has been set up with.

    Attributes:
        is_new: whether the project was made just now.
        webhook: what was done for the callbacks; None where they are not set up.
    """

    project_id: int
    title: str
    url: str
    is_new: bool
    webhook: Literal["made", "changed", "kept"] | None


@runtime_checkable
class ConnectingVendor(Vendor, Protocol):
    """A vendor that is set up before the first task: a project, a webhook."""

    def connect(self) -> Connection:
        """Find or make what tasks need. Safe to repeat, and by several processes at once.

        Raises:
            ValueError: what is there does not suit the template.
            RefusedError, TryAgainError
        """
        ...


@runtime_checkable
class ResendingVendor(Vendor, Protocol):
    """A vendor whose open tasks can be given another url of the image, and predictions."""

    def resend(self, request: Request, vendor_task_id: str) -> None:
        """Change an open task into what `submit` would send now. Safe to repeat.

        Raises:
            MissingTaskError, RefusedError, TryAgainError
        """
        ...


@runtime_checkable
class AskingAgainVendor(Vendor, Protocol):
    """A vendor that takes another task of an image that was labeled: one for each round."""

    asks_again: bool


@runtime_checkable
class BatchVendor(Vendor, Protocol):
    """A vendor that takes several images in one request."""

    most_at_once: int

    def submit_many(self, requests: Sequence[Request]) -> list[str]:
        """`submit` for up to `most_at_once` images; the ids in their order.

        Raises:
            RefusedError: one of them is refused, and none was taken.
            TryAgainError: as `submit` does, for all of them.
        """
        ...
