"""Outages are told from what an upload brings about itself."""

import pytest

from vidset.beam.outages import is_outage


def with_cause(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def outages() -> list:
    from botocore.exceptions import ClientError, EndpointConnectionError
    from google.api_core import exceptions as google
    from google.auth.exceptions import TransportError
    from requests.exceptions import ReadTimeout

    def refused(status):
        answer = {"Error": {}, "ResponseMetadata": {"HTTPStatusCode": status}}
        return ClientError(answer, "PutObject")  # pyright: ignore[reportArgumentType]

    cases = [
        ("reset", ConnectionResetError(), True),
        ("timeout", TimeoutError(), True),
        ("google 503", google.ServiceUnavailable("x"), True),
        ("google 403", google.Forbidden("x"), True),
        ("google 404", google.NotFound("x"), True),
        ("google 429", google.TooManyRequests("x"), True),
        ("google 400", google.BadRequest("x"), False),
        ("google auth", TransportError("x"), True),
        ("requests", ReadTimeout("x"), True),
        ("s3 away", EndpointConnectionError(endpoint_url="x"), True),
        ("s3 503", refused(503), True),
        ("s3 400", refused(400), False),
        ("wrapped", with_cause(RuntimeError("x"), ConnectionError("y")), True),
        ("memory", MemoryError(), False),
        ("disk", OSError(28, "No space left on device"), False),
        ("bug", IndexError("x"), False),
    ]
    return [pytest.param(error, away, id=name) for name, error, away in cases]


@pytest.mark.parametrize(("error", "away"), outages())
def test_outages_are_told_from_what_an_upload_brings_about(error, away):
    assert is_outage(error) is away
