"""A recipe applied to a version: the images that the next version has."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Any

import cv2
import numpy as np
import pyarrow as pa

from vidset.actor import actor_of
from vidset.datasets.curation.faults import check_cap
from vidset.datasets.curation.leak_policy import leaks_left, without_equals
from vidset.datasets.curation.moved_planes import move_plane, plane_of
from vidset.datasets.curation.moved_shapes import move_object
from vidset.datasets.curation.recipe import Recipe
from vidset.datasets.curation.rename import rename_labels, renamed_order
from vidset.datasets.curation.steps.step import Step, recorded
from vidset.datasets.curation.synthetic.generating import Generated, generate
from vidset.datasets.images.measures import SCHEMA, Measures, decode, measure
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.entry import TRAIN, Entry
from vidset.datasets.versions.label_order import KEY, label_order
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.objects import documents_in
from vidset.datasets.versions.repository import Repository
from vidset.versions import vidset_version

_JPEG_QUALITY = 95
_AT_ONCE = 64
_THREADS = 8


@dataclass(frozen=True, slots=True)
class Made:
    """One image that a recipe makes: its manifest row, its measures, its file."""

    entry: Entry
    measures: Measures
    data: bytes


@dataclass(frozen=True, slots=True)
class Applied:
    """The next version.

    Attributes:
        dropped: a line for each training image that came out like one to evaluate on.
    """

    id: str
    is_new: bool
    images: Manifest
    dropped: list[str]


def apply(
    repository: Repository,
    reference: str,
    recipe: Recipe,
    *,
    cap: int | None = None,
    message: str = "",
    actor: str | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Applied:
    """Make the version that a recipe makes of one that is there; the same two give the same one.

    Args:
        cap: most images for training and validation.
        actor: who does it, for version.json; None is the operating system's user.
        progress: told how many images of the parent are done, now and then.

    Raises:
        DatasetError: there is no such version, or an image of it is missing.
        FaultsError: there are more images than the cap allows.
    """
    before, details = repository.manifest(reference), repository.details(reference)
    parent = rename_labels(before, recipe.rename)
    batches: list[pa.RecordBatch] = []
    seen: set[str] = set()

    def entries() -> Iterator[Entry]:
        done: set[tuple[str, str]] = set()
        with ThreadPoolExecutor(_THREADS) as executor:
            applied = apply_recipe(repository, parent, recipe, executor, progress)
            for made in chain(applied, _synthetic(repository, parent, recipe)):
                measures = []
                for each in made:
                    if each.measures.image_sha256 not in seen:
                        seen.add(each.measures.image_sha256)
                        measures.append(asdict(each.measures))
                    key = (each.entry.image_sha256, each.entry.image_uri)
                    if key not in done:
                        done.add(key)
                        yield each.entry
                batches.append(pa.RecordBatch.from_pylist(measures, SCHEMA))

    images = Manifest.of(entries())
    measures = pa.Table.from_batches(batches, SCHEMA).combine_chunks().sort_by("image_sha256")
    # The parent's near duplicates were judged on what was collected: here, what has become equal.
    settled = without_equals(images, measures)
    check_cap(settled.images, cap)
    is_new = not repository.has(settled.images.id)
    transforms = [recorded(step) for step in recipe.transforms]
    id_ = repository.write_version(
        settled.images,
        measures,
        {
            "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "vidset_version": vidset_version(),
            "actor": actor_of(actor),
            "parents": [before.id],
            "message": message,
            "recipe": recipe.to_json(),
            "transforms": [*transforms_of(details), *transforms],
            "dropped": settled.dropped,
            KEY: renamed_order(label_order(repository, before.id), recipe.rename),
            "leaks": leaks_left(settled.images, measures, details.get("leaks", [])),
        },
    )
    return Applied(id_, is_new, settled.images, settled.dropped)


def apply_recipe(
    repository: Repository,
    entries: Iterable[Entry],
    recipe: Recipe,
    executor: Executor,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[list[Made]]:
    """Returns what the recipe makes of each of these images; it is stored.

    Every image is replaced by the transformed one, and those of the training split get copies
    beside them. A copy that comes out pixel for pixel like another of the image is left out.

    Raises:
        DatasetError: an image cannot be read.
    """
    waiting, number = iter(entries), 0
    while batch := list(islice(waiting, _AT_ONCE)):
        files = [repository.read_image(entry) for entry in batch]
        for images in executor.map(make, batch, files, [recipe] * len(batch)):
            for made in images:
                repository.put_image(made.data, made.entry.image_format)
            yield images
        number += len(batch)
        progress(number)


def _synthetic(repository: Repository, parent: Manifest, recipe: Recipe) -> Iterator[list[Made]]:
    """Yield the synthetic images, after the transforms that all images get; they are stored."""
    for each in generate(repository, parent, recipe.synthetic) if recipe.synthetic else ():
        made = _of_generated(each, recipe)
        repository.put_image(made.data, made.entry.image_format)
        yield [made]


def _of_generated(generated: Generated, recipe: Recipe) -> Made:
    picture, things = _through(recipe.transforms, generated.picture, generated.things)
    steps = [generated.step, *map(recorded, recipe.transforms)]
    return _made(generated.entry, picture, things, steps)


def make(entry: Entry, data: bytes, recipe: Recipe) -> list[Made]:
    """Returns what the recipe makes of one image: the transformed one, then copies."""
    picture = decode(data, entry.image_uri)
    things = None if entry.objects is None else documents_in(entry.objects)
    picture, things = _through(recipe.transforms, picture, things)
    steps = [recorded(step) for step in recipe.transforms]
    if recipe.transforms:
        base = _made(entry, picture, things, steps)
    else:
        base = Made(entry, measure(data, entry.image_uri), data)
    made, seen = [base], {base.measures.pixels_sha256}
    for copy in range(recipe.copies if entry.split == TRAIN else 0):
        drawn = recipe.draw(entry.image_sha256, copy)
        other, moved = _through(drawn, picture, things)
        another = _made(entry, other, moved, [*steps, *map(recorded, drawn)])
        if another.measures.pixels_sha256 not in seen:
            seen.add(another.measures.pixels_sha256)
            made.append(another)
    return made


def transforms_of(details: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All that was done to every image of a version since it was collected, by its version.json."""
    return list(details.get("transforms", []))


