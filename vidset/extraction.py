"""A video to images and ledger rows: the work of the ingest job, as one plain function."""

import hashlib
from collections import deque
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import BinaryIO, Protocol, Self

from vidset.elements import Extraction, FrameRow, Upload, VideoRow
from vidset.errors import BadInputError, UndecodableVideoError
from vidset.filtering.dropped import DroppedSheet
from vidset.filtering.judge import Judge
from vidset.jpeg import MAX_JPEG_SIDE, jpeg
from vidset.naming import image_id, image_name, printable
from vidset.settings import ExtractionSettings
from vidset.spread.shared import Shared
from vidset.spread.sharing import Joined
from vidset.spread.spreading import Spread, SpreadFrame, path_for_others
from vidset.versions import vidset_version
from vidset.video.blame import Blame
from vidset.video.containers import decoder_version
from vidset.video.decoding import Video
from vidset.video.pixels import Frame

OnSample = Callable[[FrameRow, float | None], None]
"""Is told of each sample, and of the video's duration in seconds, if that is known."""


class ImageStore(Protocol):
    """The store that images go to. See `storage`."""

    parallel_writes: int
    """The number of writes at once that is worth while: 1 for a local folder."""

    def put_once(
        self, name: str, data: bytes, content_type: str, metadata: Mapping[str, str]
    ) -> bool:
        """Store `data` unless `name` exists; whether it did."""
        ...

    def put(
        self, name: str, data: bytes, content_type: str, metadata: Mapping[str, str] | None = None
    ) -> None:
        """Store or replace."""
        ...

    def read(self, name: str) -> bytes: ...

    def uri(self, name: str) -> str: ...

    def place(self, name: str) -> str:
        """`<bucket>/<object name>`, or the name below the folder: what `image_id` hashes."""
        ...


def extract(
    upload: Upload,
    source: str | BinaryIO,
    settings: ExtractionSettings,
    images: ImageStore,
    on_sample: OnSample | None = None,
    *,
    cores: int = 1,
    shared: Shared | None = None,
    opened_before: Callable[[], Video | None] = lambda: None,
    replaceable: Collection[str] = (),
    stored: set[str] | None = None,
    dropped: DroppedSheet | None = None,
) -> Extraction:
    """Sample the video at `source`, store the images worth keeping, return the ledger rows.

    Doing it twice stores the same images under the same names. `upload.generation` must be known.

    Args:
        on_sample: is called for each sample, whose row does not name its image yet.
        cores: on so many processes a long video is decoded; what comes out is the same.
        shared: where what other nodes have decoded of it waits, if they have.
        opened_before: returns the video, if someone has opened it already.
        replaceable: the names of images that are replaced if they are there. Others stay.
        stored: gets the names of the images that were not there before.
        dropped: gets the samples that are not kept.

    Raises:
        BadInputError: not one frame can be had.
    """
    if upload.generation is None:
        raise ValueError(f"the generation of {upload.uri} is not known")
    uri = upload.video_uri
    blame = Blame(source, uri)
    with ExitStack() as opened:
        with blame.the_video():
            video = opened.enter_context(
                opened_before() or Video(blame.source, uri, stream=upload.stream)
            )
        writer = opened.enter_context(ImageWriter(images, replaceable, stored))
        spread = None
        path = path_for_others(source)
        if shared is not None and path is not None:
            content = upload.generation
            spread = Joined(shared, path, uri, content, video, settings, upload.stream).decode
        # A measure of whole pictures would have each of them decoded here once more.
        elif cores > 1 and path is not None and settings.measure.load() is None:
            spread = Spread(path, uri, video, settings, cores, stream=upload.stream).decode
        frames = video.sample(settings.sampling_of(uri), spread)
        opened.callback(frames.close)
        judge = Judge(settings)
        rows: list[FrameRow] = []
        damage = None
        while True:
            try:
                with blame.the_video():
                    if (frame := next(frames, None)) is None:
                        break
                    row, data = _judged(upload, frame, judge, settings)
            except UndecodableVideoError as error:
                if not rows:
                    raise
                damage = error.reason  # What came before it is whole.
                break
            if data is not None:
                writer.write(len(rows), _image_name(upload, row), data, _metadata(row))
            elif dropped is not None:
                dropped.add(*judge.seen)
            rows.append(row)
            if on_sample is not None:
                on_sample(row, video.info.duration_seconds)
        hashes = writer.finish()
        # Only now, since hours of rows are in memory while helpers are.
        for place, digest in hashes.items():
            name = _image_name(upload, rows[place])
            rows[place] = replace(
                rows[place],
                image_id=image_id(images.place(name)),
                image_uri=images.uri(name),
                image_sha256=digest,
            )
        rows = judge.settle(rows)
        info, damage = video.info, video.damage or damage
    summary = VideoRow(
        video_uri=uri,
        generation=upload.generation,
        collector_id=upload.collector_id and printable(upload.collector_id),
        size_bytes=upload.size_bytes,
        container=info.container,
        codec=info.codec,
        width=info.width,
        height=info.height,
        rotation=info.rotation,
        sample_aspect_ratio=info.sample_aspect_ratio,
        duration_seconds=info.duration_seconds,
        samples=len(rows),
        kept=len(hashes),
        status="partial" if damage else "done",
        error=damage,
        settings_id=settings.settings_id,
        uploaded_at=upload.uploaded_at,
        vidset_version=vidset_version(),
        decoder_version=decoder_version(),
        other_streams=info.other_streams,
        color_transfer=info.color_transfer,
        color_primaries=info.color_primaries,
        **upload.rights.or_else(settings.rights).columns(),
    )
    return Extraction(summary, tuple(rows))


