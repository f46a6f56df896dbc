"""Tells apart what an S3 server answers that is no success: expected, passing, or a refusal."""

from collections.abc import Callable, Collection
from typing import TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.exceptions import ConnectionError as NoConnectionError

from vidset.storage.errors import StoreRefusedError
from vidset.storage.patience import patiently, seconds_asked

_Out = TypeVar("_Out")
NO_BUCKET = "NoSuchBucket"
ABSENT = frozenset({"NoSuchKey", NO_BUCKET, "404", "NotFound"})
EXISTS = frozenset({"PreconditionFailed", "412"})
NO_RANGE = frozenset({"InvalidRange"})
# A temporary token's time is over, or its renewed file has not been read yet.
EXPIRED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired"}
)
_BUSY = frozenset({"ConditionalRequestConflict", "RequestTimeout", "SlowDown", "Throttling"})


class CredentialsExpiredError(Exception):
    """The credentials have expired; they have been read again."""


BREAKS = (
    ClientError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    NoConnectionError,
    CredentialsExpiredError,
)


def asked(work: Callable[[], _Out], uri: str, expected: Collection[str]) -> _Out:
    """Do `work`, and repeat it while it fails for a moment.

    Args:
        expected: codes of answers that the caller knows what to do with.

    Raises:
        ClientError: one of `expected`.
        StoreRefusedError: any other error that another attempt does not change.
        StoreUnavailableError: it has failed for too long.
    """
    try:
        return patiently(work, uri, transient)
    except ClientError as error:
        if code_of(error) in expected:
            raise
        raise refusal(uri, error) from None
    except BotoCoreError as error:
        raise refusal(uri, error) from None


def refusal(uri: str, error: ClientError | BotoCoreError) -> StoreRefusedError:
    """Return the error that says what was refused, and what the server said."""
    if not isinstance(error, ClientError):  # As that there are no credentials.
        return StoreRefusedError(f"{uri}: it cannot be asked for: {error}")
    told, answer = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    said = f"{answer.get('HTTPStatusCode', '')} {told.get('Message') or told.get('Code') or ''}"
    return StoreRefusedError(f"{uri}: the store refuses it: {said.strip()}")


def transient(error: BaseException) -> float | None:
    """See `vidset.storage.patience.Transient`."""
    if isinstance(error, ClientError):
        answer = error.response.get("ResponseMetadata", {})
        status = answer.get("HTTPStatusCode", 0)
        if status in (408, 429) or status >= 500 or code_of(error) in _BUSY:
            return seconds_asked(answer.get("HTTPHeaders"))
        return None
    return 0.0 if isinstance(error, BREAKS) else None


def code_of(error: ClientError) -> str:
    """Return the code of an answer, such as NoSuchKey; "" where it has none."""
    return error.response.get("Error", {}).get("Code", "")
