"""An MJPEG decoder that says which pictures end before their data do.

Where bytes of a JPEG are damaged, its decoder soon reads valid codes again, but of other blocks: it
has them all before the data end, or not yet when they do. FFmpeg tells the second alone. So each
picture is decoded once more with other bytes at its end: one that is whole comes out otherwise.
"""

import re
from collections.abc import Iterator
from typing import cast

import numpy as np
from av.codec.context import CodecContext
from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane

# ITU-T T.81, table B.1: markers. Within coded data, 0xff is followed by 0 or is that of a restart.
_START, _SCAN, _END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"
_MARKED = 0xFF
_FRAMES = (b"\xff\xc0", b"\xff\xc1")  # With the codes of Huffman, in one scan or several.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
# B.2.2: where a frame header has its size, its number of components, and what each takes.
_SIZE, _COUNT, _COMPONENT_BYTES, _MOST = 5, 9, 3, 0xFFFF
# Some cameras fill pictures up with these before the marker of the end.
_FILLING = b"\0\xff"
_OTHER = b"\x55" * 6


class EndingDecoder:
    """FFmpeg's decoder, with one beside it that gets pictures with other ends.

    Args:
        decoder: one that is not open yet.
    """

    def __init__(self, decoder: VideoCodecContext):
        self._decoder = decoder
        self._beside = cast(VideoCodecContext, CodecContext.create("mjpeg", "r"))
        self._beside.thread_count, self._beside.options = 1, decoder.options
        if decoder.extradata:
            self._beside.extradata = decoder.extradata

    def decode(self, packet: Packet | None) -> tuple[list[VideoFrame], str | None]:
        """Return the frames that come out with a packet, and what is wrong with it, or None.

        Raises:
            FFmpegError: the decoder gives nothing.
        """
        frames = self._decoder.decode(packet)
        is_early = packet is not None and len(frames) == 1 and self._is_early(packet, frames[0])
        return frames, "a picture ends before its data do" if is_early else None

    def begin_anew(self) -> None:
        """No picture refers to another."""

    def _is_early(self, packet: Packet, frame: VideoFrame) -> bool:
        given = bytes(packet)
        whole = of_whole_blocks(given)
        other = whole and with_another_end(whole)
        if whole is None or other is None:
            return False
        shown = frame if whole == given else self._decoded_beside(whole)
        changed = self._decoded_beside(other)
        return shown is not None and changed is not None and _are_equal(shown, changed)

    def _decoded_beside(self, picture: bytes) -> VideoFrame | None:
        try:
            frames = self._beside.decode(Packet(picture))
        except FFmpegError:
            return None
        return frames[0] if len(frames) == 1 else None


def of_whole_blocks(picture: bytes) -> bytes | None:
    """Return a JPEG that shows all of its blocks, those at its margins as well; None: it has none.

    The last blocks may lie beyond the size that it tells.
    """
    header = next((place for marker, place in _segments(picture) if marker in _FRAMES), None)
    if header is None or len(picture) < header + _COUNT + 1:
        return None
    begin = header + _COUNT + 1
    factors = picture[begin + 1 : begin + _COMPONENT_BYTES * picture[header + _COUNT]]
    factors = factors[::_COMPONENT_BYTES]
    if not factors:
        return None
    place, sizes = header + _SIZE, b""
    for factor in (max(each & 15 for each in factors), max(each >> 4 for each in factors)):
        block, size = 8 * factor, int.from_bytes(picture[place : place + 2])
        if not block or size > _MOST - block:
            return None
        sizes, place = sizes + (-(-size // block) * block).to_bytes(2), place + 2
    return picture[: header + _SIZE] + sizes + picture[place:]


def with_another_end(picture: bytes) -> bytes | None:
    """Return a JPEG with other bytes in place of its last coded ones.

    Returns:
        None: it has too few, or more than one scan.
    """
    scan = next((place for marker, place in _segments(picture) if marker == _SCAN), None)
    if scan is None:
        return None
    begin = scan + 2 + int.from_bytes(picture[scan + 2 : scan + 4])
    marker = _MARKER.search(picture, begin)
    if marker and marker[0] != _END:
        return None
    coded = picture[begin : marker.start() if marker else None].rstrip(_FILLING)
    if len(coded) <= len(_OTHER):
        return None
    return picture[:begin] + coded[: -len(_OTHER)] + _OTHER + _END


def _segments(picture: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield the markers before the coded data, and where they stand."""
    place = len(_START) if picture.startswith(_START) else len(picture)
    while place + 4 <= len(picture) and picture[place] == _MARKED:
        marker = picture[place : place + 2]
        yield marker, place
        if marker == _SCAN:
            return
        place += 2 + int.from_bytes(picture[place + 2 : place + 4])


def _are_equal(a: VideoFrame, b: VideoFrame) -> bool:
    kind = a.format
    if (kind.name, a.width, a.height) != (b.format.name, b.width, b.height):
        return False
    is_planar = kind.is_planar or len(kind.components) == 1
    if not is_planar or any(component.bits != 8 for component in kind.components):
        return False  # Lossless JPEG, which this says nothing of.
    return all(map(np.array_equal, map(_pixels, a.planes), map(_pixels, b.planes)))


def _pixels(plane: VideoPlane) -> np.ndarray:
    lines = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return lines[:, : plane.width]
