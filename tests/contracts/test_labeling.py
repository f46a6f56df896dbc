"""What the labeling broker and the ingest job agree on; the broker is deployed alone."""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.emulators.servers import Server
from tests.labeling.functions import binary_event, function, message, post
from tests.paths import ROOT
from vidset import naming
from vidset.labeling import events
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.labeling.stores.store import Query
from vidset.labeling.task import Image

ARCHIVE = ROOT / "docker" / "functions_archive.py"
NAME = "drive/17/0000001000.jpg"
SECRET = "test-secret-of-the-truth"  # noqa: S105
ANSWER = {
    "image_id": events.image_id(f"images/{NAME}"),
    "objects": [
        {
            "id": "1",
            "label": "car",
            "type": "box",
            "box": {"x": 10, "y": 20, "width": 30, "height": 40},
        }
    ],
}
# Only the folder, and what is installed (but this project itself).
IMPORTS_ALL = """
import importlib, json, pkgutil, sys
folder, root = sys.argv[1:]
sys.path = [folder] + [path for path in sys.path if not path.startswith(root) or "site-" in path]
import vidset.labeling
for module in pkgutil.walk_packages(vidset.labeling.__path__, "vidset.labeling."):
    importlib.import_module(module.name)
importlib.import_module("vidset.storage.gcs")  # As soon as an image is asked for.
import main
files = {name: str(getattr(module, "__file__", None)) for name, module in sys.modules.items()}
print(json.dumps(files))
"""


def notification(name: str) -> dict:
    resource = {"bucket": "images", "name": name}
    attributes = {"eventType": "OBJECT_FINALIZE", "bucketId": "images", "objectId": name}
    data = base64.b64encode(json.dumps(resource).encode()).decode()
    return {"message": {"attributes": attributes, "data": data}}


@given(st.text())
def test_both_sides_make_the_same_image_id(place):
    assert events.image_id(place) == naming.image_id(place)


# File names may hold bytes that are no UTF-8, as surrogates.
video_names = st.text(min_size=1) | st.text("ab./%~\\\n\udc80\udcffü", min_size=1)


@given(
    video_names,
    st.integers(1, 10**18).map(str) | st.text("0123456789abcdef", min_size=16, max_size=16),
    st.floats(0, 10**8),
)
@example("a" * 5000, "17", 0)
@example("/" * 2000, "17", 0)
@example("../../..", "17", 1e8)
@example(".mp4", "17", 0)
def test_every_image_that_the_job_names_is_recognised(video, generation, seconds):
    name = naming.image_name(video, generation, seconds)
    image = events.image_of_event(notification(name), "gs://images")
    assert image == Image(naming.image_id(f"images/{name}"), f"gs://images/{name}")
    below = events.image_of_event(notification(f"out/{name}"), "gs://images/out")
    assert isinstance(below, Image)


@pytest.fixture(scope="module")
def copied(tmp_path_factory) -> Path:
    """The function's folder, as it is deployed."""
    folder = tmp_path_factory.mktemp("deployed") / "labeling_task"
    archive = folder.with_suffix(".zip")
    subprocess.run([sys.executable, ARCHIVE, archive], check=True, capture_output=True)
    shutil.unpack_archive(archive, folder)
    return folder


@pytest.fixture(scope="module")
def environment(copied) -> dict[str, str]:
    (copied.parent / "truth.jsonl").write_text(json.dumps(ANSWER) + "\n")
    return {
        "LABELING_VENDOR": "truth",
        "LABELING_STORE": f"sqlite:{copied.parent}/labels.sqlite",
        "LABELING_IMAGES": "gs://images",
        "LABELING_IMAGE_ACCESS": "uri",
        "LABELING_CALLBACK_URL": "http://127.0.0.1:9",
        "LABELING_TRUTH": f"{copied.parent}/truth.jsonl",
        "LABELING_TRUTH_SECRET": SECRET,
        "NO_PROXY": "127.0.0.1",
    }


