import pytest

from tests.training.scoring.runs import classified, make_run, make_version
from vidset.training.reviewing.fold_training import FoldSettings, mean_predictions
from vidset.training.scoring.predictions import SCHEMA
from vidset.training.scoring.run import read_run


def test_a_fold_answers_by_the_mean_of_its_last_epochs(tmp_path):
    """And of the labels of all folds, one that it never saw has the probability 0."""
    manifest = make_version(tmp_path / "d", [{"uri": "1.png", "label": "b", "split": "held_out"}])
    rows = {
        1: [0.1, 0.9],
        2: [0.7, 0.3],
        3: [0.8, 0.2],
        4: [0.9, 0.1],
        5: [0.5, 0.5],
        6: [0.6, 0.4],
    }
    tables = {
        epoch: classified(manifest, "held_out", ["a", "c"], {"1.png": row})
        for epoch, row in rows.items()
    }
    run = make_run(tmp_path / "run", manifest, {"held_out": tables}, classes=["a", "c"])
    found = mean_predictions(read_run(run), "held_out", ("a", "b", "c"))
    assert found["probabilities"].to_pylist()[0] == pytest.approx([0.7, 0.0, 0.3])
    assert found["predicted"].to_pylist() == ["a"]
    assert found.schema == SCHEMA


def test_predictions_are_kept_apart_by_images_and_settings(tmp_path):
    one = make_version(tmp_path, [{"uri": "1.png", "label": "a"}])
    other = make_version(tmp_path, [{"uri": "2.png", "label": "a"}])
    settings = [FoldSettings("resnet50-c2-32", epochs, 1, folds=3) for epochs in (5, 6)]
    keys = {each.key(manifest) for each in settings for manifest in (one, other)}
    assert len(keys) == 4


def test_predictions_of_a_program_are_found_again_wherever_its_file_is(tmp_path):
    manifest = make_version(tmp_path, [{"uri": "1.png", "label": "a"}])
    keys = set()
    for name in ("here", "there"):
        file = tmp_path / name / "model.toml"
        file.parent.mkdir()
        file.write_text('name = "means"\ntask = "classification"\ncommand = ["true"]\n')
        keys.add(FoldSettings(str(file), 1, 1, folds=3).key(manifest))
    [key] = keys
    assert str(tmp_path) not in key
