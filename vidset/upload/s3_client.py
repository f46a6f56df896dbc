"""boto3, with our errors and our pace."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
)

from vidset.storage.s3_session import new_session
from vidset.upload.errors import (
    AlreadyThereError,
    RefusedError,
    SessionGoneError,
    TimedOutError,
    TransientError,
    UploadFailedError,
    kind_of,
)
from vidset.upload.pacing import Body
from vidset.upload.settings import Place
from vidset.versions import vidset_version

_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
_EXISTS = frozenset({"412", "PreconditionFailed"})
# Two completions met: AWS wants the upload begun again. Or the server lost the upload or a part.
_GONE = frozenset({"ConditionalRequestConflict", "NoSuchUpload", "InvalidPart"})
# A temporary token's time is over, or a renewed file has not been read yet.
_EXPIRED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired"}
)
# Of a server without conditional writes.
_UNABLE = frozenset({"NotImplemented"})
_UNABLE_TEXT = (
    "this store cannot create an object only where there is none ({}). vidset needs that so as "
    "never to replace a recording: take a newer release of the store, another store, or a folder "
    "(DIR/) that is copied there by other means"
)
_ANSWER_SECONDS = 60.0
# The bytes were changed on the way.
_DAMAGED = frozenset({"BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch"})


class S3Client:
    """Requests for objects of one bucket.

    Raises:
        ValueError: there are no credentials, or what is configured for boto3 is wrong.
    """

    def __init__(self, place: Place):
        self._place, self._answer_seconds = place, _ANSWER_SECONDS
        self._body: Body | None = None
        try:
            self._client = self._connected()
        except BotoCoreError as error:
            raise ValueError(f"s3://: {error}") from None

    def wait_for(self, seconds: float) -> None:
        """Give each answer so long from now on."""
        if seconds != self._answer_seconds:
            self._answer_seconds = seconds
            self._client = self._connected()

    def _connected(self) -> Any:
        """A client with the credentials as they are now: boto3 reads a file of them only once."""
        client = _client(self._answer_seconds)
        for operation in "PutObject", "UploadPart":
            client.meta.events.register(f"before-send.s3.{operation}", self._slow_down)
        return client

    def call(
        self, operation: str, name: str, body: Body | None = None, **options: Any
    ) -> dict[str, Any]:
        """One request on the object of this name."""
        if body is not None:
            options["Body"] = bytes(body.data)
        self._body = body
        with self._as_ours(name):
            return getattr(self._client, operation)(
                Bucket=self._place.root, Key=self._place.prefix + name, **options
            )

    def head(self, name: str) -> dict[str, Any] | None:
        """Returns what the server says of the object, if there is one."""
        with self._as_ours(name):
            try:
                head = self._client.head_object(
                    Bucket=self._place.root, Key=self._place.prefix + name, ChecksumMode="ENABLED"
                )
            except ClientError as error:
                if _code(error) in _ABSENT:
                    return None
                raise
        if "ETag" not in head:
            raise TransientError("an answer that is not S3's: does a proxy stand between?")
        return head

    def parts(self, name: str, token: str) -> list[dict[str, Any]]:
        """Returns the parts of a multipart upload that the server has."""
        with self._as_ours(name):
            pages = self._client.get_paginator("list_parts").paginate(
                Bucket=self._place.root, Key=self._place.prefix + name, UploadId=token
            )
            return [part for page in pages for part in page.get("Parts", ())]

    def _slow_down(self, request: Any, **_: Any) -> None:
        """Put in this late: signing has read the bytes by now, which was no sending."""
        request.body = self._body

    @contextmanager
    def _as_ours(self, name: str) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            raise self._ours(error, name) from None
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise RefusedError(str(error), is_final=True) from None
        except ReadTimeoutError as error:
            raise TimedOutError(f"no answer from S3 ({kind_of(error)})") from None
        except BotoCoreError as error:  # No connection, a broken one, half an answer.
            raise TransientError(f"no connection to S3 ({kind_of(error)})") from None

    def _ours(self, error: ClientError, name: str) -> Exception:  # noqa: PLR0911 (a table)
        code, operation = _code(error), error.operation_name
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        said = f"{code} {error.response.get('Error', {}).get('Message', '')}".strip()
        if code in _EXISTS:
            return AlreadyThereError()
        if code in _GONE:
            return SessionGoneError(said)
        if code == "NoSuchBucket":
            return RefusedError(f"there is no bucket s3://{self._place.root}", is_final=True)
        if code in _EXPIRED or (operation == "HeadObject" and status == 400):
            # The answer to HEAD has no body that could say so.
            self._client = self._connected()
            what = "the credentials have expired, or are not valid here, and were read anew"
            return TransientError(f"S3: {said or status}: {what}", is_answer=True)
        if code in _UNABLE or status == 501:
            return RefusedError(_UNABLE_TEXT.format(said), is_final=True)
        if code in _DAMAGED or status in (408, 429) or not 400 <= status < 500:
            return TransientError(f"S3: {said}", is_answer=True)
        if status in (401, 403):
            what = f"this account may not write {self._place.uri(name)}"
            return RefusedError(f"{what}: {said}")
        return UploadFailedError(f"S3: {said}")


def _client(answer_seconds: float) -> Any:
    session = new_session()
    if session.get_credentials() is None:
        raise ValueError("no credentials for s3://: see boto3's guide to credentials")
    return session.client(
        "s3",
        config=Config(
            connect_timeout=20,
            read_timeout=answer_seconds,
            retries={"total_max_attempts": 1},  # `Patience` repeats.
            request_checksum_calculation="when_required",
            # boto3 makes a long one of its own again for each request: a tenth of all our work.
            user_agent=f"vidset/{vidset_version()} boto3/{boto3.__version__}",
        ),
    )


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
