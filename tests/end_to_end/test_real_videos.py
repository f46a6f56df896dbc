"""The whole command on real videos, its ledgers beside what ffprobe says of the same files."""

import json
import shutil
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests import oracle
from tests.cli.process import vidset
from tests.end_to_end.jobs import objects, rows
from tests.real_videos import LONG, write_beginning

pytestmark = pytest.mark.slow


@pytest.fixture
def uploads(shared_videos, tmp_path) -> Path:
    """A folder of the real videos; of the longest, six stretches from keyframe to keyframe."""
    folder = tmp_path / "uploads"
    folder.mkdir()
    for path in shared_videos.glob("*.mp4"):
        if path.name != LONG:
            shutil.copyfile(path, folder / path.name)
    write_beginning(shared_videos, folder, seconds=32)
    return folder


def test_extract_gives_the_right_ledgers_of_real_videos(uploads, tmp_path):
    out = tmp_path / "out"
    ended = vidset("extract", uploads, "--output", out, "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    paths = sorted(uploads.iterdir())
    videos = {row["video_uri"]: row for row in rows(str(out), "videos")}
    frames = rows(str(out), "frames")
    images = objects(f"{out}/images")
    assert set(videos) == set(map(str, paths))
    for path in paths:
        row = videos[str(path)]
        shown = oracle.shown(path)
        expected = [
            float((shown.ticks[index] - shown.ticks[0]) * shown.time_base)
            for index in shown.samples(Fraction(1))
        ]
        mine = [frame for frame in frames if frame["video_uri"] == str(path)]
        assert [frame["pts_seconds"] for frame in mine] == pytest.approx(expected, abs=1e-6)
        assert (row["status"], row["error"]) == ("done", None)
        assert (row["samples"], row["kept"]) == (len(mine), sum(frame["kept"] for frame in mine))
        assert (row["width"], row["height"]) == oracle.upright_size(path)
        assert mine[0]["kept"] is True
    kept = [frame for frame in frames if frame["kept"]]
    assert len(images) == len(kept) == json.loads(ended.stdout)["kept"]
    for frame in kept:
        data = images[frame["image_uri"].removeprefix(f"{out}/images/")]
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert picture.shape == (frame["height"], frame["width"], 3)
