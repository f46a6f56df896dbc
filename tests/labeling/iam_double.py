"""A double of IAM's signBlob that signs with a real key, as Google's does."""

import base64
import json
import time
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.emulators.handlers import Handler, serve_requests

EMAIL = "broker@project-1.iam.gserviceaccount.com"
TOKEN = "test-access-token"  # noqa: S105
_ACCOUNTS = "/computeMetadata/v1/instance/service-accounts"
_TOKEN = {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}
_METADATA = {
    "/": {},
    f"{_ACCOUNTS}/default/": {"email": EMAIL, "aliases": ["default"], "scopes": []},
    f"{_ACCOUNTS}/default/token": _TOKEN,
    f"{_ACCOUNTS}/{EMAIL}/token": _TOKEN,
}


class Iam:
    """IAM's signBlob, and the metadata server of a machine that runs as its account."""

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.failures: list[int] = []
        self.seconds = 0.0
        self.calls: list[tuple[str, str]] = []

    def serve(self) -> AbstractContextManager[str]:
        """Its address."""
        return serve_requests(self._answer)

    def _answer(self, request: Handler) -> None:
        status, body = self._sign(request) if request.command == "POST" else _metadata(request)
        headers = {"Metadata-Flavor": "Google", "Content-Type": "application/json"}
        request.reply(status, headers, json.dumps(body).encode())

    def _sign(self, request: Handler) -> tuple[int, dict]:
        payload = base64.b64decode(json.loads(request.body())["payload"])
        self.calls.append((request.path, request.headers["Authorization"]))
        time.sleep(self.seconds)
        if self.failures:
            return self.failures.pop(0), {"error": {"message": "denied by IAM"}}
        signed = self.key.sign(payload, padding.PKCS1v15(), hashes.SHA256())
        return 200, {"keyId": "1", "signedBlob": base64.b64encode(signed).decode()}


def _metadata(request: Handler) -> tuple[int, dict]:
    path = urlsplit(request.path).path
    return (200, _METADATA[path]) if path in _METADATA else (404, {})
