"""Follows things to where they come from: back to the video, the second, and who decided what."""

from collections.abc import Iterable, Iterator
from typing import Any

from vidset.datasets.versions.forgotten import read_forgotten
from vidset.datasets.versions.licences import licences_of
from vidset.lineage.node import Node, node
from vidset.lineage.records import Records
from vidset.lineage.things import ImageThing, find_image
from vidset.rights import UNSTATED, Rights, told_licences


def image_origin(records: Records, image: ImageThing) -> Node:
    """Return an image with its frame and video, its labels, task and tags, and what made it."""
    parts: list[Node] = []
    own = (
        next(records.entries("image_sha256", image.image_sha256), None)
        if (image.image_sha256)
        else None
    )
    is_made = own is not None and own[1]["origin"] != image.image_sha256
    if own is not None and is_made:
        entry = own[1]
        parts.append(_made_from(records, entry))
    elif image.frame is not None:
        parts.append(frame_node(records, image.frame))
    elif own is not None:
        entry = own[1]
        parts.append(
            node(
                "source",
                entry["source"],
                collector=entry["collector_id"],
                video=entry["video_uri"],
                second=entry["pts_seconds"],
                **Rights.from_json(entry["rights"]).told(),
            )
        )
    if image.image_id is not None and not is_made:
        parts += labels_nodes(records, image.image_id)
    return node("image", image.name, *parts, id=image.image_id, sha256=image.image_sha256)


def _made_from(records: Records, entry: dict[str, Any]) -> Node:
    """Return the step that made an image, above the image that it was made from."""
    before = image_origin(records, find_image(records, entry["origin"]))
    return node("recipe", entry["made_by"] or "unknown", before, parent=entry["parent"])


def frame_node(records: Records, frame: dict[str, Any]) -> Node:
    """Return a sample of a video, above the video."""
    videos = [
        row
        for row in records.videos(frame["video_uri"])
        if row["generation"] == frame["generation"]
    ]
    return node(
        "frame",
        f"at {frame['pts_seconds']:.3f} s",
        *(video_node(records, row) for row in videos),
        collector=frame["collector_id"],
        settings=frame["settings_id"],
        period_seconds=frame["period_seconds"],
        similarity_threshold=frame["similarity_threshold"],
    )


def video_node(records: Records, row: dict[str, Any]) -> Node:
    """Return a video as the ledger has it, above what was stated of its rights later."""
    stated = (
        node(
            "statement",
            " ".join(f"{name}={text}" for name, text in each.rights.told().items()),
            by=each.actor,
            at=_moment(each.stated_at),
            before=" ".join(f"{name}={text}" for name, text in each.before.told().items()),
        )
        for each in records.statements(row)
    )
    size = f"{row['width']}x{row['height']}" if row["width"] else None
    return node(
        "video",
        row["video_uri"],
        *stated,
        generation=row["generation"],
        collector=row["collector_id"],
        status=row["status"],
        error=row["error"],
        codec=row["codec"],
        size=size,
        uploaded=_moment(row["uploaded_at"]),
        settings=row["settings_id"],
        vidset=row["vidset_version"],
        decoder=row["decoder_version"],
        **Rights.of(row).told(),
    )


def labels_nodes(records: Records, image_id: str) -> Iterator[Node]:
    """Yield an image's labels with their answers, its task, and its tags."""
    labeled = records.labeled(image_id)
    if labeled.annotation is not None:
        annotation = labeled.annotation
        counted = set(annotation.get("answers") or ())
        answers = [
            _answer(each)
            for each in sorted(labeled.answers, key=lambda each: str(each["updated_at"]))
        ]
        yield node(
            "labels",
            annotation["state"],
            *answers,
            annotator=annotation["annotator"],
            vendor=annotation["vendor"],
            revision=annotation["revision"],
            of_answers=len(counted) or None,
            updated=_moment(annotation["updated_at"]),
            objects=len(annotation["objects"]),
        )
    if labeled.task is not None:
        yield task_node(labeled.task)
    for mark in records.tags(image_id):
        yield node("tag", mark.tag, by=mark.actor, at=_moment(mark.marked_at))


