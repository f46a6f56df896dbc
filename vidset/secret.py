"""A secret that shows itself to nobody who does not ask."""

import hmac
from typing import NoReturn


class Secret:
    """A text that is hidden wherever it is printed, formatted, logged or put into a traceback.

    It is no `str`, so that JSON refuses it, and it cannot be pickled or copied into a message by
    `+` or `join`. `reveal` is the one way to its text.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str):
        self._text = text

    def reveal(self) -> str:
        """Return the text: where it is sent or compared, and nowhere else."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(...)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")
