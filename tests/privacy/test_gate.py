"""Behind the gate, nothing of a place is sent or shown but what was checked."""

import hashlib
import json
from dataclasses import replace

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.cli.called import vidset
from tests.privacy.conftest import SQUARE
from tests.training.scoring.runs import detected, make_run
from vidset import blurred
from vidset.blurred import join_records, read_checked, write_checked
from vidset.datasets.versions.repository import Repository
from vidset.gate import read_gate
from vidset.labeling.stores.opening import open_store
from vidset.labeling.stores.store import Write
from vidset.place import Place
from vidset.place_images import kept_images
from vidset.training.models.registry import fixed_model


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.jpg")}


def checked_of(place):
    gate = read_gate(str(place))
    assert gate is not None
    return {each.image_id: each for each in read_checked(str(place), gate).values()}


def steps(picture):
    """Count the rows in the middle of the square that differ from the row above."""
    rows = picture[SQUARE][8:-8, 8:-8, 1].astype(int).mean(axis=1)
    return int((np.abs(np.diff(rows)) > 6).sum())


def import_labels(place, tmp_path):
    """A box on each image."""
    images = sorted((place / "images").rglob("*.jpg"))
    names = [
        {"id": at, "file_name": str(each.relative_to(place / "images"))}
        | {"width": 320, "height": 240}
        for at, each in enumerate(images)
    ]
    boxes = [
        {"id": at, "image_id": at, "category_id": 1, "bbox": [1, 2, 30, 40]}
        | {"area": 1200, "iscrowd": 0}
        for at in range(len(images))
    ]
    labels = {"categories": [{"id": 1, "name": "car"}], "images": names, "annotations": boxes}
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    template = tmp_path / "template.yaml"
    template.write_text("name: v\ninstruction: Draw.\nlabels: [{name: car}, {name: bus}]\n")
    source = f"coco:{tmp_path / 'labels.json'}"
    done = vidset("label", "import", source, "-p", place, "--template", template, "--yes", "-q")
    assert done.code == 0, done.err


def test_copies_have_the_names_sizes_and_ids_of_their_originals(place, red):
    before = files(place / "images")
    called = vidset("blur", "-p", place, "--blur", red, "--workers", "1", "--json")
    assert called.code == 0, called.err
    found = called.found
    counts = {name: found[name] for name in ("images", "new", "blurred", "regions")}
    assert counts == {"images": 4, "new": 4, "blurred": 3, "regions": 3}
    assert found["detectors"] == ["red-squares-1"]
    copies = files(place / "blurred")
    assert set(copies) == set(before)
    assert files(place / "images") == before
    changed = 0
    for name, data in copies.items():
        original = cv2.imdecode(np.frombuffer(before[name], np.uint8), cv2.IMREAD_COLOR)
        copy = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert copy.shape == original.shape
        if data != before[name]:
            changed += 1
            # The stripes of four rows are gone; cells have few borders.
            assert steps(original) >= 5
            assert steps(copy) <= 3
    assert changed == 3
    checked = checked_of(place)
    for image in kept_images(str(place)):
        name = image.image_uri.rpartition("/images/")[2]
        record = checked[image.image_id]
        assert record.image_sha256 == hashlib.sha256(before[name]).hexdigest()
        assert record.copy_sha256 == hashlib.sha256(copies[name]).hexdigest()
    assert sorted(len(each.boxes) for each in checked.values()) == [0, 1, 1, 1]
    (box,) = next(each.boxes for each in checked.values() if each.boxes)
    assert box[:4] == pytest.approx((60, 100, 50, 40), abs=2)
    again = vidset("blur", "-p", place, "--blur", red, "--json")
    assert (again.code, again.found["new"]) == (0, 0)


def test_a_dry_run_changes_nothing(place, red):
    called = vidset("blur", "-p", place, "--blur", red, "--dry-run")
    assert "4 images of 4 would be checked" in called.out
    assert read_gate(str(place)) is None


def test_an_image_that_cannot_be_checked_is_named_and_neither_sent_nor_cut(place, red, tmp_path):
    import_labels(place, tmp_path)
    victim = sorted((place / "images").rglob("*.jpg"))[0]
    victim.write_bytes(b"no picture")
    called = vidset("blur", "-p", place, "--blur", red, "--workers", "1", "--json")
    assert called.code == 1
    assert [each["image_uri"].endswith(victim.name) for each in called.found["failed"]] == [True]
    shown = Place.of(str(place))
    images = list(shown.images())
    assert len(images) == 3
    assert shown.count_withheld() == 1
    assert all(image.uri.startswith(f"{place}/blurred/") for image in images)
    assert {image.id for image in images} == set(checked_of(place))
    created = vidset("dataset", "create", "-p", place, "--shares", "train=1")
    assert created.code == 1
    assert "it was not checked for what has to be blurred" in created.err


