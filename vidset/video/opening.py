"""Opening a container and choosing its video stream, or saying what the file is instead."""

import os
from typing import BinaryIO, cast

import av
from av.codec.codec import codecs_available
from av.codec.context import CodecContext
from av.container import InputContainer
from av.error import ArgumentError, FFmpegError
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from vidset.errors import UndecodableVideoError
from vidset.video.beginning import Beginning
from vidset.video.boxes import Index, is_mp4, read_index
from vidset.video.ebml import (
    damaged_clusters,
    ends_within_an_element,
    has_encrypted_videos_alone,
    is_matroska,
)
from vidset.video.endings import is_cut
from vidset.video.others import what_else
from vidset.video.pixels import side_data_of
from vidset.video.transport import is_scrambled

# Containers that hold one video. Playlists and image sequences (hls, dash, concat, image2...) are
# left out on purpose: with them, an upload could name other files or addresses to read.
_CONTAINERS = (
    "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,flv,asf,ogg,mxf,nut,ivf,h264,hevc,obu,"
    "mjpeg,dv,rm,gif,dhav"
)
_CONTAINER_OPTIONS = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
# A header may claim any size: a larger frame is refused before memory is taken for it.
_MAX_PIXELS = 8192 * 4352
_BUFFER_BYTES = 1 << 18
_HEAD_BYTES = 4096
# So many samples may an index claim, whatever the size of the file: 3 MB in memory.
_MAX_CLAIMED = 100_000
# By so much may the duration in a header differ from what the index adds up to.
_OTHER_SECONDS, _OTHER_SHARE = 2.0, 0.1
# What ffmpeg adds to a stream's pixels when it chooses one that is marked as the default.
_DEFAULT_BONUS = 5_000_000
_NO_VIDEO = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
# Decoders that show garbage, and do not tell, unless they are asked to. HEVC may carry checksums of
# its pictures, and is asked for more by `hevc`.
_STRICT_OPTIONS = {
    "hevc": {"err_detect": "crccheck"},
    "mjpeg": {"err_detect": "explode"},
    "libdav1d": {"strict": "strict"},
}
# By codec, a decoder that tells damage which FFmpeg's own does not see. Its pictures are the same.
_STRICT_DECODERS = {"vp9": "libvpx-vp9"}
_STRICT_FORMATS = frozenset({"yuv420p", "yuv422p", "yuv440p", "yuv444p"})
_ENCRYPTED = "the video is encrypted"
_JPEG = b"\xff\xd8\xff"


