"""`vidset select` on a place, and `vidset label dispatch --selection`."""

import json
import shutil

import pyarrow.parquet as pq
import pytest

from tests.cli.called import Called, vidset
from tests.cli.dataset.outputs import add_video
from tests.cli.exports import annotate
from tests.cli.labels import write_truth
from tests.training.scoring.runs import classified, make_run
from vidset.datasets.versions.repository import Repository
from vidset.labeling.annotation import LabeledObject
from vidset.labeling.stores.opening import open_store
from vidset.labeling.stores.store import Query, Write

CAR = (LabeledObject("1", "car", "classification"),)
BUS = (LabeledObject("1", "bus", "classification"),)
TEMPLATE = """
name: cars
labels: [{name: car, type: classification}, {name: bus, type: classification}]
"""
_GROUPS = "sql:CASE WHEN video_uri LIKE '%b.mp4' THEN 'b' ELSE 'rest' END"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Three videos: some of a is labeled and trained on, b validates, c is new; no vectors yet."""
    place = tmp_path_factory.mktemp("made") / "place"
    for at, (video, images) in enumerate({"a": 6, "b": 4, "c": 6}.items()):
        add_video(place, f"{video}.mp4", [100 * at + second for second in range(images)])
    labels = {f"{v}/0/{s:07d}000.jpg": CAR if s else BUS for v in "ab" for s in range(2)}
    annotate(place, labels)
    shares = ("--shares", "train=0.5,validation=0.5")
    words = ("dataset", "create", "-n", "v0", "--group-by", _GROUPS, *shares, "-q")
    called = vidset(*words, "-p", place)
    assert called.code == 0, called.err
    manifest = Repository(place / "datasets").manifest("v0")
    answers = {"validation": {1: classified(manifest, "validation", ["bus", "car"], {})}}
    make_run(place / "runs" / "v0-1", manifest, answers)
    (place / "vidset.toml").write_text("")
    return place


@pytest.fixture
def place(made, tmp_path, monkeypatch):
    place = shutil.copytree(made, tmp_path / "place")
    (place / "template.yaml").write_text(TEMPLATE)
    monkeypatch.setenv("LABELING_TEMPLATE", str(place / "template.yaml"))
    return place


def select(place, *words: str) -> Called:
    return vidset("select", "-p", place, *words)


def predict_all(place, doubt_of=lambda _: 0.5) -> None:
    """Leave what `vidset predict --all --prelabel-evaluation` would, with doubts of our own."""
    run_id = json.loads((place / "runs/v0-1/run.json").read_text())["run_id"]
    store = open_store(f"sqlite:{place}/labels.sqlite")
    from vidset.place import Place

    for image in Place.of(str(place)).kept_images():
        document = {
            "image_id": image.id,
            "objects": [CAR[0].to_document()],
            "scores": [0.75],
            "run_id": run_id,
            "run": "v0-1",
            "uncertainty": doubt_of(image),
            "margin": 0.25,
            "sent_at": None,
            "written_at": "2026-03-01T12:00:00.000000Z",
        }
        store.commit([Write("predictions", image.id, document)])
    store.close()


def names(called: Called) -> list[str]:
    return [each["image_uri"].rpartition("/images/")[2] for each in called.found["images"]]


def test_a_selection_is_a_file_with_why_and_what_it_was_made_from(place):
    called = select(place, "--budget", "4", "--strategy", "time", "--embedder", "none", "--json")
    assert called.code == 0, called.err
    found = called.found
    assert [each["rank"] for each in found["images"]] == [1, 2, 3, 4]
    assert found["strategies"] == {"time": 4}
    assert found["cost"] == 0.32
    assert found["passed_over"]["labeled"] == 4
    assert found["next"].startswith(f"vidset label dispatch --selection {found['selection']}")
    table = pq.read_table(found["output"])
    assert table["image_id"].to_pylist() == [each["image_id"] for each in found["images"]]
    details = json.loads(table.schema.metadata[b"vidset.selection"])
    assert details["seed"] == 1
    assert details["budget"]["images"] == 4
    assert len(details["inputs"]["versions"]) == 1
    assert details["inputs"]["embedder"] is None


def test_the_next_selection_takes_others_unless_it_is_made_anew(place):
    words = ("--budget", "5", "--strategy", "time", "--embedder", "none", "--json")
    first, second, again = (select(place, *words), select(place, *words), None)
    assert not set(names(first)) & set(names(second))
    assert second.found["passed_over"]["selected"] == 5
    again = select(place, *words, "--anew")
    assert names(again) == names(first)


def test_money_is_a_budget_too(place):
    words = ("--strategy", "random", "--embedder", "none", "--dry-run", "--json")
    assert len(select(place, "--budget", "1 USD", "--price", "0.3", *words).found["images"]) == 3
    called = select(place, "--budget", "0.1 USD", "--price", "0.3", *words)
    assert called.code == 2
    assert not (place / "selections").exists()


def test_the_model_chooses_nothing_of_the_evaluation_side(place):
    predict_all(place, lambda image: 1.0 if "/b/" in image.uri else 0.5)
    for strategy in ("uncertain", "rare"):
        words = ("--budget", "20", "--strategy", strategy, "--embedder", "none")
        called = select(place, *words, "--dry-run", "--json")
        assert {name[0] for name in names(called)} == {"a", "c"}
        assert called.found["evaluation"] == 2
    every = select(place, "--budget", "20", "--strategy", "time", "--embedder", "none", "--json")
    assert {name[0] for name in names(every)} == {"a", "b", "c"}


def test_errors_are_those_on_training_images_alone(place):
    manifest = Repository(place / "datasets").manifest("v0")
    shown = [
        {
            "image_sha256": entry.image_sha256,
            "image_uri": entry.image_uri,
            "origin": entry.origin,
            "split": entry.split,
            "label": "car",
            "predicted": "bus",
            "is_flagged": False,
        }
        for entry in manifest
    ]
    (place / "errors").mkdir()
    file = place / "errors" / "errors.json"
    words = ("--budget", "2", "--strategy", "errors", "--json")

    file.write_text(json.dumps({"shown": [s for s in shown if s["split"] != "train"]}))
    called = select(place, *words)
    assert called.code == 2
    assert "errors on validation or test images choose nothing" in called.found["error"]["message"]
    file.write_text(json.dumps({"shown": shown}))
    called = select(place, *words)
    assert called.code == 0, called.err
    assert {name[0] for name in names(called)} <= {"a", "c"}
    assert all("that a model got wrong" in each["reason"] for each in called.found["images"])


def test_vectors_are_made_once_and_near_duplicates_are_passed_over(place):
    add_video(place, "d.mp4", [200, 201, 999])  # The pictures of c again, but for the last.
    words = ("--budget", "20", "--strategy", "random", "--dry-run", "--json")
    assert select(place, "--budget", "1", "--strategy", "random", "--json").code == 0
    parts = sorted((place / "embeddings").rglob("*.parquet"))
    assert parts
    found = select(place, *words).found
    assert found["passed_over"]["repeated"] == 2
    assert sorted((place / "embeddings").rglob("*.parquet")) == parts


def test_a_summary_says_what_each_strategy_lacked(place):
    called = select(place, "--budget", "3", "--embedder", "none")
    assert called.code == 0
    lines = called.out.splitlines()
    assert lines[0] == "3 images chosen, 0.24 USD at 0.08 an image: 3 time"
    assert "uncertain chose nothing: the run has said nothing of these images: vidset predict" in (
        called.out
    )
    assert lines[-1].startswith("selection ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param((), "--budget: wanted a number of images", id="no budget"),
        pytest.param(("--budget", "many"), "--budget", id="no number"),
        pytest.param(("--budget", "9 tasks/day"), "wanted a limit in all", id="each day"),
        pytest.param(("--budget", "3", "--strategy", "tme"), "strategy 'tme'", id="strategy"),
        pytest.param(("--budget", "3", "--run", "v7-1"), "run 'v7-1'", id="run"),
        pytest.param(("--budget", "3", "--embedder", "clasic"), "embedder", id="embedder"),
    ],
)
def test_bad_usage_is_refused(place, words, said):
    called = select(place, *words)
    assert called.code == 2
    assert said in called.err
    assert not (place / "selections").exists()


@pytest.fixture
def truth(place, tmp_path, monkeypatch):
    write_truth(place, tmp_path / "truth.jsonl")
    monkeypatch.setenv("LABELING_VENDOR", "truth")
    monkeypatch.setenv("LABELING_TRUTH", str(tmp_path / "truth.jsonl"))
    monkeypatch.setenv("LABELING_TRUTH_SECRET", "0123456789abcdef")
    monkeypatch.setenv("LABELING_CALLBACK_URL", "http://127.0.0.1:1/receive_annotation")


def dispatch(place, *words: str) -> Called:
    return vidset("label", "dispatch", "-p", place, "--dry-run", "--json", *words)


def test_dispatch_takes_a_selection_by_its_id_or_file(place, truth):
    words = ("--budget", "3", "--strategy", "time", "--embedder", "none", "--json")
    made = select(place, *words).found
    for named in (made["selection"], made["selection"][:5], made["output"]):
        assert dispatch(place, "--selection", named).found["images"] == 3
    assert dispatch(place, "--selection", made["selection"], "--limit", "2").found["images"] == 2
    refused = dispatch(place, "--selection", "nothing")
    assert refused.code == 2
    assert "selection 'nothing'" in refused.found["error"]["message"]


def test_held_images_are_sent_when_they_are_chosen_alone(place, truth, monkeypatch):
    monkeypatch.setenv("LABELING_HOLD", "yes")
    refused = dispatch(place)
    assert refused.code == 2
    assert "images wait until somebody chooses them" in refused.found["error"]["message"]
    words = ("--budget", "3", "--strategy", "time", "--embedder", "none", "--json")
    made = select(place, *words).found
    assert dispatch(place, "--selection", made["selection"]).found["images"] == 3


def test_an_image_of_a_selection_that_is_gone_is_told(place, truth):
    words = ("--budget", "20", "--strategy", "time", "--embedder", "none", "--json")
    made = select(place, *words).found
    for folder in ("videos", "frames"):
        for file in (place / folder).glob("*.parquet"):
            if "c.mp4" in str(pq.read_table(file)["video_uri"][0]):
                file.unlink()
    called = dispatch(place, "--selection", made["selection"])
    assert called.found["images"] == 6
    assert "6 images of selection" in called.err


def test_an_unchanged_store_gives_the_same_selection(place):
    words = ("--budget", "5", "--embedder", "none", "--dry-run", "--json")
    one, two = (select(place, *words).found for _ in range(2))
    assert one["selection"] == two["selection"]
    store = open_store(f"sqlite:{place}/labels.sqlite")
    assert not list(store.find(Query("tasks")))
