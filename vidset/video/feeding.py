"""Packets fed to the decoder: those of a plan, or all. What comes out is not yet a sample."""

from collections.abc import Iterator

from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame

from vidset.video.containers import VideoFile
from vidset.video.impossible import is_impossible
from vidset.video.opening import is_strict, text_of
from vidset.video.packets import PacketList
from vidset.video.segments import Part
from vidset.video.suspects import Suspects

# The decoders that leave out frames that no other refers to when told so packet by packet.
_SKIPPING_DECODERS = frozenset({"h264", "hevc", "vp8", "vp9", "mpeg4", "mpeg2video", "mpeg1video"})


# Decoders that tell damage at the packet that has it. The others mark frames, when they come out.
_PROMPT_CODECS = frozenset({"hevc", "vp9", "av1", "mjpeg"})
# Decoders that go on with whatever they have.
_SILENT_CODECS = frozenset({"hevc"})
# Decoders that tell nearly all damage: what the container calls damaged is left to them.
_TELLING_CODECS = frozenset({"h264", "mpeg4", "av1"})


class PlanFailedError(Exception):
    """The decoder did not begin with a whole picture where the plan said it would."""


class Feed:
    """Feeds the packets of a video to its decoder, and notes the damage that it meets.

    Args:
        file: the open video; `damage` is noted there.
    """

    def __init__(self, file: VideoFile):
        self._file = file
        # The index, in the file's list, of the packet that the decoder was given last.
        self._place = 0
        self._reading: Iterator[Packet] | None = None
        self._next_place = 0  # The index, in the file, of the packet that is read next.
        self._has_whole = False  # Whether a whole frame came out since the decoder was empty.
        self.forget_errors()

    def forget_errors(self, latest_before: int = PacketList.NO_PTS) -> None:
        """Begin a new pass: nothing has failed, or is suspected but of what the container says.

        Args:
            latest_before: as in `Part`.
        """
        self._given = self._failed = 0
        self._suspects = Suspects(
            self._file.packets,
            are_told=self._file.codec not in _TELLING_CODECS,
            latest_before=latest_before,
        )

    def read_anew(self) -> None:
        """Read from the start next time, since the decoder is not empty."""
        self._reading = None

    @property
    def is_strict(self) -> bool:
        """Returns whether a decoder is at work that refuses what another would show."""
        return self._file.is_strict and is_strict(self._file.decoder)

    @property
    def has_failed(self) -> bool:
        """Returns whether a packet did not decode in this pass."""
        return self._failed > 0

    @property
    def is_of_odd_make(self) -> bool:
        """Returns whether most packets did not: the encoder's fault, and no damage on the way."""
        return 2 * self._failed > self._given

    def is_bad(self, frame: VideoFrame) -> bool:
        """Returns whether a frame shows something else than the video does."""
        if frame.is_corrupt or self._suspects.has(frame.pts, self._place):
            return True
        if not (self.is_strict and self._file.codec in _SILENT_CODECS and is_impossible(frame)):
            return False
        self._file.damaged("frames have colours that no video has")
        self._suspects.error_at(frame.pts, self._place)
        return True

    def all(self) -> Iterator[VideoFrame]:
        """Yield every frame of the video as the decoder gives it."""
        yield from self._settled(self._all())

    def _all(self) -> Iterator[VideoFrame]:
        self._reading, self._has_whole = None, False
        for place, packet in enumerate(self._file.read_again()):
            self._place = place
            yield from self._decode(packet)
        yield from self._decode(None)

    def planned(self, part: Part) -> Iterator[VideoFrame]:
        """Yield what decoding the packets that the plan feeds in this part gives.

        Segments that are asked for in their order are read in one go.

        Raises:
            PlanFailedError: the decoder cannot be opened.
        """
        yield from self._settled(self._planned(part))

    def _planned(self, part: Part) -> Iterator[VideoFrame]:
        packets = self._read_from(part.begin)
        context = self._file.decoder
        can_skip = context.name in _SKIPPING_DECODERS
        was_fed = self._has_whole = False
        plan, self._place = part.plan, 0
        steps = zip(plan.feed.tobytes(), plan.wanted.tobytes(), packets, strict=False)
        for place, (is_fed, is_wanted, packet) in enumerate(steps):
            self._place, self._next_place = place, part.begin + place + 1
            if is_fed:
                if can_skip:
                    context.skip_frame = "DEFAULT" if is_wanted else "NONREF"
                yield from self._decode(packet)
            elif was_fed:
                yield from self._decode(None)
                self._file.flush()
                self._has_whole = False
            was_fed = is_fed
        yield from self._decode(None)
        if not part.is_last:
            self._file.flush()

    def _read_from(self, place: int) -> Iterator[Packet]:
        """Yield the packets from this index on, reading on or from the start, as it must."""
        if self._reading is None or self._next_place > place:
            self._reading, self._next_place = self._file.read_again(), 0
            try:
                # Before anything is skipped: dav1d reads `skip_frame` only then.
                self._file.decoder.open()
            except FFmpegError:
                raise PlanFailedError from None
        for _ in zip(range(place - self._next_place), self._reading, strict=False):
            self._next_place += 1
        return self._reading

    def _settled(self, frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
        return frames if self._file.codec in _PROMPT_CODECS else self._suspects.settled(frames)

    def _decode(self, packet: Packet | None) -> list[VideoFrame]:
        self._given += packet is not None
        try:
            frames, wrong = self._file.decode(packet)
        except FFmpegError as error:
            frames, wrong = [], text_of(error)
        if wrong is not None:
            self._failed += 1
            self._file.damaged(f"decoding: {wrong}")
            if self._file.is_strict:
                self._suspects.error(self._place)
        for frame in frames:
            if not frame.is_corrupt:
                self._has_whole = True
                continue
            self._file.damaged("frames decode with errors")
            # Before the first whole frame it may be a refresh that has only begun.
            is_damage = self._has_whole or frame.pict_type == PictureType.I
            if is_damage and self._file.is_strict:
                self._suspects.error_at(frame.pts, self._place)
        return frames
