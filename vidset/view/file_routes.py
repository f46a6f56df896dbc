"""Answers with bytes: thumbnails, images, pictures of versions, ranges of videos."""

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vidset.view import images, samples
from vidset.view.place_files import open_source
from vidset.view.requests import NEVER, numbers_of, range_of

if TYPE_CHECKING:
    from vidset.view.app import View


class FileRoutes:
    """The pictures and videos of one place."""

    def __init__(self, view: "View"):
        self._view = view

    def routes(self) -> list[Route]:
        return [
            Route("/thumbnails", self._pack),
            Route("/image/{n:int}", self._picture),
            Route("/version-image/{image_sha256}", self._version_picture),
            Route("/source", self._source),
            Route("/dropped", self._dropped),
        ]

    async def _pack(self, request: Request) -> Response:
        numbers = numbers_of(request.query_params.get("n", ""))
        data = await run_in_threadpool(self._view.thumbnails.pack, numbers)
        return Response(data, media_type="application/octet-stream", headers=NEVER)

    async def _picture(self, request: Request) -> Response:
        found = images.find_pictures(self._view.catalog, [request.path_params["n"]])
        if not found:
            raise HTTPException(404, "there is no such image")
        try:
            data = await run_in_threadpool(self._view.files.read, found[0].image_id, found[0].uri)
        except (OSError, ValueError) as error:
            raise HTTPException(404, f"the image cannot be read: {error}") from None
        return Response(data, media_type="image/jpeg", headers=NEVER)

    async def _version_picture(self, request: Request) -> Response:
        sha256 = request.path_params["image_sha256"]
        data, media_type = await run_in_threadpool(self._view.version_pictures.read, sha256)
        return Response(data, media_type=media_type, headers=NEVER)

    async def _dropped(self, request: Request) -> Response:
        """The sheet of the samples that a video of the ledger dropped."""
        query = request.query_params
        names = query.get("uri", ""), query.get("generation", "")
        found = await run_in_threadpool(samples.read_samples, self._view.catalog, *names)
        sheet = None
        if found is not None:
            sheet = await run_in_threadpool(self._view.sheet_of, found)
        if sheet is None:
            raise HTTPException(404, "there are no thumbnails of its dropped samples")
        return Response(sheet.webp, media_type="image/webp", headers=NEVER)

    async def _source(self, request: Request) -> Response:
        """A range of a video that the ledger has, to play it."""
        if not self._view.shows_videos:
            raise HTTPException(403, "this server shows no videos")
        query = request.query_params
        found = await run_in_threadpool(
            samples.read_samples,
            self._view.catalog,
            query.get("uri", ""),
            query.get("generation", ""),
        )
        video = {} if found is None else found["video"]
        source = open_source(video["video_uri"], video["size_bytes"]) if video else None
        if source is None:
            raise HTTPException(404, "the video is not there any more, or has changed")
        start, end = range_of(request.headers.get("range"), source.size_bytes)
        data = await run_in_threadpool(source.read, start, end)
        return Response(
            data,
            206,
            media_type="video/mp4",
            headers={
                "Content-Range": f"bytes {start}-{start + len(data) - 1}/{source.size_bytes}",
                "Accept-Ranges": "bytes",
                **NEVER,
            },
        )
