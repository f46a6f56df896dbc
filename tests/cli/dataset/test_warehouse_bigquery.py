"""A version from a BigQuery dataset, and the same one from a folder with the same rows."""

import json

import pytest

from tests.cli.dataset.called import dataset
from tests.cli.dataset.outputs import BUS, CAR, DAY, add_video, export, to_bigquery
from tests.cli.labels import without_place
from vidset.datasets.versions.repository import Repository
from vidset.labeling.annotation import LabeledObject, outline
from vidset.storage.registry import Client
from vidset.warehouse.bigquery import DatasetWarehouse

A = [f"ann/a/0/000000{n}000.jpg" for n in range(4)]
B = [f"bob/b/0/000000{n}000.jpg" for n in range(3)]
ROAD = LabeledObject(
    "3",
    "Straße",
    "polygon",
    rings=outline(((0.1 + 0.2, 1e-7), (30.0, 20.0), (31.0, 1 / 3))),
    attributes={"wet": True, "说": 'a "b" \\', "share": 0.1, "lanes": ["1", "2"]},
)
DRAWN = {A[0]: (CAR, ROAD), A[1]: (CAR, DAY), A[2]: (), B[0]: (BUS,), B[1]: (BUS,), B[2]: (DAY,)}


@pytest.fixture
def uri(bigquery):
    """Of an empty dataset."""
    bigquery.client().create_dataset("vidset")
    return f"bq://{bigquery.project}.vidset"


def make_out(folder, bucket=None, labels=DRAWN):
    add_video(folder, "ann/a.mp4", [1, 2, 3, 4], bucket=bucket)
    add_video(folder, "bob/b.mp4", [5, 6, 7], bucket=bucket)
    return export(folder, labels)


def create(repository, warehouse, *arguments):
    common = ("-p", repository, "--name", "v", "--move", "--json", "--shares", "train=1")
    return dataset("create", f"warehouse:{warehouse}", *common, *arguments)


def entries(repository):
    return {entry.image_uri: entry for entry in Repository(repository / "datasets").manifest("v")}


@pytest.mark.emulator
def test_images_in_a_bucket_give_the_version_that_a_folder_gives(tmp_path, gcs, uri):
    gcs.make_bucket("images")
    out = make_out(tmp_path / "out", "images")
    ours = create(tmp_path / "ours", out)
    theirs = create(tmp_path / "theirs", to_bigquery(out, uri))
    assert theirs.code == 0, theirs.err
    assert without_place(theirs.found) == without_place(ours.found)
    found = entries(tmp_path / "theirs")
    assert sorted(found) == [f"gs://images/{name}" for name in sorted([*A[:3], *B])]
    road = found[f"gs://images/{A[0]}"]
    assert json.loads(road.objects) == [CAR.to_older_document(), ROAD.to_older_document()]
    assert (road.group, road.video_uri) == ("gs://uploads/ann/a.mp4", "gs://uploads/ann/a.mp4")
    assert (road.collector_id, road.pts_seconds, road.source) == ("ann", 0.0, "warehouse")
    assert (found[f"gs://images/{A[2]}"].label, found[f"gs://images/{A[2]}"].objects) == (
        None,
        "[]",
    )
    assert found[f"gs://images/{B[2]}"].label == "day"
    assert theirs.found["left_out"] == [
        {"kind": "not labeled yet", "name": f"gs://images/{A[3]}", "what": "not requested"}
    ]


@pytest.mark.emulator
@pytest.mark.parametrize(
    ("arguments", "images"),
    [
        pytest.param((), 6, id="all"),
        pytest.param(("--where", "collector_id = 'bob' -- only his"), 3, id="where"),
        pytest.param(
            ("--where", "object_count > 0 AND sharpness < 102"),
            4,
            id="numbers",
            marks=pytest.mark.chaos,
        ),
        pytest.param(
            ("--group-by", "sql:collector_id || CAST(CAST(pts_seconds AS INTEGER) AS STRING)"),
            6,
            id="group-by",
        ),
        pytest.param(
            ("--group-by", "sql:width = 1"),
            6,
            id="group-by-of-another-type",
            marks=pytest.mark.chaos,
        ),
    ],
)
def test_files_give_the_version_that_a_folder_gives(tmp_path, uri, arguments, images):
    out = make_out(tmp_path / "out")
    ours = create(tmp_path / "ours", out, *arguments)
    theirs = create(tmp_path / "theirs", to_bigquery(out, uri), *arguments)
    assert theirs.code == 0, theirs.err
    assert without_place(theirs.found) == without_place(ours.found)
    assert theirs.found["images"] == images
    assert entries(tmp_path / "theirs") == entries(tmp_path / "ours")


