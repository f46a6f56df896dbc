"""Answers on dataset versions and training runs: from the place's folders, or from a warehouse."""

from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from vidset.datasets.errors import DatasetError
from vidset.view import curves, versions
from vidset.view.run_scores import RunScores

if TYPE_CHECKING:
    from vidset.view.app import View
    from vidset.view.warehouse_versions import WarehouseVersions


class VersionRoutes:
    """The versions and runs of one place.

    Attributes:
        tabled: what a warehouse tells; None where the place has versions of its own, which tell
            more, and where there is no warehouse.
    """

    def __init__(self, view: "View"):
        self._project = view.project
        self.scores = RunScores(view.project)
        warehouse = view.catalog.warehouse
        has_own = versions.open_repository(view.project) is not None
        self.tabled: WarehouseVersions | None = (
            None if warehouse is None or has_own else warehouse.versions
        )

    def answers(self) -> list[tuple[str, Any]]:
        """Return the addresses, and what answers each."""
        return [
            ("/api/versions", lambda _: self.versions()),
            ("/api/version", self._version),
            ("/api/diff", self._diff),
            ("/api/runs", lambda _: self.runs()),
            ("/api/compare", self._compare),
            ("/api/confusion", self._confusion),
            ("/api/curves", self._curves),
        ]

    def versions(self) -> list[dict[str, Any]]:
        if self.tabled is not None:
            return self.tabled.versions
        repository = versions.open_repository(self._project)
        return [] if repository is None else versions.describe_versions(repository)

    def version(self, name: str) -> dict[str, Any]:
        if self.tabled is not None:
            return self.tabled.describe(name)
        return versions.describe_version(self._repository(), name)

    def runs(self) -> list[dict[str, Any]]:
        if self.tabled is not None:
            return self.tabled.runs
        return self.scores.with_scores(versions.describe_runs(self._project))

    def _version(self, request: Request) -> dict[str, Any]:
        return self.version(request.query_params.get("name", ""))

    def _diff(self, request: Request) -> dict[str, Any]:
        query = request.query_params
        return versions.compare_versions(
            self._repository(), query.get("before", ""), query.get("after", "")
        )

    def _compare(self, request: Request) -> dict[str, Any]:
        query = request.query_params
        return self.scores.compare(query.get("baseline", ""), query.get("candidate", ""))

    def _confusion(self, request: Request) -> dict[str, Any]:
        query = request.query_params
        return versions.read_confusion(self._project, query.get("run", ""), query.get("split", ""))

    def _curves(self, request: Request) -> dict[str, Any]:
        query = request.query_params
        return curves.read_curves(self._project, query.get("run", ""), query.get("split", ""))

    def _repository(self) -> Any:
        repository = versions.open_repository(self._project)
        if repository is None:
            raise DatasetError(f"{self._project.place}: there are no dataset versions")
        return repository
