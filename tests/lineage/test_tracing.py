"""`vidset trace`: back to the second of a video, and forward to runs and exports."""

import json
from datetime import UTC, datetime

import pytest

from tests.cli.called import vidset
from tests.lineage.places import label, make_place
from vidset.labeling.template import parse_template
from vidset.lineage.exports import read_exports, record_export
from vidset.storage.open import open_store
from vidset.tags import Mark, write_mark

MARKED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def facts(tree: dict, *kinds: str) -> dict:
    """Go down a tree by the kinds of its nodes; the facts of the last one, and its name."""
    for kind in kinds:
        [tree] = [each for each in tree["nodes"] if each["kind"] == kind]
    return {"name": tree["name"], **tree["facts"]}


@pytest.fixture(scope="module")
def loop(tmp_path_factory):
    """A place that has gone around: two videos, labels, a version of them, and an export."""
    folder = tmp_path_factory.mktemp("place")
    ids = label(folder, {"cam1/a.mp4": 4, "cam2/b.mp4": 4}, labeled=6)
    made = vidset(
        "dataset", "create", "-n", "v0", "--group-by", "image", "--as", "ada",
        "--on-leaks", "keep", "--shares", "train=0.5,validation=0.5", "-p", folder, "--json",
    )  # fmt: skip
    assert made.code == 0, made.err
    return folder, ids, made.found["version"]


@pytest.fixture
def place(tmp_path):
    return make_place(tmp_path)


def trace(folder, thing: str) -> dict:
    called = vidset("trace", thing, "-p", folder, "--json")
    assert called.code == 0, called.err
    return called.found


def test_an_image_goes_back_to_its_second_and_its_annotator(loop):
    folder, ids, version = loop
    store = open_store(f"{folder}/tags")
    write_mark(store, Mark("look again", (ids[0],), True, "eve", MARKED))
    found = trace(folder, ids[0])
    back = found["comes_from"]
    frame = facts(back, "frame")
    assert (frame["name"], frame["settings"]) == ("at 0.000 s", "0")
    video = facts(back, "frame", "video")
    assert video["name"].endswith("cam1/a.mp4")
    assert video["status"] == "done"
    assert facts(back, "labels")["annotator"] == "alice"
    assert facts(back, "task")["name"] == "task-0"
    assert facts(back, "tag") == {"name": "look again", "by": "eve", "at": "2026-03-01T12:00:00Z"}
    [use] = found["went_to"]
    assert (use["name"], use["facts"]["names"]) == (version, ["v0"])


def test_an_image_is_found_by_its_id_hash_uri_and_name(loop):
    folder, ids, _ = loop
    back = trace(folder, f"image:{ids[0]}")["comes_from"]
    uri, sha256 = back["name"], back["facts"]["sha256"]
    below = uri.partition("/images/")[2]
    for name in (uri, sha256, below):
        assert trace(folder, name)["comes_from"]["facts"]["id"] == ids[0]


def test_an_object_has_its_label_above_its_image(loop):
    folder, ids, _ = loop
    back = trace(folder, f"object:{ids[0]}#1")["comes_from"]
    assert (back["kind"], back["facts"]["label"]) == ("object", "car")
    assert facts(back, "image", "frame", "video")["name"].endswith("cam1/a.mp4")
    called = vidset("trace", f"object:{ids[0]}#9", "-p", folder)
    assert called.refusal.endswith("the image's labels have no object '9'")


def test_a_task_is_found_by_the_vendors_id(loop):
    folder, ids, _ = loop
    for name in (ids[1], "task-1"):
        found = trace(folder, f"task:{name}")
        assert found["comes_from"]["facts"]["cost"] == 0.08
        assert facts(found["comes_from"], "image", "frame")["name"] == "at 1.000 s"


