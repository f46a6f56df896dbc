"""Images in any S3, with boto3's own credentials and AWS_ENDPOINT_URL; urls are presigned."""

import threading
from datetime import timedelta
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from vidset.labeling.images.access import fill_url, read_size

_CONFIG = Config(
    signature_version="s3v4", connect_timeout=5, read_timeout=10, retries={"max_attempts": 3}
)
_ABSENT = frozenset({"NoSuchKey", "NoSuchBucket", "404"})
_EMPTY = "InvalidRange"


class S3Images:
    """An `ImageAccess` for s3:// uris. To presign takes no call of the server."""

    def __init__(self, access: str, lifetime: timedelta):
        self._access, self._lifetime = access, lifetime
        self._lock = threading.Lock()
        self._client: Any = None

    def url(self, uri: str) -> str:
        if self._access == "uri":
            return uri
        bucket, _, name = uri.removeprefix("s3://").partition("/")
        if self._access != "signed":
            return fill_url(self._access, bucket, name)
        return self._open().generate_presigned_url(
            "get_object",
            Params={"Bucket": bucket, "Key": name},
            ExpiresIn=int(self._lifetime.total_seconds()),
        )

    def size(self, uri: str) -> tuple[int, int]:
        bucket, _, name = uri.removeprefix("s3://").partition("/")

        def read(count: int) -> bytes:
            try:
                found = self._open().get_object(
                    Bucket=bucket, Key=name, Range=f"bytes=0-{count - 1}"
                )
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code in _ABSENT:
                    raise FileNotFoundError(uri) from None
                if code == _EMPTY:
                    return b""
                raise
            return found["Body"].read()

        return read_size(read, uri)

    def _open(self) -> Any:
        with self._lock:  # To make a client is not safe for several threads, to use it is.
            if self._client is None:
                self._client = boto3.client("s3", config=_CONFIG)
            return self._client
