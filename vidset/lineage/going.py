"""Finds what came of things: versions, runs, answers and exports with an image or a video."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.objects import documents_in
from vidset.json_files import read_object
from vidset.lineage.exports import Export
from vidset.lineage.node import Node, node
from vidset.lineage.records import Records
from vidset.lineage.run_rows import prediction_rows, read_evaluation
from vidset.rights import NONE, Rights, told_licences
from vidset.training.scoring.run import read_run
from vidset.training.scoring.sides import evaluation_paths


def image_uses(
    records: Records, image_sha256: str | None, object_id: str | None = None
) -> list[Node]:
    """Return the versions with an image, or with one that a recipe made of it, and those that a
    fix took it out of.

    Args:
        object_id: of an object of the image; each version says what it is there.
    """
    if image_sha256 is None:
        return []
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for id_, row in records.entries("origin", image_sha256):
        found[id_].append(row)
    for id_, row in records.entries("image_sha256", image_sha256):
        if row["origin"] != image_sha256:  # It was made by a recipe itself.
            found[id_].append(row)
    hashes = {image_sha256} | {row["image_sha256"] for rows in found.values() for row in rows}
    fixes = dict(_fixes(records, hashes))
    uses = [_use(records, id_, rows, fixes.get(id_, []), object_id) for id_, rows in found.items()]
    gone = (id_ for id_ in fixes if id_ not in found)
    return uses + [node("version", id_, *fixes[id_], names=_names(records, id_)) for id_ in gone]


def fixed_in(records: Records, hashes: Collection[str]) -> list[Node]:
    """Return the versions whose fixes correct or remove some of the images."""
    return [
        node("version", id_, *fixes, names=_names(records, id_))
        for id_, fixes in _fixes(records, hashes)
    ]


def _fixes(records: Records, hashes: Collection[str]) -> Iterator[tuple[str, list[Node]]]:
    """Yield the versions that were made by fixes of some images, with these."""
    for id_ in records.repository.versions() if records.repository else ():
        details = records.repository.details(id_) if records.repository else {}
        told = details.get("fixes")
        told = told if isinstance(told, dict) else {}
        found = [
            node(
                "fix",
                f"{each['action']} {each.get('label') or ''}".rstrip(),
                by=told.get("actor") or details.get("actor"),
                category=each.get("category"),
                note=each.get("note"),
            )
            for each in told.get("fixes") or ()
            if each.get("image_sha256") in hashes
        ]
        if found:
            yield id_, found


def _use(
    records: Records,
    id_: str,
    rows: list[dict[str, Any]],
    fixes: list[Node],
    object_id: str | None,
) -> Node:
    """Return a version as an image's, above its runs and exports."""
    splits = sorted({row["split"] for row in rows})
    hashes = {row["image_sha256"] for row in rows}
    below = list(fixes)
    for folder, run in _runs_of(records, id_):
        part = "trained on it" if "train" in splits else None
        answers = list(_said(folder, run, hashes))
        if part or answers:
            below.append(node("run", folder.name, *answers, use=part))
    below += [export_node(each) for each in records.exports if each.version == id_]
    return node(
        "version",
        id_,
        *below,
        names=_names(records, id_),
        split=splits,
        label=sorted({row["label"] for row in rows if row["label"] is not None}),
        images=len(rows) if len(rows) > 1 else None,
        license=_licences(rows),
        object=None if object_id is None else _object_in(rows, object_id),
    )


def _object_in(rows: list[dict[str, Any]], object_id: str) -> str:
    """Return the label that an object has in a version's images; they may have lost it."""
    things = (thing for row in rows for thing in documents_in(row["objects"]))
    labels = sorted({str(each["label"]) for each in things if str(each.get("id")) == object_id})
    return ", ".join(labels) or "not in it"


def _licences(rows: list[dict[str, Any]]) -> list[str]:
    """Return the licences that a version states of images."""
    stated = {Rights.from_json(row["rights"]) for row in rows} - {NONE}
    return sorted({each.license_to_count for each in stated})


