"""Thumbnails of dropped samples: of the server, in an export, and in the strip of a video."""

import json
import re
import shutil
from pathlib import Path
from urllib.parse import urlencode

import cv2
import httpx
import numpy as np
import pytest

from tests.cli.called import vidset
from tests.drawing import scene, write_video
from tests.emulators.browser import find_browser, run_browser
from tests.view.conftest import Server
from vidset.elements import ledger_key

SETTINGS = {"ready": "main[aria-busy=false]", "width": 1280, "height": 800, "wait_ms": 60_000}
# Where the thumbnails of dropped samples are drawn, without their being dimmed. A canvas of a page
# from disk does not let its pixels be read.
_PLACES = """() => {
  document.querySelector(".strip").scrollIntoView({ block: "center" });
  return [...document.querySelectorAll(".is-dropped canvas")].map((canvas) => {
    canvas.style.opacity = 1;
    const { x, y, width, height } = canvas.getBoundingClientRect();
    return [x, y, width, height];
  });
}"""


@pytest.fixture(scope="module")
def roads(tmp_path_factory) -> Path:
    """Videos with two dropped samples, with 2,598, and with none; do not change it."""
    root = tmp_path_factory.mktemp("dropped")
    write_video(root / "in" / "drive.mp4", [1, 2, 2, 3, 4, 4, 5, 6])
    write_video(root / "in" / "parked.mp4", [1, 2], seconds_each=1300, fps=1, size=(64, 48))
    write_video(root / "in" / "turns.mp4", [7, 8, 9])
    done = vidset("extract", root / "in", "-o", root / "roads", "-q")
    assert done.code == 0, done.err
    return root / "roads"


@pytest.fixture(scope="module")
def shown(roads):
    running = Server(roads)
    yield running
    running.end()


@pytest.fixture
def web(shown):
    with httpx.Client(base_url=shown.url, timeout=600, trust_env=False) as client:
        yield client


def videos_of(web) -> dict[str, dict[str, str]]:
    """What asks for each video, by its name."""
    return {
        each["name"]: {"uri": each["video_uri"], "generation": each["generation"]}
        for each in web.get("/api/videos").json()
    }


def sheet_of(place: Path, video: dict[str, str]) -> Path:
    return place / "thumbnails" / f"{ledger_key(video['uri'], video['generation'])}.webp"


def cells_of(webp: bytes, rows: int) -> list[np.ndarray]:
    """The thumbnails of a sheet, RGB, as they stand behind each other."""
    sheet = cv2.imdecode(np.frombuffer(webp, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    high, wide = sheet.shape[0] // rows, sheet.shape[1] // 16
    return [
        sheet[y : y + high, x : x + wide]
        for y in range(0, rows * high, high)
        for x in range(0, 16 * wide, wide)
    ]


def scene_of(picture: np.ndarray) -> int:
    """Which scene a small picture shows."""

    def distance(number: int) -> float:
        wanted = scene(number, picture.shape[1], picture.shape[0])
        return float(np.abs(picture.astype(int) - wanted).mean())

    found = min(range(1, 10), key=distance)
    assert distance(found) < 30, distance(found)
    return found


def test_a_sheet_is_the_file_of_its_video_and_shows_its_dropped_samples_in_order(web, roads):
    drive = videos_of(web)["drive.mp4"]
    answer = web.get("/dropped", params=drive)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content == sheet_of(roads, drive).read_bytes()
    told = web.get("/api/video", params=drive).json()
    wanted = {"size_bytes": len(answer.content), "stride": 1, "across": 16, "rows": 1}
    assert told["sheet"] == wanted
    assert [at for at, is_kept in enumerate(told["samples"]["kept"]) if not is_kept] == [2, 5]
    assert list(map(scene_of, cells_of(answer.content, 1)[:2])) == [2, 4]


def test_of_more_than_a_sheet_takes_each_second_dropped_sample_is_on_it(web):
    parked = videos_of(web)["parked.mp4"]
    told = web.get("/api/video", params=parked).json()
    webp = web.get("/dropped", params=parked).content
    assert told["samples"]["kept"].count(False) == 2598
    # 1,299 of them are on 82 lines of 16.
    assert told["sheet"] == {"size_bytes": len(webp), "stride": 2, "across": 16, "rows": 82}
    cells = cells_of(webp, 82)
    # The first 1,299 that were dropped show the first scene: 650 of them are on the sheet.
    assert [scene_of(cells[at]) for at in (0, 649, 650, 1298)] == [1, 1, 2, 2]
    assert max(cell.mean() for cell in cells[1299:]) < 3


def test_where_there_is_no_sheet_there_is_none(web):
    turns = videos_of(web)["turns.mp4"]
    for asked in turns, {**turns, "generation": "0"}, {"uri": "/etc/passwd", "generation": "0"}, {}:
        answer = web.get("/dropped", params=asked)
        assert answer.status_code == 404, asked
        assert "there are no thumbnails of its dropped samples" in answer.text
    assert web.get("/api/video", params=turns).json()["sheet"] is None


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(Path.unlink, id="gone"),
        pytest.param(lambda path: path.write_bytes(b"no picture"), id="no picture"),
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
        pytest.param(
            lambda path: path.write_bytes(
                cv2.imencode(".webp", np.zeros((72, 16 * 90 + 1, 3), np.uint8))[1].tobytes()
            ),
            id="of another width",
        ),
        pytest.param(
            lambda path: path.write_bytes(
                cv2.imencode(".webp", np.zeros((720, 96 * 16, 3), np.uint8))[1].tobytes()
            ),
            id="of more samples",
        ),
    ],
)
def test_a_sheet_that_does_not_fit_its_video_is_passed_over(roads, web, tmp_path, spoil):
    drive = videos_of(web)["drive.mp4"]
    copy = tmp_path / "roads"
    shutil.copytree(roads, copy, ignore=shutil.ignore_patterns("cache"))
    spoil(sheet_of(copy, drive))
    running = Server(copy)
    try:
        with httpx.Client(base_url=running.url, timeout=600, trust_env=False) as other:
            assert other.get("/dropped", params=drive).status_code == 404
            video = other.get("/api/video", params=drive)
    finally:
        running.end()
    assert (video.status_code, video.json()["sheet"]) == (200, None)


