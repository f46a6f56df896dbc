"""Inputs to images and ledgers, on the workers of an engine."""

import os
import time
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from vidset.elements import Upload
from vidset.engines.engine import (
    Engine,
    EngineLostError,
    StartEngine,
    TaskError,
    TaskLostError,
    cpu_seconds,
)
from vidset.engines.engine import Outcome as Ended
from vidset.engines.local import LocalEngine
from vidset.errors import ExtractionError
from vidset.intake.backlog import Backlog
from vidset.intake.done_before import DoneBefore
from vidset.intake.finding import find_uploads
from vidset.intake.listing import check_input
from vidset.intake.progress import Progress
from vidset.intake.request import DROPPED, Request, Summary, prepare
from vidset.intake.splitting import Splitting
from vidset.intake.tasks import (
    GiveUp,
    Look,
    Outcome,
    Spread,
    Task,
    upload_of,
    work_of,
)
from vidset.intake.telling import Sampled
from vidset.known_files import KnownFiles
from vidset.ledger.packing import pack_ledgers
from vidset.naming import printable
from vidset.settings import ExtractionSettings, extraction_settings
from vidset.storage.registry import check_client

_POLL_SECONDS = 0.2
# Whether they are done before: each question reads the ledgers' packs anew.
_ASKED_AT_ONCE = 20_000
# A server's error is waited for: 1, 2, 4 and 8 s.
_MAX_TRIES = 5


def extract(
    request: Request,
    progress: Progress | None = None,
    start_engine: StartEngine = LocalEngine,
    *,
    is_elsewhere: bool = False,
) -> Summary:
    """Extract the inputs; what an earlier run did is not done again.

    On KeyboardInterrupt the workers are ended at once; the same request goes on from there.

    Args:
        progress: is kept up to date meanwhile.
        start_engine: worker processes of this machine, unless told otherwise.
        is_elsewhere: the engine's workers are on several machines.

    Raises:
        ValueError: the request cannot be carried out; nothing has been started.
        ExtractionError: a store or a ledger raised errors that did not pass.
    """
    began, cpu_began = time.perf_counter(), cpu_seconds()
    progress = progress or Progress()
    options = dict(request.options)
    collector_id = options.pop("collector", None)
    settings = extraction_settings(options)
    for pattern in request.inputs:
        check_input(pattern)
        check_client(pattern)
    folders = [] if request.is_dry else prepare(request.output)
    try:
        passed_over: Counter[str] = Counter()
        found = find_uploads(request, collector_id, settings, progress, passed_over)
        number = len(found.uploads)
        cores = request.workers or os.cpu_count() or 1
        known = KnownFiles(
            request.output, ".cache/inputs.parquet", is_full=request.is_full, is_dry=request.is_dry
        )
        before = DoneBefore(request, known, settings.settings_id)
        run = _Run(request, found.uploads, settings, progress, cores, known)
        has_more = run.skip(before)
        if has_more:
            opens = work_of(settings, request.places, request.redo)
            workers = min(cores, number)
            if is_elsewhere and not (request.is_dry or request.redo.kinds):
                run.splitting = Splitting(request.output)
            try:
                run.through(start_engine(workers, opens, request.limits, run.report))
            finally:
                with suppress(OSError):  # The next run reads the files again.
                    known.save()
        # Each shard would read what all the others have written.
        is_alone = request.shard is None and not request.is_dry
        if (has_more or before.is_scattered) and is_alone:
            with suppress(OSError):  # All is done, and packs are but copies.
                pack_ledgers(request.places.ledger)
    finally:
        for folder in folders:
            folder.sweep()
    counts = run.counts
    missing_spans = len(settings.spans or ()) - len(found.with_spans)
    return Summary(
        videos=run.videos,
        samples=run.samples.total(),
        kept=run.samples["kept"],
        dropped={reason: run.samples[reason] for reason in DROPPED if run.samples[reason]},
        failed=missing_spans + counts["failed"] + counts["missing"] + counts["failed before"],
        partial=counts["partial"],
        skipped=counts["skipped"],
        seconds=round(time.perf_counter() - began, 3),
        cpu_seconds=round(cpu_seconds() - cpu_began + run.cpu_seconds, 3),
        skipped_with_other_settings=counts["skipped with other settings"],
        done=counts["done"],
        passed_over=dict(passed_over),
        new=counts["new"],
        redone=counts["anew"],
        replaced=counts["replaced"],
        labeled=sorted(run.labeled),
        in_other_shards=found.in_other_shards,
    )


