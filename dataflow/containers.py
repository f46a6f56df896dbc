"""Opening a video and listing its packets, through PyAV (FFmpeg). Part of `decoding`."""

from array import array
from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO, cast

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from dataflow.errors import UndecodableVideoError
from dataflow.packet_plan import PacketList, shown_packets

# Containers that hold one video. Playlists and image sequences (hls, dash, concat, image2...) are
# left out on purpose: with them, an upload could name other files or addresses to read.
_CONTAINERS = (
    "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,flv,asf,ogg,mxf,nut,ivf,h264,hevc,obu,"
    "mjpeg,dv,rm,gif"
)
_CONTAINER_OPTIONS = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
# A header may claim any size: a larger frame is refused before memory is taken for it.
_MAX_PIXELS = 8192 * 4352
_BUFFER_BYTES = 1 << 18
# Headers round a little, and a last frame may have no duration of its own.
_END_TOLERANCE_SECONDS = 0.1
# In Matroska no more than the heads of a block and a cluster stand between two packets.
_MAX_MATROSKA_HOLE_BYTES = 256
# Plain, with a time code before each (Blu-ray), with error correction behind each.
_TS_PACKET_BYTES = (188, 192, 204)
# A demuxer that reports this many errors in a row, with no packet between, is at its end.
_MAX_READ_ERRORS = 64


