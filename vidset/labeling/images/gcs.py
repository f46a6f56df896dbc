"""Images in Cloud Storage: urls signed without a key, by IAM's signBlob."""

import threading
from datetime import timedelta

import google.auth
from google.api_core.exceptions import NotFound, RequestRangeNotSatisfiable
from google.auth import iam
from google.auth.credentials import Credentials, Signing
from google.auth.exceptions import RefreshError, TransportError
from google.auth.transport import Request
from google.auth.transport.requests import Request as HttpRequest
from google.cloud import storage

from vidset.labeling.errors import TryAgainError
from vidset.labeling.images.access import fill_url, read_size

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_TIMEOUT_SECONDS = 10


class GcsImages:
    """An `ImageAccess` for gs:// uris. See docs/labeling.md for the roles that it needs."""

    def __init__(
        self, access: str, lifetime: timedelta, signing: "IamSigning | Signing | None" = None
    ):
        self._access, self._lifetime = access, lifetime
        self._lock = threading.Lock()
        self._signing = signing
        self._client: storage.Client | None = None

    def url(self, uri: str) -> str:
        if self._access == "uri":
            return uri
        bucket, _, name = uri.removeprefix("gs://").partition("/")
        if self._access != "signed":
            return fill_url(self._access, bucket, name)
        blob = self._open().bucket(bucket).blob(name)
        try:
            with self._lock:
                self._signing = self._signing or default_signing()
            return blob.generate_signed_url(
                version="v4", expiration=self._lifetime, method="GET", credentials=self._signing
            )
        except (RefreshError, TransportError) as error:  # It has tried thrice where that may help.
            raise TryAgainError(f"{uri} cannot be signed now: {error}") from None

    def size(self, uri: str) -> tuple[int, int]:
        bucket, _, name = uri.removeprefix("gs://").partition("/")
        blob = self._open().bucket(bucket).blob(name)

        def read(count: int) -> bytes:
            try:
                return blob.download_as_bytes(start=0, end=count - 1, timeout=_TIMEOUT_SECONDS)
            except NotFound:
                raise FileNotFoundError(uri) from None
            except RequestRangeNotSatisfiable:  # Of an empty object.
                return b""

        return read_size(read, uri)

    def _open(self) -> storage.Client:
        with self._lock:
            if self._client is None:
                self._client = storage.Client()
            return self._client


class _TimedRequest(HttpRequest):
    def __call__(self, *arguments, **options):
        return super().__call__(*arguments, **({"timeout": _TIMEOUT_SECONDS} | options))


class IamSigning(Signing):
    """Signs as a service account, by IAM: no private key is here.

    The account needs roles/iam.serviceAccountTokenCreator on itself.
    """

    def __init__(self, credentials: Credentials, email: str, request: Request):
        self._email = email
        self._signer = iam.Signer(request, credentials, email)

    @property
    def signer_email(self) -> str:
        return self._email

    @property
    def signer(self) -> iam.Signer:
        return self._signer

    def sign_bytes(self, message: bytes) -> bytes:
        return self._signer.sign(message)


def default_signing() -> "IamSigning | Signing":
    """By the application default credentials.

    Raises:
        ValueError: they belong to a person, who cannot sign.
    """
    credentials, _ = google.auth.default(scopes=[_SCOPE])
    if isinstance(credentials, Signing):  # Impersonation: signs by IAM as well.
        return credentials
    request = _TimedRequest()
    if not getattr(credentials, "service_account_email", None):
        raise ValueError(
            "signed urls need a service account: on your own machine, gcloud auth "
            "application-default login --impersonate-service-account=ACCOUNT"
        )
    credentials.refresh(request)  # Until then the metadata server's account has no name.
    return IamSigning(credentials, credentials.service_account_email, request)
