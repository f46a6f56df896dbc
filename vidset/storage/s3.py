"""Any S3 server as an object store, with boto3's own credentials and AWS_ENDPOINT_URL."""

import base64
import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, IncompleteReadError

from vidset.elements import Upload
from vidset.errors import MissingUploadError
from vidset.rights import Rights
from vidset.storage.errors import StoreRefusedError
from vidset.storage.patience import Patience
from vidset.storage.s3_answers import (
    ABSENT,
    BREAKS,
    EXISTS,
    EXPIRED,
    NO_BUCKET,
    NO_RANGE,
    CredentialsExpiredError,
    asked,
    code_of,
    refusal,
    transient,
)
from vidset.storage.s3_session import new_session
from vidset.storage.store import Metadata, RangedReader, Source, StoredObject, scratch_file
from vidset.storage.uris import parse_uri
from vidset.uploads import collector_of

_SHA256 = re.compile("[0-9a-f]{64}")
_CHUNK_BYTES = 1 << 20
# The store's own patience repeats.
_CONFIG = Config(
    signature_version="s3v4",
    connect_timeout=5,
    read_timeout=15,
    retries={"total_max_attempts": 1},
)
_CHANGED = "the object was overwritten while it was read"


class S3Store:
    """Objects of a bucket, below a prefix."""

    parallel_writes = 8

    def __init__(self, bucket: str, prefix: str = ""):
        """
        Args:
            prefix: what all names begin with; it ends with a slash or is empty.
        """
        try:
            self._client = _connected()
        except (BotoCoreError, ValueError) as error:  # A profile that is not there, or no url.
            raise ValueError(f"s3://{bucket}: {error}") from None
        self._bucket, self._prefix = bucket, prefix

    def uri(self, name: str) -> str:
        return f"s3://{self.place(name)}"

    def place(self, name: str) -> str:
        return f"{self._bucket}/{self._prefix}{name}"

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        more: dict[str, str] | None = {}
        while more is not None:
            try:
                page = self._asked("list_objects_v2", Prefix=self._prefix + prefix, **more)
            except ClientError:
                raise self._no_bucket() from None
            token = page.get("NextContinuationToken")
            more = {"ContinuationToken": token} if token else None
            for item in page.get("Contents", ()):
                name = item["Key"][len(self._prefix) :]
                yield StoredObject(
                    name,
                    item["Size"],
                    collector_id=collector_of(name),
                    stamp=f"{item['Size']} {item['ETag']} {item['LastModified'].isoformat()}",
                )

    def read(self, name: str) -> bytes:
        try:
            return self._bytes(self._prefix + name, ABSENT)
        except ClientError:
            raise FileNotFoundError(self.uri(name)) from None

    def read_range(self, name: str, start: int, end: int) -> bytes:
        try:
            part = f"bytes={start}-{end - 1}"
            return self._bytes(self._prefix + name, ABSENT | NO_RANGE, Range=part)
        except ClientError as error:
            if code_of(error) in ABSENT:
                raise FileNotFoundError(self.uri(name)) from None
            return b""  # It ends before, or is empty.

    def put(
        self, name: str, data: bytes, content_type: str, metadata: Metadata | None = None
    ) -> None:
        self._put(name, data, content_type, ABSENT, Metadata=dict(metadata or {}))

    def put_once(
        self, name: str, data: bytes, content_type: str, metadata: Metadata | None = None
    ) -> bool:
        try:
            once = {"IfNoneMatch": "*", "Metadata": dict(metadata or {})}
            self._put(name, data, content_type, ABSENT | EXISTS, **once)
        except ClientError:
            return False
        return True

    def delete(self, name: str) -> None:
        try:
            self._asked("delete_object", Key=self._prefix + name)
        except StoreRefusedError as error:
            raise PermissionError(str(error)) from None
        except ClientError as error:  # Some servers say so of an object that is not there.
            if code_of(error) == NO_BUCKET:
                raise self._no_bucket() from None

    def signed_url(self, name: str, lifetime: timedelta) -> str:
        """Signed here: no server is asked."""
        return self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": self._prefix + name},
            ExpiresIn=int(lifetime.total_seconds()),
        )

    def identify(self, upload: Upload) -> Upload:
        """Identifies an object by the checksum that the uploader left, or else by reading it."""
        head = self._head(upload)
        upload = replace(upload, size_bytes=head["ContentLength"])
        # `vidset upload` says it of every object: S3's own is of the parts where there are several.
        said = head.get("Metadata", {}).get("sha256", "")
        if _SHA256.fullmatch(said):
            return replace(upload, generation=said[:16])
        if head.get("ChecksumSHA256") and head.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT":
            digest = base64.b64decode(head["ChecksumSHA256"])
            return replace(upload, generation=digest.hex()[:16])
        return upload

    @contextmanager
    def open(self, upload: Upload, scratch_bytes: int) -> Iterator[tuple[Upload, Source]]:
        head, key = self._head(upload), self._key(upload)
        rights = Rights.of_metadata(head.get("Metadata"))
        upload = replace(upload, uploaded_at=head["LastModified"], rights=rights)
        pin = {"IfMatch": head["ETag"]}  # Another version's bytes never mix in.
        size, digest = head["ContentLength"], hashlib.sha256()
        try:
            if size > scratch_bytes:
                for chunk in self._chunks(key, size, pin):
                    digest.update(chunk)
                reader = RangedReader(
                    lambda start, end: self._bytes(
                        key, ABSENT | EXISTS, Range=f"bytes={start}-{end - 1}", **pin
                    ),
                    size,
                )
                yield _identified(upload, digest.hexdigest(), size), reader.buffered()
                return
            with scratch_file() as (file, source):
                for chunk in self._chunks(key, size, pin):
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                file.seek(0)
                yield _identified(upload, digest.hexdigest(), size), source
        except ClientError as error:
            if code_of(error) in EXISTS | ABSENT:
                raise MissingUploadError(_CHANGED, upload.uri) from None
            raise refusal(upload.uri, error) from None

    def _key(self, upload: Upload) -> str:
        return parse_uri(upload.uri).name

    def _head(self, upload: Upload) -> dict[str, Any]:
        try:
            return self._asked("head_object", Key=self._key(upload), ChecksumMode="ENABLED")
        except ClientError:
            raise MissingUploadError("there is no such object", upload.uri) from None

    def _asked(
        self, operation: str, expected: Collection[str] = ABSENT, **options: Any
    ) -> dict[str, Any]:
        """One request, repeated while it fails for a moment; see `asked`."""
        what = f"s3://{self._bucket}/{options.get('Key', '')}"
        return asked(lambda: self._call(operation, **options), what, expected)

    def _call(self, operation: str, **options: Any) -> dict[str, Any]:
        try:
            return getattr(self._client, operation)(Bucket=self._bucket, **options)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            # The answer to HEAD has no body that could say so.
            is_told = code_of(error) in EXPIRED or (operation == "head_object" and status == 400)
            if not is_told:
                raise
            self._client = _connected()
            what = "the credentials have expired, or are not valid here, and were read anew"
            raise CredentialsExpiredError(f"{what} ({code_of(error)})") from None

    def _bytes(self, key: str, expected: Collection[str], **options: str) -> bytes:
        def read() -> bytes:
            return self._call("get_object", Key=key, **options)["Body"].read()

        return asked(read, f"s3://{self._bucket}/{key}", expected)

    def _chunks(self, key: str, size: int, pin: Mapping[str, str]) -> Iterator[bytes]:
        """The object's bytes; after a broken answer, what has not come yet."""
        patience = Patience(f"s3://{self._bucket}/{key}", transient)
        done = 0
        while done < size:
            before = done
            try:
                answer = self._call("get_object", Key=key, Range=f"bytes={done}-", **pin)
                for chunk in answer["Body"].iter_chunks(_CHUNK_BYTES):
                    done += len(chunk)
                    yield chunk
                if done < size:
                    raise IncompleteReadError(actual_bytes=done, expected_bytes=size)
            except BREAKS as e:
                if done > before:
                    patience.progressed()
                patience.wait(e)

    def _put(
        self, name: str, data: bytes, content_type: str, expected: Collection[str], **options: Any
    ) -> None:
        what = {"Key": self._prefix + name, "Body": data, "ContentType": content_type}
        try:
            self._asked("put_object", expected, **what, **options)
        except ClientError as error:
            if code_of(error) in ABSENT:
                raise self._no_bucket() from None
            raise

    def _no_bucket(self) -> StoreRefusedError:
        return StoreRefusedError(f"s3://{self._bucket}: there is no such bucket")


def _connected() -> Any:
    """A client with the credentials as they are now: a session reads a file of them only once."""
    return new_session().client("s3", config=_CONFIG)


def _identified(upload: Upload, digest: str, size_bytes: int) -> Upload:
    return replace(upload, generation=digest[:16], size_bytes=size_bytes)
