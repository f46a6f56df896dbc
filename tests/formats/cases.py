"""The cases of labels that other tools write, and the place whose images they are about."""

import tarfile
from pathlib import Path

from tests.cli.ledger_rows import frame_row, video_row
from tests.paths import SHARED
from vidset.elements import Extraction
from vidset.ledger.ledger import FolderLedger
from vidset.naming import image_id
from vidset.storage.folder import FolderStore

CASES = SHARED / "cases" / "labels.tar.xz"
LABELS = ("car", "truck", "no", "person", "box")
CARS, DRIVE = "a/cars/581198d928078bef", "b c/drive left/3e7b419bc3db906c"
_VIDEOS = {CARS: (33, 1280, 720), DRIVE: (28, 960, 540)}


def unpacked(folder: Path) -> Path:
    """Unpack the cases. Returns the folder that has one folder for each."""
    with tarfile.open(CASES) as tar:
        tar.extractall(folder, filter="data")
    [readme] = folder.rglob("README.md")
    return readme.parent


def place_of_the_cases(out: Path) -> Path:
    """Write the ledgers of the two videos, and a template for each kind of objects."""
    out.mkdir(parents=True, exist_ok=True)
    for kind in ("box", "polygon"):
        labels = [f"  - {{name: {name!r}, type: {kind}}}\n" for name in LABELS]
        labels.append("  - {name: rain, type: classification}\n")
        (out / f"{kind}.yaml").write_text(f"name: x\ninstruction: x\nlabels:\n{''.join(labels)}")
    extractions = [_extraction(out, name, *told) for name, told in _VIDEOS.items()]
    FolderLedger(FolderStore(str(out))).commit(extractions)
    return out


def name_of(video: str, second: int) -> str:
    return f"{video}/{second * 1000:010d}.jpg"


def _extraction(out: Path, video: str, seconds: int, width: int, height: int) -> Extraction:
    uri, size = f"/videos/{video}.mp4", {"width": width, "height": height}
    rows = []
    for second in range(seconds):
        name = name_of(video, second)
        rows.append(
            frame_row(
                video_uri=uri,
                pts_seconds=float(second),
                image_id=image_id(name),
                image_uri=str(out / "images" / name),
                image_sha256="0" * 64,
                **size,
            )
        )
    return Extraction(video_row(video_uri=uri, samples=seconds, kept=seconds, **size), tuple(rows))
