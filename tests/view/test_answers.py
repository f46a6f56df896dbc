"""What the page's server answers, over HTTP, with a place as extract and import leave it."""

import shutil
import sqlite3
import struct

import cv2
import httpx
import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.cli.called import vidset
from tests.view.conftest import Server
from vidset.project import Project
from vidset.view import filters
from vidset.view.access import Access
from vidset.view.app import View


@pytest.fixture
def web(server):
    with httpx.Client(base_url=server.url, timeout=600, trust_env=False) as client:
        yield client


def ask(web, **wanted):
    answer = web.post("/api/query", json=wanted)
    assert answer.status_code == 200, answer.text
    return np.frombuffer(answer.content, np.uint32).tolist()


def test_every_setting_gives_the_images_that_plan_gives(web, place):
    settings = web.get("/api/settings").json()
    planned = vidset("plan", place, "--json").found
    assert settings["samples"] == planned["samples"] == 13
    found = {
        (stride, threshold): images
        for stride, line in zip(settings["strides"], settings["images"], strict=True)
        for threshold, images in zip(settings["grid"], line, strict=True)
    }
    wanted = {(each["stride"], each["similarity"]): each["images"] for each in planned["settings"]}
    assert len(wanted) > 100
    assert {key: found[key] for key in wanted} == wanted


def test_the_overview_says_what_status_says(web, place):
    told, shown = vidset("status", place, "--json").found, web.get("/api/overview").json()
    names = ("place", "videos", "failed", "samples", "kept", "dropped", "annotations", "warnings")
    assert {name: shown[name] for name in names} == {name: told[name] for name in names}


def test_the_samples_of_a_video_say_why_each_was_kept_or_not(web):
    videos = web.get("/api/videos").json()
    assert [each["samples"] for each in videos] == [5, 8]
    wanted = {"uri": videos[1]["video_uri"], "generation": videos[1]["generation"]}
    video = web.get("/api/video", params=wanted)
    samples = video.json()["samples"]
    assert samples["pts_seconds"] == [0, 1, 2, 3, 4, 5, 6, 7]
    # Scenes 2 and 4 are shown for two seconds each: at 0.9 their second samples would be dropped.
    at = video.json()["grid"].index(0.9)
    assert [mask >> at & 1 for mask in samples["kept_at"]] == [1, 1, 0, 1, 1, 0, 1, 1]


def test_filters_and_conditions_give_what_sql_gives(web, place):
    everything = ask(web)
    assert len(everything) == 13
    assert len(ask(web, values={"label": ["car"]})) == 4
    assert len(ask(web, values={"label": ["<img src=x>"]})) == 3
    assert len(ask(web, values={"state": ["labeled"]})) == 7
    assert len(ask(web, values={"label": ["(none)"]})) == 6
    assert len(ask(web, ranges={"pts_seconds": [2, 4]})) == 6
    question = "SELECT COUNT(*) AS n FROM frames WHERE brightness > 120"
    answers = vidset("sql", question, "-p", place, "--json")
    assert len(ask(web, condition="brightness > 120")) == answers.found["rows"][0]["n"]


def test_a_selection_is_filtered_by_and_an_image_says_why_it_was_chosen(web, selection):
    chosen = {name: selection[name] for name in ("selection", "images")}
    [facet] = web.get("/api/facets").json()["selection"]
    assert (facet["value"], facet["images"]) == (chosen["selection"], 3)
    numbers = ask(web, values={"selection": [chosen["selection"]]}, sort="rank")
    shown = [web.get("/api/image", params={"n": n}).json() for n in numbers]
    names = ("rank", "strategy", "score", "reason")
    assert [
        {"image_id": each["image_id"], **{name: each["selections"][0][name] for name in names}}
        for each in shown
    ] == [{name: each[name] for name in ("image_id", *names)} for each in chosen["images"]]
    assert ask(web, condition="rank <= 2", sort="rank") == numbers[:2]
    others = ask(web, condition="len(selections) = 0")
    assert {*others, *numbers} == set(ask(web))
    assert web.get("/api/image", params={"n": others[0]}).json()["selections"] == []


