"""The addresses of the page's server about the errors of a model."""

from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vidset.datasets.errors import DatasetError
from vidset.view import errors
from vidset.view.requests import NEVER, answering, json_of

if TYPE_CHECKING:
    from vidset.view.app import View


class ErrorRoutes:
    """The answers on the errors of one place."""

    def __init__(self, view: "View"):
        self._view = view

    def routes(self) -> list[Route]:
        return [
            Route("/api/errors", answering(lambda _: self.described())),
            Route("/api/decisions", self._decide, methods=["POST"]),
            Route("/error-picture/{image_sha256}", self._picture),
        ]

    def described(self) -> dict[str, Any]:
        """Return what `vidset errors` found; {"shown": None} where it was not run."""
        return errors.describe_errors(self._view.project) or {"shown": None}

    def picture(self, image_sha256: str) -> tuple[bytes, str]:
        """Return the picture of an image that is shown, and its media type.

        Raises:
            DatasetError: there is none, or it may not be shown.
        """
        # Behind a privacy gate, the image itself must be one that may be shown.
        self._view.version_pictures.check(image_sha256)
        try:
            return errors.read_thumbnail(self._view.project, image_sha256), "image/png"
        except FileNotFoundError:
            return self._view.version_pictures.read(image_sha256)

    async def _decide(self, request: Request) -> Response:
        wanted = await json_of(request)
        if not isinstance(wanted, dict):
            raise ValueError("wanted an object with version, image_sha256, decision and before")
        decision, before = wanted.get("decision"), wanted.get("before")
        if not all(each is None or isinstance(each, dict) for each in (decision, before)):
            raise ValueError("wanted an object or null as decision and as before")
        try:
            aside = await run_in_threadpool(
                errors.decide,
                self._view.project,
                str(wanted.get("version")),
                str(wanted.get("image_sha256")),
                decision,
                before,
                request.state.caller.name,
            )
        except errors.DecidedMeanwhileError as error:
            return JSONResponse({"error": str(error)}, 409, headers=NEVER)
        return JSONResponse({**await run_in_threadpool(self.described), "aside": aside})

    async def _picture(self, request: Request) -> Response:
        sha256 = request.path_params["image_sha256"]
        try:
            data, media_type = await run_in_threadpool(self.picture, sha256)
        except (DatasetError, OSError) as error:
            return JSONResponse({"error": str(error)}, 404, headers=NEVER)
        return Response(data, media_type=media_type, headers=NEVER)
