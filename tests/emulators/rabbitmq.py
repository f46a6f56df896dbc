"""RabbitMQ: Debian's package, as a node of its own.

Nothing of the machine's own RabbitMQ is read or written: data, log, cookie, port mapper and name
are this server's.
"""

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pika
from pika.adapters.blocking_connection import BlockingChannel

from tests.emulators.servers import HOST, Server, ToolMissingError, free_port, serve

# The scripts behind /usr/sbin/rabbitmq-server, which would run as another user.
_SCRIPTS = Path("/usr/lib/rabbitmq/bin")
_INSTALL = "apt-get install --no-install-recommends rabbitmq-server"
USER = PASSWORD = "guest"  # noqa: S105 (every RabbitMQ's own, for this machine alone)


@contextmanager
def rabbitmq_server(
    port: int | None = None,
    folder: Path | None = None,
    *,
    data: Path | None = None,
    settings: Mapping[str, int] | None = None,
) -> Iterator[Server]:
    """A broker of one node.

    Args:
        data: what it keeps lies there; started anew with it and the same port, it has it again.
        settings: of the application `rabbit`; some are not to be had in rabbitmq.conf.
    """
    if not (_SCRIPTS / "rabbitmq-server").exists() or shutil.which("epmd") is None:
        raise ToolMissingError("RabbitMQ", _INSTALL)
    with TemporaryDirectory(prefix="vidset-rabbitmq-") as own:
        Path(own, "plugins").write_text("[].")
        mapper = free_port()

        def command(port: int) -> list[str]:
            # The port mapper in the foreground, to end with the broker, which else starts one for
            # good.
            start = (
                f"epmd -address {HOST} -port {mapper} & "
                f"RABBITMQ_NODENAME=vidset-{port}@localhost RABBITMQ_NODE_PORT={port} "
                f"RABBITMQ_DIST_PORT={free_port()} exec {_SCRIPTS}/rabbitmq-server"
            )
            return ["/bin/sh", "-c", start]

        environment = {
            "HOME": own,  # Of the cookie.
            "RABBITMQ_MNESIA_BASE": str(data or f"{own}/data"),
            "RABBITMQ_LOG_BASE": f"{own}/log",
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_NODE_IP_ADDRESS": HOST,
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{own}/plugins",
            "RABBITMQ_CONFIG_FILE": f"{own}/none.conf",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": " ".join(
                f"-rabbit {name} {value}" for name, value in (settings or {}).items()
            ),
            "ERL_CRASH_DUMP": f"{own}/erl_crash.dump",
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "ERL_EPMD_ADDRESS": HOST,
            "ERL_EPMD_PORT": str(mapper),
        }
        started = "Server startup complete"
        with serve(
            "rabbitmq", command, started, port=port, environment=environment, folder=folder
        ) as server:
            yield server


@dataclass(frozen=True)
class Rabbitmq:
    """A broker; `queue` is of one test."""

    address: str
    queue: str

    @property
    def environment(self) -> dict[str, str]:
        return {"AMQP_URL": self.url}

    @property
    def url(self) -> str:
        return f"amqp://{USER}:{PASSWORD}@{self.address}/%2F"

    @property
    def events(self) -> str:
        """What `vidset watch` takes."""
        return f"{self.url}?queue={self.queue}"

    @contextmanager
    def channel(self) -> Iterator[BlockingChannel]:
        with pika.BlockingConnection(pika.URLParameters(self.url)) as connection:
            yield connection.channel()

    def publish(self, *bodies: bytes) -> None:
        """To the queue, which is there; returns when the broker has them safe."""
        with self.channel() as channel:
            channel.confirm_delivery()
            for body in bodies:
                channel.basic_publish("", self.queue, body, mandatory=True)

    def size(self, queue: str = "") -> int:
        """How many messages wait, those that a consumer has not counted."""
        with self.channel() as channel:
            return channel.queue_declare(queue or self.queue, passive=True).method.message_count

    def take_all(self, queue: str, count: int = 0, seconds: float = 600) -> list[bytes]:
        """Take and acknowledge all there are, at least `count`.

        Raises TimeoutError when fewer have come after `seconds`.
        """
        deadline, bodies = time.monotonic() + seconds, []
        with self.channel() as channel:
            while True:
                method, _, body = channel.basic_get(queue, auto_ack=True)
                if method is not None:
                    bodies.append(body)
                elif len(bodies) >= count:
                    return bodies
                elif time.monotonic() > deadline:
                    raise TimeoutError(f"{queue} gave {len(bodies)} of {count}: {bodies}")
                else:
                    time.sleep(0.05)
