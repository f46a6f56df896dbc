"""Brokers for tests: on a store that the test chooses, with a vendor that the test steers."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock

from vidset.labeling.annotation import Annotation, Answer, Box, LabeledObject
from vidset.labeling.broker import Broker
from vidset.labeling.errors import RefusedError
from vidset.labeling.events import image_id
from vidset.labeling.receiving import Delivery
from vidset.labeling.settings import Settings
from vidset.labeling.stores.store import Query, Store
from vidset.labeling.task import Image, Task
from vidset.labeling.template import parse_template
from vidset.labeling.vendors.vendor import MissingTaskError, Report, Request

LEASE_SECONDS = 90
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEMPLATE = """
name: road users
labels:
  - {name: car, min_width: 4, min_height: 4}
  - {name: person}
  - {name: lane, type: polygon}
  - {name: rain, type: classification}
"""


class Clock:
    """Stands still until it is moved."""

    def __init__(self, moment: datetime = NOON):
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def pass_by(self, **duration: float) -> None:
        self.moment += timedelta(**duration)


@dataclass
class SteeredVendor:
    """A vendor that makes one task an image, unless the next of `failures` is to be raised."""

    name: str = "label-studio"
    failures: list[Exception | None] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    reports: dict[str, Report] = field(default_factory=dict)
    changes: list[Report] = field(default_factory=list)
    asked_since: list[datetime] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    @property
    def tasks(self) -> set[str]:
        return {request.image.id for request in self.requests}

    def submit(self, request: Request) -> str:
        with self.lock:
            self.requests.append(request)
            failure = self.failures.pop(0) if self.failures else None
        if failure:
            raise failure
        return f"task-{request.image.id[:6]}"

    def report(self, image_id: str, vendor_task_id: str) -> Report:
        if image_id not in self.reports:
            raise MissingTaskError(f"no task {vendor_task_id}")
        return self.reports[image_id]

    def reports_since(self, moment: datetime) -> Iterator[Report]:
        self.asked_since.append(moment)
        yield from self.changes


@dataclass
class BatchingVendor(SteeredVendor):
    """Takes several images at once; `batches` are the numbers of them."""

    most_at_once: int = 100
    refused: frozenset[str] = frozenset()
    batches: list[int] = field(default_factory=list)

    def submit(self, request: Request) -> str:
        if request.image.id in self.refused:
            raise RefusedError(f"HTTP 400: {request.image.uri}")
        return super().submit(request)

    def submit_many(self, requests: Sequence[Request]) -> list[str]:
        self.batches.append(len(requests))
        if self.failures:
            raise self.failures.pop(0)
        if any(request.image.id in self.refused for request in requests):
            raise RefusedError("HTTP 400: one of them")
        return [self.submit(request) for request in requests]


class PlainImages:
    """Image urls without signatures, and images of 640 x 480."""

    def url(self, uri: str) -> str:
        return f"https://images.test/{uri.removeprefix('gs://')}"

    def size(self, uri: str) -> tuple[int, int]:
        return 640, 480


def settings(**values: str) -> Settings:
    """Of these variables; for Label Studio, deadline one hour, unless they say otherwise."""
    environment = {
        "LABELING_VENDOR": "label-studio",
        "LABELING_STORE": "sqlite:unused",
        "LABELING_IMAGES": "gs://images",
        "LABELING_ANSWER_DEADLINE_HOURS": "1",
        "LABEL_STUDIO_WEBHOOK_SECRET": "webhook-secret-of-16",
    }
    return Settings.from_environment(environment | values, "inspect")


def broker(
    store: Store, vendor: SteeredVendor, clock: Clock, template: str = TEMPLATE, **values: str
) -> Broker:
    return Broker(
        settings=settings(**values),
        template=parse_template(template, "the test's template"),
        store=store,
        images=PlainImages(),
        open_vendor=lambda: vendor,
        clock=clock,
    )


def image(name: str = "drive/1/0000000000.jpg", size: tuple[int, int] | None = (640, 480)) -> Image:
    width, height = size or (None, None)
    return Image(image_id(f"images/{name}"), f"gs://images/{name}", width, height)


def car(x: float = 10, y: float = 20, width: float = 30, height: float = 40, id: str = "1"):  # noqa: A002
    return LabeledObject(id, "car", "box", Box(x, y, width, height))


def answer(
    of: Image,
    *objects: LabeledObject,
    at: datetime = NOON,
    annotation_id: str = "7",
    annotator: str = "ann",
    state: str = "labeled",
    vendor: str = "label-studio",
) -> Answer:
    return Answer(
        image_id=of.id,
        vendor=vendor,
        vendor_task_id="42",
        annotation_id=annotation_id,
        annotator=annotator,
        state=state,
        objects=objects,
        updated_at=at,
    )


def delivery(*answers: Answer, **options) -> Delivery:
    """A callback with these answers to one image."""
    report = Report(
        image_id=answers[0].image_id,
        vendor_task_id="42",
        state="answered",
        answers=answers,
        raw={"a": "callback"},
        **options,
    )
    documents = [one.to_document() for one in answers]
    return Delivery("label-studio", report, json.dumps(documents, default=str).encode())


def task_of(store: Store, of: Image | None = None) -> Task:
    [stored] = store.get(("tasks", (of or image()).id))
    assert stored
    return Task.from_document(stored.document)


def annotation_of(store: Store, of: Image | None = None) -> Annotation:
    [stored] = store.get(("annotations", (of or image()).id))
    assert stored
    return Annotation.from_document(stored.document)


def answers_of(store: Store) -> int:
    return store.count(Query("answers", {"image_id": image().id}))
