"""Everything once more: uploads, events, callbacks, exports. And what must be as before."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from google.pubsub_v1 import types

from tests.end_to_end.chain.links import Chain
from tests.end_to_end.chain.servers import BUCKETS, VENDORS, deliver

TABLES = ("annotations", "tasks", "frames", "videos")
ENDS = 2  # Events that the job refuses, behind all others.


def objects_of(chain: Chain, bucket: str) -> dict[str, int]:
    """The generations of a bucket's objects: another one each time that somebody writes it."""
    client = chain.deployed.servers.cloud.client()
    return {blob.name: blob.generation for blob in client.list_blobs(bucket)}


def state_of(chain: Chain) -> dict[str, Any]:
    """What there is behind each link: objects with generations, tasks, documents, rows."""
    studio, scale = chain.annotators.studio_tasks(), chain.deployed.servers.scale.tasks()
    return {
        "objects": {bucket: objects_of(chain, bucket) for bucket in BUCKETS},
        "label-studio": {task["id"]: len(task["annotations"]) for task in studio},
        "scale": [task["task_id"] for task in scale],
        "documents": chain.documents(),
        "rows": {table: sorted(map(str, chain.rows(table))) for table in TABLES},
    }


@dataclass
class Events:
    """The buckets' events as they were delivered, gathered while the chain runs."""

    chain: Chain
    events: list[types.PubsubMessage] = field(default_factory=list)

    def gather(self) -> None:
        cloud = self.chain.deployed.servers.cloud
        self.events += cloud.pubsub.pull_all(self.chain.deployed.events)

    def deliver(self) -> None:
        """All of them again, until the job and both functions have taken them."""
        deployed = self.chain.deployed
        pubsub, topic = deployed.servers.cloud.pubsub, deployed.servers.cloud.topic
        before = {vendor: self._handled(vendor) for vendor in VENDORS.values()}
        for event in self.events:
            pubsub.publish(topic, event.data, **event.attributes)
        # What the job refuses comes out again: behind it nothing of before is waiting.
        for number in range(ENDS):
            pubsub.publish(topic, b"the end", eventType="OBJECT_FINALIZE", number=str(number))
            pubsub.pull_all(deployed.dead_letters, count=1)
        for vendor, handled in before.items():
            wanted = handled + len(self.events) + ENDS
            self.chain.wait(lambda vendor=vendor, wanted=wanted: self._handled(vendor) >= wanted)

    def _handled(self, vendor: str) -> int:
        """How many events the vendor's function has logged an outcome of."""
        log = self.chain.deployed.functions[vendor].log.read_text(errors="replace")
        return sum(line.startswith('{"severity"') for line in log.splitlines())


def deliver_callbacks(chain: Chain) -> list[int]:
    """All that the vendors sent, once more; the statuses of the answers."""
    deployed = chain.deployed
    sent: Iterable[tuple[dict[str, str], bytes]] = list(deployed.sent)
    return [deliver(deployed.receive_url, headers, body).status_code for headers, body in sent]