@pytest.mark.emulator
def test_what_is_wrong_is_told_as_of_a_folder(tmp_path, uri):
    """An image that was extracted once more and labeled otherwise, one that is gone, one of two
    classes."""
    several = {**DRAWN, B[1]: (DAY, LabeledObject("4", "night", "classification"))}
    out = make_out(tmp_path / "out", labels=several)
    add_video(out, "bob/b.mp4", [5, 6, 7], generation="1")
    export(out, {"bob/b/1/0000000000.jpg": (CAR,)})
    (out / "images" / A[1]).unlink()
    ours = create(tmp_path / "ours", out)
    theirs = create(tmp_path / "theirs", to_bigquery(out, uri))
    assert (theirs.code, theirs.found) == (1, ours.found)
    told = theirs.found["error"]["message"]
    assert f"{A[1]}: label without image: there is no such file" in told
    assert f"{B[0]}: same image, unequal labels: bob/b/1/0000000000.jpg: car; {B[0]}: bus" in told
    assert f"{B[1]}: labels that do not fit the image: wanted one class" in told


@pytest.mark.emulator
def test_what_is_read_is_told_unless_quiet(tmp_path, uri):
    out = make_out(tmp_path / "out")
    line = f"{to_bigquery(out, uri)}: BigQuery will read up to 0 bytes"  # So the emulator.
    assert line in create(tmp_path / "datasets", uri).err
    assert line not in create(tmp_path / "datasets", uri, "--quiet").err
    assert "BigQuery" not in create(tmp_path / "datasets", out).err


@pytest.mark.emulator
@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        pytest.param(["--where", "nonsense = 1"], ["nonsense"], id="column"),
        pytest.param(["--where", "TRUE) UNION SELECT (1"], [], id="not a filter"),
        pytest.param(["--where", "TRUE); DROP TABLE mine; SELECT (1"], [], id="drop"),
        # Unlike BigQuery's, the emulator's dry run of a script runs it.
        pytest.param(
            [
                "--where",
                "TRUE); DROP TABLE IF EXISTS mine; SELECT 1 FROM dataset_candidates WHERE (TRUE",
            ],
            ["wanted one SELECT, got SCRIPT"],
            id="drop and select",
        ),
        pytest.param(
            ["--where", "TRUE); SELECT * FROM dataset_candidates WHERE (TRUE"],
            ["wanted one SELECT, got SCRIPT"],
            id="two statements",
        ),
        pytest.param(
            ["--group-by", "sql:1) AS STRING) FROM dataset_candidates; SELECT CAST((2"],
            ["wanted one SELECT, got SCRIPT"],
            id="group by statement",
        ),
        pytest.param(["--group-by", "sql:nothing"], ["nothing"], id="group"),
    ],
)
def test_sql_that_cannot_be_is_refused_before_any_work(tmp_path, uri, arguments, messages):
    DatasetWarehouse(uri, str(tmp_path)).prepare()
    made = create(tmp_path / "datasets", uri, *arguments)
    assert made.code == 2
    for message in ("--where", "--group-by", *messages):
        assert message in made.refusal
    assert not (tmp_path / "datasets").exists()


@pytest.mark.emulator
def test_a_dataset_without_the_view_is_refused(tmp_path, uri):
    made = create(tmp_path / "datasets", uri)
    assert made.code == 2
    assert made.refusal.startswith(f"{uri}: Not found: Table ")
    assert "dataset_candidates" in made.refusal


@pytest.mark.emulator
def test_a_dataset_that_is_not_there_is_named(tmp_path, bigquery):
    made = create(tmp_path / "datasets", f"bq://{bigquery.project}.nowhere")
    assert made.code == 2
    assert made.refusal.lower().startswith(f"bq://{bigquery.project}.nowhere: not found: dataset")
    assert not (tmp_path / "datasets").exists()


@pytest.mark.parametrize(
    ("warehouse", "message"),
    [
        pytest.param("gs://b/w", "a warehouse must be a folder or bq://PROJECT.DATASET", id="gs"),
        pytest.param("bq://project", "a warehouse must be bq://PROJECT.DATASET", id="no dataset"),
        pytest.param("bq://p.d`; DROP", "a warehouse must be bq://PROJECT.DATASET", id="backtick"),
    ],
)
def test_another_uri_is_refused(tmp_path, warehouse, message):
    made = create(tmp_path / "datasets", warehouse)
    assert made.code == 2
    assert made.refusal.startswith(message)


def test_without_its_client_bigquery_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(
        Client, "is_installed", lambda client: client.module != "google.cloud.bigquery"
    )
    made = create(tmp_path / "datasets", "bq://project-1.vidset")
    assert made.code == 2
    assert 'bq://project-1.vidset needs pip install "vidset[gcp]"' in made.refusal


def test_without_credentials_bigquery_is_refused(tmp_path, monkeypatch):
    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/no/such.json")
    made = create(tmp_path / "datasets", "bq://project-1.vidset")
    assert made.code == 2
    assert made.refusal.startswith("bq://project-1.vidset: File /no/such.json was not found")