@pytest.fixture(scope="module")
def exported(roads) -> Path:
    folder = roads.parent / "light table"
    done = vidset("view", roads, "--export", folder, "-q")
    assert done.code == 0, done.err
    return folder


def test_an_export_has_the_sheets_and_says_whose_they_are(web, roads, exported):
    sheets = sorted((exported / "dropped").iterdir())
    assert [each.name for each in sheets] == ["0.webp", "1.webp"]
    videos = videos_of(web)
    for at, name in enumerate(("drive.mp4", "parked.mp4")):
        assert sheets[at].read_bytes() == sheet_of(roads, videos[name]).read_bytes()
        wanted = {**web.get("/api/video", params=videos[name]).json()["sheet"]}
        assert exported_video(exported, videos[name])["sheet"] == {
            **wanted,
            "file": f"dropped/{at}.webp",
        }
    assert exported_video(exported, videos["turns.mp4"])["sheet"] is None


def exported_video(folder: Path, video: dict[str, str]) -> dict:
    """What an export says of a video."""
    key = json.dumps(["video", video["generation"], video["uri"]], separators=(",", ":"))
    for script in (folder / "data").glob("*.js"):
        found = re.fullmatch(r"vidsetTake\((.*), (\".*\")\);\n", script.read_text("ascii"))
        assert found is not None
        if json.loads(found[1]) == key:
            return json.loads(json.loads(found[2]))
    raise AssertionError(f"there is no answer {key}")


@pytest.mark.slow
@pytest.mark.parametrize("where", ["server", pytest.param("disk", marks=pytest.mark.chaos)])
def test_a_strip_draws_its_dropped_samples_and_says_what_they_take(
    shown, web, exported, where, axe, tmp_path
):
    url = shown.url if where == "server" else (exported / "index.html").as_uri()
    allowed = (url, "blob:") if where == "server" else (exported.as_uri(), "blob:")
    videos = videos_of(web)
    shot = tmp_path / "strip.png"
    steps = [["open", f"#/video?{urlencode(videos['drive.mp4'])}"], ["wait", _has_samples(8)]]
    steps += [["run", _PLACES], ["picture", str(shot)], ["text", "#sheet"], ["text", ".strip"]]
    steps += [["axe"], ["open", f"#/video?{urlencode(videos['parked.mp4'])}"]]
    steps += [["wait", _has_samples(2600)], ["text", "#sheet"]]
    steps += [["count", ".strip button.is-dropped"]]
    steps += [["open", f"#/video?{urlencode(videos['turns.mp4'])}"], ["wait", _has_samples(3)]]
    steps += [["count", "#sheet"]]
    found = run_browser(
        find_browser(), url, tuple(steps), allowed=allowed, timeout=600, axe=axe, **SETTINGS
    )
    picture = cv2.imread(str(shot))[..., ::-1]
    assert [scene_of(_drawn(picture, *place)) for place in found[2]] == [2, 4]
    assert "vidset extract --no-thumbnails keeps none." in found[4]
    assert "an hour of video" in found[4]
    assert found[5].split().count("duplicate") == 2
    assert found[6] == []
    assert "Of 2 dropped samples one is shown." in found[9]
    assert found[10] == 1299
    assert found[13] == 0


def _has_samples(number: int) -> str:
    """Whether the strip has so many samples: it is drawn then."""
    return f"document.querySelectorAll('.strip button').length === {number}"


def _drawn(picture: np.ndarray, x: float, y: float, width: float, height: float) -> np.ndarray:
    """What is drawn in the middle of a canvas: a picture of 4 to 3, as high as the canvas."""
    wide = height * 4 / 3
    left, top = round(x + (width - wide) / 2), round(y)
    cut = picture[top : top + round(height), left : left + round(wide)]
    return cv2.resize(np.ascontiguousarray(cut), (96, 72), interpolation=cv2.INTER_AREA)
