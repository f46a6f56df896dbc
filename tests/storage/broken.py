"""Stores behind a proxy that breaks a share of the requests."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

from tests.upload.gcs_front import GcsFront
from tests.upload.proxy import Answer, Fault, Proxy, running
from tests.upload.s3_front import S3Front

_FAULTS = (
    Answer(503),
    Answer(429, {"Retry-After": "1"}),
    Answer(500),
    "before",
    "before the answer",
)


@contextmanager
def broken_store(request, monkeypatch, bucket: str = "things") -> Iterator[tuple[str, Proxy]]:
    """Yield the uri of a bucket in the store that a test's parameter names, and its proxy."""
    server = request.getfixturevalue({"gs": "gcs", "s3": "s3"}[request.param])
    server.make_bucket(bucket)
    front = {"gs": GcsFront, "s3": S3Front}[request.param](server.url.removeprefix("http://"))
    variable = {"gs": "STORAGE_EMULATOR_HOST", "s3": "AWS_ENDPOINT_URL"}[request.param]
    with running(front) as proxy:
        monkeypatch.setenv(variable, proxy.url)
        yield f"{request.param}://{bucket}", proxy


def break_some(proxy, share: float, seed: int) -> None:
    chance = random.Random(seed)
    proxy.faults = [
        Fault(lambda _: chance.random() < share / len(_FAULTS), what, times=10_000)
        for what in _FAULTS
    ]
