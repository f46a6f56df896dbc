"""The page in a real browser."""

import shutil

import pytest

from tests.cli.called import vidset
from tests.emulators.browser import find_browser, run_browser
from tests.view.conftest import Server

BROWSE_SECONDS = 600
SETTINGS = {"ready": "main[aria-busy=false]", "width": 1280, "height": 800, "wait_ms": 60_000}
PAGES = ("#/", "#/videos", "#/images", "#/versions", "#/runs", "#/errors", "#/collectors")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser():
    return find_browser()


@pytest.fixture
def browse(browser, axe):
    """Does steps on a server's page; what each gave."""

    def run(server, *steps):
        allowed = (server.url, "blob:", "data:")
        return run_browser(
            browser, server.url, steps, allowed=allowed, timeout=BROWSE_SECONDS, axe=axe, **SETTINGS
        )

    return run


def test_every_page_opens_without_a_message_and_without_a_serious_fault(browse, server):
    steps = [step for page in PAGES for step in (["open", page], ["axe"])]
    steps += [["theme", "light"], ["open", "#/images"], ["axe"], ["size", 360, 740], ["axe"]]
    found = browse(server, *steps)
    assert [each for each in found if isinstance(each, list) and each] == []


def test_dragging_the_threshold_shows_what_plan_counts(browse, server, place):
    planned = vidset("plan", place, "--json").found["settings"]
    wanted = {
        each["similarity"]: each["images"]
        for each in planned
        if each["stride"] == 1 and each["similarity"] in (0.5, 0.9, 1.0)
    }
    steps = []
    for threshold in wanted:
        move = (
            "() => { const slider = document.querySelector('#threshold'); "
            f"slider.value = {round(threshold * 100) - 50}; "
            "slider.dispatchEvent(new Event('input')); }"
        )
        steps += [["run", move], ["text", "#counts"]]
    opened = "document.querySelector('#counts')?.textContent.includes('all videos give')"
    found = browse(server, ["open", "#/videos"], ["click", "table a"], ["wait", opened], *steps)
    texts = [each for each in found if isinstance(each, str)]
    assert len(texts) == 3
    for text, (threshold, images) in zip(texts, wanted.items(), strict=True):
        assert text.startswith(f"Threshold {threshold:.2f}: this video gives ")
        assert f"all videos give {images} images" in text


def test_the_grid_is_used_by_keyboard_alone(browse, server):
    focused = "document.querySelector('#focused-image').textContent"
    found = browse(
        server,
        ["open", "#/images"],
        ["wait", "document.querySelector('#found').textContent === '13 images'"],
        ["run", "document.querySelector('.grid').focus()"],
        ["press", "ArrowRight"],
        ["press", "Shift+ArrowRight"],
        ["text", ".tools span.dim"],
        ["press", "End"],
        ["wait", f"{focused}.startsWith('Image 13 of 13.')"],
        ["press", "Enter"],
        ["wait", "document.querySelector('dialog canvas')?.ariaLabel.includes('320 by 240')"],
        ["press", "ArrowLeft"],
        ["wait", "document.querySelector('dialog .tools .dim').textContent === '12 of 13'"],
        ["press", "l"],
        ["press", "Escape"],
        ["wait", "!document.querySelector('dialog')"],
        ["wait", f"{focused}.startsWith('Image 12 of 13.')"],
        ["run", f"() => {focused}"],
    )  # fmt: skip
    assert found[5] == "2 selected"


def test_predictions_are_shown_and_hidden_by_keyboard_and_filtered_by_score(browse, server):
    score = "[aria-label='Score of the prediction, at least']"
    pressed = "() => document.querySelector('dialog [title*=\"(p)\"]').ariaPressed"
    found = browse(
        server,
        ["open", "#/images"],
        ["wait", "document.querySelector('#found').textContent === '13 images'"],
        ["text", ".light-table .legend"],
        ["run", "() => { document.querySelector('[data-name=score]').open = true; }"],
        ["fill", score, "0.8"],
        ["press", "Enter"],
        ["wait", "document.querySelector('#found').textContent === '1 image'"],
        ["run", "document.querySelector('.grid').focus()"],
        ["press", "p"],
        ["run", "() => document.querySelector('#predictions').checked"],
        ["press", "Enter"],
        ["wait", "document.querySelector('dialog .predicted')"],
        ["text", "dialog .facts"],
        ["run", pressed],
        ["press", "p"],
        ["run", pressed],
        ["axe"],
    )  # fmt: skip
    assert "predictions, white and dashed" in found[2]
    assert found[9] is False
    assert "car 0.90" in found[12]
    assert [found[13], found[15], found[16]] == ["true", "false", []]


