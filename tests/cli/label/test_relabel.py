"""A review finds labels wrong: annotators get the image again, and their answer holds."""

import json
import os

import pytest

from tests.cli.called import vidset
from tests.cli.label.imported import documents
from tests.cli.label.test_whole_way import controls, drawn
from tests.cli.labels import label, make_output
from vidset.datasets.versions.repository import Repository

pytestmark = [pytest.mark.emulator, pytest.mark.slow]
REMARK = "The car ends at the pole."


@pytest.fixture
def out(tmp_path, label_studio, monkeypatch):
    """A place of three images, each with a car."""
    out = make_output(tmp_path / "out", {"a.mp4": 4})
    template = tmp_path / "template.yaml"
    template.write_text(f"name: relabel {os.urandom(4).hex()}\nlabels: [{{name: car}}]\n")
    for name, value in {
        "LABEL_STUDIO_URL": label_studio.url,
        "LABEL_STUDIO_TOKEN": label_studio.token,
        "LABELING_TEMPLATE": str(template),
    }.items():
        monkeypatch.setenv(name, value)
    project = label("connect", "-p", out, "--json").found["connection"]["project_id"]
    assert label("dispatch", "-p", out, "--json").found["dispatched"] == 3
    for task in label_studio.tasks(project):
        label_studio.annotate(task["id"], [drawn(controls(label_studio, project))])
    assert label("reconcile", "-p", out, "--json").found["changes"] == {"stored": 3}
    return out, project


def objects(place, version: str) -> dict[str, tuple[float, float, float, float] | None]:
    entries = Repository(place / "datasets").manifest(version)
    return {entry.image_uri: entry.things[0].bounds for entry in entries if entry.things}


def test_an_image_that_a_review_found_wrong_goes_back_and_its_answer_is_the_next_revision(
    out, tmp_path, label_studio
):
    place, project = out
    cut = ("dataset", "create", "-p", place, "--shares", "train=1", "--json")
    made = vidset(*cut)
    assert made.code == 0, made.err
    first = made.found["version"]
    wrong = next(iter(Repository(place / "datasets").manifest(first)))
    said = {"image_sha256": wrong.image_sha256, "image_uri": wrong.image_uri}
    fix = said | {"action": "relabel", "category": "label wrong", "note": REMARK}
    fixes = tmp_path / "fixes.json"
    fixes.write_text(json.dumps({"version": first, "fixes": [fix]}))

    sent = label("dispatch", "--relabel", fixes, "-p", place, "--as", "Ada", "--json")
    assert (sent.code, sent.found["dispatched"]) == (0, 1)
    again = label("dispatch", "--relabel", fixes, "-p", place, "--json").found
    assert (again["dispatched"], again["repeated"]) == (0, 1)
    tasks = label_studio.tasks(project)
    [task] = [each for each in tasks if each["data"].get("round") == 2]
    assert len(tasks) == 4
    assert task["data"]["remark"] == REMARK
    whole = label_studio.call("GET", f"/api/tasks/{task['id']}/")
    [prediction] = whole["predictions"]
    assert prediction["result"][0]["value"]["x"] == 12.5
    assert whole["annotations"] == []

    assert label("reconcile", "-p", place, "--json").found["tasks"]["dispatched"] == 1
    corrected = drawn(controls(label_studio, project))
    corrected["value"]["width"] = 50
    label_studio.annotate(task["id"], [corrected])
    found = label("reconcile", "-p", place, "--json").found
    assert (found["changes"], found["tasks"]["completed"]) == ({"stored": 1}, 3)
    revisions = {each["image_id"]: each["revision"] for each in documents(place, "annotations")}
    assert sorted(revisions.values()) == [1, 1, 2]

    # The decision is part of a version's history, and does not bring the wrong label back.
    vidset("dataset", "fix", first, fixes, "-p", place)
    second = vidset(*cut).found["version"]
    before, after = objects(place, first), objects(place, second)
    assert before[wrong.image_uri] == (8, 12, 16, 12)
    assert after == before | {wrong.image_uri: (8, 12, 32, 12)}
