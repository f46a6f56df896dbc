"""The data that a model's program gets."""

import json

import numpy as np

from tests.datasets.numerals import entry
from tests.training.running.test_command import write_model
from vidset.datasets.versions.repository import Repository
from vidset.masks import Mask
from vidset.training.models.commands import read_command_model
from vidset.training.running.command.data import write_training_data


def test_areas_to_be_ignored_are_no_class_of_a_program(tmp_path):
    """They are no object of vidset's own detectors either, and no answer may name them."""
    repository = Repository(tmp_path / "datasets")
    mask = Mask.of(np.tri(8, dtype=bool)).to_document()
    things = [
        {"id": label, "label": label, "type": "mask", "mask": mask, "box": None, "attributes": {}}
        for label in ("car", "ignored")
    ]
    entries = [entry(repository, np.zeros((8, 8, 3), np.uint8), "a.png", "train", None, things)]
    model = read_command_model(write_model(tmp_path / "m", "blobs", "detection"))
    classes = model.truths().classes(entries)
    dropped = write_training_data(repository, model, {"train": entries}, classes, tmp_path / "data")
    said = json.loads((tmp_path / "data" / "train" / "annotations.json").read_text())
    assert [each["name"] for each in said["categories"]] == classes == ["car"]
    assert dropped["areas to be ignored"] == 1
