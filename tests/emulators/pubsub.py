"""The official Pub/Sub emulator."""

import hashlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.pubsub_v1 import PublisherClient, SubscriberClient, types
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from tests.emulators.gcloud import JDK, find_jar, java
from tests.emulators.servers import Server, cache_folder, find_program, serve

SHIM = Path(__file__).with_name("pubsub_shim") / "io" / "grpc" / "InternalStatus.java"


@contextmanager
def pubsub_server(port: int | None = None, folder: Path | None = None) -> Iterator[Server]:
    jar = find_jar("pubsub-emulator", "lib/cloud-pubsub-emulator-*-all.jar")
    classpath = f"{_compiled_shim(jar)}:{jar}"

    def command(port: int) -> list[str]:
        main = "com.google.cloud.pubsub.testing.v1.Main"
        return [*java(), "-cp", classpath, main, "--host=127.0.0.1", f"--port={port}"]

    with serve("pubsub", command, "Server started", port=port, folder=folder) as server:
        yield server


class Pubsub:
    """One project of an emulator. Projects share nothing, so tests that have their own do not.

    Topics and subscriptions are given by short or full name, and returned as full names. Works
    whatever the environment says.
    """

    def __init__(self, host: str, project: str):
        self.host, self.project = host, project
        self._channel = grpc.insecure_channel(host)
        self._publisher = PublisherClient(transport=PublisherGrpcTransport(channel=self._channel))
        self._pulls = SubscriberGrpcTransport(channel=self._channel)
        self._subscriber = SubscriberClient(transport=self._pulls)

    @property
    def environment(self) -> dict[str, str]:
        return {"PUBSUB_EMULATOR_HOST": self.host, "GOOGLE_CLOUD_PROJECT": self.project}

    def topic(self, name: str) -> str:
        return self._full("topics", name)

    def subscription(self, name: str) -> str:
        return self._full("subscriptions", name)

    def create_topic(self, name: str) -> str:
        return self._publisher.create_topic(name=self.topic(name)).name

    def create_subscription(self, name: str, topic: str, **settings: Any) -> str:
        """`settings` are the fields of a Subscription, such as `ack_deadline_seconds`."""
        request = types.Subscription(
            name=self.subscription(name), topic=self.topic(topic), **settings
        )
        return self._subscriber.create_subscription(request=request).name

    def publish(self, topic: str, data: bytes, **attributes: str) -> str:
        """Publish one message; return its id."""
        message = types.PubsubMessage(data=data, attributes=attributes)
        return self._publisher.publish(topic=self.topic(topic), messages=[message]).message_ids[0]

    def pull_all(
        self, subscription: str, count: int = 0, seconds: float = 600
    ) -> list[types.PubsubMessage]:
        """Take and acknowledge all messages there are, at least `count`.

        Raises TimeoutError when fewer than `count` have come after `seconds`.
        """
        name = self.subscription(subscription)
        # The stub itself: the client warns that `return_immediately` is deprecated. The other way
        # to stop waiting is to cancel a pull, and that may take messages along.
        request = types.PullRequest(subscription=name, max_messages=1000, return_immediately=True)
        deadline = time.monotonic() + seconds
        messages: list[types.PubsubMessage] = []
        while True:
            received = self._pulls.pull(request).received_messages
            if received:
                ids = [message.ack_id for message in received]
                self._subscriber.acknowledge(subscription=name, ack_ids=ids)
                messages += [message.message for message in received]
            elif len(messages) >= count:
                return messages
            elif time.monotonic() >= deadline:
                got = f"{len(messages)} of {count} messages after {seconds:g} s"
                raise TimeoutError(f"{name} gave {got}: {messages}")
            else:
                time.sleep(0.02)

    def close(self) -> None:
        self._channel.close()

    def _full(self, kind: str, name: str) -> str:
        return name if "/" in name else f"projects/{self.project}/{kind}/{name}"


def _compiled_shim(jar: Path) -> Path:
    """The folder of the shim's classes, compiled once for this jar."""
    javac = find_program("javac", JDK)
    stat = jar.stat()
    key = f"{jar} {stat.st_size} {stat.st_mtime_ns} {SHIM.read_text()}"
    classes = cache_folder() / f"pubsub-shim-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    if not classes.exists():
        built = Path(tempfile.mkdtemp(dir=cache_folder()))
        command = [javac, "--release", "11", "-cp", str(jar), "-d", str(built), str(SHIM)]
        subprocess.run(command, check=True)
        try:
            built.rename(classes)
        except OSError:  # Another worker was first.
            shutil.rmtree(built)
    return classes
