"""Make the blurred copies of a place's images that lack one, on the workers of an engine.

The copy is stored first and its record written then: who is killed in between makes the same copy
again. An image that cannot be checked gets no record, and is not sent.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import cv2
import numpy as np

from vidset.blurred import COPIES, Checked, Gate, read_checked, read_gate, write_checked, write_gate
from vidset.engines.engine import Engine, Limits, Open, Report, Work
from vidset.engines.local import LocalEngine
from vidset.engines.tasks import results
from vidset.jpeg import jpeg
from vidset.picture_headers import check_picture
from vidset.place_images import ImageFiles, ImageToRead, kept_images
from vidset.privacy.blurring import blur
from vidset.privacy.registry import open_detector
from vidset.storage.open import open_store

_AT_ONCE, _PART = 16, 1024
_QUALITY = 95
_LIMITS = Limits(seconds=3600, memory_bytes=4 << 30)

StartEngine = Callable[[int, Open, Limits, Callable[[Any], None]], Engine]


@dataclass(slots=True)
class BlurSummary:
    """The outcome of a run.

    Attributes:
        gate: what is blurred, and how.
        images: of the place.
        new: of them, those that were checked now; `regions` were blurred in `blurred` of them.
        failed: (uri, reason) of those that cannot be checked. They are neither sent nor shown.
    """

    gate: Gate
    images: int = 0
    new: int = 0
    blurred: int = 0
    regions: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Answer:
    checked: list[Checked]
    failed: list[tuple[str, str]]


def turn_on(place: str, detectors: Sequence[str], method: str) -> Gate:
    """Turn the gate of a place on, before anything of it is sent.

    Raises:
        ValueError: a detector cannot be opened.
    """
    gate = _gate(detectors, method)
    if read_gate(place) != gate:
        write_gate(place, gate)
    return gate


def count_unchecked(place: str, detectors: Sequence[str], method: str) -> BlurSummary:
    """Count in `new` what `blur_place` would check. Nothing is changed.

    Raises:
        ValueError: a detector cannot be opened, or a ledger or a record is damaged.
    """
    gate = _gate(detectors, method)
    missing, images = _unchecked(place, gate)
    return BlurSummary(gate, images, len(missing))


def _gate(detectors: Sequence[str], method: str) -> Gate:
    return Gate(tuple(sorted({open_detector(each).id for each in detectors})), method)


def _unchecked(place: str, gate: Gate) -> tuple[list[ImageToRead], int]:
    """Return the images that the gate's detectors have not checked, and how many there are in all.

    An image that was extracted anew with other bytes counts as not checked.
    """
    known = read_checked(place, gate)
    missing, images = [], 0
    for image in kept_images(place):
        images += 1
        if (image.image_id, image.image_sha256) not in known:
            missing.append(image)
    return missing, images


def blur_place(
    place: str,
    detectors: Sequence[str],
    method: str,
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
    start_engine: StartEngine = LocalEngine,
) -> BlurSummary:
    """Check the images of a place that were not checked by these detectors, and copy them blurred.

    Args:
        detectors: what a user names; see `vidset.privacy.registry`.
        method: one of `vidset.blurred.METHODS`.
        progress: is told how many of how many are done.

    Raises:
        ValueError: a detector cannot be opened, or a ledger or a record is damaged.
        UnfinishedError: a store raised errors that did not pass.
    """
    gate = turn_on(place, detectors, method)
    missing, images = _unchecked(place, gate)
    summary = BlurSummary(gate, images)
    if not missing:
        return summary
    number = min(workers or os.cpu_count() or 1, -(-len(missing) // _AT_ONCE))
    opens = partial(_open_work, place, tuple(detectors), method)
    engine = start_engine(number, opens, _LIMITS, lambda _: None)
    waiting: list[Checked] = []
    try:
        for answer in results(engine, _batches(missing)):
            waiting += answer.checked
            summary.new += len(answer.checked)
            summary.failed += answer.failed
            summary.blurred += sum(bool(each.boxes) for each in answer.checked)
            summary.regions += sum(len(each.boxes) for each in answer.checked)
            progress(summary.new + len(summary.failed), len(missing))
            if len(waiting) >= _PART:
                write_checked(place, gate, waiting)
                waiting.clear()
    finally:
        engine.end()
        if waiting:
            write_checked(place, gate, waiting)
    summary.failed.sort()
    return summary


def _batches(images: list[ImageToRead]) -> Iterator[list[ImageToRead]]:
    for start in range(0, len(images), _AT_ONCE):
        yield images[start : start + _AT_ONCE]


def _open_work(place: str, named: Sequence[str], method: str) -> Work:
    cv2.setNumThreads(1)
    detectors = [open_detector(each) for each in named]
    files, copies = ImageFiles(place), open_store(f"{place}/{COPIES}")

    def work(images: list[ImageToRead], _: Report) -> _Answer:
        checked: list[Checked] = []
        failed: list[tuple[str, str]] = []
        for image in images:
            try:
                data = files.read(image.image_id, image.image_uri)
                if (got := hashlib.sha256(data).hexdigest()) != image.image_sha256:
                    raise ValueError(
                        f"{image.image_uri}: wanted the bytes of {image.image_sha256}, got {got}"
                    )
                picture = _decoded(data, image.image_uri)
                found = [each for one in detectors for each in one.find(picture)]
            except (FileNotFoundError, ValueError) as error:
                failed.append((image.image_uri, str(error)))
                continue
            if found:
                data = jpeg(blur(picture, found, method), _QUALITY)
            name = files.name(image.image_id, image.image_uri)
            height, width = picture.shape[:2]
            # As the original has them: the broker reads the size there.
            size = {"width": str(width), "height": str(height)}
            copies.put(name, data, "image/jpeg", size)
            boxes = tuple((each.x, each.y, each.width, each.height, each.score) for each in found)
            copy_sha256 = hashlib.sha256(data).hexdigest()
            checked.append(Checked(image.image_id, image.image_sha256, copy_sha256, boxes))
        return _Answer(checked, failed)

    return work


def _decoded(data: bytes, name: str) -> np.ndarray:
    check_picture(data, name)
    # As it is stored: the copy's coordinates are the original's.
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if picture is None:
        raise ValueError(f"{name}: it cannot be read as a picture")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