def _judged(
    upload: Upload, frame: Frame, judge: Judge, settings: ExtractionSettings
) -> tuple[FrameRow, bytes | None]:
    """A sample's row, and its JPEG if it is kept."""
    if max(frame.width, frame.height) > MAX_JPEG_SIDE:
        raise UndecodableVideoError(
            f"its pictures have {frame.width} x {frame.height} pixels, and a JPEG holds "
            f"{MAX_JPEG_SIDE} on a side",
            upload.video_uri,
        )
    row = judge.row(upload, frame)
    if not row.kept:
        return row, None
    made = frame.jpeg if isinstance(frame, SpreadFrame) else None
    return row, made or jpeg(frame.rgb(), settings.jpeg_quality)


def failed(upload: Upload, settings: ExtractionSettings, error: BadInputError) -> Extraction:
    """The ledger rows of an upload that gives no frames."""
    row = VideoRow(
        video_uri=upload.video_uri,
        generation=upload.generation or "",
        collector_id=upload.collector_id and printable(upload.collector_id),
        size_bytes=upload.size_bytes,
        container=None,
        codec=None,
        width=None,
        height=None,
        rotation=None,
        sample_aspect_ratio=None,
        duration_seconds=None,
        samples=0,
        kept=0,
        status="failed",
        error=error.reason,
        settings_id=settings.settings_id,
        uploaded_at=upload.uploaded_at,
        vidset_version=vidset_version(),
        decoder_version=decoder_version(),
        **upload.rights.or_else(settings.rights).columns(),
    )
    return Extraction(row, ())


def _image_name(upload: Upload, row: FrameRow) -> str:
    return image_name(upload.name, upload.generation or "", row.pts_seconds, upload.stream)


def _metadata(row: FrameRow) -> dict[str, str]:
    """Return what the broker reads in an image's notification (vidset/labeling/events.py)."""
    return {"width": str(row.width), "height": str(row.height)}


class ImageWriter:
    """Writes images, to a bucket several at a time: their latency would exceed the decoding.

    Args:
        replaceable: the names of images that are replaced if they are there.
        stored: gets the names of the images that were not there before.
    """

    def __init__(
        self,
        images: ImageStore,
        replaceable: Collection[str] = (),
        stored: set[str] | None = None,
    ):
        self._images, self._replaceable = images, replaceable
        self._stored = set[str]() if stored is None else stored
        self._stack = ExitStack()
        self._hashes: dict[int, str] = {}
        self._waiting: deque[tuple[int, Future[str]]] = deque()
        self._pool = None
        if images.parallel_writes > 1:
            self._pool = self._stack.enter_context(ThreadPoolExecutor(images.parallel_writes))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def write(self, number: int, name: str, data: bytes, metadata: Mapping[str, str]) -> None:
        """Store a JPEG; `number` is the caller's for it."""
        if self._pool is None:
            self._hashes[number] = self._put(name, data, metadata)
            return
        # So many JPEGs are in memory at the most, however slow the bucket is.
        if len(self._waiting) >= 2 * self._images.parallel_writes:
            self._take_oldest()
        self._waiting.append((number, self._pool.submit(self._put, name, data, metadata)))

    def finish(self) -> dict[int, str]:
        """Once all are stored: by number, the SHA-256 of what is stored under the name."""
        while self._waiting:
            self._take_oldest()
        return self._hashes

    def _take_oldest(self) -> None:
        number, stored = self._waiting.popleft()
        self._hashes[number] = stored.result()

    def _put(self, name: str, data: bytes, metadata: Mapping[str, str]) -> str:
        if self._images.put_once(name, data, "image/jpeg", metadata):
            self._stored.add(name)
        elif name in self._replaceable:
            if self._images.read(name) != data:
                self._images.put(name, data, "image/jpeg", metadata)
        else:
            data = self._images.read(name)  # Written once: what is there stays, and is recorded.
        return hashlib.sha256(data).hexdigest()
