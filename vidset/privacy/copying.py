"""Make the blurred copies of a place's images that lack one, on the workers of an engine.

The copy is stored first and its record written then: who is killed in between makes the same copy
again. An image that cannot be checked gets no record, and is not sent.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile

import cv2

from vidset.blurred import (
    Checked,
    images_root,
    join_records,
    read_checked,
    write_checked,
    write_gate,
)
from vidset.engines.engine import Limits, Report, StartEngine, Work
from vidset.engines.local import LocalEngine
from vidset.engines.tasks import results
from vidset.gate import Gate, check_copies_place, copies_elsewhere, present_gate
from vidset.place_images import ImageFiles, ImageToRead, images_in_warehouse, kept_images
from vidset.privacy.blurred_copy import Copy, blurred_copy
from vidset.privacy.detector import Detector
from vidset.privacy.registry import open_detector
from vidset.storage.open import open_store
from vidset.storage.uris import parse_uri

_AT_ONCE, _PART = 16, 1024
_LIMITS = Limits(seconds=3600, memory_bytes=4 << 30)


@dataclass(slots=True)
class BlurSummary:
    """The outcome of a run.

    Attributes:
        gate: what is blurred, and how.
        images: of the place.
        new: of them, those that were checked now; `regions` were blurred in `blurred` of them.
        failed: (uri, reason) of those that cannot be checked. They are neither sent nor shown.
        left: how many a limit left for another run.
        gone: how many a ledger in a warehouse has whose files are not there any more.
    """

    gate: Gate
    images: int = 0
    new: int = 0
    blurred: int = 0
    regions: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    left: int = 0
    gone: int = 0


@dataclass(frozen=True, slots=True)
class _Answer:
    checked: list[Checked]
    failed: list[tuple[str, str]]
    gone: int


@dataclass(frozen=True, slots=True)
class Originals:
    """The images to check, and where their copies go.

    Attributes:
        place: a folder, gs:// or s3://.
        copies: the place of the copies, where that is to be another one; None: where the place has
            them already, else in itself.
        warehouse: bq://PROJECT.DATASET with the frame ledger; None: the place has it in files.
            Images may then lie anywhere in the place, which is a bucket for images alone.
    """

    place: str
    copies: str | None = None
    warehouse: str | None = None

    def gate(self, detectors: Sequence[str], method: str) -> Gate:
        """Return the gate of these detectors, by what a user named.

        Raises:
            ValueError: a detector cannot be opened, or the copies cannot be there.
        """
        copies = self.copies or copies_elsewhere(self.place)
        if self.warehouse is not None and (copies is None or parse_uri(self.place).prefix):
            raise ValueError(
                f"{self.place}: with --warehouse, wanted a whole bucket of images, and another "
                "place for --copies: what is stored beside images would be labeled as one"
            )
        if copies is not None:
            check_copies_place(self.place, copies)
        ids = {open_detector(each).id for each in detectors}
        return Gate(tuple(sorted(ids)), method, copies)

    def images(self) -> Iterator[ImageToRead]:
        """Yield the kept images of the place; one that is there twice may come twice."""
        if self.warehouse is None:
            return kept_images(self.place)
        mine = f"{self.place}/"
        found = images_in_warehouse(self.warehouse)
        return (image for image in found if image.image_uri.startswith(mine))


def turn_on(originals: Originals, detectors: Sequence[str], method: str) -> Gate:
    """Turn the gate of a place on, before anything of it is sent.

    Raises:
        ValueError: a detector cannot be opened, or the copies cannot be where they are wanted.
    """
    gate = originals.gate(detectors, method)
    if present_gate(originals.place) != gate:
        write_gate(originals.place, gate)
    return gate


def count_unchecked(originals: Originals, detectors: Sequence[str], method: str) -> BlurSummary:
    """Count in `new` what `blur_place` would check. Nothing is changed.

    Raises:
        ValueError: a detector cannot be opened, or a ledger or a record is damaged.
    """
    gate = originals.gate(detectors, method)
    missing, images = _unchecked(originals, gate)
    return BlurSummary(gate, images, len(missing))


def _unchecked(originals: Originals, gate: Gate) -> tuple[list[ImageToRead], int]:
    """Return the images that the gate's detectors have not checked, and how many there are in all.

    An image that was extracted anew with other bytes counts as not checked.
    """
    known = read_checked(originals.place, gate)
    missing: dict[tuple[str, str], ImageToRead] = {}
    seen: set[str] = set()
    for image in originals.images():
        seen.add(image.image_id)
        if (image.image_id, image.image_sha256) not in known:
            missing[image.image_id, image.image_sha256] = image
    return list(missing.values()), len(seen)


def blur_place(
    originals: Originals,
    detectors: Sequence[str],
    method: str,
    *,
    limit: int | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
    start_engine: StartEngine = LocalEngine,
) -> BlurSummary:
    """Check the images of a place that were not checked by these detectors, and copy them blurred.

    Args:
        detectors: what a user names; see `vidset.privacy.registry`.
        method: one of `vidset.gate.METHODS`.
        limit: end after so many images that could be checked, or a few more; None: all of them.
        progress: is told how many of how many are done.

    Raises:
        ValueError: a detector cannot be opened, or a ledger or a record is damaged.
        UnfinishedError: a store raised errors that did not pass.
    """
    gate = turn_on(originals, detectors, method)
    missing, images = _unchecked(originals, gate)
    summary = BlurSummary(gate, images)
    if not missing:
        return summary
    number = min(workers or os.cpu_count() or 1, -(-len(missing) // _AT_ONCE))
    opens = partial(_open_work, originals, gate, tuple(detectors))
    engine = start_engine(number, opens, _LIMITS, lambda _: None)
    waiting: list[Checked] = []
    # Images that cannot be checked do not count: they would keep others from it run by run.
    wanted = takewhile(lambda _: limit is None or summary.new < limit, _batches(missing))
    try:
        for answer in results(engine, wanted):
            waiting += answer.checked
            summary.new += len(answer.checked)
            summary.failed += answer.failed
            summary.gone += answer.gone
            summary.blurred += sum(bool(each.boxes) for each in answer.checked)
            summary.regions += sum(len(each.boxes) for each in answer.checked)
            progress(summary.new + len(summary.failed) + summary.gone, len(missing))
            if len(waiting) >= _PART:
                write_checked(originals.place, gate, waiting)
                waiting.clear()
    finally:
        engine.end()
        if waiting:
            write_checked(originals.place, gate, waiting)
    join_records(originals.place, gate)
    summary.failed.sort()
    summary.left = len(missing) - summary.new - len(summary.failed) - summary.gone
    return summary


def _batches(images: list[ImageToRead]) -> Iterator[list[ImageToRead]]:
    for start in range(0, len(images), _AT_ONCE):
        yield images[start : start + _AT_ONCE]


def _open_work(originals: Originals, gate: Gate, named: Sequence[str]) -> Work:
    cv2.setNumThreads(1)
    detectors = [open_detector(each) for each in named]
    place = originals.place
    files = ImageFiles(place, whole=None if originals.warehouse is None else place)
    copies = open_store(gate.copies or images_root(place, gate))
    name_of = files.name if gate.copies is None else files.name_in_place

    def work(images: list[ImageToRead], _: Report) -> _Answer:
        checked: list[Checked] = []
        failed: list[tuple[str, str]] = []
        gone = 0
        for image in images:
            try:
                name = name_of(image.image_id, image.image_uri)
                copy, boxes = _copy(files, detectors, gate.method, image)
            except FileNotFoundError as error:
                if originals.warehouse is None:
                    failed.append((image.image_uri, f"there is no file: {error}"))
                else:  # Its days are over, or it was deleted: the ledger knows nothing of that.
                    gone += 1
                continue
            except ValueError as error:
                failed.append((image.image_uri, str(error)))
                continue
            copies.put(name, copy.data, "image/jpeg", copy.size)
            copy_sha256 = hashlib.sha256(copy.data).hexdigest()
            checked.append(Checked(image.image_id, image.image_sha256, copy_sha256, boxes))
        return _Answer(checked, failed, gone)

    return work


def _copy(
    files: ImageFiles, detectors: Sequence[Detector], method: str, image: ImageToRead
) -> tuple[Copy, tuple[tuple[float, ...], ...]]:
    """Return the blurred copy of an image, and the boxes in it.

    Raises:
        FileNotFoundError, ValueError: it cannot be checked.
    """
    data = files.read(image.image_id, image.image_uri)
    if (got := hashlib.sha256(data).hexdigest()) != image.image_sha256:
        raise ValueError(f"{image.image_uri}: wanted the bytes of {image.image_sha256}, got {got}")
    copy, found = blurred_copy(data, image.image_uri, detectors, method)
    boxes = tuple((each.x, each.y, each.width, each.height, each.score) for each in found)
    return copy, boxes
