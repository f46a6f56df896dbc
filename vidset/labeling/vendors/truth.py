"""A labeler that knows the truth: it answers each task from a file, by a real HTTP callback.

For the demo, for tests, and as the plain form of a callback that a labeler of your own can send:

    POST <callback url>
    x-vidset-truth-secret: <LABELING_TRUTH_SECRET>
    {"image_id": "...", "annotation_id": "...", "annotator": "...", "state": "labeled",
     "updated_at": "2026-01-31T12:00:00Z", "image_width": 1280, "image_height": 720,
     "objects": [{"id": "1", "label": "car", "type": "box",
                  "box": {"x": 1, "y": 2, "width": 30, "height": 20}, "points": null,
                  "attributes": {}}]}

The file has one such JSON object a line, without `annotation_id`, `annotator` and `updated_at`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from vidset.labeling.annotation import AnnotationState, Answer, Box, LabeledObject, ObjectType
from vidset.labeling.errors import InvalidAnswerError, RefusedError, TryAgainError
from vidset.labeling.timestamps import format_timestamp, parse_timestamp
from vidset.labeling.vendors.http import raise_for_status
from vidset.labeling.vendors.vendor import MissingTaskError, Report, Request

CALLBACK_HEADER = "x-vidset-truth-secret"
_TIMEOUT = httpx.Timeout(20, connect=5)


def _unicode(text: str) -> str:
    """JSON can have lone surrogates in it, which no store takes."""
    text.encode()  # Raises UnicodeEncodeError, a ValueError.
    return text


_Text = Annotated[str, AfterValidator(_unicode)]
_Name = Annotated[_Text, Field(min_length=1, max_length=200)]
_Integer = Annotated[int, Field(ge=-(2**63), lt=2**63)]
_Side = Annotated[int, Field(gt=0, lt=2**31)]


class _Box(BaseModel):
    model_config = ConfigDict(strict=True)
    x: FiniteFloat
    y: FiniteFloat
    width: FiniteFloat
    height: FiniteFloat


class _Point(BaseModel):
    model_config = ConfigDict(strict=True)
    x: FiniteFloat
    y: FiniteFloat


class _Object(BaseModel):
    model_config = ConfigDict(strict=True)
    id: _Name
    label: _Name
    type: ObjectType
    box: _Box | None = None
    points: list[_Point] | None = None
    attributes: dict[_Name, _Text | bool | _Integer | FiniteFloat | list[_Text]] = {}


class _Callback(BaseModel):
    model_config = ConfigDict(strict=True)
    image_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    annotation_id: _Name
    annotator: _Name
    state: AnnotationState = "labeled"
    updated_at: str
    objects: list[_Object]
    image_width: _Side | None = None
    image_height: _Side | None = None


class TruthVendor:
    """A `Vendor` that answers at once, while the task is still being dispatched."""

    name = "truth"

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
        return _task_id(request.image.id)

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


def read_callback(body: Any) -> list[Report]:
    """See the module's docstring for the form.

    Raises:
        InvalidAnswerError: the first faults, each with its place.
    """
    try:
        said = _Callback.model_validate(body)
        updated_at = parse_timestamp(said.updated_at)
    except ValidationError as error:
        faults = (
            f"{'.'.join(map(str, e['loc'])) or 'the answer'}: {e['msg']}" for e in error.errors()
        )
        raise InvalidAnswerError("; ".join(list(faults)[:5])) from None
    except ValueError as error:
        raise InvalidAnswerError(f"updated_at: {error}") from None
    answer = Answer(
        image_id=said.image_id,
        vendor=TruthVendor.name,
        vendor_task_id=_task_id(said.image_id),
        annotation_id=said.annotation_id,
        annotator=said.annotator,
        state=said.state,
        objects=tuple(map(_object, said.objects)),
        updated_at=updated_at,
        image_width=said.image_width,
        image_height=said.image_height,
    )
    return [Report(said.image_id, answer.vendor_task_id, "answered", (answer,), raw=body)]


def _object(said: _Object) -> LabeledObject:
    return LabeledObject(
        id=said.id,
        label=said.label,
        type=said.type,
        box=Box(**said.box.model_dump()) if said.box else None,
        points=tuple((point.x, point.y) for point in said.points) if said.points else None,
        attributes=said.attributes,
    )


def _task_id(image_id: str) -> str:
    return f"truth-{image_id}"


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
        "annotation_id": _task_id(str(entry.get("image_id"))),
        "annotator": "truth",
        "updated_at": answered_at,
    }
