"""Compares what was read of a video with what its container promises: a cut file ends silently."""

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from vidset.video.facts import Facts
from vidset.video.opening import Source

# How much shorter than its header says a video may be, at least: headers round, some a lot.
_TOLERANCE_SECONDS = {"avi": 0.1, "matroska,webm": 0.1, "flv": 1.0, "asf": 1.0}


def wrong_length(
    container: InputContainer,
    stream: VideoStream,
    source: Source,
    facts: Facts,
    count: int,
    end_seconds: float,
) -> str | None:
    """Return what is missing or contradicts itself, by every promise there is, or None.

    Args:
        count: of the packets that were read.
        end_seconds: when the last of them ends.
    """
    format_name, promised_seconds = facts.format_name, 0.0
    if format_name.startswith("mov"):
        if (promised := len(stream.index_entries)) > count:
            return f"cut short: the index lists {promised} frames, {count} are there"
        if (promised := source.promised_frames(stream.index)) > count:
            return f"cut short: the header promises {promised} frames, {count} are there"
        if contradiction := source.contradiction(stream.index, end_seconds):
            return contradiction
    elif format_name == "avi" and stream.frames and stream.average_rate:
        promised_seconds = float(stream.frames / stream.average_rate)
    elif format_name in _TOLERANCE_SECONDS and container.duration:
        promised_seconds = container.duration / av.time_base
    # MPEG-TS, MPEG-PS and bare streams promise nothing.
    if promised_seconds:
        frame_seconds = float(facts.ticks_per_frame * facts.time_base)
        tolerance = max(_TOLERANCE_SECONDS[format_name], 2 * frame_seconds)
        if promised_seconds - end_seconds > tolerance:
            return (
                f"cut short: the header says {promised_seconds:.2f} s, "
                f"{end_seconds:.2f} s are there"
            )
    if source.is_cut:
        return "cut short: the file ended prematurely, in the middle of a frame"
    return None
