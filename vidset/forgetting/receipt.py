"""The receipt: what was deleted where, what can still be recovered until when, and what is left.

Each call that comes to its end keeps one: PLACE/forgotten/receipts/<time>.json. It is written once,
and names videos by the keys of their tombstones alone.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta

from vidset.forgetting.images import source_of
from vidset.forgetting.journal import Journal
from vidset.forgotten import FOLDER
from vidset.project import Project
from vidset.storage.open import open_store

RECEIPTS = "receipts"

# As infra/ sets them: buckets soft-delete for 30 days, Firestore's point-in-time recovery reaches
# back 7, BigQuery's time travel 7, and Google's fail-safe after it another 7.
_SOFT_DELETE = timedelta(days=30)
_POINT_IN_TIME = timedelta(days=7)
_FAIL_SAFE = timedelta(days=14)
# Tables that a job makes to write rows by, and could not delete because it was killed.
_LOADED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Recoverable:
    """Something from which what was deleted can be had back for a while.

    Attributes:
        until: a day (RFC 3339), as far as vidset knows; None: it depends on your settings.
    """

    what: str
    until: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The outcome of a call.

    Attributes:
        is_dry: whether nothing was deleted, and the counts say what would be.
        videos: uris.
        deleted: how many things of each kind, by what was deleted.
        left: what the check has found afterwards; empty if nothing is left.
        recoverable: where the deleted things can still be had from.
        runs: those that were trained on some of the images; their weights stay.
        versions: those that lost images; each keeps its id.
        elsewhere: exports and pushes that may hold the images, which vidset cannot reach.
        kept: what was kept because the caller wanted it to be.
        receipt: where the place keeps this receipt; None for a dry run.
    """

    is_dry: bool
    videos: list[str]
    deleted: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    recoverable: list[Recoverable] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    receipt: str | None = None


def write_receipt(place: str, journal: Journal, receipt: Receipt) -> str:
    """Keep a receipt; its uri. One that is there is never replaced.

    It has the counts of this call as `deleted`, and as `found` those from before anything was
    deleted, which a call that was stopped has begun to delete.
    """
    now = datetime.now(UTC)
    said = asdict(receipt)
    for name in ("is_dry", "receipt"):
        del said[name]
    said["videos"] = sorted(each.key for each in journal.videos)
    about = {
        "actor": journal.actor,
        "requested_at": journal.at,
        "finished_at": now.isoformat(timespec="microseconds"),
        "found": journal.found,
    }
    data = json.dumps(about | said, ensure_ascii=False, indent=1).encode()
    digest = hashlib.sha256(data).hexdigest()[:8]
    name = f"{now.strftime('%Y%m%dT%H%M%S.%fZ')}-{digest}.json"
    store = open_store(f"{place}/{FOLDER}/{RECEIPTS}")
    store.put_once(name, data, "application/json")
    return store.uri(name)


def recoverable_from(project: Project, journal: Journal) -> Iterator[Recoverable]:
    """Yield where deleted things can be had from, for the places that they were in."""
    at = datetime.fromisoformat(journal.at)
    periods = (_SOFT_DELETE, _POINT_IN_TIME, _FAIL_SAFE, _LOADED)
    soft, in_time, safe, loaded = ((at + each).date().isoformat() for each in periods)
    places = [project.place, project.store or "", project.warehouse]
    places += [] if journal.keep_source else [source_of(each.uri) for each in journal.videos]
    schemes = {place.partition("://")[0] for place in places if "://" in place}
    if "gs" in schemes:
        yield Recoverable("Cloud Storage: soft-deleted objects, unless the bucket says other", soft)
        yield Recoverable("Cloud Storage: noncurrent versions, if the bucket keeps them", None)
    if "s3" in schemes:
        yield Recoverable("S3: noncurrent versions, if the bucket keeps them", None)
    if "firestore" in schemes:
        yield Recoverable("Firestore: point-in-time recovery, where it is enabled", in_time)
        yield Recoverable("Firestore: scheduled backups", None)
    if "bq" in schemes:
        yield Recoverable("BigQuery: time travel, then Google's fail-safe", safe)
    if project.given_ledger is not None:
        yield Recoverable("BigQuery: tables that killed jobs have left", loaded)
        yield Recoverable("Pub/Sub: events and dead letters, as long as it keeps them", None)
    if schemes != {place.partition("://")[0] for place in places} or project.is_folder:
        yield Recoverable("files of this machine: snapshots, and blocks that are not reused", None)
    yield Recoverable("copies that vidset backup or other backups have made", None)


def kept_by_wish(journal: Journal) -> list[str]:
    """Return what the caller wanted to be kept."""
    kept = ["the videos themselves (--keep-source)"] * journal.keep_source
    return kept + ["the vendors' tasks (--keep-tasks)"] * journal.keep_tasks