class Source:
    """The source of a video: the path of a local file, or a binary file that can seek.

    Attributes:
        head: how it begins.
        size_bytes: how long it is.
        index: what the boxes of an MP4 say; None for other containers.
        is_cut: whether its end is missing, as its container's own structure says.
        damaged: ranges of a local Matroska file whose bytes do not match their checksums.

    Raises:
        UndecodableVideoError: it is plainly no video, or an index claims what cannot be.
    """

    def __init__(self, source: str | BinaryIO, uri: str, stream: int = 0):
        self._source, self._uri, self._number = source, uri, stream
        if isinstance(source, str):
            try:
                with open(source, "rb") as file:
                    self._look(file)
            except OSError as error:
                raise UndecodableVideoError(f"it cannot be read: {error.strerror}", uri) from None
        else:
            self._look(source)

    def _look(self, file: BinaryIO) -> None:
        self.size_bytes = file.seek(0, os.SEEK_END)
        file.seek(0)
        self.head, self.index = file.read(_HEAD_BYTES), None
        self.is_cut, self.damaged = False, list[range]()
        if not self.size_bytes:
            raise UndecodableVideoError("not a readable video: the file is empty", self._uri)
        if (what := what_else(self.head)) is not None:
            raise UndecodableVideoError(f"not a readable video: it is {what}", self._uri)
        if is_mp4(self.head):
            self.index = read_index(file, self.size_bytes)
            self._check(self.index)
            self.is_cut = self.index.cut_at is not None
        elif is_matroska(self.head):
            self.is_cut = ends_within_an_element(file, self.size_bytes)
            if has_encrypted_videos_alone(file, self.size_bytes):
                raise UndecodableVideoError(_ENCRYPTED, self._uri)
            if isinstance(self._source, str):  # From afar, all of it would be read once more.
                self.damaged = damaged_clusters(file, self.size_bytes)
        elif is_scrambled(file):
            raise UndecodableVideoError(_ENCRYPTED, self._uri)
        else:
            self.is_cut = is_cut(file, self.head, self.size_bytes)
        file.seek(0)

    def _check(self, index: Index) -> None:
        if not index.has_moov:
            reason = (
                "not a readable video: it has no index (moov), as when a recording ends before it "
                "is finished"
            )
            raise UndecodableVideoError(reason, self._uri)
        if index.largest_count > max(_MAX_CLAIMED, self.size_bytes):
            reason = (
                f"its index claims {index.largest_count} frames, more than a file of "
                f"{self.size_bytes} bytes can hold"
            )
            raise UndecodableVideoError(reason, self._uri)
        videos = [track for track in index.tracks if track.handler == "vide"]
        if videos and all(track.is_encrypted for track in videos):
            raise UndecodableVideoError(_ENCRYPTED, self._uri)

    def open(self, *, is_strict: bool = True) -> tuple[InputContainer, VideoStream]:
        """Open it again, from its start.

        Args:
            is_strict: let the decoder raise at damage that it would otherwise hide.

        Raises:
            UndecodableVideoError: it is no video, or has no video stream.
        """
        try:
            container = self._container()
        except FFmpegError as error:
            # FFmpeg says so little of a container that is not on our list.
            is_other = isinstance(error, ArgumentError)
            what = "no container that vidset reads, or a damaged one" if is_other else None
            reason = f"not a readable video: {what or text_of(error)}"
            raise UndecodableVideoError(reason, self._uri) from None
        streams = video_streams(container)
        if streams and self._number >= len(streams):
            container.close()
            raise UndecodableVideoError(
                f"it has no video stream {self._number}: it has {len(streams)}, counted from 0",
                self._uri,
            )
        stream = streams[self._number] if streams else None
        if stream is None:
            kinds = ", ".join(sorted({_kind(stream) for stream in container.streams}))
            container.close()
            raise UndecodableVideoError(f"no video stream, only {kinds or 'no streams'}", self._uri)
        set_up(stream.codec_context, is_strict=is_strict)
        return container, stream

    def _container(self) -> InputContainer:
        source, options = self._source, _CONTAINER_OPTIONS
        # FFmpeg takes nothing of a file whose last fragment's index is cut.
        cut_at = self.index.cut_at if self.index else None
        if isinstance(source, str):
            source = f"file:{source}"
            if cut_at is not None:
                source = f"subfile,,start,0,end,{cut_at},,:{source}"
                options = {**options, "protocol_whitelist": "file,subfile"}
        else:
            source.seek(0)
            if cut_at is not None:
                source = cast(BinaryIO, Beginning(source, cut_at))
        return av.open(
            source,
            mode="r",
            # FFmpeg takes a row of JPEGs for pictures, which are not among our containers.
            format="mjpeg" if self.head.startswith(_JPEG) else None,
            options=options,
            buffer_size=_BUFFER_BYTES,
            metadata_errors="replace",
        )

    def promised_frames(self, stream: int) -> int:
        """Returns how many frames a track's tables promise; 0 if an edit list takes some away."""
        tracks = self.index.tracks if self.index else []
        if stream >= len(tracks) or tracks[stream].handler != "vide":
            return 0
        track = tracks[stream]
        promised = max(track.sizes or 0, track.times or 0)
        if not track.sizes or track.duration_seconds is None or track.edited_seconds is None:
            return promised if track.sizes else 0
        frame_seconds = track.duration_seconds / promised
        is_whole = track.edited_seconds >= track.duration_seconds - 2 * frame_seconds
        return promised if is_whole else 0

    def contradiction(self, stream: int, end_seconds: float) -> str | None:
        """Return what the tables of a track say otherwise than its header, or than each other.

        Args:
            end_seconds: when the last frame ends; times may begin far from 0.
        """
        tracks = self.index.tracks if self.index else []
        if stream >= len(tracks) or not (track := tracks[stream]).sizes:
            return None
        if track.offsets is not None and track.offsets < track.sizes:
            return f"the index has the times of {track.offsets} of {track.sizes} frames"
        said, tabled = track.duration_seconds, track.tabled_seconds
        if said is None or tabled is None:
            return None
        # Headers round, and the last frame's own length may be left out.
        tolerance = max(_OTHER_SECONDS, _OTHER_SHARE * said)
        if tabled - tolerance <= said <= max(tabled, end_seconds) + tolerance:
            return None
        return f"the header says {said:.2f} s, the index {tabled:.2f} s"

    @property
    def is_local(self) -> bool:
        """Returns whether it is a file of this machine."""
        return isinstance(self._source, str)

    @property
    def is_jpeg(self) -> bool:
        """Returns whether it begins as a JPEG: it may be one picture or a row of them."""
        return self.head.startswith(_JPEG)


