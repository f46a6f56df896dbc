"""The files that describe programs as models: what is refused, and what their recipes cover."""

import pytest

from tests.training.running.test_command import write_model
from vidset.datasets.errors import DatasetError
from vidset.training.models.commands import read_command_model


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param('data = "voc"', "data: wanted folders for classification", id="data"),
        pytest.param('image = "means:latest"', "image: wanted one by its digest", id="tag"),
        pytest.param('imgae = "x"', "unknown key 'imgae'. Did you mean 'image'", id="key"),
        pytest.param('files = ["../x"]', "files: wanted paths below", id="outside"),
        pytest.param('files = ["gone.py"]', "gone.py: wanted a file of the model", id="gone"),
        pytest.param("files = 3", "files: wanted a list of texts, got 3", id="no list"),
        pytest.param("command = []", "command: wanted a program", id="no command"),
        pytest.param('image = "-v=/:/x@sha256:' + "a" * 64 + '"', "image: wanted", id="an option"),
        pytest.param("task = []", "task: wanted classification, detection or", id="no text"),
        pytest.param('task = "magic"', "task: wanted classification, detection or seg", id="task"),
        pytest.param('name = "A b"', "name: wanted 1 to 64 of a-z", id="name"),
        pytest.param("= 3", "wanted a model's TOML file: Invalid statement", id="no TOML"),
    ],
)
def test_a_file_that_describes_no_model_is_refused(tmp_path, line, said):
    model = write_model(tmp_path, "means", "classification")
    key = line.partition(" ")[0]
    kept = [each for each in model.read_text().splitlines() if not each.startswith(f"{key} ")]
    model.write_text("\n".join([*kept, line]))
    with pytest.raises(DatasetError, match=said):
        read_command_model(model)


def test_the_recipe_covers_command_files_image_and_data(tmp_path):
    hashes = set()
    for number, more in enumerate(
        [
            {},
            {"command": ["python3", "means.py"]},
            {"image": f"x@sha256:{'a' * 64}"},
            {"image": f"x@sha256:{'b' * 64}"},
            {"task": "detection"},
            {"task": "detection", "data": "yolo"},
        ]
    ):
        model = write_model(tmp_path / str(number), "means", "classification", **more)
        hashes.add(read_command_model(model).recipe_hash)
    (tmp_path / "0" / "means.py").write_text("another")
    hashes.add(read_command_model(tmp_path / "0" / "model.toml").recipe_hash)
    assert len(hashes) == 7
    # Where it stands and what runs containers are no parts of it.
    copied = read_command_model(model).copy_to(tmp_path / "copied")
    assert copied.recipe_hash == read_command_model(model).recipe_hash
