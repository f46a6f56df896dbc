"""The servers of the chain, and what a team deploys between them."""

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

import httpx

from tests.emulators.bigquery import Bigquery, bigquery_server
from tests.emulators.firestore import Firestore, firestore_server
from tests.emulators.gcs import GcsWithEvents, gcs_server
from tests.emulators.handlers import Handler, serve_requests
from tests.emulators.label_studio import LabelStudio, label_studio_server
from tests.emulators.pubsub import Pubsub, pubsub_server
from tests.emulators.servers import Server
from tests.end_to_end.jobs import running_job, wait_for
from tests.labeling.functions import SCALE_SECRET, function
from tests.labeling.vendors.scale.double import API_KEY, ScaleDouble, scale_double

BUCKETS = ("uploads", "images", "ledger")
# Which vendor labels a collector's images: each has a function of its own.
VENDORS = {"car-1": "label-studio", "car-2": "scale"}
_WEBHOOK_SECRET = "the-webhooks-own-secret"  # noqa: S105
_LABELS = "labels: [{name: car, min_width: 4, min_height: 4}, {name: person, min_width: 4}]\n"


@dataclass(frozen=True)
class Servers:
    """What a cloud and two vendors are, on this machine. All belong to one project."""

    cloud: GcsWithEvents
    firestore: Firestore
    bigquery: Bigquery
    label_studio: LabelStudio
    scale: ScaleDouble

    @property
    def project(self) -> str:
        return self.cloud.project


@dataclass(frozen=True)
class Deployed:
    """What runs between the servers, and what passed there.

    Attributes:
        broker: the variables of the function that sends to a vendor, by the vendor.
        functions: the running functions, by their logs' names.
        job: the streaming job; its output is in `job_log`.
        sent: what vendors have sent: headers and body, in their order.
        events, dead_letters: subscriptions that see the buckets' events, and what the job refused.
    """

    servers: Servers
    broker: Mapping[str, dict[str, str]]
    functions: Mapping[str, Server]
    job: Popen[bytes]
    job_log: Path
    sent: list[tuple[dict[str, str], bytes]]
    receive_url: str
    events: str
    dead_letters: str
    dead_letter_topic: str


@contextmanager
def started_servers(folder: Path) -> Iterator[Servers]:
    """All of them, with the environment that leads clients there. Ends them at the end.

    Raises:
        ToolMissingError: one cannot be started here; with how to install it.
    """
    project, topic = f"chain-{uuid.uuid4().hex[:8]}", "object-events"
    with ExitStack() as stack:
        start = stack.enter_context
        pubsub = Pubsub(start(pubsub_server(folder=folder)).address, project)
        stack.callback(pubsub.close)
        full_topic = pubsub.create_topic(topic)
        subscription = pubsub.create_subscription("extract-frames", full_topic)
        events = (pubsub.host, project, topic)
        gcs = start(gcs_server(events=events, folder=folder))
        cloud = GcsWithEvents(gcs.url, project, pubsub, full_topic, subscription)
        firestore = Firestore(start(firestore_server(folder=folder)).address, project)
        bigquery = Bigquery(start(bigquery_server(folder=folder)).url, project)
        label_studio = LabelStudio(start(label_studio_server(folder=folder)).url)
        start(label_studio.client)
        servers = Servers(cloud, firestore, bigquery, label_studio, start(scale_double()))
        for one in (pubsub, cloud, firestore, bigquery):
            os.environ.update(one.environment)
        yield servers


