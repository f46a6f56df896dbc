"""Opens what the three functions work with, once a process."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from vidset.labeling.budget import Budget
from vidset.labeling.errors import TryAgainError
from vidset.labeling.images.access import ImageAccess
from vidset.labeling.places import open_image_access
from vidset.labeling.settings import Settings
from vidset.labeling.stores.opening import open_store
from vidset.labeling.stores.store import Store, Write
from vidset.labeling.task import Task
from vidset.labeling.template import Template, read_template
from vidset.labeling.timestamps import now
from vidset.labeling.vendors.declaration import Opening
from vidset.labeling.vendors.registry import vendor_named
from vidset.labeling.vendors.vendor import Vendor


class Pause:
    """While a vendor asks to be left alone (429 with Retry-After), no task is sent to it."""

    def __init__(self):
        self._lock = threading.Lock()
        self._until: datetime | None = None

    def check(self, moment: datetime) -> None:
        """Raises TryAgainError until it is over."""
        with self._lock:
            if self._until and moment < self._until:
                wait = (self._until - moment).total_seconds()
                raise TryAgainError(f"the vendor asked for a pause of {wait:.0f} s more", wait)

    def start(self, moment: datetime, seconds: float) -> None:
        with self._lock:
            self._until = max(self._until or moment, moment + timedelta(seconds=seconds))


@dataclass
class Broker:
    """Attributes:
    open_vendor: called when the first task is dispatched; who only receives needs no vendor's key.
    clock: now, in UTC.
    """

    settings: Settings
    template: Template
    store: Store
    images: ImageAccess
    open_vendor: Callable[[], Vendor]
    clock: Callable[[], datetime] = now
    pause: Pause = field(default_factory=Pause)

    def task_write(self, task: Task, version: Any = None) -> Write:
        """The task as it is to be stored now.

        It is newer than what it replaces, even where this instance's clock lags behind.
        """
        moment = self.clock()
        if version is not None:
            moment = max(moment, task.written_at + timedelta(microseconds=1))
        document = task.changed(written_at=moment).to_document()
        return Write("tasks", task.image_id, document, version)

    @cached_property
    def vendor(self) -> Vendor:
        return self.open_vendor()

    @cached_property
    def budget(self) -> Budget:
        return Budget(self.store, self.settings.limits, self.settings.price)


def open_broker(settings: Settings) -> Broker:
    """Open what the settings name.

    Raises:
        ValueError: the template, the store or the images cannot be used.
    """
    template = read_template(settings.template)
    return Broker(
        settings,
        template,
        open_store(settings.store),
        open_image_access(settings),
        lambda: open_vendor(settings, template),
    )


def open_vendor(settings: Settings, template: Template) -> Vendor:
    """Open the vendor that gets new tasks.

    Raises:
        ValueError: what it needs is not set, or it cannot ask what the template asks.
    """
    opening = Opening(settings.of_vendors, template, settings.callback_url)
    return vendor_named(settings.vendor).open(opening)
