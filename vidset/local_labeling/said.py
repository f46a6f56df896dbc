"""The labels that files have of images of the place, and which of several answers count."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from vidset.labeling.annotation import Answer
from vidset.labeling.task import Image


@dataclass(frozen=True, slots=True)
class Said:
    """The labels that a file has of an image of the place.

    Attributes:
        name: of the image, as the file tells it.
        told_at: when, as the file tells, or its date.
        base_revision: the annotation's that the file was exported from; None in files of others.
        is_sure: whether an image without objects is known to have none.
        is_empty: whether the file has no object of it, whatever its format could not say.
        is_dated: whether it is known when this was said of this image.
        is_reshaped: whether the objects were changed on the way, as was asked.
    """

    image: Image
    name: str
    answer: Answer
    told_at: datetime
    base_revision: int | None
    is_sure: bool
    is_empty: bool
    is_dated: bool
    is_reshaped: bool


def in_order(said: Sequence[Said]) -> list[Said]:
    """Let the newest of several answers to one image count, wherever in the files it stands.

    All of them are stored at once, as of now. A skip is no answer to what another annotator drew.
    """
    found = list(said)
    places: dict[str, list[int]] = {}
    for place, each in enumerate(said):
        places.setdefault(each.image.id, []).append(place)
    for group in places.values():
        by_time = sorted(group, key=lambda place: said[place].told_at)
        last = {said[place].answer.annotator: said[place].answer.state for place in by_time}
        by_time.sort(key=lambda place: last[said[place].answer.annotator] == "labeled")
        start = max(said[place].answer.updated_at for place in group)
        for number, place in enumerate(by_time if len(group) > 1 else ()):
            updated_at = start + timedelta(microseconds=number)
            answer = replace(said[place].answer, updated_at=updated_at)
            found[place] = replace(said[place], answer=answer)
    return found
