"""What the Dockerfile does, done in an environment of its own: no image can be built in a test.

The worker's boot program and the launcher's are Google's and Beam's, and are not here.
"""

import shutil
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.docker.test_dockerfile import ROOT, instructions
from tests.emulators.environments import python_for_test

pytestmark = pytest.mark.slow
INSTALL_SECONDS = 280


class Image:
    """A Python with the image's packages, and the image's /opt/vidset in a folder."""

    def __init__(self, python: Path, folder: Path):
        self.python, self.folder = python, folder

    def run(self, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        own = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(self.folder), "HOME": str(self.folder)}
        return subprocess.run(
            [str(self.python), *map(str, arguments)],
            check=False,
            capture_output=True,
            text=True,
            timeout=600,
            cwd=self.folder,
            env=own | environment,
        )

    def launch(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(self.folder / "launch.py", *arguments)


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Image:
    requirements = ROOT / "docker" / "beam" / "requirements.txt"
    python = python_for_test("worker-image", requirements, INSTALL_SECONDS, is_complete=True)
    folder = tmp_path_factory.mktemp("image")
    for name, rest in instructions():
        if name != "COPY" or "--from" in rest:
            continue
        source, target = rest.split()
        place = folder / Path(target).relative_to("/opt/vidset")
        if (ROOT / source).is_dir():
            caches = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / source, place, ignore=caches)
        else:
            shutil.copy(ROOT / source, place)
    return Image(python, folder)


def test_the_packages_agree(image):
    uv = shutil.which("uv") or shutil.which(ROOT / ".uv" / "bin" / "uv")
    command = [uv, "pip", "check", "--python", image.python] if uv else []
    command = command or [image.python, "-m", "pip", "check"]
    checked = subprocess.run(command, check=False, capture_output=True, text=True, timeout=600)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("option", ["--images=", "--store="])
def test_both_jobs_start(image, option):
    ended = image.launch(option, "--help")
    assert ended.returncode == 0, ended.stderr


def test_a_worker_finds_all_that_it_runs(image):
    modules = "apache_beam.runners.worker.sdk_worker_main, vidset.beam.ingest, vidset.storage.gcs"
    modules += ", vidset.ledger.bigquery, vidset.beam.export, vidset.tables.schemas"
    modules += ", vidset.labeling.stores.firestore"
    program = f"import {modules}; print(len(vidset.tables.schemas.tables()))"
    ended = image.run("-P", "-c", program)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "15\n"


def test_nothing_is_taken_from_the_checkout(image):
    ended = image.run("-P", "-c", "import vidset.beam.ingest_job as job; print(job.__file__)")
    assert ended.stdout == f"{image.folder}/vidset/beam/ingest_job.py\n"
    assert image.run("-P", "-c", "import benchmarks").returncode == 1


def test_the_launcher_hands_dataflow_a_graph(image):
    ended = image.launch(
        "--runner=DataflowRunner",
        "--dry_run=True",
        "--no_auth",
        "--project=project-1",
        "--region=europe-west1",
        "--temp_location=gs://staging/temp",
        "--staging_location=gs://staging/staging",
        f"--sdk_container_image=example.org/vidset-beam/worker@sha256:{'0' * 64}",
        "--images=gs://images",
        "--ledger=bq://project-1.vidset",
        "--input_subscription=projects/project-1/subscriptions/uploads",
        "--uploads_bucket=uploads",
        "--dead_letter_topic=projects/project-1/topics/dead-letters",
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.chaos  # With the checkout's packages: tests/docker/test_launch.py.
def test_the_launcher_refuses_a_local_place_before_dataflow_is_asked(image):
    ended = image.launch(
        "--runner=DataflowRunner",
        "--images=/images",
        "--ledger=bq://project-1.vidset",
        "--input_subscription=projects/project-1/subscriptions/uploads",
        "--uploads_bucket=uploads",
        "--dead_letter_topic=projects/project-1/topics/dead-letters",
    )
    assert ended.returncode == 2
    assert "Dataflow's workers cannot see the local path '/images'" in ended.stderr


def test_the_images_libraries_do_the_whole_work(image, video, tmp_path):
    out = tmp_path / "out"
    ended = image.launch(
        f"--input={video}",
        f"--images={out}/images",
        f"--ledger={out}",
        f"--dead_letters={out}/dead_letters",
    )
    assert ended.returncode == 0, ended.stderr
    frames = [
        row for path in out.glob("frames/*.parquet") for row in pq.read_table(path).to_pylist()
    ]
    kept = sorted(row["pts_seconds"] for row in frames if row["kept"])
    assert kept == [0.0, 1.0, 2.0, 4.0]
    assert len(list(out.glob("images/**/*.jpg"))) == 4
    assert {row["reason"] for row in frames} == {"kept", "near_duplicate"}
