"""Videos made by ffmpeg when a test asks for one by name, once in a test run."""

import atexit
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.oracle import run

_H264 = ("-c:v", "libx264", "-preset", "veryfast", "-g", "30")
_H264_CLOSED = (*_H264, "-bf", "0")
_HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-g", "30")
_VP9 = ("-c:v", "libvpx-vp9", "-cpu-used", "8", "-deadline", "realtime", "-g", "30")
_AV1 = ("-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime", "-g", "30")
_SVT = ("-c:v", "libsvtav1", "-preset", "12", "-g", "30")
_MPEG4 = ("-c:v", "mpeg4", "-q:v", "4", "-g", "30")
_VFR = ("-vsync", "vfr")
_AS_THEY_ARE = ("-vsync", "passthrough")
# Frames 0, 3, 4, 7, 9, 12... of 30 a second: no two distances are alike for long.
_UNEVEN = "select='not(mod(n,3))+not(mod(n,7)-4)+not(mod(n,11)-9)'"


def x265(options: str) -> tuple[str, ...]:
    return ("-x265-params", f"log-level=error:{options}")


_HEVC = (*_HEVC, *x265("bframes=3"))

Recipe = Callable[[Path], None]


def _encoded(
    *args: str, size: str = "160x120", rate: str = "30", seconds: float = 3, filters: str = "null"
) -> Recipe:
    """Of a test picture in which something moves from each frame to the next."""

    def encode(path: Path) -> None:
        source = f"testsrc2=size={size}:rate={rate}:duration={seconds},{filters}"
        _ffmpeg("-f", "lavfi", "-i", source, *args, path)

    return encode


def _copied(name: str, *args: str, before: tuple[str, ...] = ()) -> Recipe:
    """The packets of another video, in another container or cut: nothing is encoded again."""
    return lambda path: _ffmpeg(*before, "-i", video(name), "-c", "copy", *args, path)


def _joined(*names: str) -> Recipe:
    return lambda path: path.write_bytes(b"".join(video(name).read_bytes() for name in names))


def _ffmpeg(*args: str | Path) -> None:
    run("ffmpeg", "-v", "error", "-y", *args)


def _with_cover(path: Path) -> None:
    """Sound and one picture that is no video: how players show an album's cover."""
    cover = path.with_name("cover.png")
    _ffmpeg("-f", "lavfi", "-i", "testsrc2=size=160x120", "-frames:v", "1", cover)
    _ffmpeg(
        *("-f", "lavfi", "-i", "sine=duration=2", "-i", cover, "-map", "0", "-map", "1"),
        *("-c:v", "copy", "-disposition:v", "attached_pic", path),
    )