def task_node(task: dict[str, Any]) -> Node:
    """Return a task as the broker has it."""
    return node(
        "task",
        str(task["vendor_task_id"] or task["image_id"]),
        state=task["state"],
        vendor=task["vendor"],
        template_revision=task.get("template_revision"),
        cost=task["cost"],
        attempts=task["attempts"],
        requested=_moment(task["requested_at"]),
        dispatched=_moment(task["dispatched_at"]),
        completed=_moment(task["completed_at"]),
        error=task["error"],
    )


def version_origin(records: Records, id_: str) -> Node:
    """Return a version with its parents, its recipe, its fixes and who named it."""
    return _version(records, id_, seen=set())


def _version(records: Records, id_: str, seen: set[str]) -> Node:
    repository = records.repository
    if repository is None or not repository.has(id_):
        return node("version", id_, here="no")
    if id_ in seen:  # Two parents may have one parent; its own lines are drawn once.
        return node("version", id_, above="yes")
    seen.add(id_)
    details = repository.details(id_)
    below = [_version(records, each, seen) for each in details.get("parents") or ()]
    if isinstance(fixes := details.get("fixes"), dict):
        number = len(fixes.get("fixes") or ())
        below.insert(0, node("fix", f"{number} images", by=fixes.get("actor")))
    if recipe := details.get("recipe"):
        below.insert(0, node("recipe", _json(recipe)))
    for naming in repository.namings():
        if naming.version == id_:
            below.append(node("name", naming.name, by=naming.actor, at=naming.at))
    forgotten = read_forgotten(repository.root / "versions" / id_)
    licences = licences_of(repository.columns(id_, ["rights"]))
    return node(
        "version",
        id_,
        *below,
        forgotten=forgotten.images if forgotten else None,
        instead=forgotten.instead if forgotten else None,
        names=sorted(name for name, each in repository.names().items() if each == id_),
        made_by=details.get("actor"),
        at=details.get("created_at"),
        vidset=details.get("vidset_version"),
        images=repository.number_of_images(id_),
        licences=told_licences(licences) if set(licences) - {UNSTATED} else None,
        sources=details.get("sources"),
        seed=details.get("seed"),
        message=details.get("message"),
    )


def run_origin(records: Records, name: str, run: dict[str, Any]) -> Node:
    """Return a run above the version that it was trained on."""
    wrote = run.get("versions") or {}
    return node(
        "run",
        name,
        version_origin(records, str(run.get("version"))),
        run_id=run.get("run_id"),
        state=run.get("state"),
        model=run.get("model"),
        recipe_hash=run.get("recipe_hash"),
        seed=run.get("seed"),
        epochs=run.get("epochs"),
        best_epoch=run.get("best_epoch"),
        begun=run.get("created_at"),
        vidset=wrote.get("vidset"),
        torch=wrote.get("torch"),
    )


def objects_of(documents: Iterable[dict[str, Any]], wanted: str) -> dict[str, Any] | None:
    """Return the object with an id among an annotation's; None if there is none."""
    return next((each for each in documents if str(each.get("id")) == wanted), None)


def _answer(answer: dict[str, Any]) -> Node:
    imported = answer.get("imported") or {}
    return node(
        "answer",
        answer["annotation_id"],
        annotator=answer["annotator"],
        state=answer["state"],
        task=answer["vendor_task_id"],
        at=_moment(answer["updated_at"]),
        round=answer.get("round"),
        imported_by=imported.get("by"),
        objects=len(answer["objects"]),
    )


def _moment(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else value.isoformat()
    return text[:19] + "Z" if len(text) > 19 and ("+00:00" in text or text.endswith("Z")) else text


def _json(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
