"""The page's server: what it answers to which address."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from vidset.blurred import COPIES, ORIGINALS, read_gate
from vidset.datasets.errors import DatasetError
from vidset.next_step import next_words
from vidset.overview import read_overview
from vidset.place_images import ImageFiles
from vidset.project import Project
from vidset.storage.errors import StoreUnavailableError
from vidset.storage.open import open_store
from vidset.tags import FOLDER, SUGGESTED, Mark, write_mark
from vidset.view import images, samples, versions
from vidset.view.access import Access, Guard
from vidset.view.catalog import Catalog
from vidset.view.error_routes import ErrorRoutes
from vidset.view.file_routes import FileRoutes
from vidset.view.filters import SORTS, Filter, count_facets, find_images
from vidset.view.requests import (
    NEVER,
    answering,
    json_of,
    number_of,
    numbers_of,
    page_file,
    refused,
)
from vidset.view.run_scores import RunScores
from vidset.view.thumbnails import Thumbnails
from vidset.view.version_pictures import VersionPictures

_REFRESH_SECONDS = 1.0
_END_SECONDS = 10.0


class View:
    """A place behind a page: the catalog, the thumbnails, and the answers to each address."""

    def __init__(
        self, project: Project, *, shows_videos: bool = True, shows_originals: bool = False
    ):
        """
        Args:
            shows_originals: whether images and videos are shown as they were recorded, although
                the place has a privacy gate.
        """
        self.project = project
        gate = None if shows_originals else read_gate(project.place)
        is_blurred = gate is not None
        self.shows_videos = shows_videos and not is_blurred
        self.catalog = Catalog(project)
        self.files = ImageFiles(project.place, COPIES if is_blurred else ORIGINALS)
        self.thumbnails = Thumbnails(
            project,
            self.files,
            lambda numbers: images.find_pictures(self.catalog, numbers),
            name=COPIES if is_blurred else "thumbnails",
        )
        self.version_pictures = VersionPictures(project, self.catalog, self.files, gate)
        self.errors = ErrorRoutes(self)
        self.scores = RunScores(project)
        self.prepared = 0
        self._ended = threading.Event()
        self._away: list[str] = []
        self._tags = open_store(project.below(FOLDER))

    def app(self, access: Access) -> Guard:
        """Return the ASGI application."""
        get = [
            ("/api/overview", self.overview),
            ("/api/facets", lambda _: count_facets(self.catalog)),
            ("/api/videos", lambda _: samples.list_videos(self.catalog)),
            ("/api/video", self.video),
            ("/api/settings", lambda _: samples.count_settings(self.catalog)),
            ("/api/image", self.image),
            ("/api/images", self.some_images),
            ("/api/versions", self.versions),
            ("/api/version", self.version),
            ("/api/diff", self.diff),
            ("/api/runs", lambda _: self.runs()),
            ("/api/compare", self.compare),
            ("/api/confusion", self.confusion),
            ("/api/collectors", lambda _: images.collector_days(self.catalog)),
        ]
        routes = [Route(path, answering(function)) for path, function in get]
        routes += [
            Route("/api/query", self.query, methods=["POST"]),
            Route("/api/numbers", self.numbers, methods=["POST"]),
            Route("/api/tags", self.tag, methods=["POST"]),
            Route("/api/changes", self.changes),
            *FileRoutes(self).routes(),
            *self.errors.routes(),
            Route("/{path:path}", page_file),
        ]
        inner = Starlette(
            routes=routes,
            lifespan=self._lifespan,
            exception_handlers=dict.fromkeys((ValueError, OSError, StoreUnavailableError), refused),
        )
        return Guard(inner, access)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        threads = [
            threading.Thread(target=each, daemon=True) for each in (self._follow, self._prepare)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            self.thumbnails.close()
            # They ask the catalog, which is closed after this.
            for thread in threads:
                await run_in_threadpool(thread.join, _END_SECONDS)

    def close(self) -> None:
        self.thumbnails.close()
        self.catalog.close()

    def _follow(self) -> None:
        """Take in what other commands write to the place."""
        while not self._ended.wait(_REFRESH_SECONDS):
            if self.catalog.refresh():
                self._prepare()

    def _prepare(self) -> None:
        """Make missing thumbnails. A store that is away is asked again at the next change."""

        def done(number: int) -> None:
            self.prepared += number

        try:
            self.thumbnails.prepare(self.missing_thumbnails(), done)
            self._away = []
        except StoreUnavailableError as error:
            self._away = [str(error)]

    def missing_thumbnails(self) -> list[int]:
        """Return the numbers of the images that have no thumbnail yet, the first ones first."""
        found = images.all_keys(self.catalog)
        return self.thumbnails.missing(found["n"], found["key"])

    def overview(self, _: Request | None = None) -> dict[str, Any]:
        try:
            following = next_words(self.project)
            found = asdict(read_overview(self.project, ledgers=samples.count_samples(self.catalog)))
        except ValueError as error:
            following, found = None, {"place": self.project.place, "warnings": [str(error)]}
        return {
            **found,
            "problems": [*self.catalog.problems, *self._away],
            "next": following and self.project.command(following),
            "spent": images.spent_by_day(self.catalog),
            "price": self.project.choose("price"),
            "currency": "USD",
            "shows_videos": self.shows_videos,
            "suggested_tags": SUGGESTED,
            "sorts": list(SORTS),
            "epoch": self.catalog.epoch,
            "revision": self.catalog.revision,
        }

    def video(self, request: Request) -> dict[str, Any]:
        query = request.query_params
        found = samples.read_samples(
            self.catalog, query.get("uri", ""), query.get("generation", "")
        )
        if found is None:
            raise HTTPException(404, "there is no such video")
        return found

    def image(self, request: Request) -> dict[str, Any]:
        found = images.describe_image(self.catalog, number_of(request.query_params.get("n", "")))
        if found is None:
            raise HTTPException(404, "there is no such image")
        return found

    def some_images(self, request: Request) -> list[dict[str, Any]]:
        return images.describe_images(self.catalog, numbers_of(request.query_params.get("n", "")))

    def versions(self, _: Request) -> list[dict[str, Any]]:
        repository = versions.open_repository(self.project)
        return [] if repository is None else versions.describe_versions(repository)

    def version(self, request: Request) -> dict[str, Any]:
        name = request.query_params.get("name", "")
        return versions.describe_version(self._repository(), name)

    def diff(self, request: Request) -> dict[str, Any]:
        query = request.query_params
        return versions.compare_versions(
            self._repository(), query.get("before", ""), query.get("after", "")
        )

    def runs(self) -> list[dict[str, Any]]:
        return self.scores.with_scores(versions.describe_runs(self.project))

    def compare(self, request: Request) -> dict[str, Any]:
        query = request.query_params
        return self.scores.compare(query.get("baseline", ""), query.get("candidate", ""))

    def confusion(self, request: Request) -> dict[str, Any]:
        query = request.query_params
        return versions.read_confusion(self.project, query.get("run", ""), query.get("split", ""))

    async def query(self, request: Request) -> Response:
        wanted = Filter.from_json(await json_of(request))
        found = await run_in_threadpool(find_images, self.catalog, wanted)
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
        await run_in_threadpool(self.catalog.refresh)
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

    def _repository(self) -> Any:
        repository = versions.open_repository(self.project)
        if repository is None:
            raise DatasetError(f"{self.project.place}: there are no dataset versions")
        return repository
