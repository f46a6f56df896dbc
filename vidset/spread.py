"""One long video decoded by several processes, as if by one: for `extraction`.

Helpers decode segments side by side and send samples: small pictures to judge by, and a JPEG where
the sample will probably be kept. They are judged here, in order. What a guess gets wrong is decoded
once more, so that guesses decide what it costs and never what comes out.
"""

import os
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from vidset.engines.engine import Report, TaskError, TaskLostError, Work
from vidset.engines.processes import Processes
from vidset.filtering.judge import LUMA_WIDTH
from vidset.filtering.similarity import Picture, compare, picture
from vidset.jpeg import MAX_JPEG_SIDE, jpeg
from vidset.settings import ExtractionSettings
from vidset.video.decoding import DecodingElsewhereError, PlanFailedError, Video
from vidset.video.packets import PacketList, PacketPlan
from vidset.video.pixels import DecodedFrame, Frame
from vidset.video.segments import Segment, split, stretch_up_to

# Helpers take a third of a second to start: shorter videos are done by then.
_MIN_SAMPLES = 120
# Of each segment the first samples' JPEGs are made in any case: what came before is not known.
_SURE_JPEGS = 3
# What may be waiting to be judged, in all segments but the one that is being judged.
_MAX_WAITING_BYTES = 48 << 20


