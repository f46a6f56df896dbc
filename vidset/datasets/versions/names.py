"""The rules for names of dataset versions."""

import re

from vidset.datasets.errors import DatasetError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ID_BEGINNING = re.compile(r"[0-9a-f]{6,32}")


def is_name(text: str) -> bool:
    """Returns whether the text is made as names are; one that looks like an id is among them."""
    return bool(_NAME.fullmatch(text))


def may_be_id(text: str) -> bool:
    """Returns whether the text could be an id or the first digits of one."""
    return bool(_ID_BEGINNING.fullmatch(text))


def check_name(name: str) -> None:
    """Refuse a name that could be mistaken for an id or a path.

    Raises:
        DatasetError: it could.
    """
    if not is_name(name) or may_be_id(name):
        raise DatasetError(
            f"{name!r}: wanted a name of letters, digits, . _ - that is not like an id"
        )
