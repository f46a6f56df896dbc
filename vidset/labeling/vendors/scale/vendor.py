"""Scale AI as the vendor: image annotation tasks over its own client.

https://scale.com/docs/api-reference. A task's unique id is the image id, so Scale itself refuses
a second task for an image (409).
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

import requests
from scaleapi import ScaleClient, Tasklist
from scaleapi.api import Api
from scaleapi.exceptions import ScaleDuplicateResource, ScaleResourceNotFound
from scaleapi.tasks import TaskType

from vidset.labeling.errors import InvalidAnswerError, RefusedError, TryAgainError
from vidset.labeling.template import Template
from vidset.labeling.timestamps import format_timestamp
from vidset.labeling.vendors.http import raise_for_status, shortened
from vidset.labeling.vendors.scale.answers import (
    TASK_TYPE,
    hypothesis,
    is_ours,
    read_task,
)
from vidset.labeling.vendors.scale.template import task_parameters
from vidset.labeling.vendors.vendor import MissingTaskError, Report, Request

CONNECT_SECONDS, READ_SECONDS = 5.0, 20.0
_PAGE = 100  # The most that Scale gives at once.
_MOST_NAMED = 100
_T = TypeVar("_T")


class ScaleVendor:
    """A `Vendor`.

    Attributes:
        base_url: of the API, with its version; https://api.scale.com/v1 when not given.
    """

    name = "scale"

    def __init__(
        self, api_key: str, template: Template, callback_url: str, base_url: str | None = None
    ):
        """Raises ValueError where Scale cannot ask what the template asks."""
        self._parameters = task_parameters(template) | {"callback_url": callback_url}
        self._client = ScaleClient(api_key)
        self._client.api = _PooledApi(api_key, base_url and base_url.rstrip("/"))

    def submit(self, request: Request) -> str:
        image = request.image
        parameters = self._parameters | {
            "unique_id": image.id,
            "attachment": request.image_url,
            "metadata": {"image_id": image.id, "image_uri": image.uri},
        }
        if request.predictions:
            parameters["hypothesis"] = hypothesis(request.predictions)
        create = self._client.create_task
        try:
            return _called(lambda: create(TaskType.ImageAnnotation, **parameters).id)
        except ScaleDuplicateResource:
            return self._task_of(request)

    def report(self, image_id: str, vendor_task_id: str) -> Report:
        get = self._client.get_task
        try:
            task = _called(lambda: get(quote(vendor_task_id, safe="")).as_dict())
        except ScaleResourceNotFound as error:
            raise MissingTaskError(f"image {image_id}: task {vendor_task_id}: {error}") from None
        report = read_task(task)
        if report.image_id != image_id:
            raise InvalidAnswerError(
                f"task {vendor_task_id} must be of image {image_id}, got {report.image_id}"
            )
        return report

    def erase(self, image_id: str, vendor_task_id: str) -> bool:
        """Cancel a task that is open. Scale keeps what it knows of a task, open or not."""
        place = quote(vendor_task_id, safe="")
        with contextlib.suppress(ScaleResourceNotFound):
            task = _called(lambda: self._client.get_task(place).as_dict())
            if task.get("status") == "pending":
                _called(lambda: self._client.cancel_task(place))
        return False

    def reports_since(self, moment: datetime) -> Iterator[Report]:
        """Tasks of the account that are not ours are passed over.

        One that cannot be read does not hold back the others: an error that names them is raised
        after the last report.
        """
        unreadable: list[str] = []
        for task in self._tasks_since(moment):
            if not is_ours(task):
                continue
            try:
                report = read_task(task)
            except InvalidAnswerError as error:
                unreadable.append(f"task {task.get('task_id')}: {error}")
                continue
            yield report
        if unreadable:
            named = "; ".join(unreadable[:_MOST_NAMED])
            raise InvalidAnswerError(f"{len(unreadable)} tasks cannot be read: {named}")

    def _task_of(self, request: Request) -> str:
        """The id of the task that has the image's id as its unique id, if it is for the image."""
        image = request.image
        found = self._list(unique_id=image.id, limit=1).docs
        if not found:
            raise TryAgainError(f"image {image.id}: Scale has a task with this id, but lists none")
        task = found[0].as_dict()
        if task.get("type") == TASK_TYPE and _image_of(task) in (
            image.uri,
            _without_query(request.image_url),
        ):
            return found[0].id
        raise RefusedError(
            shortened(
                f"image {image.id}: its id is taken by Scale's task {found[0].id}, "
                f"of type {task.get('type')} and for {_image_of(task)}; wanted {image.uri}"
            )
        )

    def _tasks_since(self, moment: datetime) -> Iterator[dict[str, Any]]:
        token = None
        while True:
            page = self._list(
                type=TASK_TYPE,
                updated_after=format_timestamp(moment),
                limit=_PAGE,
                next_token=token,
            )
            for task in page.docs:
                yield task.as_dict()
            if not page.has_more:
                return
            if page.next_token in (None, token):
                raise TryAgainError("Scale has more tasks, but no next page")
            token = page.next_token

    def _list(self, **filters: Any) -> Tasklist:
        return _called(lambda: self._client.tasks(**filters))


