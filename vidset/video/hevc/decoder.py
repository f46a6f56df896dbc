"""An HEVC decoder that says which packets are damaged. Its pictures are those of FFmpeg's own."""

from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from vidset.video.hevc.probes import Probes, Told
from vidset.video.messages import heard

_REFUSED = "Previous slice segment missing"
# Said of pictures that the decoder was not given, on purpose or not: no damage by itself.
_NOT_GIVEN = "Could not find ref with POC"
# Said of probes in pictures that are passed over, since those that they refer to were not given.
_PASSED_OVER = "Independent slice segment missing."
_NEW_EXTRADATA = "new_extradata"


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
        frames, errors = heard(self._decoder.decode, packet)
        said = [error for error in errors if not error.startswith(_NOT_GIVEN)]
        return [each for each in frames if not self._is_hidden(each)], _wrong(said, told)

    def begin_anew(self) -> None:
        """Parameter sets stay known, to FFmpeg's decoder as well."""

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
        return f"a picture is damaged ({others[0].rstrip('.')})"
    if not told.has_picture:
        return "a packet holds no picture"
    is_whole = len(said) == told.refused
    return None if is_whole else "a picture does not end where its data end"
