"""Messages to a Pub/Sub topic."""

import re
from collections.abc import Mapping

from google.auth.exceptions import DefaultCredentialsError
from google.cloud import pubsub_v1

_PUBLISH_SECONDS = 60


class Topic:
    """A topic, projects/P/topics/T. PUBSUB_EMULATOR_HOST leads to an emulator.

    Raises:
        ValueError: it is no topic's name, or there are no credentials.
    """

    def __init__(self, name: str):
        if not re.fullmatch(r"projects/[^/]+/topics/[^/]+", name):
            raise ValueError(f"wanted pubsub:projects/P/topics/T, got {f'pubsub:{name}'!r}")
        self._name = name
        try:
            self._client = pubsub_v1.PublisherClient()
        except DefaultCredentialsError as error:
            raise ValueError(f"{name}: {error}") from None

    def publish(self, data: bytes, attributes: Mapping[str, str]) -> None:
        """Publish a message; returns once the service has it."""
        self._client.publish(self._name, data, **attributes).result(timeout=_PUBLISH_SECONDS)

    def check(self) -> None:
        """Ask whether there is such a topic; the client's error says what is wrong."""
        self._client.get_topic(topic=self._name)
