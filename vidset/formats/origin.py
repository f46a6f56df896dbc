"""Who said it and when: fields of ours, which other tools pass over."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vidset.formats.format import ImageLabels
from vidset.labeling.timestamps import format_timestamp, parse_timestamp


def origin_fields(labels: ImageLabels) -> dict[str, str]:
    """As far as it is known."""
    fields = {}
    if labels.annotator:
        fields["annotator"] = labels.annotator
    if labels.updated_at:
        fields["updated_at"] = format_timestamp(labels.updated_at)
    return fields


def said_by(part: Mapping[str, Any], place: str) -> tuple[str | None, datetime | None]:
    """The annotator and the time. Raises ValueError: as `said_at` says."""
    annotator = part.get("annotator")
    return str(annotator) if annotator else None, said_at(part, f"{place}: updated_at")


def said_at(part: Mapping[str, Any], place: str) -> datetime | None:
    """Raises ValueError: it is no time with its zone."""
    updated_at = part.get("updated_at")
    if not updated_at:
        return None
    try:
        return parse_timestamp(str(updated_at))
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None
