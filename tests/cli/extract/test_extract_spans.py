import json
import shutil

from tests.cli.called import vidset
from tests.end_to_end.jobs import rows


def test_spans_sample_parts_of_the_videos_that_they_name(video, tmp_path):
    folder = tmp_path / "drives"
    folder.mkdir()
    for name in "a.mp4", "b.mp4":
        shutil.copy(video, folder / name)
    spans = tmp_path / "spans.json"
    wanted = [{"video_uri": str(folder / "b.mp4"), "start_seconds": 1, "end_seconds": 2}]
    spans.write_text(json.dumps({"spans": wanted}))
    out = tmp_path / "out"
    command = ("extract", folder, "-o", out, "--spans", spans, "--every", "0.2", "--json")
    ended = vidset(*command, "--similarity", "2")
    assert (ended.code, ended.err) == (0, "")
    summary = ended.found
    assert (summary["videos"], summary["kept"]) == (1, 6)
    (row,) = rows(str(out), "videos")
    assert row["video_uri"] == str(folder / "b.mp4")
    times = sorted(row["pts_seconds"] for row in rows(str(out), "frames"))
    assert times == [1.0, 1.2, 1.4, 1.6, 1.8, 2.0]


def test_spans_of_a_video_that_is_not_among_the_inputs_are_named(video, tmp_path):
    spans = tmp_path / "spans.json"
    wanted = [
        {"video_uri": str(uri), "start_seconds": 0, "end_seconds": 2}
        for uri in (video, "/elsewhere/gone.mp4")
    ]
    spans.write_text(json.dumps({"spans": wanted}))
    ended = vidset("extract", video, "-o", tmp_path / "out", "--spans", spans, "--json")
    assert ended.code == 1
    assert ended.err == "/elsewhere/gone.mp4: has spans, and is not among the inputs\n"
    assert ended.found["failed"] == 1
