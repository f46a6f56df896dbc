"""Send an image that was labeled to the annotators once more, with a person's remark."""

from typing import Literal

from vidset.labeling.annotation import Annotation
from vidset.labeling.broker import Broker
from vidset.labeling.dispatching import Outcome, resume
from vidset.labeling.errors import RefusedError, TryAgainError
from vidset.labeling.prelabels import find_beside, kept_beside
from vidset.labeling.stores.store import ConflictError, Stored, Write
from vidset.labeling.task import Image, Task
from vidset.labeling.vendors.vendor import AskingAgainVendor


def ask_again(broker: Broker, image: Image, remark: str, by: str) -> Outcome | Literal["open"]:
    """Make another task of an image, with its present labels to begin with.

    The earlier answers stay. What comes back is the annotation's next revision. The image's
    predictions hold the round and the remark, so that a dispatch that breaks off goes on.

    Returns:
        What `dispatch` returns; `open` where annotators have a task of the image already.

    Raises:
        RefusedError: the image has no labels, or the vendor takes no second task of an image.
        TryAgainError: as `dispatch` does, or somebody else changed the image's documents.
    """
    if not isinstance(broker.vendor, AskingAgainVendor):
        raise RefusedError(
            f"{broker.vendor.name} takes one task of an image; correct the labels in another tool "
            "and import them, or take the vendor label-studio"
        )
    stored_task, annotation, predictions = broker.store.get(
        ("tasks", image.id), ("annotations", image.id), ("predictions", image.id)
    )
    if stored_task is None or annotation is None:
        raise RefusedError(f"{image.uri}: nobody has labeled it yet")
    task, labels = (
        Task.from_document(stored_task.document),
        Annotation.from_document(annotation.document),
    )
    if task.state in ("requested", "dispatched") and task.vendor == broker.vendor.name:
        return "open"
    now = broker.clock()
    known = predictions.document if predictions else {}
    document = {
        "image_id": image.id,
        "objects": [item.to_document() for item in labels.objects],
        "source": by,
        "written_at": now,
        "round": known.get("round", 1) + 1,
        "remark": remark,
    }
    wanted = task.changed(
        state="requested",
        vendor=broker.vendor.name,
        vendor_task_id=None,
        image_width=task.image_width or labels.image_width,
        image_height=task.image_height or labels.image_height,
        booked_on=None,
        requested_at=now,
        dispatched_at=None,
        completed_at=None,
        due_at=None,
        error=None,
    )
    write = broker.task_write(wanted, stored_task.version)
    shown = Write("predictions", image.id, document, predictions and predictions.version)
    before = kept_beside(predictions, find_beside(broker.store, predictions))
    try:
        [version, *_] = broker.store.commit([write, shown, *before])
    except ConflictError:
        raise TryAgainError(f"{image.uri}: somebody else changed its task", 1) from None
    return resume(broker, Stored(image.id, dict(write.document), version))
