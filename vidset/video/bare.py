"""Tells whether a bare HEVC stream ends in the middle of a picture.

Nothing says how long a picture is there, and FFmpeg decodes what is cut without a word: the rest of
the picture is grey, or repeats another. But it reads on where the data of a whole picture end no
more: with other bytes behind them, a picture that is cut comes out otherwise, and a whole one does
not.
"""

from collections.abc import Iterator

import numpy as np
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame

from vidset.video.opening import Source
from vidset.video.packets import PacketList
from vidset.video.pixels import DecodedFrame, Scalers

FORMAT = "hevc"
# No start code is among them, nor with any bytes before them.
_TAIL = bytes([0xA5, 0x5A, 0x93, 0x6C]) * 64
# So many pictures after a keyframe may refer beyond it, and are lost where decoding begins there.
_MOST_LEADING = 32


def ends_within_a_picture(source: Source, packets: PacketList) -> bool:
    """Decode the end of a stream twice, as it is and with other bytes behind it, and compare."""
    keyframes = np.flatnonzero(packets.flags & PacketList.KEYFRAME)
    if not len(keyframes):
        return False
    last = len(packets.flags) - 1
    begin = int(keyframes[-1])
    if last - begin < _MOST_LEADING:
        begin = int(keyframes[-2:][0])
    scalers = Scalers()
    plain, longer = (
        [DecodedFrame(frame, 0, scalers).digest() for frame in _end(source, begin, last, tail)]
        for tail in (b"", _TAIL)
    )
    return plain != longer


def _end(source: Source, begin: int, last: int, tail: bytes) -> Iterator[VideoFrame]:
    """Decode from one index on, and yield what comes out with the last packet, or after it."""
    container, stream = source.open(is_strict=False)
    with container:
        for place, packet in enumerate(container.demux(stream)):
            if place < begin:
                continue
            try:
                if place == last and tail:
                    packet = Packet(bytes(packet) + tail)  # noqa: PLW2901
                frames = stream.codec_context.decode(packet)
            except FFmpegError:
                continue  # It is told when the samples are decoded.
            if place >= last:
                yield from frames
