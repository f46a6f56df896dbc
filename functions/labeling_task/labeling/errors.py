"""What can go wrong, by what is to be done about it. Anything else is raised, and retried."""

import re

# Signed urls (Cloud Storage V2 and V4, S3) that a vendor repeats in its messages.
_SIGNED = re.compile(r"(https?://[^\s\"'?]+)\?[^\s\"']*(?:Signature|Credential)=[^\s\"']*", re.I)


class RefusedError(Exception):
    """The vendor will never take this request (4xx): the task has failed, retrying cannot help."""


class TryAgainError(Exception):
    """Not now: the vendor is down, slow or busy, or somebody else works on the task.

    Attributes:
        retry_after_seconds: what the vendor asked for, None when it did not say.
    """

    def __init__(self, reason: str, retry_after_seconds: float | None = None):
        super().__init__(reason, retry_after_seconds)  # All arguments, so that it pickles.
        self.retry_after_seconds = retry_after_seconds

    def __str__(self) -> str:
        return str(self.args[0])


class InvalidAnswerError(Exception):
    """A vendor's answer that cannot be used: it goes to the quarantine, as it came."""


def without_signatures(text: str) -> str:
    """`text` with the query taken from signed urls: they must not be stored or logged."""
    return _SIGNED.sub(r"\1", text)