def test_a_version_says_who_made_it_with_which_code(loop):
    folder, _, version = loop
    out = folder / "exported"
    called = vidset("export", "v0", "-f", "coco", "-o", out, "--lossy", "-p", folder)
    assert called.code == 0, called.err
    found = trace(folder, "v0")
    assert found["comes_from"]["facts"]["made_by"] == "ada"
    assert found["comes_from"]["facts"]["vidset"]
    assert facts(found["comes_from"], "name")["name"] == "v0"
    [export] = found["went_to"]
    assert (export["kind"], export["name"]) == ("export", str(out))
    assert read_exports(folder)[0].version == version


def test_a_video_names_its_images_and_the_versions_that_have_them(loop):
    folder, _, version = loop
    uses = trace(folder, "video:cam1/a.mp4")["went_to"]
    assert {use["kind"] for use in uses} >= {"image", "version"}
    [use] = [use for use in uses if use["kind"] == "version"]
    assert use["name"] == version


def test_a_run_goes_back_over_its_version_to_the_first_one(place):
    found = trace(place.folder, "v1-1")
    assert found["kind"] == "run"
    version = facts(found["comes_from"], "version")
    assert (version["name"], version["made_by"]) == (place.v1.id, "bob")
    assert facts(found["comes_from"], "version", "version")["made_by"] == "ada"


def test_a_score_and_a_prediction_go_back_to_their_run(place):
    assert vidset("evaluate", "v0-1", "-p", place.folder).code == 0
    score = trace(place.folder, "score:v0-1/validation")["comes_from"]
    assert score["facts"]["accuracy"] == pytest.approx(1 / 3)
    assert facts(score, "run", "version")["name"] == place.v0.id
    wrong = trace(place.folder, "prediction:v0-1/v2")["comes_from"]
    assert (wrong["facts"]["truth"], wrong["facts"]["predicted"]) == ("v", "ii")
    assert facts(wrong, "run")["name"] == "v0-1"


def test_an_image_names_the_runs_that_were_trained_on_it(place):
    uses = trace(place.folder, "t3")["went_to"]
    assert [use["name"] for use in uses] == [place.v1.id]
    assert facts(uses[0], "run") == {"name": "v1-1", "use": "trained on it"}


def test_the_terminal_shows_a_tree(place):
    out = vidset("trace", "v1", "-p", place.folder).out
    assert f"version {place.v1.id}: names v1, made by bob" in out
    assert f"├─ version {place.v0.id}: names v0, made by ada" in out
    assert "  run v1-1: state done" in out


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        ("nothing", "wanted a version, a run, an image or a video of"),
        ("run:v0-3", "no run of this place is called so. Did you mean"),
        ("score:v0-1/test", "this run has results on: none"),
        ("prediction:v0-1/t1", "the run was not asked for this image"),
        ("task:7", "no task has this image's id or vendor's id"),
    ],
)
def test_what_is_not_there_is_said(place, thing, message):
    called = vidset("trace", thing, "-p", place.folder)
    assert called.code == 2
    assert message in called.refusal


def test_a_damaged_record_of_exports_names_its_line(tmp_path):
    record_export(str(tmp_path), "v", "coco", "gs://b/o", 3)
    record_export(str(tmp_path), None, "yolo", "out", 1)
    first, second = read_exports(tmp_path)
    assert (first.output, first.images, second.version) == ("gs://b/o", 3, None)
    assert second.output.endswith("/out")
    with (tmp_path / "exports.jsonl").open("a") as file:
        file.write(json.dumps({"version": 1}) + "\n")
    with pytest.raises(ValueError, match=r"exports\.jsonl, line 3: wanted an export"):
        read_exports(tmp_path)


def test_a_template_has_one_revision_however_its_file_is_written():
    one = parse_template("name: n\nlabels: [{name: car}]\n", "a")
    other = parse_template("labels:\n- name: car\n  type: box\nname: n\n", "b")
    changed = parse_template("name: n\nlabels: [{name: cars}]\n", "c")
    assert one.revision == other.revision
    assert one.revision != changed.revision
