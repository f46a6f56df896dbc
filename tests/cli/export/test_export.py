"""`vidset sync` and `vidset sql` on a folder."""

import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.cli.called import vidset
from tests.cli.labels import make_output
from tests.documents.labels import annotation, put_annotations, put_tasks, task
from tests.programs.started import run
from vidset.cli.main import app
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.place import Place
from vidset.storage.open import open_store as open_objects
from vidset.tags import Mark, write_mark
from vidset.warehouse.asking import open_warehouse as open_asked


@pytest.fixture
def out(tmp_path):
    return make_out(tmp_path / "out")


def make_out(folder: Path) -> Path:
    """Two videos with seven images, of which five are labeled."""
    make_output(folder, {"cam1/a.mp4": 5, "cam2/b.mp4": 4})
    images = sorted(Place.of(str(folder)).images(), key=lambda image: image.uri)
    store = SqliteStore(folder / "labels.sqlite")
    for number, image in enumerate(images[:5]):
        names = {"image_id": image.id, "image_uri": image.uri}
        put_annotations(store, annotation(number) | names)
        put_tasks(store, task(number) | names)
    store.close()
    return folder


def call(*arguments: object):
    result = CliRunner().invoke(app, [*map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def ask(out, query: str, warehouse: Path | None = None) -> list[dict]:
    with pytest.MonkeyPatch.context() as patch:
        if warehouse:
            patch.setenv("VIDSET_WAREHOUSE", str(warehouse))
        return json.loads(call("sql", query, "-p", out, "--json").stdout)["rows"]


def test_sync_brings_all_to_the_warehouse(out):
    result = call("sync", "-p", out, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "output": f"{out}/warehouse",
        "tables": {
            "annotations": {"documents": 5, "changed": 5, "malformed": 0},
            "predictions": {"documents": 0, "changed": 0, "malformed": 0},
            "tasks": {"documents": 5, "changed": 5, "malformed": 0},
        },
        "videos": 2,
        "tags": 0,
        "lineage": {},
        "place": str(out),
        "next": f"vidset sql -p {out}",
    }
    [row] = ask(
        out,
        "SELECT count(*) AS images, count(annotation_state) AS labeled, "
        "sum(object_count) AS objects FROM dataset_candidates",
    )
    assert row == {"images": 7, "labeled": 5, "objects": 15}
    [card] = ask(out, "SELECT videos, samples, kept, duplicate_rate, label_yield "
                      "FROM collector_scorecard")  # fmt: skip
    assert card == {
        "videos": 2, "samples": 9, "kept": 7, "duplicate_rate": 2 / 9, "label_yield": 3.0,
    }  # fmt: skip


def test_sync_again_changes_nothing(out):
    call("sync", "-p", out)
    again = json.loads(call("sync", "-p", out, "--json").stdout)
    assert again["tables"]["annotations"]["changed"] == 0
    assert again["videos"] == 0
    assert "0 rows changed" in call("sync", "-p", out).stdout


def test_an_extraction_that_nobody_labeled_yet_is_exported(tmp_path):
    out = make_output(tmp_path / "out", {"a.mp4": 3})
    assert json.loads(call("sync", "-p", out, "--json").stdout)["tables"] == {}
    assert ask(out, "SELECT count(*) AS n FROM dataset_candidates") == [{"n": 2}]
    assert ask(out, "SELECT * FROM objects") == []


def test_malformed_documents_are_named_and_the_exit_code_is_1(out):
    store = SqliteStore(out / "labels.sqlite")
    bad = annotation(9) | {"objects": "none"}
    put_annotations(store, bad)
    store.close()
    result = call("sync", "-p", out)
    assert result.exit_code == 1
    name = f"sqlite:{out}/labels.sqlite/annotations/{bad['image_id']}.objects"
    assert f"{name}: wanted a list, got 'none'" in result.stderr
    assert call("sync", "-p", out, "--full", "--exit-zero").exit_code == 0
    assert len(list((out / "dead_letters").glob("*.jsonl"))) == 1
    assert ask(out, "SELECT count(*) AS n FROM annotations") == [{"n": 5}]


@pytest.mark.slow
def test_processes_side_by_side_give_the_same(out, tmp_path):
    """More documents than one part has."""
    store = SqliteStore(out / "labels.sqlite")
    put_annotations(store, *(annotation(number, objects=()) for number in range(4_100)))
    put_annotations(store, annotation(5_000) | {"revision": None})
    store.close()
    words = ("sync", "-p", out, "--json")
    one = run((*words, "--workers", "1", "--warehouse", tmp_path / "one"))
    two = run((*words, "--workers", "3"))
    assert (one.returncode, two.returncode) == (1, 1), two.stderr
    assert json.loads(one.stdout)["tables"] == json.loads(two.stdout)["tables"]
    assert json.loads(two.stdout)["tables"]["annotations"] == {
        "documents": 4_106, "changed": 4_105, "malformed": 1,
    }  # fmt: skip
    query = "SELECT * EXCLUDE (written_at) FROM annotations ORDER BY image_id"
    assert ask(out, query) == ask(out, query, tmp_path / "one")


@pytest.mark.emulator
def test_firestore_goes_to_a_folder_without_an_extraction(firestore, tmp_path):
    from vidset.labeling.stores.firestore import FirestoreStore

    store = FirestoreStore(firestore.project, "(default)")
    put_annotations(store, annotation(1), annotation(2))
    store.close()
    arguments = ["--store", f"firestore://{firestore.project}", "--warehouse", tmp_path / "w"]
    found = json.loads(call("sync", *arguments, "--json").stdout)
    assert found["tables"]["annotations"] == {"documents": 2, "changed": 2, "malformed": 0}
    assert found["videos"] is None
    counted = ask(tmp_path, "SELECT count(*) AS n FROM annotations", tmp_path / "w")
    assert counted == [{"n": 2}]


@pytest.mark.emulator
def test_a_folder_goes_to_bigquery_by_processes_and_by_beam(out, bigquery, tmp_path):
    bigquery.client().create_dataset("vidset")
    into = ["--warehouse", f"bq://{bigquery.project}.vidset", "--staging", tmp_path / "staging"]
    found = vidset("sync", "-p", out, *into, "--workers", 2, "--json").found
    assert found["tables"]["annotations"] == {"documents": 5, "changed": 5, "malformed": 0}
    assert bigquery.rows("SELECT count(*) AS n FROM vidset.objects") == [{"n": 15}]
    again = ("--full", "--json", "--", "--runner=DirectRunner")
    found = vidset("sync", "-p", out, *into, *again).found
    assert found["tables"]["annotations"] == {"documents": 5, "changed": 0, "malformed": 0}
    assert bigquery.rows("SELECT count(*) AS n FROM vidset.objects") == [{"n": 15}]


def test_with_a_format_the_labeled_images_are_written_for_other_tools(out, tmp_path):
    to = tmp_path / "labelme"
    found = json.loads(
        call("export", "-f", "labelme", "-o", to, "-p", out, "--lossy", "--json").stdout
    )
    assert found["images"] == 5
    assert len(list(to.rglob("*.json"))) == 5
    assert not (out / "warehouse").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["bq://p.d"], "wanted a place that is a folder, gs:// or s3://", id="dataset"),
        pytest.param(["OUT", "--warehouse", "/proc/no"], "no warehouse can be made", id="folder"),
        pytest.param(["/no/such"], "there is no such place", id="no-output"),
        pytest.param(["OUT", "--warehouse", "gs://b"], "wanted a folder or bq://", id="bucket"),
        pytest.param(["OUT", "--store", "redis://x"], "wanted firestore://PROJECT", id="store"),
    ],
)
def test_bad_usage_is_refused_before_any_work(out, arguments, message, monkeypatch):
    monkeypatch.delenv("LABELING_STORE", raising=False)
    before = set(os.listdir(out))
    with pytest.raises(ValueError, match=message):
        call("sync", "-p", *(str(out) if each == "OUT" else each for each in arguments))
    # SQLite's own files beside a store that was opened are none of an export's.
    assert {name for name in os.listdir(out) if not name.startswith("labels.sqlite-")} == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["-f", "coco"], "wanted -f FORMAT and -o PATH", id="no path"),
        pytest.param(["-o", "x"], "wanted -f FORMAT and -o PATH", id="no format"),
        pytest.param(["-f", "cocos", "-o", "x"], "did you mean coco", id="a typing error"),
        pytest.param(["v0", "-f", "coco", "-o", "x", "--labels-only"], "its own", id="a version"),
    ],
)
def test_a_wrong_export_is_refused(out, arguments, message):
    with pytest.raises(ValueError, match=message):
        call("export", *arguments, "-p", out)


