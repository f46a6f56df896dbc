"""The plain form of a callback, as a labeler of your own can send it.

POST <callback url>
x-vidset-truth-secret: <LABELING_TRUTH_SECRET>
{"image_id": "...", "annotation_id": "...", "annotator": "...", "state": "labeled",
 "updated_at": "2026-01-31T12:00:00Z", "image_width": 1280, "image_height": 720,
 "objects": [{"id": "1", "label": "car", "type": "box",
              "box": {"x": 1, "y": 2, "width": 30, "height": 20}, "attributes": {}}]}

A rotated box has an `angle` in its box, a polygon `rings` (`[{"points": [{"x", "y"}, ...],
"hole": false}]`, or `points` for a single one), a mask COCO's `{"size": [height, width],
"counts": "..."}`.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from vidset.labeling.annotation import AnnotationState, Answer, LabeledObject, ObjectType
from vidset.labeling.errors import InvalidAnswerError
from vidset.labeling.timestamps import parse_timestamp
from vidset.labeling.vendors.vendor import Report

CALLBACK_HEADER = "x-vidset-truth-secret"
VENDOR = "truth"


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
    angle: FiniteFloat = 0.0


class _Point(BaseModel):
    model_config = ConfigDict(strict=True)
    x: FiniteFloat
    y: FiniteFloat


class _Ring(BaseModel):
    model_config = ConfigDict(strict=True)
    points: list[_Point]
    hole: bool = False


class _Mask(BaseModel):
    model_config = ConfigDict(strict=True)
    size: list[_Side]
    counts: _Text | list[_Integer]


class _Object(BaseModel):
    model_config = ConfigDict(strict=True)
    id: _Name
    label: _Name
    type: ObjectType
    box: _Box | None = None
    points: list[_Point] | None = None
    rings: list[_Ring] | None = None
    mask: _Mask | None = None
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
        vendor=VENDOR,
        vendor_task_id=task_id(said.image_id),
        annotation_id=said.annotation_id,
        annotator=said.annotator,
        state=said.state,
        objects=tuple(_object(each, f"objects.{n}") for n, each in enumerate(said.objects)),
        updated_at=updated_at,
        image_width=said.image_width,
        image_height=said.image_height,
    )
    return [Report(said.image_id, answer.vendor_task_id, "answered", (answer,), raw=body)]


def _object(said: _Object, place: str) -> LabeledObject:
    try:
        return LabeledObject.from_document(said.model_dump())
    except ValueError as error:
        raise InvalidAnswerError(f"{place}.mask: {error}") from None


def task_id(image_id: str) -> str:
    return f"truth-{image_id}"
