"""The image of the jobs on Cloud Run: its Dockerfile, and its steps without a container."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.bigquery_ledger import Cloud
from tests.docker.linters import lint
from tests.emulators.environments import python_for_test
from tests.end_to_end.jobs import objects
from tests.paths import ROOT
from vidset.elements import Upload
from vidset.extraction import extract
from vidset.ledger.open import open_ledger
from vidset.settings import ExtractionSettings
from vidset.storage.gcs import GcsStore

FOLDER = ROOT / "docker" / "cloud_run"
DOCKERFILE = (FOLDER / "Dockerfile").read_text()
INSTALL_SECONDS = 280
MODEL = os.environ.get("VIDSET_CENTERFACE", "")


def copies() -> list[tuple[str, str]]:
    return re.findall(r"^COPY (\S+) (\S+)$", DOCKERFILE, re.MULTILINE)


@pytest.mark.slow
def test_hadolint_finds_nothing():
    linted = lint("hadolint", "--failure-threshold", "style", FOLDER / "Dockerfile")
    assert (linted.returncode, linted.stdout) == (0, "")


def test_the_context_is_what_the_image_copies():
    ignored = (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    kept = {line[1:] for line in ignored if line.startswith("!")}
    assert kept == {source for source, _ in copies()}
    assert all((ROOT / path).exists() for path in kept)


def test_nothing_runs_as_root_and_the_base_is_no_tag():
    assert re.findall(r"^(?:FROM|ARG PYTHON_IMAGE|USER) ?(.*)$", DOCKERFILE, re.MULTILINE) == [
        "",
        "${PYTHON_IMAGE}",
        "10001",
    ]
    assert DOCKERFILE.index("\nUSER 10001") < DOCKERFILE.index("\nENTRYPOINT")


def test_the_image_has_the_clients_and_neither_beam_nor_pages_nor_training():
    text = (FOLDER / "requirements.txt").read_text()
    locked = set(re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE))
    wanted = {"av", "google-cloud-bigquery", "google-cloud-firestore", "google-cloud-pubsub"}
    assert wanted | {"google-cloud-storage", "opencv-python-headless", "pyarrow"} <= locked
    assert not locked & {"apache-beam", "duckdb", "scipy", "starlette", "torch", "pytest"}
    lines = [line for line in text.replace("\\\n", "").splitlines() if re.match(r"[a-z]", line)]
    assert [line for line in lines if "--hash=sha256:" not in line] == []


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """Run `vidset` with the image's packages, in a folder with the image's files alone."""
    lock = FOLDER / "requirements.txt"
    python = python_for_test("cloud-run-image", lock, INSTALL_SECONDS, is_complete=True)
    folder = tmp_path_factory.mktemp("image")
    for source, target in copies():
        if (ROOT / source).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            place = folder / Path(target).relative_to("/opt/vidset")
            shutil.copytree(ROOT / source, place, dirs_exist_ok=True, ignore=ignored)

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        own = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder), "TMPDIR": str(folder)}
        return subprocess.run(
            [str(python), "-m", "vidset", *arguments],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            env=own | environment,
            cwd=folder,
        )

    return run


@pytest.mark.slow
@pytest.mark.emulator
def test_the_images_libraries_take_an_upload(image, gcs_with_events, bigquery, video):
    cloud = gcs_with_events
    dead_letters = cloud.pubsub.create_topic("dead-letters")
    for bucket in ("uploads", "images"):
        cloud.make_bucket(bucket)
    for table in ("frames", "videos"):
        bigquery.make_table(f"vidset.{table}", ROOT / "infra" / "schemas" / f"{table}.json")
    blob = cloud.client().bucket("uploads").blob("cam1/a.mp4")
    blob.upload_from_string(video.read_bytes(), content_type="video/mp4")
    ended = image(
        *("watch", f"pubsub:{cloud.subscription}", "--bucket=uploads", "--images=gs://images"),
        *(f"--ledger=bq://{bigquery.project}.vidset", f"--dead-letters=pubsub:{dead_letters}"),
        *("--until-idle=3", "--exit-zero", "--scratch-bytes=0", "--workers=1", "--json"),
        **{**cloud.pubsub.environment, **cloud.environment, **bigquery.environment},
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["done"] == 1
    assert len(objects("gs://images")) == 4
    assert bigquery.rows("SELECT status FROM vidset.videos") == [{"status": "done"}]


@pytest.mark.slow
@pytest.mark.emulator
@pytest.mark.parametrize(
    "model",
    [
        pytest.param(b"other", id="another model"),
        pytest.param(
            MODEL and Path(MODEL).read_bytes(),
            id="CenterFace",
            marks=pytest.mark.skipif(
                not MODEL, reason="VIDSET_CENTERFACE names no centerface.onnx"
            ),
        ),
    ],
)
def test_the_images_libraries_blur(image, gcs, bigquery, video, model):
    for bucket in ("models", "images", "blurred"):
        gcs.make_bucket(bucket)
    gcs.client().bucket("models").blob("faces/m.onnx").upload_from_string(model)
    ledger = Cloud(bigquery)
    upload = Upload("gs://uploads/cam1/a.mp4", "cam1/a.mp4", "1700000000000000")
    extraction = extract(upload, str(video), ExtractionSettings(), GcsStore("images"))
    open_ledger(ledger.uri).commit([extraction])
    ended = image(
        *("blur", "gs://images", "--copies=gs://blurred", f"--warehouse={ledger.uri}"),
        *("--blur=faces:gs://models/faces/m.onnx", "--limit=1000", "--workers=2", "--exit-zero"),
        **{**gcs.environment, **bigquery.environment},
    )
    if model == b"other":
        assert ended.returncode == 2
        assert "gs://models/faces/m.onnx: wanted a model with SHA-256" in ended.stderr
        return
    assert ended.returncode == 0, ended.stderr
    names = {name for name in objects("gs://blurred") if name.endswith(".jpg")}
    assert names == set(objects("gs://images")) - {"privacy.json"}


@pytest.mark.slow
@pytest.mark.emulator
def test_the_images_libraries_export_to_bigquery(image, firestore, bigquery, tmp_path):
    from tests.documents.labels import annotation, put_annotations
    from vidset.labeling.stores.firestore import FirestoreStore

    store = FirestoreStore(firestore.project, "(default)")
    put_annotations(store, annotation(1), annotation(2))
    store.close()
    bigquery.client().create_dataset("vidset")
    ended = image(
        *("sync", f"--store=firestore://{firestore.project}", "--exit-zero", "--json"),
        *(f"--warehouse=bq://{bigquery.project}.vidset", f"--dead-letters={tmp_path}/dead"),
        f"--staging={tmp_path}/staging",
        **{**firestore.environment, **bigquery.environment},
    )
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)["tables"]["annotations"]
    assert found == {"documents": 2, "changed": 2, "malformed": 0}
