"""An extraction of noise with true hashes, labeled and in the warehouse."""

import hashlib
from pathlib import Path

from typer.testing import CliRunner

from dataflow.elements import Extraction, FrameRow, VideoRow
from dataflow.naming import image_id, image_name
from dataflow.storage_folder import FolderStore
from dataflow.warehouse import FolderLedger
from labeling.annotation import Box, LabeledObject
from tests.training.pictures import HEIGHT, WIDTH, image
from tests.vidset.exports import annotate
from vidset.main import app

CAR = LabeledObject("1", "car", "box", box=Box(4.0, 5.0, 20.0, 10.0), attributes={"n": 2})
BUS = LabeledObject("1", "bus", "box", box=Box(4.0, 5.0, 20.0, 10.0))
DAY = LabeledObject("2", "day", "classification")


def add_video(out: Path, video: str, seeds: list[int], generation: str = "0") -> None:
    """A video of which every image is kept; a seed a second."""
    rows = []
    for second, seed in enumerate(seeds):
        name = image_name(video, generation, second)
        path, data = out / "images" / name, image(seed, ".jpg")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        rows.append(_row(video, generation, second, path, image_id(name), data))
    shown = VideoRow(
        video_uri=f"/videos/{video}",
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
    )
    FolderLedger(FolderStore(str(out))).commit([Extraction(shown, tuple(rows))])


def export(out: Path, labels: dict[str, tuple[LabeledObject, ...]]) -> Path:
    """Label images, by name below OUT/images, and bring all into the warehouse."""
    annotate(out, labels)
    done = CliRunner().invoke(app, ["export", str(out), "--full", "--quiet"])
    assert done.exit_code == 0, done.stderr
    return out


def _row(video: str, generation: str, second: int, path: Path, id_: str, data: bytes) -> FrameRow:
    return FrameRow(
        video_uri=f"/videos/{video}",
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
        image_uri=str(path),
        image_sha256=hashlib.sha256(data).hexdigest(),
        settings_id="0",
    )
