"""The page plays videos at a sample's time, follows what is going on, and flags who drifts."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.errors.samples import make_case
from tests.cli.ledger_rows import frame_row, video_row
from tests.emulators.browser import find_browser, run_browser
from tests.view.conftest import Server
from vidset.elements import Extraction
from vidset.ledger.open import open_ledger

SETTINGS = {"ready": "main[aria-busy=false]", "width": 1280, "height": 800, "wait_ms": 120_000}
# How far the picture of the player is from each image of the video, in levels.
_DISTANCES = """async () => {
  const read = (source) => {
    const canvas = new OffscreenCanvas(32, 24), context = canvas.getContext("2d");
    context.drawImage(source, 0, 0, 32, 24);
    return context.getImageData(0, 0, 32, 24).data;
  };
  const played = read(document.querySelector("video"));
  const distances = [];
  for (const n of NUMBERS) {
    const image = new Image();
    image.src = `image/${n}`;
    await image.decode();
    const pixels = read(image);
    distances.push(pixels.reduce((sum, each, at) => sum + Math.abs(each - played[at]), 0));
  }
  return distances;
}"""

pytestmark = pytest.mark.slow


def browse(server, *steps):
    return run_browser(
        find_browser(), server.url, steps, allowed=(server.url, "blob:"), timeout=600, **SETTINGS
    )


def test_a_click_on_a_sample_plays_the_video_at_its_time(server):
    player = "document.querySelector('video')"
    numbers = (
        "() => fetch('api/video?' + new URLSearchParams(location.hash.split('?')[1]))"
        ".then((answer) => answer.json()).then((video) => video.samples.n)"
    )
    go = (["open", "#/videos"], ["click", "tbody tr:nth-child(2) a"])
    [samples] = browse(server, *go, ["wait", f"{player}?.readyState > 0"], ["run", numbers])[3:]
    assert len(samples) == 8
    shown = f"{player}.currentTime >= 5 && !{player}.seeking && {player}.readyState > 1"
    found = browse(
        server,
        *go,
        ["wait", f"{player}?.readyState > 0"],
        ["click", ".strip button:nth-child(6)"],
        ["wait", shown],
        ["run", _DISTANCES.replace("NUMBERS", json.dumps(samples))],
        ["run", f"() => [{player}.currentTime, {player}.videoWidth]"],
    )
    distances, (time, width) = found[-2:]
    # Samples 4 and 5 show the same scene.
    assert sorted(range(8), key=distances.__getitem__)[0] in (4, 5)
    assert (5 <= time < 5.1, width) == (True, 320)


def test_a_run_is_followed_while_it_trains(tmp_path):
    place = tmp_path / "place"
    make_case(place)
    (place / "runs").mkdir()
    run = place / "runs" / "r1"
    (place / "run").rename(run)
    told = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**told, "state": "training", "epochs": 9}))
    line = json.dumps({"scores": {"validation": {"accuracy": 0.5}}}) + "\n"
    (run / "history.jsonl").write_text(line)
    ended = threading.Event()

    def train():
        while not ended.wait(2):
            with (run / "history.jsonl").open("a") as history:
                history.write(line)

    server = Server(place)
    trainer = threading.Thread(target=train)
    shown = "Number(document.querySelector('table')?.textContent.match(/epoch (\\d+) of 9/)?.[1])"
    try:
        trainer.start()
        found = browse(
            server,
            ["open", "#/runs"],
            ["run", f"() => {{ globalThis.before = {shown}; }}"],
            ["wait", f"{shown} > globalThis.before + 1"],
            ["run", "() => globalThis.before"],  # The page was not loaded again.
        )
        assert found[-1] >= 1
    finally:
        ended.set()
        trainer.join()
        server.end()


def test_a_collector_that_drifts_is_flagged(tmp_path):
    ledger = open_ledger(str(tmp_path / "place"))
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for collector, blurred in (("steady", [1] * 8), ("drifting", [1] * 6 + [9, 9])):
        for day, number in enumerate(blurred):
            uri, at = f"/{collector}{day}.mp4", start + timedelta(days=day)
            reasons = ["blurred" if each < number else "kept" for each in range(20)]
            frames = tuple(
                replace(
                    frame_row(video_uri=uri, pts_seconds=float(place), kept=reason == "kept"),
                    reason=reason, collector_id=collector, uploaded_at=at,
                )
                for place, reason in enumerate(reasons)
            )  # fmt: skip
            video = video_row(video_uri=uri, samples=20, kept=20 - number)
            video = replace(video, collector_id=collector, uploaded_at=at)
            ledger.commit([Extraction(video, frames)])
    server = Server(tmp_path / "place")
    try:
        flags = (
            "() => [...document.querySelectorAll('.scroll tbody tr')].map((row) => "
            "[row.cells[0].textContent, row.cells[8].textContent])"
        )
        found = browse(server, ["open", "#/collectors"], ["run", flags], ["count", ".chart canvas"])
    finally:
        server.end()
    assert found[1:] == [[["drifting", "blurred: 5.0 % → 45.0 %"], ["steady", ""]], 2]
