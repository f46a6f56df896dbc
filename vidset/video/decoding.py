"""Turns videos into frames, through PyAV (FFmpeg), which only this room knows.

Decoding is the cost of the whole job, so a video is demuxed first (about 1 % of the cost of
decoding it): the list of its packets says which frames there are and when. Only what the chosen
samples need is decoded then: from the last keyframe at or before a sample up to it, without the
frames that no other frame refers to. Where the packets do not tell (no timestamps, say), every
frame is decoded instead. Both ways give the same frames.

Its parts are `containers` (the file), `packets` (what to decode), `feeding` (the decoder) and
`pixels`.
"""

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from av.video.frame import PictureType, VideoFrame

from vidset.errors import UndecodableVideoError
from vidset.video.containers import VideoFile
from vidset.video.feeding import Feed, PlanFailedError
from vidset.video.packets import PacketList, PacketPlan, plan_packets, shown_packets
from vidset.video.pixels import DecodedFrame, Frame, Scalers
from vidset.video.sampling import Sampling
from vidset.video.segments import Part, part_of


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """The facts that a video tells. `width` and `height` are those of the upright picture."""

    container: str
    codec: str
    width: int
    height: int
    rotation: int
    """Degrees clockwise by which the stored picture is turned for display: 0, 90, 180, 270."""
    sample_aspect_ratio: str
    """Width to height of a stored pixel, as "1:1". Images keep the stored pixels."""
    duration_seconds: float | None
    """From the first frame shown to the end of the last; None without timestamps."""
    other_streams: str | None = None
    """The file's other video streams with their numbers, as "1: h264 640x480"; None: none."""
    color_transfer: str | None = None
    color_primaries: str | None = None


class DecodingElsewhereError(Exception):
    """Whoever decodes a plan elsewhere cannot go on: this process does it instead."""


DecodePlan = Callable[[PacketPlan], Iterator[tuple[int, Frame]]]
"""Yields what decoding a plan gives, with times in ticks; raises one of the errors above."""


