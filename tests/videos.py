"""Videos made by ffmpeg when a test asks for one by name, each once in a test run."""

import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.of_all_workers import made_once
from tests.oracle import run

_H264 = ("-c:v", "libx264", "-preset", "veryfast", "-g", "30")
_HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-g", "30")
_VP9 = ("-c:v", "libvpx-vp9", "-cpu-used", "8", "-deadline", "realtime", "-g", "30")
_AV1 = ("-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime", "-g", "30")
_SVT_AV1 = ("-c:v", "libsvtav1", "-preset", "12", "-g", "30")
_MPEG4 = ("-c:v", "mpeg4", "-q:v", "4", "-g", "30")
_VFR = ("-fps_mode", "vfr")
_QUIET = "log-level=error"
# Frames 0, 3, 4, 6, 9, 11... of 30 a second.
_UNEVEN = "select='not(mod(n,3))+not(mod(n,7)-4)+not(mod(n,11)-9)'"
# Nothing for 20 s after frame 24, and for 7.3 s after frame 59.
_GAPS = "setpts='PTS+(gte(N,25)*20+gte(N,60)*7.3)/TB'"
_OPEN_GOP = "open-gop=1:keyint=20:bframes=4:b-adapt=0"
_REFRESH = "intra-refresh=1:keyint=20"
_ALT_REF = ("-cpu-used", "5", "-lag-in-frames", "16", "-auto-alt-ref", "1", "-b:v", "200k")
_FRAGMENTS = ("-movflags", "frag_keyframe+empty_moov")
_FASTSTART = ("-movflags", "faststart")

Recipe = Callable[[Path], object]


def _encoded(
    *args: str, size: str = "160x120", rate: str = "30", seconds: float = 3, filters: str = "null"
) -> Recipe:
    """Of a test picture in which something moves from each frame to the next."""
    source = f"testsrc2=size={size}:rate={rate}:duration={seconds},{filters}"
    return lambda path: _ffmpeg("-f", "lavfi", "-i", source, *args, path)


def _tagged(matrix: str, *args: str) -> Recipe:
    """Really in this matrix ("601", "709"), and marked so."""
    name = {"601": "smpte170m", "709": "bt709"}[matrix]
    tags = ("-colorspace", name, "-color_primaries", name, "-color_trc", name)
    filters = f"format=rgb24,scale=out_color_matrix=bt{matrix},format=yuv420p"
    return _encoded(*args, *tags, filters=filters)


def _copied(name: str, *args: str, start: str = "0") -> Recipe:
    """The packets of another video, in another container or cut: nothing is encoded again."""
    return lambda path: _ffmpeg("-ss", start, "-i", video(name), "-c", "copy", *args, path)


def _repeated(name: str, seconds: int) -> Recipe:
    """The packets of another video again and again, each time later: nothing is encoded again."""
    return lambda path: _ffmpeg(
        *("-stream_loop", "-1", "-i", video(name), "-t", str(seconds), "-c", "copy", path)
    )


def _turned(name: str, a: int, b: int, c: int, d: int) -> Recipe:
    """With this display matrix: a pixel at x, y is shown at a x + c y, b x + d y, y downwards."""

    def turn(path: Path) -> None:
        data = bytearray(video(name).read_bytes())
        matrix = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
        place = data.index(b"tkhd") + 44  # ISO/IEC 14496-12, 8.3.2, version 0.
        data[place : place + len(matrix)] = matrix
        path.write_bytes(data)

    return turn


def _joined(*names: str) -> Recipe:
    return lambda path: path.write_bytes(b"".join(video(name).read_bytes() for name in names))


def _with_sound(name: str) -> Recipe:
    return lambda path: _ffmpeg(
        *("-copyts", "-i", video(name), "-f", "lavfi", "-i", "sine=duration=2"),
        *("-map", "0", "-map", "1", "-c:v", "copy", "-c:a", "mp2", path),
    )


