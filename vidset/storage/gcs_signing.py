"""Urls of Cloud Storage, signed without a private key: by IAM's signBlob."""

import google.auth
from google.auth import iam
from google.auth.credentials import Credentials, Signing
from google.auth.transport import Request
from google.auth.transport.requests import Request as HttpRequest

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_TIMEOUT_SECONDS = 10


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


def default_signing() -> IamSigning | Signing:
    """Sign with the application default credentials.

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
