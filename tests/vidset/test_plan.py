"""`vidset plan`: its counts beside fresh extractions, and what it says of a ledger."""

import json
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from dataflow.elements import Extraction, FrameRow, VideoRow
from dataflow.places import open_ledger
from dataflow.sampling import Sampling
from dataflow.threshold_grid import GRID, STRIDES
from tests.dataflow.bigquery_ledger import ROOT, Cloud
from tests.dataflow.test_extraction import run
from tests.dataflow.test_threshold_grid import drifting
from tests.drawing import encode, scene
from tests.videos import video as video_named
from vidset.plan.chart import draw_chart
from vidset.plan.counts import ANOTHER_METRIC, BEFORE, UNKNOWN, count
from vidset.plan.plan import Request, Setting, choose, make_plan, seconds

ALL = (1 << 51) - 1
# Kept at GRID[40] = 0.90 and above.
FROM_90 = ALL - ((1 << 40) - 1)
GREEN, BLUE, RED = (62, 207, 122), (96, 165, 250), (239, 83, 80)


def vidset(*arguments) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "vidset", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def extraction(uri: str, masks, *, kept: int = 0, **values) -> Extraction:
    """Of samples with these `(kept_at, kept_at_2, kept_at_5, kept_at_10)`."""
    frame = FrameRow(
        **{
            "video_uri": uri,
            "generation": "1",
            "collector_id": None,
            "pts_seconds": 0.0,
            "kept": False,
            "reason": "near_duplicate",
            "ssim": 0.95,
            "local_change": 4.0,
            "sharpness": 300.0,
            "brightness": 120.0,
            "phash": "0" * 16,
            "width": 640,
            "height": 360,
            "image_id": None,
            "image_uri": None,
            "image_sha256": None,
            "settings_id": "s",
            "period_seconds": 1.0,
            "similarity_threshold": 0.9,
            **values,
        }
    )
    names = ("kept_at", "kept_at_2", "kept_at_5", "kept_at_10")
    frames = tuple(
        replace(
            frame,
            pts_seconds=float(number),
            kept=number < kept,
            **dict(zip(names, each, strict=True)),
        )
        for number, each in enumerate(masks)
    )
    video = VideoRow(
        uri, "1", None, 5000, "mov", "h264", 640, 360, 0, "1:1", 2.0, len(frames), kept,
        "done", None, "s",
    )  # fmt: skip
    return Extraction(video, frames)


FIRST = (ALL, ALL, ALL, ALL)
# Four samples: at the thresholds below 0.90 the first alone is kept, above it also 2 others.
SOME = extraction(
    "/some.mp4", [FIRST, (FROM_90, 0, 0, 0), (FROM_90, FROM_90, 0, 0), (0, 0, 0, 0)], kept=3
)
EVERY = extraction("/every.mp4", [FIRST, (ALL, 0, 0, 0)], kept=2)


@pytest.fixture
def ledger(tmp_path):
    """Of `SOME` and `EVERY`."""
    place = tmp_path / "out"
    open_ledger(str(place)).commit([SOME, EVERY])
    return place


def images(counts, stride: int, threshold: float) -> int:
    return counts.images[STRIDES.index(stride), GRID.index(threshold)]


def assert_plan_is_what_extractions_give(place, paths, thresholds, every="1", **settings):
    sampling = Sampling(Fraction(every))
    open_ledger(str(place)).commit(run(path, sampling=sampling, **settings) for path in paths)
    counts = count(str(place))
    assert not counts.unplanned
    by_uri = {video.video_uri: video for video in counts.videos}
    assert set(by_uri) == set(map(str, paths))
    for stride in STRIDES:
        longer = Sampling(sampling.every * stride)
        for threshold in thresholds:
            anew = {
                str(path): run(
                    path, sampling=longer, similarity_threshold=threshold, **settings
                ).video.kept
                for path in paths
            }
            row, column = STRIDES.index(stride), GRID.index(threshold)
            assert {uri: each.images[row, column] for uri, each in by_uri.items()} == anew
            assert counts.images[row, column] == sum(anew.values())


