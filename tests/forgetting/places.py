"""A place that has gone around once, and what is found in it of one video."""

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.cli.called import vidset
from tests.cli.ledger_rows import frame_row, video_row
from tests.documents.labels import annotation, put_annotations, put_tasks, task
from tests.training.scoring.runs import classified, make_run
from vidset.blurred import Checked, write_checked
from vidset.datasets.versions.repository import Repository
from vidset.elements import Extraction
from vidset.gate import Gate
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.ledger.ledger import FolderLedger
from vidset.naming import image_id, image_name
from vidset.place import Place
from vidset.storage.folder import FolderStore
from vidset.storage.open import open_store
from vidset.tags import FOLDER, Mark, write_mark

A, B = "cam1/a.mp4", "cam2/b.mp4"
MARKED = datetime(2026, 3, 1, 12, tzinfo=UTC)
__all__ = ["A", "B", "FakeVendor", "make_place", "traces_of"]


@dataclass
class FakeVendor:
    """A vendor that only takes tasks back; the first call fails where `is_down`."""

    name: str = "scale"
    erased: list[str] = field(default_factory=list)

    def erase(self, image_id: str, vendor_task_id: str) -> bool:
        self.erased.append(vendor_task_id)
        return True


def make_place(folder: Path) -> Path:
    """Two videos of pictures that differ, labels, tags, versions v0 and v1, a run, vectors."""
    for name, (video, number) in enumerate(((A, 3), (B, 4))):
        _extract(folder, video, number, shade=40 * name)
    images = sorted(Place.of(str(folder)).images(), key=lambda image: image.uri)
    store = SqliteStore(folder / "labels.sqlite")
    for number, image in enumerate(images):
        names = {"image_id": image.id, "image_uri": image.uri}
        objects = ({"label": "ii" if number % 2 else "v"},)
        put_annotations(store, annotation(number) | names | {"objects": _class(objects)})
        put_tasks(store, task(number) | names)
    store.close()
    marks = open_store(f"{folder}/{FOLDER}")
    write_mark(marks, Mark("look again", (images[0].id, images[-1].id), True, "eve", MARKED))
    write_mark(marks, Mark("leave out", (images[0].id,), True, "eve", MARKED))
    for name in "v0", "v1":
        more = ("--parent", "v0", "--where", "true") if name == "v1" else ()
        called = vidset(
            "dataset", "create", "-n", name, "--group-by", "image", "--on-leaks", "keep",
            "--near-distance", "off", "--shares", "train=0.5,validation=0.5", *more,
            "-p", folder,
        )  # fmt: skip
        assert called.code == 0, called.err
    repository = Repository(folder / "datasets")
    manifest = repository.manifest("v0")
    table = classified(manifest, "validation", ["ii", "v"], {})
    make_run(folder / "runs" / "v0-1", manifest, {"validation": {1: table}})
    hashes = [hashlib.sha256(Path(image.uri).read_bytes()).hexdigest() for image in images]
    vectors = pa.table({"image_sha256": hashes, "embedding": [[0.5]] * len(hashes)})
    (folder / "embeddings" / "classic").mkdir(parents=True)
    pq.write_table(vectors, folder / "embeddings" / "classic" / "part.parquet")
    generation = hashlib.sha256(A.encode()).hexdigest()[:16]
    copy = folder / "blurred" / image_name(A, generation, 0)
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"blurred")
    checked = Checked(images[0].id, hashes[0], hashlib.sha256(b"blurred").hexdigest(), ())
    write_checked(str(folder), Gate(("faces",)), [checked])
    assert vidset("sync", "-p", folder).code == 0
    return folder


def _class(objects) -> list[dict]:
    return [
        {"id": "1", "type": "classification", "box": None, "points": None, "attributes": {}, **each}
        for each in objects
    ]


def _extract(folder: Path, video: str, number: int, shade: int) -> None:
    """Kept samples of pictures that no other video has; the source lies in `sources`."""
    import cv2
    import numpy as np

    source = folder.parent / "sources" / video
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_bytes(video.encode())
    generation = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    rows = []
    for second in range(number):
        name = image_name(video, generation, second)
        path = folder / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = np.random.default_rng(shade + second).integers(0, 256, (48, 64, 3), np.uint8)
        path.write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())
        row = frame_row(
            video_uri=str(source), pts_seconds=float(second), kept=True, reason="kept",
            width=64, height=48, image_id=image_id(name), image_uri=str(path),
            image_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        )  # fmt: skip
        rows.append(replace(row, generation=generation, collector_id=video.partition("/")[0]))
    about = video_row(video_uri=str(source), width=64, height=48, samples=number, kept=number)
    about = replace(
        about, generation=generation, collector_id=video.partition("/")[0],
        uploaded_at=datetime(2026, 1, 1 + shade // 4, tzinfo=UTC),
    )  # fmt: skip
    FolderLedger(FolderStore(str(folder))).commit([Extraction(about, tuple(rows))])


def traces_of(folder: Path, video: str) -> Iterator[str]:
    """Yield what a search of every byte of the place finds of a video: its name, and its images.

    The journal, tombstones and the record of names know hashes alone.
    """
    needles = _needles(folder, video)
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        where = str(path.relative_to(folder))
        data = path.read_bytes()
        if path.suffix == ".parquet":
            data = str(pq.read_table(path).to_pylist()).encode()
        if path.name == "labels.sqlite":
            data += "".join(sqlite3.connect(path).iterdump()).encode()
        for needle in needles:
            if needle.encode() in data or needle in where:
                yield f"{where}: {needle}"


def _needles(folder: Path, video: str) -> list[str]:
    generation = hashlib.sha256(video.encode()).hexdigest()[:16]
    names = [image_name(video, generation, second) for second in range(4)]
    return [video, video.removesuffix(".mp4"), *map(image_id, names)]
