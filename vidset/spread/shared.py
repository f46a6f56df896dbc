"""A part of a place where nodes leave for each other what they have decoded."""

import hashlib
import hmac
import pickle  # nosec B403
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from vidset.storage.open import open_store

_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Shared:
    """The part of a place where what nodes have decoded of one video waits, in one run.

    Attributes:
        place: the folder or uri that all nodes see.
        folder: what the names begin with there; it ends with a slash.
        token: known to this run alone. What others have put there is passed over: whoever may
            write to a store may not have nodes run code. Logs of a task do not show it.
    """

    place: str
    folder: str
    token: str = field(repr=False)

    def put(self, name: str, what: Any) -> None:
        data = pickle.dumps(what)
        signed = self._digest(name, data) + data
        open_store(self.place).put(self.folder + name, signed, "application/octet-stream")

    def get(self, name: str) -> Any:
        """Return what was put there; None if nothing was."""
        try:
            found = open_store(self.place).read(self.folder + name)
        except FileNotFoundError:
            return None
        digest, data = found[:_DIGEST_BYTES], found[_DIGEST_BYTES:]
        if not hmac.compare_digest(digest, self._digest(name, data)):
            return None
        return pickle.loads(data)  # noqa: S301  # nosec B301

    def clear(self) -> None:
        """Delete what waits there. Where nothing may be deleted, it stays."""
        store = open_store(self.place)
        with suppress(FileNotFoundError, PermissionError):  # Another clears it, too.
            for each in store.list(self.folder):
                store.delete(each.name)

    def _digest(self, name: str, data: bytes) -> bytes:
        key = f"{self.token} {self.folder}{name}".encode("utf-8", "surrogateescape")
        return hmac.digest(key, data, hashlib.sha256)
