import json

import cv2
import pytest

from tests.cli.called import vidset
from tests.cli.errors.samples import MISLABELED, make_boxes, make_case, shown
from tests.training.scoring.runs import make_run, make_version, sha

MODES = ["self_confidence", "normalized_margin"]


def errors_of(run, output, *more):
    done = vidset("errors", run, "-o", output, "-p", run.parent, *more)
    assert done.code == 0, done.err
    return done


@pytest.mark.parametrize("rank", MODES)
def test_wrong_labels_stand_first_in_the_queue_with_what_they_should_be(tmp_path, rank):
    run, manifest = make_case(tmp_path)
    done = errors_of(run, tmp_path / "out", "--rank", rank, "--json")
    found = json.loads((tmp_path / "out" / "errors.json").read_text())
    by_place = {int(image["image_uri"].removesuffix(".png")): image for image in found["shown"]}
    assert set(by_place) == set(MISLABELED)
    for place, image in by_place.items():
        assert image["label"] == MISLABELED[place]
        assert image["suggested"] == image["predicted"] == shown(place)
        assert image["image_sha256"] == image["origin"] == sha(place)
    assert sorted(image["queue"] for image in found["shown"]) == [1, 2, 3]
    assert [image["score"] for image in found["shown"]] == sorted(
        image["score"] for image in found["shown"]
    )
    assert found["version"] == manifest.id
    assert found["wrong"] == 3
    assert 1 <= found["flagged"] == sum(image["is_flagged"] for image in found["shown"])
    assert done.found["shown"] == 3
    assert done.found["scores"]["accuracy"] == pytest.approx(33 / 36)


def test_the_hardest_images_have_the_highest_loss(tmp_path):
    run, _ = make_case(tmp_path)
    errors_of(run, tmp_path / "out")
    images = json.loads((tmp_path / "out" / "errors.json").read_text())["shown"]
    by_hardness = sorted(images, key=lambda image: image["hardness"])
    losses = [image["loss"] for image in by_hardness]
    assert losses == sorted(losses, reverse=True)
    assert min(losses) > 2.3  # -ln(0.1): less than a tenth was left for the given label.


def test_the_page_is_one_file_with_its_thumbnails_beside_it(tmp_path):
    run, _ = make_case(tmp_path)
    errors_of(run, tmp_path / "out")
    page = (tmp_path / "out" / "index.html").read_text()
    thumbnails = list((tmp_path / "out" / "thumbnails").glob("*.png"))
    assert len(thumbnails) == 3
    assert all(f"thumbnails/{each.name}" in page for each in thumbnails)
    assert "http://" not in page
    assert "https://" not in page
    assert str(tmp_path) not in page


def test_a_sheet_of_the_queue_is_drawn(tmp_path):
    run, _ = make_case(tmp_path)
    errors_of(run, tmp_path / "out", "--sheet", tmp_path / "sheet.png")
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    assert sheet.shape == (166, 1326, 3)


def test_spans_lie_around_the_images_that_went_wrong(tmp_path):
    """Images at 4 and 22 s of one video and at 11 s of the other."""
    run, _ = make_case(tmp_path)
    errors_of(run, tmp_path / "out", "--spans-to", tmp_path / "spans.json", "--margin", 9.5)
    assert json.loads((tmp_path / "spans.json").read_text()) == {
        "spans": [
            {"video_uri": "gs://v/0.mp4", "start_seconds": 0.0, "end_seconds": 31.5},
            {"video_uri": "gs://v/1.mp4", "start_seconds": 1.5, "end_seconds": 20.5},
        ]
    }


def test_twins_with_other_labels_are_told_and_shown_once(tmp_path):
    labels = ["a"] * 10 + ["b"] * 10
    images = [{"uri": f"{n}.png", "label": label, "number": n} for n, label in enumerate(labels)]
    images.append({"uri": "twin.png", "label": "b", "number": 0, "split": "train"})
    images.append({"uri": "again.png", "label": "b", "number": 0})
    manifest = make_version(tmp_path / "datasets", images)
    from tests.training.scoring.runs import classified

    answers = {"0.png": [0.95, 0.05], "again.png": [0.95, 0.05]}
    table = classified(manifest, "validation", ["a", "b"], answers)
    run = make_run(tmp_path / "run", manifest, {"validation": {1: table}})
    errors_of(run, tmp_path / "out")
    (image,) = json.loads((tmp_path / "out" / "errors.json").read_text())["shown"]
    assert (image["label"], image["suggested"]) == ("b", "a")
    assert image["flags"] == ["3 times in train, validation", "contradiction: labeled a, b"]


def test_a_detectors_errors_are_missed_and_made_up_objects(tmp_path):
    run, _ = make_boxes(tmp_path)
    errors_of(run, tmp_path / "out", "--sheet", tmp_path / "sheet.png")
    found = json.loads((tmp_path / "out" / "errors.json").read_text())
    told = {
        image["image_uri"]: (image["label"], image["predicted"], image["reason"])
        for image in found["shown"]
    }
    assert told == {
        "1.png": ("2 car", "1 car", "1 missed, 0 where nothing is labeled"),
        "2.png": ("nothing", "1 car", "0 missed, 1 where nothing is labeled"),
    }
    assert found["shown"][0]["image_uri"] == "2.png"  # Sure, and wrong: a label may be missing.
    assert {thing["is"] for thing in found["shown"][1]["objects"]} == {"found", "missed"}


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        pytest.param(["--split", "test"], "wanted one of its splits", id="no such split"),
        pytest.param(["--split", "a", "--split", "b"], "wanted one of a run", id="two splits"),
        pytest.param(["--folds", "3"], "--folds looks at a dataset version", id="a run's folds"),
    ],
)
def test_a_request_that_cannot_be_met_is_refused(tmp_path, more, reason):
    run, _ = make_case(tmp_path)
    done = vidset("errors", run, "-o", tmp_path / "out", "-p", tmp_path, *more)
    assert done.code == 2
    assert reason in done.err
    assert not (tmp_path / "out" / "errors.json").exists()


def test_a_subject_that_is_no_run_is_refused(tmp_path):
    done = vidset("errors", tmp_path / "nothing", "-o", tmp_path / "out", "-p", tmp_path)
    assert done.code == 2
    assert "unknown run" in done.err


def test_categories_of_your_own_are_on_the_page(tmp_path):
    run, _ = make_case(tmp_path)
    own = tmp_path / "own.yaml"
    own.write_text("categories:\n  - {name: too dark, remedy: preprocess, hint: Hardly seen.}\n")
    errors_of(run, tmp_path / "out", "--categories", own)
    found = json.loads((tmp_path / "out" / "errors.json").read_text())
    assert found["categories"] == [
        {"name": "too dark", "remedy": "preprocess", "hint": "Hardly seen."}
    ]
    assert "too dark" in (tmp_path / "out" / "index.html").read_text()