@contextmanager
def deployed(servers: Servers, folder: Path) -> Iterator[Deployed]:
    """Make buckets, topics and subscriptions, start the job and the functions; end them.

    The streaming job reads the events of uploads. A push subscription brings all events to the
    function of each vendor, which takes those of its own images. Both vendors answer to one
    function, by way of an address that keeps what they send.
    """
    cloud = servers.cloud
    for bucket in BUCKETS:
        cloud.make_bucket(bucket)
    events = cloud.pubsub.create_subscription("watch-events", cloud.topic)
    topic = cloud.pubsub.create_topic("dead-letters")
    letters = cloud.pubsub.create_subscription("watch-dead-letters", topic)
    sent: list[tuple[dict[str, str], bytes]] = []
    with ExitStack() as stack:
        receiving = folder / "receiving"
        receiving.mkdir()
        environment = _environment(servers, folder)
        receive = stack.enter_context(
            function("receive_annotation", environment | _secrets(), receiving)
        )

        def pass_on(request: Handler) -> None:
            kept = {name: value for name, value in request.headers.items() if _is_kept(name)}
            body = request.body()
            sent.append((kept, body))
            request.reply(deliver(receive.url, kept, body).status_code)

        address = stack.enter_context(serve_requests(pass_on))
        broker = {
            vendor: environment | _vendor(servers, vendor, collector, address)
            for collector, vendor in VENDORS.items()
        }
        functions = {"receive_annotation": receive}
        for vendor in VENDORS.values():
            (folder / vendor).mkdir()
            running = function("request_labeling", broker[vendor], folder / vendor)
            functions[vendor] = stack.enter_context(running)
            cloud.pubsub.create_subscription(
                f"request-labeling-{vendor}",
                cloud.topic,
                push_config={"push_endpoint": functions[vendor].url},
            )
        log = folder / "job.log"
        job = stack.enter_context(
            running_job(
                log,
                f"--input_subscription={cloud.subscription}",
                "--uploads_bucket=uploads",
                f"--dead_letter_topic={topic}",
                "--images=gs://images",
                "--ledger=gs://ledger",
            )
        )
        # Once it has refused something, it runs: what is measured later is no start.
        cloud.pubsub.publish(cloud.topic, b"is it there?", eventType="OBJECT_FINALIZE")
        wait_for(lambda: bool(cloud.pubsub.pull_all(letters)), job, log)
        yield Deployed(
            servers, broker, functions, job, log, sent, receive.url, events, letters, topic
        )


def deliver(url: str, headers: Mapping[str, str], body: bytes) -> httpx.Response:
    return httpx.post(url, headers=headers, content=body, timeout=600)


def _is_kept(header: str) -> bool:
    return header.lower() in (
        "content-type", "scale-callback-auth", "x-vidset-webhook-secret"
    )  # fmt: skip


def _environment(servers: Servers, folder: Path) -> dict[str, str]:
    """The variables that all functions share."""
    template = folder / "template.yaml"
    template.write_text(f"name: chain {servers.project}\n{_LABELS}")
    return servers.firestore.environment | {
        "LABELING_STORE": f"firestore://{servers.project}",
        "LABELING_IMAGE_ACCESS": f"{servers.cloud.url}/{{bucket}}/{{name}}",
        "LABELING_TEMPLATE": str(template),
        "LABELING_ANSWER_DEADLINE_HOURS": "0",
    }


def _secrets() -> dict[str, str]:
    return {
        "SCALE_CALLBACK_AUTH": SCALE_SECRET,
        "LABEL_STUDIO_WEBHOOK_SECRET": _WEBHOOK_SECRET,
    }


def _vendor(servers: Servers, vendor: str, collector: str, address: str) -> dict[str, str]:
    of_vendor = {
        "scale": {"SCALE_API_URL": servers.scale.url, "SCALE_API_KEY": API_KEY},
        "label-studio": {
            "LABEL_STUDIO_URL": servers.label_studio.url,
            "LABEL_STUDIO_TOKEN": servers.label_studio.token,
            "LABEL_STUDIO_WEBHOOK_SECRET": _WEBHOOK_SECRET,
        },
    }
    return {
        "LABELING_VENDOR": vendor,
        "LABELING_IMAGES": f"gs://images/{collector}",
        "LABELING_CALLBACK_URL": address,
        **of_vendor[vendor],
    }
