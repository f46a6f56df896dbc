"""Writes the folder of `vidset errors`: from predictions to errors.json and the page."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vidset.datasets.images.measures import decode
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository, write_atomically
from vidset.engines.engine import StartEngine
from vidset.output import make_output
from vidset.training.reviewing.analysis import Analysis, analyse_answers
from vidset.training.reviewing.categories import DEFAULT, read_categories
from vidset.training.reviewing.detection import analyse_objects, draw_objects
from vidset.training.reviewing.finding import Found, Request, find_predictions
from vidset.training.reviewing.page.writing import write_page
from vidset.training.reviewing.segmentation import analyse_pixels, draw_wrong_pixels
from vidset.training.reviewing.sheet import Cell, draw_sheet
from vidset.training.reviewing.spans import merge_spans
from vidset.training.reviewing.thumbnails import to_png
from vidset.training.reviewing.twins import find_twins
from vidset.training.scoring.answers import read_answers

if TYPE_CHECKING:
    from vidset.training.running.request import Progress

ON_SHEET = 50


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """The outcome: what was found and written.

    Attributes:
        details: what errors.json says.
        spans: how many stretches of video surround the images that went wrong.
    """

    details: Mapping[str, Any]
    spans: int


def errors_output(folder: Path, *, overwrite: bool) -> Path:
    """Return the folder to write to, made if need be.

    What an earlier call wrote there is replaced; it kept the folds that were trained.

    Raises:
        ValueError: it holds other things, and `overwrite` is not given, or it cannot be made.
    """
    if folder.is_dir() and any(folder.iterdir()):
        is_ours = (folder / "errors.json").exists() or (folder / "folds").is_dir()
        if not is_ours and not overwrite:
            raise ValueError(
                f"--output {folder}: wanted an empty folder or what vidset errors wrote: "
                "--overwrite writes beside what is there"
            )
    make_output(str(folder))
    return folder


def write_errors(
    request: Request, progress: "Progress", start_elsewhere: StartEngine | None = None
) -> Written:
    """Look at predictions, and write errors.json, the page, and the sheet and spans if wanted.

    Args:
        start_elsewhere: starts an engine of other machines that trains the folds, if any.

    Raises:
        DatasetError: the request cannot be used.
        FaultsError: images have faults; each is named.
    """
    categories = DEFAULT if request.categories is None else read_categories(request.categories)
    repository = Repository(request.repository)
    found = find_predictions(request, repository, progress, start_elsewhere)
    manifest = repository.manifest(found.version)
    analysis = _analyse(request, found, manifest, repository)
    details = {
        "version": found.version,
        **found.source,
        **analysis.details,
        "categories": [category.to_json() for category in categories],
    }
    pictures = _Pictures(manifest, repository)
    write_page(request.output, details, pictures)
    text = json.dumps(details, indent=1, ensure_ascii=False)
    write_atomically(request.output / "errors.json", text.encode())
    if request.sheet is not None:
        cells = [
            Cell(pictures(image), image["label"], image["suggested"], image["score"])
            for image in details["shown"][:ON_SHEET]
        ]
        write_atomically(request.sheet, to_png(draw_sheet(cells)))
    spans = merge_spans(analysis.wrong, request.margin_seconds)
    if request.spans is not None:
        write_atomically(request.spans, json.dumps(spans, indent=1).encode())
    return Written(details, len(spans["spans"]))


class _Pictures:
    """Gives the picture of an image that is shown, (h, w, 3) uint8 RGB, with its objects drawn."""

    def __init__(self, manifest: Manifest, repository: Repository):
        self._entries = {(entry.image_sha256, entry.image_uri): entry for entry in manifest}
        self._repository = repository

    def __call__(self, image: Mapping[str, Any]) -> np.ndarray:
        entry = self._entries[image["image_sha256"], image["image_uri"]]
        picture = decode(self._repository.read_image(entry), entry.image_uri)
        if "wrong_pixels" in image:
            return draw_wrong_pixels(picture, image)
        return draw_objects(picture, image) if "objects" in image else picture


def _analyse(
    request: Request, found: Found, manifest: Manifest, repository: Repository
) -> Analysis:
    twins = find_twins(manifest, repository.measures(found.version))
    if (scores := found.answer_scores) is not None:
        return analyse_objects(
            found.predictions, found.classes, manifest, twins, scores=scores, most=request.top
        )
    if found.task == "segmentation":
        return analyse_pixels(found.predictions, found.classes, manifest, twins, most=request.top)
    answers = read_answers(found.predictions, found.classes)
    return analyse_answers(
        found.predictions, answers, manifest, twins, ranking=request.rank, most=request.top
    )