def _through(
    steps: Sequence[Step], picture: np.ndarray, things: list[dict[str, Any]] | None
) -> tuple[np.ndarray, list[dict[str, Any]] | None]:
    moved, whole = np.eye(3), picture.shape
    for step in steps:
        stepped = step.apply(picture)
        picture, moved = stepped.picture, stepped.moved @ moved
    # Cut at the right or below, nothing has moved, but objects may be gone.
    if things is None or (np.array_equal(moved, np.eye(3)) and picture.shape == whole):
        return picture, things
    size = (picture.shape[1], picture.shape[0])
    plane = plane_of(things, (whole[1], whole[0]))
    if plane is not None:
        return picture, move_plane(things, plane, moved, size)
    kept = (move_object(thing, moved, size) for thing in things)
    return picture, [thing for thing in kept if thing is not None]


def _made(
    entry: Entry,
    picture: np.ndarray,
    things: list[dict[str, Any]] | None,
    steps: list[dict[str, Any]],
) -> Made:
    ending, how = ".png", [cv2.IMWRITE_PNG_COMPRESSION, 9]
    if entry.image_format == "jpeg":
        ending, how = ".jpg", [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    _, encoded = cv2.imencode(ending, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), how)
    data = encoded.tobytes()
    earlier = json.loads(entry.made_by) if entry.made_by else []
    made = replace(
        entry,
        image_sha256=hashlib.sha256(data).hexdigest(),
        image_format="jpeg" if ending == ".jpg" else "png",
        width=picture.shape[1],
        height=picture.shape[0],
        objects=None if things is None else to_json(things),
        parent=entry.image_sha256,
        made_by=to_json([*earlier, *steps]),
    )
    return Made(made, measure(data, entry.image_uri), data)