class _PooledApi(Api):
    """scaleapi's, with connections kept, with time-outs, and without retries of its own.

    Its callers are retried from outside, where a wait costs nothing.
    """

    def __init__(self, api_key: str, base_url: str | None):
        super().__init__(api_key, api_instance_url=base_url)
        self._threads = threading.local()

    @property
    def _session(self) -> requests.Session:
        """One a thread: sessions are not documented to be safe for several."""
        if not hasattr(self._threads, "session"):
            self._threads.session = requests.Session()
        return self._threads.session

    def _api_request(
        self,
        method,
        endpoint,
        headers=None,
        auth=None,
        params=None,
        body=None,
        files=None,
        data=None,
    ):
        """The reply's JSON object.

        Raises:
            ScaleResourceNotFound: a 404.
            ScaleDuplicateResource: a 409.
            RefusedError, TryAgainError: as `raise_for_status` says; the latter also when there was
                no reply in time, or none that can be read.
        """
        of = f" of image {body['unique_id']}" if body and "unique_id" in body else ""
        subject = f"Scale, {method} {endpoint}{of}"
        try:
            response = self._session.request(
                method,
                f"{self.base_api_url}/{endpoint}",
                headers=headers,
                auth=auth,
                params=params,
                json=body,
                files=files,
                data=data,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,  # It would repeat a POST as a GET.
            )
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
            requests.exceptions.ContentDecodingError,
        ) as error:
            raise TryAgainError(shortened(f"{subject}: {error}")) from error
        reply = _json(response)
        status = response.status_code
        if 200 <= status < 300 and isinstance(reply, dict):
            return reply
        said = reply.get("error") if isinstance(reply, dict) else None
        message = f"{subject}: {said if isinstance(said, str) else response.text}"
        _, _, signature = (body or {}).get("attachment", "").partition("?")
        message = shortened(message.replace(signature, "") if signature else message)
        for known in ScaleResourceNotFound, ScaleDuplicateResource:
            if status == known.code:
                raise known(message)
        raise_for_status(status, response.headers.get("Retry-After"), message)
        raise TryAgainError(f"{message} is no JSON object")


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def _called(call: Callable[[], _T]) -> _T:
    """Calls the client, which breaks at a reply that lacks what it takes for granted."""
    try:
        return call()
    except (KeyError, TypeError) as error:
        raise TryAgainError(f"Scale's reply is not as documented: {error!r}") from error


def _image_of(task: dict[str, Any]) -> Any:
    """Our metadata say which image a task is for; without them its attachment does."""
    metadata, parameters = task.get("metadata"), task.get("params")
    if isinstance(metadata, dict) and "image_uri" in metadata:
        return metadata["image_uri"]
    attachment = parameters.get("attachment") if isinstance(parameters, dict) else None
    return _without_query(attachment) if isinstance(attachment, str) else None


def _without_query(url: str) -> str:
    return url.partition("?")[0]
