"""The stores that uploads go to, as tests see them: behind a proxy that can break."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.upload.proxy import Proxy, Request


@dataclass(frozen=True)
class Store:
    """Attributes:
    bucket: what --to gets.
    environment: what leads a process there.
    objects: the names and the bytes that are there now.
    described: content type and metadata of an object.
    proxy: what requests go through; a folder has none.
    """

    bucket: str
    environment: dict[str, str]
    objects: Callable[[], dict[str, bytes]]
    described: Callable[[str], tuple[str, dict[str, str]]] | None = None
    proxy: Proxy | None = None


def cloud_storage(gcs: Any, proxy: Proxy) -> Store:
    gcs.make_bucket("uploads")

    def objects() -> dict[str, bytes]:
        blobs = gcs.client().list_blobs("uploads")
        return {blob.name: blob.download_as_bytes() for blob in blobs}

    def described(name: str) -> tuple[str, dict[str, str]]:
        blob = gcs.client().bucket("uploads").get_blob(name)
        return blob.content_type, blob.metadata

    environment = {"STORAGE_EMULATOR_HOST": proxy.url}
    return Store("uploads", environment, objects, described, proxy)


def s3_bucket(s3: Any, proxy: Proxy) -> Store:
    s3.make_bucket("uploads")
    client = s3.client()

    def objects() -> dict[str, bytes]:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket="uploads")
        names = [each["Key"] for page in pages for each in page.get("Contents", ())]
        return {
            name: client.get_object(Bucket="uploads", Key=name)["Body"].read() for name in names
        }

    def described(name: str) -> tuple[str, dict[str, str]]:
        head = s3.client().head_object(Bucket="uploads", Key=name)
        return head["ContentType"], head["Metadata"]

    environment = s3.environment | {"AWS_ENDPOINT_URL": proxy.url}
    return Store("s3://uploads", environment, objects, described, proxy)


def folder(root: Path) -> Store:
    root.mkdir()
    return Store(f"{root}/", {}, lambda: contents(root))


def contents(root: Path) -> dict[str, bytes]:
    """What a folder has of whole uploads."""
    files = (path for path in root.rglob("*") if path.is_file())
    named = {path.relative_to(root): path for path in files}
    return {str(n): p.read_bytes() for n, p in named.items() if ".partial" not in n.parts}


def is_bytes(request: Request) -> bool:
    """It sends some of the recording."""
    if "uploadType=resumable" in request.path:
        return request.method == "PUT" and "-" in request.headers.get("Content-Range", "")
    if "uploadType=multipart" in request.path:
        return request.method == "POST"
    return request.method == "PUT"


def is_begin(request: Request) -> bool:
    """It begins an upload of several requests."""
    is_ours = "uploadType=resumable" in request.path or request.path.endswith("?uploads")
    return request.method == "POST" and is_ours


def is_look(request: Request) -> bool:
    """It asks for the object, and not for its bytes."""
    if request.method == "HEAD":
        return True
    return request.method == "GET" and "/o/" in request.path


def is_last_bytes(request: Request) -> bool:
    """Cloud Storage makes the object of these; elsewhere they are as others."""
    start_end, _, total = request.headers.get("Content-Range", "").partition("/")
    return is_bytes(request) and start_end.rpartition("-")[2] == str(int(total or 0) - 1)


def is_finish(request: Request) -> bool:
    """It makes the object appear."""
    if "uploadType=resumable" in request.path:
        return is_last_bytes(request)
    if "uploadType=multipart" in request.path:
        return True
    return request.method == "POST" and "uploadId=" in request.path
