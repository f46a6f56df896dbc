"""What a dataset version may be called."""

import re

from vidset.datasets.errors import DatasetError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ID_BEGINNING = re.compile(r"[0-9a-f]{6,32}")


def check_name(name: str) -> None:
    """Raises DatasetError: it could be mistaken for an id, or for a path."""
    if not _NAME.fullmatch(name) or _ID_BEGINNING.fullmatch(name):
        raise DatasetError(
            f"{name!r}: wanted a name of letters, digits, . _ - that is not like an id"
        )