class VideoFile:
    """The first video stream of a container.

    Args:
        source: the path of a local file, or a binary file object that can seek.
        uri: what messages call it.

    Attributes:
        packets: every packet of the stream.
        damage: the first thing found missing or wrong, or None.
        duration_seconds: from the first frame shown to the end of the last; None without timestamps.

    Raises:
        UndecodableVideoError: it is no video, or has no video stream.
    """

    def __init__(self, source: str | BinaryIO, uri: str):
        self._source, self._uri = source, uri
        self.damage: str | None = None
        self.duration_seconds: float | None = None
        self._container, self._stream = self._open()
        try:
            self.packets = self._list_packets()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._container.close()

    @property
    def format_name(self) -> str:
        return self._container.format.name

    @property
    def has_presentation_times(self) -> bool:
        """AVI stores none. What FFmpeg gives instead are guesses, wrong where frames are reordered."""
        return self.format_name != "avi"

    @property
    def decoder(self) -> VideoCodecContext:
        return self._stream.codec_context

    @property
    def time_base(self) -> Fraction:
        return cast(Fraction, self._stream.time_base)

    @property
    def sample_aspect_ratio(self) -> Fraction:
        return self._stream.sample_aspect_ratio or Fraction(1)

    @property
    def ticks_per_frame(self) -> int:
        """By the frame rate that the stream says (a bare one's average is not read), or 25."""
        rate = self._stream.guessed_rate or self._stream.average_rate or Fraction(25)
        return max(1, round(1 / (rate * self.time_base)))

    def damaged(self, what: str) -> None:
        self.damage = self.damage or what  # The first is the cause of the others.

    def read_again(self) -> Iterator[Packet]:
        """The packets of the stream from the first on, for a fresh `decoder`.

        The file is opened anew: seeking to the start is not exact in every container.
        """
        if not isinstance(self._source, str):
            self._source.seek(0)
        self._container.close()
        self._container, self._stream = self._open()
        index = self._stream.index
        return (packet for packet in self._read() if packet.stream_index == index)

    def _open(self) -> tuple[InputContainer, VideoStream]:
        source = f"file:{self._source}" if isinstance(self._source, str) else self._source
        try:
            container = av.open(
                source,
                options=_CONTAINER_OPTIONS,
                buffer_size=_BUFFER_BYTES,
                metadata_errors="replace",
            )
        except FFmpegError as error:
            reason = f"not a readable video: {text_of(error)}"
            raise UndecodableVideoError(reason, self._uri) from None
        for stream in container.streams.video:
            if not stream.disposition & Disposition.attached_pic:
                context = stream.codec_context
                context.thread_count = 1
                context.options = {"max_pixels": str(_MAX_PIXELS)}
                return container, stream
        kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "no streams"
        container.close()
        raise UndecodableVideoError(f"no video stream, only {kinds}", self._uri)

    def _read(self) -> Iterator[Packet]:
        """Every packet from where the container stands, past what cannot be read."""
        errors = 0
        while errors < _MAX_READ_ERRORS:
            try:
                for packet in self._container.demux():
                    if packet.size:  # An empty packet is PyAV's signal to flush.
                        errors = 0
                        yield packet
                return
            except FFmpegError as error:
                errors += 1
                self.damaged(f"reading: {text_of(error)}")

    def _list_packets(self) -> PacketList:
        pts, flags = array("q"), array("B")
        index, video_end, other_end, corrupt = self._stream.index, None, 0.0, 0
        holes = _Holes()
        for packet in self._read():
            holes.add(packet)
            if packet.stream_index != index:
                if packet.pts is not None:
                    end = (packet.pts + (packet.duration or 0)) * packet.time_base
                    other_end = max(other_end, float(end))
                continue
            is_known = self.has_presentation_times or packet.pts == packet.dts
            pts.append(packet.pts if is_known and packet.pts is not None else PacketList.NO_PTS)
            key, discard = packet.is_keyframe, packet.is_discard
            flags.append(PacketList.KEYFRAME * key + PacketList.DISCARD * discard)
            time = packet.pts if is_known else packet.dts
            if time is not None:
                end = time + (packet.duration or 0)
                video_end = end if video_end is None else max(video_end, end)
            corrupt += packet.is_corrupt
        packets = PacketList(np.frombuffer(pts, np.int64), np.frombuffer(flags, np.uint8))
        end_seconds = max(other_end, float((video_end or 0) * self.time_base))
        self._check_length(len(pts), end_seconds)
        if self.format_name == "matroska,webm" and holes.largest > _MAX_MATROSKA_HOLE_BYTES:
            self.damaged(f"{holes.largest} bytes between two frames are unreadable")
        if corrupt:
            self.damaged(f"the container marks {corrupt} packets as corrupt")
        shown = shown_packets(packets)
        if video_end is not None and shown is not None:
            first = int(packets.pts[shown[0]])
            self.duration_seconds = float((video_end - first) * self.time_base)
        return packets

    def _check_length(self, count: int, end_seconds: float) -> None:
        """Compare what was read with what the header promises: a cut file ends without an error."""
        container, stream = self._container, self._stream
        if self.format_name == "mpegts":  # It promises no more than whole packets.
            if all(container.size % size for size in _TS_PACKET_BYTES):
                self.damaged("cut short: it ends within a packet")
            return
        if self.format_name.startswith("mov"):
            if (promised := len(stream.index_entries)) > count:
                self.damaged(f"cut short: the index lists {promised} frames, {count} are there")
            return
        if self.format_name == "avi" and stream.frames and stream.average_rate:
            promised_seconds = float(stream.frames / stream.average_rate)
        elif self.format_name in ("matroska,webm", "flv", "asf") and container.duration:
            promised_seconds = container.duration / av.time_base
        else:
            return  # MPEG-PS and bare streams promise nothing.
        frame_seconds = float(self.ticks_per_frame * self.time_base)
        if promised_seconds - end_seconds > max(_END_TOLERANCE_SECONDS, 2 * frame_seconds):
            self.damaged(
                f"cut short: the header says {promised_seconds:.2f} s, "
                f"{end_seconds:.2f} s are there"
            )


class _Holes:
    """The bytes that a demuxer passed over between one packet and the next."""

    def __init__(self) -> None:
        self._end: int | None = None
        self.largest = 0

    def add(self, packet: Packet) -> None:
        if packet.pos is None or packet.pos < 0:
            return
        if self._end is not None:
            self.largest = max(self.largest, packet.pos - self._end)
        self._end = max(self._end or 0, packet.pos + packet.size)


def text_of(error: FFmpegError) -> str:
    """FFmpeg's words without the path, which may be a temporary one."""
    return error.strerror or type(error).__name__
