"""The beginning of every run, whoever trains it: checks, its folder, and what run.json says."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from vidset.datasets.versions.manifest import Manifest
from vidset.training.models.registry import Model
from vidset.training.running.checking import Material, check_images, check_leaks
from vidset.training.running.folder import RunFolder
from vidset.training.running.request import Progress, Request
from vidset.training.running.selecting import check_select_by
from vidset.training.running.settings import Settings, describe_run


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that may go on: its folder is locked, and its data and settings are checked.

    Attributes:
        run: what run.json says.
    """

    run: dict[str, Any]
    settings: Settings
    material: Material
    manifest: Manifest
    folder: RunFolder

    @property
    def is_done(self) -> bool:
        return self.run["state"] == "done"


@contextmanager
def begin(
    request: Request, model: Model, progress: Progress, versions: Mapping[str, str]
) -> Iterator[Begun]:
    """Check a request, lock the run's folder, and write run.json unless the run is done.

    Args:
        versions: those of the libraries that train, by name.

    Raises:
        DatasetError: the settings, the version or the folder cannot be used.
        FaultsError: the data have faults; each is named.
    """
    check_select_by(request.select_by, model)
    details = request.repository.details(request.reference)
    check_leaks(details, allow_leaks=request.allow_leaks)
    manifest = request.repository.manifest(request.reference)
    material = check_images(manifest, model, request.splits, cap=request.cap)
    settings = Settings(
        model=model.name,
        recipe_hash=model.recipe_hash,
        version=manifest.id,
        seed=request.seed,
        epochs=request.epochs,
        splits=request.splits,
        threads=request.threads,
        device=request.device,
        select_by=request.select_by,
    )
    folder = RunFolder(request.output)
    with folder.locked():
        run = folder.run() or describe_run(
            model,
            settings,
            manifest,
            material,
            reference=request.reference,
            transforms=list(details.get("transforms") or []),
            versions=versions,
        )
        settings.refuse_other(run, str(request.output))
        for note in material.notes:
            progress.note(note)
        if run["state"] == "done":
            progress.note(f"{request.output}: this run was done before, and stays as it is")
        else:
            folder.write_run(run)
        yield Begun(run, settings, material, manifest, folder)
