"""`vidset trace` for every kind of thing, both ways, in one place that has gone around the loop."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.called import vidset
from tests.cli.dataset.outputs import CAR, add_video
from tests.cli.exports import annotate, images_of
from tests.documents.labels import put_tasks, task
from tests.training.scoring.runs import detected, make_run
from vidset.datasets.versions.repository import Repository
from vidset.labeling.annotation import Box, LabeledObject
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.rights import Rights

A = [f"ann/a/0/000000{n}000.jpg" for n in range(3)]
B = [f"bob/b/0/000000{n}000.jpg" for n in range(3)]
BUS = LabeledObject("2", "bus", "box", box=Box(24.0, 5.0, 6.0, 10.0))
STATED = Rights(license="CC-BY-4.0")


@dataclass(frozen=True)
class Around:
    """A place where each link of the chain has been made.

    Attributes:
        seen: an image of the video that was trained on; its second object is gone in v2.
        asked: an image of the video that was validated on.
        ids: of images, by their names.
        versions: v0, v1 by a recipe, and v2 by a fix of v0: ids by name.
    """

    folder: Path
    seen: str
    asked: str
    ids: dict[str, str]
    versions: dict[str, str]


@pytest.fixture(scope="module")
def around(tmp_path_factory) -> Around:
    folder = tmp_path_factory.mktemp("around")
    add_video(folder, "ann/a.mp4", [1, 2, 3], rights=STATED)
    add_video(folder, "bob/b.mp4", [4, 5, 6], rights=STATED)
    annotate(folder, dict.fromkeys((*A, *B), (CAR, BUS)))
    images = images_of(folder)
    store = SqliteStore(folder / "labels.sqlite")
    for number, name in enumerate((*A, *B)):
        names = {"image_id": images[name].id, "image_uri": images[name].uri}
        put_tasks(store, task(number, template_revision="5" * 12) | names)
    store.close()
    done("dataset", "create", "-n", "v0", "--shares", "train=0.5,validation=0.5", "--as", "ada",
         "-p", folder)  # fmt: skip
    (folder / "recipe.yaml").write_text("transforms:\n- resize: {width: 64, height: 48}\n")
    done("dataset", "apply", "v0", folder / "recipe.yaml", "-n", "v1", "-p", folder)
    repository = Repository(folder / "datasets")
    sides = {entry.image_uri: entry for entry in repository.manifest("v0")}
    seen, asked = (
        next(name for name, each in sorted(sides.items()) if each.split == split)
        for split in ("train", "validation")
    )
    wrong = {"image_sha256": sides[seen].image_sha256, "image_uri": seen, "action": "objects",
             "objects": [{"action": "delete", "id": "2"}]}  # fmt: skip
    v0 = repository.resolve("v0")
    (folder / "fixes.json").write_text(json.dumps({"version": v0, "fixes": [wrong]}))
    done("dataset", "fix", "v0", folder / "fixes.json", "-n", "v2", "--as", "eve", "-p", folder)
    for version in "v0", "v1":
        manifest = repository.manifest(version)
        table = detected(manifest, "validation", {})
        make_run(folder / "runs" / f"{version}-1", manifest, {"validation": {1: table}},
                 task="detection", model="centernet-r18-256", classes=["bus", "car"],
                 versions={"vidset": "0.2.0", "torch": "2.9"})  # fmt: skip
        done("evaluate", f"{version}-1", "-p", folder)
    done("export", "v1", "-f", "coco", "-o", folder / "coco", "-p", folder)
    done("dataset", "push", "v0", "--to", folder / "remote", "-p", folder)
    names = ("v0", "v1", "v2")
    versions = {name: repository.resolve(name) for name in names}
    return Around(folder, seen, asked, {n: each.id for n, each in images.items()}, versions)


def done(*words: object) -> None:
    called = vidset(*words)
    assert called.code == 0, called.err


def traced(around: Around, thing: str) -> dict:
    called = vidset("trace", thing, "-p", around.folder, "--json")
    assert called.code == 0, called.err
    return called.found


def path_to(tree: dict, *kinds: str) -> dict:
    """The facts of the node that the kinds lead to, with its name; it is the only one each time."""
    for kind in kinds:
        [tree] = [each for each in tree["nodes"] if each["kind"] == kind]
    return {"name": tree["name"], **tree["facts"]}


def uses(around: Around, found: dict) -> dict[str, dict]:
    """What went to versions, by their names."""
    names = {id_: name for name, id_ in around.versions.items()}
    return {names[each["name"]]: each for each in found["went_to"] if each["kind"] == "version"}


def check_video(around: Around, back: dict, name: str) -> None:
    """The tree leads to the second of the video, its collector, settings and rights."""
    frame = path_to(back, "frame")
    second = int(name.rpartition("/")[2].removesuffix(".jpg")) / 1000
    assert frame["name"] == f"at {second:.3f} s"
    assert frame["collector"] == name.partition("/")[0]
    assert frame["settings"]
    video = path_to(back, "frame", "video")
    assert video["name"].endswith(f"{name.partition('/')[0]}/{name.split('/')[1]}.mp4")
    assert video["license"] == "CC-BY-4.0"


def test_an_image(around):
    found = traced(around, around.ids[around.seen])
    back = found["comes_from"]
    check_video(around, back, around.seen)
    assert path_to(back, "labels")["objects"] == 2
    assert path_to(back, "task")["template_revision"] == "5" * 12
    went = uses(around, found)
    assert went.keys() == {"v0", "v1", "v2"}
    assert {name: path_to(went[name], "run")["use"] for name in ("v0", "v1")} == dict.fromkeys(
        ("v0", "v1"), "trained on it"
    )
    assert path_to(went["v1"], "export")["format"] == "coco"
    assert path_to(went["v0"], "export")["format"] == "push"
    assert path_to(went["v2"], "fix")["by"] == "eve"


def test_an_image_that_a_recipe_made(around):
    repository = Repository(around.folder / "datasets")
    [made] = [
        each
        for each in repository.manifest("v1")
        if each.image_uri == around.asked and each.origin != each.image_sha256
    ]
    found = traced(around, made.image_sha256)
    recipe = found["comes_from"]["nodes"][0]
    assert recipe["kind"] == "recipe"
    assert "resize" in recipe["name"]
    check_video(around, recipe["nodes"][0], around.asked)
    went = uses(around, found)
    assert went.keys() == {"v1"}
    assert path_to(went["v1"], "run", "prediction")["right"] is False


def test_an_object(around):
    found = traced(around, f"object:{around.ids[around.seen]}#2")
    back = found["comes_from"]
    assert (back["kind"], back["facts"]["label"]) == ("object", "bus")
    check_video(around, path(back, "image"), around.seen)
    went = uses(around, found)
    told = {name: each["facts"]["object"] for name, each in went.items()}
    assert told == {"v0": "bus", "v1": "bus", "v2": "not in it"}


def path(tree: dict, kind: str) -> dict:
    [below] = [each for each in tree["nodes"] if each["kind"] == kind]
    return below


def test_a_task(around):
    number = sorted((*A, *B)).index(around.asked)
    found = traced(around, f"task:task-{number}")
    back = found["comes_from"]
    assert back["facts"]["vendor"] == "scale"
    check_video(around, path(back, "image"), around.asked)
    went = uses(around, found)
    assert went.keys() == {"v0", "v1", "v2"}
    assert path_to(went["v0"], "run", "prediction")["name"].startswith("v0-1/")


def test_a_version(around):
    found = traced(around, "v1")
    back = found["comes_from"]
    assert "resize" in path_to(back, "recipe")["name"]
    assert path_to(back, "version")["made_by"] == "ada"
    assert path_to(back, "name")["name"] == "v1"
    assert back["facts"]["licences"] == "CC-BY-4.0 (6)"
    kinds = [each["kind"] for each in found["went_to"]]
    assert kinds == ["run", "export"]
    forward = traced(around, "v0")["went_to"]
    assert [each["kind"] for each in forward] == ["version", "version", "run", "export"]
    assert path_to(forward[2], "score")["name"] == "v0-1/validation"


def test_a_run(around):
    found = traced(around, "v1-1")
    back = found["comes_from"]
    assert (back["facts"]["model"], back["facts"]["torch"]) == ("centernet-r18-256", "2.9")
    assert back["facts"]["recipe_hash"]
    assert path_to(back, "version", "version")["names"] == ["v0"]
    [score] = found["went_to"]
    assert (score["kind"], score["name"]) == ("score", "v1-1/validation")


def test_a_score(around):
    found = traced(around, "score:v1-1/validation")
    back = found["comes_from"]
    assert back["facts"]["ap50"] == 0.0
    assert path_to(back, "run", "version")["names"] == ["v1"]
    assert found["went_to"] == []


def test_a_prediction(around):
    found = traced(around, f"prediction:v0-1/{around.ids[around.asked]}")
    back = found["comes_from"]
    assert back["facts"]["right"] is False
    check_video(around, path(back, "image"), around.asked)
    assert path_to(back, "run", "version")["names"] == ["v0"]
    assert found["went_to"] == []


def test_a_prediction_of_an_image_that_was_corrected_leads_to_the_version_with_the_fix(around):
    """v2 corrects an image of v0's training; a run of v0 that was asked about it says so."""
    repository = Repository(around.folder / "datasets")
    table = detected(repository.manifest("v0"), "train", {})
    run = make_run(around.folder / "runs" / "on-train", repository.manifest("v0"),
                   {"train": {1: table}}, task="detection", classes=["bus", "car"])  # fmt: skip
    try:
        found = traced(around, f"prediction:on-train/{around.ids[around.seen]}")
    finally:
        for path in sorted(run.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        run.rmdir()
    [version] = found["went_to"]
    assert version["name"] == around.versions["v2"]
    assert path_to(version, "fix") == {"name": "objects", "by": "eve"}


def test_a_video(around):
    video = around.seen.split("/")[0] + "/" + around.seen.split("/")[1] + ".mp4"
    found = traced(around, f"video:{video}")
    assert found["comes_from"]["facts"]["license"] == "CC-BY-4.0"
    assert sum(each["kind"] == "image" for each in found["went_to"]) == 3
    went = uses(around, found)
    assert {name: each["facts"]["train"] for name, each in went.items()} == dict.fromkeys(
        ("v0", "v1", "v2"), 3
    )
    assert path_to(went["v1"], "export")["format"] == "coco"


def test_all_of_it_is_a_tree_in_the_terminal(around):
    told = vidset("trace", around.ids[around.seen], "-p", around.folder).out
    assert "└─ video " in told
    assert "went to" in told
    assert "fix objects: by eve" in told