class _Run:
    """Hands uploads to an engine and counts what becomes of them."""

    def __init__(
        self,
        request: Request,
        uploads: Backlog,
        settings: ExtractionSettings,
        progress: Progress,
        cores: int,
        known: KnownFiles,
    ):
        self.counts: Counter[str] = Counter()
        self.samples: Counter[str] = Counter()
        self.videos = len(uploads)
        self.labeled: set[str] = set()
        self._all_streams = request.stream is None and settings.spans is None
        self._uploads, self._is_dry, self._known = uploads, request.is_dry, known
        self._waiting = Backlog()
        self._again: list[tuple[float, Task]] = []  # When, and what.
        self._alone = deque[Task]()
        self._tries: Counter[str] = Counter()
        self._settings, self._progress, self._cores = settings, progress, cores
        self._period_seconds = float(settings.sampling.every)
        self.cpu_seconds = 0.0  # On other machines.
        self.splitting: Splitting | None = None

    def skip(self, before: DoneBefore) -> bool:
        """Count what is done already. Returns whether there is more to do."""
        while uploads := self._uploads.take(_ASKED_AT_ONCE):
            for upload, outcome in zip(uploads, before.among(uploads), strict=True):
                if outcome is None:
                    self._waiting.append(upload)
                else:
                    self._uploads.extend(self._count(outcome))
        return bool(self._waiting)

    def through(self, engine: Engine) -> None:
        """Works until all are done.

        Raises:
            ExtractionError: a task raised again and again, or the engine is gone.
        """
        in_flight = 0
        try:
            while True:
                capacity = engine.capacity
                while in_flight < capacity and (task := self._next(in_flight, capacity)):
                    engine.submit(task)
                    in_flight += 1
                if not (in_flight or self._again):
                    return
                if ended := engine.next(_POLL_SECONDS):
                    in_flight -= 1
                    self._settle(ended)
        except EngineLostError as error:
            raise ExtractionError(str(error)) from None
        except ExtractionError:
            self.splitting = None  # It may be the store that failed: a later run clears the parts.
            raise
        finally:
            self.cpu_seconds = engine.cpu_seconds
            engine.end()
            if self.splitting is not None:
                self.splitting.end()

    def report(self, what: Any) -> None:
        """Called by the engine, in any thread, with what its workers tell."""
        if isinstance(what, Sampled):
            period = self._period_seconds
            self._progress.add(
                samples=what.samples, kept=what.kept, video_seconds=what.samples * period
            )
            self._progress.at(what.uri, what.pts_seconds + period, what.duration_seconds)

    def _next(self, in_flight: int, capacity: int) -> Task | None:
        if self._again and self._again[0][0] <= time.monotonic():
            return self._again.pop(0)[1]
        splitting = self.splitting
        if splitting is not None and splitting.ready:
            return splitting.ready.popleft()
        if self._waiting:
            upload = self._waiting.popleft()
            # The last videos share the cores that are left over.
            cores = self._cores // (in_flight + len(self._waiting) + 1)
            if self._is_dry:
                return Look(upload)
            if splitting is not None:  # Half of the capacity waits for the other half.
                free = capacity // 2 // (in_flight + len(self._waiting) + 1)
                return splitting.begin(upload, free) or upload
            return Spread(upload, cores) if cores > 1 else upload
        # What cost a worker its life comes last, one by one, beside nothing else.
        return self._alone.popleft() if self._alone and not (in_flight or self._again) else None

    def _settle(self, ended: Ended) -> None:
        if self.splitting is not None and self.splitting.goes_on(ended):
            return
        uri = _uri(ended.task)
        self._progress.ended(uri)
        match ended.error:
            case None:
                upload = upload_of(ended.task)
                if upload is not None and ended.result.generation is not None:
                    self._known.learn(upload.uri, ended.result.generation)
                self._waiting.extend(self._count(ended.result))
            case TaskLostError(reason=reason):
                self._lost(ended.task, uri, reason)
            case TaskError() as error:
                self._raised(ended.task, uri, error)

    def _lost(self, task: Task, uri: str, reason: str) -> None:
        self._tries[f"lost {uri}"] += 1
        upload = None if isinstance(task, GiveUp | Look) else upload_of(task)
        if upload is None:
            raise ExtractionError(f"{uri}: {reason}")
        has_failed = self._tries[f"lost {uri}"] > 1
        give_up = GiveUp(upload, f"decoding it failed twice: {reason}")
        self._alone.append(give_up if has_failed else upload)

    def _raised(self, task: Task, uri: str, error: TaskError) -> None:
        self._tries[uri] += 1
        if not error.is_passing or self._tries[uri] >= _MAX_TRIES:
            raise ExtractionError(f"{uri}: {error.reason}", error.trace)
        when = time.monotonic() + 2.0 ** (self._tries[uri] - 1)
        self._again = sorted([*self._again, (when, task)], key=lambda pair: pair[0])

    def _count(self, outcome: Outcome) -> Sequence[Upload]:
        """Return the other streams that are to be looked at, too."""
        progress = self._progress
        progress.forget(outcome.uri)
        self.counts[outcome.what] += 1
        self.samples.update(outcome.reasons)
        self.counts["anew"] += outcome.is_anew
        self.counts["replaced"] += outcome.replaced
        self.labeled.update(outcome.labeled)
        others = outcome.others if self._all_streams else ()
        if others:
            self.videos += len(others)
            progress.add(videos_found=len(others))
        if outcome.what == "skipped":
            progress.add(videos_skipped=1)
            is_other = outcome.settings_id != self._settings.settings_id
            self.counts["skipped with other settings"] += is_other
            self.counts["failed before"] += outcome.reason is not None
        else:
            progress.add(videos_done=1)
        if outcome.what == "partial":
            progress.note(outcome.uri, f"partial: {outcome.reason}")
        elif outcome.what == "redo":
            progress.note(outcome.uri, f"{outcome.reason}; would be extracted anew")
        elif outcome.reason is not None:
            progress.note(outcome.uri, outcome.reason)
        return others


def _uri(task: Task) -> str:
    upload = upload_of(task)
    return printable(getattr(task, "uri", "")) if upload is None else upload.video_uri
