"""`vidset rights`: a statement that was wrong is put right without extracting again."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.called import vidset
from tests.cli.dataset.outputs import CAR, add_video
from tests.cli.exports import annotate
from vidset.datasets.versions.repository import Repository
from vidset.ledger.ledger import VIDEOS, FolderLedger
from vidset.rights import Rights
from vidset.storage.open import open_store

WRONG = Rights(license="CC0-1.0", attribution="City of Ghent", consent="form 12")
RIGHT = Rights(license="CC-BY-4.0", attribution="City of Ghent", consent="form 12")
A = [f"ann/a/0/000000{n}000.jpg" for n in range(3)]
B = [f"bob/b/0/000000{n}000.jpg" for n in range(2)]


@pytest.fixture
def place(tmp_path):
    """Of ann's video a wrong licence is stated, of bob's none; all images are labeled."""
    folder = tmp_path / "place"
    add_video(folder, "ann/a.mp4", [1, 2, 3], rights=WRONG)
    add_video(folder, "bob/b.mp4", [4, 5])
    annotate(folder, dict.fromkeys((*A, *B), (CAR,)))
    made = create(folder, "v0")
    assert made.code == 0, made.err
    return folder


def create(place, name: str, *more: object):
    shares = ("--shares", "train=1", "--group-by", "image")
    return vidset("dataset", "create", *more, "-n", name, *shares, "-p", place, "--json")


def put_right(place, *more: object):
    said = ("--rights", "license=CC-BY-4.0", "--as", "ada")
    return vidset("rights", "ann/a.mp4", *said, *more, "-p", place)


def entries(place, version: str) -> dict[str, Rights]:
    return {
        each.image_uri: each.stated for each in Repository(place / "datasets").manifest(version)
    }


def test_without_a_statement_the_command_shows_what_is_stated(place):
    called = vidset("rights", "-p", place)
    assert called.out == "2 videos: CC0-1.0 (1), NOASSERTION (1)\n"
    found = vidset("rights", "-p", place, "--json").found
    assert found["licences"] == {"CC0-1.0": 1, "NOASSERTION": 1}
    assert found["changed"] == 0
    assert [each["after"] for each in found["videos"]] == [WRONG.told(), {}]


def test_the_newer_statement_holds_in_new_versions_tables_and_exports(place, tmp_path):
    # Brought before, so that a row has to be replaced.
    assert vidset("sync", "-p", place).code == 0
    called = put_right(place, "--yes")
    assert called.code == 0, called.err
    assert "license CC0-1.0 -> CC-BY-4.0" in called.out
    for name, more in ("v1", ()), ("v2", ("--parent", "v0")):
        made = create(place, name, *more)
        assert made.code == 0, made.err
        assert entries(place, name) == {**dict.fromkeys(A, RIGHT), **dict.fromkeys(B, Rights())}
    assert entries(place, "v0")[A[0]] == WRONG
    found = vidset("dataset", "diff", "v0", "v1", "-p", place, "--json").found
    assert found["counts"]["restated"] == 3
    assert found["images"]["restated"][0]["changes"] == ["license: CC0-1.0 -> CC-BY-4.0"]
    query = "SELECT license FROM videos ORDER BY 1 NULLS LAST"
    assert vidset("sql", query, "-p", place, "--json").found["rows"] == [
        {"license": "CC-BY-4.0"},
        {"license": None},
    ]
    out = tmp_path / "coco"
    assert vidset("export", "-f", "coco", "-o", out, "-p", place).code == 0
    assert "CC-BY-4.0: 3 images" in (out / "LICENSE").read_text()


def test_who_stated_it_and_when_is_kept_and_traced(place):
    assert put_right(place, "--yes").code == 0
    more = vidset("rights", "ann/a.mp4", "--rights", "consent=form 13", "--as", "eve", "--yes",
                  "-p", place)  # fmt: skip
    assert more.code == 0, more.err
    [path] = (place / "rights").glob("*.json")
    first, second = json.loads(path.read_text())
    assert (first["actor"], first["rights"]) == ("ada", {"license": "CC-BY-4.0"})
    assert first["before"] == WRONG.told()
    assert (second["actor"], second["rights"]) == ("eve", {"consent": "form 13"})
    told = vidset("trace", "video:ann/a.mp4", "-p", place).out
    assert "statement license=CC-BY-4.0: by ada" in told
    assert "statement consent=form 13: by eve" in told


def test_the_same_statement_again_changes_nothing(place):
    assert put_right(place, "--yes", "--json").found["changed"] == 1
    assert put_right(place, "--yes", "--json").found["changed"] == 0
    [path] = (place / "rights").glob("*.json")
    assert len(json.loads(path.read_text())) == 1


def test_a_call_that_was_killed_after_the_statement_is_finished_by_the_same_call(place):
    ledger = FolderLedger(open_store(str(place)))
    row = ledger.find("/videos/ann/a.mp4", "0")
    assert put_right(place, "--yes").code == 0
    [statements] = (place / "rights").glob("*.json")
    pq.write_table(pa.Table.from_pylist([row], VIDEOS), place / f"videos/{statements.stem}.parquet")
    assert put_right(place, "--yes", "--json").found["changed"] == 1
    assert len(json.loads(statements.read_text())) == 1


def test_a_dry_run_and_a_call_without_yes_change_nothing(place):
    assert "1 video would have other rights" in put_right(place, "--dry-run").out
    assert "--yes does it, --dry-run shows it" in put_right(place).refusal
    assert not (place / "rights").exists()


def test_a_collectors_videos_are_meant_together(place):
    called = vidset("rights", "--collector", "bob", "--rights", "license=MIT", "--yes", "-p", place,
                    "--json")  # fmt: skip
    assert [each["after"] for each in called.found["videos"]] == [{"license": "MIT"}]
    refused = vidset("rights", "--collector", "eve", "--rights", "license=MIT", "-p", place)
    assert refused.refusal == "--collector eve: no video is of it; there are: ann, bob"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["--rights", "license=MIT"], "wanted a VIDEO or --collector", id="of what"),
        pytest.param(["a.mp4", "--collector", "ann"], "wanted either VIDEO or", id="both"),
        pytest.param(["c.mp4"], "no video of this place has this uri", id="unknown"),
        pytest.param(["ann/a.mp4", "--rights", "licence=x"], "Did you mean 'license'?", id="key"),
    ],
)
def test_what_cannot_be_meant_is_refused(place, words, message):
    called = vidset("rights", *words, "-p", place)
    assert called.code == 2
    assert message in called.refusal


def test_a_video_that_is_extracted_again_keeps_the_statement(video, tmp_path):
    place = tmp_path / "place"
    made = vidset("extract", video, "-p", place, "--rights", "license=CC0-1.0")
    assert made.code == 0, made.err
    name = video.name
    assert vidset("rights", name, "--rights", "license=MIT", "--yes", "-p", place).code == 0
    again = vidset("extract", video, "-p", place, "--every", "2", "--redo", "outdated", "--json")
    assert again.code == 0, again.err
    found = vidset("rights", "-p", place, "--json").found
    assert found["licences"] == {"MIT": 1}


def test_a_forgotten_video_takes_its_statements_along(place):
    assert put_right(place, "--yes").code == 0
    gone = vidset("forget", "ann/a.mp4", "--keep-source", "--keep-tasks", "--yes", "-p", place)
    assert gone.code == 0, gone.err
    assert not list((place / "rights").glob("*.json"))


def test_a_damaged_file_of_statements_is_named(place):
    assert put_right(place, "--yes").code == 0
    [path] = (place / "rights").glob("*.json")
    path.write_text('[{"rights": {"colour": "red"}, "before": {}, "actor": "a", "stated_at": "b"}]')
    refused = vidset("trace", "video:ann/a.mp4", "-p", place)
    assert f"{path.name}: statement 1: wanted a statement" in refused.refusal


def test_the_table_of_statements_has_them(place):
    assert put_right(place, "--yes").code == 0
    query = "SELECT video_uri, rights, before_rights, actor FROM statements"
    asked = vidset("sql", query, "-p", place, "--json")
    assert asked.code == 0, asked.err
    [row] = asked.found["rows"]
    assert (row["video_uri"], row["actor"]) == ("/videos/ann/a.mp4", "ada")
    assert json.loads(row["rights"]) == {"license": "CC-BY-4.0"}
    assert json.loads(row["before_rights"]) == WRONG.told()
    # A second sync brings nothing again; a later statement comes as a row of its own.
    more = ("--rights", "consent=form 13", "--yes", "-p", place)
    assert vidset("rights", "ann/a.mp4", *more).code == 0
    assert len(vidset("sql", query, "-p", place, "--json").found["rows"]) == 2
    gone = vidset("forget", "ann/a.mp4", "--keep-source", "--keep-tasks", "--yes", "-p", place)
    assert gone.code == 0, gone.err
    assert vidset("sql", query, "-p", place, "--json").found["rows"] == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--ledger", "bq://p.d", "-p", "."], "wanted either -p PLACE or --ledger, got both"),
        (["--ledger", "gs://b/roads"], "--ledger: wanted bq://PROJECT.DATASET, got 'gs://b/roads'"),
        (["--ledger", "bq://p"], "--ledger must be bq://PROJECT.DATASET, got 'bq://p'"),
    ],
)  # fmt: skip
def test_a_ledger_that_is_none_in_bigquery_is_refused(words, message):
    called = vidset("rights", *words)
    assert called.code == 2
    assert message in called.refusal
