"""The page written to a folder: it opens from disk, and tells what the server tells."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.called import vidset
from tests.cli.errors.samples import make_case
from tests.emulators.browser import find_browser, run_browser
from tests.emulators.environments import skip_or_fail
from vidset.project import Project
from vidset.view.bundle import bundle
from vidset.view.catalog import Catalog
from vidset.view.export_columns import number_images, read_columns, read_hashes, read_orders
from vidset.view.filters import Filter, find_images
from vidset.view.requests import PAGE

SETTINGS = {"ready": "main[aria-busy=false]", "width": 1280, "height": 800, "wait_ms": 60_000}
PAGES = ("#/", "#/videos", "#/images", "#/versions", "#/runs", "#/errors", "#/collectors")
_FILTERING = """
import { readFileSync } from "node:fs";
import { passing } from "FILTERING";
const given = JSON.parse(readFileSync(0));
const found = given.filters.map(
  (each) => passing(given.columns, given.orders[each.sort], given.hashes, each));
console.log(JSON.stringify(found));
"""


@pytest.fixture(scope="module")
def whole(place, selection, tmp_path_factory) -> Path:
    """The place with dataset versions and a run as well; do not change it."""
    root = tmp_path_factory.mktemp("export")
    copy = root / "place"
    shutil.copytree(place, copy, ignore=shutil.ignore_patterns("cache", "tags"))
    make_case(copy)
    (copy / "runs").mkdir()
    (copy / "run").rename(copy / "runs" / "r1")
    done = vidset("errors", "r1", "-p", copy, "-q")
    assert done.code == 0, done.err
    return copy


@pytest.fixture(scope="module")
def exported(whole) -> Path:
    folder = whole.parent / "light table"
    done = vidset("view", whole, "--export", folder, "--json")
    assert (done.code, done.found["problems"]) == (0, []), done.err
    assert (done.found["images"], done.found["url"]) == (13, None)
    size = sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
    assert done.found["size_bytes"] == size
    return folder


@pytest.mark.slow
def test_every_page_opens_from_disk_and_asks_for_nothing_else(exported, axe):
    url = (exported / "index.html").as_uri()
    ready = "document.querySelector('#found').textContent === '13 images'"
    drawn = "document.querySelector('.grid').dataset.drawn === '13'"
    steps = [step for page in PAGES for step in (["open", page], ["axe"])]
    found = run_browser(
        find_browser(),
        url,
        (
            *steps,
            ["open", "#/images"],
            ["wait", ready],
            ["wait", drawn],
            ["run", "() => document.querySelectorAll('main img, main b').length"],
            ["count", "textarea, [list=tag-names]"],
            ["run", "document.querySelector('.grid').focus()"],
            ["press", "Enter"],
            ["wait", "document.querySelector('dialog canvas')?.ariaLabel.includes('320 by 240')"],
            ["count", "dialog .bad"],
            ["open", "#/videos"],
            ["click", "tbody tr:nth-child(2) a"],
            ["wait", "document.querySelector('#counts')?.textContent.includes('all videos give')"],
            ["count", "video"],
            ["open", "#/runs"],
            ["wait", "document.querySelector('.matrix button.bad')"],
            ["click", ".matrix button.bad"],
            ["wait", "document.querySelector('.pictures img')?.naturalWidth"],
            ["wait", "document.querySelector('[aria-label=\"Scores of each label\"] td')"],
            ["wait", "document.querySelector('.chart canvas')"],
            ["open", "#/errors"],
            ["wait", "document.querySelector('.queue img')?.naturalWidth"],
            ["count", ".choices button"],
        ),
        allowed=(exported.as_uri(), "blob:"),
        timeout=600,
        axe=axe,
        **SETTINGS,
    )
    assert [each for each in found if isinstance(each, list) and each] == []
    counts = found[len(steps) :]
    # No name is markup, nothing can be marked or asked in SQL, images open, no video is there.
    assert [counts[3], counts[4], counts[8], counts[12], counts[-1]] == [0] * 5


@pytest.mark.slow
def test_filters_without_a_server_give_what_a_server_gives(whole, tmp_path):
    if (node := shutil.which("node")) is None:
        skip_or_fail("node is not installed: apt-get install nodejs")
    filters = [
        {"values": {"label": ["car", "(none)"]}},
        {"values": {"label": ["<img src=x>"], "state": ["labeled"]}, "sort": "sharpest"},
        {"values": {"collector_id": ["(none)"]}, "sort": "labeled"},
        {"ranges": {"pts_seconds": [2, 4], "object_count": [None, 0]}, "sort": "dark"},
        {"values": {"selection": ["(none)"]}, "one_of_alike": True, "sort": "newest"},
        {"values": {"image_sha256": ["0" * 64]}},
        {"sort": "rank"},
        {"sort": "alike", "values": {"predicted": ["car", "(none)"]}},
        {"sort": "alike", "one_of_alike": True},
        {"sort": "unsure", "ranges": {"score": [0.3, None]}},
        {"values": {"run": ["r1"]}, "ranges": {"uncertainty": [0.5, 1]}},
        {"ranges": {"uploaded_at": ["2000-01-01T00:00Z", "2100-01-01T00:00Z"]}},
        {"ranges": {"uploaded_at": [None, "2000-01-01T00:00Z"]}},
        {"ranges": {"selection_score": [0.5, None]}},
    ]
    whole_filters = [{"values": {}, "ranges": {}, "sort": "video", **each} for each in filters]
    catalog = Catalog(Project(str(whole)))
    try:
        numbers = number_images(catalog)
        given = {
            "columns": read_columns(catalog, numbers),
            "orders": dict(read_orders(catalog, numbers)),
            "hashes": read_hashes(catalog, numbers),
            "filters": whole_filters,
        }
        wanted = [find_images(catalog, Filter.from_json(each)).tolist() for each in whole_filters]
    finally:
        catalog.close()
    shutil.copy(PAGE / "filtering.js", tmp_path / "filtering.mjs")
    program = tmp_path / "program.mjs"
    program.write_text(_FILTERING.replace("FILTERING", "./filtering.mjs"))
    done = subprocess.run(
        [node, program], input=json.dumps(given), capture_output=True, text=True, check=True
    )
    found = [[numbers[at] for at in each] for each in json.loads(done.stdout)]
    assert found == wanted
    assert [len(each) for each in found] == [10, 3, 13, 3, 7, 0, 13, 13, 9, 2, 1, 13, 0, 3]


def test_only_an_earlier_export_is_replaced_and_a_kept_folder_is_left_alone(place, tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "mine.txt").write_text("mine")
    done = vidset("view", place, "--export", kept, "--overwrite")
    assert (done.code, "wanted a new folder" in done.refusal) == (2, True)
    assert [each.name for each in kept.iterdir()] == ["mine.txt"]
    new = tmp_path / "new"
    assert vidset("view", place, "--export", new, "-q").code == 0
    done = vidset("view", place, "--export", new)
    assert (done.code, "--overwrite" in done.refusal) == (2, True)
    assert vidset("view", place, "--export", new, "--overwrite", "-q").code == 0
    assert {each.name for each in tmp_path.iterdir()} == {"kept", "new"}


def test_an_image_that_cannot_be_read_is_named_and_the_others_are_written(place, tmp_path):
    copy = tmp_path / "place"
    shutil.copytree(place, copy, ignore=shutil.ignore_patterns("cache"))
    image = min((copy / "images").rglob("*.jpg"))
    image.unlink()
    done = vidset("view", copy, "--export", tmp_path / "new")
    assert (done.code, str(image.name) in done.err) == (1, True)
    assert len(list((tmp_path / "new" / "images").rglob("*.jpg"))) == 12


def test_a_form_of_import_that_is_not_known_is_refused(tmp_path):
    assert "import " not in "\n".join(bundle(PAGE).splitlines()[:5])
    (tmp_path / "main.js").write_text('import * as all from "./other.js";\n')
    with pytest.raises(ValueError, match=r"main\.js: wanted a known form"):
        bundle(tmp_path)