class Video(AbstractContextManager["Video"]):
    """An open video.

    Args:
        source: the path of a local file, or a binary file object that can seek.
        uri: what messages call it.
        stop: may be set while the video is being opened, which fails then.
        stream: 0 is the stream that a player shows; the others follow in their order.
        is_listed: another process has listed its packets: for `segment` alone.

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
        self._uri = uri
        self._file = VideoFile(source, uri, stop, stream, is_listed=is_listed)
        self._scalers = Scalers()
        self._shape: tuple[int, int, int] | None = None
        self._feed = Feed(self._file)
        self._first_pts: int | None = None  # The time of the first frame shown is second 0.

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. What is known of it stays known, and `sample` opens it again."""
        self._file.close()

    @property
    def damage(self) -> str | None:
        """Returns what is missing or wrong, or None. It is complete once `sample` has ended."""
        return self._file.damage

    @property
    def info(self) -> VideoInfo:
        """Width, height and rotation are known for sure once the first frame is decoded."""
        decoder, facts = self._file.decoder, self._file.facts
        ratio = facts.sample_aspect_ratio
        width, height, rotation = self._shape or (decoder.width, decoder.height, 0)
        return VideoInfo(
            container=facts.format_name,
            codec=decoder.codec.canonical_name,
            width=width,
            height=height,
            rotation=rotation,
            sample_aspect_ratio=f"{ratio.numerator}:{ratio.denominator}",
            duration_seconds=self._file.duration_seconds,
            other_streams=facts.other_streams,
            color_transfer=self._file.color_transfer,
            color_primaries=self._file.color_primaries,
        )

    @property
    def packets(self) -> PacketList:
        return self._file.packets

    def damaged(self, what: str) -> None:
        """Note what is missing or wrong; what was noted first stays."""
        self._file.damaged(what)

    def plan(self, sampling: Sampling) -> PacketPlan | None:
        """Return which packets the samples need; None if the packets do not tell."""
        return plan_packets(self._file.packets, self._file.time_base, sampling)

    def sample(
        self, sampling: Sampling, decode: "DecodePlan | None" = None
    ) -> Generator[Frame, None, None]:
        """Yield the samples in the order of time. What does not decode is left out, see `damage`.

        Args:
            decode: decodes a plan in place of this process.

        Raises:
            UndecodableVideoError: not one frame decodes.
        """
        damage, self._decode_elsewhere = self._file.damage, decode
        has_some = False
        for frame in self._samples(sampling):
            has_some = True
            yield frame
        if not has_some and self._feed.is_strict and self._feed.is_of_odd_make:
            # Some cameras' streams break rules that do not matter: better shown than refused.
            strict_damage, self._file.damage = self._file.damage, damage
            self._file.is_strict = False
            for frame in self._samples(sampling):
                has_some = True
                yield frame
            self._file.damage = self._file.damage or strict_damage
        if not has_some:
            nothing = "no frame lies in its spans" if sampling.spans else "it holds no frames"
            raise UndecodableVideoError(self.damage or nothing, self._uri)

    def _samples(self, sampling: Sampling) -> Iterator[Frame]:
        last_pts: int | None = None
        for pts, frame in self._frames(sampling):
            if last_pts is None:
                self._shape = frame.width, frame.height, frame.rotation
            elif pts <= last_pts:
                continue  # Yielded already, before the plan failed.
            last_pts = pts
            yield frame

    def _frames(self, sampling: Sampling) -> Iterator[tuple[int, Frame]]:
        plan = self.plan(sampling)
        if plan is not None:
            damage = self._file.damage
            try:
                if self._decode_elsewhere is not None and self._file.is_strict:
                    try:
                        for pts, frame in self._decode_elsewhere(plan):
                            self._first_pts = plan.first_pts
                            yield pts, frame
                        return
                    except DecodingElsewhereError:
                        self._file.damage = damage
                self._feed.read_anew()
                yield from self._decode_planned(part_of(plan, self._file.packets))
                return
            except PlanFailedError:
                self._file.damage = damage  # Perhaps the plan's fault: the next pass will tell.
        yield from self._decode_all(sampling)

    def segment(self, part: Part) -> Iterator[tuple[int, DecodedFrame]]:
        """Yield the samples of a segment with their times in ticks; `damage` is the segment's own.

        Segments that are asked for in their order are read in one go. `packets` are the part's.

        Raises:
            PlanFailedError: the video cannot be decoded by the plan from here on.
        """
        self._file.damage, self._file.packets = None, part.packets
        self._feed.forget_errors(part.latest_before)
        try:
            yield from self._decode_planned(part)
        except BaseException:
            self._feed.read_anew()
            raise

    def _decode_planned(self, part: Part) -> Iterator[tuple[int, DecodedFrame]]:
        pts, plan = part.packets.pts, part.plan
        in_turn = np.sort(pts[plan.wanted]).tolist()
        out_of_turn = plan.strays.intersection(in_turn)
        wanted = iter([pts for pts in in_turn if pts not in plan.strays])
        held: list[tuple[int, DecodedFrame]] = []
        starts = iter(pts[plan.starts].tolist())
        due, start = next(wanted, None), next(starts, None)
        for frame in self._feed.planned(part):
            if frame.pts is None:
                raise PlanFailedError
            if frame.pts in plan.strays:
                if frame.pts in out_of_turn and not self._feed.is_bad(frame):
                    held.append((frame.pts, self._shown_from(plan.first_pts, frame, frame.pts)))
                continue
            if start is not None and frame.pts >= start:
                # A gradual refresh or a damaged keyframe: what follows would be wrong or missing.
                if frame.pts > start or frame.pict_type in (PictureType.P, PictureType.B):
                    raise PlanFailedError
                start = next(starts, None)
            if due is not None and frame.pts >= due:
                if frame.pts > due or self._feed.is_bad(frame):
                    raise PlanFailedError  # A later frame will have to do.
                due = next(wanted, None)
                yield frame.pts, self._shown_from(plan.first_pts, frame, frame.pts)
        if due is not None or (start is not None and not part.is_last):
            raise PlanFailedError
        yield from sorted(held, key=lambda pair: pair[0])

    def _decode_all(self, sampling: Sampling) -> Iterator[tuple[int, DecodedFrame]]:
        packets, time_base = self._file.packets, self._file.time_base
        shown = shown_packets(packets)
        if shown is not None:  # Strays are left out here.
            shown = shown[(packets.flags[shown] & PacketList.STRAY) == 0]
        key_pts = None if shown is None else int(packets.pts[shown[0]])
        last_pts, last_number, samples, frames = None, -1, 0, 0
        self._feed.forget_errors()
        strays = frozenset(packets.pts[(packets.flags & PacketList.STRAY) != 0].tolist())
        for frame in self._feed.all():
            frames += 1
            if frame.pts in strays:
                continue
            pts = self._presentation_time(frame, last_pts)
            if key_pts is not None and pts < key_pts:
                continue  # Shown before the first keyframe: not whole.
            if self._first_pts is None:
                # What comes first may not decode: it moves nothing that follows.
                self._first_pts = key_pts if key_pts is not None and self._feed.has_failed else pts
            last_pts = pts
            number = sampling.number(pts - self._first_pts, time_base)
            # A broken picture is not worth a label: the next whole frame is the sample.
            if number > last_number and not self._feed.is_bad(frame):
                last_number = number
                if sampling.covers(pts - self._first_pts, time_base):
                    samples += 1
                    yield pts, self._shown(frame, pts)
        if shown is not None:
            ticks = packets.pts[shown] - packets.pts[shown[0]]
            due = len(sampling.choose(ticks, np.zeros(len(ticks), bool), time_base))
            if samples < due:
                self._file.damaged(f"{due - samples} of {due} samples do not decode")
        else:
            self._file.check_count(frames)

    def _presentation_time(self, frame: VideoFrame, last: int | None) -> int:
        """Returns the time in ticks; without timestamps it is counted at the stream's frame rate.

        Where only decoding times exist (AVI), the one at which a frame comes out is its
        presentation time: FFmpeg's "best effort timestamp".
        """
        pts = frame.pts if self._file.has_presentation_times else None
        pts = frame.dts if pts is None else pts
        if last is None:
            return pts if pts is not None else 0
        if pts is not None and pts > last:
            return pts
        return last + self._file.facts.ticks_per_frame

    def _shown_from(self, first_pts: int, frame: VideoFrame, pts: int) -> DecodedFrame:
        if self._first_pts is None:
            self._first_pts = first_pts
        return self._shown(frame, pts)

    def _shown(self, frame: VideoFrame, pts: int) -> DecodedFrame:
        if self._first_pts is None:
            self._first_pts = pts
        seconds = float((pts - self._first_pts) * self._file.time_base)
        return DecodedFrame(frame, seconds, self._scalers)
