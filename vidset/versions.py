"""Tells which vidset this is, for the records of what it writes."""

import os
from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def vidset_version() -> str | None:
    """Return the version of vidset.

    The worker image has the code alone, without a version: there it is the revision that the image
    was built from. None: neither is known.
    """
    try:
        return version("vidset")
    except PackageNotFoundError:
        return os.environ.get("VIDSET_REVISION") or None
