"""S3: moto's server."""

import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import requests

from tests.emulators.servers import Server, ToolMissingError, serve

ANY = "any"  # A key, or a secret: the server looks at neither.
REGION = "us-east-1"


@contextmanager
def s3_server(port: int | None = None, folder: Path | None = None) -> Iterator[Server]:
    if not importlib.util.find_spec("moto") or not importlib.util.find_spec("flask"):
        raise ToolMissingError("moto's server", "pip install 'moto[server]'")

    def command(port: int) -> list[str]:
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]

    with serve("s3", command, "Running on", port=port, folder=folder) as server:
        yield server


@dataclass(frozen=True)
class S3:
    """A server's S3."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """All that an AWS client looks at, so that this machine's own settings play no part."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": ANY,
            "AWS_SECRET_ACCESS_KEY": ANY,
            "AWS_SESSION_TOKEN": ANY,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=ANY,
            aws_secret_access_key=ANY,
        )

    def make_bucket(self, name: str) -> str:
        self.client().create_bucket(Bucket=name)
        return name

    def clear(self) -> None:
        """Forget all buckets."""
        requests.post(f"{self.url}/moto-api/reset", timeout=600).raise_for_status()
