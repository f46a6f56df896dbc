"""Names who does something, for the records of imports, tags, fixes, reviews and deletions."""

import getpass


def actor_of(name: str | None) -> str:
    """Return the name that was given with --as, else the login of the operating system's user.

    Raises:
        ValueError: the name is empty, too long or holds control characters.
    """
    actor = login() if name is None else name.strip()
    if not actor or len(actor) > 200 or not actor.isprintable():
        raise ValueError(f"--as: wanted a name of 1 to 200 printable characters, got {actor!r}")
    return actor


def login() -> str:
    """Return the login of the operating system's user; "unknown" for a user without one."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # A container's user may have a number alone.
        return "unknown"
