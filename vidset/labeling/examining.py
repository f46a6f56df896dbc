"""Looks at one answer before it is stored: its time, its size, and whether it is empty."""

from collections.abc import Sequence
from datetime import timedelta

from vidset.labeling.annotation import Answer
from vidset.labeling.broker import Broker
from vidset.labeling.checking import check_answer
from vidset.labeling.errors import InvalidAnswerError
from vidset.labeling.stores.documents import check_writes
from vidset.labeling.stores.store import Write
from vidset.labeling.task import Task
from vidset.labeling.vendors.registry import vendors

_CLOCKS_DIFFER = timedelta(days=1)


def checked(broker: Broker, task: Task, answer: Answer) -> Answer:
    """Return the answer as it may be stored.

    Raises:
        InvalidAnswerError: it is from the future, empty, or not what the template wants.
    """
    if answer.updated_at > broker.clock() + _CLOCKS_DIFFER:  # Above all corrections to come.
        raise InvalidAnswerError(
            f"annotation {answer.annotation_id}: wanted a time up to now, got {answer.updated_at}"
        )
    _check_empty(broker, answer)
    answer = check_answer(answer, broker.template, task.image_width, task.image_height)
    try:
        check_writes([Write("answers", answer.key, answer.to_document())])
    except ValueError as error:  # What no store can hold.
        raise InvalidAnswerError(str(error)) from None
    return answer


def _check_empty(broker: Broker, answer: Answer) -> None:
    """Refuse a submit with nothing drawn, unless the template allows it.

    A person who imports has seen a plan, and a file of known truth says what is in an image.

    Raises:
        InvalidAnswerError: with what to do about it.
    """
    if answer.objects or answer.state != "labeled" or answer.imported is not None:
        return
    declaration = vendors().get(answer.vendor)
    if broker.template.allow_empty or (declaration and declaration.knows_empty):
        return
    raise InvalidAnswerError(
        f"image {answer.image_id}, {answer.vendor} annotation {answer.annotation_id}: wanted an "
        "object or a skipped task, got an answer with nothing drawn. If nothing is in the image, "
        "set allow_empty: true in the template and run vidset label quarantine --replay; if the "
        "annotator saw no image, run vidset label dispatch --retry dispatched"
    )


def sized(broker: Broker, task: Task, answers: Sequence[Answer]) -> Task:
    """Return the task with the image's size: its own, else the vendor's, else the image's."""
    if task.image_width and task.image_height:
        return task
    seen = ((answer.image_width, answer.image_height) for answer in answers)
    known = next((size for size in seen if all(size)), None)
    width, height = known or broker.images.size(task.image_uri)
    return task.changed(image_width=width, image_height=height)
