"""What is wrong with a place, on the page and in its export."""

import pytest

from tests.cli.called import vidset
from tests.cli.troubled import CROSSING, make_troubled
from tests.emulators.browser import find_browser, run_browser
from tests.view.conftest import Server

SETTINGS = {"ready": "main[aria-busy=false]", "width": 1280, "height": 800, "wait_ms": 60_000}
KINDS = "() => [...document.querySelectorAll('.trouble')].map((each) => each.dataset.kind)"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def troubled(tmp_path_factory):
    place = make_troubled(tmp_path_factory.mktemp("troubled") / "roads")
    vidset("dataset", "check", "odd", "-p", place)
    return place


def test_the_overview_names_what_is_wrong_with_a_command_to_copy(troubled, axe):
    running = Server(troubled)
    try:
        found = run_browser(
            find_browser(),
            running.url,
            (
                ["open", "#/"],
                ["run", KINDS],
                ["text", "[data-kind=leaks]"],
                ["click", "[data-kind=leaks] button"],
                ["run", "() => getSelection().toString()"],
                ["axe"],
                ["open", "#/collectors"],
                ["text", "main table"],
                ["axe"],
            ),
            allowed=(running.url, "blob:"),
            timeout=600,
            axe=axe,
            **SETTINGS,
        )
    finally:
        running.end()
    assert sorted(found[1]) == ["anomalies", "drift", "leaks", "quarantine"]
    assert CROSSING in found[2]
    assert found[4].startswith("vidset dataset check odd --leaks -p ")
    assert "blurred: 10.0 % → 60.0 %" in found[7]
    assert [found[5], found[8]] == [[], []]


def test_an_export_names_it_without_commands(troubled, tmp_path):
    done = vidset("view", troubled, "--export", tmp_path / "page", "--json")
    url = (tmp_path / "page" / "index.html").as_uri()
    assert done.code in (0, 1), done.err  # No image of this place is there.
    found = run_browser(
        find_browser(),
        url,
        (["open", "#/"], ["run", KINDS], ["count", ".trouble button"]),
        allowed=((tmp_path / "page").as_uri(), "blob:"),
        timeout=600,
        **SETTINGS,
    )
    assert sorted(found[1]) == ["anomalies", "drift", "leaks", "quarantine"]
    assert found[2] == 0
