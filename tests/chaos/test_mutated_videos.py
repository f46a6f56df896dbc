"""Videos with random damage: each has a row that says what became of it, and ends nothing else."""

import random
from pathlib import Path

import cv2
import pytest

from tests.chaos.counts import times
from tests.end_to_end.jobs import objects, rows
from tests.programs.workers import ready_workers
from tests.videos import video
from vidset.intake.progress import Progress
from vidset.intake.request import Request
from vidset.intake.run import extract

pytestmark = pytest.mark.slow
_VIDEOS = (
    *("no_b_frames.mp4", "h264_fragments.mp4", "h264.mkv", "h264.ts", "h264.avi", "h264.flv"),
    *("hevc.mp4", "hevc.ts", "vp9.webm", "av1.mp4", "mpeg4.avi", "mpeg2.mpg", "mjpeg.avi"),
)
_EACH = 50


@times(_EACH, 5000)
def test_damage_costs_no_more_than_its_video(count, tmp_path):
    chance = random.Random(count)
    for batch in range(count // _EACH):
        folder, out = tmp_path / f"in{batch}", tmp_path / f"out{batch}"
        folder.mkdir()
        for number in range(_EACH):
            original = video(chance.choice(_VIDEOS))
            mutated = _mutated(original.read_bytes(), chance)
            (folder / f"{number:02}{original.suffix}").write_bytes(mutated)
        progress = Progress()
        with ready_workers():
            summary = extract(Request((str(folder),), str(out), workers=2), progress)
        _check(folder, out, summary.videos, progress.notes)


def _check(folder: Path, out: Path, videos: int, notes: dict[str, str]) -> None:
    """Check that what is written agrees with itself, and that no worker was lost."""
    found = {Path(row["video_uri"]).name: row for row in rows(str(out), "videos")}
    assert (videos, len(found)) == (_EACH, _EACH)
    assert sorted(found) == sorted(path.name for path in folder.iterdir())
    lost = {uri: note for uri, note in notes.items() if "failed twice" in note}
    assert not lost, f"kept in {folder}: {lost}"
    for name, row in found.items():
        assert row["status"] in ("done", "partial", "failed"), name
        assert (row["error"] is None) == (row["status"] == "done"), name
    images = objects(f"{out}/images")
    kept = [row for row in rows(str(out), "frames") if row["kept"]]
    assert len(images) == len(kept) == sum(row["kept"] for row in found.values())
    for row in kept:
        picture = cv2.imread(row["image_uri"])
        assert picture is not None, row["image_uri"]
        assert picture.shape == (row["height"], row["width"], 3)


def _mutated(data: bytes, chance: random.Random) -> bytes:
    """Damage of one or two of the kinds that disks, cameras and networks cause."""
    mutated = bytearray(data)
    for _ in range(chance.randint(1, 2)):
        place = chance.randrange(max(1, len(mutated)))
        if chance.random() < 0.4:  # The head is where formats say what they are.
            place = min(place, chance.randrange(2048))
        length = chance.choice((1, 4, 64, 4096))
        match chance.choice(("bits", "zeros", "noise", "cut", "gone", "twice", "number")):
            case "bits":
                for _ in range(chance.choice((1, 8, 64))):
                    mutated[chance.randrange(len(mutated))] ^= 1 << chance.randrange(8)
            case "zeros":
                mutated[place : place + length] = bytes(length)
            case "noise":
                mutated[place : place + length] = chance.randbytes(length)
            case "cut":
                del mutated[max(1, place) :]
            case "gone":
                del mutated[place : place + length]
            case "twice":
                mutated[place:place] = mutated[place : place + length]
            case "number":
                odd = chance.choice((b"\xff" * 4, b"\x7f\xff\xff\xff", bytes(4), b"\x80\0\0\0"))
                mutated[place : place + 4] = odd
    return bytes(mutated) or b"\0"
