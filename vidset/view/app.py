"""The page's server: what it answers to which address."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from vidset.blurred import images_root
from vidset.gate import COPIES, Gate, read_gate
from vidset.place_images import ImageFiles
from vidset.project import Project
from vidset.storage.errors import StoreUnavailableError
from vidset.storage.open import open_store
from vidset.tags import FOLDER, Mark, write_mark
from vidset.view import images, samples
from vidset.view.access import Access, Guard
from vidset.view.catalog import Catalog
from vidset.view.dropped import DroppedSheets, Sheet
from vidset.view.error_routes import ErrorRoutes
from vidset.view.file_routes import FileRoutes
from vidset.view.filters import Filter, count_facets, find_groups, find_images
from vidset.view.memory import EndingError
from vidset.view.place_overview import describe_overview
from vidset.view.reading import Reading
from vidset.view.requests import (
    NEVER,
    answering,
    json_of,
    number_of,
    numbers_of,
    page_file,
    refused,
)
from vidset.view.thumbnails import Thumbnails
from vidset.view.version_pictures import VersionPictures
from vidset.view.version_routes import VersionRoutes

_REFRESH_SECONDS = 1.0
# To list what is in a bucket is paid for.
_REFRESH_BUCKET_SECONDS = 10.0
_END_SECONDS = 10.0
# What somebody looks at comes first.
_BEFORE_PREPARING_SECONDS = 3.0


class View:
    """A place behind a page: the catalog, the thumbnails, and the answers to each address.

    Attributes:
        away: why thumbnails cannot be made now, if they cannot.
    """

    def __init__(
        self,
        project: Project,
        *,
        shows_videos: bool = True,
        shows_originals: bool = False,
        warehouse: str | None = None,
        when_read: Callable[[Sequence[str]], None] | None = None,
    ):
        """
        Args:
            shows_originals: whether images and videos are shown as they were recorded, although
                the place has a privacy gate.
            warehouse: bq://PROJECT.DATASET, whose tables are read instead of the place's.
            when_read: is told the problems when the place is read. A place is then read while the
                page is served already, and what is asked of it waits; a warehouse is read first,
                since it may refuse.

        Raises:
            ValueError: the place cannot be read, or the warehouse.
        """
        self.project = project
        gate = None if shows_originals else read_gate(project.place)
        is_blurred = gate is not None
        self.shows_videos = shows_videos and not is_blurred
        reads_later = when_read is not None and warehouse is None
        self.catalog = Catalog(project, warehouse, reads_later=reads_later)
        self._reading = Reading(is_over=not reads_later)
        self._when_read = when_read or (lambda _: None)
        if not reads_later:
            self._when_read(self.catalog.problems)
        self.files = _image_files(project, gate, warehouse)
        self.thumbnails = Thumbnails(
            project,
            self.files,
            lambda numbers: images.find_pictures(self.catalog, numbers),
            name=COPIES if is_blurred else "thumbnails",
        )
        self.version_pictures = VersionPictures(project, self.catalog, self.files, gate)
        self.sheets = DroppedSheets(project, are_shown=not is_blurred)
        self.errors = ErrorRoutes(self)
        self.findings = VersionRoutes(self)
        self.prepared = 0
        self._ended = threading.Event()
        self.away: list[str] = []
        self._tags = open_store(project.below(FOLDER))

    def app(self, access: Access) -> Guard:
        """Return the ASGI application."""
        get = [
            ("/api/overview", lambda _: describe_overview(self)),
            ("/api/facets", lambda _: count_facets(self.catalog)),
            ("/api/videos", lambda _: samples.list_videos(self.catalog)),
            ("/api/video", self.video),
            ("/api/settings", lambda _: samples.count_settings(self.catalog)),
            ("/api/image", self.image),
            ("/api/images", self.some_images),
            *self.findings.answers(),
            ("/api/collectors", lambda _: images.collector_days(self.catalog)),
        ]
        routes = [Route(path, answering(function)) for path, function in get]
        routes += [
            Route("/api/query", self.query, methods=["POST"]),
            Route("/api/groups", self.groups, methods=["POST"]),
            Route("/api/numbers", self.numbers, methods=["POST"]),
            Route("/api/tags", self.tag, methods=["POST"]),
            Route("/api/changes", self.changes),
            *FileRoutes(self).routes(),
            *self.errors.routes(),
        ]
        for route in routes:
            route.app = self._reading.waited_for(route.app)
        inner = Starlette(
            routes=[*routes, Route("/{path:path}", page_file)],
            lifespan=self._lifespan,
            exception_handlers=dict.fromkeys((ValueError, OSError, StoreUnavailableError), refused),
        )
        return Guard(inner, access)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        threads = [
            threading.Thread(target=each, daemon=True)
            for each in (self._follow, self._prepare_later)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            self.catalog.end()
            self.thumbnails.close()
            # They ask the catalog, which is closed after this.
            for thread in threads:
                await run_in_threadpool(thread.join, _END_SECONDS)

    def close(self) -> None:
        self.thumbnails.close()
        self.catalog.close()

    def _follow(self) -> None:
        """Take in what other commands write to the place."""
        if not self._reading.is_over:
            with suppress(EndingError), self._reading:
                self.catalog.refresh()
                self._when_read(self.catalog.problems)
        seconds = _REFRESH_SECONDS if self.project.is_folder else _REFRESH_BUCKET_SECONDS
        while not self._ended.wait(seconds):
            if self.catalog.refresh():
                self._prepare()

    def _prepare_later(self) -> None:
        self._reading.wait()
        if not self._ended.wait(_BEFORE_PREPARING_SECONDS):
            self._prepare()

    def _prepare(self) -> None:
        """Make missing thumbnails. A store that is away is asked again at the next change."""

        def done(number: int) -> None:
            self.prepared += number

        try:
            self.thumbnails.prepare(self.missing_thumbnails(), done)
            self.away = []
        except StoreUnavailableError as error:
            self.away = [str(error)]

    def missing_thumbnails(self) -> list[int]:
        """Return the numbers of the images that have no thumbnail yet, the first ones first."""
        return self.thumbnails.missing(images.iter_keys(self.catalog))

    def video(self, request: Request) -> dict[str, Any]:
        query = request.query_params
        found = samples.read_samples(
            self.catalog, query.get("uri", ""), query.get("generation", "")
        )
        if found is None:
            raise HTTPException(404, "there is no such video")
        sheet = self.sheet_of(found)
        return {**found, "sheet": sheet and sheet.told()}

    def sheet_of(self, found: dict[str, Any]) -> Sheet | None:
        """The thumbnails of a video's dropped samples, by what `read_samples` gives."""
        video, kept = found["video"], found["samples"]["kept"]
        return self.sheets.read(video["video_uri"], video["generation"], kept.count(False))

    def image(self, request: Request) -> dict[str, Any]:
        found = images.describe_image(self.catalog, number_of(request.query_params.get("n", "")))
        if found is None:
            raise HTTPException(404, "there is no such image")
        return found

    def some_images(self, request: Request) -> list[dict[str, Any]]:
        return images.describe_images(self.catalog, numbers_of(request.query_params.get("n", "")))

    async def query(self, request: Request) -> Response:
        wanted = Filter.from_json(await json_of(request))
        found = await run_in_threadpool(find_images, self.catalog, wanted)
        return Response(found.tobytes(), media_type="application/octet-stream", headers=NEVER)

    async def groups(self, request: Request) -> Response:
        """The numbers of images in order, and behind them the group of each one."""
        wanted = Filter.from_json(await json_of(request))
        found = await run_in_threadpool(find_groups, self.catalog, wanted)
        return Response(found.tobytes(), media_type="application/octet-stream", headers=NEVER)

    async def numbers(self, request: Request) -> Response:
        """The numbers of images that are known by their ids or hashes."""
        wanted = await json_of(request)
        if not isinstance(wanted, dict) or not isinstance(wanted.get("values"), list):
            raise ValueError("wanted an object with a column and values")
        values = [str(each) for each in wanted["values"]]
        column = str(wanted.get("column", ""))
        found = await run_in_threadpool(images.numbers_of, self.catalog, column, values)
        return JSONResponse(found, headers=NEVER)

    async def tag(self, request: Request) -> Response:
        wanted = await json_of(request)
        numbers = wanted.get("images") if isinstance(wanted, dict) else None
        if not isinstance(numbers, list) or not isinstance(wanted.get("is_set"), bool):
            raise ValueError("wanted an object with tag, is_set and images")
        ids = images.ids_of(self.catalog, [number_of(each) for each in numbers])
        actor = request.state.caller.name
        mark = Mark(
            str(wanted.get("tag", "")).strip(),
            tuple(ids),
            wanted["is_set"],
            actor,
            datetime.now(UTC),
        )
        # The answer comes when the mark is stored: what the page shows as marked, is.
        await run_in_threadpool(write_mark, self._tags, mark)
        await run_in_threadpool(self.catalog.refresh_tags)
        return JSONResponse({"images": len(ids)}, headers=NEVER)

    async def changes(self, request: Request) -> Response:
        """Tell the page whenever the place has changed (server-sent events)."""

        async def events() -> AsyncIterator[str]:
            told = None
            while not self._ended.is_set():
                now = (self.catalog.revision, self.catalog.epoch, self.prepared)
                if now != told:
                    told = now
                    data = dict(zip(("revision", "epoch", "prepared"), now, strict=True))
                    yield f"data: {json.dumps(data)}\n\n"
                await asyncio.sleep(_REFRESH_SECONDS / 2)

        return StreamingResponse(events(), media_type="text/event-stream", headers=NEVER)


def _image_files(project: Project, gate: Gate | None, warehouse: str | None) -> ImageFiles:
    whole = None
    if warehouse is not None and not project.is_folder:
        # What Beam stores lies in a bucket for images alone, as do copies in a place of their own.
        whole = project.place if gate is None else gate.copies
    return ImageFiles(project.place, images_root(project.place, gate), whole=whole)
