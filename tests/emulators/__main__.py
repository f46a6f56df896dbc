"""Start one server by hand and keep it until Ctrl-C: python -m tests.emulators --help"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.emulators.bigquery import Bigquery, bigquery_server
from tests.emulators.firestore import Firestore, firestore_server
from tests.emulators.gcs import Gcs, gcs_server
from tests.emulators.pubsub import Pubsub, pubsub_server
from tests.emulators.s3 import S3, s3_server
from tests.emulators.servers import Server, ServerError, ToolMissingError


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.emulators", description=__doc__)
    parser.add_argument("server", choices=["bigquery", "firestore", "gcs", "pubsub", "s3"])
    parser.add_argument("--port", type=int, help="default: a free one")
    parser.add_argument("--project", default="vidset-local", help="default: %(default)s")
    gcs = parser.add_argument_group("gcs")
    gcs.add_argument("--root", type=Path, help="keep objects in this folder, not in memory")
    gcs.add_argument(
        "--topic",
        help="send OBJECT_FINALIZE events to this topic of the server at PUBSUB_EMULATOR_HOST",
    )
    options = parser.parse_args(arguments)
    if options.topic and not os.environ.get("PUBSUB_EMULATOR_HOST"):
        parser.error("--topic needs PUBSUB_EMULATOR_HOST")
    return options


@contextmanager
def start(options: argparse.Namespace) -> Iterator[tuple[Server, dict[str, str]]]:
    """The server, and the environment that leads clients to it."""
    project = options.project
    match options.server:
        case "pubsub":
            with pubsub_server(options.port) as server:
                yield server, Pubsub(server.address, project).environment
        case "firestore":
            with firestore_server(options.port) as server:
                yield server, Firestore(server.address, project).environment
        case "bigquery":
            with bigquery_server(options.port) as server:
                yield server, Bigquery(server.url, project).environment
        case "s3":
            with s3_server(options.port) as server:
                yield server, S3(server.url).environment
        case "gcs":
            events = None
            if options.topic:
                events = (os.environ["PUBSUB_EMULATOR_HOST"], project, options.topic)
            with gcs_server(options.port, events=events, root=options.root) as server:
                yield server, Gcs(server.url, project).environment


def main(arguments: list[str]) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # As Ctrl-C: leave nothing behind.
    try:
        with start(parse(arguments)) as (server, environment):
            for name, value in environment.items():
                print(f"export {name}={value}")
            print(f"# The log is {server.log}; Ctrl-C stops the server.", flush=True)
            while server.running:
                time.sleep(0.2)
            print(server.log.read_text(errors="replace"), file=sys.stderr)
            return 1
    except KeyboardInterrupt:
        return 0
    except (ServerError, ToolMissingError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
