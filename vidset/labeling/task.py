"""Tasks: one for each image that a vendor is to label."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from vidset.labeling.timestamps import parse_timestamp

TaskState = Literal["requested", "dispatched", "completed", "failed", "cancelled"]
TASK_STATES: tuple[TaskState, ...] = (
    "requested",
    "dispatched",
    "completed",
    "failed",
    "cancelled",
)


@dataclass(frozen=True, slots=True)
class Image:
    """A stored image, from a notification or from the frame ledger.

    Attributes:
        id: names its documents; see docs/architecture.md#names-and-ids.
        uri: gs://..., s3://... or the absolute path.
    """

    id: str
    uri: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """`tasks/<image id>`.

    Attributes:
        vendor: whose it is, or is to be.
        attempts: how often it was sent, or begun to be sent, to the vendor.
        cost: what it was booked with, in the budget's currency.
        booked_on: the day (UTC) whose budget it was taken from; None until then.
        due_at: nobody works on it before. Requested: the end of a lease, or of the wait that the
            vendor asked for; None while the budget holds it back. Dispatched: when `reconcile`
            asks for the answer.
        error: why it failed, or why it waits.
        written_at: when this state was stored, which is what an export reads on from.
        template_revision: of the template that the vendor's task was made from; None until it is
            sent, and in tasks from before this was recorded.
    """

    image_id: str
    image_uri: str
    image_width: int | None
    image_height: int | None
    state: TaskState
    vendor: str
    vendor_task_id: str | None
    attempts: int
    cost: float
    booked_on: str | None
    requested_at: datetime
    dispatched_at: datetime | None
    completed_at: datetime | None
    due_at: datetime | None
    error: str | None
    written_at: datetime
    template_revision: str | None = None

    @classmethod
    def requested(cls, image: Image, vendor: str, now: datetime) -> "Task":
        return cls(
            image_id=image.id,
            image_uri=image.uri,
            image_width=image.width,
            image_height=image.height,
            state="requested",
            vendor=vendor,
            vendor_task_id=None,
            attempts=0,
            cost=0.0,
            booked_on=None,
            requested_at=now,
            dispatched_at=None,
            completed_at=None,
            due_at=None,
            error=None,
            written_at=now,
        )

    @property
    def image(self) -> Image:
        return Image(self.image_id, self.image_uri, self.image_width, self.image_height)

    def to_document(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Task":
        values = {name: document[name] for name in cls.__slots__ if name != "template_revision"}
        values["template_revision"] = document.get("template_revision")
        for name in "requested_at", "dispatched_at", "completed_at", "due_at", "written_at":
            values[name] = values[name] and parse_timestamp(values[name])
        return cls(**values)

    def changed(self, **values: Any) -> "Task":
        return replace(self, **values)
