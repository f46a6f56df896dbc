"""Times are aware datetimes in UTC; as text, RFC 3339 with microseconds, so that texts sort."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def parse_timestamp(value: datetime | str) -> datetime:
    """From RFC 3339, or from a datetime of any client library; in UTC.

    Raises:
        ValueError: it is no such time, or it has no zone.
    """
    if isinstance(value, str):
        moment = datetime.fromisoformat(value)
    else:  # Firestore's DatetimeWithNanoseconds pickles and compares unlike a plain one.
        moment = datetime.fromisoformat(value.isoformat())
    if moment.tzinfo is None:
        raise ValueError(f"wanted a time with its zone, got {value!r}")
    return moment.astimezone(UTC)


def format_timestamp(moment: datetime) -> str:
    """27 characters: `2026-01-31T12:00:00.000000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
