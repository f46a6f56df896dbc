"""`vidset plan`: what it prints, and how it ends."""

import re

import pyarrow.parquet as pq
import pytest

from tests.cli.called import vidset
from tests.plan.ledgers import ALL, FIRST, FROM_90, extraction, images
from vidset.ledger.open import open_ledger
from vidset.plan.counts import ANOTHER_METRIC, BEFORE, UNKNOWN, count


def test_json_has_every_setting_with_its_share_and_cost(ledger):
    ended = vidset("plan", ledger, "--json", "--price", "0.1", "--budget", "0.35 USD")
    assert (ended.code, ended.err) == (0, "")
    plan = ended.found
    assert (plan["videos"], plan["samples"], plan["unplanned"]) == (2, 6, [])
    own = {"stride": 1, "period_seconds": 1.0, "similarity": 0.9, "images": 5}
    assert plan["as_extracted"] == {**own, "share": 0.833333, "cost": 0.5}
    assert plan["settings"][0] == {
        "stride": 1,
        "period_seconds": 1.0,
        "similarity": 0.5,
        "images": 3,
        "share": 0.5,
        "cost": 0.3,
    }
    assert plan["recommendation"] == {
        "stride": 1,
        "period_seconds": 1.0,
        "similarity": 0.89,
        "images": 3,
        "share": 0.5,
        "cost": 0.3,
    }
    assert [(each["video_uri"], each["images"]) for each in plan["top_videos"]] == [
        ("/every.mp4", 2),
        ("/some.mp4", 1),
    ]


def test_a_person_reads_a_table_and_a_recommendation(ledger):
    ended = vidset("plan", ledger, "--price", "0.1", "--budget", "0.35 EUR")
    text = ended.out
    assert "2 videos, 6 samples; as extracted (--every 1 --similarity 0.9)" in text
    assert re.search(r"SSIM +1 s +EUR +2 s +EUR +5 s +EUR +10 s +EUR", text)
    [line] = [line for line in text.splitlines() if line.startswith("0.90  ")]
    assert line.split() == (["0.90", "5", "0.50", "3", "0.30", "2", "0.20", "2", "0.20"])
    assert "The most images that fit 0.35 EUR: 3 images, 0.30 EUR, every sample at 0.89" in text
    assert "vidset extract SOURCE --every 1 --similarity 0.89 -o ANOTHER_PLACE" in text
    assert vidset("plan", ledger, "--quiet").out == ""


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        pytest.param("0.5", "As extracted it fits 0.50 USD: 5 images", id="as extracted"),
        pytest.param("0.1", "Nothing fits 0.10 USD: the least is 2 images", id="nothing"),
    ],
)
def test_a_budget_that_is_enough_or_too_small_is_said(ledger, budget, expected):
    assert expected in vidset("plan", ledger, "--price", "0.1", "--budget", f"{budget} USD").out


def test_a_ledger_from_before_is_read_and_named(ledger):
    """Its Parquet files lack the columns."""
    old = extraction("/old.mp4", [FIRST])
    open_ledger(str(ledger)).commit([old])
    path = ledger / "frames" / f"{old.key}.parquet"
    pq.write_table(pq.read_table(path).select(pq.read_schema(path).names[:17]), path)
    ended = vidset("plan", ledger, "--json")
    assert ended.code == 1
    assert ended.err == f"/old.mp4: {BEFORE}\n"
    plan = ended.found
    assert plan["unplanned"] == [{"video_uri": "/old.mp4", "reason": BEFORE}]
    assert (plan["videos"], plan["samples"]) == (2, 6)


def test_a_ledger_with_nothing_to_plan_says_so(tmp_path):
    masks = [(None, None, None, None)] * 2
    open_ledger(str(tmp_path)).commit([extraction("/other.mp4", masks)])
    ended = vidset("plan", tmp_path, "--budget", "5 USD")
    assert (ended.code, ended.out) == (1, "No video to plan.\n")
    assert ended.err == f"/other.mp4: {ANOTHER_METRIC}\n"
    plan = vidset("plan", tmp_path, "--json").found
    assert (plan["settings"], plan["top_videos"]) == ([], [])


def test_periods_that_one_video_does_not_know_are_left_out(ledger):
    """As one that was extracted with a tolerance."""
    masks = [(ALL, None, None, None), (FROM_90, None, None, None)]
    open_ledger(str(ledger)).commit([extraction("/tolerant.mp4", masks, kept=2)])
    counts = count(str(ledger))
    assert [images(counts, 1, each) for each in (0.5, 0.9)] == [4, 7]
    assert (counts.images[1:] == UNKNOWN).all()
    ended = vidset("plan", ledger)
    assert ended.code == 0
    assert "2nd" not in ended.out


def test_videos_with_settings_of_their_own_have_no_common_name(ledger):
    other = extraction("/b.mp4", [FIRST], kept=1, period_seconds=2.0, similarity_threshold=0.8)
    open_ledger(str(ledger)).commit([other])
    plan = vidset("plan", ledger, "--json").found
    assert plan["as_extracted"]["period_seconds"] is None
    assert plan["as_extracted"]["similarity"] is None
    assert plan["as_extracted"]["images"] == 6
    assert re.search("SSIM +sample +USD", vidset("plan", ledger).out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["nowhere"], "nowhere: there is no such place", id="no folder"),
        pytest.param(["."], "/videos/*.parquet", id="no ledger"),
        pytest.param(["bq://p.d"], "wanted a place that is a folder", id="BigQuery"),
        pytest.param([".", "--price", "0"], "--price must be more than 0", id="price"),
        pytest.param([".", "--budget", "nan"], "--budget: wanted limits such as", id="budget"),
        pytest.param(
            [".", "--chart", "gs://b/a.png"], "wanted a path on this machine", id="bucket"
        ),
        pytest.param([".", "--chart", "tests"], "wanted a file, got a folder", id="chart"),
        pytest.param([], "no place to work in", id="no place"),
    ],
)
def test_bad_usage_exits_2(arguments, message):
    ended = vidset("plan", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


def test_what_is_no_ledger_is_named(tmp_path):
    (tmp_path / "videos").mkdir()
    path = tmp_path / "videos" / "a.parquet"
    path.write_bytes(b"nonsense")
    ended = vidset("plan", tmp_path)
    assert (ended.code, f"{path} is no Parquet file" in ended.err) == (2, True)
    pq.write_table(pq.read_table(_parquet(tmp_path)), path)
    ended = vidset("plan", tmp_path)
    assert f"{path} is no ledger: it has no column video_uri" in ended.err


def _parquet(folder):
    import pyarrow as pa

    path = folder / "other.parquet"
    pq.write_table(pa.table({"a": [1]}), path)
    return path
