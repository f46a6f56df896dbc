"""The review of errors on the page: decisions are kept where `vidset review` reads them."""

import json
import shutil
from pathlib import Path

import httpx
import pytest

from tests.cli.called import vidset
from tests.cli.errors.samples import HOSTILE, LABELS, make_case
from tests.emulators.browser import find_browser, run_browser
from tests.view.conftest import Server

SETTINGS = {"ready": "main[aria-busy=false]", "width": 1280, "height": 800, "wait_ms": 60_000}


@pytest.fixture
def reviewed(tmp_path):
    """A place with three images to decide on, one label of which looks like markup; its server."""
    place = tmp_path / "place"
    make_case(place, (HOSTILE, *LABELS[1:]))
    (place / "runs").mkdir()
    (place / "run").rename(place / "runs" / "r1")
    done = vidset("errors", "r1", "-p", place, "-q")
    assert done.code == 0, done.err
    running = Server(place)
    yield place, running
    assert running.end() in (0, 143)


@pytest.fixture
def web(reviewed):
    with httpx.Client(base_url=reviewed[1].url, timeout=600, trust_env=False) as client:
        yield client


def decide(web, at, decision, before=None, **others):
    found = web.get("/api/errors").json()
    wanted = {
        "version": found["version"],
        "image_sha256": found["shown"][at]["image_sha256"],
        "decision": decision,
        "before": before,
    }
    return web.post("/api/decisions", json={**wanted, **others})


def test_decisions_are_what_review_reads(web, reviewed):
    place, _ = reviewed
    wrong = {"action": "relabel", "category": "label wrong", "label": "ii"}
    first = decide(web, 0, wrong).json()
    assert first["counts"]["decided"] == 1
    assert decide(web, 1, {"action": "keep"}).status_code == 200
    done = vidset("review", "-p", place, "--json")
    assert done.code == 0, done.err
    assert (done.found["decided"], done.found["undecided"]) == (2, 1)
    fixes = json.loads((place / "errors" / "fixes.json").read_text())["fixes"]
    assert [each["action"] for each in fixes] == ["relabel", "keep"]
    lines = (place / "errors" / "decisions.jsonl").read_text().splitlines()
    assert [json.loads(line)["decision"]["action"] for line in lines] == ["relabel", "keep"]


def test_nobody_replaces_a_decision_unseen(web):
    assert decide(web, 0, {"action": "keep"}).status_code == 200
    refused = decide(web, 0, {"action": "remove", "category": "ambiguous"})
    assert (refused.status_code, "meanwhile (keep" in refused.text) == (409, True)
    [there] = web.get("/api/errors").json()["decisions"].values()
    assert there["action"] == "keep"
    assert decide(web, 0, None, before=there).json()["decisions"] == {}


def test_decisions_on_other_images_are_put_aside_and_told(web, reviewed):
    place, _ = reviewed
    image = web.get("/api/errors").json()["shown"][0]
    names = {name: image[name] for name in ("image_sha256", "image_uri")}
    other = {"version": "f" * 32, "actor": "rita", "fixes": [{**names, "action": "keep"}]}
    (place / "errors" / "decisions.json").write_text(json.dumps(other))
    answer = decide(web, 1, {"action": "keep"}).json()
    assert answer["aside"] == "decisions-ffffffffffff-1.json"
    assert json.loads((place / "errors" / answer["aside"]).read_text()) == other
    assert len(answer["decisions"]) == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        pytest.param({"decision": {"action": "burn"}}, "wanted action", id="action"),
        pytest.param({"decision": {"action": "relabel", "label": "x"}}, "a label of", id="label"),
        pytest.param({"decision": {"action": "keep", "category": "x"}}, "decisions", id="category"),
        pytest.param({"image_sha256": "../run.json"}, "not shown", id="image"),
        pytest.param({"version": "0" * 32}, "run again", id="version"),
        pytest.param({"decision": "keep"}, "wanted an object", id="no object"),
    ],
)
def test_what_is_no_decision_is_refused_and_nothing_is_written(web, reviewed, changed, words):
    answer = decide(web, 0, **{"decision": {"action": "keep"}, **changed})
    assert (answer.status_code, words in answer.text) == (400, True), answer.text
    assert not (reviewed[0] / "errors" / "decisions.json").exists()