RATES: dict[str, Recipe] = {
    "fps_29_97.mp4": _encoded(*_H264, rate="30000/1001", seconds=5),
    "fps_23_976.mkv": _encoded(*_H264, rate="24000/1001", seconds=5),
    "fps_23_976.mp4": _encoded(*_H264, rate="24000/1001", seconds=5),
    "fps_50.mp4": _encoded(*_H264, rate="50", seconds=3),
    "fps_12_5.mp4": _encoded(*_H264, rate="25/2", seconds=6),
    "fps_60.mp4": _encoded(*_H264, rate="60", seconds=3),
    "uneven.mkv": _encoded(*_H264, *_VFR, filters=_UNEVEN, seconds=5),
    "uneven.mp4": _encoded(*_H264, *_VFR, filters=_UNEVEN, seconds=5),
    "uneven.webm": _encoded(*_VP9, *_VFR, filters=_UNEVEN, seconds=5),
    "gaps.mp4": _encoded(*_H264, *_VFR, filters="setpts='PTS+(gte(N,25)*20+gte(N,60)*7.3)/TB'"),
    "gaps.ts": _encoded(*_H264, *_VFR, filters="setpts='PTS+(gte(N,25)*20+gte(N,60)*7.3)/TB'"),
    "gaps.mkv": _encoded(*_H264, *_VFR, filters="setpts='PTS+(gte(N,25)*20+gte(N,60)*7.3)/TB'"),
    "gaps.avi": _encoded(*_MPEG4, *_VFR, filters="setpts='PTS+(gte(N,25)*20+gte(N,60)*7.3)/TB'"),
    "timelapse.mp4": _encoded(*_H264, rate="1/5", seconds=60),
    "timelapse.mkv": _encoded(*_H264, rate="1/5", seconds=60),
    "one_frame.mp4": _encoded(*_H264, "-frames:v", "1"),
    "one_frame.ts": _encoded(*_H264, "-frames:v", "1"),
    "one_frame.avi": _encoded(*_MPEG4, "-frames:v", "1"),
    "one_frame.webm": _encoded(*_VP9, "-frames:v", "1"),
}
STARTS: dict[str, Recipe] = {
    "starts_at_10_s.mp4": _encoded(*_H264, "-output_ts_offset", "10"),
    "starts_at_10_s.mkv": _encoded(*_H264, "-output_ts_offset", "10"),
    "starts_at_10_s.ts": _encoded(*_H264, "-output_ts_offset", "10"),
    "cut_on_a_keyframe.mp4": _copied("fps_50.mp4", before=("-ss", "1.2")),
    "cut_on_no_keyframe.mp4": _copied("fps_50.mp4", before=("-ss", "1.5")),
    "cut_on_no_keyframe.mov": _copied("fps_29_97.mp4", before=("-ss", "2.5")),
    "cut_on_no_keyframe_bf0.mp4": _copied("h264_bf0.mp4", before=("-ss", "1.5")),
    "cut_at_both_ends.mp4": _copied("fps_29_97.mp4", "-t", "2.2", before=("-ss", "1.3")),
    "cut_open_gop.mp4": _copied("open_gop.mp4", before=("-ss", "1.3")),
    "cut_hevc.mp4": _copied("hevc.mp4", before=("-ss", "1.4")),
    "starts_in_an_open_gop.ts": _copied("open_gop.ts", before=("-ss", "1.3")),
    "starts_in_an_open_gop_hevc.ts": _copied("open_gop_hevc.ts", before=("-ss", "1.3")),
    "starts_in_a_refresh.ts": _copied("intra_refresh.ts", before=("-ss", "1.3")),
}
REORDERED: dict[str, Recipe] = {
    "h264_bf0.mp4": _encoded(*_H264_CLOSED),
    "b_pyramid.mp4": _encoded(*_H264, "-x264-params", "bframes=8:b-pyramid=normal:b-adapt=0"),
    "b_strict.mkv": _encoded(*_H264, "-x264-params", "bframes=3:b-pyramid=strict:b-adapt=0"),
    "open_gop.mp4": _encoded(*_H264, "-x264-params", "open-gop=1:keyint=20:bframes=4:b-adapt=0"),
    "open_gop.ts": _encoded(*_H264, "-x264-params", "open-gop=1:keyint=20:bframes=4:b-adapt=0"),
    "open_gop.mkv": _copied("open_gop.mp4"),
    "open_gop_hevc.mp4": _encoded(*_HEVC, *x265("open-gop=1:keyint=20:bframes=4:b-adapt=0")),
    "open_gop_hevc.ts": _copied("open_gop_hevc.mp4"),
    "closed_gop_hevc.mkv": _encoded(*_HEVC, *x265("open-gop=0:keyint=20:bframes=4")),
    "intra_refresh.mp4": _encoded(*_H264, "-x264-params", "intra-refresh=1:keyint=20"),
    "intra_refresh.ts": _encoded(*_H264, "-x264-params", "intra-refresh=1:keyint=20"),
    "intra_refresh.mkv": _copied("intra_refresh.mp4"),
    "packed_b_frames.avi": _encoded("-c:v", "libxvid", "-bf", "2", "-q:v", "4", "-g", "30"),
    "b_frames.avi": _encoded(*_MPEG4, "-bf", "2"),
    "h264_b_frames.avi": _encoded(*_H264),
}
CODECS: dict[str, Recipe] = {
    "h264.mov": _copied("fps_29_97.mp4"),
    "h264.mkv": _copied("fps_29_97.mp4"),
    "h264.ts": _copied("fps_29_97.mp4"),
    "h264.avi": _copied("h264_bf0.mp4"),
    "h264.h264": _copied("fps_29_97.mp4"),
    "h264.flv": _copied("fps_29_97.mp4"),
    "fragmented.mp4": _copied("fps_29_97.mp4", "-movflags", "frag_keyframe+empty_moov"),
    "faststart.mp4": _copied("fps_29_97.mp4", "-movflags", "faststart"),
    "hevc_faststart.mp4": _copied("hevc.mp4", "-movflags", "faststart"),
    "av1_faststart.mp4": _copied("av1.mp4", "-movflags", "faststart"),
    "hevc.mp4": _encoded(*_HEVC),
    "hevc.mov": _copied("hevc.mp4", "-tag:v", "hvc1"),
    "hevc.mkv": _copied("hevc.mp4"),
    "hevc.ts": _copied("hevc.mp4"),
    "hevc.hevc": _copied("hevc.mp4"),
    "vp9.webm": _encoded(*_VP9),
    "vp9.mp4": _copied("vp9.webm"),
    "vp9.mkv": _copied("vp9.webm"),
    "vp9_altref.webm": _encoded(
        *("-c:v", "libvpx-vp9", "-cpu-used", "5", "-lag-in-frames", "16", "-auto-alt-ref", "1"),
        *("-b:v", "200k", "-g", "40"),
    ),
    "vp8_altref.webm": _encoded(
        *("-c:v", "libvpx", "-cpu-used", "5", "-lag-in-frames", "16", "-auto-alt-ref", "1"),
        *("-b:v", "200k", "-g", "40"),
    ),
    "av1.mp4": _encoded(*_AV1),
    "av1.mkv": _copied("av1.mp4"),
    "av1.webm": _copied("av1.mp4"),
    "av1_svt.mp4": _encoded(*_SVT),
    "mpeg4.mp4": _encoded(*_MPEG4, "-bf", "2"),
    "mpeg4.mov": _copied("mpeg4.mp4"),
    "mpeg4.mkv": _copied("mpeg4.mp4"),
    "mpeg4.avi": _encoded(*_MPEG4),
    "mpeg4.ts": _encoded(*_MPEG4, "-bf", "2"),
    "mpeg2.ts": _encoded("-c:v", "mpeg2video", "-bf", "2", "-g", "15", "-q:v", "4"),
    "mpeg2.mpg": _copied("mpeg2.ts"),
    "mjpeg.avi": _encoded("-c:v", "mjpeg", "-q:v", "4"),
}
_COLOURS = {"601": "smpte170m", "709": "bt709"}