def test_vendors_are_told_of_copies_alone(place, red, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("LABEL_STUDIO_TOKEN", "0" * 40)
    assert vidset("blur", "-p", place, "--blur", red, "--workers", "1", "-q").code == 0
    settings = Place.of(str(place)).settings("inspect")
    assert settings.images == f"{place}/blurred"
    called = vidset("label", "dispatch", "-p", place, "--dry-run")
    assert "4 images would be sent" in called.out
    (place / "blurs").rename(place / "elsewhere")
    called = vidset("label", "dispatch", "-p", place, "--dry-run")
    assert "0 images would be sent" in called.out
    assert "4 images withheld" in called.err


def test_a_version_has_the_copies_and_the_originals_hashes_and_fixes_take_either(
    place, red, tmp_path
):
    import_labels(place, tmp_path)
    assert vidset("blur", "-p", place, "--blur", red, "--workers", "1", "-q").code == 0
    created = vidset("dataset", "create", "-p", place, "-n", "v0", "--shares", "train=1")
    assert created.code == 0, created.err
    rows = pq.read_table(next((place / "datasets").rglob("manifest.parquet"))).to_pylist()
    checked = {each.copy_sha256: each.image_sha256 for each in checked_of(place).values()}
    assert {row["image_sha256"]: row["origin"] for row in rows} == checked
    stored = {hashlib.sha256(each).hexdigest() for each in files(place / "datasets").values()}
    assert stored == set(checked)
    row = next(row for row in rows if row["origin"] != row["image_sha256"])
    (thing,) = json.loads(row["objects"])
    for number, hash_ in enumerate((row["origin"], row["image_sha256"])):
        fix = {"image_sha256": hash_, "image_uri": row["image_uri"], "action": "objects"}
        fix["objects"] = [{"action": "change", "id": thing["id"], "label": "bus"}]
        version = (place / "datasets" / "names" / "v0").read_text().strip()
        path = tmp_path / f"fixes{number}.json"
        path.write_text(json.dumps({"version": version, "fixes": [fix]}))
        fixed = vidset(
            *(
                "dataset",
                "fix",
                "v0",
                path,
                "-n",
                f"v{number + 1}",
                "-p",
                place,
                "--new-label",
                "bus",
            )
        )
        assert fixed.code == 0, fixed.err


def test_a_gate_that_comes_back_checks_again_what_others_have_copied_since(place, red):
    copies = []
    for method in ("mosaic", "solid", "mosaic"):
        called = vidset(
            "blur", "-p", place, "--blur", red, "--workers", "1", "--method", method, "--json"
        )
        assert (called.code, called.found["new"]) == (0, 4)
        copies.append(files(place / "blurred"))
    assert copies[2] == copies[0] != copies[1]


def test_an_image_that_was_extracted_anew_is_held_back_until_it_is_checked(place, red):
    assert vidset("blur", "-p", place, "--blur", red, "--workers", "1", "-q").code == 0
    gate, shown = read_gate(str(place)), Place.of(str(place))
    assert gate is not None
    checked = list(checked_of(place).values())
    # As if the records were of other bytes under the same names.
    for path in (place / "blurs").glob("*.parquet"):
        path.unlink()
    write_checked(str(place), gate, [replace(each, image_sha256="0" * 64) for each in checked])
    assert (list(shown.images()), shown.count_withheld()) == ([], 4)
    again = vidset("blur", "-p", place, "--blur", red, "--workers", "1", "--json")
    assert again.found["new"] == 4
    # Whichever file of records is read last.
    assert len(list(shown.images())) == 4
    assert vidset("blur", "-p", place, "--blur", red, "--dry-run", "--json").found["new"] == 0


def test_extraction_blurs_what_it_keeps(drawn, red, tmp_path):
    source = drawn.parent / "in"
    called = vidset(
        "extract", source, "-o", tmp_path / "new", "--blur", red, "--similarity", "1.01"
    )
    assert called.code == 0, called.err
    assert "3 regions blurred in 3 images" in called.err
    assert len(checked_of(tmp_path / "new")) == 4


def test_a_damaged_gate_stops_everything(place):
    (place / "privacy.json").write_text("{")
    with pytest.raises(ValueError, match=r"privacy\.json"):
        Place.of(str(place)).settings("inspect")


def test_a_written_page_has_the_copies_alone(place, red, tmp_path):
    originals = {each.read_bytes() for each in (place / "images").rglob("*.jpg")}
    import_labels(place, tmp_path)
    # The first version was made before the gate: its images are originals.
    create = ("dataset", "create", "-p", place, "--shares", "train=1", "--near-distance", "off")
    assert vidset(*create, "-n", "v0", "-q").code == 0
    assert vidset("blur", "-p", place, "--blur", red, "--workers", "1", "-q").code == 0
    assert vidset(*create, "-n", "v1", "-q").code == 0
    page = tmp_path / "page"
    done = vidset("view", place, "--export", page, "-q")
    assert done.code == 0, done.err
    written = [each.read_bytes() for each in (page / "images").rglob("*.jpg")]
    assert len(written) == 4
    assert set(written) <= set(files(place / "blurred").values())
    # One image had nothing to blur: its copy is the original.
    assert len(originals & set(written)) == 1
    of_versions = {each.read_bytes() for each in (page / "pictures").iterdir()}
    assert of_versions == set(written) - (originals & set(written))


def test_many_files_of_records_become_one_and_nothing_is_checked_again(place, red, monkeypatch):
    assert vidset("blur", "-p", place, "--blur", red, "--workers", "1", "-q").code == 0
    gate, before = read_gate(str(place)), checked_of(place)
    assert gate is not None
    for path in (place / "blurs").glob("*.parquet"):
        path.unlink()
    for each in before.values():
        write_checked(str(place), gate, [each])
    monkeypatch.setattr("vidset.blurred._MOST_FILES", 3)
    join_records(str(place), gate)
    assert len(list((place / "blurs").glob("*.parquet"))) == 1
    assert checked_of(place) == before
    again = vidset("blur", "-p", place, "--blur", red, "--json")
    assert (again.code, again.found["new"]) == (0, 0)


def test_records_that_are_joined_while_they_are_read_are_read_again(place, red, monkeypatch):
    assert vidset("blur", "-p", place, "--blur", red, "--workers", "1", "-q").code == 0
    gate, before = read_gate(str(place)), checked_of(place)
    assert gate is not None
    listed = iter([["gone.parquet"]])
    names_of = blurred._names_of
    monkeypatch.setattr(blurred, "_names_of", lambda store: next(listed, None) or names_of(store))
    assert {each.image_id: each for each in read_checked(str(place), gate).values()} == before


def test_predictions_are_drawn_on_copies_alone(place, red, tmp_path):
    import_labels(place, tmp_path)
    assert vidset("blur", "-p", place, "--blur", red, "--workers", "1", "-q").code == 0
    create = ("dataset", "create", "-p", place, "--shares", "validation=1", "-n", "v1", "-q")
    assert vidset(*create, "--near-distance", "off").code == 0
    repository = Repository(place / "datasets")
    manifest = repository.manifest(repository.resolve("v1"))
    found = {"validation": {1: detected(manifest, "validation", {})}}
    model = fixed_model("centernet-r18-256")
    more = {"task": "detection", "model": model.name, "recipe_hash": model.recipe_hash}
    make_run(place / "runs" / "r1", manifest, found, run_id="a" * 32, **more)
    store = open_store(f"sqlite:{place}/labels.sqlite")
    box = {"x": 5, "y": 5, "width": 40, "height": 30}
    for image in Place.of(str(place)).images():
        thing = {"id": "p1", "label": "car", "type": "box", "box": box, "attributes": {}}
        said = {"image_id": image.id, "run_id": "a" * 32, "objects": [thing], "scores": [0.9]}
        store.commit([Write("predictions", image.id, {**said, "sent_at": None})])
    store.close()
    done = vidset("predict", "r1", "-p", place, "--draw", tmp_path / "drawn", "--json")
    assert done.code == 0, done.out + done.err
    assert done.found["drawn"] == 4
    drawn = sorted((tmp_path / "drawn").rglob("*.jpg"))
    assert len(drawn) == 4
    for path in drawn:
        picture = cv2.imread(str(path))
        assert picture is not None
        # It is twice as large, with a line of words below.
        assert steps(picture[:480:2, :640:2]) <= 3
