"""The facts that a container tells of a stream, which stay when it is closed."""

from dataclasses import dataclass
from fractions import Fraction
from typing import cast

from av.container import InputContainer
from av.video.stream import VideoStream

from vidset.video.opening import video_streams


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of a stream, as far as the container has been read.

    Attributes:
        format_name: FFmpeg's name of the container.
        other_streams: the other video streams with the numbers that name them; None: none.
        time_base: the seconds of a tick.
        sample_aspect_ratio: width to height of a stored pixel.
        ticks_per_frame: by the stream's frame rate (a bare one's average is not read), or 25.
    """

    format_name: str
    other_streams: str | None
    time_base: Fraction
    sample_aspect_ratio: Fraction
    ticks_per_frame: int

    @classmethod
    def of(cls, container: InputContainer, stream: VideoStream) -> "Facts":
        """Ask an open container for the facts of a stream of its own."""
        others = [
            f"{number}: {other.codec_context.codec.canonical_name} "
            f"{other.codec_context.width}x{other.codec_context.height}"
            for number, other in enumerate(video_streams(container))
            if other.index != stream.index
        ]
        time_base = cast(Fraction, stream.time_base)
        rate = stream.guessed_rate or stream.average_rate or Fraction(25)
        return cls(
            container.format.name,
            ", ".join(others) or None,
            time_base,
            stream.sample_aspect_ratio or Fraction(1),
            max(1, round(1 / (rate * time_base))),
        )
