"""What is installed: one top-level name, which no folder of a user's own takes the place of."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.emulators.environments import skip_or_fail
from tests.emulators.servers import ToolMissingError
from tests.paths import ROOT

ROOMS = {path.name for path in (ROOT / "vidset").iterdir() if (path / "__init__.py").exists()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    if shutil.which("uv") is None:
        skip_or_fail(ToolMissingError("uv", "pip install uv"))
    folder = tmp_path_factory.mktemp("wheel")
    command = ["uv", "build", "--wheel", "--quiet", "--out-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    return next(folder.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_installs_vidset_alone(wheel):
    with zipfile.ZipFile(wheel) as opened:
        names = [name.split("/") for name in opened.namelist()]
    tops = {parts[0] for parts in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"vidset"}
    assert {parts[1] for parts in names if parts[0] == "vidset" and len(parts) > 2} == {
        *ROOMS,
        "schemas",
    }
    files = {"/".join(parts) for parts in names}
    assert {
        "vidset/schemas/frames.json",
        "vidset/schemas/views/bigquery/objects.sql",
        "vidset/labeling/template.yaml",
        "vidset/training/reviewing/page/page.html",
    } <= files


@pytest.mark.slow
def test_the_wheel_has_every_file_of_the_package_and_no_other(wheel):
    with zipfile.ZipFile(wheel) as opened:
        packed = {name for name in opened.namelist() if name.startswith("vidset/")}
    kept = {
        f"{name}/{path.relative_to(folder)}"
        for name, folder in (
            ("vidset", ROOT / "vidset"),
            ("vidset/schemas", ROOT / "infra/schemas"),
        )
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == kept
    kinds = {Path(name).suffix for name in packed}
    tables, pages = {".json", ".sql"}, {".html", ".js", ".css", ".svg", ".ts", ".LICENSE"}
    assert kinds == {".py", ".yaml", *tables, *pages}


@pytest.mark.slow
def test_a_project_with_modules_of_our_rooms_names_is_no_obstacle(wheel, tmp_path):
    installed, project = tmp_path / "site", tmp_path / "project"
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(installed)
    for name in "training", "storage", "datasets":
        (project / name).mkdir(parents=True)
        (project / name / "__init__.py").write_text("raise RuntimeError('not yours')\n")
    for name in "labeling", "dataflow", "video", "naming", "errors":
        (project / f"{name}.py").write_text("raise RuntimeError('not yours')\n")
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    for arguments in (
        ("-m", "vidset", "dataset", "list", "-p", str(tmp_path)),
        ("-c", "import vidset.extraction, vidset.labeling.broker, vidset.datasets.curation.create"),
    ):
        ended = subprocess.run(
            [sys.executable, *arguments],
            cwd=project,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert ended.returncode == 0, ended.stderr
