"""Of the real videos beside the checkout, a part of the one that takes as long as all others."""

from pathlib import Path

from tests.oracle import run

LONG = "av1_1080p60_363s_black.mp4"


def write_beginning(shared_videos: Path, folder: Path, seconds: int = 64) -> Path:
    """The long video's first seconds, in `folder` under its own name: nothing is encoded again.

    A minute has twelve of its 68 stretches from keyframe to keyframe: the others are like these.
    """
    source, path = shared_videos / LONG, folder / LONG
    run("ffmpeg", "-v", "error", "-i", source, "-c", "copy", "-t", str(seconds), path)
    return path
