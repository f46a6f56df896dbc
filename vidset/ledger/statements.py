"""Statements about the rights of videos that were extracted already: the newer one holds.

PLACE/rights/<key>.json has all statements about one video, the oldest first, each with who made it
and when; in BigQuery, they are rows of the table `statements`. The video's row has what holds now;
extracting the video again keeps it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from vidset.json_files import parse_json
from vidset.rights import NONE, Rights
from vidset.storage.store import ObjectStore

FOLDER = "rights"
_MOST_STATEMENTS = 10_000


@dataclass(frozen=True, slots=True)
class Statement:
    """One act of stating.

    Attributes:
        rights: what was stated; of the rest, it says nothing.
        before: what the video's row had until then.
        actor, stated_at: who stated it, and when (RFC 3339, UTC).
    """

    rights: Rights
    before: Rights
    actor: str
    stated_at: str

    def to_json(self) -> dict[str, Any]:
        return {
            "rights": self.rights.told(),
            "before": self.before.told(),
            "actor": self.actor,
            "stated_at": self.stated_at,
        }

    def to_row(self, video_uri: str, generation: str) -> dict[str, Any]:
        """Return a row of the table `statements`; the same statement gives the same row."""
        row = {
            "video_uri": video_uri,
            "generation": generation,
            "rights": self.rights.to_json() or "{}",
            "before_rights": self.before.to_json(),
            "actor": self.actor,
            "stated_at": datetime.fromisoformat(self.stated_at),
        }
        said = json.dumps(row, default=datetime.isoformat, sort_keys=True)
        return {"statement": hashlib.sha256(said.encode()).hexdigest()[:32], **row}

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> "Statement":
        """Take back what `to_row` gave.

        Raises:
            ValueError: its rights are no such text.
        """
        stated_at = row["stated_at"].astimezone(UTC).isoformat(timespec="seconds")
        before = Rights.from_json(row["before_rights"])
        return cls(Rights.from_json(row["rights"]), before, row["actor"], stated_at)


def statements_file(key: str) -> str:
    """Return the name of the file with the statements about a video, by its key in the ledger."""
    return f"{FOLDER}/{key}.json"


def read_statements(store: ObjectStore, key: str) -> list[Statement]:
    """Read the statements about a video, the oldest first; none where nobody made any.

    Raises:
        ValueError: the file has no statements.
    """
    name = statements_file(key)
    try:
        data = store.read(name)
    except FileNotFoundError:
        return []
    told = parse_json(data, name, "statements about a video")
    if not isinstance(told, list) or len(told) > _MOST_STATEMENTS:
        raise ValueError(f"{name}: wanted a list of statements, at most {_MOST_STATEMENTS:,}")
    return [_statement(each, f"{name}: statement {number}") for number, each in enumerate(told, 1)]


def write_statements(store: ObjectStore, key: str, statements: Sequence[Statement]) -> None:
    """Keep all statements about a video."""
    text = json.dumps([each.to_json() for each in statements], ensure_ascii=False, indent=1)
    store.put(statements_file(key), text.encode(), "application/json")


def new_statement(
    statements: Sequence[Statement], before: Rights, stated: Rights, actor: str, stated_at: str
) -> Statement | None:
    """Return the statement that is to be kept; None if the earlier ones say as much already.

    They do so where a call was killed before it wrote the video's row.
    """
    if as_stated(statements, before) == stated.or_else(before):
        return None
    return Statement(stated, before, actor, stated_at)


def as_stated(statements: Sequence[Statement], rights: Rights) -> Rights:
    """Return what holds: the newest statement, key by key, else what was there without any."""
    held = rights
    for each in statements:
        held = each.rights.or_else(held)
    return held


def _statement(told: Any, where: str) -> Statement:
    try:
        return Statement(
            Rights(**told["rights"]),
            Rights(**told["before"]) if told["before"] else NONE,
            str(told["actor"]),
            str(told["stated_at"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{where}: wanted a statement, it has no usable {error}") from None
