"""All figures of docs/benchmarks.md: python -m benchmarks [--only NAME] [VIDEOS]."""

import argparse
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

import av
import cv2

from benchmarks import (
    auditing,
    comparing,
    damage,
    datasets,
    detection,
    embeddings,
    engine,
    engines,
    formats,
    growth,
    ingest,
    labeling,
    pipeline,
    plan,
    privacy,
    python_api,
    segmentation,
    selection,
    similarity,
    training,
    uploads,
    view,
    warehouse,
    writing,
)
from vidset.demo.drive import DRIVE, VIDEO, render_drive

SECTIONS = {
    "ingest": ingest.run,
    "tolerance": ingest.run_tolerance,
    "similarity": similarity.run,
    "engine": engine.run,
    "damage": damage.run,
    "engines": engines.run,
    "pipeline": pipeline.run,
    "plan": plan.run,
    "warehouse": warehouse.run,
    "labeling": labeling.run,
    "formats": formats.run,
    "writing": writing.run,
    "growth": growth.run,
    "datasets": datasets.run,
    "auditing": auditing.run,
    "embeddings": embeddings.run,
    "privacy": privacy.run,
    "selection": selection.run,
    "training": training.run,
    "segmentation": segmentation.run,
    "detection": detection.run,
    "python": python_api.run,
    "comparing": comparing.run,
    "uploads": uploads.run,
    "view": view.run,
}
_BESIDE = Path(__file__).parents[2] / "shared" / "videos"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("videos", nargs="?", type=Path, help="Folder; default: a rendered drive.")
    parser.add_argument("--only", choices=SECTIONS)
    arguments = parser.parse_args()
    if shutil.which("ffmpeg") is None:
        print("ffmpeg is not installed, the peer to compare with: apt-get install ffmpeg")
        return 2
    folder = arguments.videos or (_BESIDE if _BESIDE.is_dir() else None)
    with tempfile.TemporaryDirectory() as rendered:
        if folder is None:
            render_drive(DRIVE, rendered)
        videos = sorted(folder.glob("*.mp4")) if folder else [Path(rendered, VIDEO)]
        print(
            f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
            f"PyAV {av.__version__}, OpenCV {cv2.__version__}\n"
        )
        for name, run in SECTIONS.items():
            if arguments.only in (None, name):
                run(videos)
    return 0


if __name__ == "__main__":
    sys.exit(main())
