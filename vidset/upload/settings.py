"""The request of a person, checked before any work."""

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path

from vidset.rights import NONE, Rights
from vidset.storage.registry import find_scheme
from vidset.storage.uris import is_uri, parse_uri
from vidset.uploads import COLLECTOR_ID

_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([kKMG]i?)?(B|bit)?(?:/s)?")
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3}
_SLOWEST = 1024  # Bytes a second: below it every server gives up first.


@dataclass(frozen=True, slots=True)
class Place:
    """The place that uploads go to.

    Attributes:
        scheme: one of the registry's, or `file` for a folder.
        root: the bucket's name, or the folder's absolute path.
    """

    scheme: str
    root: str
    prefix: str = ""

    def uri(self, name: str) -> str:
        if self.scheme == "file":
            return os.path.join(self.root, name)
        return f"{self.scheme}://{self.root}/{self.prefix}{name}"


@dataclass(frozen=True, slots=True)
class Settings:
    """All that a run needs to know.

    Attributes:
        recordings: files, and folders of which all videos are meant.
        folders: those of the recordings that are folders, or the watched one.
        report: the file that gets a line for each recording.
        moved_to: the folder that recordings are moved to once they are uploaded.
        is_deleted: they are deleted instead, once that is verified.
        skips_unreadable: leave recordings alone that do not decode.
        bytes_per_second: of the network, or None for all of it.
        patience_seconds: how long one recording may wait for network or server, without progress.
        settle_seconds: for how long a recording must not have changed before it is sent.
        delete_after_seconds: for how long it must not have changed before it is deleted or moved,
            where the file system does not tell whether it is still open for writing.
        poll_seconds: between two looks at the watched folder.
        is_recorded: the caller reads the records in the end; else they are only counted.
        rights: what is stated beside each object; a folder has no place for it.
        actor: who wants it: the records of deleted and moved recordings name them.
    """

    place: Place
    collector: str
    recordings: tuple[Path, ...]
    watched: Path | None
    state: Path
    moved_to: Path | None = None
    is_deleted: bool = False
    skips_unreadable: bool = True
    bytes_per_second: float | None = None
    patience_seconds: float = 600
    settle_seconds: float = 10
    poll_seconds: float = 5
    is_dry: bool = False
    is_verifying: bool = False
    delete_after_seconds: float = 300
    folders: tuple[Path, ...] = ()
    report: Path | None = None
    is_recorded: bool = False
    actor: str | None = None
    rights: Rights = NONE

    @property
    def is_putting_away(self) -> bool:
        """Returns whether recordings are deleted or moved once they are uploaded."""
        return self.is_deleted or self.moved_to is not None

    def __post_init__(self) -> None:
        if not COLLECTOR_ID.fullmatch(self.collector):
            raise ValueError(
                "--collector: wanted up to 63 letters, digits, dots, hyphens and underscores, a "
                f"letter or digit first; got {self.collector!r}"
            )
        if (self.watched is None) == (not self.recordings):
            raise ValueError("wanted SOURCE..., or one folder and --follow")
        if self.watched is not None and self.is_dry:
            raise ValueError("--dry-run goes with recordings, not with --follow")
        if self.is_verifying and (self.watched is not None or self.is_dry or self.is_putting_away):
            raise ValueError(
                "--verify compares recordings with the destination and changes nothing: it goes "
                "with none of --follow, --dry-run, --delete and --move-to"
            )
        if self.watched is not None and self.watched.exists() and not self.watched.is_dir():
            raise ValueError(f"--follow {self.watched}: wanted a folder, got a file")
        if self.place.scheme == "file":
            if self.rights:
                raise ValueError(
                    "--rights: a folder has no place for them beside its videos; state them when "
                    "they are extracted: vidset extract --rights KEY=VALUE"
                )
            self._check_outside("--to", Path(self.place.root, self.collector))
        self._check_moved_to()

    def _check_moved_to(self) -> None:
        if self.moved_to is None:
            return
        if self.is_deleted:
            raise ValueError("wanted --move-to or --delete, got both")
        if not self.moved_to.is_dir() or not os.access(self.moved_to, os.W_OK | os.X_OK):
            raise ValueError(f"--move-to {self.moved_to}: wanted a folder that this user may write")
        self._check_outside("--move-to", self.moved_to)

    def _check_outside(self, option: str, folder: Path) -> None:
        """Refuses a place where what is uploaded or moved would be a recording again."""
        for source in self.folders:
            if folder.resolve().is_relative_to(source.resolve()):
                raise ValueError(f"{option} {folder}: it lies in {source}, which is to be uploaded")


def parse_place(text: str) -> Place:
    """Read `gs://bucket[/prefix]`, `s3://bucket[/prefix]`, or another scheme that takes uploads; a
    bucket of Cloud Storage by its bare name; or a folder, which is what has a slash and no scheme.

    Raises:
        ValueError: it is none of them, or the folder is not there.
    """
    if not is_uri(text) and "/" in text:
        folder = os.path.abspath(text)
        if not os.path.isdir(folder):  # Never made: it may be a mount point without its disk.
            raise ValueError(f"--to {text}: there is no such folder")
        return Place("file", folder)
    try:
        uri = parse_uri(text if is_uri(text) else f"gs://{text}")
        takes_uploads = bool(find_scheme(uri.root).destination)
    except ValueError:
        uri, takes_uploads = None, False
    if uri is None or not takes_uploads or not _BUCKET.fullmatch(uri.bucket):
        raise ValueError(
            "--to: wanted a bucket's name, gs://bucket[/prefix], s3://bucket[/prefix], or a "
            f"folder (with a slash, as ./folder); got {text!r}"
        )
    prefix = uri.name.strip("/")
    if prefix and {"", ".", ".."} & set(prefix.split("/")):
        raise ValueError(f"--to: no empty, '.' or '..' segments in a prefix; got {text!r}")
    return Place(uri.scheme, uri.bucket, prefix and f"{prefix}/")


def parse_rate(text: str) -> float:
    """Bytes per second from `5MB/s`, `500kB/s`, `1.5MiB/s`, `20Mbit/s` or a number of bytes.

    Raises:
        ValueError: it is none of them.
    """
    match = _RATE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"--rate: wanted a rate such as 5MB/s or 20Mbit/s, got {text!r}")
    number, prefix, unit = match[1], (match[2] or ""), match[3]
    base = 1024 if prefix.endswith("i") else 1000
    rate = float(number) * base ** _POWERS[prefix[:1].lower()] / (8 if unit == "bit" else 1)
    if rate < _SLOWEST:
        raise ValueError(f"--rate: wanted at least 1 KiB/s, got {text!r}")
    return rate


def check_seconds(option: str, seconds: float) -> float:
    """Raises ValueError unless it is a time."""
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError(f"{option}: wanted a number of seconds, got {seconds}")
    return seconds


def default_state() -> Path:
    """Returns the folder that systemd gives (StateDirectory=), or else that of XDG."""
    if given := os.environ.get("STATE_DIRECTORY"):
        return Path(given.partition(":")[0])
    base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(base, "vidset", "upload")
