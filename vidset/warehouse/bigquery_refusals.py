"""Tells what BigQuery refuses as sentences: the client's own begin with the request's address."""

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core.exceptions import (
    BadRequest,
    Forbidden,
    GoogleAPICallError,
    NotFound,
    RetryError,
)
from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError


class BigqueryAwayError(ValueError):
    """BigQuery does not answer; it may later."""


@contextmanager
def refusals(uri: str) -> Iterator[None]:
    """Say what BigQuery refuses in its words, and which warehouse it is about.

    Raises:
        BigqueryAwayError: it cannot be reached.
        ValueError: it refused something, or nobody is known here who may ask.
    """
    try:
        yield
    except (BadRequest, Forbidden, NotFound) as error:
        said = error.errors[0]["message"] if error.errors else error.message
        raise ValueError(f"{uri}: {said}") from None
    except (DefaultCredentialsError, RefreshError) as error:
        raise ValueError(f"{uri}: {error}") from None
    except (GoogleAPICallError, RetryError, TransportError, ConnectionError) as error:
        raise BigqueryAwayError(f"{uri}: BigQuery does not answer: {_short(error)}") from None


def _short(error: Exception) -> str:
    return str(getattr(error, "message", None) or error).splitlines()[0][:300]