def _tagged(matrix: str, *args: str, **encode: str) -> Recipe:
    """Really in this matrix, and marked so."""
    name = _COLOURS[matrix]
    tags = ("-colorspace", name, "-color_primaries", name, "-color_trc", name)
    filters = f"format=rgb24,scale=out_color_matrix=bt{matrix},format=yuv420p"
    return _encoded(*args, *tags, filters=filters, **encode)


PIXELS: dict[str, Recipe] = {
    "rotated_90.mp4": _copied("h264_bf0.mp4", "-metadata:s:v", "rotate=90"),
    "rotated_180.mp4": _copied("h264_bf0.mp4", "-metadata:s:v", "rotate=180"),
    "rotated_270.mov": _copied("h264_bf0.mp4", "-metadata:s:v", "rotate=270"),
    "odd_444.mp4": _encoded(*_H264, "-pix_fmt", "yuv444p", size="161x121"),
    "odd.webm": _encoded(*_VP9, "-pix_fmt", "yuv420p", size="161x121"),
    "odd_rotated.mp4": _copied("odd_444.mp4", "-metadata:s:v", "rotate=90"),
    "not_mod_16.mp4": _encoded(*_H264, size="150x86"),
    "422.mkv": _encoded(*_H264, "-pix_fmt", "yuv422p"),
    "pixels_4_3.mp4": _encoded(*_H264, filters="setsar=4/3"),
    "pixels_4_3.mkv": _encoded(*_VP9, filters="setsar=4/3"),
    "10_bit.mp4": _encoded(*_H264, "-pix_fmt", "yuv420p10le"),
    "10_bit_hevc.mp4": _encoded(*_HEVC, "-pix_fmt", "yuv420p10le"),
    "10_bit_vp9.webm": _encoded(*_VP9, "-pix_fmt", "yuv420p10le", "-profile:v", "2"),
    "10_bit_av1.mp4": _encoded(*_AV1, "-pix_fmt", "yuv420p10le"),
    "full_range.mp4": _encoded(*_H264, "-pix_fmt", "yuvj420p"),
    "full_range_hevc.mp4": _encoded(*_HEVC, "-pix_fmt", "yuvj420p", "-color_range", "pc"),
    "full_range_vp9.webm": _encoded(*_VP9, "-pix_fmt", "yuv420p", "-color_range", "pc"),
    "bt601.mp4": _tagged("601", *_H264),
    "bt709.mp4": _tagged("709", *_H264),
    "bt709.webm": _tagged("709", *_VP9),
    "bt709_720p.mp4": _tagged("709", *_H264, size="1280x720", seconds=1),
    "grey.mp4": _encoded(*_H264, "-pix_fmt", "gray"),
    "rgb.mkv": _encoded("-c:v", "libx264rgb", "-preset", "veryfast", "-pix_fmt", "rgb24"),
}
OTHERS: dict[str, Recipe] = {
    "hour.mp4": _encoded(
        *("-c:v", "libx264", "-preset", "ultrafast", "-g", "300"),
        size="64x48",
        rate="30000/1001",
        seconds=3600,
    ),
    "small.ts": _encoded(*_H264, size="96x64", seconds=2),
    "large.ts": _encoded(*_H264, "-output_ts_offset", "2", size="192x128", seconds=2),
    "size_changes.ts": _joined("small.ts", "large.ts"),
    "sound.mp4": lambda path: _ffmpeg("-f", "lavfi", "-i", "sine=duration=2", path),
    "sound_with_cover.mp3": _with_cover,
    "sound_with_cover.m4a": _with_cover,
}
INTACT = RATES | STARTS | REORDERED | CODECS | PIXELS
_RECIPES = INTACT | OTHERS


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="vidset-test-videos-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def video(name: str) -> Path:
    """The video of this name. Shared by all tests: never write to it."""
    path = _folder() / name
    _RECIPES[name](path)
    return path
