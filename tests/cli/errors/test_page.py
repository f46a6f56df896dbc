"""The review page in a real browser."""

import json

import pytest

from tests.cli.called import vidset
from tests.cli.errors.samples import HOSTILE, HOSTILE_URI, make_boxes, make_case
from tests.emulators.browser import find_browser, run_browser
from tests.training.scoring.runs import classified, make_run, make_version, sha

BROWSE_SECONDS = 600
SETTINGS = {"ready": "#grid > *", "width": 1440, "height": 900, "wait_ms": 30_000}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser():
    return find_browser()


@pytest.fixture
def browse(browser, tmp_path):
    """Opens a folder's page and does steps; what each gave. What is saved is in `tmp_path`."""

    def run(folder, *steps):
        [_, *found] = run_browser(
            browser,
            (folder / "index.html").as_uri(),
            (["open", ""], *steps),
            allowed=("file:", "blob:"),
            timeout=BROWSE_SECONDS,
            downloads=str(tmp_path),
            **SETTINGS,
        )
        return found

    return run


@pytest.fixture
def reviewed(tmp_path):
    """A page of three images, and the version."""
    run, manifest = make_case(tmp_path)
    done = vidset("errors", run, "-o", tmp_path / "out", "-p", tmp_path, "-q")
    assert done.code == 0, done.err
    return tmp_path, manifest


def test_a_review_by_keyboard_is_saved_and_counted(browse, reviewed):
    folder, manifest = reviewed
    found = browse(
        folder / "out",
        ["count", ".tile"],
        ["text", "#detail .place"],
        ["press", "1"],
        ["press", "2"],
        ["press", "ArrowLeft"],
        ["press", "u"],
        ["press", "5"],
        ["press", "0"],
        ["text", "#decided"],
        ["save"],
    )
    assert found[0] == 3
    assert (found[-2], found[-1]) == ("3 of 3 decided", "decisions.json")
    shown = json.loads((folder / "out" / "errors.json").read_text())["shown"]
    assert found[1].startswith(shown[0]["image_uri"])
    saved = json.loads((folder / "decisions.json").read_text())
    images = [{key: each[key] for key in ("image_sha256", "image_uri")} for each in shown]
    assert saved == {
        "version": manifest.id,
        "fixes": [
            images[0]
            | {"action": "relabel", "category": "label wrong", "label": shown[0]["suggested"]},
            # Undecided once by U, then rare style.
            images[1] | {"action": "keep", "category": "rare style"},
            images[2] | {"action": "keep"},
        ],
    }
    done = vidset(
        "review", folder / "decisions.json", "-p", folder, "--errors", folder / "out", "--json"
    )
    assert done.code == 0, done.err
    assert done.found["categories"][0]["percent"] == 33.3


def test_another_label_can_be_chosen(browse, reviewed):
    folder, _ = reviewed
    shown = json.loads((folder / "out" / "errors.json").read_text())["shown"]
    third = ({"i", "ii", "iii"} - {shown[0]["label"], shown[0]["suggested"]}).pop()
    browse(folder / "out", ["select", ".label-select", third], ["save"])
    (fix,) = json.loads((folder / "decisions.json").read_text())["fixes"]
    assert (fix["action"], fix["label"]) == ("relabel", third)
    assert fix["image_sha256"] == sha(int(shown[0]["image_uri"].removesuffix(".png")))


def test_decisions_are_kept_in_the_browser(browse, reviewed):
    folder, _ = reviewed
    found = browse(folder / "out", ["press", "3"], ["reload"], ["text", "#decided"])
    assert found[-1] == "1 of 3 decided"


def test_orders_filters_and_the_confusion_matrix_choose_what_is_shown(browse, reviewed):
    folder, _ = reviewed
    found = browse(
        folder / "out",
        ["press", "0"],
        ["click", "[data-show=open]"],
        ["count", ".tile"],
        ["click", "[data-show=all]"],
        ["click", "[data-order=hardness]"],
        ["text", ".tile .number"],
        ["click", "#confusion td button:not([disabled])"],
        ["count", ".tile"],
    )
    shown = json.loads((folder / "out" / "errors.json").read_text())["shown"]
    pairs = [(image["label"], image["predicted"]) for image in shown]
    assert found[2] == 2
    assert found[5] == "1"
    assert found[7] == pairs.count(min(pairs))


def test_the_images_of_a_page_that_was_moved_are_there(browse, reviewed):
    folder, _ = reviewed
    moved = (folder / "out").rename(folder / "elsewhere")
    script = "[...document.images].every(image => image.complete && image.naturalWidth > 0)"
    assert browse(moved, ["run", script])[-1] is True


