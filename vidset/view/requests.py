"""Reads requests to the page's server, and serves the page's own files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vidset.storage.errors import StoreUnavailableError

PAGE = Path(__file__).with_name("page")
# What a place holds changes: nothing of it is kept by browsers.
NEVER = {"Cache-Control": "no-store"}
_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_MOST_BYTES = 8 << 20
_RANGE_BYTES = 1 << 20
_MOST_NUMBERS = 512


def answering(function: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """Answer with what a function returns, as JSON; the function runs in a thread."""

    async def answer(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(function, request), headers=NEVER)

    return answer


async def page_file(request: Request) -> Response:
    """One of the page's own files, and nothing else of this machine."""
    name = request.path_params["path"] or "index.html"
    file = (PAGE / name).resolve()
    if not file.is_relative_to(PAGE.resolve()) or file.suffix not in _TYPES or not file.is_file():
        raise HTTPException(404, "there is no such page")
    data = _with_preloads(file) if file.name == "index.html" else file.read_bytes()
    headers = {"Cache-Control": "no-cache"}
    return Response(data, media_type=_TYPES[file.suffix], headers=headers)


def _with_preloads(index: Path) -> bytes:
    """Return the page with the names of all modules, so that a browser asks for them at once."""
    links = (
        f'<link rel="modulepreload" href="{each.name}">\n' for each in sorted(PAGE.glob("*.js"))
    )
    return index.read_text("utf-8").replace("</head>", f"{''.join(links)}</head>").encode()


async def refused(_: Request, error: Exception) -> Response:
    """Answers with what the place or the question cannot give, as a sentence."""
    status = 503 if isinstance(error, StoreUnavailableError) else 400
    return JSONResponse({"error": str(error)}, status, headers=NEVER)


async def json_of(request: Request) -> Any:
    """Read a request's body.

    Raises:
        HTTPException: it is something else, or too long.
        ValueError: it is no JSON.
    """
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise HTTPException(415, "wanted application/json")
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_BYTES:
            raise HTTPException(413, f"wanted at most {_MOST_BYTES:,} bytes")
    return json.loads(body)


def numbers_of(text: str) -> list[int]:
    """Read numbers of images, parted by commas; of a long list the first 512."""
    return [number_of(each) for each in text.split(",")[:_MOST_NUMBERS] if each]


def number_of(value: Any) -> int:
    """Read the number of an image.

    Raises:
        ValueError: it is none.
    """
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError(f"wanted the number of an image, got {str(value)[:40]!r}") from None


def range_of(header: str | None, size_bytes: int) -> tuple[int, int]:
    """Return the bytes [start, end) that a Range header asks for, at most 1 MiB at once.

    Raises:
        HTTPException: it asks for something else.
    """
    start, end = 0, size_bytes
    if header is not None:
        first, _, last = header.removeprefix("bytes=").partition("-")
        if not (first or last).isdigit() or (last and not last.isdigit()):
            raise HTTPException(416, "wanted one range of bytes")
        start = int(first) if first else max(0, size_bytes - int(last))
        end = min(size_bytes, int(last) + 1) if first and last else size_bytes
    if not 0 <= start < end:
        raise HTTPException(416, f"wanted a range within {size_bytes:,} bytes")
    return start, min(end, start + _RANGE_BYTES)