@pytest.mark.slow
def test_the_broker_imports_nothing_beyond_its_archive_and_requirements(copied, environment):
    done = subprocess.run(
        [sys.executable, "-I", "-c", IMPORTS_ALL, str(copied), str(ROOT)],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=copied.parent,
        env={"PATH": os.environ["PATH"], "FUNCTION_TARGET": "request_labeling", **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    files: Mapping[str, str] = json.loads(done.stdout.splitlines()[-1])
    assert {name.partition(".")[0] for name in files}.isdisjoint(
        {"dataflow", "apache_beam", "tests", "av", "cv2"}
    )
    broker = {name: file for name, file in files.items() if name.split(".")[0] == "vidset"}
    assert {
        "vidset.labeling.entry_points",
        "vidset.labeling.vendors.scale.vendor",
        "vidset.storage.gcs",
    } <= set(broker)
    for file in [files["main"], *broker.values()]:
        assert file.startswith(str(copied))


@dataclass(frozen=True)
class Running:
    receive: Server
    request: Server
    reconcile: Server


@pytest.fixture(scope="module")
def running(copied, environment) -> Iterator[Running]:
    with ExitStack() as stack:
        logs, servers = copied.parent, {}
        for target in "receive_annotation", "request_labeling", "reconcile":
            serving = function(target, environment, logs, copied / "main.py")
            servers[target] = stack.enter_context(serving)
            environment = environment | {"LABELING_CALLBACK_URL": servers["receive_annotation"].url}
        yield Running(
            servers["receive_annotation"], servers["request_labeling"], servers["reconcile"]
        )


@pytest.mark.emulator
@pytest.mark.slow
def test_the_copied_folder_labels_an_image(running, copied):
    response = post(running.request.url, binary_event(message(NAME)))
    assert response.status_code == 200, running.request.log.read_text()
    store = SqliteStore(copied.parent / "labels.sqlite")
    [task], [annotation] = store.find(Query("tasks")), store.find(Query("annotations"))
    store.close()
    assert (task.id, task.document["state"]) == (ANSWER["image_id"], "completed")
    [item] = annotation.document["objects"]
    assert item["label"] == "car"
    assert item["box"] == {"x": 10.0, "y": 20.0, "width": 30.0, "height": 40.0}


@pytest.mark.emulator
@pytest.mark.slow
def test_the_copied_folder_reconciles(running):
    response = httpx.post(running.reconcile.url, timeout=600)
    assert response.status_code == 200, running.reconcile.log.read_text()
    assert response.json()["incomplete"] == []
    assert running.reconcile.log.read_text().count('"message": "reconciled"') == 1


@pytest.mark.emulator
@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "status"), [("receive", 405), ("reconcile", 405), ("request", 405)]
)
def test_what_is_no_post_is_refused(running, target, status):
    assert httpx.get(getattr(running, target).url, timeout=600).status_code == status


@pytest.mark.emulator
@pytest.mark.slow
def test_a_callback_without_the_secret_is_refused(running):
    for headers in {}, {"x-vidset-truth-secret": "another-secret-of-it"}:
        response = httpx.post(running.receive.url, json=ANSWER, headers=headers, timeout=600)
        assert response.status_code == 401


@pytest.mark.emulator
@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "change", "told"),
    [
        pytest.param(
            "request_labeling",
            {"LABELING_STORE": "", "LABELING_URL_HOURS": "x"},
            "LABELING_STORE must be set\n"
            "LABELING_URL_HOURS must be a number from 0.1 to 168, got 'x'",
            id="variables",
        ),
        pytest.param(
            "receive_annotation",
            {"LABELING_TRUTH_SECRET": ""},
            "LABELING_TRUTH_SECRET must be set: callbacks are guarded by it",
            id="no secret",
        ),
        pytest.param(
            "reconcile",
            {"LABELING_STORE": "postgres://x"},
            "wanted firestore://PROJECT[/DATABASE] or sqlite:PATH, got 'postgres://x'",
            id="store",
        ),
        pytest.param(
            "request_labeling",
            {"LABELING_TEMPLATE": "/nowhere.yaml"},
            "/nowhere.yaml: wanted a task template in YAML: ",
            id="template",
        ),
        pytest.param(
            "request_labeling",
            {"LABELING_IMAGES": "/images", "LABELING_IMAGE_ACCESS": "signed"},
            "images in a folder (/images) cannot be signed: ",
            id="images",
        ),
    ],
)
def test_broken_settings_end_the_process_before_it_serves(
    copied, environment, target, change, told
):
    framework = [sys.executable, "-m", "functions_framework", "--target", target]
    done = subprocess.run(
        [*framework, "--source", str(copied / "main.py"), "--host", "127.0.0.1", "--port", "0"],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=copied.parent,
        env=os.environ | environment | change,
        check=False,
    )
    assert done.returncode != 0
    assert told in done.stderr
    assert SECRET not in done.stderr + done.stdout
    assert "Booting worker" not in done.stderr
