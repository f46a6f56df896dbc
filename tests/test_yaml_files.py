"""YAML of people whom one does not know: told with its place, and never large in memory."""

import resource
import subprocess
import sys

import pytest

from tests.paths import ROOT
from vidset.yaml_files import read_yaml


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("a: [", "line 1, column 5", id="no YAML"),
        pytest.param("a: &x 1\nb: *x", "an alias is not allowed", id="alias"),
        pytest.param("a: &x [*x]", "an alias is not allowed", id="alias of itself"),
        pytest.param("a: 1\nb: 2\na: 3", "got 'a' twice", id="key twice"),
        pytest.param("a: {b: 1, b: 2}", "got 'b' twice", id="inner key twice"),
        pytest.param("[" * 100_000, "nested too deep", id="deep"),
        pytest.param("? [a]\n: 1", "unhashable", id="list as key"),
        pytest.param("a: !!python/name:os.system", "could not determine", id="python tag"),
        pytest.param("a: 2024-13-45", "month must be in 1..12", id="no date"),
        pytest.param("x" * (1 << 20) + "x", "at most 1,048,576 bytes", id="too large"),
        pytest.param(b"a: \xff", "as a text in UTF-8, got byte 0xff", id="no text"),
    ],
)
def test_a_fault_is_told_with_file_and_place(tmp_path, text, told):
    path = tmp_path / "x.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match="wanted a recipe in YAML") as raised:
        read_yaml(path, "a recipe")
    assert str(raised.value).startswith(f"{path}: ")
    assert told in str(raised.value)


def test_equal_texts_of_different_types_are_different_keys(tmp_path):
    (tmp_path / "x.yaml").write_text("{1: a, '1': b}")
    assert read_yaml(tmp_path / "x.yaml", "names") == {1: "a", "1": "b"}


def test_a_bomb_as_data_yaml_costs_nothing(tmp_path):
    """Nine times more in each line: 3 GB of 400 bytes."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for number in range(1, 9):
        lines.append(f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]")
    (tmp_path / "data.yaml").write_text("\n".join([*lines, "train: images", "names: *a8"]))
    program = (
        "import sys; from pathlib import Path\n"
        "from vidset.formats.yolo_settings import read_settings\n"
        "try: read_settings(Path(sys.argv[1]))\n"
        "except ValueError as error: print(error)"
    )
    limit = 1 << 30
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "data.yaml")],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=ROOT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        check=True,
    )
    assert "an alias is not allowed" in done.stdout


def test_every_yaml_file_is_read_in_one_place():
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "vidset").rglob("*.py")
        if any(call in path.read_text() for call in ("yaml.load", "yaml.safe_load", "yaml.full_"))
    }
    # What Kubeflow's compiler has just written, in several documents.
    compiled = {f"vidset/training/pipelines/{name}.py" for name in ("loop", "vertex")}
    assert readers == {"vidset/yaml_files.py", *compiled}