@pytest.mark.parametrize("local_change", [20.0, None])
def test_the_plan_of_a_ledger_is_what_extractions_give(tmp_path, local_change):
    names = ("gaps.mp4", "uneven.mp4", "timelapse.mp4", "fps_29_97.mp4")
    paths = [*map(video_named, names), drifting(tmp_path / "slow.mp4", seconds=30)]
    assert_plan_is_what_extractions_give(
        tmp_path / "out", paths, (0.5, 0.8, 0.95, 1.0), "1/2", local_change=local_change
    )


def test_the_plan_of_a_ledger_with_bad_pictures_is_what_extractions_give(tmp_path):
    pictures = [scene(0) // 16, scene(1), cv2.GaussianBlur(scene(1), (0, 0), 12), scene(1)]
    pictures += [scene(2), scene(2), scene(3) // 16, scene(2), scene(4), scene(4)]
    paths = [
        encode(tmp_path / "bad.mp4", (each for each in pictures for _ in range(10))),
        encode(tmp_path / "dark.mp4", (scene(0) // 16 for _ in range(30))),
    ]
    limits = {"min_brightness": 30, "max_brightness": 230, "min_sharpness": 20}
    assert_plan_is_what_extractions_give(tmp_path / "out", paths, (0.5, 0.9, 1.0), **limits)


@pytest.mark.slow
def test_the_plan_of_real_videos_is_what_extractions_give(shared_videos, tmp_path):
    names = ("static_onebyone_432p10_139s.mp4", "gopro_karma_480p_fullrange.mp4")
    paths = [shared_videos / name for name in names]
    assert_plan_is_what_extractions_give(tmp_path / "out", paths, (0.7, 0.9, 0.97))


@pytest.mark.slow
def test_the_command_tells_what_another_extraction_gives(tmp_path):
    path = drifting(tmp_path / "slow.mp4", seconds=8)
    limit = ("--local-change", "off")
    vidset("extract", path, *limit, "--every", "1/2", "--output", tmp_path / "out")
    ended = vidset("plan", tmp_path / "out", "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    settings = {
        (each["period_seconds"], each["similarity_threshold"]): each["images"]
        for each in json.loads(ended.stdout)["settings"]
    }
    assert len(settings) == 4 * 51
    for every, threshold in ((0.5, 0.9), (1.0, 0.7), (2.5, 0.95)):
        other = ("--every", every, "--similarity-threshold", threshold)
        anew = vidset("extract", path, *limit, *other, "--output", tmp_path / f"{every}", "--json")
        assert settings[every, threshold] == json.loads(anew.stdout)["kept"]


def test_counts_are_summed_over_videos(ledger):
    counts = count(str(ledger))
    assert (counts.samples, counts.kept) == (6, 5)
    assert [images(counts, 1, each) for each in (0.5, 0.89, 0.9, 1.0)] == [3, 3, 5, 5]
    assert [images(counts, 2, each) for each in (0.5, 0.89, 0.9, 1.0)] == [2, 2, 3, 3]
    assert [images(counts, 5, each) for each in (0.5, 1.0)] == [2, 2]


def test_json_has_every_setting_with_its_share_and_cost(ledger):
    ended = vidset("plan", ledger, "--json", "--price", "0.1", "--budget", "0.35")
    assert (ended.returncode, ended.stderr) == (0, "")
    plan = json.loads(ended.stdout)
    assert (plan["videos"], plan["samples"], plan["unplanned"]) == (2, 6, [])
    own = {"stride": 1, "period_seconds": 1.0, "similarity_threshold": 0.9, "images": 5}
    assert plan["as_extracted"] == {**own, "share": 0.833333, "cost": 0.5}
    assert plan["settings"][0] == {
        "stride": 1,
        "period_seconds": 1.0,
        "similarity_threshold": 0.5,
        "images": 3,
        "share": 0.5,
        "cost": 0.3,
    }
    assert plan["recommendation"] == {
        "stride": 1,
        "period_seconds": 1.0,
        "similarity_threshold": 0.89,
        "images": 3,
        "share": 0.5,
        "cost": 0.3,
    }
    assert [(each["video_uri"], each["images"]) for each in plan["top_videos"]] == [
        ("/every.mp4", 2),
        ("/some.mp4", 1),
    ]


def test_a_person_reads_a_table_and_a_recommendation(ledger):
    ended = vidset("plan", ledger, "--price", "0.1", "--budget", "0.35", "--currency", "EUR")
    text = ended.stdout
    assert "2 videos, 6 samples; as extracted (--every 1 --similarity-threshold 0.9)" in text
    assert "every 10th sample" in text
    [line] = [line for line in text.splitlines() if line.startswith("0.90  ")]
    assert line.split() == (
        ["0.90", "5", "83%", "0.50", "3", "50%", "0.30", "2", "33%", "0.20", "2", "33%", "0.20"]
    )
    assert "The most images that fit 0.35 EUR: 3 images, 0.30 EUR, every sample at 0.89" in text
    assert "vidset extract --every 1 --similarity-threshold 0.89 ..." in text
    assert vidset("plan", ledger, "--quiet").stdout == ""


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        pytest.param("0.5", "As extracted it fits 0.50 USD: 5 images", id="as extracted"),
        pytest.param("0.1", "Nothing fits 0.10 USD: the least is 2 images", id="nothing"),
    ],
)
def test_a_budget_that_is_enough_or_too_small_is_said(ledger, budget, expected):
    assert expected in vidset("plan", ledger, "--price", "0.1", "--budget", budget).stdout


def test_a_video_without_its_row_does_not_count(ledger):
    [row] = [
        path
        for path in (ledger / "videos").iterdir()
        if pq.read_table(path)["video_uri"][0].as_py() == "/some.mp4"
    ]
    row.unlink()
    counts = count(str(ledger))
    assert [video.video_uri for video in counts.videos] == ["/every.mp4"]
    assert not counts.unplanned


def test_rows_of_other_settings_do_not_count(tmp_path):
    other = tuple(replace(frame, settings_id="other") for frame in SOME.frames)
    open_ledger(str(tmp_path)).commit([Extraction(SOME.video, SOME.frames + other)])
    counts = count(str(tmp_path))
    assert (counts.samples, images(counts, 1, 0.9)) == (4, 3)


def test_samples_that_are_missing_are_said(tmp_path):
    open_ledger(str(tmp_path)).commit([Extraction(SOME.video, SOME.frames[:3])])
    [unplanned] = count(str(tmp_path)).unplanned
    assert unplanned.reason == "the frame ledger has 3 of its 4 samples"
    for path in (tmp_path / "frames").iterdir():
        path.unlink()
    [unplanned] = count(str(tmp_path)).unplanned
    assert unplanned.reason.startswith("its samples are missing: no ")


def test_a_video_without_samples_is_passed_over(ledger):
    failed = replace(SOME.video, video_uri="/failed.mp4", status="failed", samples=0, kept=0)
    open_ledger(str(ledger)).commit([Extraction(failed, ())])
    counts = count(str(ledger))
    assert (len(counts.videos), counts.unplanned) == (2, [])


def test_a_ledger_from_before_is_read_and_named(ledger):
    """Its Parquet files lack the columns."""
    old = extraction("/old.mp4", [FIRST])
    open_ledger(str(ledger)).commit([old])
    path = ledger / "frames" / f"{old.key}.parquet"
    pq.write_table(pq.read_table(path).select(pq.read_schema(path).names[:17]), path)
    ended = vidset("plan", ledger, "--json")
    assert ended.returncode == 1
    assert ended.stderr == f"/old.mp4: {BEFORE}\n"
    plan = json.loads(ended.stdout)
    assert plan["unplanned"] == [{"video_uri": "/old.mp4", "reason": BEFORE}]
    assert (plan["videos"], plan["samples"]) == (2, 6)


def test_a_ledger_with_nothing_to_plan_says_so(tmp_path):
    masks = [(None, None, None, None)] * 2
    open_ledger(str(tmp_path)).commit([extraction("/other.mp4", masks)])
    ended = vidset("plan", tmp_path, "--budget", "5")
    assert (ended.returncode, ended.stdout) == (1, "No video to plan.\n")
    assert ended.stderr == f"/other.mp4: {ANOTHER_METRIC}\n"
    plan = json.loads(vidset("plan", tmp_path, "--json").stdout)
    assert (plan["settings"], plan["top_videos"]) == ([], [])


def test_periods_that_one_video_does_not_know_are_left_out(ledger):
    """As one that was extracted with a tolerance."""
    masks = [(ALL, None, None, None), (FROM_90, None, None, None)]
    open_ledger(str(ledger)).commit([extraction("/tolerant.mp4", masks, kept=2)])
    counts = count(str(ledger))
    assert [images(counts, 1, each) for each in (0.5, 0.9)] == [4, 7]
    assert (counts.images[1:] == UNKNOWN).all()
    ended = vidset("plan", ledger)
    assert ended.returncode == 0
    assert "2nd" not in ended.stdout


def test_thresholds_that_one_video_does_not_know_are_left_out(ledger):
    fifths = sum(1 << place for place in range(0, 51, 5))
    masks = [(fifths,) * 4, (fifths & FROM_90, 0, 0, 0)]
    open_ledger(str(ledger)).commit([extraction("/sunset.mp4", masks, kept=2)])
    plan = make_plan(count(str(ledger)), None)
    known = [each.threshold for each in plan.settings if each.stride == 1]
    assert known == [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0]
    assert [each.images for each in plan.settings if each.stride == 1] == [4] * 8 + [7] * 3


def test_videos_with_settings_of_their_own_have_no_common_name(ledger):
    other = extraction("/b.mp4", [FIRST], kept=1, period_seconds=2.0, similarity_threshold=0.8)
    open_ledger(str(ledger)).commit([other])
    plan = json.loads(vidset("plan", ledger, "--json").stdout)
    assert plan["as_extracted"]["period_seconds"] is None
    assert plan["as_extracted"]["similarity_threshold"] is None
    assert plan["as_extracted"]["images"] == 6
    assert "each at its period" in vidset("plan", ledger).stdout


OWN = Setting(1, None, 100)
SETTINGS = (
    Setting(1, 0.8, 60), Setting(1, 0.85, 60), Setting(1, 0.95, 150),
    Setting(2, 0.85, 60), Setting(2, 0.95, 90), Setting(5, 0.8, 20),
)  # fmt: skip


@pytest.mark.parametrize(
    ("affordable", "expected"),
    [
        pytest.param(None, None, id="no budget"),
        pytest.param(1000, OWN, id="as extracted, though more would fit"),
        pytest.param(100, OWN, id="as extracted, just"),
        pytest.param(99, Setting(1, 0.85, 60), id="not above the own threshold"),
        pytest.param(59, Setting(5, 0.8, 20), id="a longer period"),
        pytest.param(19, None, id="nothing fits"),
    ],
)
def test_the_recommendation_is_the_finest_setting_that_fits(affordable, expected):
    assert choose(OWN, SETTINGS, affordable, highest=0.9) == expected


def test_a_budget_pays_for_whole_images():
    assert Request("out", 0.1, 0.3).affordable == 3  # 0.3 / 0.1 is 2.9999999999999996.
    assert Request("out", 0.08, 0.39).affordable == 4


@pytest.mark.parametrize(
    ("period", "stride", "expected"),
    [(1.0, 1, "1"), (1.0, 10, "10"), (0.1, 5, "0.5"), (1 / 30, 1, "1/30"), (1 / 30, 2, "1/15")],
)
def test_a_period_is_written_as_the_option_takes_it(period, stride, expected):
    assert seconds(period, stride) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["nowhere"], "there is no ledger in nowhere", id="no folder"),
        pytest.param(["."], "no ./videos/*.parquet", id="no ledger"),
        pytest.param(["bq://p.d"], "plan reads ledgers in files", id="BigQuery"),
        pytest.param([".", "--price", "0"], "--price must be more than 0", id="price"),
        pytest.param([".", "--budget", "nan"], "--budget must be more than 0", id="budget"),
        pytest.param([".", "--chart", "no/a.png"], "no folder no to write to", id="chart"),
        pytest.param([], "Missing argument", id="no ledger given"),
    ],
)
def test_bad_usage_exits_2(arguments, message):
    ended = vidset("plan", *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert message in ended.stderr


def test_what_is_no_ledger_is_named(tmp_path):
    (tmp_path / "videos").mkdir()
    path = tmp_path / "videos" / "a.parquet"
    path.write_bytes(b"nonsense")
    ended = vidset("plan", tmp_path)
    assert (ended.returncode, f"{path} is no Parquet file" in ended.stderr) == (2, True)
    pq.write_table(pq.read_table(_parquet(tmp_path)), path)
    ended = vidset("plan", tmp_path)
    assert f"{path} is no ledger: it has no column video_uri" in ended.stderr


def _parquet(folder):
    import pyarrow as pa

    path = folder / "other.parquet"
    pq.write_table(pa.table({"a": [1]}), path)
    return path


def test_the_chart_shows_every_period_and_the_budget(ledger, tmp_path):
    path = tmp_path / "plan.png"
    arguments = ("--price", "0.1", "--budget", "0.35", "--chart", path, "--json")
    assert vidset("plan", ledger, *arguments).returncode == 0
    picture = cv2.imread(str(path))[..., ::-1]
    assert picture.shape == (700, 1200, 3)
    plan = make_plan(count(str(ledger)), 3)
    assert np.array_equal(picture, draw_chart(plan, Request("", 0.1, 0.35)))
    assert not list(tmp_path.glob("*.partial"))
    # The field is 510 high; 5 images of at most 5 at the top, the own period's line on it.
    assert tuple(picture[110, 1000]) == GREEN
    assert tuple(picture[620 - 510 * 3 // 5, 200]) == GREEN
    assert tuple(picture[620 - 510 * 2 // 5, 200]) not in (GREEN, RED)
    assert (picture == RED).all(axis=2).any()
    without = draw_chart(make_plan(count(str(ledger)), None), Request("", 0.1))
    assert not (without == RED).all(axis=2).any()


@pytest.mark.emulator
@pytest.mark.parametrize("scheme", ["gs", "s3"])
def test_a_ledger_in_a_bucket_is_planned(scheme, request):
    request.getfixturevalue({"gs": "gcs", "s3": "s3"}[scheme]).make_bucket("things")
    place = f"{scheme}://things/out"
    open_ledger(place).commit([SOME, EVERY])
    assert images(count(place), 1, 0.9) == 5
    with pytest.raises(ValueError, match="there is no ledger in"):
        count(f"{scheme}://things/elsewhere")


@pytest.mark.emulator
def test_the_query_for_bigquery_counts_the_same(bigquery):
    cloud = Cloud(bigquery)
    text = (ROOT / "docs" / "architecture.md").read_text()
    query = text.split("```sql\n")[1].split("```")[0]
    unplanned = extraction("/other.mp4", [(None, None, None, None)] * 2)
    other = replace(SOME, frames=tuple(replace(f, settings_id="x") for f in SOME.frames))
    ledger = open_ledger(cloud.uri)
    ledger.commit([other])  # Frames of a run that was killed, and then of one with other settings.
    ledger.commit([SOME, EVERY, unplanned])
    found = {round(row["threshold"], 2): row for row in bigquery.rows(query)}
    assert len(found) == 11
    assert [found[0.5][f"images{each}"] for each in ("", "_2", "_5", "_10")] == [3, 2, 2, 2]
    assert [found[0.9][f"images{each}"] for each in ("", "_2", "_5", "_10")] == [5, 3, 2, 2]
    assert found[0.9]["unplanned_samples"] == 2
