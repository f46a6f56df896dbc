"""The part of an exported page about versions, runs and errors, with the pictures that it needs."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice, permutations
from pathlib import Path
from typing import Any

from vidset.datasets.errors import DatasetError
from vidset.storage.errors import StoreUnavailableError
from vidset.view import curves, versions
from vidset.view.app import View

_MOST_COMPARED = 30
_MOST_SHOWN = 120
"""So many pictures of a cell or a kind of change are shown at most: more are not copied."""


class Findings:
    """Answers on versions and runs, and the pictures that belong to them.

    Attributes:
        pictures: by the hash of an image, its file in the folder; behind "error ", what
            `vidset errors` drew of it.
        problems: what could not be read, one sentence each.
    """

    def __init__(self, view: View, folder: Path):
        self._view, self._folder = view, folder
        self.pictures: dict[str, str] = {}
        self.problems: list[str] = []
        self._seen: set[str] = set()

    def answers(self) -> Iterator[tuple[list[str], Any]]:
        """Yield keys and what a server would answer to them."""
        yield from self._versions()
        yield from self._runs()
        yield from self._errors()

    def _versions(self) -> Iterator[tuple[list[str], Any]]:
        repository = versions.open_repository(self._view.project)
        found = self._view.findings.versions()
        yield ["versions"], found
        if not found:
            return
        # Newest first: each is compared with its parents and with the one before it.
        for each, older in zip(found, [*found[1:], None], strict=True):
            id_ = each["version"]
            yield ["version", id_], self._view.findings.version(id_)
            if repository is None:  # The tables of a warehouse do not tell what differs.
                continue
            others: dict[str, None] = dict.fromkeys(
                [*each["parents"], *([older["version"]] if older else [])]
            )
            known = {one["version"] for one in found}
            for before in others:
                if before in known:
                    changes = versions.compare_versions(repository, before, id_)
                    for pairs in changes["images"].values():
                        self._copy([pair["after"]["image_sha256"] for pair in pairs])
                    yield ["diff", id_, before], changes

    def _runs(self) -> Iterator[tuple[list[str], Any]]:
        project = self._view.project
        runs = self._view.findings.runs()
        trained = list(dict.fromkeys(run["version"] for run in runs if run["state"] == "done"))
        if self._view.findings.tabled is not None:
            trained = []
        for baseline, candidate in islice(permutations(trained, 2), _MOST_COMPARED):
            # Those that cannot be compared are not offered.
            with suppress(DatasetError):
                found = self._view.findings.scores.compare(baseline, candidate)
                yield ["compare", baseline, candidate], found
        yield ["runs"], runs
        for run in runs:
            if run["state"] != "done" or self._view.findings.tabled is not None:
                continue
            for split in run["splits"] or []:
                try:
                    found = versions.read_confusion(project, run["run"], split)
                    drawn = curves.read_curves(project, run["run"], split)
                except (DatasetError, OSError, ValueError) as error:
                    self.problems.append(f"{run['run']}, {split}: {error}")
                    continue
                for cell in found["cells"]:
                    self._copy(list(dict.fromkeys(cell["images"])))
                yield ["confusion", run["run"], split], found
                yield ["curves", run["run"], split], drawn

    def _errors(self) -> Iterator[tuple[list[str], Any]]:
        found = self._view.errors.described()
        yield ["errors"], {**found, "next": None}
        for each in found["shown"] or ():
            image_sha256 = each["image_sha256"]
            try:
                self._write(f"error {image_sha256}", *self._view.errors.picture(image_sha256))
            except StoreUnavailableError:
                raise
            except (DatasetError, OSError, ValueError) as error:
                self.problems.append(str(error))

    def _copy(self, hashes: list[str]) -> None:
        """Copy pictures that are not there yet, as many as the page shows."""
        for image_sha256 in hashes[:_MOST_SHOWN]:
            if image_sha256 in self._seen:
                continue
            self._seen.add(image_sha256)
            try:
                data, media_type = self._view.version_pictures.read(image_sha256)
            except StoreUnavailableError:
                raise
            except (DatasetError, OSError, ValueError) as error:
                self.problems.append(str(error))
                continue
            self._write(image_sha256, data, media_type)

    def _write(self, key: str, data: bytes, media_type: str) -> None:
        name = f"pictures/{len(self.pictures)}.{media_type.rpartition('/')[2]}"
        (self._folder / "pictures").mkdir(exist_ok=True)
        (self._folder / name).write_bytes(data)
        self.pictures[key] = name
