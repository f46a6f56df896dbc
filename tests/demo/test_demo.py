import json
import os
import re
from collections import Counter
from pathlib import Path

import cv2
import pyarrow.parquet as pq
import pytest

from tests.contracts.pages import pages
from vidset.cli.demo.drive import run_demo
from vidset.demo.drive import DRIVE, has_drive, render_drive
from vidset.demo.rendering import render_video
from vidset.demo.scene import Scene, Span

SHORT = Scene((Span("drive", 0, 2), Span("dark", 2, 5)), (), width=320, height=180)


def ledger(folder: Path) -> list[dict]:
    (path,) = (folder / "frames").iterdir()
    return pq.read_table(path).to_pylist()


def fates(folder: Path, kind: str) -> Counter:
    """What became of the samples that the truth says are of this kind."""
    spans = json.loads((folder / "truth.json").read_text())["spans"]
    return Counter(
        row["reason"]
        for row in ledger(folder)
        for span in spans
        if span["kind"] == kind and span["start"] <= row["pts_seconds"] < span["end"]
    )


def test_the_demo_prints_what_the_readme_shows(demo):
    folder, said = demo
    [readme] = [page for page in pages() if page.name == "README.md"]
    [shown] = readme.blocks("text")
    lines = shown.replace("out/demo", str(folder)).splitlines()
    assert len(lines) == 4
    assert [line for line in lines if line not in said] == []


def test_the_drive_has_a_sample_for_each_second_of_the_truth(drive):
    truth = json.loads((drive / "truth.json").read_text())
    times = [sample["pts_seconds"] for sample in truth["samples"]]
    assert [row["pts_seconds"] for row in ledger(drive)] == times == [*map(float, range(48))]


def test_the_drives_samples_come_out_as_the_truth_says(drive):
    assert fates(drive, "drive") == {"kept": 19}
    assert fates(drive, "stop_with_crossing") == {"kept": 10}
    assert fates(drive, "dark") == {"dark": 5}
    assert fates(drive, "blurred") == {"blurred": 3}


def test_an_empty_stop_with_a_noisy_sensor_keeps_a_tenth_of_its_samples_at_the_most(drive):
    assert fates(drive, "stop") == {"kept": 1, "near_duplicate": 10}


def test_who_crosses_is_kept_although_the_mean_likeness_misses_them(drive):
    crossing = [row for row in ledger(drive) if 7 <= row["pts_seconds"] <= 15]
    assert all(row["kept"] and row["ssim"] > 0.9 for row in crossing)
    assert min(row["local_change"] for row in crossing) > 30


def test_the_contact_sheet_shows_every_sample(drive):
    sheet = cv2.imread(str(drive / "contact_sheet.jpg"))
    assert sheet is not None
    assert sheet.shape == (1216, 1782, 3)


def test_a_second_demo_renders_and_decodes_nothing_again_and_says_so(drive, capsys):
    video, sheet = drive / "drive.mp4", drive / "contact_sheet.jpg"
    before, pixels = video.stat(), sheet.read_bytes()
    sheet.unlink()
    assert run_demo(None, str(drive)) == 0
    out = capsys.readouterr().out
    assert "drive.mp4 has been rendered before" in out
    assert "1 done before, not decoded again" in out
    assert re.search(r"5.0 s +dark +5 samples: 5 dropped as dark", out)
    assert re.search(r"11 samples: 10 dropped as near duplicates, 1 kept", out)
    assert video.stat() == before
    assert sheet.read_bytes() == pixels


def test_json_is_one_object_with_the_paths_as_they_were_given(drive, capsys, monkeypatch):
    monkeypatch.chdir(drive.parent)
    assert run_demo(None, drive.name, as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["contact_sheet"] == os.path.join(drive.name, "contact_sheet.jpg")
    assert found["video"] == os.path.join(drive.name, "drive.mp4")
    assert found["truth"] == os.path.join(drive.name, "truth.json")
    assert (found["videos"], found["skipped"], found["failed"]) == (1, 1, 0)


def test_rendering_again_gives_the_same_bytes(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        render_video(SHORT, str(tmp_path / name))
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda folder: (folder / "drive.mp4").write_bytes(b"cut"), id="video"),
        pytest.param(lambda folder: (folder / "drive.mp4").unlink(), id="no video"),
        pytest.param(lambda folder: (folder / "truth.json").write_text("{"), id="truth"),
        pytest.param(lambda folder: (folder / "truth.json").unlink(), id="no truth"),
    ],
)
def test_a_drive_is_taken_as_rendered_only_if_it_is_whole(tmp_path, damage):
    render_drive(SHORT, str(tmp_path))
    assert has_drive(SHORT, str(tmp_path))
    assert not has_drive(DRIVE, str(tmp_path))
    damage(tmp_path)
    assert not has_drive(SHORT, str(tmp_path))


def test_of_your_own_video_nothing_is_dropped_for_being_dark(tmp_path, capsys):
    video, out = tmp_path / "mine [1].mp4", tmp_path / "out"
    render_video(SHORT, str(video))
    assert run_demo(str(video), str(out)) == 0
    text = capsys.readouterr().out
    assert "dark and blurred samples are kept" in text
    assert "truth" not in text
    assert "nobody knows yet what is in it" in text
    assert not (out / "labels.sqlite").exists()
    reasons = [row["reason"] for row in ledger(out)]
    assert reasons[:3] == ["kept", "kept", "kept"]  # The third is dark.
    assert set(reasons) <= {"kept", "near_duplicate"}
    assert not (out / "truth.json").exists()
    assert (out / "contact_sheet.jpg").exists()


def test_a_video_that_fails_gives_exit_code_1_and_no_contact_sheet(tmp_path, capsys):
    video, out = tmp_path / "text.mp4", tmp_path / "out"
    video.write_text("not a video")
    assert run_demo(str(video), str(out), as_json=True) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["failed"], found["contact_sheet"], found["truth"]) == (1, None, None)
    assert found["labeling"] is None


@pytest.mark.parametrize(
    ("video", "output", "message"),
    [
        pytest.param("none.mp4", "out", "wants a video file", id="no such video"),
        pytest.param(".", "out", "wants a video file", id="a folder"),
        pytest.param(None, "gs://bucket/out", "must be a folder", id="a bucket"),
        pytest.param(None, "file/out", "Not a directory", id="below a file"),
    ],
)
def test_a_bad_request_is_refused_before_any_work(tmp_path, monkeypatch, video, output, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=message):
        run_demo(video, output)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