def test_the_newest_prediction_is_filtered_by_and_drawn_beside_the_truth(web):
    [sure] = ask(web, ranges={"score": [0.8, None]})
    assert ask(web, values={"run": ["r1"]}, sort="unsure")[1] == sure
    assert ask(web, values={"run": ["older"]}) == []
    assert len(ask(web, values={"predicted": ["car"]})) == 2
    assert len(ask(web, ranges={"uncertainty": [0.5, 0.7]})) == 1
    [shown] = web.get("/api/images", params={"n": sure}).json()
    assert [(each["label"], each["score"]) for each in shown["predicted"]] == [("car", 0.9)]
    told = web.get("/api/image", params={"n": sure}).json()
    assert (told["run"], told["model"]) == ("r1", "centernet-r18-256")


def test_times_are_filtered_by_and_no_time_is_refused(web):
    assert len(ask(web, ranges={"uploaded_at": ["2000-01-01T00:00Z", None]})) == 13
    assert ask(web, ranges={"uploaded_at": [None, "2000-01-01T00:00Z"]}) == []
    for name, bound in ("uploaded_at", "yesterday"), ("brightness", "high"), ("score", True):
        answer = web.post("/api/query", json={"ranges": {name: [bound, None]}})
        assert answer.status_code == 400, answer.text


def test_images_that_look_alike_are_a_group_across_videos(web):
    answer = web.post("/api/groups", json={"sort": "alike"})
    numbers, groups = np.frombuffer(answer.content, np.uint32).reshape(2, -1).tolist()
    assert sorted(numbers) == sorted(ask(web))
    # Scene 2 is in both videos, twice in the first one; it is the largest group and comes first.
    assert [groups.count(group) for group in dict.fromkeys(groups)] == [3, 2, 2, *[1] * 6]
    videos = {web.get("/api/image", params={"n": n}).json()["video_uri"] for n in numbers[:3]}
    assert len(videos) == 2
    assert len(ask(web, one_of_alike=True)) == 9


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param(
            "true) UNION SELECT 1 AS n FROM read_text('/etc/passwd') WHERE (true", id="union"
        ),
        pytest.param("n IN (SELECT 1 FROM read_csv('/etc/passwd'))", id="file"),
        pytest.param("1 = 1); DROP TABLE frames; SELECT (1", id="second statement"),
        pytest.param("no_such_column > 1", id="no column"),
        pytest.param("brightness >", id="no condition"),
        pytest.param("COPY frames TO '/tmp/x'", id="copy"),
        pytest.param("?", id="parameter"),
    ],
)
def test_a_condition_reads_no_file_and_changes_nothing(web, condition):
    answer = web.post("/api/query", json={"condition": condition})
    assert answer.status_code == 400
    assert "root:" not in answer.text
    assert len(ask(web)) == 13


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/api/query", [], id="a list"),
        pytest.param("/api/query", {"values": [1]}, id="values as a list"),
        pytest.param("/api/query", {"values": {"n; DROP": ["x"]}}, id="unknown column"),
        pytest.param("/api/query", {"ranges": {"brightness": [1]}}, id="one bound"),
        pytest.param("/api/query", {"sort": "n; DROP"}, id="unknown order"),
        pytest.param("/api/numbers", {"column": "n; DROP", "values": ["x"]}, id="other column"),
        pytest.param("/api/tags", {"tag": "a", "is_set": True, "images": "1"}, id="no list"),
        pytest.param("/api/tags", {"tag": "a", "is_set": True, "images": [[]]}, id="no number"),
    ],
)
def test_what_is_no_question_is_refused_with_a_sentence(web, path, body):
    answer = web.post(path, json=body)
    assert (answer.status_code, answer.json()["error"][:6]) == (400, "wanted")


