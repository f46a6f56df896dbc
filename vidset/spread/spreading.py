"""One long video decoded by several processes, as if by one: for `extraction`.

Helpers decode segments side by side and send samples: small pictures to judge by, and a JPEG where
the sample will probably be kept. They are judged here, in order. What a guess gets wrong is decoded
once more, so that guesses decide what it costs and never what comes out.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any

import numpy as np

from vidset.engines.engine import TaskError, TaskLostError
from vidset.engines.processes import Processes
from vidset.memory import give_back
from vidset.settings import ExtractionSettings
from vidset.spread.helping import Ended, Sent, open_helper
from vidset.spread.waiting import Waiting
from vidset.video.decoding import DecodingElsewhereError, Video
from vidset.video.feeding import PlanFailedError
from vidset.video.packets import PacketList, PacketPlan
from vidset.video.pixels import DecodedFrame, Frame
from vidset.video.segments import Part, part_of, split, stretch_up_to

# Helpers take a third of a second to start: shorter videos are done by then.
MIN_SAMPLES = 120
# Of a segment, at least. So many wait while the segment before is judged, some 8 MB with images of
# 720p, and no more of a longer video.
_LEAST_SAMPLES, _MOST_SAMPLES = 8, 32

# Samples that wait and rows that stay come in turn: freed memory is given back after so many.
_SEGMENTS_OF_MEMORY = 8


class SpreadFrame:
    """A sample that another process has decoded, with the interface of `DecodedFrame`.

    Attributes:
        jpeg: as the settings want it, if it was made.
    """

    def __init__(self, sent: Sent, again: "Again"):
        self.pts_seconds, self.rotation = sent.pts_seconds, sent.rotation
        self.width, self.height, self.jpeg = sent.width, sent.height, sent.jpeg
        self._sent, self._again, self._digest = sent, again, sent.digest

    def luma(self, max_width: int) -> np.ndarray:
        return self._sent.luma

    def chroma(self, max_width: int) -> np.ndarray:
        return self._sent.chroma

    def rgb(self) -> np.ndarray:
        return self.original().rgb()

    def original(self) -> DecodedFrame:
        return self._again.decode(self._sent.pts)

    def digest(self) -> tuple[str, bytes]:
        if self._digest is None:
            self._digest = self.original().digest()
        return self._digest

    def same_pixels(self, other: Frame) -> bool:
        mine, theirs = self.digest(), other.digest()
        if mine[0] == theirs[0]:
            return mine == theirs
        return self.original().same_pixels(other.original())


class Again:
    """Decodes single samples of a video once more."""

    def __init__(self, path: str, uri: str, stream: int, packets: PacketList, plan: PacketPlan):
        self._path, self._uri, self._stream = path, uri, stream
        self._packets, self._plan = packets, plan

    def decode(self, pts: int) -> DecodedFrame:
        place = int(np.flatnonzero((self._packets.pts == pts) & self._plan.wanted)[0])
        part = part_of(self._plan, self._packets, stretch_up_to(self._plan, place))
        with Video(self._path, self._uri, stream=self._stream, is_listed=True) as video:
            for found, frame in video.segment(part):
                if found == pts:
                    return frame
        raise DecodingElsewhereError


@dataclass(frozen=True, slots=True)
class Spread:
    """Decodes a plan with several processes; `decode` is what `Video.sample` takes.

    Attributes:
        path: of the video, a file that all of them can read.
        helpers: how many processes decode.
        stream: as in `Upload`.
        min_samples: of a plan that is worth it.
        samples_each: of a segment; None chooses.
    """

    path: str
    uri: str
    video: Video
    settings: ExtractionSettings
    helpers: int
    _: KW_ONLY
    stream: int = 0
    min_samples: int = MIN_SAMPLES
    samples_each: int | None = None

    def decode(self, plan: PacketPlan) -> Iterator[tuple[int, Any]]:
        """Yield the samples of a plan in order, with their times in ticks.

        Raises:
            DecodingElsewhereError: it is not worth it, or a helper died.
            PlanFailedError: as from `Video.segment`.
        """
        samples = int(np.count_nonzero(plan.wanted))
        least = max(_LEAST_SAMPLES, min(_MOST_SAMPLES, samples // (8 * self.helpers)))
        each = self.samples_each or least
        segments = split(plan, self.video.packets, each)
        if self.helpers < 2 or samples < self.min_samples or len(segments) < 2:
            raise DecodingElsewhereError
        packets = self.video.packets
        again = Again(self.path, self.uri, self.stream, packets, plan)
        opens = partial(open_helper, self.path, self.uri, self.stream, self.settings)
        parts = [partial(part_of, plan, packets, segment) for segment in segments]
        self.video.close()  # Helpers read it.
        give_back()
        helpers = min(self.helpers, len(segments))
        # While one segment is judged, as many as there are helpers may wait.
        queue = Waiting(len(segments), each * helpers)
        with _running(helpers, opens, parts, queue) as futures:
            for number, future in enumerate(futures):
                for sent in queue.of(number, future):
                    yield sent.pts, SpreadFrame(sent, again)
                try:
                    ended: Ended = future.result()
                except (TaskError, TaskLostError):
                    raise DecodingElsewhereError from None
                if ended.damage is not None:
                    self.video.damaged(ended.damage)
                if ended.has_failed:
                    raise PlanFailedError
                if number % _SEGMENTS_OF_MEMORY == 0:
                    give_back()


@contextmanager
def _running(
    helpers: int, opens: Any, parts: list[Callable[[], Part]], waiting: Waiting
) -> Iterator[list[Future[Ended]]]:
    """Start on all parts, in their order; at the end nothing runs any more."""
    with ExitStack() as stack:
        threads = ThreadPoolExecutor(helpers)
        processes = Processes(helpers, opens)
        stack.callback(lambda: threads.shutdown(cancel_futures=True))
        stack.callback(processes.end)
        stack.callback(waiting.close)
        reports = [partial(waiting.put, number) for number in range(len(parts))]
        futures = [
            threads.submit(lambda part, report: processes.run(part(), report), part, report)
            for part, report in zip(parts, reports, strict=True)
        ]
        for future in futures:
            future.add_done_callback(lambda _: waiting.wake())
        yield futures


def path_for_others(source: object) -> str | None:
    """The path by which other processes can read a source; None if there is none."""
    if not isinstance(source, str):
        return None
    return source.replace("/proc/self/", f"/proc/{os.getpid()}/", 1)
