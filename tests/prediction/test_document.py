"""A model's answer as the document that annotators start from."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from tests.prediction.predicted import TEMPLATE, Answer, boxes, look
from vidset.documents.rows import prediction_row
from vidset.labeling.template import parse_template
from vidset.masks import Mask
from vidset.place_images import KeptImage
from vidset.prediction.document import make_document
from vidset.selection.gathering import predicted_of
from vidset.tables.schemas import tables

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
IMAGE = KeptImage("a" * 32, "/out/images/a/0/0.jpg", 64, 48, "b" * 64, 0, "/a.mp4", None, 0.0, None)


def made(answer: Answer, least: float = 0.5):
    return make_document(IMAGE, answer, look(least=least), TEMPLATE, NOON)


def test_boxes_that_count_as_answers_are_offered_the_surest_first():
    said = made(boxes(("car", 1, 2, 0.6), ("car", 30, 2, 0.4), ("car", 3, 4, 0.9)))
    document = said.document
    assert [each["id"] for each in document["objects"]] == ["p1", "p2"]
    assert [each["box"]["x"] for each in document["objects"]] == [3, 1]
    assert document["scores"] == [0.9, 0.6]
    assert (document["score"], document["least_score"], document["unsure"]) == (0.6, 0.4, 2)
    assert (document["run"], document["epoch"], document["sent_at"]) == ("v0-1", 3, None)
    assert not said.left_out


def test_masks_of_pixels_have_no_scores_and_no_doubts_are_made_up():
    masks = [{"label": "car", "mask": mask} for mask in [Mask.of(np.ones((48, 64))).to_document()]]
    template = parse_template("name: t\nlabels: [{name: car, type: mask}]", "the test")
    said = make_document(IMAGE, Answer(json.dumps(masks)), look(), template, NOON)
    assert [each["type"] for each in said.document["objects"]] == ["mask"]
    assert (said.document["scores"], said.document["uncertainty"]) == (None, None)
    row = prediction_row(IMAGE.id, said.document)
    assert (row["objects"][0]["score"], row["uncertainty"]) == (None, None)
    found = predicted_of(said.document)
    assert (found.uncertainty, found.labels) == (None, {"car": 1.0})


def test_an_object_with_box_and_mask_is_offered_as_its_label_is_drawn():
    pixels = np.zeros((48, 64), bool)
    pixels[2:12, 3:23] = True
    box = {"x": 3, "y": 2, "width": 20, "height": 10}
    mask = Mask.of(pixels).to_document()
    found = Answer(json.dumps([{"label": "car", "box": box, "mask": mask, "score": 0.9}]))
    wanted = {
        "box": {"box": box},
        "mask": {"mask": mask},
        "polygon": {"rings": [[(3, 2), (3, 12), (23, 2), (23, 12)]]},
    }
    for kind, shape in wanted.items():
        template = parse_template(f"name: t\nlabels: [{{name: car, type: {kind}}}]", "the test")
        said = make_document(IMAGE, found, look(), template, NOON)
        [item] = said.document["objects"]
        assert (item["type"], said.document["scores"], said.left_out) == (kind, [0.9], {})
        shown = {name: item[name] for name in ("box", "mask", "rings") if item.get(name)}
        if "rings" in shown:
            shown["rings"] = [
                sorted((point["x"], point["y"]) for point in ring["points"])
                for ring in shown["rings"]
            ]
        assert shown == shape


def test_a_label_of_the_image_is_an_object_too():
    said = made(Answer("rain", [0.7, 0.3]))
    [item] = said.document["objects"]
    assert (item["label"], item["type"], said.document["scores"]) == (
        "rain", "classification", [0.7],
    )  # fmt: skip
    assert said.document["margin"] == 0.4


def test_what_the_template_has_no_room_for_is_left_out_and_counted():
    said = made(boxes(("tram", 1, 2, 0.9), ("rain", 1, 2, 0.9), ("car", 1, 2, 0.8)))
    assert [each["label"] for each in said.document["objects"]] == ["car"]
    assert said.left_out == {
        "the template has no box 'tram'": 1,
        "the template has no box 'rain'": 1,
    }


def test_objects_that_are_too_small_or_too_many_are_left_out_and_counted():
    small = Answer(
        '[{"label": "car", "score": 0.9, "box": {"x": 1, "y": 1, "width": 3, "height": 9}}]'
    )
    assert made(small).left_out == {"'car' smaller than the template's 4x4": 1}
    flat = Answer(
        '[{"label": "car", "score": 0.9, "box": {"x": 1, "y": 1, "width": 0, "height": 9}}]'
    )
    assert made(flat).left_out == {"objects without area": 1}
    few = replace_most(1)
    said = make_document(IMAGE, boxes(("car", 1, 2, 0.6), ("car", 3, 4, 0.9)), look(), few, NOON)
    assert said.document["scores"] == [0.9]
    assert said.left_out == {"more than the template's max_objects of 1": 1}


def replace_most(most: int):
    return TEMPLATE.model_copy(update={"max_objects": most})


def test_the_document_is_a_row_of_the_table():
    said = made(boxes(("car", 1, 2, 0.75)))
    row = prediction_row(IMAGE.id, said.document)
    assert set(row) == set(tables()["predictions"].names)
    assert row["objects"][0]["score"] == 0.75
    assert (row["uncertainty"], row["unsure"]) == (0.0, 0)
    beside = prediction_row(f"{IMAGE.id}-0123456789ab", said.document)
    assert (beside["prediction_id"], beside["image_id"]) == (f"{IMAGE.id}-0123456789ab", IMAGE.id)


def test_an_imported_prediction_is_a_row_with_nulls():
    imported = {"image_id": IMAGE.id, "objects": [], "source": "Ada", "written_at": NOON}
    row = prediction_row(IMAGE.id, imported)
    assert (row["source"], row["run_id"], row["uncertainty"]) == ("Ada", None, None)


def test_replacing_the_look_changes_who_says_it():
    document = make_document(IMAGE, boxes(), replace(look(), run="v1-2"), TEMPLATE, NOON).document
    assert (document["run"], document["objects"], document["uncertainty"]) == ("v1-2", [], 0.0)
