"""The drive of `vidset demo`: what happens in it, and its files."""

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from vidset.demo.scene import Kind, Mover, Scene, Span
from vidset.storage.writing import unfinished_name, write_atomically

VIDEO, TRUTH = "drive.mp4", "truth.json"


def _spans(*lengths: tuple[Kind, float]) -> tuple[Span, ...]:
    ends = [sum(seconds for _, seconds in lengths[: place + 1]) for place in range(len(lengths))]
    return tuple(
        Span(kind, end - seconds, end) for (kind, seconds), end in zip(lengths, ends, strict=True)
    )


DRIVE = Scene(
    spans=_spans(
        ("drive", 6),
        ("stop_with_crossing", 9.5),  # A half: the sample at its end is still in it.
        ("drive", 4.5),
        ("dark", 5),
        ("drive", 4),
        ("stop", 10.5),
        ("drive", 3.5),
        ("blurred", 3),
        ("drive", 2),
    ),
    movers=(
        Mover("car", "rear", 0, 14, x=0, ahead=13, speed=13.5),
        Mover("car", "rear", 0, 6, x=3.0, ahead=42),
        Mover("car", "front", 0.5, 6, x=-3.5, ahead=110, speed=-13),
        # Each of these two covers about 1 % of the picture.
        Mover("person", "walking", 6.1, 12.4, x=-7.5, ahead=10.8, x_speed=2.4),
        Mover("car", "side", 11.8, 15.5, x=-18, ahead=22, x_speed=9.5),
        Mover("car", "front", 15.5, 20, x=-3.5, ahead=90, speed=-14),
        Mover("person", "walking", 15.5, 20, x=6.2, ahead=36, x_speed=-0.4),
        Mover("car", "rear", 25, 48, x=3.0, ahead=62),
        Mover("car", "front", 39.5, 48, x=-3.5, ahead=90, speed=-12),
        Mover("car", "rear", 41, 48, x=-3.5, ahead=1, x_speed=0.4, speed=13.5),
    ),
)


def has_drive(scene: Scene, folder: str) -> bool:
    """Returns whether the scene's video is there already, whole, with its truth."""
    video, truth = Path(folder, VIDEO), Path(folder, TRUTH)
    try:
        return json.loads(truth.read_text()) == _truth(scene, video)
    except (FileNotFoundError, ValueError):
        return False


def render_drive(scene: Scene, folder: str) -> None:
    """Write the scene's video and its truth into `folder`, each at once."""
    from vidset.demo.rendering import render_video

    video, truth = Path(folder, VIDEO), Path(folder, TRUTH)
    partial = Path(folder, unfinished_name(VIDEO))
    try:
        render_video(scene, str(partial))
        os.replace(partial, video)
        write_atomically(truth, json.dumps(_truth(scene, video), indent=1) + "\n")
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()


def _truth(scene: Scene, video: Path) -> dict:
    """Returns what `truth.json` has. Its hash says which video it is about."""
    with video.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"video": VIDEO, "video_sha256": digest, **scene.to_truth()}
