"""Decoders that say what is wrong with a packet where FFmpeg's own raise no error."""

from typing import Protocol

from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from vidset.video.h264 import ReferenceCount
from vidset.video.hevc.decoder import ProbedDecoder
from vidset.video.mjpeg import EndingDecoder


class CheckedDecoder(Protocol):
    def decode(self, packet: Packet | None) -> tuple[list[VideoFrame], str | None]:
        """Return the frames that come out with a packet, and what is wrong with it, or None.

        Raises:
            FFmpegError: the decoder gives nothing.
        """
        ...

    def begin_anew(self) -> None:
        """Go on with what follows nothing: the decoder was emptied."""
        ...


def checked_decoder(decoder: VideoCodecContext) -> CheckedDecoder | None:
    """Return one that tells more than this one, which is not open yet; None: there is none."""
    of_codec = {"hevc": ProbedDecoder, "h264": _H264Decoder, "mjpeg": EndingDecoder}.get(
        decoder.codec.canonical_name
    )
    return of_codec(decoder) if of_codec else None


class _H264Decoder:
    """FFmpeg's, which goes on with other pictures where those that it needs are not there."""

    def __init__(self, decoder: VideoCodecContext):
        self._decoder, self._references = decoder, ReferenceCount(decoder.extradata)

    def decode(self, packet: Packet | None) -> tuple[list[VideoFrame], str | None]:
        lacks_one = packet is not None and self._references.lacks_one(bytes(packet))
        frames = self._decoder.decode(packet)
        return frames, "a picture that others refer to is missing" if lacks_one else None

    def begin_anew(self) -> None:
        self._references.begin_anew()
