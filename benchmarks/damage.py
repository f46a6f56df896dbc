"""Damage that is told, by the codec: overwritten bytes, and the samples that show garbage."""

import tempfile
from pathlib import Path
from time import process_time

import av

from tests.damaged import Found, found_in
from tests.oracle import run as tool
from vidset.video.checking import checked_decoder
from vidset.video.opening import set_up

_SECONDS, _KEYFRAME, _COPIES, _EVERY, _ROUNDS = 8, 50, 40, 0.4, 3
_SCALED = ("-vf", "scale=480:270", "-r", "25", "-pix_fmt", "yuv420p", "-an", "-g", str(_KEYFRAME))


def _x265(params: str) -> tuple[str, ...]:
    return ("-c:v", "libx265", "-x265-params", f"log-level=error:keyint={_KEYFRAME}:{params}")


_CODECS = {
    "H.264, MP4": (".mp4", "-c:v", "libx264"),
    "MPEG-4, MP4": (".mp4", "-c:v", "mpeg4", "-q:v", "5", "-bf", "2"),
    "AV1, MP4": (".mp4", "-c:v", "libaom-av1", "-cpu-used", "8", "-crf", "40"),
    "VP9, WebM": (".webm", "-c:v", "libvpx-vp9", "-cpu-used", "5", "-crf", "35", "-b:v", "0"),
    "MJPEG, AVI": (".avi", "-c:v", "mjpeg", "-q:v", "5"),
    "HEVC, an entry point for each row of blocks (x265's default), MP4": (
        ".mp4",
        *_x265("wpp=1"),
    ),
    "HEVC, three slices a picture, MP4": (".mp4", *_x265("slices=3")),
    "HEVC, neither, MP4": (".mp4", *_x265("wpp=0:frame-threads=1")),
}


def run(videos: list[Path]) -> None:
    path = next((each for each in videos if each.name.startswith("drive_")), videos[0])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _garbage(path, folder)
        _cost(path, folder)


def _garbage(path: Path, folder: Path) -> None:
    print(f"\n40 bytes overwritten, {_COPIES} copies of {_SECONDS} s of {path.name}:\n")
    print("| codec | one place: `done` with garbage | garbage samples | three places | |")
    print("|---|---|---|---|---|")
    for codec, (suffix, *options) in _CODECS.items():
        source = folder / f"source{suffix}"
        tool(
            *("ffmpeg", "-v", "error", "-y", "-t", str(_SECONDS), "-i", path),
            *(*_SCALED, *options, source),
        )
        one, three = (
            found_in(source, _COPIES, folder, every=_EVERY, places=places) for places in (1, 3)
        )
        print(f"| {codec} | {_cells(one)} | {_cells(three)} |", flush=True)


def _cells(found: Found) -> str:
    return f"{found.done_with_garbage} of {found.files} | {found.garbage} of {found.samples}"


def _cost(path: Path, folder: Path) -> None:
    """Print the cost of the checks, beside decoding without them."""
    print("\n| 1280 x 720, CPU ms a frame | without checks | with them |\n|---|---|---|")
    for name, options in (
        ("HEVC, an entry point for each row of blocks", _x265("wpp=1")),
        ("HEVC, none", _x265("wpp=0")),
        ("H.264", ("-c:v", "libx264")),
        ("MJPEG, which decodes its samples alone", ("-c:v", "mjpeg", "-q:v", "5")),
    ):
        source = folder / "large.mp4"
        tool(
            *("ffmpeg", "-v", "error", "-y", "-t", "10", "-i", path, "-an", "-r", "25"),
            *("-vf", "scale=1280:720", *options, source),
        )
        plain, checked = (
            min(_milliseconds(source, is_checked=checked) for _ in range(_ROUNDS))
            for checked in (False, True)
        )
        print(f"| {name} | {plain:.2f} | {checked:.2f} ({checked / plain:.2f}) |")


def _milliseconds(path: Path, *, is_checked: bool) -> float:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        set_up(stream.codec_context, is_strict=False)
        checked = checked_decoder(stream.codec_context) if is_checked else None
        decode = checked.decode if checked is not None else stream.codec_context.decode
        packets = [packet for packet in container.demux(stream) if packet.size]
        began = process_time()
        for packet in packets:
            decode(packet)
        return (process_time() - began) / len(packets) * 1000
