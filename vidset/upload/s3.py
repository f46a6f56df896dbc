"""Any S3 server: one request for a small recording, a multipart upload for others.

Every part is sent with its SHA-256, which the server compares; the finished object has the checksum
of these, or if it is small, the SHA-256 of its bytes.
"""

import base64
import hashlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from vidset.upload.destination import Piece, Presence, Session, Target
from vidset.upload.errors import AlreadyThereError, RefusedError, TransientError, UploadFailedError
from vidset.upload.pacing import Body
from vidset.upload.s3_client import S3Client
from vidset.upload.settings import Place
from vidset.upload.source import Source

_SHA256: dict[str, Any] = {"ChecksumAlgorithm": "SHA256"}


class S3Destination:
    """A bucket, with boto3's own credentials and AWS_ENDPOINT_URL."""

    # Some servers take `IfNoneMatch` and do not know it: without asking they would replace objects.
    unasked_bytes = 0

    def __init__(self, place: Place):
        self._client = S3Client(place)

    def wait_for(self, seconds: float) -> None:
        self._client.wait_for(seconds)

    def find(self, target: Target) -> Presence:
        try:
            head = self._client.head(target.name)
        except RefusedError:
            return "unknown"
        if head is None:
            return "absent"
        return "same" if _is_same(head, target) else "unverified"

    def open(
        self, target: Target, source: Source, token: str | None, remember: Callable[[str], None]
    ) -> Session:
        if target.size_bytes <= source.block_bytes:
            return _SinglePut(self, self._client, target)
        parts = {}
        if token is None:
            options = _described(target) | _SHA256
            answer = self._client.call("create_multipart_upload", target.name, **options)
            token = _field(answer, "UploadId")
            remember(token)
        else:
            for part in self._client.parts(target.name, token):
                if _is_ours(part, target, source):
                    parts[part["PartNumber"] - 1] = part["ETag"]
        return _Multipart(self, self._client, target, token, source, parts)

    def is_verified(self, target: Target) -> bool:
        """Returns whether the checksum of an object that was just made could be compared."""
        presence = self.find(target)
        if presence == "absent":
            raise TransientError("S3 takes it and then has no object: does a proxy stand between?")
        return presence == "same"


class _SinglePut:
    """All bytes in one request."""

    smallest_piece_bytes = None

    def __init__(self, destination: S3Destination, client: S3Client, target: Target):
        self._destination, self._client, self._target = destination, client, target
        self._is_sent, self._said = False, None

    @property
    def received_bytes(self) -> int:
        return self._target.size_bytes if self._is_sent else 0

    def next_piece(self) -> Piece | None:
        return None if self._is_sent else Piece(0, self._target.size_bytes)

    def send(self, piece: Piece, body: Body) -> None:
        options = _described(self._target) | {"IfNoneMatch": "*"}
        checksum = {"ChecksumSHA256": _encoded(self._target.digests.sha256)}
        name = self._target.name
        answer = self._client.call("put_object", name, body, **options, **_SHA256, **checksum)
        self._is_sent, self._said = True, answer.get("ChecksumSHA256")

    def finish(self) -> bool:
        """Verifies the checksum in the server's answer, or asks for it if there is none."""
        if self._said is None:
            return self._destination.is_verified(self._target)
        head = {"ContentLength": self._target.size_bytes, "ChecksumSHA256": self._said}
        return _is_same(head, self._target)

    def close(self) -> None:
        pass


class _Multipart:
    """A part for each block; `etags` are those that the server has, by block."""

    smallest_piece_bytes = None  # Parts have at least 5 MiB, and a block is 8.

    def __init__(
        self,
        destination: S3Destination,
        client: S3Client,
        target: Target,
        token: str,
        source: Source,
        etags: dict[int, str],
    ):
        self._destination, self._client, self._target = destination, client, target
        self._token, self._source, self._etags = token, source, etags

    @property
    def received_bytes(self) -> int:
        pieces = (_piece(index, self._source) for index in self._etags)
        return sum(piece.end - piece.start for piece in pieces)

    def next_piece(self) -> Piece | None:
        for index in range(self._target.digests.block_count):
            if index not in self._etags:
                return _piece(index, self._source)
        return None

    def send(self, piece: Piece, body: Body) -> None:
        index = piece.start // self._source.block_bytes
        answer = self._client.call(
            "upload_part", self._target.name, body, **self._part(index), **self._upload, **_SHA256
        )
        self._etags[index] = _field(answer, "ETag")

    def finish(self) -> bool:
        parts = [{"ETag": etag, **self._part(index)} for index, etag in sorted(self._etags.items())]
        options: dict[str, Any] = {"MultipartUpload": {"Parts": parts}, "IfNoneMatch": "*"}
        name = self._target.name
        try:
            self._client.call("complete_multipart_upload", name, **self._upload, **options)
        except AlreadyThereError:
            with suppress(RefusedError):  # Then its parts go by the bucket's rule for them.
                self._client.call("abort_multipart_upload", name, **self._upload)
            raise
        return self._destination.is_verified(self._target)

    def close(self) -> None:
        pass  # It lives at the store.

    @property
    def _upload(self) -> dict[str, Any]:
        return {"UploadId": self._token}

    def _part(self, index: int) -> dict[str, Any]:
        checksum = _encoded(self._target.digests.of_block(index))
        return {"PartNumber": index + 1, "ChecksumSHA256": checksum}


def _field(answer: dict[str, Any], name: str) -> str:
    if name not in answer:
        raise TransientError(f"an answer without {name}: does a proxy stand between?")
    return answer[name]


def _piece(index: int, source: Source) -> Piece:
    start = index * source.block_bytes
    return Piece(start, min(start + source.block_bytes, source.size_bytes))


def _is_ours(part: dict[str, Any], target: Target, source: Source) -> bool:
    """Compares the part's SHA-256, or the MD5 in its ETag if the server lists none."""
    index = part["PartNumber"] - 1
    piece = _piece(index, source)
    if part["Size"] != piece.end - piece.start:
        return False
    if checksum := part.get("ChecksumSHA256"):
        return checksum == _encoded(target.digests.of_block(index))
    block = source.read(piece.start, piece.end, target.digests)
    return part["ETag"].strip('"') == hashlib.md5(block, usedforsecurity=False).hexdigest()


def _is_same(head: dict[str, Any], target: Target) -> bool:
    """Returns whether there was a checksum to compare.

    Raises:
        UploadFailedError: it is another object.
    """
    said, digests = head.get("ChecksumSHA256"), target.digests
    value, _, count = (said or "").partition("-")
    # Of its bytes, or of its parts' checksums; of other parts than ours it tells nothing.
    ours = digests.sha256, hashlib.sha256(digests.blocks).digest()
    is_comparable = bool(value) and count in ("", str(digests.block_count))
    is_other = is_comparable and value not in map(_encoded, ours)
    if head["ContentLength"] != target.size_bytes or is_other:
        raise UploadFailedError(
            f"the object has other content: wanted {target.size_bytes} bytes with SHA-256 "
            f"{' or '.join(map(_encoded, ours))}, got {head['ContentLength']} with {said}"
        )
    return is_comparable


def _described(target: Target) -> dict[str, Any]:
    return {"ContentType": target.content_type, "Metadata": dict(target.metadata)}


def _encoded(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
