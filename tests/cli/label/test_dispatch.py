"""`vidset label dispatch`, `status`, `reconcile` and `connect`."""

import signal

import httpx
import pytest

from tests.cli.called import vidset
from tests.cli.labels import label, make_output, served, without_place, write_truth
from vidset.labeling.stores.opening import open_store
from vidset.labeling.stores.store import Query

SECRET = "0123456789abcdef"  # noqa: S105 (of no use elsewhere)


@pytest.fixture
def out(tmp_path, monkeypatch):
    """Of six kept images, with an answer to each; nobody listens for it."""
    out = make_output(tmp_path / "out", {"a.mp4": 5, "b.mp4": 3})
    write_truth(out, tmp_path / "truth.jsonl")
    monkeypatch.setenv("LABELING_VENDOR", "truth")
    monkeypatch.setenv("LABELING_TRUTH", str(tmp_path / "truth.jsonl"))
    monkeypatch.setenv("LABELING_TRUTH_SECRET", SECRET)
    monkeypatch.setenv("LABELING_CALLBACK_URL", "http://127.0.0.1:1/receive_annotation")
    return out


@pytest.fixture
def serving(out, monkeypatch):
    """The functions as a process, to which answers go."""
    with served(out, "--reconcile-every", "0", environment={}) as (url, process):
        monkeypatch.setenv("LABELING_CALLBACK_URL", f"{url}/receive_annotation")
        yield process


def tasks(out) -> list[dict]:
    store = open_store(f"sqlite:{out}/labels.sqlite")
    return [stored.document for stored in store.find(Query("tasks"))]


@pytest.mark.emulator
@pytest.mark.slow
def test_dispatch_has_each_image_labeled_once(out, serving):
    first = label("dispatch", "-p", out, "--json")
    assert (first.code, first.err) == (0, "")
    nothing = {"held": 0, "refused": 0, "waiting": 0}
    sent = {"vendor": "truth", "images": 6, "cost": None, "warnings": []}
    nothing |= sent
    assert without_place(first.found) == {"dispatched": 6, "repeated": 0} | nothing
    assert (
        without_place(label("dispatch", "-p", out, "--json").found)
        == {"dispatched": 0, "repeated": 6} | nothing
    )
    found = label("status", "-p", out, "--json").found
    assert found["tasks"] == {
        "requested": 0,
        "dispatched": 0,
        "completed": 6,
        "failed": 0,
        "cancelled": 0,
    }
    assert found["annotations"] == {"labeled": 6, "skipped": 0, "rejected": 0}
    assert found["labels"] == {"car": 6}
    assert found["quarantine"] == 0
    assert {task["attempts"] for task in tasks(out)} == {1}


@pytest.mark.emulator
@pytest.mark.slow
def test_the_budget_holds_back_and_reconcile_goes_on_when_it_allows_more(out, serving, monkeypatch):
    monkeypatch.setenv("LABELING_PRICE", "0.5")
    ended = label("dispatch", "-p", out, "--budget", "2 tasks/day", "--yes")
    assert ended.code == 0
    assert ended.out.splitlines()[0] == "6 images for truth: 2 dispatched, 4 held"
    assert "the budget of 2 tasks/day is used up" in ended.out
    monkeypatch.setenv("LABELING_BUDGET", "2 tasks/day, 10 USD")
    status = label("status", "-p", out)
    assert "booked today   2 tasks, cost 1  (limit 2 tasks/day)" in status.out
    assert "booked in all  2 tasks, cost 1  (limit 10 USD)" in status.out
    assert "4 of the requested are held back by the budget" in status.out
    assert "oldest         requested, since 20" in status.out
    monkeypatch.setenv("LABELING_BUDGET", "5 tasks/day")
    again = label("reconcile", "-p", out, "--json")
    assert (again.code, again.found["requested"]) == (0, {"dispatched": 3, "held": 1})
    assert label("status", "-p", out, "--json").found["booked"]["in_all"] == {
        "tasks": 5,
        "cost": 2.5,
    }


