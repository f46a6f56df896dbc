"""What uploading takes: little memory, few packages, and no Beam."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.emulators.environments import skip_or_fail
from tests.emulators.servers import ToolMissingError
from tests.paths import ROOT
from tests.upload import recordings
from tests.upload.recordings import MIB, recording

HEAVY = (
    "apache_beam",
    "numpy",
    "cv2",
    "pyarrow",
    "duckdb",
    "pandas",
    "torch",
    "google.cloud.storage",
)


def run(code: str, *arguments: object, env: dict[str, str] | None = None) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
        cwd=ROOT,
        env=recordings.environment(env or {}),
    )
    return ended.stdout


@pytest.mark.parametrize("module", ["gcs", "s3", "folder"])
def test_uploading_imports_nothing_heavy(module):
    code = """
        import json, sys
        import vidset.cli.main, vidset.upload.run, importlib
        importlib.import_module(sys.argv[1])
        print(json.dumps(sorted(sys.modules)))
    """
    imported = json.loads(run(code, f"vidset.upload.{module}"))
    assert f"vidset.upload.{module}" in imported
    assert [name for name in HEAVY if name in imported] == []


@pytest.mark.slow
def test_memory_does_not_grow_with_the_recording(store, tmp_path):
    code = """
        import sys
        from pathlib import Path
        from vidset.cli.main import run
        try:
            run(sys.argv[1:])
        except SystemExit as ended:
            assert not ended.code, ended.code
        lines = Path("/proc/self/status").read_text().splitlines()
        print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
    """
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux tells a process's peak of memory without its parent's")
    kib = {}
    for mib in 20, 200:
        path = recording(tmp_path / "a.mp4", mib * MIB)
        place = ("--to", store.bucket, "--collector", "cam1", "--state", tmp_path / "state")
        out = run(code, "upload", path, *place, "--quiet", env=store.environment)
        kib[mib] = int(out.split()[-1])
    assert kib[200] < kib[20] + 16 * 1024
    assert kib[200] < 160 * 1024, kib


@pytest.mark.slow
def test_the_part_upload_alone_uploads(folder, tmp_path):
    if shutil.which("uv") is None:
        skip_or_fail(ToolMissingError("uv", "pip install uv"))
    environment = tmp_path / "env"
    # What is locked is in uv's cache since this environment was made, so that no index is asked.
    options = ("--quiet", "--locked", "--no-default-groups", "--no-editable", "--extra", "upload")
    made = subprocess.run(
        ["uv", "sync", "--project", ROOT, "--python", sys.executable, *options],
        env=os.environ | {"UV_PROJECT_ENVIRONMENT": str(environment)},
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    if made.returncode and "package" in made.stderr.lower() and "fetch" in made.stderr.lower():
        skip_or_fail(f"no package index: {made.stderr[-200:]}")
    assert made.returncode == 0, made.stderr
    vidset = environment / "bin" / "vidset"
    helped = subprocess.run([vidset, "upload", "--help"], capture_output=True, check=True)
    assert b"--collector" in helped.stdout
    path = recording(tmp_path / "a.mp4")
    place = ["--collector", "cam1", "--state", str(tmp_path / "s")]
    to = ["--to", folder.bucket]
    subprocess.run([vidset, "upload", path, *place, *to], check=True, capture_output=True)
    assert list(folder.objects().values()) == [path.read_bytes()]
    places = ("gs://no-such-bucket", "s3://no-such-bucket")
    said = [
        subprocess.run(
            [vidset, "upload", path, *place, "--to", each, "--dry-run"],
            capture_output=True,
            text=True,
            check=False,
        )
        for each in places
    ]
    assert [each.returncode for each in said] == [0, 0]
    files = (each for each in environment.rglob("*") if each.is_file() and not each.is_symlink())
    megabytes = sum(each.stat().st_size for each in files) / 1e6
    assert megabytes < 250