def _cover(path: Path) -> None:
    """Sound and one picture that is no video, as music players show it."""
    picture = path.with_suffix(".png")
    _ffmpeg("-f", "lavfi", "-i", "testsrc2=size=160x120", "-frames:v", "1", picture)
    _ffmpeg(
        *("-f", "lavfi", "-i", "sine=duration=2", "-i", picture, "-map", "0", "-map", "1"),
        *("-c:v", "copy", "-disposition:v", "attached_pic", path),
    )


def _ffmpeg(*args: str | Path) -> None:
    run("ffmpeg", "-v", "error", "-y", *args)


_TIMES: dict[str, Recipe] = {
    "fps_29_97.mp4": _encoded(*_H264, rate="30000/1001", seconds=5),
    "fps_23_976.mp4": _encoded(*_H264, rate="24000/1001", seconds=5),
    "fps_23_976.mkv": _copied("fps_23_976.mp4"),
    "fps_50.mp4": _encoded(*_H264, rate="50"),
    "fps_12_5.mp4": _encoded(*_H264, rate="25/2", seconds=6),
    "fps_60.mp4": _encoded(*_H264, rate="60"),
    "uneven.mp4": _encoded(*_H264, *_VFR, filters=_UNEVEN, seconds=5),
    "uneven.mkv": _copied("uneven.mp4"),
    "uneven.webm": _encoded(*_VP9, *_VFR, filters=_UNEVEN, seconds=5),
    "gaps.mp4": _encoded(*_H264, *_VFR, filters=_GAPS),
    "gaps.mkv": _copied("gaps.mp4"),
    "gaps.ts": _encoded(*_H264, *_VFR, filters=_GAPS),
    "gaps.avi": _encoded(*_MPEG4, *_VFR, filters=_GAPS),
    "timelapse.mp4": _encoded(*_H264, rate="1/5", seconds=60),
    "timelapse.mkv": _copied("timelapse.mp4"),
    "one_frame.mp4": _encoded(*_H264, "-frames:v", "1"),
    "one_frame.ts": _encoded(*_MPEG4, "-frames:v", "1"),
    "one_frame.avi": _encoded(*_MPEG4, "-frames:v", "1"),
    "one_frame.webm": _encoded(*_VP9, "-frames:v", "1"),
}
_STARTS: dict[str, Recipe] = {
    "starts_at_10_s.mp4": _encoded(*_H264, "-output_ts_offset", "10"),
    "starts_at_10_s.mkv": _encoded(*_H264, "-output_ts_offset", "10"),
    "starts_at_10_s.ts": _encoded(*_H264, "-output_ts_offset", "10"),
    "cut_on_a_keyframe.mp4": _copied("fps_50.mp4", start="1.2"),
    "cut_on_no_keyframe.mp4": _copied("fps_50.mp4", start="1.5"),
    "cut_on_no_keyframe.mov": _copied("fps_29_97.mp4", start="2.5"),
    "cut_without_b_frames.mp4": _copied("no_b_frames.mp4", start="1.5"),
    "cut_at_both_ends.mp4": _copied("fps_29_97.mp4", "-t", "2.2", start="1.3"),
    "cut_open_gop.mp4": _copied("open_gop.mp4", start="1.3"),
    "cut_hevc.mp4": _copied("hevc.mp4", start="1.4"),
    "starts_with_an_open_gop.ts": _copied("open_gop.ts", start="1.3"),
    "starts_with_an_open_gop_hevc.ts": _copied("open_gop_hevc.ts", start="1.3"),
}
_ORDER: dict[str, Recipe] = {
    "no_b_frames.mp4": _encoded(*_H264, "-bf", "0"),
    "b_pyramid.mp4": _encoded(*_H264, "-x264-params", "bframes=8:b-pyramid=normal:b-adapt=0"),
    "b_strict.mkv": _encoded(*_H264, "-x264-params", "bframes=3:b-pyramid=strict:b-adapt=0"),
    "open_gop.mp4": _encoded(*_H264, "-x264-params", _OPEN_GOP),
    "open_gop.mkv": _copied("open_gop.mp4"),
    "open_gop.ts": _encoded(*_H264, "-x264-params", _OPEN_GOP),
    "open_gop_hevc.mp4": _encoded(*_HEVC, "-x265-params", f"{_QUIET}:{_OPEN_GOP}"),
    "open_gop_hevc.ts": _copied("open_gop_hevc.mp4"),
    "closed_gop_hevc.mkv": _encoded(*_HEVC, "-x265-params", f"{_QUIET}:open-gop=0:keyint=20"),
    "refresh.mp4": _encoded(*_H264, "-x264-params", _REFRESH),
    "refresh.mkv": _copied("refresh.mp4"),
    "refresh.ts": _encoded(*_H264, "-x264-params", _REFRESH),
    "packed.avi": _encoded("-c:v", "libxvid", "-bf", "2", "-q:v", "4", "-g", "30"),
    "b_frames.avi": _encoded(*_MPEG4, "-bf", "2"),
    "b_frames_h264.avi": _encoded(*_H264),
}
_CODECS: dict[str, Recipe] = {
    "h264.mov": _copied("fps_29_97.mp4"),
    "h264.mkv": _copied("fps_29_97.mp4"),
    "h264.ts": _copied("fps_29_97.mp4"),
    "h264.avi": _copied("no_b_frames.mp4"),
    "h264.flv": _copied("fps_29_97.mp4"),
    "h264.h264": _copied("fps_29_97.mp4"),
    "h264_fragments.mp4": _copied("fps_29_97.mp4", *_FRAGMENTS),
    "h264_faststart.mp4": _copied("fps_29_97.mp4", *_FASTSTART),
    "hevc.mp4": _encoded(*_HEVC, "-x265-params", f"{_QUIET}:bframes=3"),
    "hevc.mov": _copied("hevc.mp4", "-tag:v", "hvc1"),
    "hevc.mkv": _copied("hevc.mp4"),
    "hevc.ts": _copied("hevc.mp4"),
    "hevc.hevc": _copied("hevc.mp4"),
    "hevc_faststart.mp4": _copied("hevc.mp4", *_FASTSTART),
    "hevc_with_checksums.mp4": _encoded(*_HEVC, "-x265-params", f"{_QUIET}:hash=1", *_FASTSTART),
    "vp9.webm": _encoded(*_VP9),
    "vp9.mp4": _copied("vp9.webm"),
    "vp9.mkv": _copied("vp9.webm"),
    "vp9_alt_ref.webm": _encoded("-c:v", "libvpx-vp9", *_ALT_REF),
    "vp8_alt_ref.webm": _encoded("-c:v", "libvpx", *_ALT_REF),
    "av1.mp4": _encoded(*_AV1),
    "av1.mkv": _copied("av1.mp4"),
    "av1.webm": _copied("av1.mp4"),
    "av1_faststart.mp4": _copied("av1.mp4", *_FASTSTART),
    "av1_svt.mp4": _encoded(*_SVT_AV1),
    "mpeg4.mp4": _encoded(*_MPEG4, "-bf", "2"),
    "mpeg4_faststart.mp4": _copied("mpeg4.mp4", *_FASTSTART),
    "mpeg4.mov": _copied("mpeg4.mp4"),
    "mpeg4.mkv": _copied("mpeg4.mp4"),
    "mpeg4.avi": _encoded(*_MPEG4),
    "mpeg4.ts": _encoded(*_MPEG4, "-bf", "2"),
    "mpeg2.ts": _encoded("-c:v", "mpeg2video", "-bf", "2", "-g", "15", "-q:v", "4"),
    "mpeg2.mpg": _copied("mpeg2.ts"),
    "mjpeg.avi": _encoded("-c:v", "mjpeg", "-q:v", "4"),
    "mjpeg.mkv": _copied("mjpeg.avi"),
}
_PIXELS: dict[str, Recipe] = {
    "turned_90.mov": _turned("h264.mov", a=0, b=1, c=-1, d=0),
    "turned_180.mp4": _turned("no_b_frames.mp4", a=-1, b=0, c=0, d=-1),
    "turned_270.mp4": _turned("no_b_frames.mp4", a=0, b=-1, c=1, d=0),
    "odd_444.mp4": _encoded(*_H264, "-pix_fmt", "yuv444p", filters="scale=161:121,setsar=1"),
    "odd_turned.mp4": _turned("odd_444.mp4", a=0, b=-1, c=1, d=0),
    "odd.webm": _encoded(*_VP9, "-pix_fmt", "yuv420p", filters="scale=161:121,setsar=1"),
    "odd_10_bit.webm": _encoded(
        *(*_VP9, "-pix_fmt", "yuv420p10le", "-profile:v", "2"), filters="scale=161:121,setsar=1"
    ),
    "cropped.mp4": _encoded(*_H264, size="150x86"),
    "422.mkv": _encoded(*_H264, "-pix_fmt", "yuv422p"),
    "grey.mp4": _encoded(*_H264, "-pix_fmt", "gray"),
    "rgb.mkv": _encoded("-c:v", "libx264rgb", "-preset", "veryfast", "-pix_fmt", "rgb24"),
    "pixels_4_3.mp4": _encoded(*_H264, filters="setsar=4/3"),
    "pixels_4_3.webm": _encoded(*_VP9, filters="setsar=4/3"),
    "10_bit_h264.mp4": _encoded(*_H264, "-pix_fmt", "yuv420p10le"),
    "10_bit_hevc.mp4": _encoded(*_HEVC, "-pix_fmt", "yuv420p10le"),
    "10_bit_vp9.webm": _encoded(*_VP9, "-pix_fmt", "yuv420p10le", "-profile:v", "2"),
    "10_bit_av1.mp4": _encoded(*_AV1, "-pix_fmt", "yuv420p10le"),
    "10_bit_422.mp4": _encoded(*_H264, "-pix_fmt", "yuv422p10le"),
    "10_bit_444.mp4": _encoded(*_H264, "-pix_fmt", "yuv444p10le"),
    "10_bit_bt709.mp4": _tagged("709", *_H264, "-pix_fmt", "yuv420p10le"),
    "10_bit_full_range.mkv": _encoded(*_HEVC, "-pix_fmt", "yuv420p10le", "-color_range", "pc"),
    "full_range_h264.mp4": _encoded(*_H264, "-pix_fmt", "yuvj420p"),
    "full_range_hevc.mp4": _encoded(*_HEVC, "-pix_fmt", "yuvj420p", "-color_range", "pc"),
    "full_range_vp9.webm": _encoded(*_VP9, "-pix_fmt", "yuv420p", "-color_range", "pc"),
    "bt601.mp4": _tagged("601", *_H264),
    "bt709.mp4": _tagged("709", *_H264),
    "bt709.webm": _tagged("709", *_VP9),
    "untagged_720p.mp4": _encoded(*_H264, size="1280x720", seconds=1),
}
# Codes of ITU-T H.273 that FFmpeg's scaler refuses.
_MATRICES: dict[str, Recipe] = {
    f"matrix_{code}.mp4": _copied(
        "fps_50.mp4", "-bsf:v", f"h264_metadata=matrix_coefficients={code}"
    )
    for code in (3, 8, 10, 11, 14)
}
_CONTAINERS: dict[str, Recipe] = {
    "whole.wmv": _encoded("-c:v", "wmv2", "-q:v", "4", "-g", "30"),
    "whole.ogv": _encoded("-c:v", "libtheora", "-q:v", "6", "-g", "30"),
    "whole.mpg": _encoded("-c:v", "mpeg1video", "-q:v", "4", "-g", "30"),
    "whole.vob": _encoded("-c:v", "mpeg2video", "-q:v", "4", "-g", "30"),
    "whole.mjpeg": _encoded("-c:v", "mjpeg", "-q:v", "4", rate="25"),
    "whole.gif": _encoded(rate="25"),
    "whole.dv": _encoded("-c:v", "dvvideo", "-pix_fmt", "yuv420p", size="720x576", rate="25"),
    "fragments.mp4": _encoded(*_H264, *_FRAGMENTS, seconds=2),
}
INTACT = _TIMES | _STARTS | _ORDER | _CODECS | _PIXELS | _MATRICES
# Each has a twin among the others, of its codec or its container: `make chaos` tries these, too.
ALIKE = {
    *("fps_60.mp4", "timelapse.mkv", "starts_at_10_s.mkv", "one_frame.avi", "one_frame.webm"),
    *("h264.mov", "h264_faststart.mp4", "hevc.mov", "hevc_faststart.mp4", "vp9.mkv"),
    *("av1.mkv", "av1.webm", "av1_faststart.mp4", "mpeg4.mov", "mpeg4.mkv", "mpeg4_faststart.mp4"),
    *("mjpeg.mkv", "10_bit_hevc.mp4", "10_bit_vp9.webm", "full_range_vp9.webm"),
    *("matrix_10.mp4", "matrix_11.mp4", "matrix_14.mp4"),
}
_OTHERS: dict[str, Recipe] = {
    "ten_seconds.mp4": _encoded(
        *("-c:v", "libx264", "-preset", "ultrafast", "-g", "300", "-frames:v", "300"),
        size="64x48",
        rate="30000/1001",
        seconds=11,
    ),
    "hour.mp4": _repeated("ten_seconds.mp4", seconds=3600),
    "small.ts": _encoded(*_H264, size="96x64", seconds=2),
    "large.ts": _encoded(*_H264, "-output_ts_offset", "2", size="192x128", seconds=2),
    "large_from_0.ts": _encoded(*_H264, size="192x128", seconds=2),
    "large_with_sound.ts": _with_sound("large.ts"),
    "small_then_large.ts": _joined("small.ts", "large.ts"),
    "small_then_large_from_0.ts": _joined("small.ts", "large_from_0.ts"),
    "large_then_small_from_0.ts": _joined("large.ts", "small.ts"),
    "small_then_sound.ts": _joined("small.ts", "large_with_sound.ts"),
    "starts_in_a_refresh.mp4": _copied("refresh.mp4", start="1.3"),
    "starts_in_a_refresh.ts": _copied("refresh.ts", start="1.3"),
    "sound.mp4": lambda path: _ffmpeg("-f", "lavfi", "-i", "sine=duration=2", path),
    "sound_with_cover.m4a": _cover,
}
# Of each way in which HEVC lays out a picture and its headers.
HEVC_KINDS: dict[str, Recipe] = {
    f"hevc_{name}": _encoded(
        *(*_HEVC, "-x265-params", f"{_QUIET}:keyint=30:{params}", *args),
        size=size,
    )
    for name, size, params, args in (
        ("rows.mp4", "480x272", "wpp=1", _FASTSTART),
        ("plain.mp4", "480x272", "wpp=0:frame-threads=1", _FASTSTART),
        ("slices.mp4", "480x272", "slices=3", _FASTSTART),
        ("small_blocks.ts", "320x240", "ctu=16:min-cu-size=8:slices=2", ()),
        ("references.mkv", "320x240", "ref=4:bframes=4:b-pyramid=1:weightp=1:weightb=1", ()),
        (
            "layers.mp4",
            "320x240",
            "temporal-layers=3:bframes=4:aud=1:hrd=1:vbv-maxrate=300:vbv-bufsize=300",
            (),
        ),
        ("refresh.hevc", "320x240", "intra-refresh=1:repeat-headers=1", ()),
        ("matrices.mp4", "320x240", "scaling-list=default:tskip=1:cbqpoffs=3:deblock=2,2", ()),
        ("leading.mp4", "320x240", "radl=2:bframes=4:open-gop=0", ()),
        ("444.mkv", "320x240", "ctu=32:lossless=1", ("-pix_fmt", "yuv444p")),
        ("422.ts", "320x240", "slices=2:no-deblock=1:no-sao=1", ("-pix_fmt", "yuv422p10le")),
        ("grey.mkv", "320x240", "slices=2", ("-pix_fmt", "gray")),
        ("one_block.mp4", "64x64", "ctu=64", ()),
        ("slices_of_a_block.mp4", "64x128", "ctu=64:slices=2", ()),
    )
}
_RECIPES = INTACT | HEVC_KINDS | _CONTAINERS | _OTHERS


@cache
def video(name: str) -> Path:
    """The video of this name. Shared by all tests: never write to it."""
    return made_once(name, _RECIPES[name])
