import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
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
    folder = tmp_path / "source"
    (folder / "labeling" / "__pycache__").mkdir(parents=True)
    (folder / "main.py").write_text("print()\n")
    (folder / "requirements.txt").write_text("httpx==0.28.1\n")
    (folder / "labeling" / "task.py").write_text("A = 1\n")
    (folder / "labeling" / "__pycache__" / "task.pyc").write_bytes(b"x")
    (folder / ".env").write_text("SECRET=1\n")
    return folder


def names(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        return opened.namelist()


def test_the_archive_has_the_source_and_neither_caches_nor_hidden_files(source, tmp_path):
    write_archive(source, tmp_path / "build" / "a.zip")
    assert names(tmp_path / "build" / "a.zip") == [
        "labeling/task.py",
        "main.py",
        "requirements.txt",
    ]


def test_the_same_content_gives_the_same_bytes_whenever_and_whoever_wrote_it(source, tmp_path):
    write_archive(source, tmp_path / "a.zip")
    os.utime(source / "main.py", (1_500_000_000, 1_500_000_000))
    (source / "main.py").chmod(0o600)
    write_archive(source, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    (source / "main.py").write_text("print(1)\n")
    write_archive(source, tmp_path / "c.zip")
    assert (tmp_path / "a.zip").read_bytes() != (tmp_path / "c.zip").read_bytes()


def test_a_folder_that_is_no_function_is_refused(source, tmp_path):
    (source / "requirements.txt").unlink()
    with pytest.raises(ValueError, match=r"it has no requirements\.txt"):
        write_archive(source, tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_the_real_archive_is_what_is_in_the_repository(tmp_path):
    archive = tmp_path / "labeling_task.zip"
    subprocess.run([sys.executable, PROGRAM, archive], check=True, capture_output=True, timeout=60)
    folder = ROOT / "functions" / "labeling_task"
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            assert opened.read(name) == (folder / name).read_bytes()
    assert {"main.py", "requirements.txt", "labeling/task.py"} <= set(names(archive))


def test_wrong_usage_is_refused():
    ended = subprocess.run(
        [sys.executable, PROGRAM], check=False, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    assert "wanted the path of one zip file" in ended.stderr
