"""Cloud Storage as an object store, with application default credentials."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, BinaryIO, TypeVar

from google.api_core.exceptions import (
    GoogleAPICallError,
    NotFound,
    PreconditionFailed,
    RequestRangeNotSatisfiable,
    RetryError,
)
from google.auth.credentials import Signing
from google.auth.exceptions import (
    DefaultCredentialsError,
    GoogleAuthError,
    RefreshError,
    TransportError,
)
from google.cloud import storage
from google.cloud.storage import Blob
from google.cloud.storage.exceptions import DataCorruption
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.exceptions import ChunkedEncodingError, Timeout
from requests.exceptions import ConnectionError as RequestsConnectionError

from vidset.elements import Upload
from vidset.errors import MissingUploadError
from vidset.rights import Rights
from vidset.storage.errors import StoreRefusedError, StoreUnavailableError
from vidset.storage.gcs_signing import IamSigning, default_signing
from vidset.storage.patience import patiently, seconds_asked
from vidset.storage.store import Metadata, RangedReader, Source, StoredObject, scratch_file
from vidset.storage.uris import parse_uri
from vidset.uploads import collector_of

# For traces, which nobody asks for, the client would ask for each bucket's metadata in a thread of
# its own, and the account may not have the right to read them.
os.environ.setdefault("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
# The store's own patience repeats.
_ONCE: dict[str, Any] = {"retry": None, "timeout": (5, 15)}
_Out = TypeVar("_Out")
_GONE = "the object of generation {} is gone: overwritten or deleted since"


class GcsStore:
    """Objects of a bucket, below a prefix. STORAGE_EMULATOR_HOST leads to an emulator.

    docs/labeling.md has the roles that signing needs.
    """

    parallel_writes = 8

    def __init__(self, bucket: str, prefix: str = "", signing: IamSigning | Signing | None = None):
        """
        Args:
            prefix: what all names begin with; it ends with a slash or is empty.
            signing: signs urls; None makes one of the application default credentials when needed.
        """
        try:
            self._bucket = storage.Client().bucket(bucket)
        except DefaultCredentialsError as error:
            raise ValueError(f"gs://{bucket}: wanted credentials, found none: {error}") from None
        self._prefix = prefix
        self._signing, self._lock = signing, threading.Lock()

    def uri(self, name: str) -> str:
        return f"gs://{self.place(name)}"

    def place(self, name: str) -> str:
        return f"{self._bucket.name}/{self._prefix}{name}"

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        blobs = self._bucket.list_blobs(
            prefix=self._prefix + prefix, retry=DEFAULT_RETRY.with_timeout(40), timeout=15
        )
        try:
            for blob in blobs:
                name = blob.name[len(self._prefix) :]
                yield StoredObject(
                    name,
                    blob.size,
                    str(blob.generation),
                    blob.content_type,
                    collector_of(name),
                    stamp=str(blob.generation),
                )
        except RetryError as error:
            raise StoreUnavailableError(f"{self.uri(prefix)}: {error}") from None
        except NotFound:
            raise self._no_bucket() from None
        except (GoogleAPICallError, GoogleAuthError) as error:
            raise _refusal(self.uri(prefix), error) from None

    def read(self, name: str) -> bytes:
        try:
            return self._asked(name, lambda blob: blob.download_as_bytes(**_ONCE))
        except NotFound:
            raise FileNotFoundError(self.uri(name)) from None

    def read_range(self, name: str, start: int, end: int) -> bytes:
        try:  # The client's ends are inclusive.
            return self._asked(
                name,
                lambda blob: blob.download_as_bytes(start=start, end=end - 1, **_ONCE),
                NotFound,
                RequestRangeNotSatisfiable,
            )
        except NotFound:
            raise FileNotFoundError(self.uri(name)) from None
        except RequestRangeNotSatisfiable:  # It ends before, or is empty.
            return b""

    def put(
        self, name: str, data: bytes, content_type: str, metadata: Metadata | None = None
    ) -> None:
        def put(blob: Blob) -> None:
            blob.metadata = metadata and dict(metadata)
            blob.upload_from_string(data, content_type, **_ONCE)

        try:
            self._asked(name, put)
        except NotFound:
            raise self._no_bucket() from None

    def put_once(
        self, name: str, data: bytes, content_type: str, metadata: Metadata | None = None
    ) -> bool:
        def put(blob: Blob) -> None:
            blob.metadata = metadata and dict(metadata)
            blob.upload_from_string(data, content_type, if_generation_match=0, **_ONCE)

        try:
            self._asked(name, put, NotFound, PreconditionFailed)
        except PreconditionFailed:
            return False
        except NotFound:
            raise self._no_bucket() from None
        return True

    def delete(self, name: str) -> None:
        try:
            self._asked(name, lambda blob: blob.delete(**_ONCE))
        except NotFound:
            return
        except StoreRefusedError as error:
            raise PermissionError(str(error)) from None

    def signed_url(self, name: str, lifetime: timedelta) -> str:
        try:
            with self._lock:
                self._signing = self._signing or default_signing()
            return self._blob(name).generate_signed_url(
                version="v4", expiration=lifetime, method="GET", credentials=self._signing
            )
        except (RefreshError, TransportError) as error:  # It has tried thrice where that may help.
            raise StoreUnavailableError(f"{self.uri(name)} cannot be signed now: {error}") from None

    def identify(self, upload: Upload) -> Upload:
        return upload if upload.generation else self._described(upload)[0]

    @contextmanager
    def open(self, upload: Upload, scratch_bytes: int) -> Iterator[tuple[Upload, Source]]:
        upload, blob = self._described(upload)
        size = upload.size_bytes or 0
        if size > scratch_bytes:
            # The client's ends are inclusive.
            yield (
                upload,
                RangedReader(
                    lambda start, end: _patiently(
                        lambda: blob.download_as_bytes(start=start, end=end - 1, **_ONCE),
                        upload.uri,
                    ),
                    size,
                ).buffered(),
            )
            return
        with scratch_file() as (file, source):
            try:
                _patiently(lambda: _download(blob, file), upload.uri)
            except NotFound:
                raise MissingUploadError(_GONE.format(upload.generation), upload.uri) from None
            file.flush()
            file.seek(0)
            yield upload, source

    def _asked(
        self, name: str, work: Callable[[Blob], _Out], *expected: type[GoogleAPICallError]
    ) -> _Out:
        """Do `work` on an object, and repeat it while it fails for a moment; see `_patiently`."""
        return _patiently(lambda: work(self._blob(name)), self.uri(name), *expected)

    def _no_bucket(self) -> StoreRefusedError:
        return StoreRefusedError(f"gs://{self._bucket.name}: there is no such bucket")

    def _blob(self, name: str) -> Blob:
        return self._bucket.blob(self._prefix + name)

    def _described(self, upload: Upload) -> tuple[Upload, Blob]:
        """Ask the bucket, and pin what is read to the generation."""
        generation = int(upload.generation) if upload.generation else None
        name = parse_uri(upload.uri).name
        blob = self._bucket.blob(name, generation=generation)
        try:
            _patiently(lambda: blob.reload(**_ONCE), upload.uri)
        except NotFound:
            gone = _GONE.format(generation) if generation else "there is no such object"
            raise MissingUploadError(gone, upload.uri) from None
        upload = replace(
            upload,
            generation=str(blob.generation),
            size_bytes=blob.size,
            uploaded_at=blob.time_created,
            rights=Rights.of_metadata(blob.metadata),
        )
        return upload, self._bucket.blob(name, generation=blob.generation)


def _patiently(work: Callable[[], _Out], uri: str, *expected: type[GoogleAPICallError]) -> _Out:
    """Do `work`, and repeat it while it fails for a moment.

    Args:
        expected: answers that the caller knows what to do with; NotFound alone if none are named.

    Raises:
        GoogleAPICallError: one of `expected`.
        StoreRefusedError: any other answer that another attempt does not change.
        StoreUnavailableError: it has failed for too long.
    """
    answers = expected or (NotFound,)
    try:
        return patiently(work, uri, _transient)
    except answers:
        raise
    except (GoogleAPICallError, GoogleAuthError) as error:
        raise _refusal(uri, error) from None


def _refusal(uri: str, error: GoogleAPICallError | GoogleAuthError) -> StoreRefusedError:
    if isinstance(error, GoogleAPICallError):
        status = getattr(error.code, "value", error.code)
        said = f"{status} {error.response.reason}" if error.response is not None else f"{status}"
        return StoreRefusedError(f"{uri}: the store refuses it: {said}")
    return StoreRefusedError(f"{uri}: the credentials are refused: {error}")


def _download(blob: Blob, file: BinaryIO) -> None:
    file.seek(0)
    file.truncate()
    blob.download_to_file(file, **_ONCE)


def _transient(error: BaseException) -> float | None:
    """See `vidset.storage.patience.Transient`."""
    if isinstance(error, GoogleAPICallError):
        if error.code in (408, 429) or (error.code or 0) >= 500:
            return seconds_asked(getattr(error.response, "headers", None))
        return None
    is_broken = isinstance(
        error,
        DataCorruption
        | RequestsConnectionError
        | Timeout
        | ChunkedEncodingError
        | TransportError
        | ConnectionError,
    )
    return 0.0 if is_broken else None
