"""Times are aware datetimes in UTC; as text, RFC 3339 with microseconds, so that texts sort."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def parse_timestamp(value: datetime | str) -> datetime:
    """Reads RFC 3339, or a datetime of any client library, as UTC.

    Raises:
        ValueError: it is no such time, or it has no zone.
    """
    if isinstance(value, str):
        moment = datetime.fromisoformat(value)
    else:  # Firestore's DatetimeWithNanoseconds pickles and compares unlike a plain one.
        moment = datetime.fromisoformat(value.isoformat())
    if moment.tzinfo is None:
        raise ValueError(f"wanted a time with its zone, got {value!r}")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"wanted a time of the years 1 to 9999 in UTC, got {value!r}") from None


def format_timestamp(moment: datetime) -> str:
    """27 characters: `2026-01-31T12:00:00.000000Z`."""
    # Not strftime: its %Y of the year 33 is "33".
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
