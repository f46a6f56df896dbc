"""Suggests what somebody meant who typed a name that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'v0'?" for the nearest known name; empty if none is near.

    It is made to be appended to a message that ends with a full stop or a question mark.
    """
    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean {by_lower[near[0]]!r}?" if near else ""


def unknown(kind: str, word: str, known: Iterable[str]) -> str:
    """Return a message such as "unknown format 'cocoo'. Did you mean 'coco'?".

    Where nothing is near, the known names are listed if there are few.
    """
    names = sorted(known)
    if hint := did_you_mean(word, names):
        return f"unknown {kind} {word!r}.{hint}"
    if 0 < len(names) <= 12:
        return f"unknown {kind} {word!r}: wanted one of {', '.join(names)}"
    return f"unknown {kind} {word!r}"
