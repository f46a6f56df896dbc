"""An HEVC decoder that says which packets are damaged. Its pictures are those of FFmpeg's own."""

import threading
from contextlib import AbstractContextManager

from av import logging as av_logging
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from vidset.video.hevc.probes import Probes, Told

CODEC = "hevc"
_REFUSED = "Previous slice segment missing"
# Said of pictures that the decoder was not given, on purpose or not: no damage by itself.
_NOT_GIVEN = "Could not find ref with POC"
# Said of probes in pictures that are passed over, since those that they refer to were not given.
_PASSED_OVER = "Independent slice segment missing."
_NEW_EXTRADATA = "new_extradata"


class _Listening(AbstractContextManager[None]):
    """Lets FFmpeg's errors reach who captures those of a thread.

    PyAV has one setting for all threads of a process. What it was is put back when no thread needs
    another, so that an application's own choice stays; errors of threads that did not ask for any
    go nowhere meanwhile.
    """

    def __init__(self):
        self._lock, self._count = threading.Lock(), 0
        self._level: int | None = None
        self._skips_repeated = True
        self._of_others = av_logging.Capture(local=False)

    def __enter__(self) -> None:
        with self._lock:
            if not self._count:
                self._level = av_logging.get_level()
                self._skips_repeated = bool(av_logging.get_skip_repeated())
                if self._level is None:
                    self._of_others.__enter__()
                av_logging.set_level(max(self._level or av_logging.ERROR, av_logging.ERROR))
                av_logging.set_skip_repeated(False)  # They are counted.
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._count -= 1
            self._of_others.logs.clear()
            if not self._count:
                if self._level is None:
                    self._of_others.__exit__(None, None, None)
                av_logging.set_skip_repeated(self._skips_repeated)
                av_logging.set_level(self._level)


_LISTENING = _Listening()


class ProbedDecoder:
    """FFmpeg's decoder, with probes put into what it gets.

    Args:
        decoder: one that is not open yet.
    """

    def __init__(self, decoder: VideoCodecContext):
        self._decoder, self._probes = decoder, Probes(decoder.extradata)
        if decoder.extradata:
            decoder.extradata = self._probes.extradata
        self._hidden = set[int]()  # Times of frames that an edit list cuts away.

    def decode(self, packet: Packet | None) -> tuple[list[VideoFrame], str | None]:
        """Return the frames that come out with a packet, and what is wrong with it, or None.

        Raises:
            FFmpegError: the decoder gives nothing.
        """
        told = Told()
        if packet is not None:
            packet, told = self._probed(packet)
        with _LISTENING, av_logging.Capture() as messages:
            frames = [each for each in self._decoder.decode(packet) if not self._is_hidden(each)]
        said = [message for level, _, message in messages if level <= av_logging.ERROR]
        said = [message.strip() for message in said if not message.startswith(_NOT_GIVEN)]
        return frames, _wrong(said, told)

    def _probed(self, packet: Packet) -> tuple[Packet, Told]:
        skips = self._decoder.skip_frame == "NONREF"
        data, told = self._probes.put_into(bytes(packet), skips=skips)
        probed = Packet(data)
        probed.pts, probed.dts, probed.duration = packet.pts, packet.dts, packet.duration
        if packet.time_base is not None:
            probed.time_base = packet.time_base
        probed.is_keyframe, probed.is_corrupt = packet.is_keyframe, packet.is_corrupt
        if packet.has_sidedata(_NEW_EXTRADATA):
            extradata = packet.get_sidedata(_NEW_EXTRADATA)
            self._probes.read_extradata(bytes(extradata))
            extradata.update(self._probes.extradata or b"")
            probed.set_sidedata(extradata)
        if packet.is_discard and packet.pts is not None:  # PyAV cannot set this flag.
            self._hidden.add(packet.pts)
        return probed, told

    def _is_hidden(self, frame: VideoFrame) -> bool:
        if frame.pts not in self._hidden:
            return False
        self._hidden.discard(frame.pts)
        return True


def _wrong(said: list[str], told: Told) -> str | None:
    if told.may_be_passed_over and all(message == _PASSED_OVER for message in said):
        return None
    if others := [message for message in said if message != _REFUSED]:
        return others[0]
    if not told.has_picture:
        return "a packet holds no picture"
    is_whole = len(said) == told.refused
    return None if is_whole else "a picture does not end where its data end"
