"""Opening a video and listing its packets, through PyAV (FFmpeg). Part of `decoding`."""

import threading
from array import array
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, islice
from typing import BinaryIO

import av
import numpy as np
from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from vidset.errors import UndecodableVideoError
from vidset.video import bare
from vidset.video.checking import CheckedDecoder, checked_decoder
from vidset.video.color_names import PRIMARIES, TRANSFERS
from vidset.video.facts import Facts
from vidset.video.file_spans import Spans
from vidset.video.lengths import wrong_length
from vidset.video.opening import Source, strict_decoder, text_of
from vidset.video.packets import NO_PACKETS, PacketList, shown_packets, stray_packets

# Of a packed AVI's last packets not all become frames.
_MAX_LOST_FRAMES = 4
# An index may name the same bytes for several frames; more than this is no video but an attack.
_MAX_READINGS, _READING_SLACK_BYTES = 16, 1 << 20
# A demuxer that reports this many errors in a row, with no packet between, is at its end.
_MAX_READ_ERRORS = 64


def decoder_version() -> str:
    """Return what decodes videos here, such as "PyAV 18.1.0, FFmpeg 8.1.2"."""
    return f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}"


class VideoFile:
    """A video stream of a container.

    Args:
        source: the path of a local file, or a binary file object that can seek.
        uri: what messages call it.
        is_listed: another has listed the packets already; nothing is checked.
        stop: once it is set, nobody wants the packets any more.
        stream: 0 is the stream that a player shows; the others follow in their order.

    Attributes:
        packets: every packet of the stream; of one that is listed already, none.
        facts: what the container tells of the stream.
        damage: the first thing found missing or wrong, or None.
        duration_seconds: from the first frame shown to the end of the last; None without times.
        is_strict: whether the decoder raises at what it would otherwise show as garbage.

    Raises:
        UndecodableVideoError: it is no video, or has no video stream.
    """

    def __init__(
        self,
        source: str | BinaryIO,
        uri: str,
        stop: threading.Event | None = None,
        stream: int = 0,
        *,
        is_listed: bool = False,
    ):
        self._stop, self._is_unread = stop, is_listed
        self._whole: int | None = None  # How many packets are read, if not all.
        self._source, self._uri = Source(source, uri, stream), uri
        self.damage: str | None = None
        self.duration_seconds: float | None = None
        self.is_strict = True
        self._container, self._stream = self._source.open()
        self._decoder = self._stream.codec_context
        self._checked: CheckedDecoder | None = None
        self.facts = Facts.of(self._container, self._stream)
        try:
            self.packets = NO_PACKETS if is_listed else self._list_packets()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the container, whose index may take megabytes. `read_again` opens it again."""
        self._container.close()

    @property
    def format_name(self) -> str:
        return self.facts.format_name

    @property
    def color_transfer(self) -> str | None:
        """FFmpeg's name of the transfer function; None where the video does not say."""
        return TRANSFERS.get(int(self.decoder.color_trc))

    @property
    def color_primaries(self) -> str | None:
        """FFmpeg's name of the primaries; None where the video does not say."""
        return PRIMARIES.get(int(self.decoder.color_primaries))

    @property
    def has_presentation_times(self) -> bool:
        """AVI stores none. FFmpeg's guesses instead are wrong where frames are reordered."""
        return self.format_name != "avi"

    @property
    def decoder(self) -> VideoCodecContext:
        return self._decoder

    @property
    def codec(self) -> str:
        return self._decoder.codec.canonical_name

    @property
    def time_base(self) -> Fraction:
        return self.facts.time_base

    def decode(self, packet: Packet | None) -> tuple[list[VideoFrame], str | None]:
        """Return the frames that come out with a packet, and what is wrong with it, or None.

        Raises:
            FFmpegError: the decoder gives nothing.
        """
        if self._checked is not None:
            return self._checked.decode(packet)
        return self._decoder.decode(packet), None

    def flush(self) -> None:
        """Empty the decoder: what it is given next begins anew."""
        self._decoder.flush_buffers()
        if self._checked is not None:
            self._checked.begin_anew()

    def damaged(self, what: str) -> None:
        self.damage = self.damage or what  # The first is the cause of the others.

    def read_again(self) -> Iterator[Packet]:
        """The packets of the stream from the first on, for a fresh `decoder`.

        The file is opened again: seeking to the start is not exact in every container.
        """
        if not self._is_unread:
            self._container.close()
            self._container, self._stream = self._source.open(is_strict=self.is_strict)
        self._is_unread = False
        self._decoder, index = self._stream.codec_context, self._stream.index
        self._checked = checked_decoder(self._decoder) if self.is_strict else None
        packets = (packet for packet in self._read() if packet.stream_index == index)
        packets = islice(packets, self._whole)
        first = next(packets, None)
        if first is None:
            return packets
        if self.is_strict:
            self._decoder = strict_decoder(self._decoder, first) or self._decoder
        return chain([first], packets)

    def _read(self) -> Iterator[Packet]:
        """Every packet from where the container stands, past what cannot be read."""
        errors = 0
        while errors < _MAX_READ_ERRORS:
            try:
                for packet in self._container.demux():
                    if self._stop is not None and self._stop.is_set():
                        raise UndecodableVideoError("it was not opened to its end", self._uri)
                    if packet.size:  # An empty packet is PyAV's signal to flush.
                        errors = 0
                        yield packet
                return
            except IndexError:
                return  # PyAV's way to end where streams were added on the way, as MPEG-TS may.
            except FFmpegError as error:
                errors += 1
                self.damaged(f"reading: {text_of(error)}")

    def _list_packets(self) -> PacketList:
        times, flags = array("q"), array("B")
        index, corrupt, total_bytes = self._stream.index, 0, 0
        ends, time_bases = dict[int, int](), dict[int, Fraction]()
        last: tuple[int, int] | None = None
        spans = Spans() if self._is_dense else None
        has_damaged, has_times = bool(self._source.damaged), self.has_presentation_times
        most_bytes = _MAX_READINGS * self._source.size_bytes + _READING_SLACK_BYTES
        for packet in self._read():
            if spans is not None:
                spans.add(packet)
            pts, number = packet.pts, packet.stream_index
            is_known = has_times or pts == packet.dts
            time = pts if is_known else packet.dts
            end = (time or 0) + (packet.duration or 0)
            # In ticks: a product of fractions for each packet would take as long as reading it.
            if time is not None and end > ends.get(number, 0):
                time_bases[number], ends[number] = packet.time_base, end
            if number != index:
                continue
            total_bytes += packet.size
            if total_bytes > most_bytes:
                raise UndecodableVideoError(
                    "its index names the same bytes over and over", self._uri
                )
            times.append(pts if is_known and pts is not None else PacketList.NO_PTS)
            key, discard = packet.is_keyframe, packet.is_discard
            wrong = packet.is_corrupt or (has_damaged and self._is_damaged(packet))
            flags.append(
                PacketList.KEYFRAME * key
                + PacketList.DISCARD * discard
                + PacketList.DAMAGED * wrong
            )
            # Durations are steps in decoding order: only that of the frame shown last is its own.
            if time is not None and (last is None or time > last[0]):
                last = time, end
            corrupt += packet.is_corrupt
        self.facts = Facts.of(self._container, self._stream)  # Of streams that came late, too.
        if self._source.is_jpeg and len(times) < 2:
            raise UndecodableVideoError("not a readable video: it is a picture", self._uri)
        packets = PacketList(np.frombuffer(times, np.int64), np.frombuffer(flags, np.uint8))
        strays = stray_packets(packets.pts, self.time_base)
        if len(strays):
            packets.flags[strays] |= PacketList.STRAY
            self.damaged(f"{len(strays)} frames have times far from those of their neighbours")
            last = self._last_of(packets)
        packets = self._without_a_cut_picture(packets)
        end_seconds = max((float(ends[each] * time_bases[each]) for each in ends), default=0.0)
        self._check_length(len(times), end_seconds)
        if spans is not None and (hole := spans.hole(self.format_name, self._container.size)):
            self.damaged(hole)
        keyframes = np.flatnonzero(packets.flags & PacketList.KEYFRAME)
        if len(keyframes) and keyframes[0] > 0:
            self.damaged(f"{keyframes[0]} frames before the first keyframe cannot be decoded")
        self._note_told(corrupt)
        shown = shown_packets(packets)
        if last is not None and shown is not None:
            first = int(packets.pts[shown[0]])
            self.duration_seconds = float((last[1] - first) * self.time_base)
        return packets

    def _without_a_cut_picture(self, packets: PacketList) -> PacketList:
        """Leave out the last packet of a bare stream if it is cut: it is never decoded."""
        # From afar, its end would be read twice more.
        is_bare = self.format_name == bare.FORMAT and self._source.is_local
        if not (is_bare and bare.ends_within_a_picture(self._source, packets)):
            return packets
        self.damaged("cut short: the file ends in the middle of a picture")
        self._whole = len(packets.pts) - 1
        return PacketList(packets.pts[: self._whole], packets.flags[: self._whole])

    def _note_told(self, corrupt: int) -> None:
        if damaged := len(self._source.damaged):
            self.damaged(f"{damaged} parts of the file do not match their checksums")
        if corrupt:
            self.damaged(f"the container marks {corrupt} packets as corrupt")

    def _is_damaged(self, packet: Packet) -> bool:
        place = packet.pos
        return place is not None and any(place in each for each in self._source.damaged)

    def _last_of(self, packets: PacketList) -> tuple[int, int]:
        """Returns when the last frame that is no stray begins and ends."""
        is_plain = (packets.flags & PacketList.STRAY) == 0
        last = int(packets.pts[is_plain].max())
        return last, last + self.facts.ticks_per_frame

    def _check_length(self, count: int, end_seconds: float) -> None:
        wrong = wrong_length(
            self._container, self._stream, self._source, self.facts, count, end_seconds
        )
        if wrong is not None:
            self.damaged(wrong)

    @property
    def _is_dense(self) -> bool:
        """Returns whether little stands between packets; in an MP4 without fragments much may."""
        if self.format_name.startswith("mov"):
            return self._stream.frames == 0
        return self.format_name in ("matroska,webm", "mpegts")

    def check_count(self, frames: int) -> None:
        """Compare with the frames that were decoded, where the container keeps each in a packet."""
        expected = int(np.count_nonzero((self.packets.flags & PacketList.DISCARD) == 0))
        is_frame_a_packet = self.format_name == "avi" or self.format_name.startswith("mov")
        if is_frame_a_packet and expected - frames > _MAX_LOST_FRAMES:
            self.damaged(f"{expected - frames} of {expected} frames do not decode")
