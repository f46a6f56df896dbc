"""Cloud Storage as an object store, with application default credentials."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from google.api_core.exceptions import NotFound, PreconditionFailed, RequestRangeNotSatisfiable
from google.auth.credentials import Signing
from google.auth.exceptions import RefreshError, TransportError
from google.cloud import storage
from google.cloud.storage import Blob

from vidset.elements import Upload
from vidset.errors import MissingUploadError
from vidset.storage.errors import StoreUnavailableError
from vidset.storage.gcs_signing import IamSigning, default_signing
from vidset.storage.store import Metadata, RangedReader, Source, StoredObject, scratch_file
from vidset.storage.uris import parse_uri
from vidset.uploads import collector_of

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
        self._bucket = storage.Client().bucket(bucket)
        self._prefix = prefix
        self._signing, self._lock = signing, threading.Lock()

    def uri(self, name: str) -> str:
        return f"gs://{self.place(name)}"

    def place(self, name: str) -> str:
        return f"{self._bucket.name}/{self._prefix}{name}"

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        for blob in self._bucket.list_blobs(prefix=self._prefix + prefix):
            name = blob.name[len(self._prefix) :]
            yield StoredObject(
                name,
                blob.size,
                str(blob.generation),
                blob.content_type,
                collector_of(name),
            )

    def read(self, name: str) -> bytes:
        try:
            return self._blob(name).download_as_bytes()
        except NotFound:
            raise FileNotFoundError(self.uri(name)) from None

    def read_range(self, name: str, start: int, end: int) -> bytes:
        try:  # The client's ends are inclusive.
            return self._blob(name).download_as_bytes(start=start, end=end - 1)
        except NotFound:
            raise FileNotFoundError(self.uri(name)) from None
        except RequestRangeNotSatisfiable:  # It ends before, or is empty.
            return b""

    def put(self, name: str, data: bytes, content_type: str) -> None:
        self._blob(name).upload_from_string(data, content_type)

    def put_once(
        self, name: str, data: bytes, content_type: str, metadata: Metadata | None = None
    ) -> bool:
        blob = self._blob(name)
        blob.metadata = metadata and dict(metadata)
        try:
            blob.upload_from_string(data, content_type, if_generation_match=0)
        except PreconditionFailed:
            return False
        return True

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
                    lambda start, end: blob.download_as_bytes(start=start, end=end - 1), size
                ).buffered(),
            )
            return
        with scratch_file() as (file, source):
            try:
                blob.download_to_file(file)
            except NotFound:
                raise MissingUploadError(_GONE.format(upload.generation), upload.uri) from None
            file.flush()
            file.seek(0)
            yield upload, source

    def _blob(self, name: str) -> Blob:
        return self._bucket.blob(self._prefix + name)

    def _described(self, upload: Upload) -> tuple[Upload, Blob]:
        """Ask the bucket, and pin what is read to the generation."""
        generation = int(upload.generation) if upload.generation else None
        name = parse_uri(upload.uri).name
        blob = self._bucket.blob(name, generation=generation)
        try:
            blob.reload()
        except NotFound:
            gone = _GONE.format(generation) if generation else "there is no such object"
            raise MissingUploadError(gone, upload.uri) from None
        upload = replace(
            upload,
            generation=str(blob.generation),
            size_bytes=blob.size,
            uploaded_at=blob.time_created,
        )
        return upload, self._bucket.blob(name, generation=blob.generation)
