"""`vidset rights --ledger bq://...`: statements about a ledger in BigQuery, on the emulator."""

import json
from dataclasses import replace

import pytest

from tests.bigquery_ledger import SCHEMAS, A, B, Cloud
from tests.cli.called import vidset
from vidset.elements import Extraction
from vidset.ledger.bigquery import TableLedger
from vidset.ledger.open import open_ledger
from vidset.rights import Rights
from vidset.warehouse.bigquery import erase_rows

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

WRONG = Rights(license="CC0-1.0", attribution="City of Ghent")
A_URI, B_URI = A.video.video_uri, B.video.video_uri
SAID = ("--rights", "license=CC-BY-4.0", "--as", "ada")


def stated(extraction: Extraction, rights: Rights) -> Extraction:
    return replace(extraction, video=replace(extraction.video, **rights.columns()))


@pytest.fixture
def cloud(bigquery):
    """Of the first video a wrong licence is stated, of the second none."""
    made = Cloud(bigquery)
    bigquery.make_table("vidset.statements", SCHEMAS / "statements.json")
    open_ledger(made.uri).commit([stated(A, WRONG), B])
    return made


def kept(bigquery) -> list[dict]:
    return bigquery.rows("SELECT * FROM vidset.statements ORDER BY stated_at, rights")


def rights_of(cloud: Cloud) -> dict[str, Rights]:
    return {row["video_uri"]: Rights.of(row) for row in cloud.videos()}


def test_what_is_stated_is_shown(cloud):
    called = vidset("rights", "--ledger", cloud.uri)
    assert called.code == 0, called.err
    assert called.out == "2 videos: CC0-1.0 (1), NOASSERTION (1)\n"
    found = vidset("rights", "--ledger", cloud.uri, "--json").found
    assert (found["ledger"], found["place"]) == (cloud.uri, None)
    assert [each["after"] for each in found["videos"]] == [WRONG.told(), {}]


def test_the_newer_statement_holds_with_who_made_it_and_when(cloud, bigquery):
    rows = cloud.frames()
    called = vidset("rights", "uploads/a.mp4", *SAID, "--yes", "--ledger", cloud.uri)
    assert called.code == 0, called.err
    assert "license CC0-1.0 -> CC-BY-4.0" in called.out
    right = replace(WRONG, license="CC-BY-4.0")
    assert rights_of(cloud) == {A_URI: right, B_URI: Rights()}
    [row] = kept(bigquery)
    assert (row["video_uri"], row["generation"]) == (A_URI, A.video.generation)
    assert row["actor"] == "ada"
    assert json.loads(row["rights"]) == {"license": "CC-BY-4.0"}
    assert json.loads(row["before_rights"]) == WRONG.told()
    # All else is as it was.
    assert cloud.frames() == rows
    assert [row["samples"] for row in cloud.videos()] == [A.video.samples, B.video.samples]


def test_the_same_again_changes_nothing_and_a_dry_run_nothing_at_all(cloud, bigquery):
    words = ("rights", A_URI, *SAID, "--ledger", cloud.uri, "--json")
    assert vidset(*words, "--dry-run").found["changed"] == 1
    assert kept(bigquery) == []
    assert [vidset(*words, "--yes").found["changed"] for _ in range(2)] == [1, 0]
    assert len(kept(bigquery)) == 1


def test_a_call_that_was_killed_after_the_statement_is_finished_by_the_same_call(cloud, bigquery):
    class Killed(TableLedger):
        def _of(self, what, *rest, **values):
            if what.startswith("UPDATE"):
                raise KeyboardInterrupt
            return super()._of(what, *rest, **values)

    row = Killed(cloud.uri).find(A_URI, A.video.generation)
    assert row is not None
    right = Rights(license="CC-BY-4.0")
    with pytest.raises(KeyboardInterrupt):
        Killed(cloud.uri).restate(row, right, "ada", "2026-11-30T08:00:00+00:00")
    assert rights_of(cloud)[A_URI] == WRONG
    called = vidset("rights", A_URI, *SAID, "--yes", "--ledger", cloud.uri, "--json")
    assert called.found["changed"] == 1
    assert rights_of(cloud)[A_URI].license == "CC-BY-4.0"
    assert len(kept(bigquery)) == 1


def test_a_collector_s_videos_are_meant_together(cloud):
    called = vidset(
        "rights", "--collector", A.video.collector_id, *SAID, "--yes", "--ledger", cloud.uri,
        "--json",
    )  # fmt: skip
    assert called.code == 0, called.err
    of_it = [each.video.video_uri for each in (A, B)]
    assert A.video.collector_id == B.video.collector_id
    assert [each["video_uri"] for each in called.found["videos"]] == of_it
    assert {each.license for each in rights_of(cloud).values()} == {"CC-BY-4.0"}


def test_a_video_that_is_extracted_again_keeps_the_statement(cloud):
    assert vidset("rights", A_URI, *SAID, "--yes", "--ledger", cloud.uri).code == 0
    ledger = open_ledger(cloud.uri)
    ledger.reopen(A_URI, A.video.generation)
    ledger.commit([replace(stated(A, WRONG), replaces=True)])
    assert rights_of(cloud)[A_URI] == replace(WRONG, license="CC-BY-4.0")


def test_a_dataset_of_an_earlier_vidset_says_what_makes_its_table(bigquery):
    cloud = Cloud(bigquery)
    ledger = open_ledger(cloud.uri)
    ledger.commit([stated(A, WRONG)])
    assert vidset("rights", "--ledger", cloud.uri).code == 0
    refused = vidset("rights", A_URI, *SAID, "--yes", "--ledger", cloud.uri)
    assert "wanted a table statements, which an earlier vidset has not made" in refused.refusal
    assert rights_of(cloud) == {A_URI: WRONG}
    # A job with a newer image goes on with it.
    ledger.reopen(A_URI, A.video.generation)
    ledger.commit([replace(stated(A, WRONG), replaces=True)])
    assert rights_of(cloud) == {A_URI: WRONG}


def test_a_dataset_without_a_ledger_is_named(bigquery):
    bigquery.client().create_dataset("vidset")
    refused = vidset("rights", "--ledger", f"bq://{bigquery.project}.vidset")
    assert f"bq://{bigquery.project}.vidset: wanted a table videos" in refused.refusal


def test_statements_of_a_forgotten_video_are_erased(cloud, bigquery):
    for uri in A_URI, B_URI:
        assert vidset("rights", uri, *SAID, "--yes", "--ledger", cloud.uri).code == 0
    erased = erase_rows(cloud.uri, [("statements", "video_uri", [A_URI])], is_dry=False)
    assert list(erased) == [("statements", 1)]
    assert [row["video_uri"] for row in kept(bigquery)] == [B_URI]
