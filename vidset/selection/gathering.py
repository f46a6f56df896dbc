"""Gathers what strategies look at: a place's images, labels, predictions, vectors and errors."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vidset.datasets.splits.evaluation_side import (
    NOBODYS_SIDE,
    EvaluationSide,
    find_evaluation_side,
)
from vidset.datasets.versions.entry import TRAIN
from vidset.datasets.versions.repository import Repository
from vidset.embeddings.embedder import Embedder
from vidset.embeddings.store import EmbeddingStore
from vidset.json_files import read_object
from vidset.labeling.stores.store import Query, Store
from vidset.place import Place
from vidset.place_images import KeptImage
from vidset.selection.pool import Pool, Predicted
from vidset.selection.selection_file import read_selections


@dataclass(frozen=True, slots=True)
class Sources:
    """The places that all of it is read from.

    Attributes:
        datasets: the dataset versions, whose evaluation side the model stays away from; None:
            there are none.
        run_id: whose predictions count; None: nobody's.
        embedder: whose vectors count; None: nobody's.
        errors: the errors.json of `vidset errors`, which may be missing; None: so it is.
        is_wanted: tells by its id whether an image may be chosen.
        anew: images that earlier selections chose, and that have no task yet, may be chosen again.
    """

    place: Place
    store: Store
    datasets: Path | None
    run_id: str | None
    embedder: Embedder | None
    errors: Path | None
    is_wanted: Callable[[str], bool] = lambda _: True
    anew: bool = False
    seed: int = 0


@dataclass(slots=True)
class Gathered:
    """The pool, and what it was made from.

    Attributes:
        counts: images by `candidates`, `labeled` (with a task or a label), `selected` earlier,
            `repeated` (the very bytes of another image), `unwanted` by their tags, `evaluation`
            (candidates that the model chooses nothing of), `without_vector`.
        inputs: ids of all that was read.
    """

    pool: Pool
    counts: Counter[str]
    inputs: dict[str, Any]


@dataclass(slots=True)
class _Labels:
    """Attributes:
    known: ids of images with a task, or a label that holds.
    objects: of labels that hold, by label.
    """

    known: set[str] = field(default_factory=set)
    objects: Counter[str] = field(default_factory=Counter)
    tasks: int = 0
    annotations: int = 0


def gather(sources: Sources) -> Gathered:
    """Read everything.

    Raises:
        ValueError: something of it is damaged; it is named.
    """
    place = str(sources.place.out)
    labels = _read_labels(sources.store)
    earlier = [] if sources.anew else read_selections(place)
    selected = {image_id for each in earlier for image_id in each.image_ids}
    counts: Counter[str] = Counter()
    candidates, taken = _divide(sources, labels.known, selected, counts)
    repository = None if sources.datasets is None else Repository(sources.datasets)
    side = NOBODYS_SIDE if repository is None else find_evaluation_side(repository)
    is_evaluated = np.array([_is_evaluated(sources.place, side, each) for each in candidates])
    predicted, newest = _read_predictions(sources, candidates)
    vectors, taken_vectors, number = _read_vectors(sources.embedder, place, candidates, taken)
    wrong, errors_id = _wrong_images(sources.errors, side)
    wrong_vectors = _read_vectors(sources.embedder, place, [], [], wrong)[1]
    counts["candidates"] = len(candidates)
    counts["evaluation"] = int(is_evaluated.sum())
    counts["without_vector"] = len(candidates) - int(np.count_nonzero(vectors.any(axis=1)))
    pool = Pool(
        images=candidates,
        is_evaluated=is_evaluated.astype(np.bool_),
        vectors=vectors,
        taken=taken,
        taken_vectors=taken_vectors,
        predicted=predicted,
        label_counts=labels.objects,
        wrong_vectors=wrong_vectors,
        seed=sources.seed,
    )
    inputs = {
        "images": _digest(each.id for each in (*candidates, *taken)),
        "tasks": labels.tasks,
        "annotations": labels.annotations,
        "labeled_images": _digest(labels.known),
        "run_id": sources.run_id,
        "predictions": len(predicted),
        "predicted_at": newest,
        "embedder": None if sources.embedder is None else sources.embedder.id,
        "vectors": number,
        "errors": errors_id,
        "versions": [] if repository is None else repository.versions(),
        "selections": [each.id for each in earlier],
    }
    return Gathered(pool, counts, inputs)


def _divide(
    sources: Sources, known: set[str], selected: set[str], counts: Counter[str]
) -> tuple[list[KeptImage], list[KeptImage]]:
    """Return the candidates and the images that are taken; of equal bytes one is enough."""
    taken, free = [], []
    for image in sources.place.kept_images():
        if image.id in known:
            counts["labeled"] += 1
            taken.append(image)
        elif image.id in selected:
            counts["selected"] += 1
            taken.append(image)
        elif not sources.is_wanted(image.id):
            counts["unwanted"] += 1
        else:
            free.append(image)
    seen = {image.image_sha256 for image in taken}
    candidates = []
    for image in free:
        if image.image_sha256 in seen:
            counts["repeated"] += 1
        else:
            seen.add(image.image_sha256)
            candidates.append(image)
    return candidates, taken


def _is_evaluated(place: Place, side: EvaluationSide, image: KeptImage) -> bool:
    name = image.uri if "://" in image.uri else place.name_of(image.id, image.uri)
    # A near duplicate in another video will join the group of the image that it repeats. The hash
    # alone finds others, too: they are kept from the model without need, and nothing is lost.
    repeats = image.phash is not None and side.may_show(image.phash)
    return repeats or side.holds(name, image.image_sha256)


def _read_labels(store: Store) -> _Labels:
    found = _Labels()
    for stored in store.find(Query("tasks")):
        found.known.add(stored.id)
        found.tasks += 1
    for stored in store.find(Query("annotations")):
        found.annotations += 1
        if stored.document["state"] != "rejected":
            found.known.add(stored.id)
            found.objects.update(each["label"] for each in stored.document["objects"])
    return found


def _read_predictions(
    sources: Sources, candidates: Sequence[KeptImage]
) -> tuple[dict[int, Predicted], str | None]:
    """Return what the run said, by the place of a candidate, and when it said the last of it."""
    if sources.run_id is None:
        return {}, None
    places = {image.id: place for place, image in enumerate(candidates)}
    found, newest = {}, ""
    for stored in sources.store.find(Query("predictions", {"run_id": sources.run_id})):
        document = stored.document
        place = places.get(document["image_id"])
        if place is not None:
            found[place] = predicted_of(document)
            newest = max(newest, str(document["written_at"]))
    return found, newest or None


def predicted_of(document: Mapping[str, Any]) -> Predicted:
    """Return what strategies need of a document of `predictions`."""
    labels: dict[str, float] = {}
    scores = document["scores"] or [1.0] * len(document["objects"])
    for item, score in zip(document["objects"], scores, strict=True):
        labels[item["label"]] = max(score, labels.get(item["label"], 0.0))
    if document.get("margin") is not None:
        told = f"margin {document['margin']:.3f}"
    elif document.get("least_score") is None:
        told = "nothing was found"
    else:
        told = f"{document['unsure']} unsure, the least sure score is {document['least_score']:.2f}"
    return Predicted(document["uncertainty"], labels, told)


def _read_vectors(
    embedder: Embedder | None,
    place: str,
    candidates: Sequence[KeptImage],
    taken: Sequence[KeptImage],
    others: Sequence[str] = (),
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the vectors of candidates, in order; those of the others; and how many there are."""
    if embedder is None:
        nothing = np.zeros((len(candidates), 1), np.float16)
        return nothing, nothing[:0], 0
    rows = {image.image_sha256: row for row, image in enumerate(candidates)}
    wanted = {*rows, *(image.image_sha256 for image in taken), *others}
    found = EmbeddingStore(place, embedder.id, embedder.dimensions).read(wanted)
    vectors = np.zeros((len(candidates), embedder.dimensions), np.float16)
    of_candidates = [at for at, each in enumerate(found.hashes) if each in rows]
    vectors[[rows[found.hashes[at]] for at in of_candidates]] = found.vectors[of_candidates]
    rest = [at for at, each in enumerate(found.hashes) if each not in rows]
    other_vectors = found.vectors[rest]
    return vectors, other_vectors[other_vectors.any(axis=1)], len(found)


def _wrong_images(path: Path | None, side: EvaluationSide) -> tuple[list[str], str | None]:
    """Return the hashes of training images that went wrong, and the id of the file that says so.

    Images whose label is likely wrong are left out: more images like these would teach nothing.
    """
    if path is None:
        return [], None
    try:
        details = read_object(path, "what vidset errors wrote")
    except FileNotFoundError:
        return [], None
    is_detection = details.get("task") == "detection"
    try:
        hashes = {
            hash_
            for each in details.get("shown", ())
            if each.get("split") == TRAIN
            and (is_detection or (each["label"] != each["predicted"] and not each["is_flagged"]))
            for hash_ in (str(each["origin"]), str(each["image_sha256"]))
            if not side.holds(str(each["image_uri"]), hash_)
        }
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path}: wanted what vidset errors wrote, got an image that is not told as there: "
            f"{type(error).__name__} {error}"
        ) from None
    return sorted(hashes), _digest(hashes)


def _digest(names: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:12]
