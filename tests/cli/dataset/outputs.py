"""An extraction of noise with true hashes, labeled and in the warehouse."""

import hashlib
from pathlib import Path

from tests.cli.called import vidset
from tests.cli.exports import annotate
from tests.datasets.pictures import HEIGHT, WIDTH, image
from vidset.datasets.curation.sources.warehouse_queries import open_queries
from vidset.elements import Extraction, FrameRow, VideoRow
from vidset.labeling.annotation import Box, LabeledObject
from vidset.ledger.ledger import FolderLedger
from vidset.ledger.open import open_ledger
from vidset.naming import image_id, image_name
from vidset.rights import NONE, Rights
from vidset.storage.folder import FolderStore
from vidset.storage.open import open_store

CAR = LabeledObject("1", "car", "box", box=Box(4.0, 5.0, 20.0, 10.0), attributes={"n": 2})
BUS = LabeledObject("1", "bus", "box", box=Box(4.0, 5.0, 20.0, 10.0))
DAY = LabeledObject("2", "day", "classification")


def add_video(
    out: Path,
    video: str,
    seeds: list[int],
    generation: str = "0",
    bucket: str | None = None,
    rights: Rights = NONE,
) -> None:
    """A video of which every image is kept; a seed a second. Its images go to OUT or a bucket."""
    place = f"gs://{bucket}" if bucket else str(out / "images")
    video_uri = f"gs://uploads/{video}" if bucket else f"/videos/{video}"
    store, rows = open_store(place), []
    for second, seed in enumerate(seeds):
        name = image_name(video, generation, second)
        data = image(seed, ".jpg")
        store.put(name, data, "image/jpeg")
        rows.append(
            _row(video, video_uri, generation, second, f"{place}/{name}", image_id(name), data)
        )
    shown = VideoRow(
        video_uri=video_uri,
        generation=generation,
        collector_id=video.partition("/")[0],
        size_bytes=1,
        container="mp4",
        codec="h264",
        width=WIDTH,
        height=HEIGHT,
        rotation=0,
        sample_aspect_ratio="1:1",
        duration_seconds=float(len(seeds)),
        samples=len(seeds),
        kept=len(seeds),
        status="done",
        error=None,
        settings_id="0",
        **rights.columns(),
    )
    FolderLedger(FolderStore(str(out))).commit([Extraction(shown, tuple(rows))])


def export(out: Path, labels: dict[str, tuple[LabeledObject, ...]]) -> Path:
    """Label images, by name below OUT/images, and bring all into the warehouse."""
    annotate(out, labels)
    done = vidset("sync", "--full", "-p", out, "--quiet")
    assert done.code == 0, done.err
    return out


def to_bigquery(out: Path, dataset: str) -> str:
    """The rows of OUT's ledgers and annotations in a dataset that is there; its uri."""
    done = vidset("sync", "-p", out, "--warehouse", dataset, "--quiet")
    assert done.code == 0, done.err
    with open_queries(str(out)) as queries:
        frames = [FrameRow(**row) for row in queries.rows("SELECT * FROM frames")]
        videos = [VideoRow(**row) for row in queries.rows("SELECT * FROM videos")]
    open_ledger(dataset).commit(
        Extraction(video, tuple(f for f in frames if _upload(f) == _upload(video)))
        for video in videos
    )
    return dataset


def _upload(row: FrameRow | VideoRow) -> tuple[str, str]:
    return row.video_uri, row.generation


def _row(
    video: str, video_uri: str, generation: str, second: int, uri: str, id_: str, data: bytes
) -> FrameRow:
    return FrameRow(
        video_uri=video_uri,
        generation=generation,
        collector_id=video.partition("/")[0],
        pts_seconds=float(second),
        kept=True,
        reason="kept",
        ssim=None,
        local_change=None,
        sharpness=100.0 + second,
        brightness=100.0,
        phash="0" * 16,
        width=WIDTH,
        height=HEIGHT,
        image_id=id_,
        image_uri=uri,
        image_sha256=hashlib.sha256(data).hexdigest(),
        settings_id="0",
    )
