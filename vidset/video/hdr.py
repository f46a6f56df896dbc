"""HDR pictures (PQ, HLG) tone-mapped to SDR by FFmpeg's scaler. Part of `pixels`.

The scaler maps into BT.709 with its perceptual intent: a curve over the whole range, so that
highlights keep their detail. It is set up for a whole size and format at once, which takes some
seconds; each picture takes 25 ms at 1920x1080 then. What a picture says of its own brightest spot
is left out, or each scene would be mapped otherwise, after a setup of its own.
"""

from itertools import pairwise

import numpy as np
from av.filter import Graph
from av.video.frame import VideoFrame

# ITU-T H.273 TransferCharacteristics.
_HDR_TRANSFERS = frozenset({16, 18})
_BT2020, _LIMITED = 9, 1
_UNSPECIFIED = (0, 2)
_TO_SDR = (
    "out_transfer=bt709:out_primaries=bt709:out_color_matrix=bt709:out_range=tv:intent=perceptual"
)


def is_hdr(frame: VideoFrame) -> bool:
    """Returns whether the frame's samples are coded by PQ or HLG."""
    return int(frame.color_trc) in _HDR_TRANSFERS


class ToneMapper:
    """Maps the frames of a video. They may change their size and format."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._key: tuple[object, ...] = ()

    def map(self, frame: VideoFrame) -> VideoFrame:
        """The frame in yuv420p, BT.709, limited range, without side data."""
        bare = _bare(frame)
        key = (
            bare.width,
            bare.height,
            bare.format.name,
            int(bare.color_trc),
            int(bare.color_primaries),
            int(bare.colorspace),
            int(bare.color_range),
        )
        if self._graph is None or key != self._key:
            self._graph, self._key = _graph(bare), key
        self._graph.push(bare)
        mapped = self._graph.pull()
        assert isinstance(mapped, VideoFrame)  # noqa: S101 (the graph has pictures alone)
        return mapped


def _bare(frame: VideoFrame) -> VideoFrame:
    """A copy of the pixels, with what HDR video means where it does not say."""
    bare = VideoFrame(frame.width, frame.height, frame.format.name)
    for ours, theirs in zip(bare.planes, frame.planes, strict=True):
        lines, source = (
            np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            for plane in (ours, theirs)
        )
        width = min(lines.shape[1], source.shape[1])
        lines[:, :width] = source[: len(lines), :width]
    matrix, primaries = int(frame.colorspace), int(frame.color_primaries)
    bare.colorspace = _BT2020 if matrix in _UNSPECIFIED else matrix
    bare.color_primaries = _BT2020 if primaries in _UNSPECIFIED else primaries
    bare.color_trc = int(frame.color_trc)
    bare.color_range = int(frame.color_range) or _LIMITED
    bare.pts = 0
    return bare


def _graph(frame: VideoFrame) -> Graph:
    graph = Graph()
    source = graph.add(
        "buffer",
        f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}:time_base=1/1:"
        f"colorspace={int(frame.colorspace)}:range={int(frame.color_range)}",
    )
    steps = [
        source,
        graph.add("scale", _TO_SDR),
        graph.add("format", "yuv420p"),
        graph.add("buffersink"),
    ]
    for this, following in pairwise(steps):
        this.link_to(following)
    graph.configure()
    return graph
