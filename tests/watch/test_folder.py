"""A watcher on a folder, and what no server is needed for."""

import shutil
from pathlib import Path

import pytest

from tests.end_to_end.jobs import objects, rows, wait_for
from tests.programs.started import run
from tests.watch.watchers import watch, watching

BUCKET = ("--bucket", "uploads")


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "in" / "cam1"
    path.mkdir(parents=True)
    return path.parent


@pytest.mark.slow
def test_recordings_are_taken_in_when_they_are_complete(folder, video, tmp_path):
    out, log, data = str(tmp_path / "out"), tmp_path / "log", video.read_bytes()
    (folder / "notes.txt").write_text("no video")
    with watching(log, str(folder), output=out) as process:
        growing = folder / "cam1" / "growing.mp4"
        growing.write_bytes(data[: len(data) // 2])
        shutil.copy(video, folder / "cam1" / "whole.mp4")
        wait_for(lambda: "whole.mp4: done" in log.read_text(), process, log)
        assert "growing" not in log.read_text()
        growing.write_bytes(data)
        wait_for(lambda: "growing.mp4: done" in log.read_text(), process, log)
        process.terminate()
        assert process.wait(600) == 143
    assert len(objects(f"{out}/images")) == 8
    assert {row["collector_id"] for row in rows(out, "videos")} == {"cam1"}


@pytest.mark.slow
def test_a_folder_done_before_is_not_done_again(folder, video, tmp_path):
    out = str(tmp_path / "out")
    shutil.copy(video, folder / "cam1" / "a.mp4")
    (folder / "cam1" / "broken.avi").write_bytes(b"nonsense" * 100)
    # A file is looked at for some seconds before it is taken for complete.
    code, summary, said = watch(str(folder), "--until-idle", "9", output=out)
    assert (code, summary["done"], summary["failed"]) == (1, 1, 1)
    assert "broken.avi: failed: not a readable video" in said
    before = objects(out)
    code, summary, _ = watch(str(folder), "--until-idle", "9", output=out)
    assert (code, summary["done"], summary["skipped"]) == (0, 0, 2)
    assert objects(out) == before


@pytest.mark.slow
def test_the_ledger_is_beside_the_images_where_nothing_else_is_said(folder, video, tmp_path):
    shutil.copy(video, folder / "cam1" / "a.mp4")
    out = str(tmp_path / "out")
    ended = run(["watch", folder, "--until-idle", "9", "--images", out])
    assert ended.returncode == 0
    [row] = rows(out, "videos")
    assert (row["status"], row["video_uri"]) == ("done", f"{folder}/cam1/a.mp4")
    kept = [row["image_uri"] for row in rows(out, "frames") if row["kept"]]
    assert kept
    assert all(Path(uri).is_relative_to(out) and Path(uri).exists() for uri in kept)


@pytest.mark.slow
def test_quiet_says_nothing_but_what_failed(folder, video, tmp_path):
    shutil.copy(video, folder / "cam1" / "a.mp4")
    health = tmp_path / "health"
    options = ("--quiet", "--until-idle", "9", "--health", str(health))
    code, summary, said = watch(str(folder), *options, output=str(tmp_path / "out"))
    assert (code, summary["done"], said) == (0, 1, "")
    assert health.exists()


@pytest.mark.parametrize(
    ("events", "options", "message"),
    [
        pytest.param("none", ("-o", "out"), "a folder that is there, got 'none'", id="folder"),
        pytest.param(".", (), "no place to work in", id="no output"),
        pytest.param(".", ("--ledger", "l"), "no place to work in", id="no images"),
        pytest.param(
            ".", ("--images", "i", "--ledger", "bq://p.d"), "--dead-letters is req", id="no letters"
        ),
        pytest.param(".", ("-o", "out", "--every", "soon"), "--every must be a number", id="every"),
        pytest.param(".", ("-o", "out", "--jpeg-quality", "0"), "--jpeg-quality", id="quality"),
        pytest.param(".", ("-o", "s3://"), "wanted a place that is a folder, gs://", id="bucket"),
        pytest.param(".", ("-o", "ftp://x/y"), "wanted a place that is a folder", id="scheme"),
        pytest.param(
            "amqp://u@h/?queue=q", ("-o", "x", *BUCKET), "VIDSET_AMQP_PASSWORD", id="password"
        ),
        pytest.param("ampq://u:p@h/?queue=q", ("-o", "x"), "got 'ampq://u@h/?", id="no scheme"),
        pytest.param("amqp//u:p@h/?queue=q", ("-o", "x"), "got 'amqp//u@h/?", id="no uri"),
        pytest.param(
            "amqp://u:p@h/?queue=q&ssl_options={",
            ("-o", "x", *BUCKET),
            "SOURCE amqp://h/, queue q: ",
            id="the client's parameter",
        ),
        pytest.param(
            "amqp://guest@localhost/%2F?queue=q", ("-o", "out"), "--bucket is required", id="queue"
        ),
        pytest.param(
            "pubsub:projects/p-1/subscriptions/s",
            ("-o", "out"),
            "--bucket is required",
            id="subscription",
        ),
        pytest.param(
            ".", ("-o", "out", "--health", "none/h"), "--health none/h: wanted a f", id="health"
        ),
    ],
)
def test_bad_usage_exits_2_before_any_work(events, options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VIDSET_AMQP_PASSWORD", raising=False)
    ended = run(["watch", events, *options])
    assert (ended.returncode, message in ended.stderr) == (2, True), ended.stderr
    assert list(tmp_path.iterdir()) == []