def set_up(decoder: VideoCodecContext, *, is_strict: bool) -> None:
    """Set what holds for every decoder, before it is opened."""
    decoder.thread_count = 1
    decoder.options = {"max_pixels": str(_MAX_PIXELS)}
    if is_strict:
        decoder.options = {**decoder.options, **_STRICT_OPTIONS.get(decoder.name, {})}


def strict_decoder(usual: VideoCodecContext, first: Packet) -> VideoCodecContext | None:
    """Return a decoder that tells more damage than the usual one, if there is one for this video.

    It is not told what the container says of the stream. What matters is handed over here, but for
    a rotation: a video that has one, on its first frame, stays with the usual decoder.
    """
    name = _STRICT_DECODERS.get(usual.codec.canonical_name)
    if name is None or name not in codecs_available or usual.pix_fmt not in _STRICT_FORMATS:
        return None
    try:
        if any("DISPLAYMATRIX" in side_data_of(frame) for frame in usual.decode(first)):
            return None
    except FFmpegError:
        pass  # The other will say so too.
    except ValueError:  # There is side data that PyAV does not know.
        return None
    usual.flush_buffers()
    decoder = cast(VideoCodecContext, CodecContext.create(name, "r"))
    decoder.width, decoder.height, decoder.pix_fmt = usual.width, usual.height, usual.pix_fmt
    decoder.color_primaries, decoder.color_trc = usual.color_primaries, usual.color_trc
    decoder.colorspace, decoder.color_range = usual.colorspace, usual.color_range
    set_up(decoder, is_strict=True)
    return decoder


def is_strict(decoder: VideoCodecContext) -> bool:
    """Returns whether a decoder, set up to be strict, refuses what it or another would show."""
    return decoder.name in _STRICT_OPTIONS or decoder.name in _STRICT_DECODERS.values()


def video_streams(container: InputContainer) -> list[VideoStream]:
    """The streams that can be decoded as videos, without covers and thumbnails.

    The first is the one that the ffmpeg command takes: marked as the default, then of most pixels.
    The others follow in the container's order.
    """
    streams = [
        stream
        for stream in container.streams.video
        # There is no context if FFmpeg does not know the codec.
        if stream.codec_context is not None and not stream.disposition & _NO_VIDEO
    ]
    best = max(streams, key=_rank, default=None)
    return sorted(streams, key=lambda stream: stream is not best)


def _rank(stream: VideoStream) -> tuple[bool, int]:
    context = stream.codec_context
    is_default = bool(stream.disposition & Disposition.default)
    # FFmpeg knows whether a stream has pictures at all by the size that it found.
    pixels = context.width * context.height
    return pixels > 0, pixels + _DEFAULT_BONUS * is_default


def _kind(stream: Stream) -> str:
    if stream.type != "video":
        return stream.type
    is_cover = stream.disposition & _NO_VIDEO
    return "a cover picture" if is_cover else "video of an unknown codec"


def text_of(error: FFmpegError) -> str:
    """FFmpeg's words without the path, which may be a temporary one."""
    return error.strerror or type(error).__name__
