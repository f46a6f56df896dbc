"""The texts of the values that a question to the warehouse gives."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def as_text(value: Any) -> str:
    """Return the text of a value; of one that is missing, none."""
    if value is None:
        return ""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=as_json_value)
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(as_json_value(value)) if isinstance(value, date | datetime) else str(value)


def as_json_value(value: Any) -> Any:
    """Return what JSON has for a value that it does not know."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):  # Sums of integers come as such.
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)
