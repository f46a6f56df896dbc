"""Keeps what is to be forgotten until all of it is: PLACE/forgotten/.journal.json.

The journal is written before anything is deleted, because what it names is found by way of ledgers
and versions that are deleted themselves. The next call goes on with it.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.entry import TRAIN
from vidset.elements import ledger_key
from vidset.forgetting.images import images_of, source_of
from vidset.forgotten import FOLDER
from vidset.json_files import parse_json, read_object
from vidset.lineage.records import Records
from vidset.storage.open import open_store

NAME = ".journal.json"


@dataclass(frozen=True, slots=True)
class Choice:
    """The choice of videos to forget: all that one of these is true of.

    Attributes:
        videos: uris, or ends of uris.
        collector: the id of a collector.
        before: videos that were uploaded before this moment.
    """

    videos: tuple[str, ...] = ()
    collector: str | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """A video that is to be forgotten."""

    uri: str
    generation: str

    @property
    def key(self) -> str:
        """The name of its files in the ledger and of its tombstone."""
        return ledger_key(self.uri, self.generation)

    @property
    def full(self) -> str:
        """URI#GENERATION: what tells its rows in BigQuery apart."""
        return f"{self.uri}#{self.generation}"


@dataclass(frozen=True, slots=True)
class Journal:
    """All that is to be deleted.

    Attributes:
        videos: with their generations.
        image_names: by image id, the names of the images below the images' root.
        hashes: of the images, and of those that recipes made of them.
        actor, at: who wants it, since when (RFC 3339, UTC).
        keep_source: whether the video files themselves stay.
        keep_tasks: whether the vendors' tasks stay.
        names: what versions, predictions and reports call the videos and images.
        runs: the names of the runs in whose training some of the images stood. Once the images are
            out of the versions, nothing tells that any more.
        found: how many things of each kind there were before anything was deleted.
        ledger, store: bq://PROJECT.DATASET with the ledgers, and the store of tasks and
            annotations, where these were named for the call.
    """

    videos: tuple[Gone, ...]
    image_names: dict[str, str]
    hashes: frozenset[str]
    actor: str
    at: str
    keep_source: bool = False
    keep_tasks: bool = False
    names: frozenset[str] = field(default_factory=frozenset)
    runs: tuple[str, ...] = ()
    found: dict[str, int] = field(default_factory=dict)
    ledger: str | None = None
    store: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "videos": [asdict(each) for each in self.videos],
            "hashes": sorted(self.hashes),
            "names": sorted(self.names),
        }

    @classmethod
    def from_json(cls, found: Any) -> "Journal":
        """Raises KeyError or TypeError: it is none."""
        return cls(
            **{
                **found,
                "videos": tuple(Gone(**each) for each in found["videos"]),
                "hashes": frozenset(found["hashes"]),
                "names": frozenset(found["names"]),
                "runs": tuple(found["runs"]),
            }
        )


def make_journal(
    records: Records,
    choice: Choice,
    actor: str,
    *,
    keep_source: bool = False,
    keep_tasks: bool = False,
) -> Journal:
    """Look up all that came of the chosen videos.

    Raises:
        ValueError: a video that is named is none of the place's, or images in BigQuery's ledger are
            not where a job stores those of the place.
    """
    project, videos = records.project, list(_chosen(records, choice))
    names, hashes = images_of(records, [(each.uri, each.generation) for each in videos])
    made, uris, taught = set[str](), set[str](), set[str]()
    for id_, row in records.all_entries():
        if row["image_sha256"] in hashes or row["origin"] in hashes:
            if row["split"] == TRAIN:
                taught.add(id_)
            made.add(row["image_sha256"])
            uris.add(row["image_uri"])
            if row["video_uri"]:
                uris.add(row["video_uri"])
    return Journal(
        videos=tuple(videos),
        image_names=names,
        hashes=frozenset(hashes | made),
        actor=actor,
        at=datetime.now(UTC).isoformat(timespec="microseconds"),
        keep_source=keep_source,
        keep_tasks=keep_tasks,
        names=frozenset(uris | {each.uri for each in videos}),
        runs=tuple(_trained_on(records, taught)),
        ledger=project.given_ledger,
        # Whoever goes on with it may have other settings, and would leave what is in this store.
        store=project.store if project.given_ledger else project.given_store,
    )


def _trained_on(records: Records, versions: Collection[str]) -> Iterator[str]:
    for folder in records.runs:
        if read_object(folder / "run.json", "a run", DatasetError).get("version") in versions:
            yield folder.name


def write_journal(place: str, journal: Journal) -> None:
    """Keep the journal, in the place of an earlier one."""
    data = json.dumps(journal.to_json(), ensure_ascii=False).encode()
    open_store(f"{place}/{FOLDER}").put(NAME, data, "application/json")


def read_journal(place: str) -> Journal | None:
    """Read the journal of a call that was stopped; None where there is none.

    Raises:
        ValueError: it is damaged.
    """
    store = open_store(f"{place}/{FOLDER}")
    where = store.uri(NAME)
    try:
        return Journal.from_json(parse_json(store.read(NAME), where, "a journal"))
    except FileNotFoundError:
        return None
    except (KeyError, TypeError):
        raise ValueError(f"{where}: wanted the journal of vidset forget") from None


def delete_journal(place: str) -> None:
    """Delete the journal: all that it names is deleted."""
    open_store(f"{place}/{FOLDER}").delete(NAME)


def _chosen(records: Records, choice: Choice) -> Iterator[Gone]:
    """Yield the chosen videos in the order of the ledger, each generation once."""
    rows, found = list(records.all_videos()), dict[Gone, None]()
    for wanted in choice.videos:
        named = [row for row in rows if _is_called(row["video_uri"], wanted)]
        if not named:
            place, hint = records.project.place, ""
            if not (records.project.is_folder or records.project.given_ledger):
                hint = "; --warehouse bq://PROJECT.DATASET names a ledger in BigQuery"
            raise ValueError(f"{wanted}: wanted a video of {place}, it has none so{hint}")
        whole = {source_of(row["video_uri"]) for row in named}
        if len(whole) > 1:
            several = ", ".join(sorted(whole)[:10])
            raise ValueError(f"{wanted}: {len(whole)} videos are called so: {several}")
        found |= dict.fromkeys(map(_gone, named))
    for row in rows:
        is_theirs = choice.collector is not None and row["collector_id"] == choice.collector
        uploaded = row["uploaded_at"]
        is_old = choice.before is not None and uploaded is not None and uploaded < choice.before
        if is_theirs or is_old:
            found[_gone(row)] = None
    yield from found


def _gone(row: dict[str, Any]) -> Gone:
    return Gone(row["video_uri"], row["generation"])


def _is_called(uri: str, wanted: str) -> bool:
    whole = source_of(uri)
    return whole == wanted or whole.endswith(f"/{wanted.lstrip('/')}")
