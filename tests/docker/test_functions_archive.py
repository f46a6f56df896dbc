import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.paths import ROOT

PROGRAM = ROOT / "docker" / "functions_archive.py"


def load():
    spec = importlib.util.spec_from_file_location("functions_archive", PROGRAM)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


write_archive = load().write_archive


@pytest.fixture
def source(tmp_path) -> Path:
    root = tmp_path / "source"
    function, package = root / "functions" / "labeling_task", root / "vidset" / "labeling"
    (package / "__pycache__").mkdir(parents=True)
    function.mkdir(parents=True)
    (root / "vidset" / "training").mkdir()
    (function / "main.py").write_text("import vidset.labeling.task\n")
    (function / "requirements.txt").write_text("httpx==0.28.1\n")
    (function / ".env").write_text("SECRET=1\n")
    (root / "vidset" / "__init__.py").touch()
    (root / "vidset" / "masks.py").write_text("from vidset import naming\n")
    (root / "vidset" / "naming.py").write_text("import os\n")
    (root / "vidset" / "training" / "model.py").touch()
    (package / "task.py").write_text("def area():\n    from vidset.masks import area\n")
    (package / "template.yaml").write_text("labels: []\n")
    (package / "__pycache__" / "task.pyc").write_bytes(b"x")
    return root


def names(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        return opened.namelist()


def test_the_archive_has_the_broker_and_what_it_imports_alone(source, tmp_path):
    write_archive(source, tmp_path / "build" / "a.zip")
    assert names(tmp_path / "build" / "a.zip") == [
        "main.py",
        "requirements.txt",
        "vidset/__init__.py",
        "vidset/labeling/task.py",
        "vidset/labeling/template.yaml",
        "vidset/masks.py",
        "vidset/naming.py",
    ]


def test_the_same_content_gives_the_same_bytes_whenever_and_whoever_wrote_it(source, tmp_path):
    write_archive(source, tmp_path / "a.zip")
    main = source / "functions" / "labeling_task" / "main.py"
    os.utime(main, (1_500_000_000, 1_500_000_000))
    main.chmod(0o600)
    write_archive(source, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    main.write_text("print(1)\n")
    write_archive(source, tmp_path / "c.zip")
    assert (tmp_path / "a.zip").read_bytes() != (tmp_path / "c.zip").read_bytes()


def test_a_folder_that_is_no_function_is_refused(source, tmp_path):
    (source / "functions" / "labeling_task" / "requirements.txt").unlink()
    with pytest.raises(ValueError, match=r"it has no requirements\.txt"):
        write_archive(source, tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_the_real_archive_is_what_is_in_the_repository(tmp_path):
    archive = tmp_path / "labeling_task.zip"
    subprocess.run([sys.executable, PROGRAM, archive], check=True, capture_output=True, timeout=600)
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            folder = ROOT if name.startswith("vidset/") else ROOT / "functions" / "labeling_task"
            assert opened.read(name) == (folder / name).read_bytes()
    assert {"main.py", "requirements.txt", "vidset/labeling/task.py"} <= set(names(archive))
    rooms = {name.split("/")[1] for name in names(archive) if name.startswith("vidset/")}
    assert not rooms & {"beam", "cli", "datasets", "demo", "formats", "training", "video"}


def test_wrong_usage_is_refused():
    ended = subprocess.run(
        [sys.executable, PROGRAM], check=False, capture_output=True, text=True, timeout=600
    )
    assert ended.returncode == 2
    assert "wanted the path of one zip file" in ended.stderr
