"""Trace a thing of a place: where it comes from, and what came of it."""

from dataclasses import dataclass, field

from vidset.lineage.coming import (
    frame_node,
    image_origin,
    objects_of,
    run_origin,
    task_node,
    version_origin,
    video_node,
)
from vidset.lineage.going import (
    fixed_in,
    image_uses,
    prediction_node,
    predictions_of,
    run_uses,
    score_node,
    version_uses,
    video_uses,
)
from vidset.lineage.node import Node, node
from vidset.lineage.records import Records
from vidset.lineage.run_rows import read_evaluation
from vidset.lineage.things import (
    UnknownThingError,
    find_image,
    find_run,
    find_version,
    find_video,
    guess_kind,
    split_kind,
)

__all__ = ["Traced", "trace"]


@dataclass(frozen=True, slots=True)
class Traced:
    """A thing and its lineage.

    Attributes:
        comes_from: a tree whose root is the thing, with what it was made from below it.
        went_to: the trees of what was made of it.
    """

    kind: str
    comes_from: Node
    went_to: list[Node] = field(default_factory=list)


def trace(records: Records, thing: str) -> Traced:
    """Trace an image, object, task, version, run, score, prediction or video.

    Args:
        thing: a name, or KIND:NAME; an object is IMAGE#ID, a score RUN/SPLIT, a prediction
            RUN/IMAGE.

    Raises:
        UnknownThingError: nothing in the place is called so.
        ValueError: several things are called so, or a record cannot be read.
    """
    given, name = split_kind(thing)
    kind = given or guess_kind(records, name)
    return _TRACES[kind](records, name)


def _image(records: Records, name: str) -> Traced:
    image = find_image(records, name)
    return Traced("image", image_origin(records, image), image_uses(records, image.image_sha256))


def _object(records: Records, name: str) -> Traced:
    image_name, hash_sign, wanted = name.rpartition("#")
    if not hash_sign:
        raise UnknownThingError(f"object:{name}: wanted IMAGE#ID, got no #")
    image = find_image(records, image_name)
    found = None
    if image.image_id is not None:
        annotation = records.labeled(image.image_id).annotation or {}
        found = objects_of(annotation.get("objects") or (), wanted)
    if found is None:
        raise UnknownThingError(f"object:{name}: the image's labels have no object {wanted!r}")
    root = node(
        "object",
        wanted,
        image_origin(records, image),
        label=found["label"],
        type=found["type"],
        box=found.get("box") and " ".join(f"{k} {v:g}" for k, v in found["box"].items()),
    )
    return Traced("object", root, image_uses(records, image.image_sha256, wanted))


def _task(records: Records, name: str) -> Traced:
    labeled = records.labeled(name)
    image_id = name if labeled.task else records.image_of_task(name)
    task = records.labeled(image_id).task if image_id else None
    if task is None or image_id is None:
        raise UnknownThingError(f"task:{name}: no task has this image's id or vendor's id")
    image, root = find_image(records, image_id), task_node(task)
    if image.frame is not None:
        root.nodes.append(node("image", image.name, frame_node(records, image.frame)))
    return Traced("task", root, image_uses(records, image.image_sha256))


def _version(records: Records, name: str) -> Traced:
    id_ = find_version(records, name)
    return Traced("version", version_origin(records, id_), version_uses(records, id_))


def _run(records: Records, name: str) -> Traced:
    folder, run = find_run(records, name)
    return Traced("run", run_origin(records, folder.name, run), run_uses(folder, run))


def _score(records: Records, name: str) -> Traced:
    run_name, _, split = name.rpartition("/")
    folder, run = find_run(records, run_name)
    scores = [read_evaluation(path)[0] for path in sorted(folder.glob("evaluations/*.json"))]
    found = [each for each in scores if each["split"] == split]
    if not found:
        known = ", ".join(sorted({each["split"] for each in scores})) or "none"
        raise UnknownThingError(
            f"score:{name}: wanted RUN/SPLIT with a result of vidset evaluate; this run has "
            f"results on: {known}"
        )
    root = score_node(folder.name, found[0])
    root.nodes += [score_node(folder.name, each) for each in found[1:]]
    root.nodes.append(run_origin(records, folder.name, run))
    return Traced("score", root)


def _prediction(records: Records, name: str) -> Traced:
    run_name, slash, image_name = name.partition("/")
    if not slash:
        raise UnknownThingError(f"prediction:{name}: wanted RUN/IMAGE, got no /")
    folder, run = find_run(records, run_name)
    image = find_image(records, image_name)
    rows = list(predictions_of(folder, run, {image.image_sha256 or ""}))
    if not rows:
        raise UnknownThingError(f"prediction:{name}: the run was not asked for this image")
    root = prediction_node(folder.name, rows[0])
    root.nodes += [prediction_node(folder.name, each) for each in rows[1:]]
    root.nodes += [image_origin(records, image), run_origin(records, folder.name, run)]
    origins = {row["image_sha256"] for row in rows} | {row["origin"] for row in rows}
    return Traced("prediction", root, fixed_in(records, origins))


def _video(records: Records, name: str) -> Traced:
    rows = find_video(records, name)
    root = video_node(records, rows[0])
    root.nodes += [video_node(records, row) for row in rows[1:]]
    uses = [
        each for row in rows for each in video_uses(records, row["video_uri"], row["generation"])
    ]
    return Traced("video", root, uses)


_TRACES = {
    "image": _image,
    "object": _object,
    "task": _task,
    "version": _version,
    "run": _run,
    "score": _score,
    "prediction": _prediction,
    "video": _video,
}
