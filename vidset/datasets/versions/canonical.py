"""Values as text, so that equal values are equal texts."""

import json
from typing import Any


def to_json(value: Any) -> str:
    """One text for equal values: sorted keys, no spaces (RFC 8785 for strings and ints)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
