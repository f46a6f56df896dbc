"""Label Studio as the vendor, over its REST API: https://api.labelstud.io.

Its import is not idempotent and knows no key of ours, so tasks are looked up by the image id in
their data, before and after each import.
"""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from vidset.labeling.annotation import LabeledObject
from vidset.labeling.errors import InvalidAnswerError, RefusedError, TryAgainError
from vidset.labeling.shapes import pixels_of
from vidset.labeling.template import Template
from vidset.labeling.vendors.label_studio.answers import (
    CALLBACK_HEADER,
    VENDOR,
    read_task,
    result_of,
)
from vidset.labeling.vendors.label_studio.client import Client, NotFoundError
from vidset.labeling.vendors.label_studio.config import label_config
from vidset.labeling.vendors.label_studio.project import (
    Project,
    open_project,
    open_webhook,
    project_title,
)
from vidset.labeling.vendors.label_studio.tasks import look_up, settle, tasks_since
from vidset.labeling.vendors.vendor import Connection, MissingTaskError, Report, Request
from vidset.masks import Mask

MODEL_VERSION = "vidset"
_MOST_TOLD = 100


class LabelStudioVendor:
    """A `Vendor`. It connects at the first call that needs the project."""

    asks_again = True

    name = VENDOR
    most_at_once = 500

    def __init__(
        self,
        url: str,
        token: str,
        template: Template,
        project_id: int | None = None,
        callback_url: str | None = None,
        webhook_secret: str | None = None,
    ):
        """Nothing is asked of the server yet.

        Args:
            token: a legacy token or a personal access token (a JWT).
            project_id: None for the project of the template's title.
            webhook_secret: of several, separated by spaces, callbacks carry the first.

        Raises:
            ValueError: Label Studio cannot ask what the template asks.
        """
        label_config(template)
        if project_id is None:
            project_title(template)
        self._template, self._project_id = template, project_id
        self._callback_url = callback_url
        self._secret = webhook_secret.split()[0] if webhook_secret else None
        self._client = Client(url, token)
        self._lock = threading.Lock()
        self._connected: tuple[Project, Connection] | None = None

    def connect(self) -> Connection:
        """Find or make the project and its webhook, and check that they fit.

        Safe to repeat, and by several processes at once: they use one project and one webhook.
        (A server's error while a project is made can leave another, which nobody uses.)

        Raises:
            ValueError: no project of this id, or its label config lacks a label of the template.
            RefusedError, TryAgainError
        """
        with self._lock:
            self._connected = self._opened()
            return self._connected[1]

    def submit(self, request: Request) -> str:
        return self.submit_many([request])[0]

    def submit_many(self, requests: Sequence[Request]) -> list[str]:
        """`submit` for up to 500 images with one import; the ids in the order of the requests.

        Raises:
            ValueError: more than 500; or as `connect` does.
            RefusedError: one of them is refused. Then those that were not there are not made.
            TryAgainError: as `submit` does, for all of them.
        """
        if len(requests) > self.most_at_once:
            raise ValueError(f"at most {self.most_at_once} images at once, got {len(requests)}")
        project = self._project()
        keys = [(request.image.id, request.round) for request in requests]
        wanted = {key: _task(request, project) for key, request in zip(keys, requests, strict=True)}
        image_ids = list(dict.fromkeys(image_id for image_id, _ in keys))
        with self._gone_project_forgotten(project):
            found = look_up(self._client, project.id, image_ids)
            missing = [key for key in wanted if key not in found]
            if missing:
                path = f"/api/projects/{project.id}/import"
                self._client.call("POST", path, body=[wanted[key] for key in missing])
                found |= look_up(self._client, project.id, image_ids)
        absent = [key for key in missing if key not in found]
        if absent:  # Label Studio Enterprise imports in the background.
            raise TryAgainError(
                f"Label Studio took {len(missing)} tasks for project {project.id} but does not "
                f"show {len(absent)} of them yet, the first of image {absent[0][0]}"
            )
        settled = {key: settle(self._client, found[key]) for key in wanted}
        return [settled[key] for key in keys]

    def resend(self, request: Request, vendor_task_id: str) -> None:
        """Give a task the image's present url, and our predictions in place of the earlier ones."""
        made = _task(request, self._project())
        place = f"/api/tasks/{vendor_task_id}/"
        try:
            task = self._client.call("PATCH", place, body={"data": made["data"]})
        except NotFoundError as error:
            raise MissingTaskError(f"image {request.image.id}: {error}") from None
        present = self._client.call("GET", "/api/predictions/", params={"task": vendor_task_id})
        ours = [each for each in present if each["model_version"] == MODEL_VERSION]
        wanted = made.get("predictions", [])
        if [each["result"] for each in ours] == [each["result"] for each in wanted]:
            return
        for each in wanted:
            self._client.call("POST", "/api/predictions/", body=each | {"task": task["id"]})
        for each in ours:
            self._client.call("DELETE", f"/api/predictions/{each['id']}/")

    def erase(self, image_id: str, vendor_task_id: str) -> bool:
        """Delete a task with its annotations and predictions."""
        place = f"/api/tasks/{quote(vendor_task_id, safe='')}/"
        with contextlib.suppress(NotFoundError):
            task = self._client.call("GET", place)
            if task["data"].get("image_id") == image_id:  # Ids begin anew with another server.
                self._client.call("DELETE", place)
        return True

    def report(self, image_id: str, vendor_task_id: str) -> Report:
        place = f"image {image_id}: Label Studio task {vendor_task_id!r}"
        if not (vendor_task_id.isascii() and vendor_task_id.isdigit()):
            raise MissingTaskError(f"{place}: its ids are numbers")
        try:
            task = self._client.call("GET", f"/api/tasks/{vendor_task_id}/")
        except NotFoundError as error:
            raise MissingTaskError(f"{place}: {error}") from None
        report = read_task(task)
        if report is None or report.image_id != image_id:
            got = report.image_id if report else "no image of ours"
            raise MissingTaskError(f"{place} is of {got}")
        return report

    def reports_since(self, moment: datetime) -> Iterator[Report]:
        """Yields reports by the tasks' ids. A task may come twice if it changes meanwhile.

        Those that cannot be read do not hold back the others: one error tells them after the
        last report.
        """
        unreadable, project = [], self._project()
        with self._gone_project_forgotten(project):
            for task in tasks_since(self._client, project.id, moment):
                try:
                    report = read_task(task)
                except InvalidAnswerError as error:
                    unreadable.append(f"Label Studio task {task.get('id')}: {error}")
                    del unreadable[_MOST_TOLD:]  # All have the same cause, when there are many.
                    continue
                if report:
                    yield report
        if unreadable:
            raise InvalidAnswerError("\n".join(unreadable))

    def _project(self) -> Project:
        with self._lock:
            self._connected = self._connected or self._opened()
            return self._connected[0]

    def _opened(self) -> tuple[Project, Connection]:
        project = open_project(self._client, self._template, self._project_id)
        change = None
        if self._callback_url and self._secret:
            headers = {CALLBACK_HEADER: self._secret}
            change = open_webhook(self._client, project.id, self._callback_url, headers)
        url = f"{self._client.url}/projects/{project.id}/data"
        return project, Connection(project.id, project.title, url, project.is_new, change)

    @contextlib.contextmanager
    def _gone_project_forgotten(self, project: Project) -> Iterator[None]:
        """Else each task would fail for good because somebody deleted the project."""
        try:
            yield
        except NotFoundError as error:
            with self._lock:
                self._connected = None
            raise TryAgainError(f"project {project.id} {project.title!r}: {error}") from None


