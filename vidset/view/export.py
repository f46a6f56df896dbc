"""Writes the page of a place as a folder that opens from disk, without a server.

Each answer that a server would give is a script of its own in `data/`, since a page from disk may
load scripts and pictures, and nothing else. Nobody's names become names of files.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vidset.formats.new_folder import new_folder
from vidset.storage.errors import StoreUnavailableError
from vidset.view import images, samples
from vidset.view.app import View
from vidset.view.bundle import bundle
from vidset.view.dropped import Sheet
from vidset.view.export_columns import number_images, read_columns, read_hashes, read_orders
from vidset.view.export_findings import Findings
from vidset.view.filters import count_facets
from vidset.view.place_overview import describe_overview
from vidset.view.requests import PAGE
from vidset.view.sheets import ON_SHEET, make_sheet

Progress = Callable[[str], None]
_MARKER = "data/index.js"  # The last file that an export writes.
_CHUNK = 500
_IN_FOLDER = 1000
_AT_ONCE = 16
_POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; "
    "img-src 'self' file: blob:; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True, slots=True)
class Exported:
    """An export that was written.

    Attributes:
        problems: what could not be read, one sentence each.
    """

    images: int
    size_bytes: int
    problems: list[str]


def export(view: View, folder: Path, progress: Progress) -> Exported:
    """Write a folder as a whole, or not at all; what cannot work there is left out.

    Raises:
        StoreUnavailableError: where the images are cannot be reached.
        OSError: the folder cannot be written.
    """
    with new_folder(str(folder), _MARKER, overwrite=True) as unfinished:
        return _Export(view, unfinished, progress).write()


class _Export:
    def __init__(self, view: View, folder: Path, progress: Progress):
        self._view, self._folder, self._progress = view, folder, progress
        self._catalog = view.catalog
        self._numbers = number_images(view.catalog)
        self._place = {n: at for at, n in enumerate(self._numbers)}
        self._index: dict[str, str] = {}
        self._problems = list(view.catalog.problems)
        (folder / "data").mkdir()

    def write(self) -> Exported:
        self._write_page()
        self._write_videos()
        self._write_images()
        self._write_pictures()
        self._write_sheets()
        findings = Findings(self._view, self._folder)
        for key, value in findings.answers():
            self._progress(f"Writing {key[0]}")
            self._give(key, value)
        self._problems += findings.problems
        self._give(["pictures"], findings.pictures)
        self._give(["overview"], self._overview())
        self._script("index.js", "index", self._index)
        size = sum(each.stat().st_size for each in self._folder.rglob("*") if each.is_file())
        return Exported(len(self._numbers), size, self._problems)

    def _write_page(self) -> None:
        policy = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        html = (PAGE / "index.html").read_text("utf-8")
        for there, instead in (
            (
                '<script type="module" src="main.js"></script>',
                '<script defer src="page.js"></script>',
            ),
            ('<html lang="en">', '<html lang="en" data-export>'),
            ('<meta charset="utf-8">', f'<meta charset="utf-8">\n{policy}'),
        ):
            if html.count(there) != 1:
                raise ValueError(f"index.html: wanted {there} once")
            html = html.replace(there, instead)
        (self._folder / "index.html").write_text(html, "utf-8")
        (self._folder / "page.js").write_text(bundle(PAGE), "utf-8")
        (self._folder / "vendor").mkdir()
        for name in "page.css", "icon.svg", "vendor/uPlot.min.css", "vendor/uPlot.LICENSE":
            shutil.copyfile(PAGE / name, self._folder / name)

    def _overview(self) -> dict[str, Any]:
        told = describe_overview(self._view)
        return {
            **told,
            # Commands are for the place, which is elsewhere.
            "troubles": [{**each, "command": None} for each in told.get("troubles", ())],
            "problems": self._problems,
            "next": None,
            "reach": "",
            "shows_videos": False,
            "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }

    def _write_videos(self) -> None:
        videos = samples.list_videos(self._catalog)
        self._give(["videos"], videos)
        self._give(["settings"], samples.count_settings(self._catalog))
        self._give(["collectors"], images.collector_days(self._catalog))
        for at, video in enumerate(videos):
            self._progress(f"Writing videos: {at:,} of {len(videos):,}")
            found = samples.read_samples(self._catalog, video["video_uri"], video["generation"])
            if found is not None:
                told = found["samples"]
                told["n"] = [self._place.get(n) for n in told["n"]]
                found["sheet"] = self._write_sheet(at, self._view.sheet_of(found))
                self._give(["video", video["generation"], video["video_uri"]], found)

    def _write_sheet(self, at: int, sheet: Sheet | None) -> dict[str, Any] | None:
        """Copy the thumbnails of a video's dropped samples; the page finds them by their file."""
        if sheet is None:
            return None
        name = f"dropped/{at}.webp"
        (self._folder / "dropped").mkdir(exist_ok=True)
        (self._folder / name).write_bytes(sheet.webp)
        return {**sheet.told(), "file": name}

    def _write_images(self) -> None:
        self._give(["facets"], count_facets(self._catalog))
        self._give(["columns"], read_columns(self._catalog, self._numbers))
        self._give(["hashes"], read_hashes(self._catalog, self._numbers))
        for name, order in read_orders(self._catalog, self._numbers):
            self._give(["order", name], order)
        for at, some in enumerate(_pieces(self._numbers, _CHUNK)):
            self._progress(f"Writing labels: {at * _CHUNK:,} of {len(self._numbers):,}")
            found = images.describe_all(self._catalog, some)
            self._give(["chunk", at], [{**row, "n": self._place[row["n"]]} for row in found])

    def _write_pictures(self) -> None:
        """Copy the images, or their blurred copies; one that cannot be read is a problem."""
        files = self._view.files
        pictures = images.find_pictures(self._catalog, self._numbers)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for at, some in enumerate(_pieces(pictures, _IN_FOLDER)):
                self._progress(f"Copying images: {at * _IN_FOLDER:,} of {len(self._numbers):,}")
                below = self._folder / "images" / str(at)
                below.mkdir(parents=True)
                for picture, data in zip(
                    some, pool.map(lambda one: _read(files, one), some), strict=True
                ):
                    if isinstance(data, str):
                        self._problems.append(data)
                    else:
                        (below / f"{self._place[picture.n]}.jpg").write_bytes(data)

    def _write_sheets(self) -> None:
        view = self._view
        total = len(self._numbers)
        done = 0

        def tell(number: int) -> None:
            nonlocal done
            done += number
            self._progress(f"Making thumbnails: {done:,}")

        pictures = images.find_pictures(self._catalog, self._numbers)
        view.thumbnails.prepare(view.missing_thumbnails(), tell)
        (self._folder / "sheets").mkdir()
        told = []
        with ThreadPoolExecutor() as pool:
            pieces = _pieces(pictures, ON_SHEET)
            for at, sheet in enumerate(pool.map(self._sheet, pieces)):
                self._progress(f"Writing thumbnails: {at * ON_SHEET:,} of {total:,}")
                (self._folder / "sheets" / f"{at}.webp").write_bytes(sheet.webp)
                told.append({"cell": sheet.cell, "sizes": sheet.sizes})
        self._give(["sheets"], told)

    def _sheet(self, pictures: Sequence[Any]) -> Any:
        found = self._view.thumbnails.stored([each.key for each in pictures])
        return make_sheet([found.get(each.key, b"") for each in pictures])

    def _give(self, key: Sequence[Any], value: Any) -> None:
        """Write an answer; the page finds it by its key."""
        name = f"{len(self._index)}.js"
        text = json.dumps([str(each) for each in key], ensure_ascii=False, separators=(",", ":"))
        self._index[text] = name
        self._script(name, text, value)

    def _script(self, name: str, key: str, value: Any) -> None:
        # JSON within a text: no name of a field, such as __proto__, means anything to the script.
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        script = f"vidsetTake({json.dumps(key)}, {json.dumps(text)});\n"
        (self._folder / "data" / name).write_text(script, "ascii")


def _read(files: Any, picture: Any) -> bytes | str:
    """Return an image, or why it cannot be read."""
    try:
        return files.read(picture.image_id, picture.uri)
    except StoreUnavailableError:
        raise
    except (OSError, ValueError) as error:
        return f"{picture.uri} cannot be read: {error}"


def _pieces(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
