from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.drawing import write_video
from tests.emulators.rabbitmq import Rabbitmq
from tests.watch.s3_proxy import S3Proxy, s3_proxy
from tests.watch.watchers import make_queue, minio_event


@dataclass(frozen=True)
class Site:
    """MinIO and RabbitMQ, as on premises: uploads are told of by hand, as MinIO would."""

    rabbitmq: Rabbitmq
    s3: object
    folder: Path

    def put(self, key: str, data: bytes) -> None:
        self.s3.client().put_object(Bucket="uploads", Key=key, Body=data)

    def upload(self, key: str, data: bytes) -> None:
        self.put(key, data)
        self.rabbitmq.publish(minio_event(key))

    def video(self, *scenes: int) -> bytes:
        """So many seconds, one scene each."""
        name = "-".join(map(str, scenes))
        return write_video(self.folder / f"{name}.mp4", scenes=scenes).read_bytes()

    @property
    def waiting(self) -> tuple[int, int]:
        """Messages in the queue, and in its dead-letter queue."""
        queue = self.rabbitmq.queue
        return self.rabbitmq.size(), self.rabbitmq.size(f"{queue}.dead")


@pytest.fixture
def site(request, rabbitmq, s3, tmp_path) -> Site:
    """With as many tries as the parameter says, or 10."""
    s3.make_bucket("uploads")
    s3.make_bucket("data")
    make_queue(rabbitmq, getattr(request, "param", 10))
    return Site(rabbitmq, s3, tmp_path)


@pytest.fixture
def proxy(s3, monkeypatch) -> Iterator[S3Proxy]:
    """What the watcher takes for the S3 server."""
    with s3_proxy(s3.url) as proxy:
        yield proxy
