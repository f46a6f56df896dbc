"""`vidset watch` as a process of its own, and what it is told of."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pika

from tests.emulators.rabbitmq import Rabbitmq
from tests.programs.forked import NAME
from tests.programs.started import Started, run
from vidset.watch.amqp_address import parse_address
from vidset.watch.amqp_queue import open_channel

OUT = "s3://data"
# Else the S3 client itself tries each request five times, and vidset goes on for 40 s.
IMPATIENT = {"AWS_MAX_ATTEMPTS": "1", "VIDSET_STORE_SECONDS": "3"}


def minio_event(key: str, *, bucket: str = "uploads", name: str = "s3:ObjectCreated:Put") -> bytes:
    """As MinIO's amqp.go and event.go write it."""
    found = {"key": quote_plus(key), "size": 5, "eTag": "e", "contentType": "video/mp4"}
    found |= {"userMetadata": {"content-type": "video/mp4"}, "sequencer": "1879B51B2B3B7A44"}
    record = {
        "eventVersion": "2.0",
        "eventSource": "minio:s3",
        "awsRegion": "",
        "eventTime": "2026-11-20T11:55:25.852Z",
        "eventName": name,
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "Config",
            "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
            "object": found,
        },
    }
    log = {"EventName": name, "Key": f"{bucket}/{key}", "Records": [record]}
    return json.dumps(log).encode()


def make_queue(rabbitmq: Rabbitmq, max_tries: int = 10) -> None:
    """As the watcher does, so that there is something to publish to."""
    address = parse_address(rabbitmq.events, None)
    connection, _ = open_channel(address, pika.URLParameters(address.url.reveal()), max_tries)
    connection.close()


def arguments(events: str, *others: str, output: str = OUT) -> list[str]:
    """The words of a command: of a queue, the uploads of the bucket `uploads`, or others."""
    command = ["watch", events]
    if "-o" not in others:
        command += ["-o", output]
    if not Path(events).is_dir() and "--bucket" not in others:
        command += ["--bucket", "uploads"]
    workers = () if "--workers" in others else ("--workers", "1")
    return [*command, "--json", *workers, *others]


def watch(
    events: str, *others: str, output: str = OUT, environment: dict[str, str] | None = None
) -> tuple[int, dict[str, Any], str]:
    """Watch until idle: the exit code, the summary and what was said meanwhile."""
    idle = () if "--until-idle" in others else ("--until-idle", "3")
    command = arguments(events, *idle, *others, output=output)
    ended = run(command, env={**os.environ, **(environment or {})})
    return ended.returncode, json.loads(ended.stdout or "{}"), ended.stderr


@contextmanager
def watching(
    log: Path, events: str, *others: str, output: str = OUT, environment=None
) -> Iterator[Started]:
    """Until the end of the block, and no longer."""
    with log.open("ab") as said:
        given = {**os.environ, **(environment or {})}
        process = Started(arguments(events, *others, output=output), said, said, given)
        try:
            yield process
        finally:
            kill(process)
            process.wait()


def kill(process: Started) -> None:
    """With its workers, as when the machine goes down."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def workers_of(process: Started) -> list[int]:
    """The processes that decode."""
    children = Path(f"/proc/{process.pid}/task").glob("*/children")
    pids = [int(pid) for each in children for pid in each.read_text().split()]
    return [pid for pid in pids if Path(f"/proc/{pid}/comm").read_text().strip() == NAME]


def is_running(pid: int) -> bool:
    """Whether there is such a process that has not ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
