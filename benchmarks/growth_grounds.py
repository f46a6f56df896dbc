"""Makes what `benchmarks.growth` measures: places of several sizes, and their commands."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.formats import make_labeled
from benchmarks.plan import write_ledger
from tests.drawing import write_video
from vidset.datasets.curation.create import Wanted, create
from vidset.datasets.curation.sources.folders import FolderSource
from vidset.datasets.versions.repository import Repository

Change = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Case:
    """A command, and what is done to its folder before it is measured.

    Attributes:
        words: with {0} for the folder; the place is its folder `place`.
        aim: CPU seconds at `aim_size`, on a quiet machine with two cores.
    """

    name: str
    words: tuple[str, ...]
    aim: float
    aim_size: int
    before: Change | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """Inputs of some size, and what is measured on them, in this order.

    Attributes:
        unit: of the sizes.
        make: makes a folder of this size.
        warm: commands that run before anything is measured.
    """

    unit: str
    sizes: tuple[int, ...]
    make: Callable[[Path, int], None]
    warm: tuple[tuple[str, ...], ...]
    cases: tuple[Case, ...]


def _ledgers(folder: Path, number: int, samples: int = 200) -> None:
    (folder / "place").mkdir()
    write_ledger(folder / "place", number, samples)


def few_samples(folder: Path, number: int) -> None:
    """As the ledgers of `VIDEOS`, with little in them."""
    _ledgers(folder, number, 3)


def _lose_one(folder: Path) -> None:
    next(iter(sorted((folder / "place" / "videos").iterdir()))).unlink()


def _files(folder: Path, number: int) -> None:
    (folder / "place").mkdir()
    drawn = write_video(folder / "drawn.mp4", scenes=[0, 1]).read_bytes()
    (folder / "in").mkdir()
    for each in range(number):
        # What follows the last box is no part of the video, but of its content.
        path = folder / "in" / f"{each:06}.mp4"
        path.write_bytes(drawn + b"\0\0\0\x10free" + each.to_bytes(8, "big"))


def _one_more_file(folder: Path) -> None:
    first = next(iter(sorted((folder / "in").iterdir())))
    first.with_name("more.mp4").write_bytes(first.read_bytes()[:-1] + b"\xff")


def _images(folder: Path, number: int) -> None:
    (folder / "place").mkdir()
    _draw(folder, 0, number)


def _more_images(folder: Path) -> None:
    there = sum(1 for _ in (folder / "in").glob("*/*"))
    _draw(folder, there, max(1, there // 100))


def _draw(folder: Path, start: int, number: int) -> None:
    for each in range(start, start + number):
        path = folder / "in" / str(each % 5) / f"{each}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        small = np.random.default_rng(each).integers(0, 256, (12, 16, 3), np.uint8)
        path.write_bytes(cv2.imencode(".jpg", cv2.resize(small, (160, 120)))[1].tobytes())


def _versions(folder: Path, number: int) -> None:
    """Each version has one image more than its parent."""
    repository = Repository(folder / "place" / "datasets")
    parent = None
    for each in range(number):
        shutil.rmtree(folder / "in", ignore_errors=True)
        _draw(folder, each, 1)
        wanted = Wanted({"train": 1.0}, parent=parent, near_distance=None)
        parent = create(repository, FolderSource(folder / "in"), wanted).id
    if parent is not None:
        repository.name_version("last", parent)
    shutil.rmtree(folder / "in")
    _draw(folder, number, 1)


def _documents(folder: Path, number: int) -> None:
    make_labeled(folder / "place", number)


_CREATE = ("dataset", "create", "{0}/in")
_LABELS = ("export", "--labels-only", "--overwrite", "--lossy")
_ALL_TRAIN = ("--shares", "train=1", "--near-distance", "off")
VIDEOS = Ground(
    unit="videos",
    sizes=(500, 1500, 5000),
    make=_ledgers,
    # The first of each reads every file, which is not measured.
    warm=(("status",), ("sync",)),
    cases=(
        Case("`status`", ("status",), 0.5, 5000),
        Case("`plan`", ("plan",), 4, 5000),
        Case("`sync`, nothing new", ("sync",), 5, 5000),
        Case("`sync`, a ledger file gone", ("sync",), 5, 5000, _lose_one),
        Case("`sql --csv` of all frames", ("sql", "SELECT * FROM frames", "--csv"), 7, 3900),
    ),
)
FILES = Ground(
    unit="files",
    sizes=(40, 120, 400),
    make=_files,
    # Twice: what was written in the last two seconds is not remembered.
    warm=(("extract", "{0}/in"), ("extract", "{0}/in")),
    cases=(
        Case("`extract`, nothing to do", ("extract", "{0}/in"), 2, 400),
        Case("`extract`, one more", ("extract", "{0}/in"), 3, 400, _one_more_file),
    ),
)
IMAGES = Ground(
    unit="images",
    sizes=(5_000, 15_000, 50_000),
    make=_images,
    warm=(
        (*_CREATE, "-n", "v0"),
        ("export", "v0", "-f", "folders", "-o", "{0}/checkout"),
        ("dataset", "push", "--to", "{0}/remote"),
        ("dataset", "pull", "--from", "{0}/remote", "-p", "{0}/other"),
    ),
    cases=(
        Case("`dataset create`, unchanged", _CREATE, 5, 50_000),
        Case("`dataset create`, 1 % more", (*_CREATE, "-n", "v1"), 6, 50_000, _more_images),
        Case("`dataset create --full`", (*_CREATE, "--full"), 25, 50_000),
        Case("`dataset show`", ("dataset", "show", "v1"), 1.1, 50_000),
        Case(
            "`export VERSION --overwrite`, 1 % more",
            ("export", "v1", "-f", "folders", "-o", "{0}/checkout", "--overwrite"),
            3,
            50_000,
        ),
        Case("`dataset push`, 1 % more", ("dataset", "push", "--to", "{0}/remote"), 2, 50_000),
        Case(
            "`dataset pull`, 1 % more",
            ("dataset", "pull", "--from", "{0}/remote", "-p", "{0}/other"),
            2,
            50_000,
        ),
    ),
)
VERSIONS = Ground(
    unit="versions",
    sizes=(100, 300, 1000),
    make=_versions,
    warm=(),
    cases=(
        Case("`dataset list`", ("dataset", "list"), 1.2, 1000),
        Case(
            "`dataset create --parent`, a line of ancestors",
            (*_CREATE, *_ALL_TRAIN, "--parent", "last"),
            10,
            1000,
        ),
    ),
)
DOCUMENTS = Ground(
    unit="documents",
    sizes=(5_000, 50_000, 200_000),
    make=_documents,
    warm=(),
    cases=tuple(
        Case(
            f"`export --labels-only -f {name}`",
            (*_LABELS, "-f", name, "-o", f"{{0}}/{name}.json"),
            25,
            200_000,
        )
        for name in ("coco", "label-studio")
    ),
)
GROUNDS = (VIDEOS, FILES, IMAGES, VERSIONS, DOCUMENTS)
