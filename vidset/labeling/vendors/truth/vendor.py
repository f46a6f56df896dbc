"""A labeler that knows the truth: it answers each task from a file, by a real HTTP callback.

It serves the demo and tests. The file has one JSON object a line: a callback (see `answers`)
without `annotation_id`, `annotator` and `updated_at`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from vidset.labeling.errors import InvalidAnswerError, RefusedError, TryAgainError
from vidset.labeling.timestamps import format_timestamp
from vidset.labeling.vendors.http import raise_for_status
from vidset.labeling.vendors.truth.answers import CALLBACK_HEADER, VENDOR, read_callback, task_id
from vidset.labeling.vendors.vendor import MissingTaskError, Report, Request

_TIMEOUT = httpx.Timeout(20, connect=5)


class TruthVendor:
    """A `Vendor` that answers at once, while the task is still being dispatched."""

    name = VENDOR

    def __init__(self, truth_file: str, callback_url: str, secret: str):
        self._truth = _read_truth(truth_file)
        self._url, self._secret = callback_url, secret
        self._http = httpx.Client(timeout=_TIMEOUT)

    def submit(self, request: Request) -> str:
        body = self._body(request.image.id)
        headers = {CALLBACK_HEADER: self._secret}
        try:
            response = self._http.post(self._url, json=body, headers=headers)
        except httpx.RequestError as error:
            raise TryAgainError(f"callback {self._url}: {error!r}") from None
        message = f"callback {self._url}: {response.text}"
        raise_for_status(response.status_code, response.headers.get("retry-after"), message)
        return task_id(request.image.id)

    def report(self, image_id: str, vendor_task_id: str) -> Report:
        try:
            body = self._body(image_id)
        except RefusedError as error:
            raise MissingTaskError(str(error)) from None
        [report] = read_callback(body)
        return replace(report, is_complete=True)

    def reports_since(self, moment: datetime) -> Iterator[Report]:
        """None: the truth does not change."""
        return iter(())

    def _body(self, image_id: str) -> dict[str, Any]:
        if image_id not in self._truth:
            raise RefusedError(f"the truth file has nothing on image {image_id}")
        return self._truth[image_id]


def _read_truth(path: str) -> Mapping[str, dict[str, Any]]:
    """The answers by image id. They are as old as the file, which orders those of two files."""
    truth: dict[str, dict[str, Any]] = {}
    file = Path(path)
    try:
        lines = file.read_text(encoding="utf-8").split("\n")  # splitlines() would cut at U+2028.
        modified = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"no truth file at {path}: {error}") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            body = _with_origin(json.loads(line), format_timestamp(modified))
            [report] = read_callback(body)
        except (ValueError, RecursionError, InvalidAnswerError) as error:
            raise ValueError(f"{path}, line {number}: no answer to an image: {error}") from None
        if report.image_id in truth:
            raise ValueError(f"{path}, line {number}: image {report.image_id} for the second time")
        truth[report.image_id] = body
    return truth


def _with_origin(entry: Any, answered_at: str) -> Any:
    if not isinstance(entry, dict):
        return entry
    return entry | {
        "annotation_id": task_id(str(entry.get("image_id"))),
        "annotator": "truth",
        "updated_at": answered_at,
    }
