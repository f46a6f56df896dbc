"""What a job on Google Cloud makes: images in a bucket, rows in BigQuery, labels in Firestore."""

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.documents.labels import annotation, put_annotations, put_tasks, task
from tests.drawing import write_video
from vidset.blurred import Checked, write_checked, write_gate
from vidset.documents.rows import annotation_row, task_row
from vidset.elements import Upload
from vidset.gate import Gate
from vidset.intake.ingest import Ingest
from vidset.labeling.stores.firestore import FirestoreStore
from vidset.labeling.stores.store import Query
from vidset.ledger.open import open_table_ledger
from vidset.project import Project
from vidset.rights import Rights
from vidset.settings import ExtractionSettings
from vidset.storage.open import open_store
from vidset.warehouse.bigquery import DatasetWarehouse

A, B = "cam1/a.mp4", "cam2/b.mp4"
IMAGES, COPIES = "gs://images", "gs://blurred"
SETTINGS = ExtractionSettings(similarity_threshold=1.01)
_TABLES = ("frames", "videos", "statements", "tasks", "annotations")


@dataclass(frozen=True)
class Buckets:
    """A bucket of images with all that belongs to it.

    Attributes:
        ledger: its uri.
        videos: the uploads, by name.
    """

    ledger: str
    store: str
    videos: dict[str, Upload]
    bigquery: Any

    @property
    def project(self) -> Project:
        return Project(IMAGES, environment={}, given_store=self.store, given_ledger=self.ledger)

    @property
    def named(self) -> tuple[str, ...]:
        """The options that name it."""
        return ("-p", IMAGES, "--warehouse", self.ledger, "--store", self.store)

    def ingest(self, *kinds: str) -> Ingest:
        from vidset.intake.redoing import Redo

        return Ingest(SETTINGS, IMAGES, self.ledger, redo=Redo(frozenset(kinds)))


def put_video(gcs, name: str, path: Path) -> Upload:
    blob = gcs.client().bucket("uploads").blob(name)
    blob.upload_from_filename(path, "video/mp4")
    collector = name.partition("/")[0]
    return Upload(f"gs://uploads/{name}", name, str(blob.generation), collector_id=collector)


def make_buckets(gcs, bigquery, firestore, folder: Path) -> Buckets:
    """Two videos with the same first picture, four images in all; copies, labels and statements."""
    for bucket in "uploads", "images", "blurred":
        gcs.make_bucket(bucket)
    bigquery.client().create_dataset("vidset")
    ledger = f"bq://{bigquery.project}.vidset"
    warehouse = DatasetWarehouse(ledger, str(folder / "staging"))
    warehouse.prepare()
    videos = {
        name: put_video(gcs, name, write_video(folder / Path(name).name, scenes=scenes))
        for name, scenes in ((A, [0, 1]), (B, [0, 2]))
    }
    made = Buckets(ledger, f"firestore://{firestore.project}", videos, bigquery)
    worker = made.ingest()
    taken = [worker.take(upload).extraction for upload in videos.values()]
    worker.ledger.commit([each for each in taken if each is not None])
    frames = [each for extraction in taken if extraction for each in extraction.frames]
    kept = [each for each in frames if each.kept]
    _label(warehouse, firestore.project, kept)
    _blur(kept)
    for upload in videos.values():
        stating = open_table_ledger(ledger)
        row = stating.find(upload.video_uri, upload.generation or "")
        assert row is not None
        said = Rights(license="CC-BY-4.0")
        assert stating.restate(row, said, "ada", "2026-11-30T08:00:00+00:00")
    letters = open_store(f"{IMAGES}/dead_letters")
    for name in videos:
        letter = json.dumps({"uri": f"gs://uploads/{name}", "reason": "none"})
        letters.put(f"{len(name)}-{name[3]}.json", letter.encode(), "application/json")
    return made


def _label(warehouse, project: str, kept) -> None:
    store = FirestoreStore(project, "(default)")
    rows: dict[str, list] = {"tasks": [], "annotations": []}
    for number, frame in enumerate(kept):
        names = {"image_id": frame.image_id, "image_uri": frame.image_uri}
        documents = task(number) | names, annotation(number) | names
        put_tasks(store, documents[0])
        put_annotations(store, documents[1])
        rows["tasks"].append(task_row(frame.image_id, documents[0]))
        rows["annotations"].append(annotation_row(frame.image_id, documents[1]))
    store.close()
    for table, each in rows.items():
        warehouse.merge(table, warehouse.stage(table, each))


def _blur(kept) -> None:
    """Turn on the gate; each copy has the name of its original."""
    gate = Gate(("faces",), copies=COPIES)
    write_gate(IMAGES, gate)
    copies = open_store(COPIES)
    checked = []
    for frame in kept:
        data = f"blurred {frame.image_id}".encode()
        copies.put(frame.image_uri.removeprefix(f"{IMAGES}/"), data, "image/jpeg")
        digest = hashlib.sha256(data).hexdigest()
        checked.append(Checked(frame.image_id, frame.image_sha256, digest, ()))
    write_checked(IMAGES, gate, checked)


def traces_of(made: Buckets, video: str) -> Iterator[str]:
    """Yield where a search of all objects, rows and documents finds a video or one of its images.

    The upload itself does not count, tombstones and receipts do: they know hashes alone.
    """
    upload = made.videos[video]
    needles = [video.removesuffix(".mp4"), *_ids_of(made, upload)]
    for bucket in "images", "blurred":
        store = open_store(f"gs://{bucket}")
        for each in store.list():
            data = store.read(each.name)
            if each.name.endswith(".parquet"):
                data = str(pq.read_table(io.BytesIO(data)).to_pylist()).encode()
            if any(needle.encode() in data or needle in each.name for needle in needles):
                yield f"gs://{bucket}/{each.name}"
    for table in _TABLES:
        for row in made.bigquery.rows(f"SELECT * FROM vidset.{table}"):  # noqa: S608
            if any(needle in str(row) for needle in needles):
                yield table
    store = FirestoreStore(made.store.removeprefix("firestore://"), "(default)")
    for collection in "tasks", "annotations":
        for each in store.find(Query(collection)):
            if any(needle in str(each) for needle in needles):
                yield f"document of {collection}"
    store.close()


def _ids_of(made: Buckets, upload: Upload) -> list[str]:
    from vidset.naming import image_id, image_name

    names = [image_name(upload.name, upload.generation or "", second) for second in range(2)]
    return [image_id(f"images/{name}") for name in names]