def test_images_that_look_alike_stand_together_and_are_said_to(browse, server):
    found = browse(
        server,
        ["open", "#/images"],
        ["select", "select[aria-label=Order]", "alike"],
        ["run", "document.querySelector('.grid').focus()"],
        ["press", "Home"],
        ["wait", "document.querySelector('#focused-image').textContent.includes('One of 3')"],
        ["press", "End"],
        ["run", "() => document.querySelector('#focused-image').textContent.includes('One of')"],
        ["axe"],
    )
    assert found[6:] == [False, []]


def test_a_selection_is_chosen_by_and_its_reasons_are_shown(browse, server, selection):
    first = selection["images"][0]
    found = browse(
        server,
        ["open", "#/images"],
        ["wait", "document.querySelector('#found').textContent === '13 images'"],
        ["run", "() => { document.querySelector('[data-name=selection]').open = true; }"],
        ["click", "[data-name=selection] input"],
        ["wait", "document.querySelector('#found').textContent === '3 images'"],
        ["run", "() => document.querySelector('select[aria-label=Order]').value"],
        ["run", "document.querySelector('.grid').focus()"],
        ["press", "Home"],
        ["press", "Enter"],
        ["wait", "document.querySelector('dialog .facts h2')"],
        ["text", "dialog .facts"],
        ["axe"],
    )
    assert found[5] == "rank"
    assert f"Selection {selection['selection']}" in found[10]
    shown = found[10].splitlines()
    for name in "rank", "strategy", "reason":
        assert shown[shown.index(name) + 1] == str(first[name])
    assert found[11] == []


def test_an_empty_page_names_a_command_that_reaches_its_place(browse, tmp_path):
    place = tmp_path / "my place"
    place.mkdir()
    running = Server(place)
    try:
        pages = ("videos", "versions", "runs", "errors")
        steps = [
            step for each in pages for step in (["open", f"#/{each}"], ["text", ".empty code"])
        ]
        found = browse(running, *steps)
    finally:
        running.end()
    commands = ("extract VIDEOS", "dataset create -n v0", "train", "errors")
    assert found[1::2] == [f"vidset {each} -p '{place}'" for each in commands]


def test_hostile_names_are_text(browse, server):
    found = browse(
        server,
        ["open", "#/images"],
        ["wait", "document.querySelector('#found').textContent === '13 images'"],
        ["run", "() => document.querySelectorAll('main img, main b').length"],
        ["run", "() => document.querySelector('.facets').textContent.includes('<img src=x>')"],
        ["open", "#/videos"],
        ["run", "() => document.querySelector('table').textContent.includes('<b>two & ')"],
        ["run", "() => document.querySelectorAll('main b').length"],
    )
    assert [found[2], found[3], found[5], found[6]] == [0, True, True, 0]


def test_two_browsers_tag_at_once_and_a_killed_server_loses_none(browse, place, tmp_path):
    copy = tmp_path / "place"
    shutil.copytree(place, copy, ignore=shutil.ignore_patterns("cache", "tags"))
    first, second = Server(copy), Server(copy)
    tag = [
        ["wait", "document.querySelector('#found').textContent === '13 images'"],
        ["run", "document.querySelector('.grid').focus()"],
        ["press", "Control+a"],
        ["press", "t"],
        ["wait", "document.querySelector('details[data-name=tag]')?.textContent.includes('13')"],
    ]
    browse(first, ["open", "#/images"], ["fill", "[list=tag-names]", "by one"], *tag)
    assert first.end(9) == -9
    seen = "document.querySelector('details[data-name=tag]').textContent.includes('by two')"
    browse(
        second, ["open", "#/images"], ["fill", "[list=tag-names]", "by two"], *tag, ["wait", seen]
    )
    second.end()
    third = Server(copy)
    try:
        [text] = browse(
            third,
            ["open", "#/images"],
            ["wait", seen],
            ["run", "() => document.querySelector('details[data-name=tag]').textContent"],
        )[2:]
    finally:
        third.end()
    assert "by one" in text
    assert "by two" in text
