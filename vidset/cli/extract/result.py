"""The object that `vidset extract --json` prints."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Extracted:
    """The outcome of a run.

    Attributes:
        place: where images and ledgers are.
        videos: how many were found: done, partial, failed and skipped ones.
        samples: those of videos that were decoded now.
        dropped: numbers of dropped samples by reason.
        skipped: videos that were done before.
        passed_over: how many files of the inputs are no videos, by kind.
        new: videos that would be extracted, with --dry-run.
        redone: videos that were extracted again, or with --dry-run would be.
        replaced: how many images these had before, without those of `labeled`.
        labeled: images of theirs that have labels, and stay as they are.
        in_other_shards: how many videos were found that belong to other shards.
        warnings: by video, what is wrong with it.
    """

    place: str
    videos: int
    done: int
    partial: int
    failed: int
    skipped: int
    skipped_with_other_settings: int
    samples: int
    kept: int
    dropped: dict[str, int]
    seconds: float
    cpu_seconds: float
    passed_over: dict[str, int]
    new: int
    redone: int
    replaced: int
    labeled: list[str]
    in_other_shards: int
    warnings: dict[str, str]