def test_a_condition_that_takes_too_long_is_ended(place, monkeypatch):
    # All cores work until then.
    monkeypatch.setattr(filters, "_LONGEST_SECONDS", 0.5)
    slow = "(SELECT COUNT(*) FROM range(100000) a, range(100000) b WHERE a.range * b.range = n) > 0"
    view = View(Project(str(place)))
    app = view.app(Access.of("127.0.0.1", 8000, [], []))
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        answer = client.post("/api/query", json={"condition": slow})
    view.close()
    assert (answer.status_code, "took longer than" in answer.text) == (400, True)


def test_thumbnails_come_in_one_piece_and_are_kept(web, place):
    numbers = ask(web)
    pack = web.get("/thumbnails", params={"n": ",".join(map(str, [*numbers[:3], 9999]))}).content
    found = []
    while pack:
        n, size = struct.unpack("<II", pack[:8])
        picture = cv2.imdecode(np.frombuffer(pack[8 : 8 + size], np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        found.append((n, picture.shape))
        pack = pack[8 + size :]
    assert found == [(n, (120, 160, 3)) for n in numbers[:3]]
    with sqlite3.connect(place / "cache" / "view" / "thumbnails.sqlite") as file:
        assert file.execute("SELECT COUNT(*) FROM thumbnails").fetchone()[0] >= 3


def test_tags_are_kept_beside_the_dataset_with_who_and_when(web, place):
    numbers = ask(web)[:2]
    done = web.post("/api/tags", json={"tag": "look again", "is_set": True, "images": numbers})
    assert done.json() == {"images": 2}
    assert ask(web, values={"tag": ["look again"]}) == numbers
    [mark] = (place / "tags").glob("*.json")
    assert '"actor"' in mark.read_text()
    web.post("/api/tags", json={"tag": "look again", "is_set": False, "images": numbers[:1]})
    assert ask(web, values={"tag": ["look again"]}) == numbers[1:]
    refused = web.post("/api/tags", json={"tag": "<b>", "is_set": True, "images": numbers})
    assert (refused.status_code, "wanted a tag" in refused.text) == (400, True)


def test_videos_play_in_ranges_and_nothing_outside_the_ledger_is_read(web):
    video = web.get("/api/videos").json()[1]
    wanted = {"uri": video["video_uri"], "generation": video["generation"]}
    answer = web.get("/source", params=wanted, headers={"Range": "bytes=4-11"})
    assert (answer.status_code, answer.content[:4]) == (206, b"ftyp")
    assert answer.headers["content-range"] == f"bytes 4-11/{video['size_bytes']}"
    assert web.get("/source", params={**wanted, "uri": "/etc/passwd"}).status_code == 404
    assert web.get("/source", params=wanted, headers={"Range": "bytes=x"}).status_code == 416


@pytest.mark.parametrize(
    "path",
    ["/../app.py", "/%2e%2e/app.py", "/vendor/../../app.py", "//etc/passwd", "/image/99999"],
)
def test_only_the_pages_own_files_are_served(web, path):
    assert web.get(path).status_code == 404


def test_an_image_that_is_a_link_is_not_served(place, tmp_path):
    copy = tmp_path / "place"
    shutil.copytree(place, copy, ignore=shutil.ignore_patterns("cache"))
    image = min((copy / "images").rglob("*.jpg"))
    image.unlink()
    image.symlink_to("/etc/passwd")
    running = Server(copy)
    try:
        statuses = {
            httpx.get(f"{running.url}image/{n}", trust_env=False, timeout=600).status_code
            for n in range(13)
        }
        assert statuses == {200, 404}
    finally:
        assert running.end() in (0, 143)


def test_what_other_commands_write_is_followed(place, tmp_path):
    copy = tmp_path / "place"
    shutil.copytree(place, copy, ignore=shutil.ignore_patterns("cache", "tags"))
    running = Server(copy)
    try:
        with (
            httpx.Client(base_url=running.url, timeout=600, trust_env=False) as client,
            client.stream("GET", "/api/changes") as events,
        ):
            told = (line for line in events.iter_lines() if line)
            assert next(told).startswith("data: ")
            next((copy / "videos").iterdir()).unlink()
            # Other changes may be told of before this one is: each answer is asked for anew.
            assert any(len(client.get("/api/videos").json()) == 1 for _ in told)
    finally:
        running.end()
