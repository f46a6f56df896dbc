"""Tell a service that is away, which passes, from what an upload itself brings about."""

from typing import Any

from vidset.engines.engine import TaskError, TaskLostError

# The packages of clients: what they raise is about a service, unless the service refused a request.
_CLIENTS = frozenset({"botocore", "google", "grpc", "requests", "urllib3"})
# Refusals that are about rights, rates and time rather than about what was asked.
_PASSING = frozenset({401, 403, 408, 429})


def is_outage(error: BaseException) -> bool:
    """Return whether `error`, or what it came from, is about a service that is away or broken.

    Missing rights and a missing bucket count as well: they are mended outside of the job, and no
    video may be given up for them.
    """
    if isinstance(error, TaskError | TaskLostError):
        return False  # How our own process ended, and through which pipe we heard of it.
    cause: BaseException | None = error
    while cause is not None:
        if _is_outage(cause):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _is_outage(error: BaseException) -> bool:
    if isinstance(error, ConnectionError | TimeoutError):
        return True
    packages = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    if not packages & _CLIENTS:
        return False
    status = _status(error)
    return status is None or status >= 500 or status in _PASSING or status == 404


def _status(error: Any) -> int | None:
    """Return the HTTP status that a client's error carries, by any of their ways."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):  # botocore
        response = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    for found in (getattr(error, "code", None), getattr(response, "status_code", None), response):
        if isinstance(found, int):
            return int(found)
    return None