def test_a_file_is_not_overwritten_unless_one_says_so(out, tmp_path):
    file = tmp_path / "mine.json"
    file.write_text("mine")
    arguments = ("export", "-f", "coco", "-o", file, "--labels-only", "--lossy", "-p", out)
    with pytest.raises(ValueError, match="--overwrite replaces it"):
        call(*arguments)
    assert file.read_text() == "mine"
    assert call(*arguments, "--overwrite").exit_code == 0


def test_sync_brings_what_people_marked(out):
    store = open_objects(f"{out}/tags")
    [one, two] = sorted(image.id for image in Place.of(str(out)).images())[:2]
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    write_mark(store, Mark("to label", (one, two), True, "ann", noon))
    assert json.loads(call("sync", "-p", out, "--json").stdout)["tags"] == 2
    assert json.loads(call("sync", "-p", out, "--json").stdout)["tags"] == 0
    write_mark(store, Mark("to label", (two,), False, "bob", noon + timedelta(seconds=1)))
    query = "SELECT image_id, is_set, actor FROM tags ORDER BY image_id"
    assert ask(out, query) == [
        {"image_id": one, "is_set": True, "actor": "ann"},
        {"image_id": two, "is_set": False, "actor": "bob"},
    ]
    [marked] = ask(out, "SELECT image_id, tags FROM dataset_candidates WHERE len(tags) > 0")
    assert marked == {"image_id": one, "tags": ["to label"]}


def test_a_warehouse_from_before_there_were_tags_can_be_asked(out):
    call("sync", "-p", out, "--quiet")
    shutil.rmtree(out / "warehouse" / "tags")
    with open_asked(str(out), "256MB", "") as connection:
        assert connection.execute("SELECT count(*) FROM tags").fetchone() == (0,)
        assert connection.execute("SELECT count(tags) FROM dataset_candidates").fetchone() == (7,)