def test_what_somebody_typed_stays_text(browse, tmp_path):
    labels = ("i", HOSTILE, "iii</script>")
    run, _ = make_case(tmp_path, labels, lambda place: f"{place}{HOSTILE_URI}")
    done = vidset("errors", run, "-o", tmp_path / "out", "-p", tmp_path, "-q")
    assert done.code == 0, done.err
    found = browse(
        tmp_path / "out",
        ["run", "window.hurt === undefined"],
        ["count", "img[src=x]"],
        ["text", "#detail .labels"],
        ["text", "#detail .place"],
        ["press", "1"],
        ["press", "1"],
        ["press", "1"],
        ["run", "window.hurt === undefined"],
        ["save"],
    )
    assert (found[0], found[1], found[7]) == (True, 0, True)
    shown = json.loads((tmp_path / "out" / "errors.json").read_text())["shown"]
    assert shown[0]["label"] in found[2]
    assert HOSTILE_URI in found[3]
    fixes = json.loads((tmp_path / "decisions.json").read_text())["fixes"]
    assert {HOSTILE, "iii</script>"} & {fix["label"] for fix in fixes}


def test_a_detectors_page_sends_wrong_labels_back_with_a_note(browse, tmp_path):
    run, _ = make_boxes(tmp_path)
    done = vidset("errors", run, "-o", tmp_path / "out", "-p", tmp_path, "-q")
    assert done.code == 0, done.err
    found = browse(
        tmp_path / "out",
        ["count", ".label-select"],
        ["text", ".legend"],
        ["press", "1"],
        ["click", ".note"],
        ["fill", ".note", "u is for undo"],
        ["run", "document.activeElement.blur()"],
        ["save"],
    )
    assert found[0] == 0
    assert "found, not labeled" in found[1]
    (fix,) = json.loads((tmp_path / "decisions.json").read_text())["fixes"]
    assert (fix["action"], fix["category"]) == ("relabel", "label wrong")
    assert fix["note"] == "u is for undo"
    assert "label" not in fix
    reviewed = vidset(
        "review", tmp_path / "decisions.json", "--errors", tmp_path / "out", "-p", tmp_path
    )
    assert reviewed.code == 0, reviewed.err
    assert (reviewed.next or "").startswith("vidset label dispatch --relabel ")


def test_undo_takes_back_the_last_decision_wherever_the_selection_is(browse, reviewed):
    folder, _ = reviewed
    found = browse(
        folder / "out",
        ["press", "2"],
        ["press", "3"],
        ["press", "ArrowLeft"],
        ["press", "ArrowLeft"],
        ["press", "u"],
        ["text", "#decided"],
        ["press", "u"],
        ["press", "u"],
        ["text", "#decided"],
    )
    assert (found[5], found[8]) == ("1 of 3 decided", "0 of 3 decided")


def test_a_page_without_errors_says_so(browse, tmp_path):
    images = [{"uri": f"{place}.png", "label": "ab"[place % 2]} for place in range(8)]
    manifest = make_version(tmp_path / "datasets", images)
    table = classified(manifest, "validation", ["a", "b"], {})
    run = make_run(tmp_path / "run", manifest, {"validation": {1: table}})
    done = vidset("errors", run, "-o", tmp_path / "out", "-p", tmp_path, "-q")
    assert done.code == 0, done.err
    found = browse(tmp_path / "out", ["text", "#grid"], ["press", "1"], ["text", "#decided"])
    assert (found[0], found[2]) == ("Nothing here.", "0 of 0 decided")


@pytest.mark.parametrize("kind", ["classes", "boxes"])
def test_on_a_telephone_the_page_is_as_wide_as_the_screen_and_is_reviewed_by_touch(
    browse, tmp_path, kind
):
    run, _ = make_boxes(tmp_path) if kind == "boxes" else make_case(tmp_path)
    done = vidset("errors", run, "-o", tmp_path / "out", "-p", tmp_path, "-q")
    assert done.code == 0, done.err
    found = browse(
        tmp_path / "out",
        ["size", "360", "640"],
        ["run", "() => document.documentElement.scrollWidth"],
        ["click", ".choice"],
        ["click", ".tile:nth-child(2)"],
        ["click", ".picture"],
        ["click", ".picture"],
        ["run", "() => document.documentElement.scrollWidth"],
        ["text", "#decided"],
    )
    assert (found[1], found[6]) == (360, 360)
    assert found[7].startswith("1 of ")