def _task(request: Request, project: Project) -> dict[str, Any]:
    image = request.image
    data: dict[str, Any] = {
        "image": request.image_url,
        "image_id": image.id,
        "image_uri": image.uri,
    }
    if request.round > 1:
        data |= {"round": request.round, "remark": request.remark or ""}
    if not request.predictions:
        return {"data": data}
    place = f"image {image.id}: its predictions"
    if not (image.width and image.height):
        raise RefusedError(f"{place} need the image's size, which Label Studio's percents are of")
    size = image.width, image.height
    predictions = [_as_asked(item, project, size) for item in request.predictions]
    for item in predictions:
        # A rotated rectangle is a polygon here and a box there.
        types = {item.type, "box"} if "rotation" in item.attributes else {item.type}
        if not any((type_, item.label) in project.controls.labels for type_ in types):
            raise RefusedError(
                f"{place} must be of labels of project {project.id} {project.title!r}, "
                f"got the {item.type} {item.label!r}"
            )
    try:
        result = result_of(predictions, *size, project.controls)
    except ValueError as error:
        raise RefusedError(f"{place}: {error}") from None
    return {"data": data, "predictions": [{"model_version": MODEL_VERSION, "result": result}]}


def _as_asked(item: LabeledObject, project: Project, size: tuple[int, int]) -> LabeledObject:
    """A polygon as the mask of its pixels, where the project has a brush for its label instead."""
    labels = project.controls.labels
    has_brush = ("mask", item.label) in labels and ("polygon", item.label) not in labels
    if item.type != "polygon" or not has_brush:
        return item
    return replace(item, type="mask", rings=None, mask=Mask.of(pixels_of(item, *size)))