def test_a_decision_that_is_refused_puts_no_other_decisions_aside(web, reviewed):
    folder = reviewed[0] / "errors"
    image = web.get("/api/errors").json()["shown"][0]
    names = {name: image[name] for name in ("image_sha256", "image_uri")}
    other = {"version": "f" * 32, "actor": "rita", "fixes": [{**names, "action": "keep"}]}
    (folder / "decisions.json").write_text(json.dumps(other))
    assert decide(web, 1, {"action": "burn"}).status_code == 400
    assert json.loads((folder / "decisions.json").read_text()) == other
    assert not list(folder.glob("decisions-*"))


def test_a_decision_is_on_the_image_that_was_asked_for(web):
    first, second = web.get("/api/errors").json()["shown"][:2]
    lie = {name: second[name] for name in ("image_sha256", "image_uri")}
    answer = decide(web, 0, {"action": "keep", **lie})
    assert list(answer.json()["decisions"]) == [first["image_sha256"]]


def test_pictures_are_those_of_the_review_and_no_link_is_followed(web, reviewed):
    place, _ = reviewed
    sha256 = web.get("/api/errors").json()["shown"][0]["image_sha256"]
    assert web.get(f"/error-picture/{sha256}").content[:4] == b"\x89PNG"
    assert web.get("/error-picture/..%2Frun.json").status_code == 404
    for picture in (place / "errors" / "thumbnails").iterdir():
        picture.unlink()
        picture.symlink_to("/etc/passwd")
    assert web.get(f"/error-picture/{sha256}").status_code == 404


def test_a_run_is_asked_for_by_its_name_in_the_place(web, reviewed, tmp_path):
    shutil.copytree(reviewed[0] / "runs" / "r1", tmp_path / "elsewhere")
    there = {"run": "r1", "split": "validation"}
    assert web.get("/api/confusion", params=there).json()["has_errors"] is True
    answer = web.get("/api/confusion", params={**there, "run": str(tmp_path / "elsewhere")})
    assert answer.status_code == 400
    [run] = web.get("/api/runs").json()
    low, high = run["score"]["interval"]
    assert run["score"]["value"] == 33 / 36
    assert 0 < low < 33 / 36 < high <= 1


@pytest.mark.slow
def test_a_review_by_keyboard_is_kept_and_hostile_labels_are_text(reviewed, axe):
    place, running = reviewed
    decided = "document.querySelector('#decided').textContent.startsWith"
    found = run_browser(
        find_browser(),
        running.url,
        (
            ["open", "#/errors"],
            ["axe"],
            ["run", "document.querySelector('.queue').focus()"],
            ["press", "1"],
            ["wait", f"{decided}('1 of 3')"],
            ["press", "5"],
            ["wait", f"{decided}('2 of 3')"],
            ["press", "u"],
            ["wait", f"{decided}('1 of 3')"],
            ["press", "0"],
            ["wait", f"{decided}('2 of 3')"],
            ["run", "() => window.hurt ?? null"],
            ["run", "() => document.querySelector('.queue').textContent.includes('<img src=x')"],
            ["size", 360, 740],
            ["axe"],
        ),
        allowed=(running.url, "blob:"),
        timeout=600,
        axe=axe,
        **SETTINGS,
    )
    assert (found[1], found[-1]) == ([], [])
    assert (found[11], found[12]) == (None, True)
    written = json.loads((Path(place) / "errors" / "decisions.json").read_text())["fixes"]
    assert [(each["action"], each.get("category")) for each in written] == [
        ("relabel", "label wrong"),
        ("keep", None),
    ]