@pytest.mark.emulator
@pytest.mark.slow
def test_a_refused_image_is_named_and_is_tried_again_when_asked_to(out, serving, tmp_path):
    write_truth(out, tmp_path / "truth.jsonl", except_for=2)
    ended = label("dispatch", "-p", out)
    assert ended.code == 1
    assert "4 dispatched, 2 refused" in ended.out
    assert ended.err.count("refused: the truth file has nothing on image") == 2
    assert f"{out}/images/b/0/0000001000.jpg: refused" in ended.err
    write_truth(out, tmp_path / "truth.jsonl")
    assert label("dispatch", "-p", out, "--json").found["repeated"] == 6
    again = label("dispatch", "-p", out, "--retry", "failed", "--json")
    assert (again.code, again.found["dispatched"], again.found["repeated"]) == (0, 2, 4)
    assert [task["state"] for task in tasks(out)] == ["completed"] * 6
    assert sorted(task["attempts"] for task in tasks(out)) == [1, 1, 1, 1, 2, 2]


def test_limit_takes_so_many_up(out):
    # A budget of none: all are held, and nobody is called.
    none = ("--budget", "0 tasks", "--json")
    assert label("dispatch", "-p", out, "--limit", "4", *none).found["held"] == 4
    assert len(tasks(out)) == 4
    assert label("dispatch", "-p", out, "--limit", "6", *none).found["held"] == 6
    assert len(tasks(out)) == 6


@pytest.mark.slow
def test_a_vendor_that_is_down_stops_the_run_and_loses_nothing(out):
    ended = label("dispatch", "-p", out)
    assert ended.code == 1
    assert "6 images for truth: 6 waiting" in ended.out
    assert "ConnectError" in ended.err
    assert {task["state"] for task in tasks(out)} <= {"requested"}


@pytest.mark.slow
def test_a_vendor_that_is_down_is_not_asked_for_each_image(tmp_path, out):
    many = make_output(tmp_path / "many", {"a.mp4": 201})
    write_truth(many, tmp_path / "truth.jsonl")
    ended = label("dispatch", "-p", many, "--json")
    assert (ended.code, ended.found["waiting"]) == (1, 200)
    assert len(tasks(many)) < 30
    assert len(ended.err.splitlines()) == 10


def test_reconcile_finds_lost_images_and_says_what_it_could_not_finish(out):
    ended = label("reconcile", "-p", out, "--json")
    assert ended.code == 1
    [incomplete] = ended.found["incomplete"]
    assert incomplete.startswith("images: callback http://127.0.0.1:1")
    assert incomplete in ended.err.replace("\n", "")
    assert ended.found["tasks"]["requested"] > 0


def test_a_ledger_without_the_videos_row_gives_no_images(out):
    [video, *_] = sorted((out / "videos").iterdir())
    video.unlink()
    held = label("dispatch", "-p", out, "--budget", "0 tasks", "--json").found["held"]
    assert held in (2, 4)
    assert held == len(tasks(out))


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        pytest.param(("none",), {}, "there is no such place", id="no output"),
        pytest.param(
            ("{out}", "--vendor", "ann"),
            {},
            "unknown vendor 'ann': wanted one of label-studio, scale",
            id="vendor",
        ),
        pytest.param(("{out}", "--budget", "many"), {}, "wanted limits such as", id="budget"),
        pytest.param(
            ("{out}", "--template", "none"),
            {},
            "none: wanted a task template in YAML",
            id="template",
        ),
        pytest.param(("{out}", "--store", "mysql:x"), {}, "sqlite:PATH, got 'mysql", id="store"),
        pytest.param(("{out}",), {"LABELING_TRUTH": ""}, "LABELING_TRUTH must be", id="variable"),
        pytest.param(
            ("{out}", "--vendor", "scale"),
            {"SCALE_API_KEY": "k"},
            "cannot be signed",
            id="scale, of a folder",
        ),
        # Whether a newer vidset wrote the place is asked first. Places that can be read and lack a
        # store are in tests/cli/test_places_in_buckets.py.
        pytest.param(
            ("gs://bucket/out",), {}, "gs://bucket: wanted credentials, found none", id="gs://"
        ),
    ],
)
def test_bad_usage_is_refused_before_any_work(out, monkeypatch, arguments, environment, message):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    refused = label("dispatch", "-p", *(argument.format(out=out) for argument in arguments))
    assert refused.code == 2
    assert message in refused.refusal
    assert not (out / "labels.sqlite").exists() or not tasks(out)