@dataclass(frozen=True, slots=True, eq=False)
class _Sent:
    """A sample as a helper sends it."""

    pts: int
    pts_seconds: float
    width: int
    height: int
    rotation: int
    luma: np.ndarray
    chroma: np.ndarray
    digest: tuple[str, bytes] | None
    jpeg: bytes | None

    @property
    def size_bytes(self) -> int:
        return self.luma.nbytes + self.chroma.nbytes + len(self.jpeg or b"")


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a segment ended: `damage` is what was found in it."""

    damage: str | None
    has_failed: bool


class SpreadFrame:
    """A sample that another process has decoded, with the interface of `DecodedFrame`.

    Attributes:
        jpeg: as the settings want it, if it was made.
    """

    def __init__(self, sent: _Sent, again: "_Again"):
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


class _Again:
    """Decodes single samples once more."""

    def __init__(self, path: str, uri: str, packets: PacketList, plan: PacketPlan):
        self._path, self._uri, self._packets, self._plan = path, uri, packets, plan

    def decode(self, pts: int) -> DecodedFrame:
        place = int(np.flatnonzero((self._packets.pts == pts) & self._plan.wanted)[0])
        with Video(self._path, self._uri, self._packets) as video:
            for found, frame in video.segment(self._plan, stretch_up_to(self._plan, place)):
                if found == pts:
                    return frame
        raise DecodingElsewhereError


@dataclass(frozen=True, slots=True)
class Spread:
    """How to decode a plan by several processes; `decode` is what `Video.sample` takes.

    Attributes:
        path: of the video, a file that all of them can read.
        helpers: how many processes decode.
        min_samples: of a plan that is worth it.
        samples_each: of a segment; None chooses.
    """

    path: str
    uri: str
    video: Video
    settings: ExtractionSettings
    helpers: int
    min_samples: int = _MIN_SAMPLES
    samples_each: int | None = None

    def decode(self, plan: PacketPlan) -> Iterator[tuple[int, Any]]:
        """Yield the samples of a plan in order, with their times in ticks.

        Raises:
            DecodingElsewhereError: it is not worth it, or a helper died.
            PlanFailedError: as from `Video.segment`.
        """
        samples = int(np.count_nonzero(plan.wanted))
        each = self.samples_each or max(8, min(64, samples // (8 * self.helpers)))
        segments = split(plan, self.video.packets, each)
        if self.helpers < 2 or samples < self.min_samples or len(segments) < 2:
            raise DecodingElsewhereError
        packets = self.video.packets
        again = _Again(self.path, self.uri, packets, plan)
        opens = partial(_open, self.path, self.uri, packets, plan, self.settings)
        with _running(min(self.helpers, len(segments)), opens, segments) as (queue, futures):
            for number, future in enumerate(futures):
                for sent in queue.of(number, future):
                    yield sent.pts, SpreadFrame(sent, again)
                try:
                    ended: _Ended = future.result()
                except (TaskError, TaskLostError):
                    raise DecodingElsewhereError from None
                if ended.damage is not None:
                    self.video.damaged(ended.damage)
                if ended.has_failed:
                    raise PlanFailedError


@contextmanager
def _running(
    helpers: int, opens: Any, segments: list[Segment]
) -> Iterator[tuple["_Waiting", list[Future[_Ended]]]]:
    """Start on all segments, in their order; at the end nothing runs any more."""
    waiting = _Waiting(len(segments))
    with ExitStack() as stack:
        threads = ThreadPoolExecutor(helpers)
        processes = Processes(helpers, opens)
        stack.callback(lambda: threads.shutdown(cancel_futures=True))
        stack.callback(processes.end)
        stack.callback(waiting.close)
        futures = [
            threads.submit(processes.run, segment, partial(waiting.put, number))
            for number, segment in enumerate(segments)
        ]
        for future in futures:
            future.add_done_callback(lambda _: waiting.wake())
        yield waiting, futures


class _Waiting:
    """Samples that wait to be judged, by segment.

    Helpers that are ahead are held up once much is waiting. The one whose segment is being judged
    never is: segments are begun in order, so that it always comes on.
    """

    def __init__(self, segments: int):
        self._samples: list[deque[_Sent]] = [deque() for _ in range(segments)]
        self._front, self._bytes, self._is_closed = 0, 0, False
        self._changed = threading.Condition()

    def put(self, segment: int, sent: _Sent) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    self._is_closed
                    or segment == self._front
                    or self._bytes + sent.size_bytes <= _MAX_WAITING_BYTES
                )
            )
            self._samples[segment].append(sent)
            self._bytes += sent.size_bytes
            self._changed.notify_all()

    def of(self, segment: int, future: Future[_Ended]) -> Iterator[_Sent]:
        """The samples of a segment, as they come."""
        with self._changed:
            self._front = segment
            self._changed.notify_all()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._samples[segment] or future.done())
                if not self._samples[segment]:
                    return
                sent = self._samples[segment].popleft()
                self._bytes -= sent.size_bytes
                self._changed.notify_all()
            yield sent

    def wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


def _open(
    path: str, uri: str, packets: PacketList, plan: PacketPlan, settings: ExtractionSettings
) -> Work:
    import cv2

    cv2.setNumThreads(1)
    return partial(_decode, Video(path, uri, packets), plan, settings)


def _decode(
    video: Video, plan: PacketPlan, settings: ExtractionSettings, segment: Segment, report: Report
) -> _Ended:
    """In a helper: decode a segment and send its samples."""
    guess = _Guess(settings)
    try:
        for pts, frame in video.segment(plan, segment):
            report(guess.sent(pts, frame))
    except PlanFailedError:
        return _Ended(video.damage, has_failed=True)
    return _Ended(video.damage, has_failed=False)


class _Guess:
    """Guesses which samples of a segment are kept, without knowing what came before it."""

    def __init__(self, settings: ExtractionSettings):
        self._settings = settings
        self._count = 0
        self._last: Picture | None = None
        self._before: np.ndarray | None = None

    def sent(self, pts: int, frame: DecodedFrame) -> _Sent:
        luma, chroma = frame.luma(LUMA_WIDTH), frame.chroma(LUMA_WIDTH // 2)
        this = picture(luma, chroma)
        is_repeat = self._before is not None and np.array_equal(luma, self._before)
        is_kept = self._is_kept(this)
        self._before = luma
        if is_kept:
            self._last = this
        self._count += 1
        can_be = max(frame.width, frame.height) <= MAX_JPEG_SIDE
        is_wanted = can_be and (is_kept or self._count <= _SURE_JPEGS)
        return _Sent(
            pts,
            frame.pts_seconds,
            frame.width,
            frame.height,
            frame.rotation,
            luma,
            chroma,
            frame.digest() if is_repeat else None,
            jpeg(frame.rgb(), self._settings.jpeg_quality) if is_wanted else None,
        )

    def _is_kept(self, this: Picture) -> bool:
        last, limit = self._last, self._settings.local_change
        if last is None or last.luma.shape != this.luma.shape:
            return True
        likeness = compare(last, this)
        if likeness.ssim < self._settings.threshold:
            return True
        return limit is not None and likeness.local_change > limit


def path_for_others(source: object) -> str | None:
    """The path by which other processes can read a source; None if there is none."""
    if not isinstance(source, str):
        return None
    return source.replace("/proc/self/", f"/proc/{os.getpid()}/", 1)
