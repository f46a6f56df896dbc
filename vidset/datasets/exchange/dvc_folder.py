"""A folder that was exported for DVC, and that a team has changed since."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from vidset.datasets.curation.sources.folders import is_junk, is_text, read_file, walk
from vidset.datasets.curation.sources.source import Fault, Found, Kind
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.checkout import file_name, segment
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.objects import documents_in

NAME = "folder"


@dataclass(frozen=True, slots=True)
class ChangedFolder:
    """The folders say labels and splits; all else of an image is as it was exported: its uri, by
    which results are compared, its objects, its group, its video.

    Attributes:
        exported: the manifest in the folder.

    Raises:
        DatasetError: a recipe made the images.
    """

    folder: Path
    exported: Manifest

    def __post_init__(self) -> None:
        if self.exported.table["made_by"].null_count < len(self.exported):
            raise DatasetError(
                "the folder was changed since it was exported, and a recipe made its images: "
                "change the version before it, and apply the recipe to what comes out"
            )

    def __iter__(self) -> Iterator[Found | Fault]:
        by_name = {file_name(entry): entry for entry in self.exported}
        by_hash = {entry.image_sha256: entry for entry in self.exported}
        labels = {segment(label): label for label in self.exported.classes}
        splits = {segment(split): split for split in self.exported.splits}
        for file in sorted(walk(self.folder)):
            path = PurePosixPath(file)
            if is_junk(file):
                yield Fault(Kind.JUNK, file)
            elif not is_text(file):
                yield Fault(Kind.UNREADABLE, repr(file), "wanted a file name in UTF-8")
            else:
                entry = by_name.get(path.name) or by_hash.get(hash_of(self.folder / file) or "")
                yield self._found(path, entry, labels, splits)

    def _found(
        self,
        path: PurePosixPath,
        entry: Entry | None,
        labels: Mapping[str, str],
        splits: Mapping[str, str],
    ) -> Found | Fault:
        *folders, _ = path.parts
        has_class = len(folders) == 2
        if not has_class and (len(folders) != 1 or entry is None or entry.objects is None):
            return Fault(Kind.NO_LABEL, str(path), "wanted it at <split>/<label>/IMAGE")
        read = partial(read_file, self.folder / path)
        label = labels.get(folders[1], folders[1]) if has_class else None
        split = splits.get(folders[0], folders[0])
        if entry is None:
            return Found(str(path), read, NAME, label=label, split=split)
        return Found(
            image_uri=entry.image_uri,
            read=read,
            source=entry.source,
            label=label,
            objects=None if entry.objects is None else documents_in(entry.objects),
            group=entry.group,
            split=split,
            collector_id=entry.collector_id,
            video_uri=entry.video_uri,
            pts_seconds=entry.pts_seconds,
        )


def hash_of(path: Path) -> str | None:
    """The SHA-256 of a file; None for what cannot be read, such as a link to nothing."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