def test_status_needs_no_key_and_of_a_store_alone_no_output(out, monkeypatch):
    for name in "LABELING_TRUTH", "LABELING_TRUTH_SECRET", "LABELING_CALLBACK_URL":
        monkeypatch.delenv(name)
    text = label("status", "-p", out).out
    assert text == (
        "tasks          none\n"
        "booked today   0 tasks\n"
        "booked in all  0 tasks\n"
        "annotations    none\n"
        "quarantine     0\n"
    )
    assert label("status", "-p", out, "--store", f"sqlite:{out}/labels.sqlite").out == text


def test_connect_says_when_there_is_nothing_to_do(out):
    assert label("connect", "-p", out).out == "truth needs no setting up\n"
    found = label("connect", "-p", out, "--json").found
    assert without_place(found) == {"vendor": "truth", "connection": None}


def test_connect_of_a_vendor_that_is_down_is_a_failure(out, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("LABEL_STUDIO_TOKEN", "x" * 40)
    ended = label("connect", "-p", out, "--vendor", "label-studio")
    assert ended.code == 1
    assert "label-studio: " in ended.err
    assert ended.out == ""


@pytest.mark.emulator
@pytest.mark.slow
def test_all_of_it_works_on_firestore_too(out, firestore, monkeypatch):
    store = f"firestore://{firestore.project}"
    with served(out, "--store", store, environment={}) as (url, process):
        monkeypatch.setenv("LABELING_CALLBACK_URL", f"{url}/receive_annotation")
        assert label("dispatch", "-p", out, "--store", store, "--json").found["dispatched"] == 6
        assert label("dispatch", "-p", out, "--store", store, "--json").found["repeated"] == 6
        assert httpx.post(f"{url}/reconcile", timeout=600).json()["tasks"]["completed"] == 6
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=600)
        assert process.returncode == 0
    found = label("status", "-p", out, "--store", store, "--json").found
    assert found["annotations"] == {"labeled": 6, "skipped": 0, "rejected": 0}
    assert (found["tasks"]["completed"], found["labels"]) == (6, None)
    written = vidset(
        "export",
        "-f",
        "coco",
        "-o",
        out / "coco.json",
        "--labels-only",
        "-p",
        out,
        "--store",
        store,
        "--json",
    )
    assert (written.found["images"], written.found["objects"]) == (6, 6)
    again = label(
        "import", out / "coco.json", "-f", "coco", "-p", out, "--yes", "--store", store, "--json"
    )
    assert again.found["unchanged"] == 6
    again = label(
        "import", out / "coco.json", "-f", "coco", "-p", out, "--yes", "--store", store, "--json"
    )
    assert again.found["unchanged"] == 6
    assert not (out / "labels.sqlite").exists()


@pytest.mark.emulator
def test_the_ledger_can_be_in_cloud_storage(out, gcs, tmp_path, monkeypatch):
    monkeypatch.delenv("LABELING_IMAGES", raising=False)
    bucket = gcs.make_bucket("drives")
    for file in [*(out / "frames").iterdir(), *(out / "videos").iterdir()]:
        name = f"out/{file.parent.name}/{file.name}"
        bucket.blob(name).upload_from_filename(str(file))
    bucket.blob("out/frames/unfinished.parquet").upload_from_string(b"no video's row says so")
    arguments = ("-p", "gs://drives/out", "--store", f"sqlite:{tmp_path}/labels.sqlite", "--json")
    found = label("dispatch", *arguments, "--budget", "0 tasks").found
    assert without_place(found) == {
        "vendor": "truth",
        "images": 6,
        "cost": None,
        "warnings": [],
        "dispatched": 0,
        "repeated": 0,
        "held": 6,
        "refused": 0,
        "waiting": 0,
    }


def test_what_has_a_price_is_not_sent_without_a_yes(out, monkeypatch):
    monkeypatch.setenv("LABELING_PRICE", "0.5")
    planned = label("dispatch", "-p", out, "--dry-run", "--json").found
    assert (planned["images"], planned["cost"]) == (6, 3.0)
    refused = label("dispatch", "-p", out)
    assert refused.code == 2
    assert "Send 6 images to truth, which costs 3.00? There is no terminal" in refused.refusal
    assert not (out / "labels.sqlite").exists() or not tasks(out)
