"""The request for an extraction over inputs, and its outcome."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vidset.engines.engine import Limits
from vidset.intake.places import SHEETS, Places, Thumbnails
from vidset.intake.redoing import Redo
from vidset.output import make_output
from vidset.shards import Shard
from vidset.storage.folder import FolderStore
from vidset.storage.open import open_store

# Long enough for a day of video; the largest pictures that are decoded take 1.5 GB.
DEFAULT_LIMITS = Limits(seconds=6 * 3600, memory_bytes=3 << 30)
DROPPED = ("near_duplicate", "blurred", "dark", "bright")


@dataclass(frozen=True, slots=True)
class Request:
    """The user's request.

    Attributes:
        inputs: files, folders, globs, gs:// or s3:// uris.
        output: a folder, gs:// or s3:// uri; images, ledgers and dead letters go below it.
        options: of `ExtractionSettings`, as text or number, and `collector`; None where not given.
        workers: videos at once; None is one for each core.
        beam_options: for Beam alone; empty otherwise.
        limits: how much one video may take.
        redo: which videos are extracted again although the ledger has them.
        stream: which video stream of each file, see `Upload`; None is all of them.
        labels: the store of tasks and annotations, if there is one.
        is_dry: only say what would be done.
        is_full: read each file, also those that have not changed since they were read last.
        shard: which part of the inputs is this run's; None is all of them.
        has_thumbnails: whether dropped samples get a thumbnail; see `vidset.intake.sheets`.
    """

    inputs: tuple[str, ...]
    output: str
    options: Mapping[str, Any] = field(default_factory=dict)
    workers: int | None = None
    beam_options: tuple[str, ...] = ()
    limits: Limits = DEFAULT_LIMITS
    redo: Redo = Redo()  # noqa: RUF009 (frozen)
    stream: int | None = 0
    labels: str | None = None
    is_dry: bool = False
    is_full: bool = False
    shard: Shard | None = None
    has_thumbnails: bool = True

    @property
    def places(self) -> Places:
        output = self.output.rstrip("/") or "/"
        sheets = Thumbnails(f"{output}/{SHEETS}", self.has_thumbnails)
        return Places(f"{output}/images", output, f"{output}/dead_letters", self.labels, sheets)


@dataclass(frozen=True, slots=True)
class Summary:
    """The outcome of a run.

    Attributes:
        videos: how many were found. Each is one of done, partial, failed and skipped, unless the
            run was stopped.
        skipped: those that were done before; their samples are not counted.
        failed: those of which not one frame could be had, now or before.
        dropped: how many samples were dropped, by reason.
        passed_over: how many files of the inputs are no videos, by kind.
        skipped_with_other_settings: so many of the skipped ones were done with other settings.
        new: how many would be extracted, of a run that only looked.
        redone: how many were extracted again, or would be; they count among the others, too.
        replaced: how many images those had before, without the labeled ones.
        labeled: the names of images of theirs that have labels and stayed as they were.
        in_other_shards: how many were found that are the work of other runs.
    """

    videos: int
    samples: int
    kept: int
    dropped: dict[str, int]
    failed: int
    partial: int
    skipped: int
    seconds: float
    cpu_seconds: float
    skipped_with_other_settings: int = 0
    done: int = 0
    passed_over: dict[str, int] = field(default_factory=dict)
    new: int = 0
    redone: int = 0
    replaced: int = 0
    labeled: list[str] = field(default_factory=list)
    in_other_shards: int = 0


def stream_of(text: str) -> int | None:
    """Read the option --stream; None is all streams.

    Raises:
        ValueError: it is neither a number nor `all`.
    """
    if text == "all":
        return None
    if text.isascii() and text.isdigit():
        return int(text)
    raise ValueError(f"--stream must be a number from 0 or all, got {text!r}")


def prepare(output: str) -> list[FolderStore]:
    """Make the output folder, and clear what a killed run left half written.

    Raises:
        ValueError: it cannot be made, or not be written to; or the uri is of another kind.
    """
    if "://" in output:
        open_store(output)
        return []
    make_output(output)
    folders = [
        FolderStore(os.path.join(output, name)) for name in ("", "images", "dead_letters", SHEETS)
    ]
    for folder in folders:
        folder.sweep()
    return folders
