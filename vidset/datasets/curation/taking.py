"""Reads, measures and stores the images of a source: many in processes of their own.

Decoding and hashing small images let go of Python's lock so often that threads wait for each other
most of the time; processes do not.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice

import cv2
import numpy as np

from vidset.datasets.curation.known_images import KnownImages, Seen
from vidset.datasets.curation.misfit import misfit
from vidset.datasets.curation.moved_shapes import move_object
from vidset.datasets.curation.sources.source import Fault, Found, Kind
from vidset.datasets.errors import DatasetError
from vidset.datasets.images.measures import Measures, measure
from vidset.datasets.images.upright import lying_to_upright, read_upright
from vidset.datasets.versions.repository import Repository
from vidset.engines.engine import Limits, TaskError, TaskLostError, Work
from vidset.engines.processes import Processes
from vidset.picture_headers import check_picture
from vidset.threads import in_order

# Reading from a bucket waits most of the time.
_THREADS = 8
# After the first so many images it is seen whether processes are worth their start. So many are a
# task from then on.
_FIRST, _OF_TASK = 500, 32

Taken = tuple[Found, Seen | Measures] | Fault


def take(images: Iterable[Found], repository: Repository, known: KnownImages) -> Iterator[Taken]:
    """Read images in their order, measure those whose bytes are not known, and store all of them.

    An image with which something is wrong is not stored. One that is known is stored again if the
    repository has lost or damaged it.
    """
    waiting, measured = iter(images), 0
    for taken in in_order(
        lambda one: _take(one, repository, known), islice(waiting, _FIRST), _THREADS
    ):
        measured += not isinstance(taken, Fault) and isinstance(taken[1], Measures)
        yield taken
    if measured > _FIRST // 2:
        yield from _by_processes(waiting, repository)
        return

    def work(task: list[Found]) -> list[Taken]:
        return [_take(one, repository, known) for one in task]

    for several in in_order(work, _tasks(waiting), _THREADS):
        yield from several


def _by_processes(images: Iterable[Found], repository: Repository) -> Iterator[Taken]:
    """Measure all of them, known or not: what is known takes too much memory for each process."""
    number = os.cpu_count() or 1
    with Processes(number, partial(_open, str(repository.root)), Limits()) as processes:

        def work(task: list[Found]) -> list[Taken]:
            # What is not of this machine may be read with clients, which no other process has.
            if all(each.path is not None for each in task):
                with suppress(TaskError, TaskLostError):  # It is told where it is done again: here.
                    return processes.run(task)
            return [_take(one, repository) for one in task]

        for several in in_order(work, _tasks(images), number):
            yield from several


def _tasks(images: Iterable[Found]) -> Iterator[list[Found]]:
    waiting = iter(images)
    while task := list(islice(waiting, _OF_TASK)):
        yield task


def _open(root: str) -> Work:
    cv2.setNumThreads(1)  # There are processes enough.
    repository = Repository(root)
    return lambda task, _: [_take(one, repository) for one in task]


def _take(found: Found, repository: Repository, known: KnownImages | None = None) -> Taken:
    try:
        data = found.read()
        digest = hashlib.sha256(data).hexdigest()
        seen = known and known.recognize(found, digest)
        if seen is None:
            seen = measure(data, found.image_uri)
            found = _upright(found, seen, data)
    except FileNotFoundError:
        return Fault(Kind.NO_IMAGE, found.image_uri, "there is no such file")
    except (OSError, DatasetError) as error:
        what = str(error).removeprefix(f"{found.image_uri}: ")
        return Fault(Kind.UNREADABLE, found.image_uri, what)
    if fault_of(found, seen) is None:
        repository.put_image(data, seen.image_format, digest)
    return found, seen


def fault_of(found: Found, seen: Seen | Measures) -> Fault | None:
    """Return what is wrong with an image or its labels, by what is known of its file."""
    if found.image_sha256 not in (None, seen.image_sha256):
        what = f"wanted the bytes of {found.image_sha256}, got {seen.image_sha256}"
        return Fault(Kind.CHANGED, found.image_uri, what)
    wrong = misfit(found, seen.width, seen.height)
    return Fault(Kind.MISFIT, found.image_uri, wrong) if wrong else None


def _upright(found: Found, measures: Measures, data: bytes) -> Found:
    """The labels turned like the image, where they are of the image as it lies in its file.

    EXIF data say that it is stored on its side, and the labels' size says that they are, too.
    """
    size = measures.width, measures.height
    if found.size is None or found.size == size or found.size != size[::-1]:
        return found
    check_picture(data, found.image_uri)
    _, orientation = read_upright(np.frombuffer(data, np.uint8))
    moved = lying_to_upright(orientation, *found.size)
    if moved is None:
        return found
    objects = found.objects
    if objects is not None:
        turned = (move_object(thing, moved, size) for thing in objects)
        objects = [thing for thing in turned if thing is not None]
    return replace(found, objects=objects, size=size)
