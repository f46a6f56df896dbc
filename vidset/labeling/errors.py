"""The errors of labeling, by what is to be done about them. Any other is retried."""

import re

# Parameters that are secrets: those of urls signed by Cloud Storage (V2 and V4), S3 (V2 and V4) and
# Azure, and what servers of one's own call theirs.
_PARAMETER = (
    r"(?:(?:x-(?:goog|amz)-)?(?:signature|credential|security-token|googleaccessid|awsaccesskeyid)"
    r"|sig|token|api[_-]?key|auth|password|secret)"
)
# To the end of the query, but not what follows the url: quotes, brackets, the end of a sentence.
_PLAIN = (
    r"(?:[\w%~+/=@$*-]|\\{1,4}/|\\{1,4}u00(?:26|2b|2f|3d)|[.:!?](?=[\w%&])"
    r"|&(?!quot;|apos;|[lg]t;|#(?:3[49]|6[02]|x2[27]|x3[ce]);)(?:amp;|#x?[0-9a-f]{2};)?)*"
)
_CODED = r"(?:[\w~*-]|[.](?=[\w%])|%(?:25){0,3}(?!25|0|2[0279c]|3[ce]|[57][bd])[0-9a-f]{2})*"


def _query(start: str, equals: str, rest: str) -> re.Pattern:
    """A query with a secret in it, or at least the secret."""
    before = rf"(?:{start}(?:(?!{start})[^\s\"'<>])*?)?"
    return re.compile(f"{before}{_PARAMETER}{equals}{rest}", re.IGNORECASE | re.ASCII)


# A url may be escaped for JSON or for HTML, or stand percent-encoded in another one.
_QUERIES = (
    _query(r"(?:\?|\\{1,4}u003f|&#63;|&#x3f;)", r"(?:=|\\{1,4}u003d|&#61;|&#x3d;)", _PLAIN),
    _query("%(?:25){0,3}3f", "%(?:25){0,3}3d", _CODED),
)


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


class UnknownLabelError(InvalidAnswerError):
    """An object's label is none of the template's."""


class OtherShapeError(InvalidAnswerError):
    """An object has another shape than the template wants for its label: `wanted`."""

    def __init__(self, reason: str, wanted: str):
        super().__init__(reason, wanted)
        self.wanted = wanted

    def __str__(self) -> str:
        return str(self.args[0])


def without_signatures(text: str) -> str:
    """Take the whole query from urls that carry a secret: it must not be stored or logged."""
    for query in _QUERIES:
        text = query.sub("", text)
    return text
