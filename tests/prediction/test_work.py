"""One process's work: pictures are read, the model is asked, documents are stored."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.cli.labels import make_output
from tests.prediction.predicted import Answer, SteeredModel, documents, predictor, store_of
from vidset.datasets.images.measures import THUMBNAIL_SIDE, decode, phash
from vidset.datasets.splits.evaluation_side import EvaluationSide
from vidset.place import Place


@pytest.fixture
def out(tmp_path):
    return make_output(tmp_path / "out", {"a.mp4": 4, "b.mp4": 3})


def kept(out):
    return sorted(Place.of(str(out)).kept_images(), key=lambda image: image.uri)


def test_each_image_gets_a_document(out):
    model = SteeredModel(Answer("rain", [0.75, 0.25]))
    chunk = predictor(out, model).predict(kept(out))
    assert (chunk.counts, chunk.problems) == ({"predicted": 5, "objects": 5}, [])
    found = documents(store_of(out))
    assert found.keys() == {image.id for image in kept(out)}
    one = found[kept(out)[0].id]
    assert one["image_uri"] == kept(out)[0].uri
    assert (one["image_width"], one["image_height"], one["margin"]) == (64, 48, 0.5)
    assert model.asked == [image.uri for image in kept(out)]


def test_an_image_that_cannot_be_read_is_told_and_holds_up_no_other(out):
    images = kept(out)
    gone, broken, small = images[0], images[1], images[2]
    (out / "images/a/0/0000000000.jpg").unlink()
    (out / "images/a/0/0000001000.jpg").write_bytes(b"no picture")
    picture = cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    (out / "images/a/0/0000002000.jpg").write_bytes(picture)
    chunk = predictor(out, SteeredModel()).predict(images)
    assert chunk.counts == {"predicted": 2, "objects": 2, "failed": 3}
    assert [text.partition(": ")[0] for text in chunk.problems] == [
        image.uri for image in (gone, broken, small)
    ]
    assert chunk.problems[0].endswith("No such file or directory")
    assert chunk.problems[2].endswith("wanted 64x48 pixels, which the ledger tells, got 8x8")


def test_a_ledger_of_others_leads_to_no_file_outside_the_place(out, tmp_path):
    secret = tmp_path / "secret.jpg"
    secret.write_bytes((out / "images/a/0/0000000000.jpg").read_bytes())
    strange = replace(kept(out)[0], uri=str(secret), id="0" * 32)
    model = SteeredModel()
    chunk = predictor(out, model).predict([strange])
    assert (chunk.counts, model.asked) == ({"failed": 1}, [])


def test_a_near_duplicate_of_an_evaluation_image_is_passed_over(out):
    place = Place.of(str(out))
    noise = np.random.default_rng(0).integers(0, 256, (6, 8), np.uint8)
    picture = cv2.resize(noise, (64, 48), interpolation=cv2.INTER_CUBIC)
    data = cv2.imencode(".jpg", cv2.merge([picture] * 3))[1].tobytes()
    (out / "images/a/0/0000000000.jpg").write_bytes(data)
    luma = cv2.cvtColor(decode(data, "noise"), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(luma, (THUMBNAIL_SIDE,) * 2, interpolation=cv2.INTER_AREA)
    levels = small.astype(np.float32).ravel() - small.mean()
    side = EvaluationSide(
        frozenset(),
        {},
        np.array([phash(luma)], np.uint64),
        (levels / np.linalg.norm(levels))[None],
    )
    model = SteeredModel()
    works = predictor(out, model)
    works.side = side
    assert works.predict(list(place.kept_images())).counts == {
        "predicted": 4, "objects": 4, "evaluation": 1,
    }  # fmt: skip