def version_uses(records: Records, id_: str) -> list[Node]:
    """Return the versions that were made from a version, its runs and its exports."""
    found = []
    for each in records.repository.versions() if records.repository else ():
        details = records.repository.details(each) if records.repository else {}
        if id_ in (details.get("parents") or ()):
            found.append(node("version", each, names=_names(records, each)))
    for folder, run in _runs_of(records, id_):
        found.append(node("run", folder.name, *run_uses(folder, run), state=run.get("state")))
    return found + [export_node(each) for each in records.exports if each.version == id_]


def run_uses(folder: Path, run: dict[str, Any]) -> list[Node]:
    """Return the scores of a run that were kept."""
    found = []
    for path in sorted(folder.glob("evaluations/*.json")):
        score, _ = read_evaluation(path)
        found.append(score_node(folder.name, score))
    if not found and run.get("state") == "done":
        return [node("score", "none yet", next="vidset evaluate " + folder.name)]
    return found


def score_node(run: str, score: dict[str, Any]) -> Node:
    """Return a result of `vidset evaluate`, from its row of the table `scores`."""
    return node(
        "score",
        f"{run}/{score['split']}",
        **{score["score_name"]: score["score"]},
        epoch=score["epoch"],
        images=score["images"],
        right=score["right_images"],
        version=score["evaluated_on"],
        evaluation_id=score["evaluation_id"],
    )


def predictions_of(folder: Path, run: dict[str, Any], hashes: set[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of `run_predictions` of a run that are about some images.

    Raises:
        DatasetError: the predictions cannot be read.
    """
    if run.get("state") != "done":
        return
    read = read_run(folder)
    files = [
        (read.folder / "predictions" / split / f"epoch-{read.best_epoch:04d}.parquet", split, id_)
        for split, id_ in read.evaluation_ids.items()
    ]
    for path in sorted(folder.glob("evaluations/*.json")):
        score, _ = read_evaluation(path)
        where = score["split"], score["evaluation_id"]
        files.append((evaluation_paths(read, *where)[1], *where))
    for path, split, evaluation_id in files:
        if path.exists():
            for row in prediction_rows(read, path, split, evaluation_id):
                if row["image_sha256"] in hashes or row["origin"] in hashes:
                    yield row


def _said(folder: Path, run: dict[str, Any], hashes: set[str]) -> Iterator[Node]:
    for row in predictions_of(folder, run, hashes):
        yield prediction_node(folder.name, row)


def prediction_node(run: str, row: dict[str, Any]) -> Node:
    """Return what a run said of an image."""
    return node(
        "prediction",
        f"{run}/{row['image_uri']}",
        split=row["split"],
        epoch=row["epoch"],
        truth=row["truth"],
        predicted=row["predicted"],
        confidence=row["confidence"],
        right=row["is_right"],
    )


def video_uses(records: Records, uri: str, generation: str) -> list[Node]:
    """Return a video's images, and the versions that have some of them with their runs."""
    frames = [each for each in records.frames("video_uri", uri) if each["image_id"]]
    frames = [each for each in frames if each["generation"] == generation]
    hashes = {each["image_sha256"] for each in frames}
    counts: dict[str, Counter[str]] = {}
    for sha256 in sorted(hashes):
        for id_, row in records.entries("origin", sha256):
            counts.setdefault(id_, Counter())[row["split"]] += 1
    found = [node("image", each["image_uri"], second=each["pts_seconds"]) for each in frames]
    for id_, splits in counts.items():
        runs = [node("run", folder.name) for folder, _ in _runs_of(records, id_)]
        exports = [export_node(each) for each in records.exports if each.version == id_]
        found.append(
            node("version", id_, *runs, *exports, names=_names(records, id_), **dict(splits))
        )
    return found


def export_node(export: Export) -> Node:
    """Return an export or a push."""
    return node(
        "export",
        export.output,
        format=export.format,
        by=export.actor,
        at=export.at,
        images=export.images,
        licenses=export.licenses,
        left_out=told_licences(export.other_licences),
    )


def _runs_of(records: Records, id_: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    for folder in records.runs:
        run = read_object(folder / "run.json", "a run", DatasetError)
        if run.get("version") == id_:
            yield folder, run


def _names(records: Records, id_: str) -> list[str]:
    names = records.repository.names() if records.repository else {}
    return sorted(name for name, each in names.items() if each == id_)
